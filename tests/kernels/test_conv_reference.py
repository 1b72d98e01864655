"""The definition of convolution against its equation, number by number."""

from itertools import product

import numpy as np
import pytest
from conv_samples import SAMPLES, Case, assert_close, expected

from tinygen.kernels import conv_reference

SMALL = ("remainders", "two channels", "groups and dilation", "padding beyond filter")


def by_equation(case):
    """y, gx, gw by T(x, w, y) = sum y[n,k,i,j] w[k,c,u,v] x[n,c,h,l], one by one."""
    (U, V), (sh, sw), (top, left), (dh, dw), groups = case.geometry
    y, gx, gw = (np.zeros(a.shape) for a in (case.g, case.x, case.w))
    for n, k, i, j in np.ndindex(y.shape):
        part = k // (len(gw) // groups)
        for u, v, c in product(range(U), range(V), range(gw.shape[1])):
            h, l = i * sh + u * dh - top, j * sw + v * dw - left
            if not (0 <= h < case.size[0] and 0 <= l < case.size[1]):
                continue
            pixel, tap = (n, part * gw.shape[1] + c, h, l), (k, c, u, v)
            y[n, k, i, j] += case.w[tap] * case.x[pixel]
            gx[pixel] += case.w[tap] * case.g[n, k, i, j]
            gw[tap] += case.x[pixel] * case.g[n, k, i, j]
    return y, gx, gw


@pytest.mark.parametrize("name", SMALL)
def test_reference_is_the_equation(name):
    assert_close(expected(name), by_equation(Case(name)), 1e-13)


@pytest.mark.parametrize("name", SAMPLES)
def test_reference_keeps_float32(name):
    results = Case(name, np.float32).by(conv_reference)
    assert all(a.dtype == np.float32 for a in results)
    assert_close(results, expected(name), 2e-6)
