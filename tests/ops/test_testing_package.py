"""tinygen.testing itself: what it imports, and its table."""

import re
import subprocess
import sys

from tinygen.testing import rows, table
from tinygen.testing.suite import SPECS

WITHOUT = """
import sys
sys.modules["hypothesis"] = sys.modules["pytest"] = None
import tinygen.testing
assert tinygen.testing.check_op("tanh")
"""


def test_it_needs_neither_hypothesis_nor_pytest():
    command = [sys.executable, "-c", WITHOUT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_table_of_one_op():
    text = table("layer_norm")
    lines = text.splitlines()
    assert re.search("samples +checks +order 1 +order 2 +s$", lines[0])
    assert "input 1 'weight'" in text and "the cotangent" in text
    assert lines[-1].startswith("all") and lines[-1].endswith("PASS")


def test_rows_come_one_by_one(monkeypatch):
    few = {name: SPECS[name] for name in ("add", "tanh")}
    monkeypatch.setattr(sys.modules["tinygen.testing.table"], "SPECS", few)
    found = list(rows())
    assert [row.name for row in found] == ["add", "tanh"]
    assert all(row.verdict == "PASS" and row.checks > 100 for row in found)
    assert all(0 < row.first < 1e-7 and 0 < row.second < 1e-6 for row in found)
