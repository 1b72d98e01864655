"""Chapter 11: the failure labs still fail without their cures, and are cured."""

import math

import numpy as np
import pytest

from chapters.tools.book import definitions
from tinygen import functional as F
from tinygen import grad, nn, ops, optim, tensor
from tinygen.models.gan import Discriminator, Generator
from tinygen.models.objectives import generator_loss


def printed(D, fake):
    """Labels against pixels: D is not asked."""
    return -ops.mean(ops.log((fake + 1) / 2 + 1e-7))


def called(D, fake):
    """Labels against D's answer."""
    return generator_loss(D(fake))


@pytest.mark.parametrize("loss_of, reached", [(printed, False), (called, True)])
def test_only_a_loss_that_calls_D_knows_of_the_data(loss_of, reached):
    rng = np.random.default_rng(0)
    G = Generator(4, (1, 3, 3), 8, output="sigmoid", rng=rng)
    one, two = (Discriminator((1, 3, 3), 8, rng=rng) for _ in "ab")
    fake = G(tensor(rng.standard_normal((32, 4)).astype(np.float32)))
    weights = list(G.parameters())
    pushes = [grad(loss_of(D, fake), weights, retain_graph=True) for D in (one, two)]
    same = all((a.data == b.data).all() for a, b in zip(*pushes, strict=True))
    assert same is not reached


def test_the_printed_loss_ends_in_white():
    rng = np.random.default_rng(1)
    G = Generator(4, (1, 3, 3), 16, output="sigmoid", rng=rng)
    D = Discriminator((1, 3, 3), 16, rng=rng)
    dark = tensor(np.float32(rng.uniform(-1, -0.6, (64, 1, 3, 3))))
    ends = {}
    for loss_of in (printed, called):
        rates = (optim.Adam(net.parameters(), lr=0.01) for net in (G, D))
        adam_G, adam_D = rates
        for _ in range(150):
            fake = G(tensor(rng.standard_normal((64, 4)).astype(np.float32)))
            adam_D.zero_grad()
            loss = F.softplus(-D(dark)).mean() + F.softplus(D(fake.detach())).mean()
            loss.backward()
            adam_D.step()
            adam_G.zero_grad()
            with nn.frozen(D):
                loss_of(D, fake).backward()
            adam_G.step()
        ends[loss_of] = fake.data.mean()
    assert ends[printed] > 0.9
    assert ends[called] < 0.5  # on its way from white to the data, which are dark


def test_the_perfect_discriminator_cannot_tell_near_from_far():
    """JSD of narrow Gaussians is flat from 1 to 4; with noise it rises all the way."""
    code = definitions(11)
    divergence = lambda d, noise: code["jensen_shannon"](
        *code["two_normals"](d, math.hypot(0.1, noise))[1:]
    )
    sharp, blurred = (
        np.diff([divergence(d, noise) for d in (1, 2, 3, 4)]) for noise in (0.0, 1.0)
    )
    assert abs(sharp).max() < 1e-5
    assert blurred.min() > 0.08
    assert divergence(16, 1.0) == pytest.approx(math.log(2), abs=1e-13)  # its end
