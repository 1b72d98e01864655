"""Activations and losses, element by element: forward, and the rule g -> gx.

Above each kernel stands its definition, the line to read; the body below it computes
the same in place, in as few NumPy calls as possible.

x, y, g, logits, targets : arrays of one shape and dtype, any strides
-> a new array, same shape, dtype and memory order
`out` is where `blocked` wants the result of a block; callers leave it out.

Three costs that are not obvious, in additions on an AVX-512 processor: `maximum(x, 0)`
5, because NumPy vectorises it for two arrays only, so zeros are filled in first;
`where` on a mask that follows the data, 50; `x**3`, 700.
"""

import math

import numpy as np

from tinygen.backend import xp_of
from tinygen.kernels.blocks import blocked, sum_over_blocks
from tinygen.kernels.erf import erf
from tinygen.kernels.fused import averaged, fused
from tinygen.kernels.select import faster_than

SQRT_HALF = math.sqrt(0.5)
NORMAL_PEAK = 1 / math.sqrt(2 * math.pi)
GELU_SLOPE = math.sqrt(2 / math.pi)
GELU_CUBIC = 0.044715


def logistic(x, out=None, sign=1.0):
    """sigmoid(sign x) in place: (tanh(sign x/2) + 1) / 2."""
    y = np.multiply(x, 0.5 * sign, out=out)
    np.tanh(y, out=y)
    y *= 0.5
    y += 0.5
    return y


def positive_part(x, out=None):
    """max(x, 0) in place."""
    y = np.empty_like(x) if out is None else out
    y.fill(0.0)
    return np.maximum(x, y, out=y)


def log1p_exp_minus_abs(x, out=None):
    """log(1 + exp(-|x|)) in place: what softplus adds to max(x, 0)."""
    y = np.abs(x, out=out)
    np.negative(y, out=y)
    np.exp(y, out=y)
    return np.log1p(y, out=y)


# ------------------------------------------------------------ sigmoid, tanh


@blocked(lambda xp, x: 0.5 * xp.tanh(0.5 * x) + 0.5)
def sigmoid(x, out=None):
    """y = 1 / (1 + exp(-x)), by way of tanh: it never overflows and costs half.

    Absolute error 6e-8 in float32, 1e-16 in float64.  Where a logarithm follows, use
    `logsigmoid`, which is accurate relative to the tail.
    """
    return logistic(x, out)


@blocked(lambda xp, g, y: g * y * (1.0 - y))
def sigmoid_grad(g, y, out=None):
    """gx = g y (1 - y), with y = sigmoid(x)."""
    gx = np.subtract(1.0, y, out=out)
    gx *= y
    gx *= g
    return gx


@blocked(lambda xp, g, y: g * (1.0 - y * y))
def tanh_grad(g, y, out=None):
    """gx = g (1 - y^2), with y = tanh(x)."""
    gx = np.multiply(y, y, out=out)
    np.subtract(1.0, gx, out=gx)
    gx *= g
    return gx


# ------------------------------------------------------------ relu, leaky relu


@blocked(lambda xp, x: xp.maximum(x, 0.0))
def relu(x, out=None):
    """y = max(x, 0); nan stays nan."""
    return positive_part(x, out)


@blocked(lambda xp, g, y: g * (y > 0))
def relu_grad(g, y, out=None):
    """gx = g where y > 0, else 0, with y = relu(x); so relu'(0) = 0."""
    return np.multiply(g, y > 0, out=out)


@blocked(lambda xp, x, slope: xp.where(x > 0, x, slope * x))
def leaky_relu(x, slope, out=None):
    """y = x where x > 0, else slope x."""
    y = np.multiply(x, slope, out=out)
    larger = np.maximum if slope <= 1 else np.minimum
    return larger(x, y, out=y)


@blocked(lambda xp, g, x, slope: xp.where(x > 0, g, slope * g))
def leaky_relu_grad(g, x, slope, out=None):
    """gx = g where x > 0, else slope g."""
    gx = np.multiply(x > 0, 1.0 - slope, out=out, dtype=x.dtype)
    gx += slope
    gx *= g
    return gx


def biased_leaky_relu(z, bias, slope):
    """y = leaky_relu(z + bias), in place of z (..., K); bias (K,), slope in (0, 1]."""
    if xp_of(z) is not np:
        return biased_leaky_relu_fused(z, bias, slope, out=z)
    z += bias
    return np.maximum(z, z * slope, out=z)


@fused
def biased_leaky_relu_fused(xp, z, bias, slope):
    """The same for every element."""
    z = z + bias
    return xp.where(z > 0, z, slope * z)


# ------------------------------------------------------------ silu, gelu


@blocked(lambda xp, x: x * sigmoid(x))
def silu(x, out=None):
    """y = x sigmoid(x) = h + h tanh(h), with h = x/2.

    Source: Hendrycks & Gimpel, arXiv 1606.08415; called swish in arXiv 1710.05941.
    """
    half = x * 0.5
    y = np.tanh(half, out=out)
    y += 1.0
    y *= half
    return y


@blocked(lambda xp, g, x: g * sigmoid(x) * (1.0 + x * (1.0 - sigmoid(x))))
def silu_grad(g, x, out=None):
    """gx = g s (1 + x (1 - s)), with s = sigmoid(x)."""
    s = logistic(x)
    gx = np.subtract(1.0, s, out=out)
    gx *= x
    gx += 1.0
    gx *= s
    gx *= g
    return gx


def gelu_angle(x, out=None):
    """What `gelu_tanh` takes the tanh of: sqrt(2/pi) (x + 0.044715 x^3)."""
    angle = np.multiply(x, x, out=out)
    angle *= GELU_SLOPE * GELU_CUBIC
    angle += GELU_SLOPE
    angle *= x
    return angle


def gelu_tanh_plain(xp, x):
    """y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))."""
    return 0.5 * x * (1.0 + xp.tanh(GELU_SLOPE * (x + GELU_CUBIC * x * x * x)))


def gelu_tanh_grad_plain(xp, g, x):
    """The product rule, with tanh' = 1 - tanh^2."""
    t = xp.tanh(GELU_SLOPE * (x + GELU_CUBIC * x * x * x))
    angle_slope = GELU_SLOPE * (1.0 + 3.0 * GELU_CUBIC * x * x)
    return g * (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * angle_slope)


@blocked(gelu_tanh_plain)
def gelu_tanh(x, out=None):
    """y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), within 5e-4 of `gelu_erf`.

    Source: Hendrycks & Gimpel, arXiv 1606.08415, section 2.
    """
    y = gelu_angle(x, out)
    np.tanh(y, out=y)
    y += 1.0
    y *= x
    y *= 0.5
    return y


@blocked(gelu_tanh_grad_plain)
def gelu_tanh_grad(g, x, out=None):
    """gx = g (1 + t) (1/2 + (1 - t) x/2 angle'(x)), with t = tanh(angle(x))."""
    t = gelu_angle(x)
    np.tanh(t, out=t)
    gx = np.multiply(x, x, out=out)
    gx *= 1.5 * GELU_SLOPE * GELU_CUBIC
    gx += 0.5 * GELU_SLOPE
    gx *= x
    gx *= 1.0 - t
    gx += 0.5
    t += 1.0
    gx *= t
    gx *= g
    return gx


def normal_cdf(x):
    """The probability that a standard normal number is at most x."""
    p = erf(SQRT_HALF * x)
    p += 1.0
    p *= 0.5
    return p


def normal_density(x):
    """exp(-x^2/2) / sqrt(2 pi)."""
    return NORMAL_PEAK * np.exp(-0.5 * x * x)


@blocked(lambda xp, x: 0.5 * x * (1.0 + erf(SQRT_HALF * x)))
def gelu_erf(x, out=None):
    """y = x P(z <= x), z standard normal.  Source: arXiv 1606.08415, section 2."""
    return np.multiply(normal_cdf(x), x, out=out)


def gelu_erf_grad_plain(xp, g, x):
    """The product rule: the density is the slope of the probability."""
    density = NORMAL_PEAK * xp.exp(-0.5 * x * x)
    return g * (0.5 * (1.0 + erf(SQRT_HALF * x)) + x * density)


@blocked(gelu_erf_grad_plain)
def gelu_erf_grad(g, x, out=None):
    """gx = g (P(z <= x) + x p(x))."""
    gx = normal_density(x)
    gx *= x
    gx += normal_cdf(x)
    return np.multiply(g, gx, out=out)


# ------------------------------------------------------------ log-probabilities


@blocked(lambda xp, x: xp.maximum(x, 0.0) + xp.log1p(xp.exp(-abs(x))))
def softplus(x, out=None):
    """y = log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|))."""
    y = log1p_exp_minus_abs(x, out)
    y += positive_part(x)
    return y


@blocked(lambda xp, g, x: g * sigmoid(x))
def softplus_grad(g, x, out=None):
    """gx = g sigmoid(x)."""
    gx = logistic(x, out)
    gx *= g
    return gx


@blocked(lambda xp, x: -softplus(-x))
def logsigmoid(x, out=None):
    """y = log(sigmoid(x)) = -softplus(-x)."""
    y = log1p_exp_minus_abs(x, out)
    y += positive_part(-x)
    return np.negative(y, out=y)


@blocked(lambda xp, g, x: g * sigmoid(-x))
def logsigmoid_grad(g, x, out=None):
    """gx = g sigmoid(-x) = g (1 - sigmoid(x))."""
    gx = logistic(x, out, sign=-1.0)
    gx *= g
    return gx


def bce_with_logits_plain(xp, logits, targets):
    """max(x, 0) - x z + log(1 + exp(-|x|))."""
    x, z = logits, targets
    return xp.maximum(x, 0.0) - x * z + xp.log1p(xp.exp(-xp.abs(x)))


@blocked(bce_with_logits_plain)
def bce_with_logits(logits, targets, out=None):
    """Binary cross-entropy, in nats, of targets z against sigmoid(x), x = logits.

    y = -z log(sigmoid(x)) - (1 - z) log(1 - sigmoid(x))
      = max(x, 0) - x z + log(1 + exp(-|x|))
    """
    y = log1p_exp_minus_abs(logits, out)
    linear = positive_part(logits)
    linear -= logits * targets
    y += linear  # the small logarithm last: added to x z = x, it would be lost
    return y


@blocked(lambda xp, g, logits, targets: g * (sigmoid(logits) - targets))
def bce_with_logits_grad(g, logits, targets, out=None):
    """Gradient by the logits: gx = g (sigmoid(x) - z)."""
    gx = logistic(logits, out)
    gx -= targets
    gx *= g
    return gx


@blocked(lambda xp, g, logits: -g * logits)
def bce_with_logits_grad_targets(g, logits, out=None):
    """Gradient by the targets: gz = -g x."""
    gz = np.multiply(g, logits, out=out)
    return np.negative(gz, out=gz)


bce_mean_fused = averaged(bce_with_logits_plain)


@faster_than(lambda logits, targets: bce_with_logits(logits, targets).mean())
def bce_with_logits_mean(logits, targets):
    """The mean of `bce_with_logits`, in nats per element; a 0-d array."""
    if xp_of(logits) is not np:
        return bce_mean_fused(logits, targets)
    total = sum_over_blocks(bce_with_logits, logits, targets)
    return np.asarray(total / logits.size, dtype=logits.dtype)


@faster_than(lambda g, x, z: g / x.size * (sigmoid(x) - z))
def bce_with_logits_mean_grad(g, logits, targets):
    """Gradient of the mean by the logits, g a number: gx = g/size (sigmoid(x) - z)."""
    if xp_of(logits) is not np:
        return residual_over_size(g, logits, targets, logits.size)
    return scaled_residual(logits, targets, g / logits.size)


@fused
def residual_over_size(xp, g, logits, targets, size):
    """The same on a GPU, with the quotient g / size in the kernel."""
    return g / size * (sigmoid(logits) - targets)


@blocked(lambda xp, logits, targets, scale: scale * (sigmoid(logits) - targets))
def scaled_residual(logits, targets, scale, out=None):
    """scale (sigmoid(x) - z)."""
    residual = logistic(logits, out)
    residual -= targets
    residual *= scale
    return residual
