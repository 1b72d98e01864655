"""Plant each mutant of the equation ledger in a copy, and run its equation's test.

    python chapters/tools/mutants.py          all chapters
    python chapters/tools/mutants.py 01 02    these

A mutant is killed if the test fails by an assertion.  Tests are collected once; every
mutant runs in a forked child (so not on Windows).  A mistake in a chapter's cells is
seen at once, as tests read the cells anew; one in the library makes the child import
the library again.
"""

import contextlib
import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from chapters.tools import ledger

PARTS = ("tinygen", "chapters/src", "chapters/tools", "chapters/equations")
PARTS += ("chapters/checks", "tests/chapters")
OPTIONS = ("-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist")
PASSED, KILLED, BROKEN = "survives", "killed", "fails otherwise"


def copy_to(folder: Path) -> None:
    """The library, the chapters' code and their tests in another folder."""
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow: long\n")


class Ends:
    """A pytest plugin that notes how tests end."""

    def __init__(self):
        self.ends = []

    def pytest_runtest_makereport(self, item, call):
        if call.excinfo is not None:
            wrong = call.excinfo.errisinstance((AssertionError, pytest.fail.Exception))
            self.ends.append(KILLED if wrong else BROKEN)
        elif call.when == "call":
            self.ends.append(PASSED)

    def worst(self) -> str:
        """Of all that was noted."""
        return max(self.ends or [BROKEN], key=[PASSED, KILLED, BROKEN].index)


class Trial:
    """A pytest plugin: instead of running tests, run each with each of its mutants."""

    def __init__(self, folder: Path, rows):
        self.folder, self.rows, self.wrong = folder, rows, []

    def pytest_runtestloop(self, session):
        """Collected; now plant, run in a child, restore.  -> True: no other loop"""
        items = {item.name: item for item in session.items}
        for row in self.rows:
            item = items[row.test]
            if (end := forked(alone, item)) != PASSED:
                self.wrong.append(f"Eq. ({row.id}): without a mutant its test {end}")
            for mutant in row.mutants:
                end = self.planted(mutant, item)
                if end != KILLED:
                    told = f"Eq. ({row.id}): mutant {mutant.name!r} {end}"
                    self.wrong.append(told)
        return True

    def planted(self, mutant, item) -> str:
        """How the test ends with the mistake in its file."""
        before = plant(self.folder, mutant)
        in_library = mutant.file.startswith("tinygen/")
        end = forked(anew if in_library else alone, item)
        (self.folder / mutant.file).write_text(before, encoding="utf-8")
        return end


def forked(run, what) -> str:
    """What run(what) returns in a child process; "fails otherwise" if it dies."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.write(write, run(what).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        end = pipe.read()
    os.waitpid(child, 0)
    return end or BROKEN


def alone(item) -> str:
    """How a collected test ends.  -> PASSED, KILLED or BROKEN"""
    ends = Ends()
    item.config.pluginmanager.register(ends)
    runtestprotocol(item, log=False)
    return ends.worst()


def anew(item) -> str:
    """The same with the library, the tools and the test's module loaded again.

    The module keeps its dictionary, so that tests and fixtures which were collected
    from it see what is new.
    """
    forget()
    item.module.__loader__.exec_module(item.module)
    return alone(item)


def forget() -> None:
    """Forget the library and the chapters' tools."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("tinygen", "chapters"):
            del sys.modules[name]


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
    rows, here = [row for row in rows if row.mutants], Path.cwd()
    files = sorted({row.node.partition("::")[0] for row in rows})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        copy_to(folder)
        trial = Trial(folder, rows)
        forget()
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        sys.dont_write_bytecode = True
        with contextlib.redirect_stdout(io.StringIO()) as told:
            end = pytest.main([*OPTIONS, *files], plugins=[trial])
        os.chdir(here)
    failed = end not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    return [*trial.wrong, *([told.getvalue()] if failed and rows else [])]


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
