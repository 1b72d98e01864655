"""Pixels to [-1, 1] and back."""

import numpy as np
import pytest

from tinygen.data import to_float, to_uint8
from tinygen.errors import DataError, DTypeError

EVERY = np.arange(256, dtype=np.uint8)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_exact_inverse_for_all_256_values(dtype):
    scaled = to_float(EVERY, dtype)
    assert scaled.dtype == dtype and scaled[0] == -1 and scaled[255] == 1
    back = to_uint8(scaled)
    assert back.dtype == np.uint8 and np.array_equal(back, EVERY)


def test_rounding_and_clipping():
    x = np.array([-np.inf, -7, -1.001, 0.0, 1.001, np.inf, 2 * 99.6 / 255 - 1])
    assert to_uint8(x).tolist() == [0, 0, 0, 128, 255, 255, 100]


def test_input_is_left_alone():
    pixels, scaled = EVERY.copy(), np.linspace(-1, 1, 7)
    to_float(pixels)
    to_uint8(scaled)
    assert np.array_equal(pixels, EVERY)
    assert np.array_equal(scaled, np.linspace(-1, 1, 7))


def test_wrong_types_and_nan_are_refused():
    with pytest.raises(DTypeError, match=r"got float64. Fix:"):
        to_float(np.zeros(3))
    with pytest.raises(DTypeError, match=r"got uint8. Fix:"):
        to_uint8(EVERY)
    with pytest.raises(DataError, match=r"2 of 4 pixels are NaN. Fix:"):
        to_uint8(np.array([0, np.nan, np.nan, 1]))
