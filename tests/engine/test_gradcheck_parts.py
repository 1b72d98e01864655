"""Parts of the gradient checker: differences, and the patterns of mistakes."""

import re

import numpy as np
import pytest

from tinygen.testing.differences import five_point, one_sided, ridders
from tinygen.testing.patterns import diagnose

FUNCTIONS = {  # name: f, f', worst relative errors of the two methods
    "exp": (np.exp, np.exp, 1e-10, 1e-11),
    "sin 20x": (lambda x: np.sin(20 * x), lambda x: 20 * np.cos(20 * x), 1e-8, 1e-3),
    "x^5": (lambda x: x**5, lambda x: 5 * x**4, 1e-9, 1e-10),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_accuracy_of_differences(name):
    f, slope, of_five, of_ridders = FUNCTIONS[name]
    for x in np.random.default_rng(0).uniform(0.5, 2, 50):
        phi, exact = (lambda s, x=x: f(x + s)), slope(x)
        if abs(exact) > 1:
            found = five_point(phi, 2e-4)
            assert abs(found.value - exact) < of_five * abs(exact)
            assert found.spread < 1e-6 * abs(exact) and not found.is_kink(1e-6)
            assert abs(ridders(phi).value - exact) < of_ridders * abs(exact)


def test_one_sided_derivatives():
    assert np.allclose(one_sided(abs), (-1, 1))
    assert five_point(abs, 2e-4).is_kink(1e-6)


def numbers(*shape):
    return np.random.default_rng(3).uniform(0.5, 1.0, shape)


N = numbers(3, 5)
PATTERNS = {
    "zero everywhere": np.zeros((3, 5)),
    "the sign is wrong": -N,
    r"= 2 .*a factor 2 too large": 2 * N,
    r"a factor 3 too large \(n of axis 0, 3: a sum": 3 * N,
    r"a factor 5 too small \(n of axis 1, 5: divided twice": N / 5,
    r"factor 1\.25 too large \(n/\(n-1\) of axis 1": N * 1.25,
    "reversed along axis 1": N[:, ::-1],
    "rolled by 2 along axis 1": np.roll(N, 2, 1),
    "the order of the transpose": N.T.reshape(3, 5),
    "sum of numeric over axis 0": np.broadcast_to(N.sum(0), (3, 5)),
    "mean of numeric over axis 1": np.broadcast_to(N.mean(1, keepdims=True), (3, 5)),
    "same all along axis 1 -> a term": N + numbers(3, 1),
    "their places are not": np.random.default_rng(1)
    .permutation(N.ravel())
    .reshape(3, 5),
}


@pytest.mark.parametrize("told", PATTERNS)
def test_patterns(told):
    assert re.search(told, diagnose(PATTERNS[told], N, numbers(3, 5)))


def test_pattern_of_ties():
    x = np.array([1.0, 2.0, 1.0, 3.0])
    right = np.array([0.3, 0.7, 0.4, 0.9])
    wrong = right * [2.0, 1.0, 2.0, 1.0]
    assert "tie" in diagnose(wrong, right, x)
    assert (
        diagnose(right * [1, 2.0, 1, 1], right, x) == "only 1 of 4 elements are wrong"
    )
