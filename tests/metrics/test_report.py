"""The report of all measures: real digits are good, wrong ones are found out."""

import numpy as np
import pytest

from tinygen import data
from tinygen.errors import ConfigError, ShapeError
from tinygen.metrics import report

DIGITS = data.load("mnist")
N = 200


def judged(images, asked=None):
    return report(images, DIGITS.test, DIGITS.train, asked=asked)


@pytest.fixture(scope="module")
def real():
    """Training digits that are not in the floor, with their labels."""
    order = np.random.default_rng(1).permutation(len(DIGITS.train.images))[:N]
    return data.to_float(DIGITS.train.images[order]), DIGITS.train.labels[order]


def test_real_digits_reach_the_column_real(real):
    images, labels = real
    found = judged(images, labels)
    m = found.measures
    assert m["Frechet distance"].value < 2 * m["Frechet distance"].real
    assert abs(m["precision"].value - m["precision"].real) < 0.1
    assert abs(m["recall"].value - m["recall"].real) < 0.1
    assert m["class as asked"].value > 0.97
    assert sum(found.histogram) == N
    np.testing.assert_array_equal(found.histogram, np.bincount(labels, minlength=10))


def test_noise_is_far_away_and_not_precise(real):
    noise = np.random.default_rng(2).uniform(-1, 1, real[0].shape).astype("float32")
    m = judged(noise).measures
    assert m["Frechet distance"].value > 100 * m["Frechet distance"].real
    assert m["precision"].value < 0.05
    assert "class as asked" not in m


def test_one_digit_over_and_over_is_precise_without_recall(real):
    images, labels = real
    sevens = images[labels == 7]
    found = judged(np.resize(sevens, (N, 1, 28, 28)))
    m = found.measures
    assert m["precision"].value > 0.8
    assert m["recall"].value < 0.2
    assert m["class entropy, nats"].value < 0.3 < 2 < m["class entropy, nats"].real
    assert np.argmax(found.histogram) == 7


def test_labels_that_were_not_asked_for_are_a_tenth(real):
    images, labels = real
    asked = np.random.default_rng(3).permutation(labels)
    assert judged(images, asked).measures["class as asked"].value < 0.2


def test_the_report_is_always_the_same(real):
    assert judged(real[0]).to_dict() == judged(real[0]).to_dict()


def test_other_sizes_and_too_few_samples_are_refused(real):
    with pytest.raises(ShapeError, match=r"\(200, 1, 8, 8\).*28"):
        judged(np.zeros((N, 1, 8, 8), "float32"))
    with pytest.raises(ConfigError, match="99 samples are too few"):
        judged(real[0][:99])
