"""Normalisation ops: fused kernels beside the composites that define them.

First order runs the kernel's own backward pass; higher orders differentiate the
composite.  What a kernel needs again in backward (mean, 1/std) it saves.
"""

from tinygen.kernels import norm
from tinygen.op import op
from tinygen.ops.elementwise import sqrt, square
from tinygen.ops.reduce import mean


def standardized(x, axes, eps):
    """(x - mean) / sqrt(var + eps), with mean and biased variance over `axes`."""
    deviation = x - mean(x, axes, True)
    return deviation / sqrt(mean(square(deviation), axes, True) + eps)


def layer_norm_composite(x, weight, bias, eps, ndim):
    """The definition of `layer_norm`."""
    y = standardized(x, tuple(range(-ndim, 0)), eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


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
