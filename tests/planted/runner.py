"""Plant one bug in a copy of the library and see whether its tests notice.

A bug counts as found only if a mapped test fails by an assertion: an error on import, a
time-out or another exception proves nothing about the tests.
"""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASSERTIONS = ("AssertionError", "assert ", "Failed", "tinygen.testing")
SECONDS = 60
PARTS = (  # folders of tests
    *("ops", "engine", "nn", "models", "optim", "data", "metrics", "train", "recipes"),
    "robust",
)


class Copy:
    """The library and its tests in another folder, where bugs can be planted."""

    def __init__(self, folder: Path):
        self.folder = folder
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "tinygen", folder / "tinygen", ignore=skip)
        for part in PARTS:
            shutil.copytree(ROOT / "tests" / part, folder / "tests" / part, ignore=skip)
        shutil.copy(ROOT / "tests" / "conftest.py", folder / "tests")
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

    def run(self, tests) -> tuple[int, list[str]]:
        """Run tests in a new process: how many passed, and the failures' messages.

        Raises AssertionError if they could not be run.
        """
        report = self.folder / "report.xml"
        report.unlink(missing_ok=True)
        command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["-p", "no:xdist", f"--junitxml={report}", *tests]
        paths = {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **paths},
            timeout=SECONDS,
            capture_output=True,
            text=True,
        )
        assert report.exists(), done.stdout + done.stderr
        cases = ET.parse(report).getroot().iter("testcase")
        passed, messages = 0, []
        for case in cases:
            assert case.find("error") is None, done.stdout
            assert case.find("skipped") is None, done.stdout
            failure = case.find("failure")
            if failure is None:
                passed += 1
            else:
                messages.append(failure.get("message", ""))
        assert passed + len(messages), f"no test was run: {done.stdout}"
        return passed, messages


def is_assertion(message: str) -> bool:
    """Whether a test failed because something it asserts does not hold."""
    return message.startswith(ASSERTIONS)
