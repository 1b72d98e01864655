"""Taking elements out and adding them back: getitem and scatter_add are a pair."""

from tinygen.backend import xp_of
from tinygen.engine import Tensor
from tinygen.errors import DTypeError, ShapeError
from tinygen.op import op

SEQUENCES = (list, tuple, range)  # within an index, as good as an array of integers


@op(keep="", linear=True, views=True)
def _getitem(x, /, index):
    return x[index]


@op(keep="", linear=True)
def scatter_add(x, /, index, shape):
    """Zeros of `shape` with x added at `index`; an index that repeats adds up."""
    xp = xp_of(x)
    y = xp.zeros(shape, x.dtype)
    if _repeats(index):
        xp.add.at(y, index, x)
    else:  # slices and numbers name each element once
        y[index] = x
    return y


_getitem.vjp(x=lambda g, y, x, index: scatter_add(g, index, x.shape))
scatter_add.vjp(x=lambda g, y, x, index, shape: _getitem(g, index))


def _repeats(index) -> bool:
    """Whether an index may name one element more than once: an array of integers."""
    return any(
        isinstance(p, SEQUENCES)
        or (hasattr(p, "dtype") and p.dtype.kind in "iu" and p.ndim)
        for p in (index if isinstance(index, tuple) else (index,))
    )


def getitem(x, index):
    """x[index]: numbers, slices, None, ..., integer arrays or boolean masks.

    An element taken several times receives the sum of its gradients.
    """
    xp = xp_of(x.data if isinstance(x, Tensor) else x)
    if isinstance(index, tuple):
        index = tuple(_plain(part, xp) for part in index)
    else:
        index = _plain(index, xp)
    return _getitem(x, index=index)


def _plain(part, xp):
    """One part of an index, as the library xp takes it."""
    if isinstance(part, Tensor):
        part = part.data
    if isinstance(part, SEQUENCES):
        part = xp.asarray(part, dtype=None if part else int)
    if isinstance(part, float) or getattr(part, "dtype", None) in (float, "float32"):
        raise DTypeError(
            f"an index must be integers or booleans, got {part!r}. "
            "Fix: index.astype('int64')"
        )
    return part


def take(x, indices, axis=None):
    """The elements of x at `indices` along an axis (of the flattened x if None)."""
    if axis is None:
        x, axis = x.reshape(-1), 0
    if not -x.ndim <= axis < x.ndim:
        raise ShapeError(
            f"take: axis {axis} of a {x.ndim}-D tensor, shape {x.shape}. "
            f"Fix: an axis in {-x.ndim}..{x.ndim - 1}"
        )
    return getitem(x, (slice(None),) * (axis % x.ndim) + (indices,))
