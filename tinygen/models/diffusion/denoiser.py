"""A network, a schedule, and what the network says: a denoiser; and how it learns.

Every denoiser has `schedule` and `guess(x, t, labels)`.  Samplers, guidance, editing
and the likelihood bound ask for nothing else, so they work with the exact one of a data
set (`ideal`) as they do with a trained one.
"""

import numpy as np

from tinygen import functional as F
from tinygen.backend import device_of, given, to_device, xp_of
from tinygen.engine import Tensor
from tinygen.models.diffusion import parametrise
from tinygen.models.diffusion.parametrise import Guess
from tinygen.models.diffusion.process import diffuse
from tinygen.models.diffusion.schedule import Schedule
from tinygen.models.labels import checked_labels
from tinygen.ops.elementwise import values


class Denoiser:
    """A network that is asked what is in a noisy image.

    network : (x, t) -> as x; with classes (x, t, labels), labels == classes for none
    kind : what it says, "noise", "x0" or "v"      classes : 0, or the number of labels
    """

    def __init__(self, network, schedule: Schedule, kind: str = "noise", classes=0):
        self.network, self.schedule = network, schedule
        self.kind, self.classes = parametrise.check_kind(kind), classes

    def say(self, x, t, labels=None):
        """What the network says of x (N, ...) at times t, one or (N,)."""
        t = self.schedule.each(t, len(x))
        if labels is None:
            return self.network(x, t)
        labels = checked_labels(labels, len(x), self.classes, none=True)
        return self.network(x, t, Tensor(to_device(labels, x.device)))

    def guess(self, x, t, labels=None) -> Guess:
        """x_0 and noise in x = x_t; labels (N,) integers, or None for any class."""
        said = self.say(x, t, labels)
        return parametrise.guess(self.kind, self.schedule, said, x, t)


def denoising_loss(denoiser: Denoiser, x0, t, noise, labels=None):
    """Mean over pixels of (what it should say of x_t - what it says)^2.

    x0 : (N, ...) in [-1, 1]      t : (N,) in 1 .. T      noise : as x0, ~ N(0, I)
    With kind "noise" this is the documents' loss.
    Source: Ho et al., arXiv 2006.11239, equation 14.  Equation [DDPM-1].
    """
    x = diffuse(denoiser.schedule, x0, t, noise)
    wanted = parametrise.target(denoiser.kind, denoiser.schedule, x0, noise, t)
    return F.mse_loss(denoiser.say(x, t, labels), wanted)


def even_times(T: int, n: int, *, rng) -> np.ndarray:
    """(n,) times, each uniform in 1 .. T, and together evenly spread: less noise.

    t_i = 1 + floor(T ((u + i/n) mod 1)), one u ~ U(0, 1) for all
    Source: Kingma et al., arXiv 2107.00630, appendix I.1.
    """
    u = (rng.random() + np.arange(n) / n) % 1.0
    return 1 + np.minimum(T * u, T - 1).astype(np.int64)


def with_dropout(labels, classes: int, p: float, *, rng):
    """Labels, each replaced by `classes`, which means none, with probability p.

    Source: Ho & Salimans, arXiv 2207.12598, algorithm 1.
    """
    labels = values(labels)
    draw = lambda: rng.random(len(labels)) < p
    dropped = given(draw, device=device_of(labels))
    return Tensor(xp_of(labels).where(dropped, classes, labels))
