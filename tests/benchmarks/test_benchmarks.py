"""The benchmark suite runs, and its page says what was measured."""

import json
import statistics
from pathlib import Path

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
    assert (DOCS / "benchmarks.md").read_text() == report.page(found)
