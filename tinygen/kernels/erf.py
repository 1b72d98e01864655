"""The error function erf(x) = 2/sqrt(pi) * integral of exp(-s^2) from 0 to x.

NumPy has none, Python's `math.erf` takes one number at a time.  Here

    erf(x)^2 = 1 - exp(-x^2 h(x^2)),        h falls gently from 4/pi to 1,

which *defines* h.  The square root halves every error, and where the exponential
vanishes an error in h does not matter, so a short series for h is enough.  Winitzki
took h as a ratio of two linear functions of x^2, that is, as a straight line in

    t = -1 + 2 (1 + c/r^2) x^2 / (x^2 + c),             t from -1 to 1 for |x| <= r.

`coefficients` goes on from the line to a polynomial in t: the Chebyshev interpolant
of h, which is found by asking `math.erf` at the Chebyshev points.  No table of numbers.

Source: S. Winitzki, "A handy approximation for the error function and its inverse",
2008; L. N. Trefethen, "Approximation Theory and Approximation Practice", chapter 3.
"""

import math
from functools import cache

import numpy as np

from tinygen.backend import xp_of
from tinygen.kernels.blocks import blocked

# Beyond |x| = reach, erf(x) rounds to +-1.  Found by trying: the degree after which
# the error stops falling, and the bend c for which that degree is least.
FLOAT64 = {"reach": 6.0, "bend": 12.0, "degree": 28}
FLOAT32 = {"reach": 4.0, "bend": 6.0, "degree": 7}
TINY = 1e-30  # keeps 0/0 out of the quotient below; x^2 loses nothing by it


def decay_rate(u):
    """h(u) = -log(1 - erf(sqrt(u))^2) / u, of one number u >= 0; h(0) = 4/pi."""
    if u < TINY:
        return 4 / math.pi
    x = math.sqrt(u)
    if x < 1:
        return -math.log1p(-(math.erf(x) ** 2)) / u
    return -(math.log(math.erfc(x)) + math.log1p(math.erf(x))) / u


@cache
def coefficients(reach, bend, degree, points=200):
    """h as a polynomial in t, highest power first."""
    scale = 2 * (1 + bend / reach**2)
    angles = np.pi * (np.arange(points) + 0.5) / points
    quotients = (np.cos(angles) + 1) / scale  # u / (u + bend) at the Chebyshev points
    values = [decay_rate(bend * q / (1 - q)) for q in quotients]
    series = 2 / points * np.cos(np.outer(np.arange(degree + 1), angles)) @ values
    series[0] /= 2
    return np.polynomial.chebyshev.cheb2poly(series)[::-1].tolist()


def erf_plain(x):
    """`math.erf` of every element; on a GPU, CuPy's own erf."""
    if xp_of(x) is not np:
        from cupyx.scipy.special import erf as erf_on_gpu  # absent without CuPy

        return erf_on_gpu(x)
    return np.vectorize(math.erf, otypes=[x.dtype])(x)


@blocked(erf_plain)
def erf(x, out=None):
    """The error function, odd, from -1 to 1; erf(nan) = nan.

    x : any shape -> the same shape.  Relative error 2e-15 in float64, 3e-7 in float32.
    """
    settings = FLOAT32 if x.dtype == np.float32 else FLOAT64
    x = np.clip(x, -settings["reach"], settings["reach"])
    u = x * x
    u += TINY
    y = decay_rate_series(u, out, **settings)
    y *= u
    np.negative(y, out=y)
    np.expm1(y, out=y)
    y /= u
    np.negative(y, out=y)
    np.sqrt(y, out=y)
    y *= x
    return np.clip(y, -1.0, 1.0, out=y)


def decay_rate_series(u, out, reach, bend, degree):
    """h(u) of an array, by Horner's rule in t = scale u / (u + bend) - 1."""
    scale = 2 * (1 + bend / reach**2)
    t = u + bend
    np.divide(-scale * bend, t, out=t)
    t += scale - 1
    first, *middle, last = coefficients(reach, bend, degree)
    y = np.multiply(t, first, out=out)
    for c in middle:
        y += c
        y *= t
    y += last
    return y
