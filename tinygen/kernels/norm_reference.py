"""The definitions of the normalisation layers, which `norm` computes faster.

y = (x - mean) * rstd * weight + bias,      rstd = 1 / sqrt(var + eps)

mean and the biased variance var are taken over `axes`, and these alone tell the layers
apart.  Differentiating, x moves y directly and by way of mean and rstd:

gx = rstd * (h - E[h] - x_hat * E[h x_hat]),  h = g * weight,  x_hat = (x - mean) * rstd
gweight = sum of g * x_hat,   gbias = sum of g,   over the axes that weight lacks

Source: Ioffe & Szegedy, arXiv 1502.03167, section 3, whose six lines of derivatives
come together in the one above.
"""

import math

from tinygen.backend import xp_of
from tinygen.errors import ShapeError


def normalized(x, axes, eps):
    """(x - mean) * rstd with mean, var, rstd over `axes`, which stay as length 1."""
    if math.prod(x.shape[axis] for axis in axes) == 0:
        raise ShapeError(
            f"normalisation over axes {axes} of an array of shape {x.shape} has no "
            "values to average. Fix: leave out empty batches and images"
        )
    mean = x.mean(axes, keepdims=True)
    centered = x - mean
    var = (centered * centered).mean(axes, keepdims=True)
    rstd = 1.0 / xp_of(x).sqrt(var + eps)
    return centered * rstd, mean, var, rstd


def normalized_grad(g, x_hat, rstd, axes):
    """gx of x_hat = (x - mean) * rstd, where x also moves mean and rstd."""
    with_mean = g.mean(axes, keepdims=True)
    with_rstd = x_hat * (g * x_hat).mean(axes, keepdims=True)
    return rstd * (g - with_mean - with_rstd)


def affine(x_hat, weight, bias):
    """x_hat * weight + bias, where they are."""
    y = x_hat if weight is None else x_hat * weight
    return y if bias is None else y + bias


def per_channel(v, x):
    """A vector (C,) as (C, 1, ..., 1), which meets x (N, C, ...); None stays None."""
    return None if v is None else v.reshape(-1, *(1 for _ in x.shape[2:]))


def batch_norm(x, weight, bias, eps):
    """Mean and variance over every axis but the channels."""
    axes = (0, *range(2, x.ndim))
    x_hat, mean, var, rstd = normalized(x, axes, eps)
    y = affine(x_hat, per_channel(weight, x), per_channel(bias, x))
    return y, mean.ravel(), rstd.ravel(), var.ravel()


def batch_norm_backward(g, x, mean, rstd, weight):
    """Gradients of `batch_norm` in training by x, weight and bias."""
    axes = (0, *range(2, x.ndim))
    rstd = per_channel(rstd, x)
    x_hat = (x - per_channel(mean, x)) * rstd
    gx = normalized_grad(affine(g, per_channel(weight, x), None), x_hat, rstd, axes)
    return gx, (g * x_hat).sum(axes), g.sum(axes)


def in_groups(x, groups):
    """(N, C, ...) -> (N, G, C/G, ...)."""
    n, c, *space = x.shape
    return x.reshape(n, groups, c // groups, *space)


def group_norm(x, groups, weight, bias, eps):
    """Mean and variance over every axis but the samples and the groups."""
    grouped = in_groups(x, groups)
    axes = tuple(range(2, grouped.ndim))
    x_hat, mean, _, rstd = normalized(grouped, axes, eps)
    x_hat = x_hat.reshape(x.shape)
    y = affine(x_hat, per_channel(weight, x), per_channel(bias, x))
    return y, mean.reshape(-1, groups), rstd.reshape(-1, groups)


def group_norm_backward(g, x, mean, rstd, weight):
    """Gradients of `group_norm` by x, weight and bias."""
    grouped = in_groups(x, mean.shape[1])
    axes = tuple(range(2, grouped.ndim))
    mean, rstd = (v.reshape(*v.shape, *(1 for _ in axes)) for v in (mean, rstd))
    x_hat = (grouped - mean) * rstd
    g_hat = affine(g, per_channel(weight, x), None).reshape(grouped.shape)
    gx = normalized_grad(g_hat, x_hat, rstd, axes).reshape(x.shape)
    others = (0, *range(2, x.ndim))
    return gx, (g * x_hat.reshape(x.shape)).sum(others), g.sum(others)


def layer_norm(x, weight, bias, eps, ndim=1):
    """Mean and variance over the last `ndim` axes."""
    axes = tuple(range(-ndim, 0))
    x_hat, mean, _, rstd = normalized(x, axes, eps)
    return affine(x_hat, weight, bias), mean.squeeze(axes), rstd.squeeze(axes)


def layer_norm_backward(g, x, mean, rstd, weight):
    """Gradients of `layer_norm` by x, weight and bias."""
    axes = tuple(range(mean.ndim, x.ndim))
    mean, rstd = (v.reshape(*v.shape, *(1 for _ in axes)) for v in (mean, rstd))
    x_hat = (x - mean) * rstd
    gx = normalized_grad(affine(g, weight, None), x_hat, rstd, axes)
    others = tuple(range(x.ndim - len(axes)))
    return gx, (g * x_hat).sum(others), g.sum(others)
