"""Every differentiable op, with its rule, by the names that NumPy uses."""

from tinygen.ops import methods as methods
from tinygen.ops.einsum import einsum
from tinygen.ops.elementwise import (
    abs,
    add,
    clip,
    cos,
    divide,
    erf,
    exp,
    expm1,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    negative,
    power,
    sigmoid,
    sign,
    sin,
    sqrt,
    square,
    subtract,
    tanh,
    where,
)
from tinygen.ops.index import getitem, scatter_add, take
from tinygen.ops.linear import linear, matmul
from tinygen.ops.reduce import cumsum, logsumexp, max, mean, min, sum, var
from tinygen.ops.shape import (
    alias,
    astype,
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    pad,
    reshape,
    roll,
    split,
    squeeze,
    stack,
    sum_to,
    swapaxes,
    transpose,
)

__all__ = [name for name in dir() if not name.startswith("_")]
