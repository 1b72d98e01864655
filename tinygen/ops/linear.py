"""Products of matrices: matmul, and the linear layer."""

import numpy as np

from tinygen.errors import ShapeError
from tinygen.explain import check_bytes
from tinygen.kernels import pointwise
from tinygen.kernels.gemm import matmul as product
from tinygen.op import op
from tinygen.ops.activations import leaky_relu
from tinygen.ops.reduce import sum
from tinygen.ops.shape import expand_dims, reshape, swapaxes, transpose

# -- matmul -----------------------------------------------------------------------


@op(keep="a b")
def _matmul(a, b, /):
    return a @ b if type(a) is np.ndarray else product(a, b)


def _matmul_a(g, y, a, b):
    """dL/da[..., m, k] = sum_n g[..., m, n] * b[..., k, n]."""
    return _matmul(g, swapaxes(b, -1, -2))


def _matmul_b(g, y, a, b):
    """dL/db[..., k, n] = sum_m a[..., m, k] * g[..., m, n]."""
    if b.ndim == 2 and a.ndim > 2:  # one product over all rows, not one per matrix
        a, g = reshape(a, (-1, a.shape[-1])), reshape(g, (-1, g.shape[-1]))
    return _matmul(swapaxes(a, -1, -2), g)


_matmul.vjp(a=_matmul_a, b=_matmul_b)


def matmul(a, b):
    """The matrix product a @ b.

    a : (..., M, K) or (K,)      b : (..., K, N) or (K,)      -> (..., M, N)
    Leading axes broadcast; a vector acts as a row on the left, a column on the right,
    and its axis is dropped from the result.  Eq. (2.2) gives its rules.
    Raises ShapeError if the inner sizes differ or an operand is a number.
    """
    if not (getattr(a, "ndim", 0) and getattr(b, "ndim", 0)):
        what = [getattr(x, "shape", type(x).__name__) for x in (a, b)]
        raise ShapeError(
            f"matmul: {what[0]} @ {what[1]} has an operand without axes. Fix: a * b"
        )
    rows, columns = a.ndim == 1, b.ndim == 1
    inner = a.shape[-1], b.shape[-1 if columns else -2]
    if inner[0] != inner[1]:
        raise ShapeError(
            f"matmul: {a.shape} @ {b.shape}: inner sizes {inner[0]} and {inner[1]} "
            "must be equal. Fix: transpose or reshape one of them"
        )
    y = _matmul(expand_dims(a, 0) if rows else a, expand_dims(b, 1) if columns else b)
    if not (rows or columns):
        return y
    shape = y.shape[: -2 if rows else -1] + (() if columns else y.shape[-1:])
    return reshape(y, shape)


# -- linear -----------------------------------------------------------------------


@op(keep="x weight")
def linear(x, weight, bias=None, /):
    """y = x @ weight.T + bias.

    x : (..., D)      weight : (K, D)      bias : (K,) or None      -> (..., K)
    Raises ShapeError if the last axis of x is not D; DTypeError if x holds bytes.
    """
    check_linear(x, weight)
    y = product(x, weight.T)
    if bias is not None:
        y += bias
    return y


def check_linear(x, weight) -> None:
    """Refuse x whose last axis is not that of the weight, and bytes."""
    if weight.ndim != 2:
        raise ShapeError(f"weight {weight.shape}. Fix: two axes, (K, D)")
    given = x.shape[-1] if x.ndim else None
    if given != weight.shape[1]:
        fits = x.ndim == 0 or x.size % weight.shape[1] == 0
        fix = f"x.reshape(-1, {weight.shape[1]})" if fits else f"in_features={given}"
        raise ShapeError(
            f"expects last axis {weight.shape[1]}, got {given} in {x.shape}. Fix: {fix}"
        )
    check_bytes("linear", x, weight)


def _rows(x):
    return x if x.ndim == 2 else reshape(x, (-1, x.shape[-1]))


linear.vjp(
    x=lambda g, y, x, weight, bias: matmul(g, weight),
    weight=lambda g, y, x, weight, bias: _matmul(transpose(_rows(g)), _rows(x)),
    bias=lambda g, y, x, weight, bias: sum(_rows(g), 0),
)


def linear_leaky_relu_composite(x, weight, bias, negative_slope):
    """The definition of `linear_leaky_relu`."""
    return leaky_relu(linear(x, weight, bias), negative_slope)


@op(keep="y", twin=linear_leaky_relu_composite)
def linear_leaky_relu(x, weight, bias, /, negative_slope=0.01):
    """leaky_relu(x @ weight.T + bias): bias and activation in one pass over memory.

    x : (..., D)      weight : (K, D)      bias : (K,)      -> (..., K)
    negative_slope : in (0, 1], so that the result has the sign of what went in
    """
    check_linear(x, weight)
    return pointwise.biased_leaky_relu(product(x, weight.T), bias, negative_slope)


@linear_leaky_relu.vjp_joint
def _linear_leaky_relu_grads(g, y, x, weight, bias, *, needs, negative_slope):
    g = _rows(pointwise.leaky_relu_grad(g, y, negative_slope))
    return (
        product(g, weight).reshape(x.shape) if needs[0] else None,
        product(g.T, _rows(x)) if needs[1] else None,
        g.sum(0) if needs[2] else None,
    )
