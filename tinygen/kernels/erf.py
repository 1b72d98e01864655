"""The error function erf(x) = 2/sqrt(pi) * integral of exp(-s^2) from 0 to x.

NumPy has none, and Python's `math.erf` takes one number at a time.  Here

    erf(x) = tanh(x r(x^2)),

which *defines* r, a smooth function that starts at 2/sqrt(pi).  Where tanh has come
near 1 an error in r hardly matters, so a short series for r is enough.  Two terms, r
linear in x^2, are the well-known `gelu_tanh`, four digits; this is the same formula
carried on to all digits.  The series is a polynomial not in x^2, where it would
converge slowly, but in

    t = -1 + 2 (1 + b/m^2) x^2 / (x^2 + b),          t from -1 to 1 for |x| from 0 to m,

and its coefficients come from asking `math.erf`: a least-squares fit at the Chebyshev
points, weighted by what an error of r does to erf.  No table of numbers.

Source: Hendrycks & Gimpel, arXiv 1606.08415, for two terms; Trefethen, "Approximation
Theory and Approximation Practice", chapter 3, for the points.  The rest is our own.
"""

import math
from functools import cache

import numpy as np

from tinygen.kernels.blocks import blocked

# `most`: beyond it, erf(x) rounds to 1.  `degree`: from there on the error stops
# falling; the bend b = 12 is the one for which that is soonest.
FLOAT64 = {"most": 6.25, "bend": 12.0, "degree": 20}
FLOAT32 = {"most": 4.5, "bend": 12.0, "degree": 5}


def rate(x):
    """r(x^2) = atanh(erf(x)) / x, of one number x >= 0."""
    if x < 1e-8:
        return 2 / math.sqrt(math.pi)
    if x < 0.5:
        return math.atanh(math.erf(x)) / x
    return 0.5 * (math.log1p(math.erf(x)) - math.log(math.erfc(x))) / x


def sensitivity(x):
    """The relative error of erf(x) for an error 1 of r: (1 - erf^2) x / erf."""
    if x < 1e-8:
        return math.sqrt(math.pi) / 2
    return math.erfc(x) * (1 + math.erf(x)) * x / math.erf(x)


@cache
def coefficients(most, bend, degree, points=400):
    """r as a polynomial in t, highest power first."""
    t = np.cos(np.pi * (np.arange(points) + 0.5) / points)
    quotient = (t + 1) / (2 * (1 + bend / most**2))  # x^2 / (x^2 + bend)
    x = np.sqrt(bend * quotient / (1 - quotient)).tolist()
    weights = [max(sensitivity(v), 1e-12) for v in x]
    series = np.polynomial.chebyshev.chebfit(t, list(map(rate, x)), degree, w=weights)
    return np.polynomial.chebyshev.cheb2poly(series)[::-1].tolist()


def erf_plain(xp, x):
    """`math.erf` of every element; on a GPU, the compiler's own."""
    return xp.erf(x) if xp is not np else np.vectorize(math.erf, otypes=[x.dtype])(x)


@blocked(erf_plain)
def erf(x, out=None):
    """The error function, odd, from -1 to 1; erf(nan) = nan.

    x : any shape -> the same shape.  Relative error 2e-15 in float64, 3e-7 in float32.
    """
    settings = FLOAT32 if x.dtype == np.float32 else FLOAT64
    most, bend = settings["most"], settings["bend"]
    scale = 2 * (1 + bend / most**2)
    x = np.clip(x, -most, most)
    t = x * x
    t += bend
    np.divide(-scale * bend, t, out=t)
    t += scale - 1
    first, *middle, last = coefficients(**settings)
    y = np.multiply(t, first, out=out)
    for c in middle:  # Horner's rule
        y += c
        y *= t
    y += last
    y *= x
    return np.tanh(y, out=y)
