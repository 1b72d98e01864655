"""Chapter 3: each equation by a second route that shares no code with the first."""

import heapq
import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from chapters.tools.book import definitions


@pytest.fixture
def code():
    return definitions(3)


def test_3_1(code):
    """The product of probabilities, in fractions, is e^(-N L)."""
    shares = [Fraction(1, 3), Fraction(2, 7), Fraction(5, 11), Fraction(1, 13)]
    found = code["negative_log_likelihood"](np.array([float(p) for p in shares]))
    product = math.prod(shares)
    assert math.exp(-len(shares) * found) == pytest.approx(float(product), rel=1e-12)


def test_3_2(code):
    """Each row sums to 1, and log-ratios are differences of logits."""
    rng = np.random.default_rng(32)
    for shape in ((7,), (3, 5), (2, 3, 11)):
        logits = rng.normal(0, 3, shape)
        p = code["softmax"](logits)
        assert (p > 0).all()
        assert p.sum(-1) == pytest.approx(np.ones(shape[:-1]), rel=1e-12)
        ratios = np.log(p[..., 1:] / p[..., :-1])
        assert ratios == pytest.approx(np.diff(logits), rel=1e-10, abs=1e-12)


def mean_loss(logits, labels):
    """Cross-entropy by loops over floats."""
    rows = zip(logits.tolist(), labels, strict=True)
    each = [math.log(sum(map(math.exp, row))) - row[k] for row, k in rows]
    return sum(each) / len(each)


def test_3_3(code):
    """Central differences of the loss towards every logit."""
    rng = np.random.default_rng(33)
    logits, labels, h = rng.normal(0, 2, (3, 5)), [4, 0, 4], 1e-5
    slopes = code["slope_of_loss"](logits.copy(), np.array(labels))
    for place in itertools.product(range(3), range(5)):
        step = np.zeros((3, 5))
        step[place] = h
        up, down = mean_loss(logits + step, labels), mean_loss(logits - step, labels)
        assert slopes[place] == pytest.approx((up - down) / (2 * h), rel=1e-6, abs=1e-9)


def test_3_4(code):
    """Both parts by loops, and their sum by counting all sequences of three."""
    p, q = [0.2, 0.5, 0.3], [0.6, 0.15, 0.25]
    P, Q = np.array(p), np.array(q)
    by_loops = sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
    assert code["kl"](P, Q) == pytest.approx(by_loops, rel=1e-12)
    assert code["kl"](P, P) == 0 < code["kl"](Q, P) != code["kl"](P, Q)
    expected = 0.0
    for seen in itertools.product(range(3), repeat=3):
        chance = math.prod(p[k] for k in seen)
        expected -= chance * math.log(math.prod(q[k] for k in seen)) / 3
    parts = code["entropy"](P) + code["kl"](P, Q)
    assert parts == pytest.approx(expected, rel=1e-12)


def test_3_5(code):
    """e^l for whole multiples of log 2 is a power of two, which Python adds exactly."""
    for powers in ([3, 1, 0, 5], [2000, 1990, 1999], [-1500, -1500, -1502]):
        lowest = min(powers)
        total = sum(2 ** (k - lowest) for k in powers)
        exact = lowest * math.log(2) + math.log(total)
        with np.errstate(over="ignore", divide="ignore"):
            found = code["log_sum_exp"](np.array(powers) * math.log(2))
        assert found == pytest.approx(exact, rel=1e-12)
    wide = np.array([[0.0, 3000.0, 0.0], [5.0, -4000.0, 1.0]])
    with np.errstate(over="ignore", divide="ignore"):
        found = code["log_sum_exp"](wide)
    assert found == pytest.approx([3000.0, 5 + math.log1p(math.exp(-4))], rel=1e-12)


def huffman(shares) -> dict[int, int]:
    """Length of the code word of each symbol."""
    heap = [(share, i, [i]) for i, share in enumerate(shares)]
    lengths = dict.fromkeys(range(len(shares)), 0)
    heapq.heapify(heap)
    for tie in itertools.count(len(shares)):
        if len(heap) == 1:
            return lengths
        (a, _, left), (b, _, right) = heapq.heappop(heap), heapq.heappop(heap)
        for i in left + right:
            lengths[i] += 1
        heapq.heappush(heap, (a + b, tie, left + right))


def test_3_6(code):
    """For shares that are powers of 1/2 the shortest code is as long as the entropy."""
    for powers in ([1, 2, 3, 3], [2, 2, 2, 3, 4, 4], [1, 2, 3, 4, 5, 6, 6]):
        shares = [0.5**k for k in powers]
        lengths = huffman(shares)
        mean = sum(share * lengths[i] for i, share in enumerate(shares))
        nats = -sum(share * math.log(share) for share in shares)
        assert code["bits"](nats) == pytest.approx(mean, rel=1e-12)
