"""Plant one bug in a copy of the library and see whether its tests notice.

A bug counts as found only if a mapped test fails by an assertion, or the stand-in for
CuPy refuses what it does: an error on import, a time-out or another exception proves
nothing about the tests.
"""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASSERTIONS = ("AssertionError", "assert ", "Failed", "tinygen.testing")
REFUSALS = (  # of the stand-in for CuPy, which is stricter than an assertion
    "Implicit conversion to a NumPy array",
    "does not support ufuncs",  # NumPy's, of an array of the device
    "an array of the host meets",
    "waits for the device",
    "the default pool within a graph",
    "while the stream is captured",
    "within a captured graph",
    "arrays on different devices",  # tinygen's, which it refuses by itself
)
OPTIONS = ["-p", "no:cacheprovider", "-p", "no:xdist", "-o", "junit_family=xunit1"]
OPTIONS += ["-o", "filterwarnings="]  # a bug may warn before an assertion finds it
SECONDS = 60  # for a run, and one more for each of its tests
UNSHRUNK = """

from hypothesis import Phase

settings.register_profile(  # that a test fails is enough, without its least example
    "planted", settings.get_profile("gate"), phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("planted")
"""
PARTS = (  # folders of tests
    *("ops", "engine", "nn", "models", "optim", "data", "metrics", "train", "recipes"),
    *("robust", "cuda"),
)


class Copy:
    """The library and its tests in another folder, where bugs can be planted."""

    def __init__(self, folder: Path):
        self.folder = folder
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "tinygen", folder / "tinygen", ignore=skip)
        shutil.copytree(ROOT / "tests" / "benchmarks", folder / "tests" / "benchmarks")
        for part in PARTS:
            shutil.copytree(ROOT / "tests" / part, folder / "tests" / part, ignore=skip)
        conftest = (ROOT / "tests" / "conftest.py").read_text()
        (folder / "tests" / "conftest.py").write_text(conftest + UNSHRUNK)
        shutil.copy(ROOT / "pyproject.toml", folder)

    def plant(self, mutant) -> str:
        """Write the bug into its file; the file as it was.

        Raises AssertionError unless every old text occurs exactly once.
        """
        path = self.folder / "tinygen" / mutant.file
        before = text = path.read_text()
        for old, new in mutant.edits:
            count = text.count(old)
            assert count == 1, (
                f"{mutant.file} has {count} times {old!r}: adapt the entry"
            )
            text = text.replace(old, new)
        compile(text, mutant.file, "exec")
        path.write_text(text)
        return before

    def restore(self, mutant, text: str) -> None:
        """Take the bug out again."""
        (self.folder / "tinygen" / mutant.file).write_text(text)

    def run(self, tests) -> dict[str, str | None]:
        """Run tests in a new process: id -> message of its failure, None if it passed.

        Raises AssertionError if they could not be run.
        """
        report = self.folder / "report.xml"
        report.unlink(missing_ok=True)
        command = [sys.executable, "-B", "-m", "pytest", "-q", *OPTIONS]
        command += [f"--junitxml={report}", *tests]
        paths = {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **paths},
            timeout=SECONDS + len(tests),
            capture_output=True,
            text=True,
        )
        assert report.exists(), done.stdout + done.stderr
        found = {}
        for case in ET.parse(report).getroot().iter("testcase"):
            assert case.find("error") is None, done.stdout
            assert case.find("skipped") is None, done.stdout
            failure = case.find("failure")
            message = None if failure is None else failure.get("message", "")
            place = case.get("classname").replace(".", "/")
            found[f"{place}.py::{case.get('name')}"] = message
        assert found, f"no test was run: {done.stdout}"
        return found


def belongs(name: str, test: str) -> bool:
    """Whether the test that ran is the one mapped, or one of its parameters or file."""
    return name == test or name.startswith((f"{test}[", f"{test}::"))


def is_assertion(message: str) -> bool:
    """Whether something that a test asserts does not hold, or was refused."""
    refused = any(mark in message for mark in REFUSALS)
    return refused or message.startswith(ASSERTIONS)
