"""Normalisation ops: fused kernels beside the composites that define them.

First order runs the kernel's own backward pass; higher orders differentiate the
composite.  What a kernel needs again in backward (mean, 1/std) the graph saves.
"""

from tinygen.kernels import norm
from tinygen.op import op
from tinygen.ops.elementwise import sqrt, square
from tinygen.ops.reduce import mean
from tinygen.ops.shape import reshape


def standardized(x, axes, eps):
    """(x - mean) / sqrt(var + eps), with mean and biased variance over `axes`."""
    deviation = x - mean(x, axes, True)
    return deviation / sqrt(mean(square(deviation), axes, True) + eps)


def scaled(y, weight, bias):
    """y * weight + bias, where they are."""
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _per_channel(v, x):
    """(C,) as (C, 1, ...), to meet x (N, C, ...)."""
    return None if v is None else reshape(v, (-1, *(1 for _ in x.shape[2:])))


def layer_norm_composite(x, weight, bias, eps, ndim):
    """The definition of `layer_norm`."""
    return scaled(standardized(x, tuple(range(-ndim, 0)), eps), weight, bias)


@op(keep="", saves=True, twin=layer_norm_composite)
def layer_norm(x, weight=None, bias=None, /, eps=1e-5, ndim=1):
    """y = (x - mean) / sqrt(var + eps) * weight + bias over the last `ndim` axes.

    x : (..., D...)      weight, bias : (D...) or None      -> as x
    Source: Ba, Kiros & Hinton, arXiv 1607.06450.
    """
    y, center, rstd = norm.layer_norm(x, weight, bias, eps, ndim)
    return y, (center, rstd)


@layer_norm.vjp_joint
def _layer_norm_backward(g, saved, x, weight, bias, *, needs, eps, ndim):
    return norm.layer_norm_backward(g, x, *saved, weight)


def batch_norm_composite(x, weight, bias, eps, observe):
    """The definition of `batch_norm`."""
    y = standardized(x, (0, *range(2, x.ndim)), eps)
    return scaled(y, _per_channel(weight, x), _per_channel(bias, x))


@op(keep="", saves=True, twin=batch_norm_composite)
def batch_norm(x, weight=None, bias=None, /, eps=1e-5, observe=None):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, per channel over the batch.

    x : (N, C, ...)      weight, bias : (C,) or None      -> as x
    observe : called with the batch's mean and biased variance, arrays (C,)
    Source: Ioffe & Szegedy, arXiv 1502.03167, algorithm 1.
    """
    y, center, rstd, var = norm.batch_norm(x, weight, bias, eps)
    if observe is not None:
        observe(center, var)
    return y, (center, rstd)


@batch_norm.vjp_joint
def _batch_norm_backward(g, saved, x, weight, bias, *, needs, eps, observe):
    return norm.batch_norm_backward(g, x, *saved, weight)


def group_norm_composite(x, weight, bias, groups, eps):
    """The definition of `group_norm`."""
    n, c, *space = x.shape
    grouped = reshape(x, (n, groups, c // groups, *space))
    y = reshape(standardized(grouped, tuple(range(2, grouped.ndim)), eps), x.shape)
    return scaled(y, _per_channel(weight, x), _per_channel(bias, x))


@op(keep="", saves=True, twin=group_norm_composite)
def group_norm(x, weight=None, bias=None, /, groups=1, eps=1e-5):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, per sample and channel group.

    x : (N, C, ...)      weight, bias : (C,) or None      -> as x
    Source: Wu & He, arXiv 1803.08494.
    """
    y, center, rstd = norm.group_norm(x, groups, weight, bias, eps)
    return y, (center, rstd)


@group_norm.vjp_joint
def _group_norm_backward(g, saved, x, weight, bias, *, needs, groups, eps):
    return norm.group_norm_backward(g, x, *saved, weight)
