"""Elementwise ops: formulas in one variable, arithmetic in two.

All broadcast as NumPy does; the engine sums a gradient over broadcast axes.  Rules use
functions that take arrays and Tensors alike; a factor that is piecewise constant (a
sign, a mask) is taken from the plain values.
"""

import math
from types import SimpleNamespace

import numpy as np

from tinygen.backend import xp_of
from tinygen.engine import Tensor
from tinygen.kernels import erf as erf_kernel
from tinygen.kernels import pointwise
from tinygen.kernels.fused import fused
from tinygen.op import op

TWO_OVER_SQRT_PI = 1.1283791670955126


def values(x):
    """The plain array of a Tensor; anything else as it is."""
    return x.data if isinstance(x, Tensor) else x


def one_kernel(formula):
    """A rule in NumPy's style, formula(xp, g, ...): on arrays of a GPU one kernel.

    On Tensors, for higher orders, xp has the functions of this module.
    """
    kernel = fused(formula)

    def rule(g, *others):
        if type(g) is np.ndarray:
            return formula(np, g, *others)
        if any(isinstance(x, Tensor) for x in (g, *others)):
            return formula(FUNCTIONS, g, *others)
        return kernel(g, *others)

    return rule


# -- arithmetic -------------------------------------------------------------------


@op(keep="")
def add(a, b, /):
    """a + b."""
    return a + b


add.vjp(a=lambda g, y, a, b: g, b=lambda g, y, a, b: g)


@op(keep="")
def subtract(a, b, /):
    """a - b."""
    return a - b


subtract.vjp(a=lambda g, y, a, b: g, b=lambda g, y, a, b: -g)


@op(keep="a b")
def multiply(a, b, /):
    """a * b."""
    return a * b


multiply.vjp(a=lambda g, y, a, b: g * b, b=lambda g, y, a, b: g * a)


@op(keep="b y")
def divide(a, b, /):
    """a / b."""
    return a / b


divide.vjp(a=lambda g, y, a, b: g / b, b=lambda g, y, a, b: -g * y / b)


@op(keep="", linear=True)
def negative(x, /):
    """-x."""
    return -x


negative.vjp(x=lambda g, y, x: -g)


@op
def power(a, b, /):
    """a ** b.

    The derivative by b needs a >= 0 (it is nan for a < 0); 0**0 = 1 has derivative 0
    by a.
    """
    if isinstance(b, int) and 1 <= b <= 4:  # NumPy's a**3 is 50 times slower than a*a*a
        y = a
        for _ in range(b - 1):
            y = y * a
        return +y if b == 1 else y
    if isinstance(b, np.generic):  # NumPy 2.0 would take it for a Python number
        return np.power(a, b)
    return a**b


def _power_base(g, y, a, b):
    """b * a**(b - 1), and 0 where b = 0."""
    if isinstance(b, (int, float)):
        return g * (b * power(a, b - 1)) if b else g * 0.0
    nonzero = values(b) != 0
    return g * where(nonzero, b * power(where(nonzero, a, 1.0), b - 1.0), 0.0)


def _power_exponent(g, y, a, b):
    """a**b * log(a), and 0 where a = 0."""
    if isinstance(a, (int, float)):
        return g * (y * (math.log(a) if a > 0 else a and math.nan))
    nonzero = values(a) != 0
    return g * (y * log(where(nonzero, a, 1.0)))


power.vjp(a=_power_base, b=_power_exponent)


# -- formulas in one variable -----------------------------------------------------


@op(keep="y")
def exp(x, /):
    """e**x."""
    return xp_of(x).exp(x)


exp.vjp(x=lambda g, y, x: g * y)


@op(keep="y")
def expm1(x, /):
    """e**x - 1, exact for small x."""
    return xp_of(x).expm1(x)


expm1.vjp(x=lambda g, y, x: g * (y + 1.0))


@op(keep="x")
def log(x, /):
    """Natural logarithm.  x > 0; log(0) = -inf, and x < 0 gives nan."""
    return xp_of(x).log(x)


log.vjp(x=lambda g, y, x: g / x)


@op(keep="x")
def log1p(x, /):
    """log(1 + x), exact for small x.  x > -1."""
    return xp_of(x).log1p(x)


log1p.vjp(x=lambda g, y, x: g / (x + 1.0))


@op(keep="y")
def sqrt(x, /):
    """Square root.  x >= 0; the derivative at 0 is inf."""
    return xp_of(x).sqrt(x)


sqrt.vjp(x=lambda g, y, x: g / (2.0 * y))


@op(keep="x")
def square(x, /):
    """x * x."""
    return x * x


@one_kernel
def square_slope(xp, g, x):
    """g times the derivative of x * x."""
    return g * (2.0 * x)


square.vjp(x=lambda g, y, x: square_slope(g, x))


@op(keep="x")
def sin(x, /):
    """Sine; x in radians."""
    return xp_of(x).sin(x)


sin.vjp(x=lambda g, y, x: g * cos(x))


@op(keep="x")
def cos(x, /):
    """Cosine; x in radians."""
    return xp_of(x).cos(x)


cos.vjp(x=lambda g, y, x: -g * sin(x))


@op(keep="y")
def tanh(x, /):
    """Hyperbolic tangent."""
    return xp_of(x).tanh(x)


@one_kernel
def tanh_slope(xp, g, y):
    """g times the derivative of tanh where its value is y."""
    return g * (1.0 - y * y)


tanh.vjp(x=lambda g, y, x: tanh_slope(g, y))


@op(keep="y")
def sigmoid(x, /):
    """1 / (1 + e**-x), written with tanh: no overflow at any x, and faster."""
    return pointwise.sigmoid(x)


@one_kernel
def sigmoid_slope(xp, g, y):
    """g times the derivative of sigmoid where its value is y."""
    return g * (y - y * y)


sigmoid.vjp(x=lambda g, y, x: sigmoid_slope(g, y))


@op(keep="x")
def erf(x, /):
    """Error function: 2/sqrt(pi) times the integral of e**-t**2 from 0 to x."""
    return erf_kernel.erf(x)


erf.vjp(x=lambda g, y, x: g * (TWO_OVER_SQRT_PI * exp(-square(x))))


# -- choices ----------------------------------------------------------------------


@op(keep="x")
def abs(x, /):
    """Absolute value; the derivative at 0 is 0."""
    return xp_of(x).abs(x)


abs.vjp(x=lambda g, y, x: g * sign(x))


def sign(x):
    """-1, 0 or 1, outside the graph: its derivative is 0 wherever there is one."""
    signs = xp_of(values(x)).sign(values(x))
    return Tensor(signs) if isinstance(x, Tensor) else signs


def _library(a, b):
    """The array library of a and b, of which one may be a number."""
    return xp_of(b) if isinstance(a, (int, float)) else xp_of(a)


def _share(a, b):
    """1 where a > b, 1/2 where they tie, 0 elsewhere: whose gradient a maximum is."""
    a, b = values(a), values(b)
    dtype = getattr(a, "dtype", None) or b.dtype
    return 0.5 * ((a > b) * dtype.type(1) + (a >= b))


@op(keep="a b")
def maximum(a, b, /):
    """The larger of a and b; where they tie each gets half of the gradient."""
    return _library(a, b).maximum(a, b)


maximum.vjp(
    a=lambda g, y, a, b: g * _share(a, b), b=lambda g, y, a, b: g * _share(b, a)
)


@op(keep="a b")
def minimum(a, b, /):
    """The smaller of a and b; where they tie each gets half of the gradient."""
    return _library(a, b).minimum(a, b)


minimum.vjp(
    a=lambda g, y, a, b: g * _share(b, a), b=lambda g, y, a, b: g * _share(a, b)
)


@op(keep="condition")
def where(condition, a, b, /):
    """a where the condition (booleans) holds, else b."""
    return xp_of(condition).where(condition, a, b)


where.vjp(
    a=lambda g, y, condition, a, b: where(condition, g, 0.0),
    b=lambda g, y, condition, a, b: where(condition, 0.0, g),
)


@op(keep="x")
def clip(x, /, low=None, high=None):
    """x limited to [low, high]; the gradient passes inside and on the bounds."""
    return xp_of(x).clip(x, low, high)


def _inside(g, y, x, low, high):
    x = values(x)
    inside = (x >= (x if low is None else low)) & (x <= (x if high is None else high))
    return g * inside


clip.vjp(x=_inside)

FUNCTIONS = SimpleNamespace(exp=exp, log=log, sqrt=sqrt, tanh=tanh, where=where)
