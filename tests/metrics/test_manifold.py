"""Precision and recall on sets whose answer can be counted by hand."""

import numpy as np
import pytest

from tinygen.errors import ConfigError, ShapeError
from tinygen.metrics import precision_recall

LINE = np.arange(10.0)[:, None]  # 0, 1, ..., 9


def test_equal_sets_and_sets_far_apart():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((50, 8))
    assert precision_recall(a, a) == (1.0, 1.0)
    assert precision_recall(a, a[rng.permutation(50)] + 0.0) == (1.0, 1.0)
    assert precision_recall(a, a + 1000) == (0.0, 0.0)


def test_counted_by_hand():
    """k = 1: every ball about 0..9 has radius 1, those about 20, 22, 24 have 2."""
    generated = np.array([[-1.0], [-1.5], [4.5], [10.0], [10.5], [20.0]])
    found = precision_recall(LINE, generated, k=1)
    assert found.precision == 3 / 6  # -1, 4.5 and 10; the border belongs to a ball
    # radii of generated: 0.5, 0.5, 5.5, 0.5, 0.5, 9.5: 4.5's ball reaches -1..10
    assert found.recall == 1.0


def test_the_radius_is_to_the_third_neighbour():
    """0..9: the third neighbour of 0 is 3 away, of 1 it is 2 away, of 9 again 3."""
    generated = np.array([[-3.0], [-3.1], [12.0], [12.1]])
    assert precision_recall(LINE, generated).precision == 2 / 4
    assert precision_recall(LINE, generated, k=2).precision == 0.0


def test_a_generator_with_one_mode_is_precise_and_recalls_little():
    rng = np.random.default_rng(1)
    centres = 100 * np.arange(5)
    real = np.repeat(centres, 40)[:, None] + rng.standard_normal((200, 1))
    generated = 200 + 0.5 * rng.standard_normal((200, 1))
    found = precision_recall(real, generated)
    assert found.precision > 0.8 and found.recall <= 0.2


def test_copies_lie_in_balls_of_radius_nought():
    point = np.full((6, 64), 0.1)
    assert precision_recall(point, point + 0.0) == (1.0, 1.0)
    real = np.concatenate([point, point + 1])
    assert precision_recall(real, point + 1) == (1.0, 0.5)


def test_refusals():
    with pytest.raises(ShapeError, match=r"10 and 3 samples. Fix: at least 4"):
        precision_recall(LINE, LINE[:3])
    with pytest.raises(ConfigError, match=r"k=0. Fix: 3"):
        precision_recall(LINE, LINE, k=0)
