"""From noise to an image, step by step back: ancestral (DDPM) and DDIM.

    x = noise
    for (t, s) in the times, from the noisiest:   x = step(x, guess of x0 and noise)

Source: Ho et al., arXiv 2006.11239, algorithm 2; Song, Meng & Ermon, arXiv 2010.02502,
equation 12.  Equation [DDPM-4].
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.creation import randn
from tinygen.errors import ConfigError
from tinygen.models.diffusion.parametrise import Guess, clipped
from tinygen.models.diffusion.process import kernel, posterior
from tinygen.models.diffusion.schedule import Schedule

KINDS = "ddim", "ancestral"
VARIANCES = "small", "large"


def ddim_step(schedule: Schedule, found: Guess, s: int, t: int, eta=0.0, noise=None):
    """x_s from the guess at x_t.  Equation [DDPM-4].

    x_s = sqrt(alpha_bar_s) x0 + sqrt(1 - alpha_bar_s - sigma^2) noise_hat + sigma z
    sigma = eta * std of q(x_s | x_t, x_0)

    eta : 0 draws nothing, 1 is the ancestral sampler of the small variance
    noise : z ~ N(0, I), needed where sigma > 0
    """
    sigma = float(eta * np.sqrt(posterior(schedule, s, t).variance))
    rest = float(np.sqrt(max(1 - schedule.alpha_bars[s] - sigma**2, 0.0)))
    x = float(schedule.signal(s)) * found.x0 + rest * found.noise
    return x + sigma * noise if sigma else x


def ancestral_step(schedule, x, found: Guess, s: int, t: int, variance, noise=None):
    """x_s ~ N(mean of q(x_s | x_t, x0), variance I); the last step draws nothing.

    Equation [DDPM-4], with the posterior of [DDPM-3].

    variance : "small", that of q(x_s | x_t, x_0), or "large", that of q(x_t | x_s)
    """
    of_x0, of_xt, small = posterior(schedule, s, t)
    mean = float(of_x0) * found.x0 + float(of_xt) * x
    if s == 0:
        return mean
    chosen = small if variance == "small" else kernel(schedule, s, t).variance
    return mean + float(np.sqrt(chosen)) * noise


@dataclass(frozen=True)
class Sampler:
    """How to walk from noise to an image.

    kind : "ddim" or "ancestral"
    steps : how many, evenly spread over 1 .. T; or the rising times themselves
    eta : of ddim, 0 (nothing random after the start) to 1
    variance : of ancestral, "small" or "large"
    clip : keep every guess of x0 within [-1, 1], as images are
    Raises ConfigError for what cannot be.
    """

    kind: str = "ddim"
    steps: int | Sequence[int] = 50
    eta: float = 0.0
    variance: str = "small"
    clip: bool = True

    def __post_init__(self):
        for what, value, known in (
            ("sampler", self.kind, KINDS),
            ("variance", self.variance, VARIANCES),
        ):
            if value not in known:
                raise ConfigError(f"{what} {value!r}. Fix: one of {', '.join(known)}")
        if not 0 <= self.eta <= 1:
            raise ConfigError(f"eta {self.eta}. Fix: 0 (DDIM) to 1 (ancestral)")
        if self.eta and self.kind != "ddim":
            raise ConfigError(f"eta {self.eta} of {self.kind}. Fix: the sampler ddim")

    def pairs(self, schedule: Schedule) -> Iterator[tuple[int, int]]:
        """(t, s): from which time to which, the noisiest first, the last s = 0."""
        times = [0, *schedule.times(self.steps)]
        return zip(times[:0:-1], times[-2::-1], strict=True)

    def look(self, denoiser, x, t: int, labels=None) -> Guess:
        """The guess at x = x_t, clipped if wanted."""
        found = denoiser.guess(x, t, labels)
        return clipped(found, denoiser.schedule, x, t) if self.clip else found

    def step(self, schedule: Schedule, x, found: Guess, s: int, t: int, *, rng):
        """x_s from x = x_t."""
        if self.kind == "ddim":
            noise = normal_like(x, rng) if self.eta and s else None
            return ddim_step(schedule, found, s, t, self.eta, noise)
        noise = normal_like(x, rng) if s else None
        return ancestral_step(schedule, x, found, s, t, self.variance, noise)


def normal_like(x, rng):
    """z ~ N(0, I) of the shape and type of x."""
    return randn(x.shape, rng=rng, dtype=x.dtype.name)


def walk(
    denoiser,
    x,
    pairs,
    sampler: Sampler,
    *,
    rng,
    labels=None,
    watch: Callable | None = None,
):
    """x_s at the end of the pairs (t, s), from x at the first t.

    watch : called as watch(t, x_t, guess) before each step
    """
    for t, s in pairs:
        found = sampler.look(denoiser, x, t, labels)
        if watch is not None:
            watch(t, x, found)
        x = sampler.step(denoiser.schedule, x, found, s, t, rng=rng)
    return x


def sample(denoiser, shape, sampler: Sampler, *, rng, labels=None, watch=None):
    """Samples of a shape (N, ...): images in [-1, 1] if the sampler clips.

    labels : (N,) classes, or None      watch : see `walk`
    Raises ConfigError for more steps than T.  Source: see the module.
    """
    pairs = list(sampler.pairs(denoiser.schedule))
    x = randn(shape, rng=rng)
    return walk(denoiser, x, pairs, sampler, rng=rng, labels=labels, watch=watch)
