"""Samples of arithmetic, formulas in one variable, and choices."""

import math
import operator

import numpy as np

from tinygen import ops
from tinygen.engine import Tensor
from tinygen.errors import ShapeError
from tinygen.testing.registry import A, Kink, Sample, bad, binary, declare, unary

erf_of = np.vectorize(math.erf, otypes=[float])
ON, NEAR = [0.0, 1e-3, -1e-3, 0.0, 2.0, -0.5], [1.0, -1.0]  # on a kink at 0, and near

# -- arithmetic --------------------------------------------------------------------

MISFIT = (bad(A(3, 2), A(3), error=ShapeError, match="axis -1 is 2 against 3"),)
FAR = [([1e4, -1e4, 1e-30], [1e4, 1e4, 1e-30])]

declare(
    ops.add,
    np.add,
    binary(extremes=FAR),
    also=(operator.add,),
    analytic=True,
    errors=MISFIT,
)
declare(
    ops.subtract,
    np.subtract,
    binary(extremes=FAR),
    also=(operator.sub,),
    analytic=True,
    errors=MISFIT,
)
declare(
    ops.multiply,
    np.multiply,
    binary(extremes=FAR),
    also=(operator.mul,),
    analytic=True,
    errors=MISFIT,
)
declare(
    ops.divide,
    np.divide,
    binary(second=(0.5, 2.0), extremes=[([1e4, 1e-30], [1e4, -3.0])]),
    also=(operator.truediv,),
    analytic=True,
    errors=MISFIT,
)
declare(ops.negative, np.negative, unary(), also=(operator.neg,), analytic=True)
declare(
    ops.power,
    np.power,
    [
        *binary(first=(0.5, 2.0), extremes=[([1e4, 1e-3], [0.5, 2.0])]),
        Sample(A(3, 5, avoid=(0.0,)), 3),
        Sample(A(3, 5), 1),
        Sample(A(3, 5), 5),
        Sample(A(3, 5), 0),
        Sample(A(3, 5, low=0.5), -1.5),
        Sample(2.0, A(3, 5)),
        Kink(
            np.array([0.0, 0.0, 0.0, 2.0]),
            np.array([0.0, 2.0, 1.0, 0.0]),
            gradient=lambda v: [v * [0.0, 0.0, 1.0, 0.0], v * [0, 0, 0, math.log(2)]],
            extreme=True,  # 0**b is infinite for b < 0: no differences across b = 0
        ),
    ],
    also=(operator.pow,),
    errors=MISFIT,
)

# -- formulas in one variable ------------------------------------------------------

METHODS = {
    "exp": Tensor.exp,
    "log": Tensor.log,
    "sqrt": Tensor.sqrt,
    "tanh": Tensor.tanh,
}
EVERYWHERE, POSITIVE = (-1e4, 1e4, 1e-30, 0.0), (1e4, 1e-30)
FORMULAS = {  # function: (reference, low, high, values far out)
    ops.exp: (np.exp, -2.0, 2.0, (-1e4, 80.0, 1e-30)),
    ops.expm1: (np.expm1, -2.0, 2.0, (-1e4, 80.0, 1e-30)),
    ops.log: (np.log, 0.5, 3.0, POSITIVE),
    ops.log1p: (np.log1p, -0.5, 2.0, POSITIVE),
    ops.sqrt: (np.sqrt, 0.5, 3.0, POSITIVE),
    ops.square: (np.square, -2.0, 2.0, EVERYWHERE),
    ops.sin: (np.sin, -3.0, 3.0, (1e-30,)),
    ops.cos: (np.cos, -3.0, 3.0, (1e-30,)),
    ops.tanh: (np.tanh, -2.0, 2.0, EVERYWHERE),
    ops.sigmoid: (lambda x: 1 / (1 + np.exp(-x)), -3.0, 3.0, (-80.0, 80.0, 1e-30)),
}
for function, (ref, low, high, far) in FORMULAS.items():
    name = function.op.name
    declare(
        function,
        ref,
        unary(low, high, extremes=far),
        analytic=True,
        also=(METHODS[name],) if name in METHODS else (),
    )
declare(ops.erf, erf_of, unary(extremes=EVERYWHERE))

# -- choices -----------------------------------------------------------------------


declare(
    ops.abs,
    np.abs,
    [
        *unary(avoid=(0.0,), extremes=(-1e4, 1e4, 1e-30)),
        Kink(np.array(ON), gradient=lambda v: [v * np.sign(ON)]),
    ],
    also=(operator.abs, Tensor.abs),
)
declare(ops.sign, np.sign, unary(avoid=(0.0,)))

TIED, OTHER = np.array([0.0, 1.0, 2.0, -3.0]), np.array([0.0, 1.0, 2.5, -4.0])
HALF, WINS = np.array([0.5, 0.5, 0.0, 1.0]), np.array([0.5, 0.5, 1.0, 0.0])
for function, ref, first in (
    (ops.maximum, np.maximum, HALF),
    (ops.minimum, np.minimum, WINS),
):
    declare(
        function,
        ref,
        [
            *binary(extremes=FAR[:1]),
            Sample(A(3, 5, avoid=(0.5,)), 0.5),
            Sample(0.5, A(3, 5, avoid=(0.5,))),
            Kink(TIED, OTHER, gradient=lambda v, s=first: [v * s, v * (1 - s)]),
        ],
        errors=MISFIT,
    )

MASK = np.arange(15).reshape(3, 5) % 3 == 1
declare(
    ops.where,
    np.where,
    [
        Sample(MASK, A(3, 5), A(3, 5)),
        Sample(MASK, A(5), A(3, 1)),
        Sample(MASK[0], A(2, 3, 5), A()),
        Sample(MASK, A(3, 5), 0.0),
        Sample(MASK, 1.0, A(5)),
        Sample(MASK[:0], A(0, 5), A(5)),
    ],
    linear=True,
)

LOW, HIGH = -0.5, 1.25
BOUNDS = np.array([LOW, HIGH, LOW - 1e-3, HIGH + 1e-3, LOW + 1e-3, HIGH - 1e-3])
declare(
    ops.clip,
    lambda x, low=None, high=None: np.clip(x, low, high),
    [
        *(Sample(*s.args, low=LOW, high=HIGH) for s in unary(avoid=(LOW, HIGH))),
        Sample(A(3, 5, avoid=(LOW,)), low=LOW),
        Sample(A(3, 5, avoid=(HIGH,)), high=HIGH),
        Sample(A(3, 5, avoid=(LOW, HIGH)), LOW, HIGH),
        Sample(np.array([1e4, -1e4, 1e-30]), low=LOW, high=HIGH, extreme=True),
        Kink(BOUNDS, low=LOW, high=HIGH, gradient=lambda v: [v * [1, 1, 0, 0, 1, 1]]),
    ],
    also=(Tensor.clip,),
)
