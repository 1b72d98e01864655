"""Chapter 6: the failure lab still fails without its cure, and where the cure ends."""

import numpy as np
import pytest

from chapters.tools.book import definitions


@pytest.fixture(scope="module")
def code():
    return definitions(6)


def test_equal_weights_show_the_grid_only_at_uneven_overlap(code):
    uneven = {
        k: code["unevenness"](k, np.ones((n, n))) for k, n in code["SIDES"].items()
    }
    assert uneven["k3"] > 0.3
    assert uneven["k4"] < 1e-12 and uneven["resize"] < 1e-12


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_random_weights_show_it_in_both_transposed_forms(code, seed):
    draw = np.random.default_rng(seed)
    for kind, k in code["SIDES"].items():
        uneven = code["unevenness"](kind, draw.normal(size=(k, k)))
        assert uneven < 1e-12 if kind == "resize" else uneven > 0.2
