"""Chapter 7: each equation by a second route that shares no code with the first."""

import itertools
import math

import numpy as np
import pytest

from chapters.tools.book import definitions


@pytest.fixture(scope="module")
def code():
    return definitions(7)


def moments(numbers):
    """Mean and variance, over n, of a list."""
    mean = sum(numbers) / len(numbers)
    return mean, sum((x - mean) ** 2 for x in numbers) / len(numbers)


def test_7_1(code):
    draw = np.random.default_rng(71)
    x, eps = draw.normal(2, 0.7, (3, 2, 2, 4)), 0.3
    gamma, beta = draw.normal(1.5, 1, 2), draw.normal(0.7, 1, 2)
    hat = code["normalised"](x, eps)
    whole = code["batch_norm"](x, gamma, beta, eps)
    for c in range(2):
        mean, var = moments(list(x[:, c].ravel()))
        for i, h, w in itertools.product(range(3), range(2), range(4)):
            expected = (x[i, c, h, w] - mean) / math.sqrt(var + eps)
            assert hat[i, c, h, w] == pytest.approx(expected, rel=1e-10)
            expected = gamma[c] * expected + beta[c]
            assert whole[i, c, h, w] == pytest.approx(expected, rel=1e-9)


def through(x, gamma, eps):
    """Batch norm of columns, number by number."""
    out = np.empty_like(x)
    for c in range(x.shape[1]):
        mean, var = moments(list(x[:, c]))
        out[:, c] = [gamma[c] * (v - mean) / math.sqrt(var + eps) for v in x[:, c]]
    return out


def slopes(loss, x, h=1e-5):
    """Central differences."""
    found = np.empty_like(x)
    for place in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[place] += h
        down[place] -= h
        found[place] = (loss(up) - loss(down)) / (2 * h)
    return found


def test_7_2(code):
    draw = np.random.default_rng(72)
    x, g = draw.normal(3, 1.3, (2, 6, 2))
    gamma, eps = np.array([0.7, -1.6]), 0.2
    expected = slopes(lambda v: (g * through(v, gamma, eps)).sum(), x)
    assert code["backward"](g, x, gamma, eps) == pytest.approx(
        expected, rel=1e-7, abs=1e-9
    )


def test_7_3(code):
    draw, alpha = np.random.default_rng(73), 0.23
    batches = [draw.normal(1.5, 2, (5, 2)) for _ in range(4)]
    found = np.array([2.7, 0.4])
    for seen in batches:
        found = code["remembered"](found, seen, alpha)
    means, variances = code["running_of"](batches, alpha)
    for c in range(2):
        weights = [alpha * (1 - alpha) ** age for age in (3, 2, 1, 0)]
        each = [moments(list(seen[:, c])) for seen in batches]
        later = sum(w * v * 5 / 4 for w, (_, v) in zip(weights, each, strict=True))
        first = [2.7, 0.4][c] * (1 - alpha) ** 4
        assert found[c] == pytest.approx(first + later, rel=1e-12)
        assert variances[c] == pytest.approx((1 - alpha) ** 4 + later, rel=1e-12)
        mean = sum(w * m for w, (m, _) in zip(weights, each, strict=True))
        assert means[c] == pytest.approx(mean, rel=1e-12)


def test_7_4(code):
    draw, eps = np.random.default_rng(74), 1e-5
    x = draw.normal(size=(3, 6, 2, 3)) * np.arange(1, 7)[:, None, None] + 2
    for groups in (1, 2, 3, 6):
        found, library = (
            code["in_groups"](x, groups, eps),
            code["group_norm"](x, groups),
        )
        size = 6 // groups
        for i, k in itertools.product(range(3), range(groups)):
            part = x[i, k * size : (k + 1) * size]
            mean, var = moments(list(part.ravel()))
            expected = (part - mean) / math.sqrt(var + eps)
            for out in (found, library):
                own = out[i, k * size : (k + 1) * size]
                assert own == pytest.approx(expected, rel=1e-9, abs=1e-12)


def loss_of(x, g):
    """L of weights: inner product of g and the normalised sums, in plain numbers."""
    ones = np.ones(g.shape[1])
    return lambda W: (g * through(x @ W, ones, 0.0)).sum()


def test_7_5(code):
    draw = np.random.default_rng(75)
    x, g, W = (
        draw.normal(size=(8, 4)),
        draw.normal(size=(8, 2)),
        draw.normal(size=(4, 2)),
    )
    loss = loss_of(x, g)
    assert loss(2.6 * W) == pytest.approx(loss(W), rel=1e-12)
    found = code["slope_at"](W, x, g)
    assert found == pytest.approx(slopes(loss, W), rel=1e-7, abs=1e-9)
    for unit in range(2):
        assert abs(W[:, unit] @ found[:, unit]) < 1e-12
    longer = code["slope_at"](2.6 * W, x, g)
    assert longer == pytest.approx(slopes(loss, W) / 2.6, rel=1e-7, abs=1e-9)


def test_7_6(code):
    """Three steps by hand; and the angle that a long and a short vector turn."""
    draw, lr = np.random.default_rng(76), 0.3
    x, g = draw.normal(size=(8, 4)), draw.normal(size=(8, 1))
    loss = loss_of(x, g)
    W = draw.normal(size=(4, 1))
    square = sum(float(w) ** 2 for w in W.ravel())
    for _ in range(3):
        slope = slopes(loss, W)
        before, W = W, W - lr * slope
        square = code["grown"](square, float((slope**2).sum()), lr)
        assert square == pytest.approx(float((W**2).sum()), rel=1e-7)
    length = math.sqrt(float((before**2).sum()))
    turned = float((before * W).sum()) / length / math.sqrt(square)
    short = before / length
    step = code["effective"](lr, length**2)
    moved = short - step * slopes(loss, short)
    again = float((short * moved).sum()) / math.sqrt(float((moved**2).sum()))
    assert math.acos(again) == pytest.approx(math.acos(turned), rel=1e-5)


def test_7_7(code):
    for first, second, eps in ((3.1, 2.4, 0.2), (-0.3, 1.9, 1e-5), (7.0, 6.9, 1e-3)):
        mean, var = moments([first, second])
        expected = (first - mean) / math.sqrt(var + eps)
        assert code["of_two"](first, second, eps) == pytest.approx(expected, rel=1e-9)
    assert code["of_two"](900.0, 2.0) == pytest.approx(1, rel=1e-8)
