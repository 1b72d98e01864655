"""The error function against the standard library and against its properties."""

import math
import warnings

import numpy as np
import pytest
from kernel_samples import DTYPES, TOLERANCE, layouts, plain, strides_in_memory

from tinygen.kernels.erf import FLOAT64, TINY, decay_rate, erf


def grid():
    """Numbers of both signs from 1e-30 to 30, dense where erf bends."""
    x = np.concatenate([np.linspace(0, 8, 20001), np.logspace(-30, 1.5, 2000)])
    return np.concatenate([-x, x])


def exact(x):
    return np.array([math.erf(float(v)) for v in x])


def test_float64_is_accurate_absolutely_and_relatively():
    x = grid()
    error = np.abs(erf(x) - exact(x))
    assert error.max() < 1e-15
    assert np.all(error <= 3e-15 * np.abs(x))  # erf(x) > |x| / 2 up to 1


def test_float32_is_accurate_absolutely_and_relatively():
    x = grid().astype("float32")
    error = np.abs(erf(x) - exact(x))
    assert error.max() < 2e-7
    assert np.all(error <= 4e-7 * np.abs(x))


def test_special_values():
    x = np.array([0.0, 1e-30, 1e-300, np.inf, -np.inf, 1e4, -1e4, np.nan])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = erf(x)
    c = 2 / math.sqrt(math.pi)
    np.testing.assert_allclose(y[:3], [0.0, c * 1e-30, c * 1e-300], rtol=1e-14)
    assert list(y[3:7]) == [1.0, -1.0, 1.0, -1.0] and math.isnan(y[7])


@pytest.mark.parametrize("dtype", DTYPES)
def test_odd_and_never_beyond_one(dtype):
    x = grid().astype(dtype)
    assert np.array_equal(erf(-x), -erf(x))
    assert np.abs(erf(x)).max() == 1.0


@pytest.mark.parametrize("dtype", DTYPES)
def test_fast_is_plain_on_every_layout(dtype):
    for layout, (x,) in layouts(np.random.default_rng(0), 1, dtype):
        before = x.copy()
        y = erf(x)
        np.testing.assert_allclose(y, plain(erf, x), **TOLERANCE[dtype], err_msg=layout)
        assert y.dtype == dtype and not np.shares_memory(x, y), layout
        assert np.array_equal(x, before), layout
        assert strides_in_memory(y) == strides_in_memory(x), layout


def test_decay_rate_falls_from_four_over_pi_to_one():
    u = np.linspace(0, FLOAT64["reach"] ** 2, 500)
    h = np.array([decay_rate(v) for v in u])
    assert h[0] == 4 / math.pi and decay_rate(2 * TINY) == pytest.approx(4 / math.pi)
    assert np.all(np.diff(h) < 0) and np.all(h > 1)


def test_like_scipy():
    special = pytest.importorskip("scipy.special")
    x = np.random.default_rng(0).normal(scale=3, size=100_000)
    np.testing.assert_allclose(erf(x), special.erf(x), rtol=1e-14)
