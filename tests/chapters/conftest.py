"""The chapters' tools, and the code in the chapters' cells, for their tests."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from chapters.tools import book


def pytest_addoption(parser):
    """`pytest tests/chapters --chapter 3`: the tests of chapter 3 only."""
    parser.addoption("--chapter", type=int, help="only the tests of this chapter")


def pytest_collection_modifyitems(config, items):
    """Keep what is in a file of the chapter or has the chapter as its parameter."""
    number = config.getoption("--chapter", None)
    if number is not None:
        own = re.compile(rf"_{number:02d}\.py::|\[0*{number}(?:[_.].*)?\]")
        items[:] = [item for item in items if own.search(item.nodeid)]


@pytest.fixture(autouse=True)
def in_chapters(monkeypatch):
    """Checks and solutions are sought from the current folder."""
    monkeypatch.chdir(book.CHAPTERS)
