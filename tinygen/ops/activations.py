"""Activations and their derivatives.

The derivative of an activation is an op too: gx = activation_grad(g, x) has rules of
its own, so first order runs one fast kernel and every higher order is still right.
"""

import math

from tinygen.kernels import pointwise
from tinygen.op import op
from tinygen.ops.elementwise import exp, one_kernel, sigmoid, square, tanh, values

SQRT_TWO_OVER_PI = math.sqrt(2 / math.pi)
CUBIC = 0.044715


@op(keep="y")
def relu(x, /):
    """max(x, 0), with derivative 0 at 0.

    Source: Nair & Hinton 2010.
    """
    return pointwise.relu(x)


@op(keep="y_of")
def relu_grad(g, y_of, /):
    """g where relu gave y_of > 0, else 0."""
    return pointwise.relu_grad(g, y_of)


relu.vjp(x=lambda g, y, x: relu_grad(g, values(y)))
relu_grad.vjp(g=lambda gg, y, g, y_of: relu_grad(gg, y_of))


@op(keep="x")
def leaky_relu(x, /, negative_slope=0.01):
    """x where x > 0, else negative_slope * x; the derivative at 0 is the slope's.

    Source: Maas, Hannun & Ng 2013.
    """
    return pointwise.leaky_relu(x, negative_slope)


@op(keep="x")
def leaky_relu_grad(g, x, /, negative_slope):
    """g where x > 0, else negative_slope * g."""
    return pointwise.leaky_relu_grad(g, x, negative_slope)


leaky_relu.vjp(
    x=lambda g, y, x, negative_slope: leaky_relu_grad(g, values(x), negative_slope)
)
leaky_relu_grad.vjp(
    g=lambda gg, y, g, x, negative_slope: leaky_relu_grad(gg, x, negative_slope)
)


@op(keep="x")
def silu(x, /):
    """x * sigmoid(x).

    Source: Hendrycks & Gimpel, arXiv 1606.08415.
    """
    return pointwise.silu(x)


@op(keep="g x")
def silu_grad(g, x, /):
    """g * s * (1 + x * (1 - s)) with s = sigmoid(x)."""
    return pointwise.silu_grad(g, x)


def _silu_curvature(x):
    """silu''(x) = s (1 - s) (2 + x (1 - 2 s))."""
    s = sigmoid(x)
    return s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s))


silu.vjp(x=lambda g, y, x: silu_grad(g, x))
silu_grad.vjp(
    g=lambda gg, y, g, x: silu_grad(gg, x),
    x=lambda gg, y, g, x: gg * g * _silu_curvature(x),
)


@op(keep="x")
def gelu_erf(x, /):
    """x * P(z <= x) with z ~ N(0, 1).

    Source: Hendrycks & Gimpel, arXiv 1606.08415.
    """
    return pointwise.gelu_erf(x)


@op(keep="g x")
def gelu_erf_grad(g, x, /):
    """g * (P(z <= x) + x p(x)), p the standard normal density."""
    return pointwise.gelu_erf_grad(g, x)


def _gelu_erf_curvature(x):
    """(2 - x^2) p(x)."""
    density = exp(-0.5 * square(x)) * (1 / math.sqrt(2 * math.pi))
    return (2.0 - square(x)) * density


gelu_erf.vjp(x=lambda g, y, x: gelu_erf_grad(g, x))
gelu_erf_grad.vjp(
    g=lambda gg, y, g, x: gelu_erf_grad(gg, x),
    x=lambda gg, y, g, x: gg * g * _gelu_erf_curvature(x),
)


@op(keep="x")
def gelu_tanh(x, /):
    """x/2 * (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))): close to gelu_erf, and faster.

    Source: Hendrycks & Gimpel, arXiv 1606.08415, section 2.
    """
    return pointwise.gelu_tanh(x)


@op(keep="g x")
def gelu_tanh_grad(g, x, /):
    """g times the derivative of gelu_tanh at x."""
    return pointwise.gelu_tanh_grad(g, x)


def _gelu_tanh_curvature(x):
    """With a the angle and t = tanh(a):  (1 - t^2) (a' + x a''/2 - x t a'^2)."""
    squared = square(x)
    t = tanh(SQRT_TWO_OVER_PI * x * (1.0 + CUBIC * squared))
    slope = SQRT_TWO_OVER_PI * (1.0 + 3.0 * CUBIC * squared)
    bend = SQRT_TWO_OVER_PI * 6.0 * CUBIC * x
    return (1.0 - square(t)) * (slope + 0.5 * x * bend - x * t * square(slope))


gelu_tanh.vjp(x=lambda g, y, x: gelu_tanh_grad(g, x))
gelu_tanh_grad.vjp(
    g=lambda gg, y, g, x: gelu_tanh_grad(gg, x),
    x=lambda gg, y, g, x: gg * g * _gelu_tanh_curvature(x),
)


@op(keep="x y")
def softplus(x, /):
    """log(1 + e**x), without overflow."""
    return pointwise.softplus(x)


@one_kernel
def softplus_slope(xp, g, y, x):
    """g * sigmoid(x), exact in both tails."""
    return g * xp.exp(x - y)


softplus.vjp(x=lambda g, y, x: softplus_slope(g, y, x))


@op(keep="x y")
def logsigmoid(x, /):
    """log(sigmoid(x)) = -softplus(-x), accurate in both tails."""
    return pointwise.logsigmoid(x)


@one_kernel
def logsigmoid_slope(xp, g, y, x):
    """g * sigmoid(-x), exact in both tails."""
    return g * xp.exp(y - x)


logsigmoid.vjp(x=lambda g, y, x: logsigmoid_slope(g, y, x))
