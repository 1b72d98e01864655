"""Chapter 13: each equation by a second route that shares no code with the first."""

import itertools
import math
import statistics
from fractions import Fraction

import numpy as np
import pytest

from chapters.tools.book import definitions
from tinygen import data, rng


@pytest.fixture
def code():
    return definitions(13)


def places(side, k, s, p):
    """How many windows of side k lie on a side with its borders, one by one."""
    starts = range(-p, side + p, s)
    return sum(start + k <= side + p for start in starts)


def painted(side, k, s, p):
    """The pixels that a transposed convolution leaves, borders cut off."""
    touched = {n * s + i for n in range(side) for i in range(k)}
    return len([pixel for pixel in touched if p <= pixel < max(touched) + 1 - p])


def test_13_1(code):
    for k, s, p in itertools.product((2, 3, 4, 5), (1, 2, 3), (0, 1)):
        for side in (7, 11, 28):
            assert code["conv_side"](side, k, s, p) == places(side, k, s, p)
            if k >= s:
                assert code["transposed_side"](side, k, s, p) == painted(side, k, s, p)
    for side in (28, 22, 25):
        shrinks, area, enlarged = code["in_library"](side, rng(side, "13.1"))
        left = side
        for _ in range(shrinks):
            left = places(left, 4, 2, 1)
        assert area == left**2
        assert enlarged == painted(side, 4, 2, 1)


def simpson(f, low, high, n=400):
    """The integral of f."""
    h = (high - low) / n
    inner = sum((4 if k % 2 else 2) * f(low + k * h) for k in range(1, n))
    return (f(low) + inner + f(high)) * h / 3


def test_13_2(code):
    ring = data.plane("ring", std=0.03)
    for w in (0.7, 1.9, 2.6):
        # a disc as strips: x = w sin t, and erf along y
        strip = lambda t, w=w: (
            math.exp(-((w * math.sin(t)) ** 2) / 2)
            / math.sqrt(2 * math.pi)
            * math.erf(w * math.cos(t) / math.sqrt(2))
            * w
            * math.cos(t)
        )
        exact = simpson(strip, -math.pi / 2, math.pi / 2)
        assert code["share_near"](w) == pytest.approx(exact, rel=1e-8)
        chances = (np.arange(400) + 0.5) / 400  # every 400th of the distances
        r = 0.03 * np.sqrt(-2 * np.log1p(-chances))
        turn = 2.4 * np.arange(400)
        points = ring.modes[5] + r[:, None] * np.stack([np.cos(turn), np.sin(turn)], 1)
        found = code["share_counted"](w, points, ring)
        assert found == pytest.approx(exact, abs=1.3 / 400)


def test_13_3(code):
    for counts in ([3, 1, 4, 1, 5], [0, 7, 0, 2, 11, 0]):
        total, K = sum(counts), len(counts)
        shares = [Fraction(n, total) for n in counts]
        exact = sum(float(q) * math.log(q / Fraction(1, K)) for q in shares if q)
        for found in code["unevenness"](np.array(counts)):
            assert found == pytest.approx(exact, rel=1e-12)


def test_13_4(code):
    for K, N in ((3, 6), (4, 5)):
        total = 0.0
        for labels in itertools.product(range(K), repeat=N):
            shares = [labels.count(k) / N for k in range(K)]
            total += sum(q * math.log(K * q) for q in shares if q)
        exact = total / K**N
        assert code["exact_floor"](K, N) == pytest.approx(exact, rel=1e-10)
    for K in (3, 7):  # N E KL = limit + a/N + ...: Richardson removes a
        once, twice = (N * code["exact_floor"](K, N) for N in (600, 1200))
        limit = 2 * twice - once
        assert 1200 * code["floor"](K, 1200) == pytest.approx(limit, rel=1e-4)


def test_13_5(code):
    for m, S in ((3, 7), (4, 5)):
        batches = itertools.product(range(S), repeat=m)
        exact = sum(len(set(batch)) == m for batch in batches) / S**m
        assert code["all_differ"](m, S) == pytest.approx(exact, rel=1e-12)
    m, S = 90, 5000  # -x - x^2 < log(1 - x) < -x, for x < 1/2
    first = m * (m - 1) / 2 / S
    second = (m - 1) * m * (2 * m - 1) / 6 / S**2
    assert math.exp(-first - second) < code["all_differ"](m, S) < math.exp(-first)


def test_13_6(code):
    centres, s = np.array([[0.3, -2.0], [1.9, 0.4], [-0.7, 5.0]]), 0.6
    corners = [(a, b) for a in (-s, s) for b in (-s, s)]
    points = [(x + a, y + b) for x, y in centres for a, b in corners]
    exact = statistics.mean(statistics.pstdev(line) for line in np.transpose(points))
    assert code["spread"](centres, s) == pytest.approx(exact, rel=1e-12)
    assert code["spread_seen"](centres, s) == pytest.approx(exact, rel=1e-6)


def test_13_7(code):
    for decay, angle in ((0.8, 0.7), (0.93, 0.11)):
        past = [(decay**k, k * angle) for k in range(600)]
        weight = sum(share for share, _ in past)
        x = sum(share * math.cos(turn) for share, turn in past) / weight
        y = sum(share * math.sin(turn) for share, turn in past) / weight
        exact = math.hypot(x, y)
        assert code["shrinkage"](decay, angle) == pytest.approx(exact, rel=1e-10)
        turns = angle * np.arange(600)
        circle = np.stack([np.cos(turns), np.sin(turns)], axis=1)
        last = code["averaged"](circle, decay)[-1]
        assert np.hypot(*last) == pytest.approx(exact, rel=1e-10)
