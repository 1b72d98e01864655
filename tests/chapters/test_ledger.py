"""The equation ledger: every equation has code, a test, and mutants that it kills."""

import re
import subprocess
import sys

import pytest

from chapters.tools import book, ledger

ROWS = ledger.rows()
NUMBERS = [source.number for source in book.chapters()]
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
every_chapter = pytest.mark.parametrize("number", NUMBERS)


@every_row
def test_row_is_sound(row):
    assert not ledger.faults(row)


@every_chapter
def test_rows_and_cells_are_one_to_one_and_in_order(number):
    cells = book.chapter(number).cells
    tags = [cell.name for cell in cells if re.fullmatch(r"eq-\d+-\d+", cell.name)]
    assert [f"eq-{row.tag}" for row in ledger.rows(number)] == tags


@every_chapter
def test_code_follows_its_equation_and_two_routes_follow_the_code(number):
    source = book.chapter(number)
    names = [cell.name for cell in source.cells]
    for row in ledger.rows(number):
        places = [names.index(f"{part}-{row.tag}") for part in ("eq", "code", "same")]
        assert places == sorted(places)


@every_chapter
def test_every_mutant_is_killed(number):
    """The mistakes are planted in a copy; the equation's test must fail on each."""
    pytest.importorskip("fcntl", reason="forks")
    script = book.CHAPTERS / "tools" / "mutants.py"
    command = [sys.executable, str(script), str(number)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
