"""Chapter 14: the failure lab still fails without its cure, and is cured by it."""

import numpy as np
import pytest

from tinygen import grad, nn, ops, optim, tensor
from tinygen.models.critic import clip_weights
from tinygen.models.objectives import gradient_penalty, wasserstein_discriminator

SHIFT = np.float32([1.5, 0.1])  # data less samples: nearly all in the first number


def taught(seed, clip=None):
    """A critic of two hidden layers, 150 steps.  -> weights, its push at samples"""
    own = np.random.default_rng(seed)
    layers = [nn.Linear(2, 16, rng=own), nn.LeakyReLU(0.2)]
    layers += [nn.Linear(16, 16, rng=own), nn.LeakyReLU(0.2), nn.Linear(16, 1, rng=own)]
    D = nn.Sequential(*layers)
    adam = optim.Adam(D.parameters(), lr=3e-3, betas=(0.5, 0.999))
    for _ in range(150):
        samples = np.float32(0.1 * own.standard_normal((32, 2)))
        real, fake = tensor(samples + SHIFT), tensor(samples)
        loss = wasserstein_discriminator(D(real), D(fake))
        if not clip:
            loss = loss + 10 * gradient_penalty(D, real, fake, rng=own)
        adam.zero_grad()
        loss.backward()
        adam.step()
        if clip:
            clip_weights(D, clip)
    x = tensor(samples, requires_grad=True)
    (push,) = grad(ops.sum(D(x)), [x])
    return np.concatenate([p.data.ravel() for p in D.parameters()]), push.data.mean(0)


@pytest.mark.parametrize("seed", range(3))
def test_a_clipped_critic_sits_at_the_walls_and_hardly_speaks(seed):
    weights, push = taught(seed, clip=0.01)
    assert np.mean(np.abs(weights) > 0.00999) > 0.5  # the symptom
    assert np.linalg.norm(push) < 0.01
    weights, push = taught(seed)
    assert np.linalg.norm(push) == pytest.approx(1.075, abs=0.1)  # the cure, Eq. (14.4)
    assert push @ SHIFT / np.linalg.norm(push) / np.linalg.norm(SHIFT) > 0.9


def test_the_root_at_slope_0_is_nan_without_the_floor():
    flat = tensor(np.zeros(3), requires_grad=True)
    for floor, finite in ((0.0, False), (1e-12, True)):
        with np.errstate(all="ignore"):
            length = ops.sqrt(ops.sum(flat * flat) + floor)
            (slope,) = grad(ops.square(length - 1.0), [flat])
        assert np.isfinite(slope.data).all() == finite
