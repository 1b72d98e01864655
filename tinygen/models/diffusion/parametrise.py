"""Three things a network may say of a noisy image; each tells the other two.

    x_t = a x_0 + b noise,   v = a noise - b x_0,   a^2 + b^2 = 1

(x_t, v) is (x_0, noise) turned by an angle, so no division by a small a or b is needed
to turn it back: v is safe at both ends of time, noise at the clean end only, x_0 at the
noisy one.
Source: noise: Ho et al., arXiv 2006.11239, equation 12; v: Salimans & Ho, arXiv
2202.00512, section 4.
"""

from typing import NamedTuple

from tinygen.engine import Tensor
from tinygen.errors import ConfigError
from tinygen.models.diffusion.schedule import Schedule, column

KINDS = "noise", "x0", "v"


class Guess(NamedTuple):
    """What a denoiser thinks is in x_t = a x0 + b noise."""

    x0: Tensor
    noise: Tensor


def angles(schedule: Schedule, x, t):
    """a = sqrt(alpha_bar_t), b = sqrt(1 - alpha_bar_t), to multiply x (N, ...) with."""
    return column(schedule.signal, t, x), column(schedule.noise, t, x)


def target(kind: str, schedule: Schedule, x0, noise, t):
    """What a network of that kind should say: (N, ...)."""
    a, b = angles(schedule, x0, t)
    return {"noise": noise, "x0": x0, "v": a * noise - b * x0}[check_kind(kind)]


def guess(kind: str, schedule: Schedule, said, x, t) -> Guess:
    """x_0 and noise, from what a network of that kind said of x = x_t."""
    a, b = angles(schedule, x, t)
    if check_kind(kind) == "noise":
        return Guess((x - b * said) / a, said)
    if kind == "x0":
        return Guess(said, (x - a * said) / b)
    return Guess(a * x - b * said, b * x + a * said)


def clipped(found: Guess, schedule: Schedule, x, t) -> Guess:
    """x_0 kept within [-1, 1], and the noise that then fits x = x_t."""
    return guess("x0", schedule, found.x0.clip(-1.0, 1.0), x, t)


def check_kind(kind: str) -> str:
    """The kind; ConfigError for an unknown one."""
    if kind not in KINDS:
        raise ConfigError(f"prediction of {kind!r}. Fix: one of {', '.join(KINDS)}")
    return kind
