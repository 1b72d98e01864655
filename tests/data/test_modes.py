"""Mode counting on samples made by hand, where every number has a closed form."""

import math

import numpy as np
import pytest

from tinygen.backend import rng
from tinygen.data import modes_covered, plane
from tinygen.errors import DataError, ShapeError

RING = plane("ring")


def test_one_sample_in_each_mode():
    found = modes_covered(RING.modes, RING)
    assert (found.covered, found.num_modes, found.high_quality) == (8, 8, 1.0)
    assert found.reverse_kl == pytest.approx(0, abs=1e-15)
    assert found.counts.tolist() == [1] * 8


def test_collapse_to_one_mode_costs_log_8():
    found = modes_covered(np.repeat(RING.modes[3:4], 50, axis=0), RING)
    assert (found.covered, found.high_quality) == (1, 1.0)
    assert found.reverse_kl == pytest.approx(math.log(8), rel=1e-15)


def test_uneven_modes():
    """Shares 3/4 and 1/4: KL = 3/4 log 6 + 1/4 log 2."""
    found = modes_covered(RING.modes[[0, 0, 0, 5]], RING)
    assert found.covered == 2 and found.counts.tolist() == [3, 0, 0, 0, 0, 1, 0, 0]
    exact = 0.75 * math.log(6) + 0.25 * math.log(2)
    assert found.reverse_kl == pytest.approx(exact, rel=1e-15)


def test_three_std_is_the_border():
    out = np.array([[2.99, 0], [3.01, 0], [0, -2.99], [0, 3.01]]) * RING.std
    found = modes_covered(RING.modes[0] + out, RING)
    assert found.high_quality == 0.5 and found.counts[0] == 2
    assert modes_covered(RING.modes[0] + out, RING, within=4).high_quality == 1.0


def test_samples_of_no_mode():
    found = modes_covered([[0, 0], [np.nan, 1], [np.inf, 0]], RING)
    assert (found.covered, found.high_quality) == (0, 0.0)
    assert math.isnan(found.reverse_kl)


def test_samples_of_the_target_itself():
    """Share within 3 std of a Gaussian in the plane: 1 - exp(-9/2) = 0.98889."""
    for target in (RING, plane("grid")):
        n = 2500
        found = modes_covered(target.sample(n, rng=rng(0, "modes")), target)
        assert found.covered == found.num_modes == len(target.modes)
        share = 1 - math.exp(-4.5)
        assert abs(found.high_quality - share) < 5 * math.sqrt(share * (1 - share) / n)
        assert found.reverse_kl < 5 * (found.num_modes - 1) / (2 * n)


def test_errors():
    with pytest.raises(DataError, match=r"'moons' has no separate modes. Fix:"):
        modes_covered([[0, 0]], plane("moons"))
    with pytest.raises(DataError, match="0 samples"):
        modes_covered(np.empty((0, 2)), RING)
    with pytest.raises(ShapeError, match=r"\(4, 3\)"):
        modes_covered(np.zeros((4, 3)), RING)
