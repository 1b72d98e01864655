"""What the project declares it runs on, and importing it without a word."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import tinygen
from tinygen.backend import check_numpy

ROOT = Path(tinygen.__file__).parents[1]


def test_importing_warns_of_nothing_and_prints_nothing():
    code = "import tinygen, tinygen.recipes, tinygen.cli"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_import_takes_no_optional_package():
    code = (
        "import sys, tinygen, tinygen.recipes, tinygen.cli; "
        "print([m for m in ('PIL', 'pooch', 'cupy', 'scipy', 'torch', 'requests') "
        "if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_numpy_that_is_declared_is_the_one_that_is_checked():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (least,) = re.findall(r'"numpy>=([\d.]+)"', text)
    check_numpy(least)
    with pytest.raises(ImportError, match=re.escape(f"NumPy {least} or newer")):
        check_numpy("1.26.4")


def test_warnings_are_errors():
    import warnings

    with pytest.raises(DeprecationWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
