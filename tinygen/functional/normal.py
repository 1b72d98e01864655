"""Normalisation of activations and vectors, and lookup of embeddings."""

from tinygen.backend import device_of
from tinygen.engine import Tensor
from tinygen.errors import DTypeError, IndexOutOfRange, ShapeError
from tinygen.ops import norm
from tinygen.ops.elementwise import sqrt, square, values, where
from tinygen.ops.index import getitem
from tinygen.ops.linear import linear
from tinygen.ops.reduce import sum


def layer_norm(x, normalized_shape, weight=None, bias=None, eps: float = 1e-5):
    """y = (x - mean) / sqrt(var + eps) * weight + bias over the last axes.

    x : (..., *normalized_shape)      weight, bias : normalized_shape or None
    Raises ShapeError if the last axes of x are not normalized_shape.
    Source: Ba, Kiros & Hinton, arXiv 1607.06450.
    """
    shape = normalized_shape
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if x.shape[x.ndim - len(shape) :] != shape:
        raise ShapeError(
            f"layer_norm: expects last axes {shape}, got shape {x.shape}. "
            f"Fix: normalized_shape={x.shape[x.ndim - len(shape) :]}"
        )
    return norm.layer_norm(x, weight, bias, eps, len(shape))


def normalize(x, p: float = 2.0, axis: int = 1, eps: float = 1e-12):
    """x / max(|x|, eps) along an axis, |x| its Euclidean norm (p = 2 only).

    The derivative at x = 0 is taken as 1/eps, as if the norm were constant there.
    """
    if p != 2:
        raise DTypeError(f"normalize: p={p} is not supported. Fix: p=2")
    total = sum(square(x), axis, True)
    inside = values(total) > eps * eps
    length = where(inside, sqrt(where(inside, total, 1.0)), eps)
    return x / length


def embedding(indices, weight):
    """Rows of a table: weight[indices].

    indices : integers in [0, K), any shape      weight : (K, D)      -> (..., D)
    A row taken several times receives the sum of its gradients.
    Raises IndexOutOfRange (negative indices too), DTypeError for non-integers.
    """
    table = weight.shape[0]
    indices = indices.data if isinstance(indices, Tensor) else indices
    if indices.dtype.kind not in "iu":
        raise DTypeError(
            f"embedding: indices are {indices.dtype}. Fix: indices.astype('int64')"
        )
    if indices.size:
        check_range("embedding", "index", indices, table)
    return getitem(weight, indices)


def check_range(name: str, what: str, labels, classes: int) -> None:
    """Refuse integers outside [0, classes), naming the first and its place.

    Those on a GPU are not looked at: the host would wait for it in every step.
    """
    if device_of(values(labels)) != "cpu":
        return
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        place = int(outside.ravel().argmax())
        value = int(labels.ravel()[place])
        raise IndexOutOfRange(
            f"{name}: {what} {value} at position {place} (of shape {labels.shape}); "
            f"valid 0..{classes - 1}. Fix: correct the data, or the number of classes"
        )


__all__ = ["embedding", "layer_norm", "linear", "normalize", "values"]
