"""Every activation and loss kernel against its definition, differences and PyTorch."""

import math
import warnings

import numpy as np
import pytest
from kernel_samples import (
    DTYPES,
    TOLERANCE,
    cotangent,
    five_point,
    layouts,
    numbers,
    plain,
    strides_in_memory,
)

from tinygen.kernels import pointwise as K

# name: (kernel, how many arrays it takes, the numbers that follow them)
KERNELS = {
    "sigmoid": (K.sigmoid, 1, ()),
    "sigmoid_grad": (K.sigmoid_grad, 2, ()),
    "tanh_grad": (K.tanh_grad, 2, ()),
    "relu": (K.relu, 1, ()),
    "relu_grad": (K.relu_grad, 2, ()),
    "leaky_relu": (K.leaky_relu, 1, (0.2,)),
    "leaky_relu_grad": (K.leaky_relu_grad, 2, (0.2,)),
    "leaky_relu steep": (K.leaky_relu, 1, (1.5,)),
    "leaky_relu_grad steep": (K.leaky_relu_grad, 2, (1.5,)),
    "leaky_relu folded": (K.leaky_relu, 1, (-0.5,)),
    "leaky_relu_grad folded": (K.leaky_relu_grad, 2, (-0.5,)),
    "silu": (K.silu, 1, ()),
    "silu_grad": (K.silu_grad, 2, ()),
    "gelu_tanh": (K.gelu_tanh, 1, ()),
    "gelu_tanh_grad": (K.gelu_tanh_grad, 2, ()),
    "gelu_erf": (K.gelu_erf, 1, ()),
    "gelu_erf_grad": (K.gelu_erf_grad, 2, ()),
    "softplus": (K.softplus, 1, ()),
    "softplus_grad": (K.softplus_grad, 2, ()),
    "logsigmoid": (K.logsigmoid, 1, ()),
    "logsigmoid_grad": (K.logsigmoid_grad, 2, ()),
    "bce_with_logits": (K.bce_with_logits, 2, ()),
    "bce_with_logits_grad": (K.bce_with_logits_grad, 3, ()),
    "bce_with_logits_grad_targets": (K.bce_with_logits_grad_targets, 2, ()),
}
# name: (forward kernel, its gradient, whether that takes y or x, the settings)
PAIRS = {
    "sigmoid": (K.sigmoid, K.sigmoid_grad, "y", ()),
    "tanh": (np.tanh, K.tanh_grad, "y", ()),
    "relu": (K.relu, K.relu_grad, "y", ()),
    "leaky_relu": (K.leaky_relu, K.leaky_relu_grad, "x", (0.2,)),
    "silu": (K.silu, K.silu_grad, "x", ()),
    "gelu_tanh": (K.gelu_tanh, K.gelu_tanh_grad, "x", ()),
    "gelu_erf": (K.gelu_erf, K.gelu_erf_grad, "x", ()),
    "softplus": (K.softplus, K.softplus_grad, "x", ()),
    "logsigmoid": (K.logsigmoid, K.logsigmoid_grad, "x", ()),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", KERNELS)
def test_fast_is_plain_on_every_layout(name, dtype):
    kernel, count, numbers_after = KERNELS[name]
    for layout, arrays in layouts(np.random.default_rng(0), count, dtype):
        before = [a.copy() for a in arrays]
        y = kernel(*arrays, *numbers_after)
        expected = plain(kernel, *arrays, *numbers_after)
        np.testing.assert_allclose(y, expected, **TOLERANCE[dtype], err_msg=layout)
        assert y.dtype == expected.dtype == dtype, layout
        assert strides_in_memory(y) == strides_in_memory(arrays[0]), layout
        for array, copy in zip(arrays, before, strict=True):
            assert np.array_equal(array, copy), layout
            assert not np.shares_memory(y, array), layout


@pytest.mark.parametrize("count", [2, 3])
def test_arguments_of_different_memory_orders(count):
    rng = np.random.default_rng(0)
    kernel = {2: K.silu_grad, 3: K.bce_with_logits_grad}[count]
    x = numbers(rng, (8, 32, 20, 21))
    others = [
        np.asfortranarray(numbers(rng, x.shape)),
        numbers(rng, x.shape[::-1]).transpose(),
    ]
    arrays = [x, *others][:count]
    np.testing.assert_allclose(kernel(*arrays), plain(kernel, *arrays), rtol=1e-12)


@pytest.mark.parametrize("size", [4, 40])
def test_a_broadcast_gradient_takes_the_memory_order_of_the_activation(size):
    x = numbers(np.random.default_rng(0), (2, size, size, 41)).transpose(0, 3, 1, 2)
    g = np.broadcast_to(np.float64(0.5), x.shape)
    for gradient in (K.tanh_grad, K.relu_grad, K.silu_grad):
        gx = gradient(g, x)
        assert strides_in_memory(gx) == strides_in_memory(x)
        np.testing.assert_allclose(gx, plain(gradient, g, x), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", PAIRS)
def test_gradient_is_the_slope(name):
    forward, gradient, takes, settings = PAIRS[name]
    rng = np.random.default_rng(1)
    x = np.concatenate([numbers(rng, 500), np.linspace(-9, 9, 180)])
    g = cotangent(rng, x.shape)
    seen = forward(x, *settings) if takes == "y" else x
    slope = five_point(lambda x: forward(x, *settings), x)
    np.testing.assert_allclose(
        gradient(g, seen, *settings), g * slope, rtol=1e-7, atol=1e-11
    )


def test_bce_gradients_are_the_slopes():
    rng = np.random.default_rng(2)
    x, z, g = 3 * numbers(rng, 300), rng.uniform(size=300), cotangent(rng, 300)
    by_x = g * five_point(lambda x: K.bce_with_logits(x, z), x)
    by_z = g * five_point(lambda z: K.bce_with_logits(x, z), z)
    tolerance = {"rtol": 1e-7, "atol": 1e-11}
    np.testing.assert_allclose(K.bce_with_logits_grad(g, x, z), by_x, **tolerance)
    np.testing.assert_allclose(K.bce_with_logits_grad_targets(g, x), by_z, **tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (64, 1), (64, 784), (3, 100, 300)])
def test_mean_bce(shape, dtype):
    rng = np.random.default_rng(3)
    x, z = numbers(rng, shape, dtype), numbers(rng, shape, dtype)
    loss = K.bce_with_logits_mean(x, z)
    expected = plain(K.bce_with_logits, x.astype("float64"), z).mean()
    np.testing.assert_allclose(loss, expected, **TOLERANCE[dtype])
    assert loss.dtype == dtype and loss.shape == ()
    g = np.asarray(0.7, dtype)
    gx = K.bce_with_logits_mean_grad(g, x, z)
    each = np.full_like(x, g / x.size)
    np.testing.assert_allclose(gx, K.bce_with_logits_grad(each, x, z), rtol=1e-5)
    assert gx.dtype == dtype and gx.shape == shape


def test_mean_bce_keeps_the_digits_of_a_small_loss():
    x = np.where(np.arange(100_000) % 2, 20.0, -20.0).astype("float32")
    z = (x > 0).astype("float32")
    loss = K.bce_with_logits_mean(x, z)
    assert math.isclose(loss, math.log1p(math.exp(-20)), rel_tol=1e-6)


def test_relu_at_zero_and_nan():
    zero, one = np.zeros(3), np.ones(3)
    assert np.array_equal(K.relu_grad(one, K.relu(zero)), zero)
    assert np.array_equal(K.leaky_relu_grad(one, zero, 0.2), 0.2 * one)
    assert np.isnan(K.relu(np.array([np.nan]))).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", KERNELS)
def test_large_inputs_are_finite_and_silent(name, dtype):
    kernel, count, numbers_after = KERNELS[name]
    x = np.array([-1e4, -200, -90, -1e-30, 0, 1e-30, 90, 200, 1e4], dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = kernel(*[x] * count, *numbers_after)
        assert np.isfinite(y).all()
        assert np.isfinite(plain(kernel, *[x] * count, *numbers_after)).all()


def test_tails():
    x = np.array([-700.0, -40.0, 40.0])
    np.testing.assert_allclose(K.softplus(x), [math.exp(-700), math.exp(-40), 40.0])
    np.testing.assert_allclose(K.logsigmoid(-x), [-math.exp(-700), -math.exp(-40), -40])


def by_torch(torch, name):
    """PyTorch's forward of a kernel of PAIRS."""
    F = torch.nn.functional
    return (
        {
            "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
            "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
            "gelu_erf": F.gelu,
            "softplus": lambda x: F.softplus(x, threshold=1000),
        }.get(name)
        or getattr(torch, name, None)
        or getattr(F, name)
    )


@pytest.mark.parametrize("name", PAIRS)
def test_like_pytorch(name):
    torch = pytest.importorskip("torch")
    forward, gradient, takes, settings = PAIRS[name]
    rng = np.random.default_rng(4)
    x, g = 3 * numbers(rng, (70, 1001)), cotangent(rng, (70, 1001))
    y = forward(x, *settings)
    leaf = torch.tensor(x, requires_grad=True)
    expected = by_torch(torch, name)(leaf)
    expected.backward(torch.tensor(g))
    tolerance = {"rtol": 1e-12, "atol": 1e-14}  # 1 + tanh cancels in the left tail
    np.testing.assert_allclose(y, expected.detach().numpy(), **tolerance)
    gx = gradient(g, y if takes == "y" else x, *settings)
    np.testing.assert_allclose(gx, leaf.grad.numpy(), **tolerance)


def test_bce_like_pytorch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(5)
    x, z = 3 * numbers(rng, (50, 2000)), rng.uniform(size=(50, 2000))
    leaf = torch.tensor(x, requires_grad=True)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    loss = bce(leaf, torch.tensor(z))
    loss.backward()
    np.testing.assert_allclose(K.bce_with_logits_mean(x, z), loss.item(), rtol=1e-12)
    gx = K.bce_with_logits_mean_grad(np.float64(1.0), x, z)
    np.testing.assert_allclose(gx, leaf.grad.numpy(), rtol=1e-11, atol=1e-20)
