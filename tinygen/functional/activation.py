"""Activations under PyTorch's names."""

from tinygen.backend import device_of, given
from tinygen.errors import ConfigError
from tinygen.ops.activations import (
    gelu_erf,
    gelu_tanh,
    leaky_relu,
    logsigmoid,
    relu,
    silu,
    softplus,
)
from tinygen.ops.elementwise import clip, exp, expm1, sigmoid, tanh, values, where
from tinygen.ops.reduce import logsumexp


def elu(x, alpha: float = 1.0):
    """x where x > 0, else alpha * (e**x - 1).

    Source: Clevert, Unterthiner & Hochreiter, arXiv 1511.07289.
    """
    return where(values(x) > 0, x, alpha * expm1(clip(x, high=0.0)))


def gelu(x, approximate: str = "none"):
    """x * P(z <= x), z ~ N(0, 1); approximate="tanh" is faster, within 5e-4.

    Source: Hendrycks & Gimpel, arXiv 1606.08415.
    """
    if approximate not in ("none", "tanh"):
        raise ConfigError(
            f"gelu: approximate={approximate!r}. Fix: 'none' (by erf) or 'tanh'"
        )
    return gelu_tanh(x) if approximate == "tanh" else gelu_erf(x)


def log_softmax(x, axis: int = -1):
    """x - log(sum(e**x)): log-probabilities along an axis, in nats.

    The largest x, a constant for the gradient, is taken away first: the difference of
    two large numbers would lose digits.
    """
    if x.size:
        x = x - values(x).max(axis, keepdims=True)
    return x - logsumexp(x, axis, True)


def softmax(x, axis: int = -1):
    """e**x / sum(e**x): probabilities along an axis."""
    return exp(log_softmax(x, axis))


def dropout(x, p: float = 0.5, training: bool = True, *, rng=None):
    """Zero each element with probability p and scale the rest by 1/(1 - p).

    rng : numpy.random.Generator, needed when training
    Source: Srivastava et al. 2014 (inverted form: nothing to do at test time).
    """
    if not 0 <= p <= 1:
        raise ConfigError(f"dropout: p={p}. Fix: a probability in [0, 1]")
    if not training or p == 0:
        return x
    if rng is None:
        raise ConfigError("dropout: training needs randomness. Fix: pass rng=")
    if p == 1:
        return x * 0.0
    kept = given(
        lambda: rng.random(x.shape, dtype="float32") >= p, device=device_of(values(x))
    )
    return x * (kept * x.dtype.type(1 / (1 - p)))


__all__ = [
    "dropout",
    "elu",
    "gelu",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]
