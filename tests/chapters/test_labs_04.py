"""Chapter 4: the failure lab still fails without its cure, and is cured by it."""

import numpy as np
import pytest

from chapters.tools.book import definitions


@pytest.fixture(scope="module")
def code():
    return definitions(4)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_small_start_starves_the_first_layer(code, seed):
    starved = code["first_gradient"](code["scaled"](0.5, seed))
    healthy = code["first_gradient"](code["scaled"](1.0, seed))
    assert starved < 1e-4 * healthy and healthy > 1e-4


def test_zeros_give_no_gradient_at_all(code):
    assert code["first_gradient"](np.zeros) == 0


def test_equal_units_stay_equal(code):
    equal = code["deep_net"](code["equal_units"](0), depth=2)
    losses, gradients = code["train"](equal, 20, lr=0.1)
    assert losses[-1] < losses[0] and min(gradients) > 0
    assert code["hidden_units"](equal, 1) == 1
    drawn = code["deep_net"](code["scaled"](1.0, 0), depth=2)
    code["train"](drawn, 20, lr=0.1)
    assert code["hidden_units"](drawn, 1) == 64
