"""Ops that reduce axes: sums, means, extremes."""

import math

import numpy as np

from tinygen.backend import xp_of
from tinygen.errors import ShapeError
from tinygen.op import op
from tinygen.ops.elementwise import exp, square, values
from tinygen.ops.shape import broadcast_to, checked_axes, flip, reshape


def _restored(g, x, axis, keepdims):
    """g with the reduced axes back as size 1, ready to broadcast against x."""
    if keepdims or axis is None:
        return g
    axes = checked_axes(axis, x)
    return reshape(g, tuple(1 if i in axes else n for i, n in enumerate(x.shape)))


def _count(x, axis) -> int:
    return math.prod(x.shape[i] for i in checked_axes(axis, x))


def refuse_empty(name, x, axis) -> None:
    """ShapeError if a reduction over these axes has no elements to reduce."""
    if not _count(x, axis):
        raise ShapeError(
            f"{name}: nothing to reduce in shape {x.shape} over axis {axis}. "
            "Fix: give at least one element"
        )


@op(keep="", linear=True)
def sum(x, /, axis=None, keepdims=False):
    """The sum over the given axes (all if None)."""
    checked_axes(axis, x)
    return x.sum(axis=axis, keepdims=keepdims)


sum.vjp(
    x=lambda g, y, x, axis, keepdims: broadcast_to(
        _restored(g, x, axis, keepdims), x.shape
    )
)


@op(keep="", linear=True)
def mean(x, /, axis=None, keepdims=False):
    """The arithmetic mean over the given axes (all if None)."""
    refuse_empty("mean", x, axis)
    if type(x) is not np.ndarray:  # on a GPU one kernel; NumPy's is slower than a sum
        return x.mean(axis=axis, keepdims=keepdims)
    return x.sum(axis=axis, keepdims=keepdims) / _count(x, axis)


mean.vjp(
    x=lambda g, y, x, axis, keepdims: broadcast_to(
        _restored(g, x, axis, keepdims) / _count(x, axis), x.shape
    )
)


def var(x, axis=None, ddof=0, keepdims=False):
    """The mean squared deviation from the mean; divides by (count - ddof)."""
    n = _count(x, axis)
    if n <= ddof:
        raise ShapeError(
            f"var: {n} values with ddof={ddof} (shape {x.shape}, axis {axis}). "
            "Fix: more values than ddof"
        )
    deviation = x - mean(x, axis, True)
    return sum(square(deviation), axis, keepdims) / (n - ddof)


def _shared(g, y, x, axis, keepdims):
    """The gradient to the extreme elements of x, shared equally where several tie."""
    x, y = values(x), values(y)
    extreme = x == _restored(y, x, axis, keepdims)
    share = extreme / extreme.sum(axis=axis, keepdims=True)
    return _restored(g, x, axis, keepdims) * share.astype(x.dtype)


@op
def max(x, /, axis=None, keepdims=False):
    """The largest element; elements that tie share the gradient equally.  Eq. (2.4)."""
    refuse_empty("max", x, axis)
    return x.max(axis=axis, keepdims=keepdims)


@op
def min(x, /, axis=None, keepdims=False):
    """The smallest element; elements that tie share the gradient equally."""
    refuse_empty("min", x, axis)
    return x.min(axis=axis, keepdims=keepdims)


max.vjp(x=_shared)
min.vjp(x=_shared)


@op
def logsumexp(x, /, axis=None, keepdims=False):
    """log(sum(e**x)), without overflow: the largest is taken out first.  Eq. (2.6)."""
    refuse_empty("logsumexp", x, axis)
    xp = xp_of(x)
    top = x.max(axis=axis, keepdims=True)
    top = xp.where(xp.isfinite(top), top, 0.0)  # all -inf stays -inf, not nan
    total = xp.exp(x - top).sum(axis=axis, keepdims=keepdims)
    return xp.log(total) + top.reshape(total.shape)


logsumexp.vjp(
    x=lambda g, y, x, axis, keepdims: (
        _restored(g, x, axis, keepdims) * exp(x - _restored(y, x, axis, keepdims))
    )
)


@op(keep="", linear=True)
def cumsum(x, /, axis):
    """The running sum along an axis."""
    checked_axes(axis, x)
    return x.cumsum(axis=axis)


cumsum.vjp(x=lambda g, y, x, axis: flip(cumsum(flip(g, axis), axis), axis))
