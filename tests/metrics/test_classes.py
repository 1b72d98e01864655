"""Scores of class probabilities at their bounds and by hand."""

import numpy as np
import pytest

from tinygen.errors import DataError, DTypeError, ShapeError
from tinygen.metrics import (
    class_entropy,
    class_histogram,
    inception_score,
    mean_confidence,
)


@pytest.mark.parametrize("k", [2, 10])
def test_inception_score_bounds(k):
    certain_of_all = np.eye(k)[np.arange(5 * k) % k]
    assert abs(inception_score(certain_of_all) - k) < 1e-12
    assert abs(inception_score(np.full((7, k), 1 / k)) - 1) < 1e-12
    assert abs(inception_score(certain_of_all[:1].repeat(9, 0)) - 1) < 1e-12
    rng = np.random.default_rng(k)
    for concentration in (0.1, 1, 10):
        p = rng.dirichlet(np.full(k, concentration), 50)
        assert 1 <= inception_score(p) <= k


def test_inception_score_by_the_definition():
    p = np.random.default_rng(0).dirichlet(np.ones(4), 30)
    q = p.mean(0)
    divergences = [sum(p[n] * np.log(p[n] / q)) for n in range(30)]
    assert abs(inception_score(p) - np.exp(np.mean(divergences))) < 1e-12


def test_confidence_histogram_and_entropy():
    p = np.array([[0.9, 0.1], [0.3, 0.7], [0.5, 0.5]])
    assert abs(mean_confidence(p) - 0.7) < 1e-12
    counts = class_histogram(np.array([2, 0, 2, 2]), 4)
    assert counts.tolist() == [1, 0, 3, 0]
    expected = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert abs(class_entropy(counts) - expected) < 1e-12
    assert abs(class_entropy(np.full(10, 7)) - np.log(10)) < 1e-12
    assert class_entropy([0, 5]) == 0


def test_what_are_no_probabilities_or_labels():
    with pytest.raises(DataError, match=r"rows sum to 2\.\.2, .*Fix: softmax"):
        inception_score(np.ones((3, 2)))
    with pytest.raises(DataError, match="the least entry is -1"):
        mean_confidence(np.array([[2.0, -1.0]]))
    with pytest.raises(DataError, match="nan"):
        mean_confidence(np.full((1, 2), np.nan))
    with pytest.raises(ShapeError, match=r"\(4,\). Fix: \(N, K\)"):
        inception_score(np.full(4, 0.25))
    with pytest.raises(DTypeError, match="float64"):
        class_histogram(np.ones(3))
    with pytest.raises(DataError, match=r"labels 0\.\.10 of 10"):
        class_histogram(np.arange(11))
    with pytest.raises(DataError, match=r"labels -1\.\.1 of 10"):
        class_histogram(np.array([-1, 1]))
    with pytest.raises(DataError, match="no sample"):
        class_entropy([0, 0])
