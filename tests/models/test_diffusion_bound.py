"""The likelihood bound against Gaussians, for which -log p(x) is known."""

import math

import numpy as np
import pytest
from scipy.special import log_ndtr

import tinygen as tg
from tinygen.errors import ConfigError
from tinygen.models.diffusion import bound
from tinygen.models.diffusion.ideal import IdealDenoiser
from tinygen.models.diffusion.process import posterior
from tinygen.models.diffusion.samplers import Sampler
from tinygen.models.diffusion.schedule import cosine_schedule, linear_schedule

LEVELS = 16
GRID = np.linspace(-1, 1, LEVELS)


def rng(seed=0):
    return np.random.default_rng(seed)


def free(variance="small"):
    return Sampler("ancestral", variance=variance, clip=False)


def data(n, std=0.4):
    """(n, 2) grey levels near a Gaussian around 0.1."""
    x = 0.1 + std * rng(1).standard_normal((n, 2))
    return GRID[abs(x[..., None] - GRID).argmin(-1)]


def log_mass(low, high):
    """log(Phi(high) - Phi(low)) to full precision, by SciPy; low < high."""
    low, high = np.where(low > 0, -high, low), np.where(low > 0, -low, high)
    return log_ndtr(high) + np.log1p(-np.exp(log_ndtr(low) - log_ndtr(high)))


def test_the_mass_of_all_grey_levels_is_1():
    for mean in (-1.3, 0.02, 0.8):
        for std in (0.01, 0.1, 2.0):
            logs = bound.log_level(GRID, mean, std, LEVELS)
            assert np.exp(logs).sum() == pytest.approx(1, abs=1e-7)


def test_the_mass_of_a_grey_level_is_right_or_from_below_where_it_is_tiny():
    h, means = 1 / (LEVELS - 1), np.linspace(-1, 1, 201)[:, None]
    inner = GRID[1:-1]
    for std in (0.02, 0.3):
        found = bound.log_level(inner, means, std, LEVELS)
        right = log_mass((inner - h - means) / std, (inner + h - means) / std)
        near = right > np.log(1e-8)
        np.testing.assert_allclose(found[near], right[near], atol=1e-6)
        assert (found <= right + 1e-6).all() and np.isfinite(found).all()


@pytest.mark.parametrize("variance", ("small", "large"))
@pytest.mark.parametrize("schedule", (linear_schedule(30), cosine_schedule(30)))
def test_every_term_is_the_divergence_of_two_gaussians(schedule, variance):
    """E over x_t of KL(q || p), both means linear in x_t; 20,000 draws."""
    m, s2, n = 0.1, 0.16, 20000
    denoiser, x0 = IdealDenoiser(schedule, [[m]], math.sqrt(s2)), 0.6
    for t in (2, 15, 30):
        a, b = schedule.signal(t), schedule.noise(t)
        k = a * s2 / (a**2 * s2 + b**2)  # the guess is m + k (x_t - a m)
        of_x0, _, q = posterior(schedule, t - 1, t)
        p = q if variance == "small" else schedule.betas[t]
        missed = (1 - k * a) ** 2 * (x0 - m) ** 2 + (k * b) ** 2
        wanted = 0.5 * (of_x0**2 * missed / p + q / p - 1 - math.log(q / p))
        images = tg.tensor(np.full((n, 1), x0))
        options = {"rng": rng(t), "sampler": free(variance)}
        found = bound.term(denoiser, images, np.full(n, t), **options)
        assert abs(found.mean() - wanted) < 5 * found.std() / math.sqrt(n) + 1e-12


def test_the_prior_term_is_the_divergence_of_x_T_from_noise():
    schedule, x0 = linear_schedule(21), data(4)
    ab = schedule.alpha_bars[-1]
    wanted = 0.5 * (ab * x0**2 - ab - np.log(1 - ab)).sum(1)
    np.testing.assert_allclose(bound.prior_term(schedule, x0), wanted, rtol=1e-6)
    assert bound.prior_term(linear_schedule(), x0).max() < 1e-3


def closed_form(schedule, x0, mean, std, spread):
    """Bits to say x_1 to a precision of its noise, and then x_0; in the limit of T.

    E[-log p(x_1)] - H(x_1 | x_0) + E[-log p(x_0 | x_1)]      (N, D) -> (N,)
    """
    a, b = schedule.signal(1), schedule.noise(1)
    V = a**2 * std**2 + b**2
    density = 0.5 * np.log(2 * np.pi * V) + (a**2 * (x0 - mean) ** 2 + b**2) / (2 * V)
    entropy = 0.5 * np.log(2 * np.pi * np.e * b**2)
    z, weights = np.polynomial.hermite_e.hermegauss(80)
    x1 = a * x0[..., None] + b * z
    guess = mean + a * std**2 / V * (x1 - a * mean)
    last = bound.log_level(x0[..., None], guess, np.sqrt(spread), LEVELS)
    last = last @ (weights / weights.sum())
    return (density - entropy - last).mean(1) / math.log(2)


def test_the_best_denoiser_of_a_gaussian_comes_to_the_closed_form():
    """With the large variance closely; the small one is too small for early steps."""
    schedule, h, x0 = cosine_schedule(1000), 1 / (LEVELS - 1), data(2500)
    wanted = closed_form(schedule, x0, 0.1, 0.4, schedule.betas[1])
    denoiser, gaps = IdealDenoiser(schedule, [[0.1, 0.1]], 0.4), {}
    for variance, n in (("large", len(x0)), ("small", 200)):
        options = {"sampler": free(variance), "levels": LEVELS}
        found = bound.bits_per_dim(denoiser, tg.tensor(x0[:n]), rng=rng(), **options)
        gaps[variance] = found - wanted[:n]
    error = gaps["large"].std() / 50
    assert error < 0.02 and abs(gaps["large"].mean()) < 0.02 + 4 * error
    assert gaps["small"].mean() > 0.3
    low = np.where(x0 == -1, -np.inf, (x0 - h - 0.1) / 0.4)
    high = np.where(x0 == 1, np.inf, (x0 + h - 0.1) / 0.4)
    exact = -log_mass(low, high).mean(1) / math.log(2)  # -log2 P(x_0) itself
    assert exact.mean() < wanted.mean()


def test_a_worse_denoiser_has_a_worse_bound():
    x0, schedule = tg.tensor(data(300)), cosine_schedule(100)
    found = []
    for std, mean in ((0.4, 0.1), (0.2, 0.1), (0.4, 0.6)):
        denoiser = IdealDenoiser(schedule, [[mean, mean]], std)
        options = {"rng": rng(), "sampler": free(), "levels": LEVELS}
        found.append(bound.bits_per_dim(denoiser, x0, **options).mean())
    assert found[0] < found[1] - 0.02 and found[0] < found[2] - 0.02


def test_few_times_give_the_sum_over_all_without_bias():
    x0, n = np.repeat(data(1), 5000, 0), 5000
    denoiser = IdealDenoiser(cosine_schedule(40), [[0.1, 0.1]], 0.4)
    options = {"sampler": free(), "levels": LEVELS}
    every = bound.bits_per_dim(denoiser, tg.tensor(x0[:400]), rng=rng(), **options)
    some = bound.bits_per_dim(denoiser, tg.tensor(x0), rng=rng(1), draws=2, **options)
    error = math.hypot(every.std() / 20, some.std() / math.sqrt(n))
    assert abs(every.mean() - some.mean()) < 5 * error


def test_early_times_are_weighted_to_a_plain_sum():
    for T in (1, 7, 1000):
        t, weights = bound.early_times(T, 200_000, rng=rng())
        assert t.min() == 1 and t.max() == T
        for f in (lambda t: 1 / t**2, lambda t: 1.0 + 0 * t):
            whole = f(np.arange(1.0, T + 1)).sum()
            assert (weights * f(t)).mean() == pytest.approx(whole, rel=1e-3)


def test_the_small_variance_of_the_first_step_is_that_of_the_second():
    schedule = linear_schedule(30)
    t = np.array([1, 2, 9])
    small = bound.spread_of(schedule, t, "small")
    assert small[0] == small[1] == posterior(schedule, 1, 2).variance
    large = bound.spread_of(schedule, t, "large")
    np.testing.assert_allclose(large, schedule.betas[t], rtol=1e-12)


def test_labels_reach_the_denoiser_and_ddim_has_no_bound():
    x0, labels = data(6), np.array([0, 1, 0, 1, 0, 1])
    points = np.array([[0.1, 0.1], [-0.9, 0.9]])
    denoiser = IdealDenoiser(cosine_schedule(20), points, 0.4, labels=[0, 1])
    told, swapped = (
        bound.bits_per_dim(denoiser, tg.tensor(x0), rng=rng(), labels=some)
        for some in (0 * labels, labels)
    )
    assert (told[::2] == swapped[::2]).all() and (told[1::2] < swapped[1::2]).all()
    with pytest.raises(ConfigError, match=r"of ddim. Fix: Sampler"):
        bound.bits_per_dim(denoiser, tg.tensor(x0), rng=rng(), sampler=Sampler())
    for draws in (0, -1):  # which would leave out every term but the first
        with pytest.raises(ConfigError, match=rf"draws={draws}. Fix: 1 or more"):
            bound.bits_per_dim(denoiser, tg.tensor(x0), rng=rng(), draws=draws)
