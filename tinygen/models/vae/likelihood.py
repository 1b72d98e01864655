"""What a decoder's outputs say of an image: p(x|z), in nats and summed over pixels."""

import math

import numpy as np

from tinygen import nn
from tinygen.backend import device_of, given, is_array, to_device, xp_of
from tinygen.creation import full
from tinygen.engine import Tensor
from tinygen.errors import ConfigError, ShapeError
from tinygen.functional import sigmoid
from tinygen.ops import broadcast_to, exp, square
from tinygen.ops import sum as total
from tinygen.ops.losses import bce_with_logits


def pixel_axes(outputs, x) -> tuple[int, ...]:
    """The axes of one image; ShapeError unless outputs are (..., *shape of x)."""
    if outputs.shape[outputs.ndim - x.ndim :] != x.shape:
        raise ShapeError(
            f"likelihood: the decoder gave {outputs.shape} for images {x.shape}. "
            "Fix: outputs (N, C, H, W), or (K, N, C, H, W) for K draws of z"
        )
    return tuple(range(1 - x.ndim, 0))


class Bernoulli(nn.Module):
    """Pixels are white with probability p = sigmoid(outputs), else black.

    log p(x|z) = sum_i v_i log p_i + (1 - v_i) log(1 - p_i),   v = (x + 1) / 2

    The value is a log-probability if every pixel is -1 or 1.  For grey pixels it is a
    cross-entropy: as good to train on, but no likelihood.
    """

    def log_prob(self, outputs, x):
        """outputs (..., N, C, H, W) logits, x (N, C, H, W) in [-1, 1] -> (..., N)."""
        axes = pixel_axes(outputs, x)
        white = broadcast_to(0.5 * x + 0.5, outputs.shape)
        return -total(bce_with_logits(outputs, white), axes)

    def mean(self, outputs):
        """E[x|z], images in [-1, 1]: greys that say how probable white is."""
        return 2.0 * sigmoid(outputs) - 1.0

    def draw(self, outputs, *, rng):
        """x ~ p(x|z): every pixel -1 or 1."""
        return black_or_white(self.mean(outputs), rng=rng)


class Gaussian(nn.Module):
    """Pixels are N(outputs, std^2), one std for all of them.

    log p(x|z) = -sum_i ((x_i - m_i)^2 / std^2 + log std^2 + log 2 pi) / 2

    std : fixed; None to learn it (it starts at 1 and ends at the root mean square error
        of reconstructions; Rybkin, Daniilidis & Levine, arXiv 2006.13202)
    A density: its logarithm may be positive, and pixels of whole greys can push it up
    without bound, so compare it with no log-probability of binary pixels.
    """

    def __init__(self, std: float | None = None, *, dtype="float32"):
        if std is not None and not std > 0:
            raise ConfigError(f"Gaussian: std={std}. Fix: above 0, or None to learn it")
        fixed = std is not None
        self.log_variance = 2 * math.log(std) if fixed else full((1,), 0.0, True, dtype)

    @property
    def std(self) -> float:
        """The standard deviation of a pixel."""
        known = self.log_variance
        return math.exp((known if isinstance(known, float) else known.data.item()) / 2)

    def log_prob(self, outputs, x):
        """outputs (..., N, C, H, W) means, x (N, C, H, W) -> (..., N)."""
        axes = pixel_axes(outputs, x)
        pixels, log_variance = math.prod(x.shape[1:]), self.log_variance
        fixed = isinstance(log_variance, float)
        precision = math.exp(-log_variance) if fixed else exp(-log_variance)
        scaled = total(square(outputs - x), axes) * precision
        return -0.5 * (scaled + pixels * (log_variance + math.log(2 * math.pi)))

    def mean(self, outputs):
        """E[x|z]."""
        return outputs

    def draw(self, outputs, *, rng):
        """x ~ p(x|z)."""
        noise = rng.standard_normal(outputs.shape).astype(outputs.dtype.name)
        return outputs + Tensor(to_device(noise, outputs.device)) * self.std


def black_or_white(x, *, rng):
    """Every pixel drawn: 1 with probability (x + 1)/2, else -1.

    x : Tensor or array in [-1, 1]      -> as x
    Source: Salakhutdinov & Murray 2008, who made binary MNIST so.
    """
    values = x if is_array(x) else x.data
    draw = lambda: rng.random(values.shape, dtype=np.float32)
    u = given(draw, device=device_of(values))
    drawn = xp_of(values).where(2 * u - 1 < values, 1, -1).astype(values.dtype)
    return drawn if is_array(x) else Tensor(drawn)
