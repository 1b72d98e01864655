"""Chapter 9: the failure lab still fails without its cure, and is cured by it."""

import math

import numpy as np
import pytest

from chapters.tools.book import definitions
from tinygen import grad, optim, tensor
from tinygen.models.vae import bound
from tinygen.models.vae.linear import kl_of_directions, linear_vae

EIGENVALUES = np.array([3.0, 1.5, 0.8, *[0.05] * 9])  # 12 pixels
S2 = 0.6


def rows(seed):
    """24 rows with mean 0 whose covariance has exactly these eigenvalues."""
    U = np.linalg.qr(np.random.default_rng([9, seed]).normal(size=(12, 12)))[0]
    half = np.sqrt(12 * EIGENVALUES)[:, None] * U
    return np.concatenate([half, -half])


def survivors(loss, seed, latent=2, count=150):
    """How many numbers are in use, and the spread of reconstructions."""
    own = np.random.default_rng(seed)
    vae = linear_vae(12, latent, math.sqrt(S2), rng=own)
    x, adam = tensor(rows(seed)), optim.Adam(vae.parameters(), lr=0.05)
    noise = definitions(9)["fair_draws"](24, latent)
    for _ in range(count):
        adam.zero_grad()
        loss(bound.terms(vae, x, noise)).backward()
        adam.step()
    kl = bound.terms(vae, x, noise).kl.data.mean(0)
    drawn = vae.decode(vae.encode(x).mean).data
    return (kl > 0.05).sum(), drawn.var(0).sum()


@pytest.mark.parametrize("seed", range(2))
def test_two_means_make_one_blot_of_all_images_and_sums_do_not(seed):
    code = definitions(9)
    assert not kl_of_directions(EIGENVALUES, code["hidden_beta"](12, 2), S2).any()
    worse = lambda found: code["mean_of_both"](found, 12)
    in_use, spread = survivors(worse, seed)
    assert in_use == 0 and spread < 1e-2  # the symptom
    in_use, spread = survivors(bound.loss, seed)
    assert in_use == 2 and spread > 2  # the cure


def test_where_the_cure_fails_free_bits_and_a_warm_up_leave_the_rule_as_it_is():
    """Squared error and KL, both summed: s^2 = 1/2, and the third direction lives."""
    assert (kl_of_directions(EIGENVALUES, 1, 0.5) > 0).tolist()[:4] == [True] * 3 + [
        False
    ]
    own = np.random.default_rng(3)
    vae = linear_vae(12, 2, math.sqrt(S2), rng=own)
    x, noise = tensor(rows(0)), definitions(9)["fair_draws"](24, 2)
    free = bound.loss(bound.terms(vae, x, noise), 24.0, free_bits=1e3)
    (slope,) = grad(free, [vae.encoder.log_variance])
    paid = bound.loss(bound.terms(vae, x, noise), 0.0)
    (alone,) = grad(paid, [vae.encoder.log_variance])
    np.testing.assert_allclose(slope.data, alone.data)  # free: as with beta = 0


def test_a_decoded_mean_leaves_the_width_to_the_divergence():
    """Its slope by log s^2 is (s^2 - 1)/2, whatever the images are: s = 1."""
    vae = linear_vae(12, 2, math.sqrt(S2), rng=np.random.default_rng(4))
    vae.encoder.log_variance.assign(np.array([-1.3, 0.8]))
    x, noise = tensor(rows(1)), definitions(9)["fair_draws"](24, 2)
    for factor, same in ((0.0, True), (1.0, False)):
        loss = bound.loss(bound.terms(vae, x, noise * factor))
        (slope,) = grad(loss, [vae.encoder.log_variance])
        alone = 0.5 * (np.exp(vae.encoder.log_variance.data) - 1)
        assert np.allclose(slope.data, alone, rtol=1e-10) is same
