"""Chapter 13: the failure lab still fails without its cure, and is cured by it."""

import numpy as np
import pytest

from chapters.tools.book import definitions
from tinygen import data, tensor
from tinygen.models.critic import minibatch_std


@pytest.fixture(scope="module")
def code():
    return definitions(13)


def late(run):
    """Modes covered, on average over the second half; largest share of one mode."""
    half = len(run["covered"]) // 2
    return run["covered"][half:].mean(), run["near"][half:].max(axis=1).mean()


def test_a_slow_discriminator_loses_modes_and_a_fast_one_keeps_them(code):
    covered, share = late(code["ring_run"](0, 400, lr_d=2e-4))
    assert covered < 4 and share > 0.4  # the symptom
    covered, share = late(code["ring_run"](0, 400, lr_d=1e-3))
    assert covered > 6.5 and share < 0.35  # the cure


def test_the_best_answer_to_a_discriminator_that_stands_still_is_one_point():
    """Samples that climb a fixed logit end in one place, wherever they start."""
    places = np.random.default_rng(0).normal(size=(64, 2))
    peak = np.array([0.6, -0.3])
    for _ in range(200):
        places = places - 0.1 * (places - peak)  # the slope of -|x - peak|^2 / 2
    assert places.std(axis=0).max() < 1e-8


def test_the_spread_of_a_batch_tells_one_mode_and_not_two_opposite_ones():
    modes = data.plane("ring").modes
    told = lambda part: minibatch_std(tensor(part)).data[0, -1]
    assert told(modes[:2]) < 0.6 * told(modes)
    assert told(modes[1::4]) == pytest.approx(told(modes), rel=1e-6)
