"""Samples of activations, and of the ops that are their derivatives."""

import math

import numpy as np

from tinygen import functional as F
from tinygen.errors import ConfigError
from tinygen.ops import activations
from tinygen.testing.registry import A, Kink, Sample, bad, declare, unary
from tinygen.testing.samples.elementwise import EVERYWHERE, ON, erf_of

SMOOTH = unary(-3.0, 3.0, extremes=EVERYWHERE)
KINKED = unary(-3.0, 3.0, avoid=(0.0,), extremes=EVERYWHERE)
BELOW = np.array(ON) <= 0


def logistic(x):
    """1 / (1 + e^-x), by whichever of two equal forms does not overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def normal_cdf(x):
    """P(z <= x) of a standard normal z."""
    return 0.5 * (1.0 + erf_of(x / math.sqrt(2)))


def gelu_by_tanh(x):
    """The approximation of gelu."""
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return 0.5 * x * (1 + np.tanh(inner))


def slope(f, x):
    """f'(x) by the complex step."""
    return f(x + 1e-20j).imag / 1e-20


declare(
    F.relu,
    lambda x: np.maximum(x, 0.0),
    [*KINKED, Kink(np.array(ON), gradient=lambda v: [np.where(BELOW, 0.0, v)])],
)
declare(
    F.leaky_relu,
    lambda x, negative_slope=0.01: np.where(x > 0, x, negative_slope * x),
    [
        *KINKED,
        Sample(A(3, 5, avoid=(0.0,)), negative_slope=0.2),
        Sample(A(3, 5, avoid=(0.0,)), 0.0),
        Kink(np.array(ON), 0.2, gradient=lambda v: [np.where(BELOW, 0.2 * v, v)]),
    ],
)
declare(
    F.elu,
    lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0))),
    [
        *KINKED,
        Sample(A(3, 5, avoid=(0.0,)), alpha=0.5),
        Kink(
            np.array(ON),
            0.5,
            gradient=lambda v: [np.where(BELOW, 0.5 * v * np.exp(np.array(ON)), v)],
        ),
    ],
)
declare(F.silu, lambda x: x * logistic(x), SMOOTH)
declare(F.softplus, lambda x: np.logaddexp(0.0, x), SMOOTH)
declare(F.logsigmoid, lambda x: -np.logaddexp(0.0, -x), SMOOTH)
declare(activations.gelu_erf, lambda x: x * normal_cdf(x), SMOOTH)
declare(activations.gelu_tanh, gelu_by_tanh, SMOOTH)
declare(
    F.gelu,
    lambda x, approximate="none": (
        x * normal_cdf(x) if approximate == "none" else gelu_by_tanh(x)
    ),
    [Sample(A(3, 5)), Sample(A(3, 5), approximate="tanh"), Sample(A(0, 3))],
    errors=(bad(A(3, 5), "erf", error=ConfigError, match="erf"),),
)

# -- derivatives: gx = op(g, x) ----------------------------------------------------


def products(*shapes) -> list[Sample]:
    """g and x of one shape."""
    return [Sample(A(*shape), A(*shape, low=-3.0, high=3.0)) for shape in shapes]


BOTH = products((), (7,), (3, 5), (2, 3, 5), (5, 1, 2), (0, 3))
declare(
    activations.relu_grad, lambda g, y: g * (y > 0), BOTH, constants=(1,), linear=True
)
declare(
    activations.leaky_relu_grad,
    lambda g, x, negative_slope: np.where(x > 0, g, negative_slope * g),
    [Sample(*s.args, negative_slope=0.2) for s in BOTH],
    constants=(1,),
    linear=True,
)
declare(
    activations.silu_grad,
    lambda g, x: g * slope(lambda z: z / (1.0 + np.exp(-z)), x),
    BOTH,
)
declare(
    activations.gelu_tanh_grad,
    lambda g, x: g * slope(gelu_by_tanh, x),
    BOTH,
)
declare(
    activations.gelu_erf_grad,
    lambda g, x: g * (normal_cdf(x) + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)),
    BOTH,
)

# -- along an axis -----------------------------------------------------------------


def log_normalized(x, axis=-1):
    """x - log sum e^x, shifted by a number that does not depend on x."""
    x = x - x.real.max(axis, keepdims=True, initial=-1e9)
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


ROWS = [
    Sample(A(2, 5)),
    Sample(A(7)),
    Sample(A(2, 3, 5), axis=1),
    Sample(A(2, 3, 5), axis=0),
    Sample(A(2, 3, 5), -2),
    Sample(A(3, 1)),
    Sample(A(0, 5)),
    Sample(np.array([[1e4, 0.0, -1e4], [1e4, 1e4, 1e-30]]), extreme=True),
]
declare(F.log_softmax, log_normalized, ROWS, analytic=True)
declare(
    F.softmax,
    lambda x, axis=-1: np.exp(log_normalized(x, axis)),
    ROWS,
    analytic=True,
)


def kept(x, p, training=True):
    """Dropout with the mask that default_rng(0) draws."""
    if not training or p == 0:
        return x
    mask = np.random.default_rng(0).random(x.shape, dtype="float32") >= p
    return x * mask * (1 / (1 - p)) if p < 1 else x * 0.0


declare(
    lambda x, p, training=True: F.dropout(x, p, training, rng=np.random.default_rng(0)),
    kept,
    [
        Sample(A(3, 5), 0.5),
        Sample(A(2, 3, 5), 0.2),
        Sample(A(3, 5), 0.5, training=False),
        Sample(A(3, 5), 0.0),
        Sample(A(3, 5), 1.0),
        Sample(A(0, 3), 0.5),
    ],
    name="dropout",
    public=F.dropout,
    linear=True,
    views=True,
    errors=(bad(A(3, 5), 1.5, error=ConfigError, match=r"p=1\.5"),),
)
