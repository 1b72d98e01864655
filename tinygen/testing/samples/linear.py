"""Samples of products of matrices."""

import operator

import numpy as np

from tinygen import ops
from tinygen.errors import ShapeError
from tinygen.ops.linear import linear_leaky_relu
from tinygen.testing.registry import A, Sample, bad, declare


def pairs(*shapes) -> list[Sample]:
    """One sample for each pair of shapes."""
    return [Sample(A(*a), A(*b)) for a, b in shapes]


declare(
    ops.matmul,
    np.matmul,
    pairs(
        ((3, 5), (5, 2)),
        ((5,), (5,)),
        ((5,), (5, 2)),
        ((3, 5), (5,)),
        ((7, 3, 5), (5, 2)),
        ((3, 5), (7, 5, 2)),
        ((7, 3, 5), (7, 5, 2)),
        ((7, 1, 3, 5), (2, 5, 2)),
        ((7, 3, 5), (1, 5, 2)),
        ((7, 3, 5), (5,)),
        ((5,), (7, 5, 2)),
        ((1, 5), (5, 1)),
        ((0, 5), (5, 2)),
        ((3, 0), (0, 2)),
        ((4, 4), (4, 4)),
    ),
    covers=("matmul",),
    also=(operator.matmul,),
    analytic=True,
    errors=(
        bad(A(2, 3), A(4, 5), error=ShapeError, match="3 and 4"),
        bad(A(2, 3), A(), error=ShapeError, match="without axes"),
        bad(A(2, 3), 2.0, error=ShapeError, match="float has"),
        bad(A(3), A(2, 3), error=ShapeError, match="3 and 2"),
        bad(A(2, 3, 5), A(7, 5, 2), error=ShapeError, match="2 against 7"),
    ),
)


def affine(x, weight, bias=None):
    """x W^T + b."""
    y = np.einsum("...d,kd->...k", x, weight)
    return y if bias is None else y + bias


declare(
    ops.linear,
    affine,
    [
        Sample(A(3, 5), A(2, 5), A(2)),
        Sample(A(3, 5), A(2, 5)),
        Sample(A(3, 5), A(2, 5), None),
        Sample(A(5), A(2, 5), A(2)),
        Sample(A(7, 3, 5), A(2, 5), A(2)),
        Sample(A(0, 5), A(2, 5), A(2)),
        Sample(A(3, 1), A(1, 1), A(1)),
    ],
    analytic=True,
    errors=(
        bad(A(4, 28, 28), A(10, 784), error=ShapeError, match=r"784"),
        bad(A(), A(2, 5), error=ShapeError, match="5"),
        bad(A(3, 5), A(2, 5), A(3), error=ShapeError),
        bad(A(3, 5), A(5), error=ShapeError),
    ),
)


def affine_leaky(x, weight, bias, negative_slope=0.01):
    """x W^T + b, made smaller where it is negative."""
    y = affine(x, weight, bias)
    return np.where(y > 0, y, negative_slope * y)


declare(
    linear_leaky_relu,
    affine_leaky,
    [
        Sample(A(3, 5), A(2, 5), A(2)),
        Sample(A(3, 5), A(2, 5), A(2), negative_slope=0.2),
        Sample(A(5), A(2, 5), A(2), negative_slope=1.0),
        Sample(A(7, 3, 5), A(2, 5), A(2), negative_slope=0.2),
        Sample(A(0, 5), A(2, 5), A(2)),
    ],
    errors=(
        bad(A(4, 28, 28), A(10, 784), A(10), error=ShapeError, match=r"784"),
        bad(A(3, 5), A(2, 5), A(3), error=ShapeError),
    ),
)

PRODUCTS = [
    ("ij,jk->ik", (2, 3), (3, 5)),
    ("ij,jk", (2, 3), (3, 5)),
    ("bij,bkj->bik", (2, 3, 5), (2, 7, 5)),
    ("...ij,...jk->...ik", (2, 3, 5), (5, 7)),
    ("...i,i->...", (2, 3, 5), (5,)),
    ("i,i->", (5,), (5,)),
    ("i,j->ij", (3,), (5,)),
    ("i,j->ji", (3,), (5,)),
    ("ijk->ki", (2, 3, 5)),
    ("ijk->", (2, 3, 5)),
    ("ij->ji", (2, 3)),
    ("ij,jk,kl->il", (2, 3), (3, 5), (5, 2)),
    ("ij,i->i", (2, 3), (2,)),
    ("ij,kl->ik", (2, 3), (5, 7)),
    ("ij,jk->ik", (0, 3), (3, 5)),
    (",i->i", (), (3,)),
]
declare(
    ops.einsum,
    lambda subscripts, *xs: np.einsum(subscripts, *xs),
    [Sample(s, *(A(*shape, low=-1.0) for shape in shapes)) for s, *shapes in PRODUCTS],
    covers=("einsum",),
    views=True,
    analytic=True,
    errors=(
        bad("ij,jk->ik", A(2, 3), error=ShapeError, match="2 operands"),
        bad("ii->i", A(3, 3), error=ShapeError, match="repeated"),
        bad("ij->i", A(2, 3, 5), error=ShapeError, match=r"\(2, 3, 5\)"),
        bad("ij,jk->ik", A(2, 3), A(5, 7), error=ShapeError),
    ),
)
