"""Noise comes in by known steps, so all about them is known: marginals and posterior.

Between any two times s < t the process is Gaussian, which is why a sampler may leave
steps out.
"""

from typing import NamedTuple

import numpy as np

from tinygen.errors import ConfigError, ShapeError
from tinygen.models.diffusion.schedule import Schedule, column


class Kernel(NamedTuple):
    """q(x_t | x_s) = N(factor x_s, variance I)."""

    factor: np.ndarray
    variance: np.ndarray


class Posterior(NamedTuple):
    """q(x_s | x_t, x_0) = N(of_x0 x_0 + of_xt x_t, variance I)."""

    of_x0: np.ndarray
    of_xt: np.ndarray
    variance: np.ndarray


def kernel(schedule: Schedule, s, t) -> Kernel:
    """From time s to the noisier time t.

    factor = sqrt(alpha_bar_t / alpha_bar_s), variance = 1 - alpha_bar_t / alpha_bar_s
    s, t : numbers or arrays, 0 <= s < t <= T
    Raises IndexOutOfRange for other times, ConfigError unless s < t.
    Source: Ho et al., arXiv 2006.11239, equation 2, over several steps at once.
    """
    left = schedule.alpha_bar(t) / schedule.alpha_bar(s)
    if np.any(left >= 1):
        raise ConfigError(f"from time {s} to {t}. Fix: to a later time, s < t")
    return Kernel(np.sqrt(left), 1 - left)


def diffuse(schedule: Schedule, x0, t, noise):
    """x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) noise.

    x0, noise : (N, ...), noise ~ N(0, I)      t : one time, or (N,), in 0 .. T
    Raises IndexOutOfRange for other times, ShapeError for noise of another shape.
    Source: Ho et al., arXiv 2006.11239, equation 4.  Equation [DDPM-2].
    """
    if noise.shape != x0.shape:
        raise ShapeError(
            f"diffuse: noise {noise.shape} for samples {x0.shape}. "
            "Fix: a number for each number of x0"
        )
    signal, std = column(schedule.signal, t, x0), column(schedule.noise, t, x0)
    return signal * x0 + std * noise


def posterior(schedule: Schedule, s, t) -> Posterior:
    """Where x_s was, seen from x_t and x_0, for s < t; s = t - 1 is the papers' case.

    of_x0 = sqrt(alpha_bar_s) (1 - r) / (1 - alpha_bar_t),  r = alpha_bar_t/alpha_bar_s
    of_xt = sqrt(r) (1 - alpha_bar_s) / (1 - alpha_bar_t)
    variance = (1 - r) (1 - alpha_bar_s) / (1 - alpha_bar_t)

    Source: Ho et al., arXiv 2006.11239, equations 6 and 7.  Equation [DDPM-3].
    """
    factor, added = kernel(schedule, s, t)
    before, after = 1 - schedule.alpha_bar(s), 1 - schedule.alpha_bar(t)
    return Posterior(
        schedule.signal(s) * added / after,
        factor * before / after,
        added * before / after,
    )
