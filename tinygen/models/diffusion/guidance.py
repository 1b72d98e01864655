"""Classifier-free guidance: further towards the class than the model would go."""

import math

from tinygen.errors import ConfigError
from tinygen.models.diffusion.parametrise import Guess


class Guided:
    """A denoiser whose guess leaves the unconditional one behind.

    noise = noise(x | c) + w (noise(x | c) - noise(x)),  and x0 likewise

    w : 0 is the conditional model, -1 the unconditional one, above 0 more of the class
        and less variety.  Some texts and tools count from there: their scale is 1 + w.
    Asked without labels it is the unconditional model.
    Raises ConfigError if the denoiser knows no classes, or w is not finite.
    Source: Ho & Salimans, arXiv 2207.12598, equation 6.  Eq. (21.7).
    """

    def __init__(self, denoiser, w: float):
        if not denoiser.classes:
            raise ConfigError(
                f"guidance {w} of a model without classes. "
                "Fix: train a conditional one such as ddpm-class"
            )
        if not math.isfinite(w):
            raise ConfigError(f"guidance {w}. Fix: a number, such as 0 or 2")
        self.denoiser, self.w = denoiser, float(w)
        self.schedule, self.classes = denoiser.schedule, denoiser.classes

    def guess(self, x, t, labels=None) -> Guess:
        """The guided guess; two passes through the network."""
        if labels is None or self.w == 0:
            return self.denoiser.guess(x, t, labels)
        towards = self.denoiser.guess(x, t, labels)
        away = self.denoiser.guess(x, t)
        pairs = zip(towards, away, strict=True)
        return Guess(*(c + self.w * (c - u) for c, u in pairs))
