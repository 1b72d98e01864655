"""Plant each mutant of the equation ledger in a copy, and run its equation's test.

    python chapters/tools/mutants.py          all chapters
    python chapters/tools/mutants.py 01 02    these

A mutant is killed if the test fails by an assertion.  One process loads the large
libraries once and forks a child for every mutant, so a mutant costs a fraction of a
second; `os.fork` is needed, so not on Windows.
"""

import contextlib
import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from chapters.tools import ledger

PARTS = ("tinygen", "chapters/src", "chapters/tools", "chapters/equations")
PARTS += ("chapters/checks", "tests/chapters")
PASSED, KILLED, BROKEN = "survives", "killed", "fails otherwise"


def copy_to(folder: Path) -> None:
    """The library, the chapters' code and their tests in another folder."""
    skip = shutil.ignore_patterns("__pycache__", "*.ipynb")
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=skip)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow: long\n")


class Outcome:
    """A pytest plugin that hears how tests end."""

    def __init__(self):
        self.ends = []

    def pytest_runtest_makereport(self, item, call):
        if call.excinfo is not None:
            wrong = call.excinfo.errisinstance((AssertionError, pytest.fail.Exception))
            self.ends.append(KILLED if wrong else BROKEN)
        elif call.when == "call":
            self.ends.append(PASSED)


def outcome(folder: Path, node: str) -> str:
    """Run one test of the copy in a forked child: passed, killed or broken."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.write(write, in_child(folder, node).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        end = pipe.read()
    os.waitpid(child, 0)
    return end or BROKEN


def in_child(folder: Path, node: str) -> str:
    """Run one test with the copy's modules in the place of those loaded."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("tinygen", "chapters"):
            del sys.modules[name]
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    plugin = Outcome()
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main([*options, node], plugins=[plugin])
    return max(plugin.ends or [BROKEN], key=[PASSED, KILLED, BROKEN].index)


def plant(folder: Path, mutant) -> str:
    """Write the mistake into its file.  -> the file as it was"""
    path = folder / mutant.file
    before = path.read_text(encoding="utf-8")
    if before.count(mutant.old) != 1:
        raise ValueError(f"{mutant.file} has not exactly once {mutant.old!r}")
    path.write_text(before.replace(mutant.old, mutant.new), encoding="utf-8")
    return before


def survivors(rows) -> list[str]:
    """Run every mutant of the rows, and each test without one.  -> what went wrong."""
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_to(folder)
        for row in (row for row in rows if row.mutants):
            if (end := outcome(folder, row.node)) != PASSED:
                wrong.append(f"Eq. ({row.id}): without a mutant its test {end}")
            for mutant in row.mutants:
                before = plant(folder, mutant)
                end = outcome(folder, row.node)
                (folder / mutant.file).write_text(before, encoding="utf-8")
                if end != KILLED:
                    wrong.append(f"Eq. ({row.id}): mutant {mutant.name!r} {end}")
    return wrong


def main(arguments) -> int:
    """Run the mutants of the chapters named, or of all.  -> 1 if one survives."""
    numbers = {int(number) for number in arguments}
    rows = [row for row in ledger.rows() if not numbers or row.number in numbers]
    wrong = survivors(rows)
    count = sum(len(row.mutants) for row in rows)
    print(*wrong, f"{count} mutants, {len(wrong)} problems", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
