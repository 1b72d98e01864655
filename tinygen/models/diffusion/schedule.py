"""How fast an image turns into noise: what is left of it after t of T steps.

    q(x_t | x_0) = N(sqrt(alpha_bar_t) x_0, (1 - alpha_bar_t) I)             [DDPM-2]

t = 0 is the image itself, alpha_bar_0 = 1; t = 1 .. T are the noisy ones.  Everything
here is float64 on the host; `column` brings numbers to the images.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from tinygen.backend import device_of, given
from tinygen.errors import ConfigError, IndexOutOfRange, ShapeError
from tinygen.ops.elementwise import values


@dataclass(frozen=True, eq=False)
class Schedule:
    """The noise at each step.

    alpha_bars : (T+1,) from 1 down, the share of the image's variance that is left
    Raises ConfigError unless they begin with 1, fall, and stay above 0.
    """

    name: str
    alpha_bars: np.ndarray = field(repr=False)

    def __post_init__(self):
        a = self.alpha_bars
        if len(a) < 2 or a[0] != 1 or not (np.diff(a) < 0).all() or a[-1] <= 0:
            raise ConfigError(
                f"schedule {self.name}: alpha_bar runs from {a[:1]} to {a[-1:]}. "
                "Fix: T >= 1, and every beta above 0 and below 1"
            )

    @property
    def T(self) -> int:
        """The number of steps."""
        return len(self.alpha_bars) - 1

    @property
    def betas(self) -> np.ndarray:
        """(T+1,) variance that each step adds; betas[t] leads from t-1 to t, [0] is 0.

        beta_t = 1 - alpha_bar_t / alpha_bar_(t-1)
        """
        return np.append(0.0, 1 - self.alpha_bars[1:] / self.alpha_bars[:-1])

    def alpha_bar(self, t) -> np.ndarray:
        """The share that is left at times 0 .. T; IndexOutOfRange for others."""
        return self.alpha_bars[self.checked(t, least=0)]

    def signal(self, t) -> np.ndarray:
        """sqrt(alpha_bar_t): what x_0 is multiplied by."""
        return np.sqrt(self.alpha_bar(t))

    def noise(self, t) -> np.ndarray:
        """sqrt(1 - alpha_bar_t): the standard deviation of the noise."""
        return np.sqrt(1 - self.alpha_bar(t))

    def snr(self, t) -> np.ndarray:
        """alpha_bar_t / (1 - alpha_bar_t): of the variances; t >= 1."""
        return self.alpha_bar(t) / (1 - self.alpha_bar(t))

    def checked(self, t, *, least: int = 1) -> np.ndarray:
        """t as integers in least .. T; IndexOutOfRange with the first that is not."""
        t = np.asarray(t)
        if t.dtype.kind not in "iu":
            raise ConfigError(f"times are {t.dtype}. Fix: whole numbers 1 .. {self.T}")
        outside = (t < least) | (t > self.T)
        if outside.any():
            raise IndexOutOfRange(
                f"time {t[outside].flat[0]} is outside {least} .. {self.T}. "
                f"Fix: t = {least} is the least noise, t = {self.T} the most"
            )
        return t

    def each(self, t, n: int) -> np.ndarray:
        """t in 1 .. T for each of n samples: (n,), from one time or n of them."""
        t = self.checked(t)
        if t.shape not in ((), (n,)):
            raise ShapeError(f"times {t.shape} for {n} samples. Fix: one, or ({n},)")
        return np.broadcast_to(t, n)

    def times(self, steps: int | Sequence[int]) -> list[int]:
        """Rising times that a sampler visits, the last of them first.

        steps : how many, evenly spread and T among them; or the times themselves
        Raises ConfigError for more than T, or times that do not rise in 1 .. T.
        """
        if isinstance(steps, (int, np.integer)):
            if not 1 <= steps <= self.T:
                raise ConfigError(
                    f"{steps} sampling steps of {self.T}. Fix: 1 to {self.T} of them"
                )
            return [self.T * (i + 1) // int(steps) for i in range(int(steps))]
        times = [int(t) for t in np.atleast_1d(self.checked(steps))]
        if not times or any(b <= a for a, b in pairwise(times)):
            raise ConfigError(f"times {times} do not rise. Fix: such as [1, 250, 1000]")
        return times


def linear_schedule(T: int = 1000) -> Schedule:
    """beta from 1e-4 to 0.02 on a line (for T = 1000; times 1000/T for another T).

    Source: Ho, Jain & Abbeel, arXiv 2006.11239, section 4; other T: Nichol & Dhariwal's
    code.  Raises ConfigError for T < 21, where the last beta would not be below 1.
    """
    _check_steps("linear", T, least=21)
    betas = np.linspace(1e-4, 0.02, T) * (1000 / T)
    return Schedule("linear", np.append(1.0, np.cumprod(1 - betas)))


def cosine_schedule(T: int = 1000, s: float = 0.008, most: float = 0.999) -> Schedule:
    """alpha_bar_t = f(t)/f(0), f(t) = cos^2(pi/2 (t/T + s)/(1 + s)); beta <= `most`.

    Small images keep more of themselves for longer than in the linear schedule.
    Source: Nichol & Dhariwal, arXiv 2102.09672, equation 17.
    """
    _check_steps("cosine", T, least=1)
    f = np.cos(math.pi / 2 * (np.arange(T + 1) / T + s) / (1 + s)) ** 2
    betas = np.minimum(1 - f[1:] / f[:-1], most)
    return Schedule("cosine", np.append(1.0, np.cumprod(1 - betas)))


def _check_steps(name: str, steps: int, least: int) -> None:
    if steps < least:
        raise ConfigError(f"{name} schedule of T={steps} steps. Fix: T >= {least}")


SCHEDULES = {"linear": linear_schedule, "cosine": cosine_schedule}


def schedule(name: str, T: int = 1000) -> Schedule:
    """A schedule by name, "linear" or "cosine"; ConfigError for another."""
    if name not in SCHEDULES:
        raise ConfigError(f"schedule {name!r}. Fix: one of {', '.join(SCHEDULES)}")
    return SCHEDULES[name](T)


def column(of, t, x):
    """of(t), a number or one for each sample, as an array to scale x (N, ...) by."""
    x = values(x)
    shape = -1, *(1 for _ in x.shape[1:])
    numbers = lambda: np.asarray(of(t)).astype(x.dtype).reshape(shape)
    return given(numbers, device=device_of(x))
