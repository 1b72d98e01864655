"""Chapter 12: the failure lab still fails without its cure, and is cured by it."""

import numpy as np
import pytest

from chapters.tools.book import definitions
from tinygen import Tensor, optim, tensor
from tinygen.models.objectives import generator_loss, generator_loss_minimax


def sure(x, scale=6.0):
    """A discriminator that is sure: data lie at x = 1, samples start at -1."""
    return x * scale


@pytest.mark.parametrize("seed", range(3))
def test_only_plain_descent_on_the_minimax_loss_stands_still(seed):
    """Samples at -1, logit -6: sigma is 0.0025, and so is the push."""
    ends = {}
    plain = lambda p: optim.SGD([p], lr=0.03)
    scaled = lambda p: optim.Adam([p], lr=0.03, betas=(0.5, 0.999))
    noise = np.random.default_rng(seed).normal(0, 0.05, (16, 1))
    for name, loss, optimiser in (
        ("minimax", generator_loss_minimax, plain),
        ("other", generator_loss, plain),
        ("minimax, Adam", generator_loss_minimax, scaled),
    ):
        place = tensor(np.array([[-1.0]]), requires_grad=True)
        mover = optimiser(place)
        for _ in range(30):
            mover.zero_grad()
            loss(sure(place + Tensor(noise))).backward()
            mover.step()
        ends[name] = place.item()
    assert ends["minimax"] < -0.97  # the symptom
    assert ends["other"] > 0  # the cure
    assert ends["minimax, Adam"] > -0.5  # the other one


def test_the_smallest_gan_leaves_circles_or_comes_home():
    walk = definitions(12)["walk"]
    length = lambda **settings: np.hypot(*walk(0.3, 600, **settings))[-100:]
    assert length().min() > 3  # away
    assert length(turns=True).min() > 0.5 and length(turns=True).max() < 2  # round
    assert length(other=True).mean() == pytest.approx(np.sqrt(0.6), rel=0.1)  # a ring
    assert length(gamma=0.3).max() < 1e-4  # home


def test_two_roads_end_in_two_places():
    """From a wide q over both peaks: a step of each road makes it wider or narrower."""
    code = definitions(12)
    loss_and_sign = ((generator_loss_minimax, -1), (generator_loss, 1))
    for loss, sign in loss_and_sign:
        _, by_std = code["push"](loss, code["log_peaks"], 1.0, 1.5)
        assert np.sign(by_std) == sign  # descent goes the other way
