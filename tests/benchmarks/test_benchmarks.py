"""The benchmark suite runs, and its page says what was measured."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

import gpu
import measure
import peers
import pytest
import report
import run
import workloads

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", workloads.WORKLOADS)
def test_every_workload_runs(name):
    """A step by the same code that is timed."""
    workloads.WORKLOADS[name].build["tinygen"]()()


def test_of_every_other_library_there_is_a_number_or_a_reason():
    for name in workloads.WORKLOADS:
        for library, steps in peers.PEERS.items():
            assert (name in steps) != ((library, name) in peers.CANNOT)


@pytest.mark.parametrize("name", ["W1", "W2", "W5"])
def test_the_other_libraries_run(name):
    for library, step in peers.peers(name).items():
        assert library in peers.PEERS
        step()


def test_medians_of_one_thread_and_turns_that_alternate():
    order = []
    steps = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    times = measure.in_turns(steps, 3, 2)
    assert order == ["a", "a", "b", "b"] * (3 + measure.FIRST_TURNS)
    assert times.keys() == steps.keys() and min(times.values()) >= 0


def test_the_spread_of_a_ratio_over_passes():
    passes = [
        {"milliseconds": {"tinygen": ours, "torch": 10.0}} for ours in (8.0, 5.0, 6.0)
    ]
    found = run.spread(passes, "torch")
    assert found == [statistics.median([0.8, 0.5, 0.6]), 0.5, 0.8]
    assert run.spread(passes, "channels_last") is None


def test_targets_are_judged():
    assert "reached" in run.target(0.70, 0.70)
    assert "MISSED" in run.target(0.71, 0.70)
    assert report.goal(0.71, 0.70).startswith("**")
    assert run.target(5, None) == report.goal(5, None) == ""


def test_the_page_is_what_the_figures_say():
    found = json.loads((DOCS / "benchmarks.json").read_text())
    wanted = report.page(found, report.gpu_figures())
    assert (DOCS / "benchmarks.md").read_text() == wanted


def test_the_job_for_a_gpu_runs_on_the_stand_in(tmp_path):
    """All of it but the tests, which run by themselves on the stand-in."""
    target = tmp_path / "gpu.json"
    command = [sys.executable, str(Path(run.__file__).parent / "gpu.py"), "--dry-run"]
    done = subprocess.run(
        [*command, "--json", str(target)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(target.read_text())
    assert found["tests"]["code"] == 0  # they were found
    for precision in ("float32", "TF32"):
        refused = {
            k: v for k, v in found[precision]["small"].items() if "Error" in str(v)
        }
        assert set(refused) == {"capture of CuPy's product"}
        for row in found[precision]["steps"].values():
            assert {"eager", "graph"} <= set(row), row
    text = report.on_gpu(found)
    assert "the stand-in" in text and text.count("| W1 |") == 2


def test_a_table_of_a_gpu():
    row = {"what": "steps", "eager": [1.0, 3e3], "graph": [1.0, 1e3], "torch": [9, 2e3]}
    cells = ["steps", "3.00", "1.00", "2.00", "1.50", "0.50"]
    assert report.gpu_cells(row) == cells
    assert report.gpu_cells("RuntimeError: no")[0] == "RuntimeError: no"
    found = {"float32": {"steps": {"W1": row}}, "TF32": {"error": "ended"}}
    assert gpu.judged(found) == ["float32, W1: 0.50, aim 1.0: reached"]
