"""Chapter 11: each equation by a second route that shares no code with the first."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from chapters.tools.book import definitions

LOGITS = [0.4, -1.2, 2.5, -0.3]
DATA = [0.4, 0.15, 0.25, 0.2]
SAMPLES = [0.1, 0.45, 0.2, 0.25]


@pytest.fixture
def code():
    return definitions(11)


def value(logits, p, q):
    """V by a loop, with the sigmoid written out."""
    total = 0.0
    for ell, a, b in zip(logits, p, q, strict=True):
        D = 1 / (1 + math.exp(-ell))
        total += a * math.log(D) + b * math.log(1 - D)
    return total


def entropy(*probabilities):
    """Of a table, in nats."""
    return -sum(t * math.log(t) for t in probabilities if t > 0)


def information(p, q):
    """What x tells about the coin: H(X) + H(C) - H(X, C), from the joint table."""
    joint = [a / 2 for a in p] + [b / 2 for b in q]
    mixture = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return entropy(*mixture) + entropy(0.5, 0.5) - entropy(*joint)


def worlds(count, size=5):
    """Random pairs of probabilities."""
    rng = np.random.default_rng(11)
    for _ in range(count):
        yield tuple(rng.dirichlet(np.full(size, 0.7), 2) * 0.99 + 0.01 / size)


def test_11_1(code):
    exact = value(LOGITS, DATA, SAMPLES)
    found = code["V"](np.array(LOGITS), np.log(DATA), np.log(SAMPLES))
    assert found == pytest.approx(exact, rel=1e-12)
    real, fake = (np.repeat(LOGITS, np.round(np.array(t) * 20).astype(int))
                  for t in (DATA, SAMPLES))  # fmt: skip
    V, L_D = code["of_batch"](real, fake)
    assert pytest.approx(exact, rel=1e-12) == V
    assert pytest.approx(-exact, rel=1e-12) == L_D


def test_11_2(code):
    """The maximum by golden sections: flat at the top, so half the digits."""
    golden = (math.sqrt(5) - 1) / 2
    for p, q in [(0.7, 0.2), (0.05, 1.3), (2.1, 0.9)]:
        f = lambda D, p=p, q=q: p * math.log(D) + q * math.log(1 - D)
        low, high = 1e-9, 1 - 1e-9
        for _ in range(60):
            a, b = high - golden * (high - low), low + golden * (high - low)
            low, high = (low, b) if f(a) > f(b) else (a, high)
        found = code["best_D"](math.log(p), math.log(q))
        assert found == pytest.approx(low, rel=1e-6)


def test_11_3(code):
    for p, q in worlds(20):
        best = [math.log(a / b) for a, b in zip(p, q, strict=True)]
        exact = information(p, q)
        found = code["jensen_shannon"](np.log(p), np.log(q))
        assert found == pytest.approx(exact, rel=1e-10)
        assert -math.log(4) + 2 * found == pytest.approx(value(best, p, q), rel=1e-10)


def test_11_4(code):
    for settings in [(-0.4, 0.8, 0.9, 1.9), (1.3, 2.1, 0.2, 0.6)]:
        p, q = NormalDist(*settings[:2]), NormalDist(*settings[2:])
        for x in (-1.7, 0.3, 2.2):
            D = p.pdf(x) / (p.pdf(x) + q.pdf(x))
            found = code["gaussian_logit"](x, *settings)
            assert found == pytest.approx(math.log(p.pdf(x) / q.pdf(x)), rel=1e-10)
            assert found == pytest.approx(math.log(D / (1 - D)), rel=1e-10)


def test_11_5(code):
    rng = np.random.default_rng(5)
    for p, q in worlds(20):
        truth = information(p, q)
        for scale in (0.1, 1.0, 3.0):
            other = scale * rng.standard_normal(len(p))
            assert code["witnessed"](-value(other, p, q)) < truth < math.log(2)
        best = [math.log(a / b) for a, b in zip(p, q, strict=True)]
        assert code["witnessed"](-value(best, p, q)) == pytest.approx(truth, rel=1e-10)
    apart = value([30.0, 30.0, -30.0], [0.3, 0.7, 0], [0, 0, 1])
    assert code["witnessed"](-apart) == pytest.approx(math.log(2), rel=1e-12)


def test_11_6(code):
    rng = np.random.default_rng(6)
    for p, q in worlds(10):
        best = [math.log(a / b) for a, b in zip(p, q, strict=True)]
        other = rng.standard_normal(len(p))
        exact = value(best, p, q) - value(other, p, q)
        found = code["shortfall"](other, np.log(p), np.log(q))
        assert found == pytest.approx(exact, rel=1e-9)


def test_11_7(code):
    """Twenty samples that are q exactly; their weights make them p."""
    worth = [1.7, -0.6, 3.1, 0.2]
    count = [round(20 * b) for b in SAMPLES]
    which = np.repeat(range(4), count)
    ratio = np.log(DATA) - np.log(np.array(count) / 20)
    exact = sum(a * f for a, f in zip(DATA, worth, strict=True))
    for shift in (0.0, -3.3):  # D's logits may be off by a constant
        found = code["reweighted"](np.array(worth)[which], ratio[which] + shift)
        assert found == pytest.approx(exact, rel=1e-12)
