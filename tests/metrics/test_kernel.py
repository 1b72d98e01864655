"""The kernel distance: unbiased, against the plain double sum, with an honest error."""

import numpy as np
import pytest

from tinygen.errors import ConfigError, ShapeError
from tinygen.metrics import kernel_distance
from tinygen.metrics.kernel import unbiased_mmd2


def by_loops(a, b):
    """The definition, pair by pair."""
    k = lambda x, y: (np.dot(x, y) / len(x) + 1) ** 3
    n, m = len(a), len(b)
    inside = lambda s: sum(
        k(s[i], s[j]) for i in range(len(s)) for j in range(len(s)) if i != j
    )
    between = sum(k(x, y) for x in a for y in b)
    return inside(a) / (n * (n - 1)) + inside(b) / (m * (m - 1)) - 2 * between / (n * m)


def test_is_the_double_sum():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((6, 3)), rng.standard_normal((9, 3)) + 1
    assert abs(unbiased_mmd2(a, b) - by_loops(a, b)) < 1e-12


def test_mean_is_zero_where_both_are_alike():
    """A biased estimate, which keeps the diagonal, is 100 standard errors above."""
    rng = np.random.default_rng(1)
    draws = rng.standard_normal((4000, 2, 10, 2))
    found = np.array([unbiased_mmd2(a, b) for a, b in draws])
    z = found.mean() / (found.std(ddof=1) / np.sqrt(len(found)))
    assert abs(z) < 5


def test_closed_form_of_a_shift():
    """D = 1, x ~ N(0,1), y ~ N(c,1): by the moments of a Gaussian up to the third."""
    c = 0.7
    moments_x = np.array([1, 0, 1, 0])
    moments_y = np.array([1, c, c**2 + 1, c**3 + 3 * c])
    weights = np.array([1, 3, 3, 1])  # (xy + 1)^3 = sum_r weights[r] x^r y^r
    expected = np.sum(weights * (moments_x - moments_y) ** 2)
    rng = np.random.default_rng(2)
    draws = rng.standard_normal((3000, 2, 20, 1)) + np.array([0, c])[:, None, None]
    found = np.array([unbiased_mmd2(a, b) for a, b in draws])
    z = (found.mean() - expected) / (found.std(ddof=1) / np.sqrt(len(found)))
    assert abs(z) < 5 and expected > 3


def test_blocks_and_their_error():
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((40, 3)), rng.standard_normal((48, 3))
    each = [
        by_loops(a[10 * i : 10 * i + 10], b[12 * i : 12 * i + 12]) for i in range(4)
    ]
    value, error = kernel_distance(a, b, blocks=4)
    assert abs(value - np.mean(each)) < 1e-12
    assert abs(error - np.std(each, ddof=1) / 2) < 1e-12


def test_the_error_is_that_of_the_value():
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal((2, 500, 100, 2))
    found = np.array([kernel_distance(x, y + 0.3) for x, y in zip(a, b, strict=True)])
    stated = np.sqrt(np.mean(found[:, 1] ** 2))
    assert 0.9 < stated / found[:, 0].std() < 1.1


def test_too_few_samples_and_blocks():
    a = np.ones((10, 2))
    with pytest.raises(ShapeError, match=r"10 and 10 samples. Fix: at least 20"):
        kernel_distance(a, a)
    with pytest.raises(ConfigError, match=r"blocks=1. Fix:"):
        kernel_distance(a, a, blocks=1)
