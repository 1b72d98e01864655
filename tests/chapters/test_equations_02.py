"""Chapter 2: each equation by a second route that shares no code with the first."""

import math

import numpy as np
import pytest

import tinygen as tg
from chapters.tools.book import definitions


@pytest.fixture
def code():
    return definitions(2)


def generic(*shapes):
    """Arrays without symmetry, zeros or ones."""
    rng = np.random.default_rng(7)
    return [
        rng.uniform(0.2, 1.7, shape) * rng.choice([-1, 1], shape) for shape in shapes
    ]


def near(value):
    return pytest.approx(value, rel=1e-11, abs=1e-14)


def test_2_1(code):
    """A function of (2, 3) into (4,), differentiated one input at a time."""
    x, weights, g = generic((2, 3), (6, 4), (4,))
    f = lambda x: tg.tanh(x.reshape(-1) @ weights) * tg.exp(x.reshape(-1)[:4])
    columns, h = [], 1e-5
    for k in range(6):
        step = np.zeros(6)
        step[k] = h
        step = step.reshape(2, 3)
        there, back = (f(tg.tensor(x + s)).numpy() for s in (step, -step))
        columns.append((there - back) / (2 * h))
    table = np.stack(columns, axis=1)
    assert code["jacobian"](f, x) == pytest.approx(table, rel=1e-7, abs=1e-9)
    expected = (table.T @ g).reshape(2, 3)
    assert code["pull"](f, x, g) == pytest.approx(expected, rel=1e-7, abs=1e-9)


def check_matmul(sizes, code):
    rows, inner, columns = sizes
    a, b, g = generic((rows, inner), (inner, columns), (rows, columns))
    to_a, to_b = np.zeros_like(a), np.zeros_like(b)
    for m in range(rows):
        for k in range(inner):
            for n in range(columns):
                to_a[m, k] += g[m, n] * b[k, n]
                to_b[k, n] += g[m, n] * a[m, k]
    for found in (code["matmul_rule"](g, a, b), code["matmul_library"](g, a, b)):
        assert found[0] == near(to_a)
        assert found[1] == near(to_b)


def test_2_2(code):
    """Square matrices too, where a transposed answer has the right shape."""
    for sizes in [(3, 3, 3), (2, 3, 4), (1, 4, 2)]:
        check_matmul(sizes, code)


def test_2_3(code):
    """Each element is followed to the places to which it is copied."""
    cases = [((3, 1), (3, 4)), ((1, 4), (3, 4)), ((4,), (3, 4)), ((1,), (2, 3, 4))]
    cases += [
        ((), (2, 3)),
        ((3, 1), (2, 3, 4)),
        ((3, 4), (3, 4)),
        ((1, 3, 1), (2, 3, 3)),
    ]
    for shape, full in cases:
        (g,) = generic(full)
        numbers = np.arange(math.prod(shape)).reshape(shape)
        places = np.broadcast_to(numbers, full).ravel()
        expected = np.zeros(math.prod(shape))
        for place, value in zip(places, g.ravel(), strict=True):
            expected[place] += value
        expected = expected.reshape(shape)
        for found in (code["unbroadcast"](g, shape), code["sum_to"](g, shape=shape)):
            assert found.shape == shape, (shape, full)
            assert found == near(expected), (shape, full)


def test_2_4(code):
    """The slopes of T log sum exp(x / T) as T falls, for one to four that tie."""
    for ties in (1, 2, 3, 4):
        x = np.array([0.3, -0.7, 0.2, *[1.3] * ties, 0.9])
        for temperature in (0.1, 0.05, 0.01):
            weights = [math.exp((v - 1.3) / temperature) for v in x]
            smooth = 1.7 * np.array(weights) / sum(weights)
        for found in (
            code["max_rule"](1.7, 1.3, x),
            code["max_library"](x, np.array(1.7)),
        ):
            assert found == pytest.approx(smooth, rel=1e-12, abs=1e-12)


def test_2_5(code):
    """A gradient of x.Q x that is too large by 3 parts in 10, at any size."""
    check, rng = code["relative_error"], np.random.default_rng(3)
    for scale in (1.0, 1e-9, 1e6):
        x, g = (v * 1.3 for v in generic((5,), (5,)))
        f = lambda x, scale=scale: scale * x * x
        right = g * scale * 2 * x
        assert check(f, x, g, right, rng) < 1e-8
        one, seed = x[:1], g[:1]
        found = check(f, one, seed, 1.3 * right[:1], rng)
        assert found == pytest.approx(0.3 / 1.3, rel=1e-6)
        many = [check(f, x, g, 1.3 * right, rng) for _ in range(20)]
        assert all(r < 0.3 / 1.3 * (1 + 1e-6) for r in many) and max(many) > 0.05


def test_2_6(code):
    """Two rows of different sums, and numbers of which exp overflows."""
    x = np.array([[1.7, -0.4, 0.6], [0.2, 2.3, -1.9]])
    expected = [[math.exp(v) / sum(map(math.exp, row)) for v in row] for row in x]
    middle = 1.0 / sum(math.exp(v - 800.2) for v in (801.5, 800.2, 797.9))
    for slopes in (code["softmax"], code["logsumexp_slopes"]):
        assert slopes(x) == near(np.array(expected))
        large = slopes(np.array([[801.5, 800.2, 797.9]]))
        assert np.isfinite(large).all() and large[0, 1] == pytest.approx(middle)
