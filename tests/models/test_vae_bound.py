"""The bound of the VAE where log p(x) is known: linear decoder, Gaussian pixels.

For such a model log p(x|z) is quadratic in z, so its expectation over q(z|x) is exact
by 2D cubature points instead of random draws: +-sqrt(D) e_j have mean 0 and covariance
I.  What random draws could hide, a missing term or a wrong width, then shows at 1e-10.
"""

import math

import numpy as np
import pytest

import tinygen as tg
from tinygen import functional as F
from tinygen.models.vae.bound import (
    Terms,
    importance_bound,
    log_evidence,
    log_weights,
    loss,
    terms,
)
from tinygen.models.vae.likelihood import Bernoulli, Gaussian
from tinygen.models.vae.linear import (
    kl_of_directions,
    linear_vae,
    log_marginal,
    maximum_likelihood,
    set_true_posterior,
)
from tinygen.models.vae.model import VAE
from tinygen.optim import Adam
from tinygen.schedule import cosine

SIZE, LATENT, STD = 5, 3, 0.6


def cubature(n, latent):
    """(2D, n, D) noise over which polynomials of degree 3 are averaged exactly."""
    points = math.sqrt(latent) * np.concatenate([np.eye(latent), -np.eye(latent)])
    return tg.tensor(np.repeat(points[:, None], n, axis=1))


def solved(seed=0):
    """A linear VAE with orthogonal columns and its true posterior."""
    rng = tg.rng(seed)
    vae = linear_vae(SIZE, LATENT, STD, rng=rng)
    U = np.linalg.qr(rng.standard_normal((SIZE, LATENT)))[0]
    vae.decoder.layer.weight.assign(U * np.array([2.0, 1.1, 0.4]))
    vae.decoder.layer.bias.assign(rng.standard_normal(SIZE))
    set_true_posterior(vae)
    return vae


def data(n=7, seed=1):
    return tg.tensor(2 * tg.rng(seed).standard_normal((n, SIZE)))


def evidence(vae, x):
    layer = vae.decoder.layer
    variance = vae.likelihood.std**2
    return log_marginal(x.data, layer.weight.data, layer.bias.data, variance)


# -- M1: the true posterior makes the bound equal to log p(x) ------------------------


def test_with_the_true_posterior_the_bound_is_log_p_of_every_x():
    vae, x = solved(), data()
    found = terms(vae, x, cubature(len(x), LATENT))
    np.testing.assert_allclose(found.elbo.detach().data, evidence(vae, x), atol=1e-10)


def test_the_loss_is_the_negative_mean_of_log_p():
    vae, x = solved(), data()
    found = loss(terms(vae, x, cubature(len(x), LATENT)))
    assert found.item() == pytest.approx(-evidence(vae, x).mean(), abs=1e-10)


def test_a_batch_in_two_halves_has_the_same_terms():
    """A KL summed over the batch would differ."""
    vae, x = solved(), data(8)
    whole = terms(vae, x, cubature(8, LATENT)).elbo.detach().data
    halves = [terms(vae, part, cubature(4, LATENT)) for part in (x[:4], x[4:])]
    both = np.concatenate([half.elbo.detach().data for half in halves])
    np.testing.assert_allclose(whole, both, atol=1e-12)


def test_random_draws_average_to_the_same():
    vae, x = solved(), data(64, seed=3)
    noise = tg.randn((2000, 64, LATENT), rng=tg.rng(4), dtype="float64")
    with tg.no_grad():
        posterior = vae.encode(x)
        outputs = vae.decode(posterior.at(noise))
        draws = vae.likelihood.log_prob(outputs, x).data
        found = terms(vae, x, noise).elbo.data
    error = draws.std(0, ddof=1) / np.sqrt(len(draws))
    z = (found - evidence(vae, x)) / error
    assert abs(z).max() < 5  # 64 independent standard normals: 5 has probability 4e-5


def test_any_other_encoder_lies_below_by_exactly_its_divergence():
    """ELBO = log p(x) - KL(q(z|x) || p(z|x)), the divergence in closed form."""
    vae, x = solved(), data()
    true = [part.detach() for part in vae.encode(x)]
    vae.encoder.log_variance.assign(vae.encoder.log_variance.data + 0.7)
    vae.encoder.mean.bias.assign(vae.encoder.mean.bias.data - 0.3)
    with tg.no_grad():
        gap = F.kl_diagonal_gaussians(*vae.encode(x), *true).data
    found = terms(vae, x, cubature(len(x), LATENT)).elbo.detach().data
    np.testing.assert_allclose(found, evidence(vae, x) - gap, atol=1e-10)
    assert gap.min() > 0.1


# -- the errata's wrong forms, and what they do ---------------------------------------


def test_decoding_the_mean_teaches_no_width():
    """Then only the KL speaks of q's std, and says 1, whatever the data: [E5]."""
    vae, x = solved(), data()
    slope = vae.encoder.log_variance

    def gradient(noise):
        return tg.grad(loss(terms(vae, x, noise)), [slope])[0].data

    noise = cubature(len(x), LATENT)
    wrong = gradient(noise * 0.0)
    np.testing.assert_allclose(wrong, 0.5 * (np.exp(slope.data) - 1), atol=1e-12)
    assert abs(gradient(noise)).max() < 1e-10  # the true posterior's width is right
    assert abs(wrong).max() > 0.3


def test_a_kl_averaged_over_latents_is_a_beta_of_one_over_their_number():
    """Directions then stay in use down to a variance of s^2 / D: [E5]."""
    kl = kl_of_directions([0.2, 0.1, 0.01], 1 / 4, 0.25)
    assert (kl > 0).tolist() == [True, True, False]
    assert (kl_of_directions([0.2, 0.1, 0.01], 1, 0.25) == 0).all()


# -- M2: there the gradient is that of log p(x) too ----------------------------------


def test_the_gradient_by_the_decoder_is_that_of_log_p():
    """The bound is at its maximum over q, so q's own change does not count."""
    vae, x = solved(), data(20)
    layer = vae.decoder.layer
    (found,) = tg.grad(loss(terms(vae, x, cubature(20, LATENT))), [layer.weight])
    W, deviation = layer.weight.data, x.data - layer.bias.data
    C = W @ W.T + STD**2 * np.eye(SIZE)
    S = deviation.T @ deviation / len(x)
    expected = np.linalg.solve(C, S - C) @ np.linalg.solve(C, W)
    np.testing.assert_allclose(-found.data, expected, atol=1e-8)


def test_there_the_encoder_has_no_gradient():
    vae, x = solved(), data(20)
    parameters = list(vae.encoder.parameters())
    found = tg.grad(loss(terms(vae, x, cubature(20, LATENT))), parameters)
    for gradient in found:
        assert abs(gradient.data).max() < 1e-10


# -- M3: the importance-weighted bound ----------------------------------------------


def test_with_the_true_posterior_every_weight_is_p_of_x():
    vae, x = solved(), data()
    for draws in (1, 2, 50):
        noise = tg.randn((draws, len(x), LATENT), rng=tg.rng(draws), dtype="float64")
        with tg.no_grad():
            weights = log_weights(vae, x, noise)
        assert weights.data.std(0).max() < 1e-10
        np.testing.assert_allclose(
            importance_bound(weights).data, evidence(vae, x), atol=1e-10
        )


def spoilt(seed=0):
    """The same model with an encoder that is too wide and looks elsewhere."""
    vae = solved(seed)
    vae.encoder.log_variance.assign(vae.encoder.log_variance.data + 0.8)
    vae.encoder.mean.bias.assign(vae.encoder.mean.bias.data + 0.4)
    return vae


def test_bounds_grow_with_the_number_of_draws_up_to_log_p():
    vae, x = spoilt(), data(40, seed=5)
    means = []
    for draws in (1, 5, 50):
        rng, found = tg.rng(6, "", draws), []
        with tg.no_grad():
            for _ in range(400 // draws):
                noise = tg.randn((draws, len(x), LATENT), rng=rng, dtype="float64")
                found.append(importance_bound(log_weights(vae, x, noise)).data.mean())
        means.append(np.mean(found))
    truth = evidence(vae, x).mean()
    assert means[0] + 0.2 < means[1] and means[1] + 0.05 < means[2] < truth + 0.01
    nearly = log_evidence(vae, x, 5000, rng=tg.rng(7)).mean()
    assert nearly == pytest.approx(truth, abs=0.01)


def test_the_bound_of_one_draw_is_the_elbo_in_mean():
    vae, x = spoilt(), data(9)
    noise = cubature(len(x), LATENT)  # log w is quadratic in the noise too
    with tg.no_grad():
        found = log_weights(vae, x, noise).data.mean(0)
        np.testing.assert_allclose(found, terms(vae, x, noise).elbo.data, atol=1e-10)


def test_the_size_of_chunks_does_not_matter():
    vae, x = spoilt(), data(6)
    found = [log_evidence(vae, x, 64, rng=tg.rng(8), rows=r) for r in (1, 50, 10**6)]
    np.testing.assert_allclose(found[0], found[2], atol=1e-12)
    np.testing.assert_allclose(found[1], found[2], atol=1e-12)


def test_no_draws_are_refused():
    with pytest.raises(tg.errors.ConfigError, match=r"draws=0.*Fix:"):
        log_evidence(solved(), data(), 0, rng=tg.rng(0))


# -- M4: training reaches what can be reached ----------------------------------------


EIGENVALUES = np.array([4.0, 2.0, 1.0, 0.4, 0.2, 0.1])


def correlated(seed=2):
    """(12, 6) rows with mean 0 whose covariance has exactly these eigenvalues."""
    U = np.linalg.qr(tg.rng(seed).standard_normal((6, 6)))[0]
    half = np.sqrt(6 * EIGENVALUES)[:, None] * U
    return np.concatenate([half, -half])


def fit(vae, x, steps, lr=0.03, beta=1.0):
    """Full-batch Adam on the exact loss."""
    x, noise = tg.tensor(x), cubature(len(x), vae.latent)
    optimizer = Adam(vae.parameters(), lr=lr)
    for step in range(steps):
        optimizer.lr = lr * cosine(step, steps)
        optimizer.zero_grad()
        found = loss(terms(vae, x, noise), beta)
        found.backward()
        optimizer.step()
    return found.item()


def test_the_linear_vae_reaches_probabilistic_pca():
    x = correlated()
    best = maximum_likelihood(x, 2)
    vae = linear_vae(6, 2, rng=tg.rng(9))
    reached = -fit(vae, x, 800, lr=0.06)
    assert best.log_likelihood - 1e-4 < reached < best.log_likelihood + 1e-9
    assert vae.likelihood.std**2 == pytest.approx(best.variance, rel=1e-3)
    W = vae.decoder.layer.weight.data
    np.testing.assert_allclose(W @ W.T, best.directions @ best.directions.T, atol=1e-2)


def test_no_other_linear_gaussian_model_is_likelier():
    x, rng = correlated(), tg.rng(10)
    best = maximum_likelihood(x, 2)
    for _ in range(50):
        W = best.directions + 0.1 * rng.standard_normal((6, 2))
        variance = best.variance * np.exp(0.2 * rng.standard_normal())
        found = log_marginal(x, W, x.mean(0), variance).mean()
        assert found < best.log_likelihood


# -- posterior collapse, exactly where it must be ------------------------------------


@pytest.mark.parametrize(("beta", "active"), [(1.0, 4), (2.0, 3), (6.0, 2), (12.0, 1)])
def test_directions_collapse_where_their_variance_is_at_most_beta_s2(beta, active):
    x, std = correlated(), 0.5
    assert np.sum(beta * std**2 < EIGENVALUES) == active
    vae = linear_vae(6, 6, std, rng=tg.rng(11))
    fit(vae, x, 600, lr=0.1, beta=beta)
    kl = terms(vae, tg.tensor(x), cubature(len(x), 6)).kl.detach().data.mean(0)
    expected = kl_of_directions(EIGENVALUES, beta, std**2)
    assert (expected > 0).sum() == active
    np.testing.assert_allclose(np.sort(kl)[::-1], expected, atol=0.01)
    assert (kl > 0.02).sum() == active


# -- M5: divergences against quadrature ----------------------------------------------


GRID = np.linspace(-30, 30, 20001)
CELL = GRID[1] - GRID[0]


def log_normal(x, mean, log_variance):
    distance = (x - mean) ** 2 / np.exp(log_variance)
    return -0.5 * (distance + log_variance + np.log(2 * np.pi))


@pytest.mark.parametrize("second", [(0.0, 0.0), (0.8, 1.1)])
def test_the_divergence_of_gaussians_is_its_integral(second):
    for mean, log_variance in ((0.0, 0.0), (1.5, -1.0), (-2.0, 1.2)):
        log_q = log_normal(GRID, mean, log_variance)
        log_p = log_normal(GRID, *second)
        integral = (np.exp(log_q) * (log_q - log_p)).sum() * CELL
        four = [tg.tensor(np.full((1, 1), v)) for v in (mean, log_variance, *second)]
        found = F.kl_diagonal_gaussians(*(four if any(second) else four[:2]))
        assert found.item() == pytest.approx(integral, abs=1e-8)


def test_a_gaussian_likelihood_integrates_to_one():
    for std in (0.3, 1.0, 2.5):
        gaussian = Gaussian(std, dtype="float64")
        pixels = tg.tensor(GRID[:, None])
        log_prob = gaussian.log_prob(tg.tensor(np.full((len(GRID), 1), 0.7)), pixels)
        assert np.exp(log_prob.data).sum() * CELL == pytest.approx(1, abs=1e-10)


def test_a_learned_std_starts_at_one_and_is_a_parameter():
    learned, fixed = Gaussian(), Gaussian(0.5)
    assert learned.std == 1 and fixed.std == pytest.approx(0.5)
    assert len(list(learned.parameters())) == 1 and not list(fixed.parameters())
    with pytest.raises(tg.errors.ConfigError, match=r"std=0.*Fix:"):
        Gaussian(0.0)


def test_a_bernoulli_likelihood_sums_to_one_over_all_images():
    logits = tg.randn((1, 1, 2, 3), rng=tg.rng(12), dtype="float64")
    bits = (np.arange(64)[:, None] >> np.arange(6)) & 1
    images = tg.tensor((2.0 * bits - 1).reshape(64, 1, 2, 3))
    outputs = tg.tensor(np.repeat(logits.data, 64, axis=0))
    log_prob = Bernoulli().log_prob(outputs, images).data
    assert np.exp(log_prob).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("likelihood", [Bernoulli(), Gaussian(0.4, dtype="float64")])
def test_draws_from_a_likelihood_have_its_mean(likelihood):
    outputs = tg.tensor(np.full((20000, 1, 1, 2), 0.8))
    drawn = likelihood.draw(outputs, rng=tg.rng(13)).data
    mean = likelihood.mean(outputs).data[0, 0, 0, 0]
    assert drawn.mean() == pytest.approx(mean, abs=5 * drawn.std() / 200)
    if isinstance(likelihood, Bernoulli):
        assert set(np.unique(drawn)) == {-1.0, 1.0}
    else:
        assert drawn.std() == pytest.approx(0.4, rel=0.02)


# -- M6: the weight of the divergence, and free bits ---------------------------------


def some_terms():
    rng = tg.rng(14)
    kl = tg.tensor(rng.uniform(0, 2, (5, 4)), requires_grad=True)
    return Terms(tg.tensor(rng.standard_normal(5)), kl)


def test_the_loss_is_linear_in_beta():
    found = some_terms()
    part = lambda beta: loss(found, beta).item()
    kl = found.kl.data.sum(1).mean()
    for beta in (0.0, 0.3, 1.0, 4.0, 100.0):
        assert part(beta) == pytest.approx(part(0.0) + beta * kl, rel=1e-12)


def test_free_bits_cost_nothing_and_press_nothing():
    kl = tg.tensor([[0.1, 0.3, 2.0], [0.3, 0.2, 0.4]], True, "float64")
    found = loss(Terms(tg.tensor([0.0, 0.0], dtype="float64"), kl), 1.0, 0.5)
    assert found.item() == pytest.approx(0.5 + 0.5 + 1.2)  # of the average image
    (gradient,) = tg.grad(found, [kl])
    np.testing.assert_allclose(gradient.data, [[0, 0, 0.5], [0, 0, 0.5]])


# -- bad input -------------------------------------------------------------------------


def test_a_latent_of_another_width_is_refused():
    with pytest.raises(tg.errors.ShapeError, match=r"\(2, 4\).*3 latents.*Fix:"):
        solved().decode(tg.zeros((2, 4), dtype="float64"))


@pytest.mark.parametrize("shape", [(1, 2, 1), (1, 1, 3), (4, 2, 2), (2, 3), (3,)])
@pytest.mark.parametrize("of", [terms, log_weights])
def test_noise_that_is_not_of_every_code_is_refused(of, shape):
    """Where it broadcast, codes would share a draw and the bound would be none."""
    with pytest.raises(tg.errors.ShapeError, match=r"noise \(.*Fix:"):
        of(solved(), data(2), tg.zeros(shape, dtype="float64"))


def test_a_decoder_of_another_size_is_refused():
    vae = solved()
    odd = VAE(vae.encoder, lambda z, labels: z, vae.likelihood, LATENT)
    with pytest.raises(tg.errors.ShapeError, match=r"decoder gave .*Fix:"):
        terms(odd, data(), cubature(7, LATENT))


def test_one_image_cannot_be_a_path():
    x = data(2)
    with pytest.raises(tg.errors.ConfigError, match=r"steps=1.*Fix:"):
        solved().interpolate(x, x, 1)
