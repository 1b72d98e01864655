"""Convolution on the device: gathered columns and one product, equal to the loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strict_cupy import xp

from tinygen import backend
from tinygen.kernels import conv, conv_gather, conv_reference
from tinygen.kernels.conv_layout import Geometry


@pytest.fixture(autouse=True)
def device(cuda):
    """Every test here is on the device."""
    return cuda


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@st.composite
def geometries(draw):
    """(images, filters, size, geometry) that fit each other."""
    pair = lambda least, most: st.tuples(*[st.integers(least, most)] * 2)
    groups = draw(st.integers(1, 2))
    window, stride, padding = draw(pair(1, 4)), draw(pair(1, 3)), draw(pair(0, 3))
    dilation = draw(pair(1, 2))
    extent = [(k - 1) * d + 1 for k, d in zip(window, dilation, strict=True)]
    size = [
        max(1, e - 2 * p) + draw(st.integers(0, 4))
        for e, p in zip(extent, padding, strict=True)
    ]
    channels, filters = (groups * draw(st.integers(1, 3)) for _ in range(2))
    shape = (draw(st.integers(0, 3)), channels, *size)
    w = (filters, channels // groups, *window)
    return shape, w, Geometry(window, stride, padding, dilation, groups)


@given(geometries(), st.sampled_from([8, 2**28]))
@settings(max_examples=80)
def test_all_three_maps_are_those_of_the_definition(case, block):
    """Any stride, padding, dilation, groups; whole, or in blocks of images."""
    shape, w_shape, geometry = case
    x, w = numbers(*shape), numbers(*w_shape, seed=1)
    options = geometry._asdict()
    window = options.pop("kernel_size")
    g = numbers(shape[0], w_shape[0], *geometry.output_size(shape[2:]), seed=2)
    there = [backend.to_device(a, "cuda") for a in (x, w, g)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv_gather, "BLOCK", block)
        patch.setattr(backend, "_cupy", xp)
        found = [
            conv.conv2d(there[0], there[1], **options),
            conv.conv2d_input_grad(there[2], there[1], input_size=shape[2:], **options),
            conv.conv2d_weight_grad(there[0], there[2], kernel_size=window, **options),
        ]
    wanted = [
        conv_reference.conv2d(x, w, **options),
        conv_reference.conv2d_input_grad(g, w, input_size=shape[2:], **options),
        conv_reference.conv2d_weight_grad(x, g, kernel_size=window, **options),
    ]
    for ours, exact in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours.a, exact, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("order", ["NCHW", "NHWC", "CNHW", "cut"])
def test_images_may_lie_in_any_order(order, device):
    """Nothing is copied but what has gaps; results lie as (C, N, H, W)."""
    x, w = numbers(3, 4, 6, 6), numbers(5, 4, 3, 3, seed=1)
    axes = {"NHWC": (0, 2, 3, 1), "CNHW": (1, 0, 2, 3)}.get(order, (0, 1, 2, 3))
    there = xp.asarray(np.ascontiguousarray(x.transpose(axes)))
    there = there.transpose(np.argsort(axes).tolist())
    if order == "cut":
        x, there = x[:, :, 1:], there[:, :, 1:]
    device.reset()
    options = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
    y = conv.conv2d(there, xp.asarray(w), **options)
    np.testing.assert_allclose(y.a, conv_reference.conv2d(x, w, **options))
    assert device.launched == 2 + (order == "cut")  # columns, product
    assert y.transpose(1, 0, 2, 3).flags.c_contiguous


def test_launches(device):
    """A convolution, and each of its gradients, in the fewest launches there can be."""
    x, w = xp.asarray(numbers(4, 3, 8, 8)), xp.asarray(numbers(8, 3, 4, 4))
    options = {"stride": (2, 2), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
    y = conv.conv2d(x, w, **options)
    device.reset()
    conv.conv2d_input_grad(y, w, input_size=(8, 8), **options)
    assert device.launched == 2  # the product, and the columns gathered
    device.reset()
    conv.conv2d_weight_grad(x, y, kernel_size=(4, 4), **options)
    assert device.launched == 2


@given(geometries())
def test_the_two_gathers_are_adjoint(case):
    """<g, im2col(x)> = <col2im(g), x>, by the definitions of the kernels."""
    (N, C, H, W), _, geometry = case
    size = geometry.output_size((H, W))
    sizes = conv_gather.sizes_of((N, C, H, W), size, geometry)
    x = numbers(N, C, H, W)
    strides = [s // 8 for s in x.strides]
    columns = conv_gather.im2col_plain(x.reshape(-1), *sizes, *strides)
    g = numbers(*columns.shape, seed=3)
    back = conv_gather.col2im_plain(g.reshape(-1), *sizes)
    np.testing.assert_allclose(
        (g * columns).sum(), (back.transpose(1, 0, 2, 3) * x).sum(), atol=1e-10
    )
