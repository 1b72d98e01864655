"""Chapter 6: each equation by a second route that shares no code with the first."""

import itertools

import numpy as np
import pytest

import tinygen as tg
from chapters.tools.book import definitions
from tinygen import functional as F

CASES = [(11, 3, 1, 0), (11, 3, 2, 1), (13, 5, 3, 2), (7, 4, 2, 1)]  # H, k, s, p


@pytest.fixture(scope="module")
def code():
    return definitions(6)


def polynomial_product(a, b):
    """Coefficients of the product of two polynomials in two variables."""
    out = np.zeros(np.add(a.shape, b.shape) - 1)
    for (i, j), number in np.ndenumerate(b):
        out[i : i + a.shape[0], j : j + a.shape[1]] += number * a
    return out


def test_6_1(code):
    """Every s-th coefficient, away from the border, of image times turned filter."""
    rng = np.random.default_rng(61)
    for H, k, s, p in CASES:
        x, w = rng.normal(size=(H, H + 2)), rng.normal(size=(k, k))
        product = polynomial_product(np.pad(x, p), w[::-1, ::-1])
        expected = product[k - 1 : 1 - k : s, k - 1 : 1 - k : s]
        found = code["convolved"](x, w, s, p)
        assert found.shape == expected.shape
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


def places(H, k, s, p):
    """Where the filter's first tap may lie, one by one."""
    return [i for i in range(0, H + 2 * p, s) if i + k <= H + 2 * p]


def test_6_2(code):
    """Counted; and the smallest image with so many outputs, by trying."""
    for H, k, s, p in itertools.product(range(5, 20), (1, 3, 4), (1, 2, 3), (0, 1)):
        count = len(places(H, k, s, p))
        assert code["size_after"](H, k, s, p) == count
        smallest = next(h for h in range(1, 40) if len(places(h, k, s, p)) == count)
        if smallest > 1:
            assert code["size_before"](count, k, s, p) == smallest


def by_loops(x, w, s, p):
    """One output after another, one tap after another."""
    padded = [0.0] * p + list(x) + [0.0] * p
    return [
        sum(w[u] * padded[i + u] for u in range(len(w)))
        for i in places(len(x), len(w), s, p)
    ]


def dense(w, H, s, p):
    """The matrix, a column for each unit vector."""
    return np.array([by_loops(unit, w, s, p) for unit in np.eye(H)]).T


def test_6_3(code):
    rng = np.random.default_rng(63)
    for H, k, s, p in CASES:
        w = rng.normal(size=k)
        assert code["matrix_of"](w, H, s, p) == pytest.approx(dense(w, H, s, p))


def test_6_4(code):
    """<Cx, y> = <x, spread(y)>, and every entry of the transpose."""
    rng = np.random.default_rng(64)
    for H, k, s, p in ((11, 3, 1, 0), (11, 3, 2, 1), (12, 4, 3, 2), (14, 4, 2, 1)):
        w, x = rng.normal(size=k), rng.normal(size=H)
        C = dense(w, H, s, p)
        y = rng.normal(size=len(C))
        found = code["spread"](y, w, s, p)
        assert found == pytest.approx(C.T[: len(found)] @ y, rel=1e-12, abs=1e-12)
        padded = np.pad(found, (0, H - len(found)))
        assert np.dot(by_loops(x, w, s, p), y) == pytest.approx(x @ padded, rel=1e-10)


def test_6_5(code):
    """The library's op on ones, borders cut off."""
    for k, s in itertools.product(range(1, 10), range(1, 5)):
        if k < s:
            continue
        ones = tg.ones((1, 1, 12, 12), dtype="float64")
        board = F.conv_transpose2d(
            ones, tg.ones((1, 1, k, k), dtype="float64"), None, s
        )
        inner = board.numpy()[0, 0, k:-k, k:-k]
        assert code["contrast"](k, s) == pytest.approx(inner.max() / inner.min())


def test_6_6(code):
    """Differences of <conv(x, w), g> towards each weight."""
    rng = np.random.default_rng(66)
    for H, k, s, p in CASES:
        x, w = rng.normal(size=H), rng.normal(size=k)
        g = rng.normal(size=len(places(H, k, s, p)))
        found = code["slope_of_weights"](x, g, k, s, p)
        for u in range(k):
            up, down = w.copy(), w.copy()
            up[u], down[u] = up[u] + 0.5, down[u] - 0.5  # linear: any step is exact
            slope = np.dot(by_loops(x, up, s, p), g) - np.dot(
                by_loops(x, down, s, p), g
            )
            assert found[u] == pytest.approx(slope, rel=1e-10, abs=1e-12)
