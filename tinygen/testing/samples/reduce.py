"""Samples of sums, means, extremes and running sums."""

import numpy as np

from tinygen import ops
from tinygen.engine import Tensor
from tinygen.errors import ShapeError
from tinygen.testing.registry import A, Kink, Sample, bad, declare, reductions

AXES = (
    bad(A(2, 3, 5), axis=3, error=ShapeError, match="axis 3 of a 3-D"),
    bad(A(2, 3, 5), axis=(0, -3), error=ShapeError, match="repeated axis"),
)
EMPTY = (
    bad(A(3, 0, 2), axis=1, error=ShapeError, match="nothing to reduce"),
    bad(A(0), error=ShapeError, match="nothing to reduce"),
)

declare(
    ops.sum,
    np.sum,
    [*reductions(empty=True), Sample(A(2, 3, 5), axis=np.int64(-2))],
    analytic=True,
    also=(Tensor.sum,),
    errors=AXES,
)
declare(
    ops.mean,
    np.mean,
    reductions(),
    analytic=True,
    also=(Tensor.mean,),
    errors=AXES + EMPTY,
)


def variance(x, axis=None, ddof=0, keepdims=False):
    """np.var without |x|^2, which is not analytic."""
    deviation = x - x.mean(axis, keepdims=True)
    n = x.size // max(1, x.mean(axis).size)
    return (deviation * deviation).sum(axis, keepdims=keepdims) / (n - ddof)


declare(
    ops.var,
    variance,
    [
        *(s for s in reductions() if s.args[0].shape not in ((), (3, 0, 2), (3, 1, 2))),
        Sample(A(2, 3, 5), axis=(0, 2), ddof=1),
        Sample(A(3, 1, 2), axis=1),
        Sample(A(3, 0, 2), axis=2),
    ],
    analytic=True,
    also=(Tensor.var,),
    errors=(
        bad(A(3, 1, 2), axis=1, ddof=1, error=ShapeError, match="1 values with ddof=1"),
        bad(A(3, 0, 2), axis=1, error=ShapeError, match="0 values"),
        *AXES,
    ),
)

TIES = np.array([[3.0, 1.0, 3.0], [2.0, 2.0, 2.0], [-1.0, 5.0, 0.0]])
OF_ROWS = np.array([[0.5, 0, 0.5], [1 / 3, 1 / 3, 1 / 3], [0, 1, 0]])
OF_ALL = np.array([[0, 0, 0], [0, 0, 0], [0, 1.0, 0]])
for function, ref, sign in ((ops.max, np.max, 1), (ops.min, np.min, -1)):
    declare(
        function,
        ref,
        [
            *reductions(),
            Kink(sign * TIES, axis=1, gradient=lambda v: [v[:, None] * OF_ROWS]),
            Kink(sign * TIES, axis=-1, keepdims=True, gradient=lambda v: [v * OF_ROWS]),
            Kink(sign * TIES, gradient=lambda v: [v * OF_ALL]),
            Sample(np.array([[1e4, -1e4], [1e-30, -1e-30]]), axis=1, extreme=True),
        ],
        also=(getattr(Tensor, function.op.name),),
        errors=AXES + EMPTY,
    )


def log_sum_exp(x, axis=None, keepdims=False):
    """log(sum(e**x)), shifted by a number that does not depend on x."""
    shift = x.real.max(initial=-1e9)
    return np.log(np.exp(x - shift).sum(axis, keepdims=keepdims)) + shift


declare(
    ops.logsumexp,
    log_sum_exp,
    [
        *reductions(),
        Sample(np.array([[1e4, 1e4 - 1.0], [1e4, 1e4 - 2.0]]), axis=0, extreme=True),
        Sample(np.array([-1e4, -1e4 - 1.0, -1e4]), extreme=True),
    ],
    analytic=True,
    errors=AXES + EMPTY,
)

declare(
    ops.cumsum,
    np.cumsum,
    [
        Sample(A(7), axis=0),
        Sample(A(2, 3, 5), axis=1),
        Sample(A(2, 3, 5), axis=-1),
        Sample(A(2, 3, 5), 0),
        Sample(A(2, 1, 5), axis=1),
        Sample(A(2, 0, 5), axis=1),
    ],
    analytic=True,
    also=(Tensor.cumsum,),
    errors=(bad(A(2, 3), axis=2, error=ShapeError, match="axis 2 of a 2-D"),),
)
