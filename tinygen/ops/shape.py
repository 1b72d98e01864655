"""Ops that move elements without changing them: each is linear, and so its own rule.

Pairs, each the other's derivative: broadcast_to and sum_to, pad and crop (getitem),
concatenate and split; reshape, transpose, flip and roll are undone by themselves.
"""

from itertools import pairwise
from numbers import Integral

import numpy as np

from tinygen.backend import xp_of
from tinygen.engine import Tensor
from tinygen.errors import ConfigError, ShapeError
from tinygen.kernels import gather
from tinygen.op import op
from tinygen.ops.index import getitem, take


@op(keep="", linear=True, views=True)
def alias(x, /):
    """The same values under another name in the graph."""
    return x


alias.vjp(x=lambda g, y, x: g)


@op(keep="", linear=True, views=True, casts=True)
def _astype(x, /, dtype, source):
    return x.astype(dtype, copy=False)


_astype.vjp(x=lambda g, y, x, dtype, source: _astype(g, source, dtype))


def astype(x, dtype):
    """x converted to another dtype; gradients are converted back.

    What becomes integers or booleans leaves the graph.
    """
    if isinstance(x, Tensor) and np.dtype(dtype).kind != "f":
        x = x.detach()
    return _astype(x, dtype, x.dtype)


@op(keep="", linear=True, views=True)
def reshape(x, /, shape):
    """The same elements in C order in another shape; one size may be -1."""
    return x.reshape(shape)


reshape.vjp(x=lambda g, y, x, shape: reshape(g, x.shape))


@op(keep="", linear=True, views=True)
def transpose(x, /, axes=None):
    """The axes in another order; reversed if none is given."""
    return x.transpose(axes)


def _transpose_back(g, y, x, axes):
    if axes is None:
        return transpose(g)
    back = [0] * x.ndim
    for to, origin in enumerate(axes):
        back[origin] = to
    return transpose(g, tuple(back))


transpose.vjp(x=_transpose_back)


def swapaxes(x, axis1, axis2):
    """Two axes exchanged."""
    axes = list(range(x.ndim))
    i, j = (checked_axes(axis, x)[0] for axis in (axis1, axis2))
    axes[i], axes[j] = axes[j], axes[i]
    return transpose(x, tuple(axes))


def checked_axes(axes, x, new: int = 0) -> tuple[int, ...]:
    """Axes of x, with `new` more axes, as distinct numbers >= 0; None means all."""
    ndim = x.ndim + new
    if axes is None:
        return tuple(range(ndim))
    axes = (axes,) if isinstance(axes, Integral) else tuple(axes)
    for axis in axes:
        if not -ndim <= axis < ndim:
            raise ShapeError(
                f"axis {axis} of a {ndim}-D tensor, shape {x.shape}. "
                f"Fix: an axis in {-ndim}..{ndim - 1}"
            )
    distinct = tuple(axis % ndim for axis in axes)
    if len(set(distinct)) < len(distinct):
        raise ShapeError(
            f"repeated axis in {axes} of a {ndim}-D tensor, shape {x.shape}. "
            "Fix: name each axis once"
        )
    return distinct


def expand_dims(x, axis):
    """New axes of size 1 at the given places of the result."""
    axes = (axis,) if isinstance(axis, Integral) else tuple(axis)
    axes = checked_axes(axes, x, len(axes))
    sizes = iter(x.shape)
    ndim = x.ndim + len(axes)
    return reshape(x, tuple(1 if i in axes else next(sizes) for i in range(ndim)))


def squeeze(x, axis=None):
    """Without the given axes, which must have size 1 (all such axes if None)."""
    ones = tuple(i for i, n in enumerate(x.shape) if n == 1)
    axes = ones if axis is None else checked_axes(axis, x)
    if not set(axes) <= set(ones):
        raise ShapeError(
            f"squeeze: axes {axes} of shape {x.shape} are not all of size 1. "
            f"Fix: axis={ones}"
        )
    return reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in axes))


@op(keep="", linear=True, views=True)
def broadcast_to(x, /, shape):
    """x repeated along new and size-1 axes, without a copy."""
    return xp_of(x).broadcast_to(x, shape)


@op(keep="", linear=True, views=True)
def sum_to(x, /, shape):
    """x summed to a shape that broadcasts to its own: the adjoint of broadcast_to.

    The gradient of what was repeated, Eq. (2.3).
    """
    lead = x.ndim - len(shape)
    extra = tuple(range(lead))
    sizes = enumerate(shape, lead)
    ones = tuple(i for i, n in sizes if n == 1 and x.shape[i] != 1)
    y = x.sum(axis=extra + ones, keepdims=True) if extra + ones else x
    return y.reshape(shape)


broadcast_to.vjp(x=lambda g, y, x, shape: sum_to(g, x.shape))
sum_to.vjp(x=lambda g, y, x, shape: broadcast_to(g, x.shape))


@op(keep="", linear=True)
def _concatenate(*xs, axis):
    _check_joint(xs, axis)
    xp = xp_of(xs[0])
    return (
        gather.joined(xp, xs)
        if axis == 0 and xp is not np
        else xp.concatenate(xs, axis)
    )


def _check_joint(xs, axis) -> None:
    """Refuse arrays that differ along another axis than that of joining."""
    first = xs[0].shape
    for i, x in enumerate(xs):
        if x.ndim != len(first):
            raise ShapeError(
                f"array 0 has {len(first)} axes, array {i} has {x.ndim}. "
                "Fix: reshape one, or stack"
            )
        for k, (n, m) in enumerate(zip(first, x.shape, strict=True)):
            if n != m and k != axis % x.ndim:
                raise ShapeError(
                    f"axis {k} is {n} in array 0 and {m} in array {i}. Fix: crop to "
                    f"{min(n, m)} or pad to {max(n, m)}; where a stride of 2 halved an "
                    "odd size, output_padding=1 restores it"
                )


def _own_part(g, y, *xs, axis, position):
    start = sum(x.shape[axis] for x in xs[:position])
    index = [slice(None)] * g.ndim
    index[axis] = slice(start, start + xs[position].shape[axis])
    return getitem(g, tuple(index))


_concatenate.vjp(_own_part)


def concatenate(arrays, axis=0):
    """Arrays joined along an axis; their other sizes must agree."""
    if not len(arrays):
        raise ShapeError("concatenate: no arrays given. Fix: give at least one")
    return _concatenate(*arrays, axis=axis)


def stack(arrays, axis=0):
    """Arrays of one shape joined along a new axis."""
    return concatenate([expand_dims(x, axis) for x in arrays], axis)


def split(x, sections, axis=0) -> list:
    """x cut along an axis: into `sections` equal parts, or at the given indices."""
    n = x.shape[checked_axes(axis, x)[0]]
    if isinstance(sections, Integral):
        if sections < 1 or n % sections:
            raise ShapeError(
                f"split: axis {axis} of size {n} in shape {x.shape} does not divide "
                f"into {sections} equal parts. Fix: a divisor of {n}, or indices"
            )
        sections = range(n // sections, n, n // sections)
    bounds = [0, *sections, n]
    index = [slice(None)] * x.ndim
    parts = []
    for start, stop in pairwise(bounds):
        index[axis] = slice(start, stop)
        parts.append(getitem(x, tuple(index)))
    return parts


@op(keep="", linear=True, views=True)
def flip(x, /, axis=None):
    """The elements in reverse order along the given axes (all if none)."""
    return xp_of(x).flip(x, axis)


flip.vjp(x=lambda g, y, x, axis: flip(g, axis))


@op(keep="", linear=True)
def roll(x, /, shift, axis=None):
    """The elements shifted along axes, those that fall off coming back in front."""
    return xp_of(x).roll(x, shift, axis)


def _roll_back(g, y, x, shift, axis):
    back = -shift if isinstance(shift, Integral) else tuple(-s for s in shift)
    return roll(g, back, axis)


roll.vjp(x=_roll_back)


@op(keep="", linear=True)
def _pad_constant(x, /, widths, value):
    shape = tuple(n + a + b for n, (a, b) in zip(x.shape, widths, strict=True))
    y = xp_of(x).full(shape, value, x.dtype)
    y[_inner(x.shape, widths)] = x
    return y


def _inner(shape, widths):
    return tuple(slice(a, a + n) for n, (a, _) in zip(shape, widths, strict=True))


_pad_constant.vjp(x=lambda g, y, x, widths, value: getitem(g, _inner(x.shape, widths)))


def pad(x, pad_width, mode="constant", value=0.0):
    """x with elements added at both ends of each axis.

    pad_width : ((before, after), ...) per axis, or one pair, or one number, for all
    mode : "constant" (filled with `value`), "reflect" (mirrored, without repeating the
        border) or "replicate" (the border repeated)
    """
    widths = _pairs(pad_width, x)
    if mode == "constant":
        return _pad_constant(x, widths=widths, value=value)
    if mode not in ("reflect", "replicate"):
        raise ConfigError(
            f"pad: unknown mode {mode!r}. Fix: 'constant', 'reflect' or 'replicate'"
        )
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = take(x, _source(x, axis, before, after, mode), axis)
    return x


def _pairs(pad_width, x):
    if isinstance(pad_width, Integral):
        pad_width = (pad_width, pad_width)
    if all(isinstance(w, Integral) for w in pad_width):
        pad_width = (tuple(pad_width),) * x.ndim
    widths = tuple(tuple(int(n) for n in pair) for pair in pad_width)
    if len(widths) != x.ndim or any(len(w) != 2 or min(w) < 0 for w in widths):
        raise ShapeError(
            f"pad: widths {widths} for a {x.ndim}-D tensor, shape {x.shape}. "
            "Fix: one pair of numbers >= 0 for each axis"
        )
    return widths


def _source(x, axis, before, after, mode):
    """For each element along the padded axis, the element of x that it repeats."""
    n = x.shape[axis]
    most = n - 1 if mode == "reflect" else n and max(before, after)
    if max(before, after) > most:
        raise ShapeError(
            f"pad: {mode} by {(before, after)} needs more than the {n} elements of "
            f"axis {axis} in shape {x.shape}. Fix: at most {most}"
        )
    xp = xp_of(getattr(x, "data", x))
    place = xp.arange(-before, n + after)
    if mode == "replicate":
        return xp.clip(place, 0, n - 1)
    return n - 1 - xp.abs(n - 1 - xp.abs(place))
