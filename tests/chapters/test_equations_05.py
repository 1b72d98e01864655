"""Chapter 5: each equation by a second route that shares no code with the first."""

import math
from fractions import Fraction

import numpy as np
import pytest

from chapters.tools.book import definitions


@pytest.fixture(scope="module")
def code():
    return definitions(5)


def test_5_1(code):
    """Descent on a rotated quadratic: each eigendirection by its own factor."""
    rng = np.random.default_rng(51)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    curvatures = np.array([0.3, 2.0, 7.1])
    matrix = turn @ np.diag(curvatures) @ turn.T
    for eta in (0.05, 0.2, 0.31):
        w = rng.normal(size=3)
        after = w - eta * matrix @ w
        factors = np.abs((turn.T @ after) / (turn.T @ w))
        found = [code["growth"](eta, c) for c in curvatures]
        assert found == pytest.approx(factors, rel=1e-10)
    assert code["growth"](2 / 7.1, 7.1) == pytest.approx(1)


def test_5_2(code):
    """The best step by golden-section search of the slower end."""
    for mu, lam in [(0.7, 6.1), (1.3, 1.9), (0.02, 5.0)]:
        slower = lambda t, mu=mu, lam=lam: max(abs(1 - t * mu), abs(1 - t * lam))
        low, high = 0.0, 2 / lam
        golden = (math.sqrt(5) - 1) / 2
        for _ in range(90):
            a, b = high - golden * (high - low), low + golden * (high - low)
            low, high = (low, b) if slower(a) < slower(b) else (a, high)
        eta, rho = code["best_plain"](mu, lam)
        assert eta == pytest.approx(low, rel=1e-8)
        assert rho == pytest.approx(slower(low), rel=1e-6)


def test_5_3(code):
    """The size of (w, v) over the second half of 4,000 steps, scaled as it goes."""
    for eta, beta, lam in [(0.05, 0.6, 5.3), (0.3, 0.9, 2.0), (0.02, 0.3, 1.0)]:
        w, v, grown = 1.0, 0.0, 0.0
        for t in range(4000):
            v = beta * v + lam * w
            w = w - eta * v
            size = math.hypot(w, v)
            w, v = w / size, v / size
            grown += math.log(size) if t >= 2000 else 0.0
        found = code["momentum_growth"](eta, beta, lam)
        assert found == pytest.approx(math.exp(grown / 2000), rel=2e-3)


def slower_end(eta, beta, mu, lam):
    """Largest eigenvalue of (w, v) -> one step, of both ends."""
    maps = [np.array([[1 - eta * c, -eta * beta], [c, beta]]) for c in (mu, lam)]
    return max(np.abs(np.linalg.eigvals(m)).max() for m in maps)


def test_5_4(code):
    """Faster than every pair around it; and as fast as it says."""
    for mu, lam in [(0.5, 8.0), (1.0, 30.0)]:
        eta, beta = code["best_momentum"](mu, lam)
        here = slower_end(eta, beta, mu, lam)
        assert here == pytest.approx(math.sqrt(beta), rel=1e-6)
        for a in np.linspace(0.4, 1.6, 25):
            for b in np.linspace(0.0, 0.99, 34):
                assert slower_end(a * eta, b, mu, lam) >= here - 1e-6


def test_5_5(code):
    """Both means as sums over all gradients so far, weights written out."""
    gradients = [0.3, -1.7, 2.2, 0.01, -0.4]
    m = v = 0.0
    for t in range(1, 6):
        m, v, step = code["adam_step"](m, v, gradients[t - 1], t, lr=0.07)
        ages = range(t)  # 0 for the newest
        first = [0.9**a for a in ages]
        second = [0.999**a for a in ages]
        newest = gradients[:t][::-1]
        mean = sum(c * g for c, g in zip(first, newest, strict=True)) / sum(first)
        square = sum(c * g * g for c, g in zip(second, newest, strict=True))
        expected = 0.07 * mean / (math.sqrt(square / sum(second)) + 1e-8)
        assert step == pytest.approx(expected, rel=1e-9)
    _, _, step = code["adam_step"](0.0, 0.0, 1e-8, 1, lr=1.0)
    assert step == pytest.approx(0.5, rel=1e-6)  # g / (|g| + epsilon)


def test_5_6(code):
    """m and v in fractions; squares are compared, so no root is taken."""
    m = v = Fraction(0)
    g = Fraction(3, 7)
    for t in range(1, 30):
        m = m * Fraction(9, 10) + g / 10
        v = v * Fraction(999, 1000) + g * g / 1000
        assert code["uncorrected"](t) ** 2 == pytest.approx(float(m * m / v), rel=1e-9)
    assert code["uncorrected"](1) == pytest.approx(math.sqrt(10), rel=1e-9)
