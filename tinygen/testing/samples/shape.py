"""Samples of ops that move elements: all linear."""

import numpy as np

from tinygen import ops
from tinygen.engine import OPS, Tensor
from tinygen.errors import ConfigError, ShapeError
from tinygen.ops.shape import swapaxes
from tinygen.testing.registry import A, Sample, bad, declare

LINEAR = {"linear": True, "analytic": True}


def on(shapes, *args, **kwargs) -> list[Sample]:
    """One call on arrays of several shapes."""
    return [Sample(A(*shape), *args, **kwargs) for shape in shapes]


declare(
    OPS["to_device"].call,
    lambda x, device, source: x,
    on([(), (3, 5), (0, 3)], device="cpu", source="cpu"),
)
declare(ops.alias, lambda x: x, on([(), (3, 5), (0, 3)]), analytic=True)
declare(
    ops.astype,
    lambda x, dtype: x.astype(dtype),
    on([(), (3, 5), (0, 3)], "float64"),
    covers=("astype",),
    also=(Tensor.astype,),
    linear=True,
    views=True,
    casts=True,
)
declare(
    ops.reshape,
    lambda x, shape: x.reshape(shape),
    [
        Sample(A(2, 3, 5), (5, 6)),
        Sample(A(2, 3, 5), (3, -1)),
        Sample(A(2, 3, 5), (-1,)),
        Sample(A(2, 3, 5), 30),
        Sample(A(1), ()),
        Sample(A(), (1, 1)),
        Sample(A(0, 3), (3, 0)),
        Sample(A(3, 5), shape=(5, 3)),
    ],
    analytic=True,
    also=(lambda x, shape: x.reshape(shape),),
    errors=(
        bad(A(2, 3), (4, 2), error=ShapeError, match="6 elements do not fill 8"),
        bad(A(2, 3), (-1, 4), error=ShapeError, match="6 elements do not fill 4 times"),
        bad(A(2, 3), (-1, -1), error=ShapeError, match="a single -1"),
    ),
)
declare(
    ops.transpose,
    np.transpose,
    [
        *on([(3, 5), (2, 3, 5), (), (0, 3)]),
        Sample(A(2, 3, 5), (1, 2, 0)),
        Sample(A(2, 3, 5, 7), (2, 0, 3, 1)),
        Sample(A(2, 3, 5), axes=(-1, 0, 1)),
    ],
    analytic=True,
    also=(lambda x, axes=None: x.transpose(axes),),
    errors=(bad(A(2, 3), (0, 2), error=ShapeError),),
)
declare(
    swapaxes,
    np.swapaxes,
    [Sample(A(2, 3, 5), 0, 2), Sample(A(2, 3, 5), -1, 1), Sample(A(0, 3), 0, 1)],
    also=(Tensor.swapaxes,),
    views=True,
    errors=(bad(A(2, 3), 0, 2, error=ShapeError, match="axis 2"),),
    **LINEAR,
)
declare(
    ops.expand_dims,
    np.expand_dims,
    [
        Sample(A(3, 5), 0),
        Sample(A(3, 5), -1),
        Sample(A(3, 5), (0, 2)),
        Sample(A(3, 5), np.int64(1)),
        Sample(A(), 0),
        Sample(A(0, 3), 1),
    ],
    views=True,
    errors=(bad(A(3, 5), 3, error=ShapeError, match="axis 3"),),
    **LINEAR,
)
declare(
    ops.squeeze,
    np.squeeze,
    [
        Sample(A(3, 1, 5, 1)),
        Sample(A(3, 1, 5, 1), axis=1),
        Sample(A(3, 1, 5, 1), axis=(-1, 1)),
        Sample(A(1, 1)),
        Sample(A(3, 5)),
        Sample(A(0, 1)),
    ],
    also=(Tensor.squeeze,),
    views=True,
    errors=(bad(A(3, 1, 5), axis=2, error=ShapeError, match="size 1"),),
    **LINEAR,
)
declare(
    ops.broadcast_to,
    np.broadcast_to,
    [
        Sample(A(5), (2, 3, 5)),
        Sample(A(2, 1, 5), (2, 3, 5)),
        Sample(A(3, 1), (2, 3, 5)),
        Sample(A(), (3,)),
        Sample(A(3, 5), (3, 5)),
        Sample(A(1, 3), (0, 3)),
        Sample(A(0, 3), (2, 0, 3)),
    ],
    analytic=True,
    errors=(bad(A(3, 2), (3, 5), error=ShapeError),),
)


def sum_to(x, shape):
    """Sum the axes that `shape` lacks or has with size 1."""
    lead = x.ndim - len(shape)
    x = x.sum(tuple(range(lead))) if lead else x
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and x.shape[i] != 1)
    return x.sum(axes, keepdims=True) if axes else x


declare(
    ops.sum_to,
    sum_to,
    [
        Sample(A(2, 3, 5), (5,)),
        Sample(A(2, 3, 5), (2, 1, 5)),
        Sample(A(2, 3, 5), (3, 1)),
        Sample(A(2, 3, 5), (1, 1)),
        Sample(A(2, 3, 5), ()),
        Sample(A(3, 5), (3, 5)),
        Sample(A(0, 3), (1, 3)),
    ],
    analytic=True,
)
declare(
    ops.flip,
    np.flip,
    [
        *on([(), (7,), (2, 3, 5), (0, 3)]),
        Sample(A(2, 3, 5), axis=1),
        Sample(A(2, 3, 5), axis=(-1, 0)),
    ],
    analytic=True,
)
declare(
    ops.roll,
    np.roll,
    [
        Sample(A(2, 3, 5), 2),
        Sample(A(2, 3, 5), 1, axis=1),
        Sample(A(2, 3, 5), -2, axis=-1),
        Sample(A(2, 3, 5), (1, -3), axis=(0, 2)),
        Sample(A(7), 9, axis=0),
        Sample(A(0, 3), 1, axis=1),
    ],
    analytic=True,
)
declare(
    ops.concatenate,
    np.concatenate,
    [
        Sample([A(2, 3), A(5, 3)]),
        Sample([A(3, 2), A(3, 1), A(3, 5)], axis=1),
        Sample([A(2, 3, 5), A(2, 7, 5)], axis=-2),
        Sample([A(3)], axis=0),
        Sample([A(0, 3), A(2, 3)], axis=0),
    ],
    covers=("concatenate",),
    errors=(
        bad([A(2, 3), A(2, 5)], error=ShapeError, match="axis 1 is 3 in array 0 and 5"),
        bad([A(2, 3), A(2, 3, 1)], error=ShapeError, match="2 axes, array 1 has 3"),
        bad([], error=ShapeError, match="no arrays"),
        bad([A(2, 3), A(2, 3)], axis=2, error=ShapeError),
    ),
    **LINEAR,
)
declare(
    ops.stack,
    np.stack,
    [
        Sample([A(2, 3), A(2, 3)]),
        Sample([A(2, 3), A(2, 3), A(2, 3)], axis=1),
        Sample([A(2, 3), A(2, 3)], axis=-1),
        Sample([A(), A()]),
        Sample([A(0, 3)], axis=0),
    ],
    errors=(bad([A(2, 3), A(3, 2)], error=ShapeError),),
    **LINEAR,
)
declare(
    ops.split,
    np.split,
    [
        Sample(A(6, 5), 3),
        Sample(A(6, 5), 2, axis=0),
        Sample(A(3, 7), [2, 5], axis=1),
        Sample(A(3, 7), [2, 5], axis=-1),
        Sample(A(0, 4), 2, axis=1),
    ],
    views=True,
    errors=(
        bad(A(7, 5), 3, error=ShapeError, match="size 7"),
        bad(A(7, 5), 3, axis=2, error=ShapeError, match="axis 2"),
    ),
    **LINEAR,
)

# -- pad ---------------------------------------------------------------------------

MODES = {"replicate": "edge"}  # NumPy's name for it


def padded(x, pad_width, mode="constant", value=0.0):
    """np.pad with the names of `tinygen.pad`."""
    if mode == "constant":
        return np.pad(x, pad_width, constant_values=value)
    return np.pad(x, pad_width, MODES.get(mode, mode))


UNEVEN = ((1, 0), (2, 3))
declare(
    ops.pad,
    padded,
    [
        Sample(A(3, 5), 1),
        Sample(A(3, 5), (2, 1)),
        Sample(A(3, 5), UNEVEN),
        Sample(A(3, 5), UNEVEN, value=1.5),
        Sample(A(3, 5), UNEVEN, mode="reflect"),
        Sample(A(3, 5), UNEVEN, mode="replicate"),
        Sample(A(2, 3, 5), ((0, 0), (1, 2), (4, 0)), mode="reflect"),
        Sample(A(2, 3, 5), ((0, 0), (5, 2), (0, 1)), mode="replicate"),
        Sample(A(3, 5), 0),
        Sample(A(0, 3), ((1, 1), (0, 2))),
    ],
    covers=("pad_constant",),
    linear=True,
    errors=(
        bad(A(3, 5), ((1, 1),), error=ShapeError, match="2-D"),
        bad(A(3, 5), -1, error=ShapeError, match="2-D"),
        bad(A(3, 5), (1,), error=ShapeError, match="one pair"),
        bad(A(3, 5), 3, mode="reflect", error=ShapeError, match="axis 0"),
        bad(A(3, 5), 1, mode="mirror", error=ConfigError, match="mirror"),
    ),
)
