"""Samples of taking elements out and adding them back."""

import numpy as np

from tinygen import ops
from tinygen.errors import DTypeError, IndexOutOfRange, ShapeError
from tinygen.testing.registry import A, Sample, bad, declare

TWICE = np.array([2, 0, 2, 2, 1])  # elements that occur several times
MASK = np.arange(15).reshape(3, 5) % 4 == 1
INDICES = [  # into an array of shape (3, 5)
    1,
    -1,
    slice(1, 3),
    slice(None, None, -2),
    (slice(None), 2),
    (1, -2),
    (Ellipsis, 0),
    (None, slice(None), None),
    TWICE,
    -TWICE,
    (TWICE, TWICE),
    (slice(None), TWICE),
    (TWICE[:, None], TWICE[:3]),
    (TWICE, slice(1, 4)),
    MASK,
    (MASK[:, 0], slice(None)),
    (slice(None), MASK[1]),
    (MASK[:, 1], 2),
    slice(0, 0),
    np.array([], int),
    [0, 2, 2],
    ([0, 1], [4, 4]),
    ((1, 1), (4, 4)),
    (slice(None), (0, 0, 2)),
    range(2),
]


def add_at(x, index, shape):
    """np.add.at on zeros."""
    y = np.zeros(shape, x.dtype)
    np.add.at(y, index, x)
    return y


declare(
    ops.getitem,
    lambda x, index: x[index],
    [
        *(Sample(A(3, 5), index=index) for index in INDICES),
        Sample(A(2, 3, 5), index=(slice(None), TWICE, slice(None, None, 2))),
        Sample(A(2, 3, 5), index=(TWICE % 2, slice(None), TWICE)),
        Sample(A(), index=()),
        Sample(A(), index=None),
        Sample(A(0, 5), index=(slice(None), 1)),
    ],
    also=(lambda x, index: x[index],),
    linear=True,
    views=True,
    analytic=True,
    errors=(
        bad(A(3, 5), 3, error=IndexOutOfRange, match="axis 0 with size 3"),
        bad(A(3, 5), (0, -6), error=IndexOutOfRange, match="axis 1 with size 5"),
        bad(A(3, 5), np.array([0, 3]), error=IndexOutOfRange, match="size 3"),
        bad(A(3, 5), 1.0, error=DTypeError, match=r"1\.0"),
        bad(A(3, 5), np.array([1.0]), error=DTypeError, match="integers"),
        bad(A(3, 5), MASK.T, error=IndexOutOfRange, match="boolean"),
        bad(A(3, 5), (0, 0, 0), error=IndexOutOfRange, match="too many"),
    ),
)
declare(
    ops.scatter_add,
    add_at,
    [
        Sample(A(5), index=1, shape=(3, 5)),
        Sample(A(5, 5), index=TWICE, shape=(3, 5)),
        Sample(A(3, 5), index=[2, 0, 2], shape=(3, 5)),
        Sample(A(2), index=((1, 1), (4, 4)), shape=(3, 5)),
        Sample(A(5), index=(TWICE, TWICE), shape=(3, 5)),
        Sample(A(5, 3), index=(TWICE[:, None], TWICE[:3]), shape=(3, 5)),
        Sample(A(2, 5), index=slice(1, 3), shape=(3, 5)),
        Sample(A(3, 3), index=(slice(None), slice(None, None, -2)), shape=(3, 5)),
        Sample(A(4), index=MASK, shape=(3, 5)),
        Sample(A(0, 5), index=slice(0, 0), shape=(3, 5)),
        Sample(A(2, 5, 3), index=(slice(None), TWICE), shape=(2, 3, 3)),
    ],
    analytic=True,
)
declare(
    ops.take,
    np.take,
    [
        Sample(A(3, 5), TWICE, axis=0),
        Sample(A(3, 5), TWICE, axis=-1),
        Sample(A(3, 5), TWICE),
        Sample(A(2, 3, 5), TWICE.reshape(5, 1), axis=1),
        Sample(A(2, 3, 5), 1, axis=2),
        Sample(A(0, 5), TWICE, axis=1),
    ],
    linear=True,
    views=True,
    analytic=True,
    errors=(
        bad(A(3, 5), TWICE, axis=2, error=ShapeError, match="axis 2 of a 2-D"),
        bad(A(3, 5), np.array([5]), axis=1, error=IndexOutOfRange, match="size 5"),
    ),
)
