"""Fifty steps of every optimiser with every option are PyTorch's, in float64."""

from pathlib import Path

import numpy as np
import optimizer_cases as cases
import pytest

import tinygen as tg
from tinygen import optim
from tinygen.engine import Tensor
from tinygen.kernels.select import use

STORED = np.load(Path(__file__).with_name("trajectories.npz"))


def starts():
    values = [cases.start(i) for i in range(len(cases.SHAPES))]
    return [tg.tensor(x, requires_grad=True) for x in values]


def run(name, make=None):
    def give(p, g):
        p.grad = None if g is None else Tensor(np.asarray(g))

    make = make or (lambda kind, params, opts: getattr(optim, kind)(params, **opts))
    return cases.run(name, make, starts(), lambda p: p.data, give)


@pytest.mark.parametrize("name", cases.NAMES)
def test_stored_trajectories_are_met(name):
    np.testing.assert_allclose(run(name), STORED[name], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", cases.NAMES)
def test_live_trajectories_are_met(name):
    pytest.importorskip("torch")
    from make_trajectories import run_torch

    np.testing.assert_allclose(run(name), run_torch(name), rtol=1e-12, atol=1e-14)


def test_stored_trajectories_are_those_of_the_cases():
    assert set(STORED.files) == set(cases.NAMES)


@pytest.mark.parametrize("name", cases.NAMES)
def test_one_group_for_each_parameter_changes_nothing(name):
    def make(kind, params, options):
        groups = [{"params": [p], **options} for p in params]
        return getattr(optim, kind)(groups)

    np.testing.assert_array_equal(run(name, make), run(name))


@pytest.mark.parametrize("name", cases.NAMES)
def test_small_blocks_change_nothing(name, monkeypatch):
    whole = run(name)
    monkeypatch.setattr("tinygen.optim.flat.BLOCK", 3)
    np.testing.assert_array_equal(run(name), whole)


@pytest.mark.parametrize("name", ["adam", "adamw-decay"])
def test_the_plain_kernel_agrees(name):
    with use("reference"):
        plain = run(name)
    np.testing.assert_allclose(run(name), plain, rtol=1e-12)


@pytest.mark.parametrize("name", cases.NAMES)
def test_a_state_saved_in_the_middle_goes_on_bitwise(name):
    """Every 7 steps the optimiser is replaced by a fresh one with its state."""
    made = []

    class Restarting:
        def __init__(self, kind, params, options):
            self.make = lambda: getattr(optim, kind)(params, **options)
            self.optimizer, self.count = self.make(), 0
            made.append(self)

        def step(self):
            self.count += 1
            self.optimizer.step()
            if self.count % 7 == 0:
                state = self.optimizer.state_dict()
                self.optimizer = self.make()
                self.optimizer.load_state_dict(state)

    np.testing.assert_array_equal(run(name, Restarting), run(name))
    assert made[0].count == cases.STEPS
