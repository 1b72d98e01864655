"""Losses.  Each states its unit; none ever broadcasts its arguments.

reduction : "mean" over all elements (or samples, where said), "sum", or "none"
"""

import math

import numpy as np

from tinygen.backend import device_of, is_array, xp_of
from tinygen.errors import (
    ConfigError,
    DataError,
    DTypeError,
    NonFiniteError,
    ShapeError,
)
from tinygen.functional.activation import log_softmax
from tinygen.functional.normal import check_range
from tinygen.ops import losses
from tinygen.ops.elementwise import abs, clip, exp, log, square, values, where
from tinygen.ops.index import getitem
from tinygen.ops.reduce import mean, sum


def _reduced(loss, reduction: str):
    if reduction == "none":
        return loss
    if reduction in ("mean", "sum"):
        return mean(loss) if reduction == "mean" else sum(loss)
    raise ConfigError(f"reduction={reduction!r}. Fix: 'mean', 'sum' or 'none'")


def _same_shapes(name: str, **arrays) -> None:
    """Losses never broadcast: (N, 1) against (N,) would average N*N wrong pairs."""
    shapes = {what: x.shape for what, x in arrays.items()}
    if len(set(shapes.values())) > 1:
        told = ", ".join(f"{what} {shape}" for what, shape in shapes.items())
        first = next(iter(shapes.values()))
        raise ShapeError(f"{name}: {told} differ. Fix: reshape all to {first}")


def mse_loss(input, target, reduction: str = "mean"):
    """Mean of (input - target)**2.  [AE-1]"""
    _same_shapes("mse_loss", input=input, target=target)
    return _reduced(square(input - target), reduction)


def l1_loss(input, target, reduction: str = "mean"):
    """Mean of |input - target|."""
    _same_shapes("l1_loss", input=input, target=target)
    return _reduced(abs(input - target), reduction)


def binary_cross_entropy_with_logits(logits, target, reduction: str = "mean"):
    """-t log D - (1 - t) log(1 - D) in nats, with D = sigmoid(logits).

    Finite and exact for any logits, and its gradient never vanishes by rounding.
    logits, target : one shape; targets are probabilities in [0, 1]
    """
    _same_shapes("binary_cross_entropy_with_logits", logits=logits, target=target)
    if reduction in ("mean", "sum"):
        loss = losses.bce_with_logits_mean(logits, target)
        return loss if reduction == "mean" else loss * logits.size
    return _reduced(losses.bce_with_logits(logits, target), reduction)


def binary_cross_entropy(input, target, reduction: str = "mean"):
    """-t log p - (1 - t) log(1 - p) in nats; each logarithm is kept above -100.

    input : probabilities in [0, 1]      target : as input
    Raises DataError outside [0, 1].  Prefer the version that takes logits.
    """
    _same_shapes("binary_cross_entropy", input=input, target=target)
    for what, x in (("input", values(input)), ("target", values(target))):
        outside = (x < 0) | (x > 1) | (x != x)
        if outside.any():
            place = int(outside.ravel().argmax())
            raise DataError(
                f"binary_cross_entropy: {what} must be probabilities, but it runs "
                f"from {float(x.min())} to {float(x.max())}, first outside at position "
                f"{place}. Fix: binary_cross_entropy_with_logits, or apply sigmoid"
            )
    loss = -(target * _log_above(input) + (1.0 - target) * _log_above(1.0 - input))
    return _reduced(loss, reduction)


def _log_above(p, least: float = -100.0):
    """max(log p, least), with derivative 0 below, as PyTorch has it."""
    smallest = math.exp(least)
    return where(values(p) > smallest, log(clip(p, low=smallest)), least)


def nll_loss(log_probs, target, reduction: str = "mean"):
    """-log p[target] in nats; the mean is over samples.

    log_probs : (N, K)      target : (N,) integers in [0, K)
    Raises DTypeError for labels that are not integers, IndexOutOfRange outside.
    """
    target = values(target)
    if not is_array(target) or target.dtype.kind not in "iu":
        kind = getattr(target, "dtype", type(target).__name__)
        raise DTypeError(f"labels are {kind}. Fix: labels.astype('int64') or argmax(1)")
    if log_probs.ndim != 2 or target.shape != log_probs.shape[:1]:
        raise ShapeError(
            f"nll_loss: log_probs {log_probs.shape}, labels {target.shape}. "
            "Fix: (N, K) and (N,); one-hot labels by argmax(1)"
        )
    check_range("nll_loss", "label", target, log_probs.shape[1])
    rows = xp_of(target).arange(len(target))
    picked = getitem(log_probs, (rows, target))
    return _reduced(-picked, reduction)


def cross_entropy(logits, target, reduction: str = "mean", label_smoothing=0.0):
    """-log softmax(logits)[target] in nats; the mean is over samples.

    logits : (N, K)      target : (N,) integers in [0, K)
    label_smoothing : share of the probability spread evenly over all K classes
    """
    if not 0 <= label_smoothing < 1:
        raise ConfigError(f"label_smoothing={label_smoothing}. Fix: a number in [0, 1)")
    log_probs = log_softmax(logits, -1)
    loss = nll_loss(log_probs, target, "none")
    if label_smoothing:
        even = -mean(log_probs, -1)
        loss = (1 - label_smoothing) * loss + label_smoothing * even
    return _reduced(loss, reduction)


def gaussian_nll(x, mean, log_variance, reduction: str = "mean"):
    """-log N(x; mean, exp(log_variance)) in nats per element, constant included."""
    _same_shapes("gaussian_nll", x=x, mean=mean, log_variance=log_variance)
    _check_exp("gaussian_nll", "-log_variance", -values(log_variance))
    scaled = square(x - mean) * exp(-log_variance)
    return _reduced(0.5 * (scaled + log_variance + math.log(2 * math.pi)), reduction)


def kl_diagonal_gaussians(mean, log_variance, mean2=None, log_variance2=None):
    """KL(N(mean, var) || N(mean2, var2)) in nats per sample: SUM over the last axis.

    KL = 1/2 sum_j (log v2_j - log v_j + (v_j + (m_j - m2_j)^2) / v2_j - 1)
    mean, log_variance : (..., D)      -> (...); the second defaults to N(0, I)
    Raises NonFiniteError where variances overflow (float32: log_variance of about 88);
    on a GPU, which would have to wait for that, the result is inf instead.
    Source: Kingma & Welling, arXiv 1312.6114, appendix B.  Equation [VAE-3].
    """
    _same_shapes("kl_diagonal_gaussians", mean=mean, log_variance=log_variance)
    if mean2 is None:
        _check_exp("kl_diagonal_gaussians", "log_variance", log_variance)
        terms = exp(log_variance) + square(mean) - log_variance - 1.0
        return 0.5 * sum(terms, -1)
    _same_shapes("kl_diagonal_gaussians", mean=mean, mean2=mean2, log2=log_variance2)
    difference = log_variance - log_variance2
    _check_exp("kl_diagonal_gaussians", "log_variance - log_variance2", difference)
    _check_exp("kl_diagonal_gaussians", "-log_variance2", -values(log_variance2))
    ratio = exp(difference)
    shift = square(mean - mean2) * exp(-log_variance2)
    return 0.5 * sum(log_variance2 - log_variance + ratio + shift - 1.0, -1)


def _check_exp(name: str, what: str, x) -> None:
    """Raise NonFiniteError if sum(exp(x)) can overflow; on a GPU, do not look."""
    x = values(x)
    if device_of(x) != "cpu" or not x.size:
        return
    most, limit = float(x.max()), math.log(np.finfo(x.dtype).max / x.size)
    if most > limit:
        raise NonFiniteError(
            f"{name}: {what} reaches {most:g}; above {limit:.1f} the sum of its exp "
            f"overflows {x.dtype}. Fix: clamp it, log_variance.clip(-30, 20), or use a "
            "smaller step size"
        )


__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "gaussian_nll",
    "kl_diagonal_gaussians",
    "l1_loss",
    "mse_loss",
    "nll_loss",
]
