"""Normalisation layers on a GPU: each pass over x is one kernel.

    forward    two sums of x in one pass, what follows from them, y          3 launches
    backward   two sums of g in one pass, gx                                 2 launches
               (3 where weight has other axes than the mean)

The sums are those of x - p and (x - p)^2, p the first value of each mean's own: E[x^2]
- E[x]^2 would lose every digit where |mean| >> std, and p is at most a few std away.
Equations and names are those of `norm_reference`; axes that are averaged stay, of size
1, until the end.
"""

import math

from tinygen.kernels.fused import fused, summed
from tinygen.kernels.norm_reference import in_groups


@summed
def shifted_sums(xp, x, p):
    """The sums of x - p and of its square."""
    shifted = x - p
    return shifted, shifted * shifted


@fused
def moments(xp, first, second, p, count, eps):
    """Mean, 1/std and biased variance from the two sums of `count` numbers."""
    shift = first / count
    var = xp.maximum(second / count - shift * shift, 0.0)
    return p + shift, 1.0 / xp.sqrt(var + eps), var


@fused
def normalized(xp, x, mean, rstd, weight, bias):
    """(x - mean) rstd weight + bias."""
    return (x - mean) * rstd * weight + bias


@summed
def gradient_sums(xp, g, x, mean, rstd):
    """The sums of g and of g x_hat: gradients of bias and weight."""
    return g, g * (x - mean) * rstd


@summed
def weighted_sums(xp, g, x, mean, rstd, weight):
    """The sums of h = g weight and of h x_hat."""
    h = g * weight
    return h, h * (x - mean) * rstd


@fused
def normalized_grad(xp, g, x, mean, rstd, weight, with_one, with_x, count):
    """gx = rstd (h - E[h] - x_hat E[h x_hat]), from the sums of h and h x_hat."""
    x_hat = (x - mean) * rstd
    return rstd * (g * weight - (with_one + x_hat * with_x) / count)


@fused
def channel_grad(xp, g, x, mean, rstd, weight, with_one, with_x, count):
    """The same where all that share a mean share a weight; sums of g and g x_hat."""
    x_hat = (x - mean) * rstd
    return rstd * weight * (g - (with_one + x_hat * with_x) / count)


@fused
def tracked(xp, running_mean, running_var, mean, var, momentum, correction):
    """running + momentum (new - running), with the unbiased variance."""
    new_mean = running_mean + momentum * (mean - running_mean)
    return new_mean, running_var + momentum * (correction * var - running_var)


def statistics(x, axes, eps):
    """Mean, 1/std and variance over axes that stay."""
    first = tuple(slice(0, 1) if a in axes else slice(None) for a in range(x.ndim))
    sums = shifted_sums(x, x[first], axis=axes, keepdims=True)
    return moments(*sums, x[first], count_of(x, axes), eps)


def count_of(x, axes) -> int:
    """How many numbers share a mean."""
    return math.prod(x.shape[a] for a in axes)


def known(weight, bias):
    """Weight and bias, or the numbers that change nothing."""
    return 1.0 if weight is None else weight, 0.0 if bias is None else bias


def per_channel(v, x):
    """(C,) as (1, C, 1, ...), to meet x (N, C, ...); None stays None."""
    return None if v is None else v.reshape(1, x.shape[1], *(1 for _ in x.shape[2:]))


def batch_norm(x, weight, bias, eps):
    """-> y, mean, rstd, var of each channel, (C,)"""
    mean, rstd, var = statistics(x, (0, *range(2, x.ndim)), eps)
    w, b = known(per_channel(weight, x), per_channel(bias, x))
    y = normalized(x, mean, rstd, w, b)
    return y, mean.reshape(-1), rstd.reshape(-1), var.reshape(-1)


def batch_norm_backward(g, x, mean, rstd, weight):
    """-> gx, gweight, gbias"""
    axes = (0, *range(2, x.ndim))
    mean, rstd = (per_channel(v, x) for v in (mean, rstd))
    gbias, gweight = gradient_sums(g, x, mean, rstd, axis=axes, keepdims=True)
    w, _ = known(per_channel(weight, x), None)
    gx = channel_grad(g, x, mean, rstd, w, gbias, gweight, count_of(x, axes))
    return gx, gweight.reshape(-1), gbias.reshape(-1)


def group_norm(x, groups, weight, bias, eps):
    """-> y, mean, rstd of each group, (N, G)"""
    grouped = in_groups(x, groups)
    mean, rstd, _ = statistics(grouped, tuple(range(2, grouped.ndim)), eps)
    w, b = known(*(in_channel_groups(v, grouped) for v in (weight, bias)))
    y = normalized(grouped, mean, rstd, w, b).reshape(x.shape)
    return y, mean.reshape(-1, groups), rstd.reshape(-1, groups)


def in_channel_groups(v, grouped):
    """(C,) as (1, G, C/G, 1, ...), to meet (N, G, C/G, ...); None stays None."""
    if v is None:
        return None
    return v.reshape(1, *grouped.shape[1:3], *(1 for _ in grouped.shape[3:]))


def group_norm_backward(g, x, mean, rstd, weight):
    """-> gx, gweight, gbias"""
    grouped = in_groups(x, mean.shape[1])
    axes = tuple(range(2, grouped.ndim))
    mean, rstd = (v.reshape(*v.shape, *(1 for _ in axes)) for v in (mean, rstd))
    w, _ = known(in_channel_groups(weight, grouped), None)
    gx, gweight, gbias = backward(
        g.reshape(grouped.shape), grouped, mean, rstd, w, axes, (0, *axes[1:])
    )
    return gx.reshape(x.shape), gweight.reshape(-1), gbias.reshape(-1)


def layer_norm(x, weight, bias, eps, ndim=1):
    """-> y, mean, rstd of all but the last axes"""
    outer, axes = x.shape[: x.ndim - ndim], tuple(range(x.ndim - ndim, x.ndim))
    mean, rstd, _ = statistics(x, axes, eps)
    y = normalized(x, mean, rstd, *known(weight, bias))
    return y, mean.reshape(outer), rstd.reshape(outer)


def layer_norm_backward(g, x, mean, rstd, weight):
    """-> gx, gweight, gbias"""
    axes, others = tuple(range(mean.ndim, x.ndim)), tuple(range(mean.ndim))
    shape = x.shape[mean.ndim :]
    mean, rstd = (v.reshape(*v.shape, *(1 for _ in axes)) for v in (mean, rstd))
    w, _ = known(weight, None)
    gx, gweight, gbias = backward(g, x, mean, rstd, w, axes, others)
    return gx, gweight.reshape(shape), gbias.reshape(shape)


def backward(g, x, mean, rstd, w, axes, others):
    """gx by sums over `axes`, those of the mean; the rest over those weight lacks."""
    sums = weighted_sums(g, x, mean, rstd, w, axis=axes, keepdims=True)
    gx = normalized_grad(g, x, mean, rstd, w, *sums, count_of(x, axes))
    gbias, gweight = gradient_sums(g, x, mean, rstd, axis=others)
    return gx, gweight, gbias
