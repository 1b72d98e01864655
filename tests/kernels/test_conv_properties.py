"""Convolutions of random shapes: equal to the definition, and adjoint."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygen.kernels import conv, conv_reference, winograd

stable = settings(derandomize=True, deadline=None, database=None, max_examples=80)
count = lambda most: st.integers(1, most)
pairs = lambda low, high: st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def convolutions(draw):
    """(x, w, g) and the settings of a convolution with outputs of at least 1x1."""
    stride, padding, dilation = draw(pairs(1, 3)), draw(pairs(0, 2)), draw(pairs(1, 2))
    kernel_size, output_size = draw(pairs(1, 5)), draw(pairs(1, 7))
    needed = (
        (i - 1) * s + (u - 1) * d + 1 + draw(st.integers(0, s - 1)) - 2 * p
        for i, s, u, d, p in zip(
            output_size, stride, kernel_size, dilation, padding, strict=True
        )
    )
    size = tuple(max(1, n) for n in needed)
    slide = {"stride": stride, "padding": padding, "dilation": dilation}
    output_size = conv_reference.output_size(size, kernel_size, *slide.values())
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    N, C, K = draw(count(4)), groups * draw(count(5)), groups * draw(count(5))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = rng.standard_normal((N, C, *size))
    w = rng.standard_normal((K, C // groups, *kernel_size))
    g = rng.standard_normal((N, K, *output_size))
    return x, w, g, {**slide, "groups": groups}


@given(convolutions())
@stable
def test_equal_and_adjoint(sample):
    x, w, g, slide = sample
    size, kernel_size = x.shape[2:], w.shape[2:]
    values = []
    for module in (conv, conv_reference):
        values.append(
            (
                module.conv2d(x, w, **slide),
                module.conv2d_input_grad(g, w, input_size=size, **slide),
                module.conv2d_weight_grad(x, g, kernel_size=kernel_size, **slide),
            )
        )
    for fast, plain in zip(*values, strict=True):
        assert np.allclose(fast, plain, rtol=0, atol=1e-12 * max(1, abs(plain).max()))
    y, gx, gw = values[0]
    numbers = [np.vdot(g, y), np.vdot(x, gx), np.vdot(w, gw)]
    assert np.ptp(numbers) <= 1e-12 * (1 + np.linalg.norm(g) * np.linalg.norm(y))


@given(pairs(1, 20), pairs(0, 2), st.integers(16, 40), st.integers(16, 40))
@settings(stable, max_examples=25)
def test_winograd(size, padding, C, K):
    size = tuple(max(n, 3 - 2 * p) for n, p in zip(size, padding, strict=True))
    rng = np.random.default_rng(C * K)
    draw = lambda *shape: rng.standard_normal(shape, "float32")
    slide = {"stride": (1, 1), "padding": padding, "dilation": (1, 1), "groups": 1}
    x, w = draw(2, C, *size), draw(K, C, 3, 3)
    exact = conv_reference.conv2d(x.astype("float64"), w.astype("float64"), **slide)
    y = conv.conv2d(x, w, **slide)
    with winograd.switched_off():
        direct = conv.conv2d(x, w, **slide)
    scale = abs(exact).max()
    assert abs(y - exact).max() <= 5e-6 * scale
    assert abs(direct - exact).max() <= 2e-6 * scale
