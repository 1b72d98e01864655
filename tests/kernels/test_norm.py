"""Normalisation kernels against definitions, differences, PyTorch and large means."""

import warnings

import numpy as np
import pytest
from kernel_samples import (
    DTYPES,
    TOLERANCE,
    cotangent,
    directional,
    numbers,
    plain,
    strides_in_memory,
)

from tinygen.errors import ShapeError
from tinygen.kernels import norm as K

EPS = 1e-5
SHAPES = [(2, 6), (64, 12), (1, 12, 1, 1), (3, 6, 5), (5, 12, 7, 7), (2, 6, 3, 4, 5)]
ABOVE_A_BLOCK = [(150_001, 1), (40_001, 6), (5, 12, 60, 61), (2, 6, 11, 1000)]
ORDERS = {
    "as written": lambda x: x,
    "channels last": lambda x: np.moveaxis(
        np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1
    ),
    "fortran": np.asfortranarray,
    "strided": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "backwards": lambda x: x[::-1],
}


def batch_norm(x, weight, bias):
    return K.batch_norm(x, weight, bias, EPS)[:3]


def group_norm(x, weight, bias):
    return K.group_norm(x, 3 if x.shape[1] % 3 == 0 else 1, weight, bias, EPS)


def instance_norm(x, weight, bias):
    return K.instance_norm(x, weight, bias, EPS)


def layer_norm(x, weight, bias):
    return K.layer_norm(x, weight, bias, EPS)


def layer_norm_over_all(x, weight, bias):
    return K.layer_norm(x, weight, bias, EPS, x.ndim - 1)


# name: (forward -> y, mean, rstd, backward, the shape of weight and bias)
LAYERS = {
    "batch": (batch_norm, K.batch_norm_backward, lambda s: s[1:2]),
    "group": (group_norm, K.group_norm_backward, lambda s: s[1:2]),
    "instance": (instance_norm, K.instance_norm_backward, lambda s: s[1:2]),
    "layer": (layer_norm, K.layer_norm_backward, lambda s: s[-1:]),
    "layer, all": (layer_norm_over_all, K.layer_norm_backward, lambda s: s[1:]),
}


def sample(name, shape, dtype="float64", order="as written", seed=0):
    """x, weight, bias, g for the layer."""
    rng = np.random.default_rng(seed)
    affine = LAYERS[name][2](shape)
    x = ORDERS[order](numbers(rng, shape, dtype) * 2 + np.asarray(3, dtype))
    g = ORDERS[order](cotangent(rng, shape).astype(dtype))
    return x, numbers(rng, affine, dtype), numbers(rng, affine, dtype), g


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LAYERS)
def test_fast_is_plain(name, dtype, order):
    forward, backward, _ = LAYERS[name]
    for shape in SHAPES + (ABOVE_A_BLOCK if order in list(ORDERS)[:2] else []):
        x, weight, bias, g = arrays = sample(name, shape, dtype, order)
        before = [a.copy() for a in arrays]
        results = y, mean, rstd = forward(x, weight, bias)
        expected = plain(forward, *(a.astype("float64") for a in (x, weight, bias)))
        gradients = backward(g, x, mean, rstd, weight)
        wide = (a.astype("float64") for a in (g, x, mean, rstd, weight))
        results, expected = results + gradients, expected + plain(backward, *wide)
        for ours, theirs in zip(results, expected, strict=True):
            # Errors grow with rstd, which is 300 for a group of one, and with sums.
            scale = max(rstd.max(), np.abs(theirs).max())
            tolerance = {"rtol": 0, "atol": scale * TOLERANCE[dtype]["rtol"]}
            np.testing.assert_allclose(ours, theirs, **tolerance, err_msg=str(shape))
            assert ours.dtype == dtype and ours.shape == theirs.shape
            assert not any(np.shares_memory(ours, a) for a in arrays)
        for ours in (y, gradients[0]):
            assert strides_in_memory(ours) == strides_in_memory(x), shape
        for array, copy in zip(arrays, before, strict=True):
            assert np.array_equal(array, copy)


@pytest.mark.parametrize("shape", [(4, 6, 3, 5), (7, 6)])
@pytest.mark.parametrize("name", LAYERS)
def test_gradients_are_the_slopes(name, shape):
    forward, backward, _ = LAYERS[name]
    x, weight, bias, g = sample(name, shape)
    _, mean, rstd = forward(x, weight, bias)
    gradients = backward(g, x, mean, rstd, weight)
    rng = np.random.default_rng(1)
    losses = (
        lambda x: np.sum(g * forward(x, weight, bias)[0]),
        lambda weight: np.sum(g * forward(x, weight, bias)[0]),
        lambda bias: np.sum(g * forward(x, weight, bias)[0]),
    )
    for loss, at, gradient in zip(losses, (x, weight, bias), gradients, strict=True):
        for _ in range(3):
            direction = cotangent(rng, at.shape)
            slope = directional(loss, at, direction)
            assert np.sum(gradient * direction) == pytest.approx(slope, rel=1e-7)


@pytest.mark.parametrize("name", LAYERS)
def test_without_weight_or_bias(name):
    forward, backward, _ = LAYERS[name]
    x, weight, bias, g = sample(name, (5, 6, 4, 3))
    one, zero = np.ones_like(weight), np.zeros_like(bias)
    for w, b in ((None, None), (weight, None), (None, bias)):
        bare, mean, rstd = forward(x, w, b)
        full, *_ = forward(x, one if w is None else w, zero if b is None else b)
        np.testing.assert_allclose(bare, full, rtol=1e-14, atol=1e-14)
        np.testing.assert_allclose(bare, plain(forward, x, w, b)[0], rtol=1e-11)
    expected = backward(g, x, mean, rstd, one)
    for run in (backward, lambda *a: plain(backward, *a)):
        for ours, theirs in zip(run(g, x, mean, rstd, None), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(64, 6, 16, 16), (6, 12), (2, 6, 130, 131)])
@pytest.mark.parametrize("name", LAYERS)
def test_mean_far_above_the_standard_deviation(name, shape, dtype):
    """Means of 1000 std cost three digits, not six as E[x^2] - E[x]^2 would."""
    forward, backward, _ = LAYERS[name]
    x, weight, bias, g = sample(name, shape)
    sign = np.where(np.arange(shape[0]) % 2, -1, 1).reshape(-1, *[1] * (x.ndim - 1))
    x = x + 2000 * (1 if name == "batch" else sign)
    x, weight, bias, g = (a.astype(dtype) for a in (x, weight, bias, g))
    wide = [a.astype(np.longdouble) for a in (x, weight, bias, g)]
    exact = plain(forward, *wide[:3])
    ours = forward(x, weight, bias)
    digits = {"float32": 4e-3, "float64": 1e-11}[dtype]  # E[x^2] - E[x]^2: 0.3, 1e-9
    np.testing.assert_allclose(ours[0], exact[0], rtol=0, atol=digits)
    np.testing.assert_allclose(ours[2], exact[2], rtol=digits)
    gx, _, gbias = backward(g, x, ours[1], ours[2], weight)
    expected = plain(backward, wide[3], wide[0], *exact[1:], wide[1])
    np.testing.assert_allclose(gx, expected[0], rtol=0, atol=20 * digits)
    np.testing.assert_allclose(gbias, expected[2], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LAYERS)
def test_large_and_constant_inputs_are_finite_and_silent(name, dtype):
    forward, backward, _ = LAYERS[name]
    x, weight, bias, g = sample(name, (4, 6, 5, 5), dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for large in (1e4 * x, np.full_like(x, 1e4), np.zeros_like(x)):
            results = y, mean, rstd = forward(large, weight, bias)
            results += backward(g, large, mean, rstd, weight)
            assert all(np.isfinite(a).all() for a in results)
    shape = (6, 1, 1) if len(bias) == 6 and bias.ndim == 1 else bias.shape
    assert np.array_equal(y, np.broadcast_to(bias.reshape(shape), x.shape))


@pytest.mark.parametrize("name", ["group", "instance", "layer", "layer, all"])
def test_no_samples(name):
    forward, backward, _ = LAYERS[name]
    x, weight, bias, g = sample(name, (0, 6, 4, 4))
    y, mean, rstd = forward(x, weight, bias)
    assert y.shape == x.shape and mean.shape == rstd.shape
    gx, gweight, gbias = backward(g, x, mean, rstd, weight)
    assert gx.shape == x.shape and not gweight.any() and not gbias.any()


def test_no_values_to_average():
    with pytest.raises(ShapeError, match=r"\(0, 2, 3\).*\(0, 6, 4, 4\).*Fix"):
        K.batch_norm(np.zeros((0, 6, 4, 4)), None, None, EPS)
    with pytest.raises(ShapeError, match="Fix"):
        K.group_norm(np.zeros((2, 6, 0, 4)), 3, None, None, EPS)


def torch_norm(name):
    """PyTorch's forward of the layer, in training mode."""
    F = pytest.importorskip("torch").nn.functional
    return {
        "batch": lambda x, w, b: F.batch_norm(x, None, None, w, b, True, eps=EPS),
        "group": lambda x, w, b: F.group_norm(x, 3, w, b, EPS),
        "instance": lambda x, w, b: F.instance_norm(x, None, None, w, b, eps=EPS),
        "layer": lambda x, w, b: F.layer_norm(x, x.shape[-1:], w, b, EPS),
        "layer, all": lambda x, w, b: F.layer_norm(x, x.shape[1:], w, b, EPS),
    }[name]


@pytest.mark.parametrize("order", ["as written", "channels last"])
@pytest.mark.parametrize("name", LAYERS)
def test_like_pytorch(name, order):
    torch = pytest.importorskip("torch")
    forward, backward, _ = LAYERS[name]
    x, weight, bias, g = sample(name, (6, 12, 45, 44), order=order)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, weight, bias)]
    expected = torch_norm(name)(*leaves)
    expected.backward(torch.tensor(g))
    y, mean, rstd = forward(x, weight, bias)
    close = {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(y, expected.detach(), **close)
    for ours, leaf in zip(backward(g, x, mean, rstd, weight), leaves, strict=True):
        scale = float(leaf.grad.abs().max())
        np.testing.assert_allclose(ours, leaf.grad, rtol=1e-12, atol=1e-12 * scale)


def test_batch_norm_variance_is_biased_and_not_negative():
    x = np.random.default_rng(0).normal(size=(50, 4, 3)) * [[[1e-9], [1], [5], [0]]]
    _, mean, _, var = K.batch_norm(x + 7, None, None, EPS)
    np.testing.assert_allclose(mean, 7 + x.mean((0, 2)), rtol=1e-14)
    np.testing.assert_allclose(var, x.var((0, 2)), rtol=1e-12, atol=1e-24)
    assert (var >= 0).all()
