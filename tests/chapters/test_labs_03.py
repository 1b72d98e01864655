"""Chapter 3: the failure lab still fails without its cure, and is cured by it."""

import math

import numpy as np
import pytest

from chapters.tools.book import definitions


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_nan_although_the_logits_are_finite(seed):
    """The same model, the same steps: only the arithmetic of the loss differs."""
    code = definitions(3)
    with np.errstate(all="ignore"):
        friend = code["first_steps"](seed, code["friend_loss"])
    cured = code["first_steps"](seed, code["cured_loss"])
    assert friend[0][0] == pytest.approx(cured[0][0], rel=1e-6)
    assert not math.isfinite(friend[-1][0])
    assert all(math.isfinite(loss) for loss, _ in cured)
    assert all(math.isfinite(logit) for _, logit in friend)


def test_a_shift_alone_does_not_cure_the_logarithm_of_zero():
    code = definitions(3)
    gap = np.array([[0.0, -110.0]], np.float32)
    with np.errstate(divide="ignore"):
        assert np.isinf(-np.log(code["softmax"](gap)[0, 1]))
    assert code["cured_loss"](gap, np.array([1])) == pytest.approx(110.0)
