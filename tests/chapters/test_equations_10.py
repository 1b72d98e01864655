"""Chapter 10: each equation by a second route that shares no code with the first."""

import itertools
import math

import numpy as np
import pytest

from chapters.tools.book import definitions


@pytest.fixture
def code():
    return definitions(10)


def plane_distance(mean_a, cov_a, mean_b, cov_b):
    """In the plane, for stacks too: tr sqrt(M) = sqrt(tr M + 2 sqrt(det M))."""
    product = cov_a @ cov_b
    trace = np.trace(product, axis1=-2, axis2=-1)
    root = np.sqrt(trace + 2 * np.sqrt(np.linalg.det(product)))
    spread = np.trace(cov_a + cov_b, axis1=-2, axis2=-1)
    return ((mean_a - mean_b) ** 2).sum(-1) + spread - 2 * root


def test_10_1(code):
    draws = np.random.default_rng(0)
    roots = draws.normal(size=(2, 2, 2))
    covs = roots @ roots.transpose(0, 2, 1)
    means = np.array([[0.3, -1.0], [1.1, 0.4]])
    moments = means[0], covs[0], means[1], covs[1]
    exact = plane_distance(*moments)
    assert code["by_product"](*moments) == pytest.approx(exact, rel=1e-10)
    assert code["by_library"](*moments) == pytest.approx(exact, rel=1e-10)
    # y = A x with A symmetric carries N(0, S) to N(0, A S A) the cheapest way
    root, half = draws.normal(size=(2, 3, 3))
    S, A = root @ root.T, half @ half.T
    cost = np.trace((A - np.eye(3)) @ S @ (A - np.eye(3)))
    moments = np.zeros(3), S, np.zeros(3), A @ S @ A
    assert code["by_product"](*moments) == pytest.approx(cost, rel=1e-9)
    assert code["by_library"](*moments) == pytest.approx(cost, rel=1e-9)


def estimates(draws, x):
    """Means and covariances of stacks of sets x (K, N, 2)."""
    mean = x.mean(1)
    away = x - mean[:, None]
    return mean, away.transpose(0, 2, 1) @ away / (x.shape[1] - 1)


def test_10_2(code):
    draws, n, times = np.random.default_rng(1), 400, 3000
    scales = np.sqrt([3.0, 0.5])
    sets = (
        estimates(draws, scales * draws.standard_normal((times, n, 2), dtype="f"))
        for _ in "ab"
    )
    found = n * plane_distance(*next(sets), *next(sets))
    error = found.std() / math.sqrt(times)
    assert error < 0.02 * found.mean()
    promised = 2 * code["bias"](np.diag(scales**2))
    assert abs(promised - found.mean()) < 3 * error
    exact = code["one_feature"](0.8, 4000)  # by the gamma function
    assert 2 * code["bias"](np.array([[0.8]])) == pytest.approx(exact, rel=1e-3)


def test_10_3(code):
    draws, shift = np.random.default_rng(2), np.array([0.5, 0.0, 0.2])
    found = []
    for _ in range(400):
        a, b = draws.standard_normal((2, 40, 3))
        found.append(code["extrapolated"](a, 1.5 * b + shift))
    exact = shift @ shift + 3 * 0.5**2
    error = np.std(found) / math.sqrt(400)
    assert error < 0.04 * exact
    assert abs(np.mean(found) - exact) < 4 * error
    line = [0.7 + 13 / n for n in (10, 20, 50)]
    assert code["from_line"]([10, 20, 50], line) == pytest.approx(0.7, rel=1e-10)


def test_10_4(code):
    points = np.array([[0.4, -1.0], [1.3, 0.2], [-0.6, 0.9]])
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.3, 0.6])
    # (x.y / 2 + 1)^3 is the product of features of x and of y
    terms = [
        (i, j, math.factorial(3) / math.prod(map(math.factorial, (i, j, 3 - i - j))))
        for i in range(4)
        for j in range(4 - i)
    ]
    features = np.array(
        [
            [math.sqrt(c / 2 ** (i + j)) * x**i * y**j for i, j, c in terms]
            for x, y in points
        ]
    )
    exact = np.sum((p @ features - q @ features) ** 2)
    means = {"mmd2": 0.0, "mmd2_by_loops": 0.0}
    for places in itertools.product(range(3), repeat=5):
        first, second = list(places[:2]), list(places[2:])
        chance = p[first].prod() * q[second].prod()
        for name in means:
            means[name] += chance * code[name](points[first], points[second])
    for name, found in means.items():
        assert found == pytest.approx(exact, rel=1e-10), name


def covered(centres, points, k):
    """The share of points in the union of intervals about the centres."""
    intervals = []
    for c in centres:
        radius = sorted(abs(c - other) for other in centres)[k]
        intervals.append((c - radius, c + radius))
    merged = []
    for low, high in sorted(intervals):
        if merged and low <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], high)
        else:
            merged.append([low, high])
    return sum(any(a <= x <= b for a, b in merged) for x in points) / len(points)


def test_10_5(code):
    draws = np.random.default_rng(3)
    for _ in range(8):
        real, samples = draws.normal(size=25), 0.3 * draws.standard_cauchy(20) + 0.8
        exact = covered(real, samples, 3), covered(samples, real, 3)
        for name in ("shares", "shares_by_loops"):
            found = code[name](real[:, None], samples[:, None])
            assert found == pytest.approx(exact, rel=1e-12), name


def test_10_6(code):
    x = np.array([0.3, 1.7, -2.2, 0.9, 4.0])
    means = [np.mean(draw) for draw in itertools.product(x, repeat=5)]
    exact = np.std(means)
    assert code["error_of_mean"](x) == pytest.approx(exact, rel=1e-12)
    found = code["bootstrap"](np.mean, x, 8000, np.random.default_rng(4))
    assert found.std() == pytest.approx(exact, rel=0.04)  # 5 standard errors
    assert found.mean() == pytest.approx(x.mean(), abs=5 * exact / math.sqrt(8000))
