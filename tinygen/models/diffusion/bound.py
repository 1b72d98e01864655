"""How well a diffusion model knows images: a bound on -log p(x_0), in bits a pixel.

    -log p(x_0) <= E[ L_T + L_(T-1) + ... + L_1 + L_0 ]
    L_T     = KL(q(x_T | x_0) || N(0, I))
    L_(t-1) = KL(q(x_(t-1) | x_t, x_0) || p(x_(t-1) | x_t)),     t = 2 .. T
    L_0     = -log p(x_0 | x_1), x_0 one of finitely many grey levels

Source: Ho, Jain & Abbeel, arXiv 2006.11239, equations 5 and 13.
"""

import math

import numpy as np

from tinygen.backend import to_host
from tinygen.creation import randn
from tinygen.errors import ConfigError
from tinygen.models.diffusion.process import diffuse, kernel, posterior
from tinygen.models.diffusion.samplers import Sampler
from tinygen.models.diffusion.schedule import Schedule
from tinygen.ops.elementwise import erf, values

SMALLEST = 1e-9  # a difference of two probabilities of order 1 has digits down to this
EVERY_STEP = Sampler("ancestral")


def bits_per_dim(
    denoiser, x0, *, rng, labels=None, draws=None, sampler=EVERY_STEP, levels=256
) -> np.ndarray:
    """(N,) the bound for each image, in bits per pixel and channel.

    x0 : (N, ...) in [-1, 1], every value one of `levels` evenly spaced ones
    draws : times t at which each image is looked at, see `early_times`: the sum is then
        estimated without bias; all T of them if left out
    sampler : the ancestral one whose samples x_0 is taken for; it takes every step
    Raises ConfigError for another sampler, whose steps are no Gaussians, or no draws.
    Source: see the module; 1 nat = 1/log 2 bits.
    """
    if sampler.kind != "ancestral":
        raise ConfigError(f"bits_per_dim of {sampler.kind}. Fix: Sampler('ancestral')")
    if draws is not None and draws < 1:
        raise ConfigError(f"bits_per_dim: draws={draws}. Fix: 1 or more, or None")
    schedule, n = denoiser.schedule, len(x0)
    options = {"labels": labels, "sampler": sampler, "levels": levels}
    nats = prior_term(schedule, x0)
    for k in range(draws or schedule.T):
        if draws:
            t, weights = early_times(schedule.T, n, rng=rng)
        else:
            t, weights = np.full(n, k + 1), 1.0
        nats += weights * term(denoiser, x0, t, rng=rng, **options) / (draws or 1)
    return nats / (math.log(2) * x0.size / n)


def early_times(T: int, n: int, *, rng):
    """(n,) times in 1 .. T, early ones oftener, where the terms are large; and weights.

    t = floor((T+1)^u),  u ~ U(0, 1),  so P(t) = log(1 + 1/t) / log(T+1)
    weight = 1 / P(t):  E[weight f(t)] = f(1) + ... + f(T)

    The n numbers u are evenly spread, and in no order.
    """
    u = rng.permutation((rng.random() + np.arange(n)) / n)
    t = np.minimum((T + 1.0) ** u, T).astype(np.int64)
    return t, math.log(T + 1) / np.log1p(1 / t)


def prior_term(schedule: Schedule, x0) -> np.ndarray:
    """L_T (N,) in nats: what x_T still knows of x_0."""
    x0 = _flat(x0)
    variance = 1 - schedule.alpha_bars[-1]
    squares = schedule.alpha_bars[-1] * x0**2
    return 0.5 * (squares + variance - 1 - math.log(variance)).sum(1)


def term(
    denoiser, x0, t, *, rng, labels=None, sampler=EVERY_STEP, levels=256
) -> np.ndarray:
    """(N,) nats: L_(t-1) for times t (N,), with one draw of x_t each.  Eq. (21.3)."""
    schedule = denoiser.schedule
    x = diffuse(schedule, x0, t, randn(x0.shape, rng=rng, dtype=x0.dtype.name))
    found = _flat(sampler.look(denoiser, x, t, labels).x0)
    clean, noisy = _flat(x0), _flat(x)
    of_x0, of_xt, small = (p[:, None] for p in posterior(schedule, t - 1, t))
    spread = spread_of(schedule, t, sampler.variance)[:, None]
    apart = of_x0**2 * (clean - found) ** 2  # the means' squared distance
    ratio = np.where(t[:, None] == 1, 1.0, small / spread)  # t = 1 has no posterior
    kl = 0.5 * (apart / spread + ratio - 1 - np.log(ratio)).sum(1)
    mean = of_x0 * found + of_xt * noisy
    first = -log_level(clean, mean, np.sqrt(spread), levels).sum(1)
    return np.where(t == 1, first, kl)


def spread_of(schedule: Schedule, t, variance: str) -> np.ndarray:
    """The variance of p(x_(t-1) | x_t); the small one of t = 1, 0, is that of t = 2.

    Source: Ho et al.'s code, `posterior_log_variance_clipped`.
    """
    if variance == "large":
        return kernel(schedule, t - 1, t).variance
    t = np.maximum(t, min(2, schedule.T))
    return posterior(schedule, t - 1, t).variance


def log_level(x, mean, std, levels: int) -> np.ndarray:
    """log P(the grey level of x), the Gaussian's mass in the level's interval; nats.

    P = Phi((x + h - mean)/std) - Phi((x - h - mean)/std),  h = 1/(levels - 1); the
    lowest level reaches to -inf, the highest to inf

    Where P is too small for a difference it is bounded from below by the width times
    the least density, so that the sum stays a bound.
    Source: Ho et al., arXiv 2006.11239, equation 13.
    """
    h = 1 / (levels - 1)
    low, high = (x - h - mean) / std, (x + h - mean) / std
    below = np.where(x < -1 + h, 0.0, phi(low))
    above = np.where(x > 1 - h, 1.0, phi(high))
    far = np.maximum(abs(low), abs(high))
    tail = np.log(2 * h / std) - 0.5 * far**2 - 0.5 * math.log(2 * math.pi)
    mass = above - below
    return np.where(mass > SMALLEST, np.log(np.maximum(mass, SMALLEST)), tail)


def phi(z) -> np.ndarray:
    """P(N(0, 1) <= z)."""
    return 0.5 * (1 + erf(z / math.sqrt(2)))


def _flat(x) -> np.ndarray:
    """(N, D) float64 on the host."""
    return to_host(values(x)).astype(np.float64).reshape(len(x), -1)
