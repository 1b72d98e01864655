"""Chapter 4: each equation by a second route that shares no code with the first."""

import itertools
import math

import numpy as np
import pytest

from chapters.tools.book import definitions

erf = np.vectorize(math.erf)


@pytest.fixture(scope="module")
def code():
    return definitions(4)


def test_4_1(code):
    """E erf(sqrt(q) z)^2 = (2/pi) arcsin(2q / (1 + 2q)): Williams 1998."""
    for q, ns2 in [(0.3, 1.0), (1.7, 2.3), (11.0, 0.6)]:
        exact = ns2 * 2 / math.pi * math.asin(2 * q / (1 + 2 * q))
        assert code["next_square"](q, ns2, erf) == pytest.approx(exact, rel=1e-6)


def sign_matrices(n, count):
    """All tuples of `count` matrices (n, n) of +1 and -1."""
    for signs in itertools.product((1.0, -1.0), repeat=count * n * n):
        yield np.array(signs).reshape(count, n, n)


def test_4_2(code):
    """Over all signs, E |relu(W2 relu(W1 x))|^2 = |x|^2 if s^2 is He's."""
    x, s = np.array([0.7, -1.9]), math.sqrt(code["he_variance"](2))
    total = 0.0
    for first, second in sign_matrices(2, 2):
        h = np.maximum(s * first @ x, 0)
        total += (np.maximum(s * second @ h, 0) ** 2).sum()
    assert total / 2**8 == pytest.approx(x @ x, rel=1e-12)
    weights = code["he_weights"]((50, 4000), np.random.default_rng(42))
    assert weights.shape == (50, 4000)
    assert weights.var() == pytest.approx(2 / 50, rel=0.02)  # 0.3 % is one s.e.


def test_4_3(code):
    """erf' is 2/sqrt(pi) e^(-t^2): its mean square is 4/pi / sqrt(1 + 4q)."""
    slope = lambda t: 2 / math.sqrt(math.pi) * np.exp(-(t**2))
    for q, ns2 in [(0.3, 1.0), (1.7, 2.3), (6.0, 0.6)]:
        exact = ns2 * 4 / math.pi / math.sqrt(1 + 4 * q)
        found = code["backward_factor"](q, ns2, slope)
        assert found == pytest.approx(exact, rel=1e-6)


def test_4_4(code):
    """The root by bisection, its expectation by Gauss-Hermite quadrature."""
    z, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    for ns2 in (1.3, 2.0, 4.0):
        low, high = 1e-6, 50.0
        for _ in range(80):
            q = (low + high) / 2
            ahead = ns2 * weights @ np.tanh(math.sqrt(q) * z) ** 2
            low, high = (q, high) if ahead > q else (low, q)
        assert code["resting_square"](ns2) == pytest.approx(low, rel=1e-5)
    assert code["resting_square"](0.8) < 1e-9


def test_4_5(code):
    """Mean squares of W h and of g W^T, over those of h and g, average 1."""
    draw = np.random.default_rng(45)
    n, above = 700, 1900
    for weights in (
        draw.normal(0, math.sqrt(code["glorot_variance"](n, above)), (n, above)),
        code["glorot_weights"]((n, above), draw),
    ):
        h, g = draw.normal(size=(9, n)), draw.normal(size=(9, above))
        forward = ((h @ weights) ** 2).mean() / (h**2).mean()
        backward = ((g @ weights.T) ** 2).mean() / (g**2).mean()
        assert (forward + backward) / 2 == pytest.approx(1, rel=0.05)
        assert forward < 0.7 and backward > 1.3


def test_4_6(code):
    """Two linear residual layers, every pattern of signs."""
    x, s = np.array([0.7, -1.9]), math.sqrt(1 / 2)
    total = 0.0
    for matrices in sign_matrices(2, 2):
        h = x
        for matrix in matrices:
            h = h + s * matrix @ h / math.sqrt(2)
        total += h @ h
    growth = total / 2**8 / (x @ x)
    assert code["residual_growth"](2) == pytest.approx(growth, rel=1e-12)
    assert code["residual_growth"](10**6) == pytest.approx(math.e, rel=1e-5)
