"""First weights: arrays of a shape, drawn from `rng`, a numpy.random.Generator.

Drawn in float64 and rounded to dtype, so a network in either starts from the same
numbers.  Names, defaults and the count of inputs ("fan") are PyTorch's.
"""

import math
from collections.abc import Callable

import numpy as np

from tinygen import backend
from tinygen.errors import ConfigError, ShapeError

GAINS = {
    "linear": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def fans(shape) -> tuple[int, int]:
    """(fan_in, fan_out): how many inputs a unit sums, and how many units an input has.

    shape : (K, D) of a linear layer or (K, C, U, V) of filters
    -> (D, K) or (C*U*V, K*U*V)
    Raises ShapeError for fewer than two axes.
    """
    if len(shape) < 2:
        raise ShapeError(
            f"init: fans of shape {tuple(shape)}. Fix: a weight of two axes or more"
        )
    taps = math.prod(shape[2:])
    return shape[1] * taps, shape[0] * taps


def gain(nonlinearity: str, slope: float = 0.01) -> float:
    """The factor that makes up for what an activation takes from the variance.

    slope : of "leaky_relu"      Raises ConfigError for an unknown name.
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in GAINS:
        raise ConfigError(
            f"init: nonlinearity {nonlinearity!r}. "
            f"Fix: one of leaky_relu, {', '.join(GAINS)}"
        )
    return GAINS[nonlinearity]


def uniform(shape, low=0.0, high=1.0, *, rng, dtype="float32") -> np.ndarray:
    """Uniform in [low, high)."""
    return rng.uniform(low, high, shape).astype(dtype)


def normal(shape, mean=0.0, std=1.0, *, rng, dtype="float32") -> np.ndarray:
    """N(mean, std**2)."""
    return rng.normal(mean, std, shape).astype(dtype)


def constant(shape, value, *, dtype="float32") -> np.ndarray:
    """One value."""
    return np.full(shape, value, dtype)


def zeros(shape, *, dtype="float32") -> np.ndarray:
    """Zeros."""
    return np.zeros(shape, dtype)


def kaiming_uniform(
    shape, a=0.0, mode="fan_in", nonlinearity="leaky_relu", *, rng, dtype="float32"
) -> np.ndarray:
    """Uniform with std = gain / sqrt(fan): the variance stays through a ReLU network.

    a : slope of "leaky_relu"      mode : "fan_in" or "fan_out"
    Source: He et al., arXiv 1502.01852, section 2.2.
    """
    bound = math.sqrt(3) * _kaiming_std(shape, a, mode, nonlinearity)
    return uniform(shape, -bound, bound, rng=rng, dtype=dtype)


def kaiming_normal(
    shape, a=0.0, mode="fan_in", nonlinearity="leaky_relu", *, rng, dtype="float32"
) -> np.ndarray:
    """N(0, std**2) with std = gain / sqrt(fan).

    a : slope of "leaky_relu"      mode : "fan_in" or "fan_out"
    Source: He et al., arXiv 1502.01852, section 2.2.  Eq. (4.2) of the book.
    """
    std = _kaiming_std(shape, a, mode, nonlinearity)
    return normal(shape, 0.0, std, rng=rng, dtype=dtype)


def _kaiming_std(shape, a, mode, nonlinearity) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ConfigError(f"init: mode {mode!r}. Fix: 'fan_in' or 'fan_out'")
    fan = fans(shape)[0 if mode == "fan_in" else 1]
    return gain(nonlinearity, a) / math.sqrt(fan)


def xavier_uniform(shape, gain=1.0, *, rng, dtype="float32") -> np.ndarray:
    """Uniform with std = gain * sqrt(2 / (fan_in + fan_out)).

    Source: Glorot & Bengio, AISTATS 2010, equation 16.
    """
    bound = gain * math.sqrt(6 / sum(fans(shape)))
    return uniform(shape, -bound, bound, rng=rng, dtype=dtype)


def xavier_normal(shape, gain=1.0, *, rng, dtype="float32") -> np.ndarray:
    """N(0, std**2) with std = gain * sqrt(2 / (fan_in + fan_out)).

    Source: Glorot & Bengio, AISTATS 2010, equation 12.  Eq. (4.5) of the book.
    """
    std = gain * math.sqrt(2 / sum(fans(shape)))
    return normal(shape, 0.0, std, rng=rng, dtype=dtype)


def orthogonal(shape, gain=1.0, *, rng, dtype="float32") -> np.ndarray:
    """A random matrix (K, rest) with orthogonal rows, or columns if K > rest.

    The Q of a Gaussian matrix, its signs chosen so that Q is uniform over rotations.
    Source: Saxe et al., arXiv 1312.6120; signs: Mezzadri, math-ph/0609050.
    """
    fans(shape)
    rows, columns = shape[0], math.prod(shape[1:])
    tall = (max(rows, columns), min(rows, columns))
    q, r = np.linalg.qr(rng.standard_normal(tall))
    q *= np.sign(np.diagonal(r))
    q = q.T if rows < columns else q
    return (gain * q).reshape(shape).astype(dtype)


def apply(module, draw: Callable, name: str = "weight", kind: type | tuple = object):
    """Replace parameters called `name` in all parts of a kind by draw(shape).

    Weights N(0, 0.02) and biases 0, as in DCGAN:

        apply(network, lambda shape: normal(shape, std=0.02, rng=rng))
        apply(network, zeros, "bias")
    """
    for part in module.modules():
        parameter = getattr(part, name, None)
        if isinstance(part, kind) and parameter is not None:
            values = draw(parameter.shape).astype(parameter.dtype, copy=False)
            parameter.assign(backend.to_device(values, parameter.device))
