"""Chapter 21: the failure lab still fails without its cure, and is cured by it."""

import math

import numpy as np
import pytest

from chapters.tools.book import definitions
from tinygen import data, tensor
from tinygen.models.diffusion.bound import prior_term
from tinygen.models.diffusion.guidance import Guided
from tinygen.models.diffusion.ideal import IdealDenoiser
from tinygen.models.diffusion.samplers import Sampler, sample, walk
from tinygen.models.diffusion.schedule import Schedule, linear_schedule

KEPT = Schedule("kept", np.append(1.0, np.cumprod(1 - np.linspace(1e-4, 0.02, 50))))
CURED = linear_schedule(50)
MEAN, STD = -3.1, 0.54  # the brightness of digits, times the root of 64 pixels


def brightness(schedule, seed):
    """Means of samples of N(MEAN, STD^2), drawn by the best denoiser."""
    denoiser = IdealDenoiser(schedule, [[MEAN]], STD)
    own = np.random.default_rng(seed)
    return sample(denoiser, (400, 1), Sampler(steps=50, clip=False), rng=own).data


@pytest.mark.parametrize("seed", range(3))
def test_a_schedule_that_keeps_signal_makes_samples_too_bright(seed):
    left = KEPT.alpha_bars[-1]
    assert left == pytest.approx(0.603, abs=1e-3)
    width = math.sqrt(left * STD**2 + 1 - left)
    promised = MEAN * (1 - math.sqrt(left) * STD / width)
    found = brightness(KEPT, seed).mean()
    assert found == pytest.approx(promised, abs=0.15)  # the symptom
    assert found > MEAN + 1
    assert brightness(CURED, seed).mean() == pytest.approx(MEAN, abs=0.15)  # cured


def test_the_first_term_of_the_bound_tells_without_a_network():
    images = tensor(data.to_float(data.load("digits").test.images))
    assert prior_term(KEPT, images).mean() > 10
    assert prior_term(CURED, images).mean() < 1e-3


def test_the_ideal_denoiser_returns_training_images():
    images = data.to_float(data.load("digits").train.images)
    denoiser = IdealDenoiser(CURED, images)
    own = np.random.default_rng(0)
    x = sample(denoiser, (16, 1, 8, 8), Sampler(steps=50), rng=own).data
    assert definitions(21)["nearest"](x, images)[0].max() < 1e-3


def test_guidance_lands_at_the_mixed_logarithms_of_the_widths():
    two = definitions(21)["TwoGaussians"]()
    sampler, labels = Sampler(steps=400, clip=False), np.zeros(2, int)
    noise = tensor(np.array([[-1.0], [1.0]]))
    for w in (0.0, 1.0, 2.0):
        pairs = list(sampler.pairs(two.schedule))
        ends = walk(Guided(two, w), noise, pairs, sampler, rng=None, labels=labels)
        width = (ends.data[1, 0] - ends.data[0, 0]) / 2
        assert width == pytest.approx(0.5 ** (1 + w), rel=0.02)
