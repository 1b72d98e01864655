"""Chapter 15: each equation by a second route that shares no code with the first."""

import itertools
import math
import statistics
from fractions import Fraction

import numpy as np
import pytest

from chapters.tools.book import definitions


@pytest.fixture
def code():
    return definitions(15)


def random(number):
    return np.random.default_rng([15, number])


def test_15_1(code):
    own = random(1)
    labels = own.integers(4, size=23)
    real, fake = own.normal(0.4, 2, (23, 1)), own.normal(-0.8, 2, (23, 1))
    log_D = lambda logit: -math.log1p(math.exp(-logit))
    total = sum(
        log_D(a) + log_D(-b) for a, b in zip(real[:, 0], fake[:, 0], strict=True)
    )
    assert code["by_class"](real, fake, labels) == pytest.approx(total / 23, rel=1e-10)


def highest(f, low, high):
    """Where f is highest, by golden section."""
    shrink = (math.sqrt(5) - 1) / 2
    for _ in range(120):
        a, b = high - shrink * (high - low), low + shrink * (high - low)
        low, high = (low, b) if f(a) > f(b) else (a, high)
    return (low + high) / 2


def gain(a, b):
    """What a logit l gets at a place with masses a of data and b of samples."""
    return lambda l: -a * math.log1p(math.exp(-l)) - b * math.log1p(math.exp(l))


def test_15_2(code):
    own = random(2)
    p, q = own.random((3, 4)) + 0.1, own.random((3, 4)) + 0.1
    p, q = p / p.sum(), q / q.sum()
    whole, parts = code["best_logit"](p, q), code["two_parts"](p, q)
    for x, y in itertools.product(range(3), range(4)):
        best = highest(gain(p[x, y], q[x, y]), -8, 8)
        assert whole[x, y] == pytest.approx(best, abs=1e-6)
        assert (parts[0] + parts[1])[x, y] == pytest.approx(best, abs=1e-6)
        best = highest(gain(p[x].sum(), q[x].sum()), -8, 8)
        assert parts[0][x, 0] == pytest.approx(best, abs=1e-6)


def softmax(weights, phi, y):
    """One entry of a softmax, written out."""
    scores = [
        math.exp(sum(a * b for a, b in zip(w, phi, strict=True))) for w in weights
    ]
    return scores[y] / sum(scores)


def test_15_3(code):
    own = random(3)
    u, v = own.normal(size=(3, 4)), own.normal(size=(3, 4))
    phi, label, other = own.normal(size=(5, 4)), [0, 2, 1, 2, 1], [1, 0, 2, 1, 0]
    label, other = np.array(label), np.array(other)
    gap = code["by_projection"](phi, u, v, label)
    gap = gap - code["by_projection"](phi, u, v, other)
    odds = code["by_odds"](phi, u, v, label, other)
    for n, (a, b) in enumerate(zip(label, other, strict=True)):
        data = softmax(u, phi[n], a) / softmax(u, phi[n], b)
        model = softmax(v, phi[n], a) / softmax(v, phi[n], b)
        assert gap[n] == pytest.approx(math.log(data / model), rel=1e-4, abs=1e-5)
        assert odds[n] == pytest.approx(math.log(data / model), rel=1e-10)


def test_15_4(code):
    own = random(4)
    x, labels = own.normal(1.5, 2, (5, 3, 2, 4)), np.array([1, 0, 3, 1, 2])
    gamma, beta = own.normal(1, 0.5, (4, 3)), own.normal(0, 2, (4, 3))
    found = [code[f](x, labels, gamma, beta) for f in ("conditional_norm", "by_layer")]
    for k in range(3):
        pixels = x[:, k].ravel().tolist()
        mean, variance = statistics.fmean(pixels), statistics.pvariance(pixels)
        for n in range(5):
            normal = (x[n, k] - mean) / math.sqrt(variance + 1e-5)
            exact = gamma[labels[n], k] * normal + beta[labels[n], k]
            assert found[0][n, k] == pytest.approx(exact, rel=1e-9)
            assert found[1][n, k] == pytest.approx(exact, rel=1e-4, abs=1e-5)


def test_15_5(code):
    whole = [[5, 2, 1, 0], [1, 1, 1, 5], [0, 7, 0, 1], [2, 2, 3, 1]]  # eighths
    total = sum(
        Fraction(n, 8) * math.factorial(3) for row in whole for n in row
    ) / math.factorial(4)
    M = np.array(whole) / 8
    assert code["mean_accuracy"](M) == pytest.approx(float(total / 4), rel=1e-12)
    shares = [Fraction(whole[k][k], 8) for k in range(4)]
    assert code["accuracy"](M) == pytest.approx(float(sum(shares) / 4), rel=1e-12)


def test_15_6(code):
    t, rows = Fraction(9, 10), [[6, 1, 1], [2, 5, 1], [0, 3, 5]]  # eighths
    seen, true = Fraction(0), Fraction(0)
    for y, drawn, told in itertools.product(range(3), repeat=3):
        chance = Fraction(1, 3) * Fraction(rows[y][drawn], 8)
        chance *= t if told == drawn else (1 - t) / 2
        seen += chance * (told == y)
        true += chance * (drawn == y)
    M = np.array(rows) / 8
    assert code["seen_accuracy"](float(true), 0.9, K=3) == pytest.approx(float(seen))
    assert code["judged"](M, 0.9) == pytest.approx(float(seen))


def test_15_7(code):
    phi, s = np.array([0.3, -1.7, 2.2, 0.9]), 0.6
    squares = [
        sum(s * sign * f for sign, f in zip(signs, phi, strict=True)) ** 2
        for signs in itertools.product((-1, 1), repeat=4)
    ]
    exact = statistics.fmean(squares)
    assert code["loudness"](phi, s) == pytest.approx(exact, rel=1e-12)
    phi = random(7).normal(size=30)
    found = code["loudness_seen"](phi, 20_000, random(8))
    error = math.sqrt(2 / 20_000)  # of the mean of a squared Gaussian, relative
    assert found == pytest.approx(sum(f * f for f in phi) / 30, rel=5 * error)
