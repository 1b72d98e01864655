"""The error function against the standard library and against its properties."""

import math
import warnings

import numpy as np
import pytest
from kernel_samples import DTYPES, TOLERANCE, layouts, plain, strides_in_memory

from tinygen.kernels.erf import FLOAT64, coefficients, erf, rate


def grid():
    """Numbers of both signs from 1e-30 to 30, dense where erf bends."""
    x = np.concatenate([np.linspace(0, 8, 20001), np.logspace(-30, 1.5, 2000)])
    return np.concatenate([-x, x])


def exact(x):
    return np.array([math.erf(float(v)) for v in x])


def test_float64_is_accurate_absolutely_and_relatively():
    x = grid()
    error = np.abs(erf(x) - exact(x))
    assert error.max() < 2e-15
    assert np.all(error <= 5e-15 * np.abs(exact(x)))


def test_float32_is_accurate_absolutely_and_relatively():
    x = grid().astype("float32")
    error = np.abs(erf(x) - exact(x))
    assert error.max() < 2e-7
    assert np.all(error <= 4e-7 * np.abs(exact(x)))


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


def test_rate_is_smooth_where_its_formula_changes():
    for x in (1e-8, 0.5):
        below, above = rate(x * (1 - 1e-12)), rate(x * (1 + 1e-12))
        assert below == pytest.approx(above, rel=1e-11)


def test_the_fit_is_well_conditioned():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = coefficients.__wrapped__(**FLOAT64)
    assert len(found) == FLOAT64["degree"] + 1 and sum(map(abs, found)) < 5


def test_like_scipy():
    special = pytest.importorskip("scipy.special")
    x = np.random.default_rng(0).normal(scale=3, size=100_000)
    np.testing.assert_allclose(erf(x), special.erf(x), rtol=1e-13)
