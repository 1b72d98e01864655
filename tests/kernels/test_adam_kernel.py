"""Optimiser steps on flat buffers against their definitions and against PyTorch."""

import itertools
import math
import warnings

import numpy as np
import pytest
from kernel_samples import DTYPES, cotangent, layouts, plain

from tinygen.kernels.adam import adam_step, global_norm, rmsprop_step, sgd_step

ADAM = {
    "default": {},
    "gan": {"lr": 2e-4, "beta1": 0.5},
    "no momentum": {"beta1": 0.0, "beta2": 0.9},
    "large eps": {"eps": 1e-2},
    "large lr": {"lr": 0.3},
    "decay": {"weight_decay": 0.1},
    "all": {"lr": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "weight_decay": 0.05},
}


def adam_settings(name, decoupled):
    settings = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    settings |= {"weight_decay": 0.0, "decoupled": decoupled}
    return settings | ADAM[name]


def gradients(size, dtype="float64", steps=50):
    """Gradients of very different sizes, some of them 0."""
    rng = np.random.default_rng(1)
    for _ in range(steps):
        scale = 10.0 ** rng.integers(-6, 3, size)
        yield (cotangent(rng, size) * scale * (rng.random(size) < 0.9)).astype(dtype)


def state(size, count, dtype="float64"):
    """Random parameters, and `count` buffers of zeros."""
    p = np.random.default_rng(0).standard_normal(size).astype(dtype)
    return [p, *(np.zeros(size, dtype) for _ in range(count))]


def against_torch(step, buffers, optimizer, parameter, size, **settings):
    """50 steps of ours and of PyTorch's; the parameters agree after every one."""
    torch = pytest.importorskip("torch")
    p = buffers[0]
    for t, g in enumerate(gradients(size), 1):
        parameter.grad = torch.tensor(g)
        optimizer.step()
        step(t, g, **settings)
        np.testing.assert_allclose(p, parameter.detach(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("name", ADAM)
def test_adam_like_pytorch(name, decoupled):
    torch = pytest.importorskip("torch")
    settings = adam_settings(name, decoupled)
    p, m, v = buffers = state(301, 2)
    parameter = torch.nn.Parameter(torch.tensor(p))
    optimizer = (torch.optim.AdamW if decoupled else torch.optim.Adam)(
        [parameter],
        lr=settings["lr"],
        betas=(float(settings["beta1"]), settings["beta2"]),
        eps=settings["eps"],
        weight_decay=settings["weight_decay"],
    )

    def step(t, g):
        adam_step(p, g, m, v, step=t, **settings)

    against_torch(step, buffers, optimizer, parameter, 301)
    saved = optimizer.state[parameter]
    np.testing.assert_allclose(m, saved["exp_avg"], rtol=1e-11, atol=1e-16)
    np.testing.assert_allclose(v, saved["exp_avg_sq"], rtol=1e-11, atol=1e-16)


@pytest.mark.parametrize("size", [0, 1, 7, 65536, 65537, 150_001])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("decoupled", [False, True])
def test_adam_fast_is_plain(size, dtype, decoupled):
    settings = adam_settings("all", decoupled)
    fast, slow = state(size, 2, dtype), state(size, 2, dtype)
    for t, g in enumerate(gradients(size, dtype, steps=3), 1):
        before = g.copy()
        p, m, v = fast
        assert adam_step(p, g, m, v, step=t, **settings) is None
        plain(adam_step, slow[0], g, *slow[1:], step=t, **settings)
        assert np.array_equal(g, before)
        rtol = 1e-12 if dtype == "float64" else 1e-5
        for ours, theirs in zip(fast, slow, strict=True):
            assert ours.dtype == dtype
            np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * 1e-2)


def test_adam_first_step_is_lr_in_the_direction_of_the_sign():
    p, m, v = state(100, 2)
    start, g = p.copy(), cotangent(np.random.default_rng(2), 100)
    settings = adam_settings("default", False)
    adam_step(p, g, m, v, step=1, **settings)
    np.testing.assert_allclose(start - p, 1e-3 * g / (np.abs(g) + 1e-8), rtol=1e-12)


def test_adam_with_a_scheduled_numpy_lr_keeps_float32():
    p, m, v = state(100, 2, "float32")
    settings = adam_settings("default", True) | {"lr": np.float64(1e-3)}
    adam_step(p, np.ones_like(p), m, v, step=1, **settings)
    assert p.dtype == m.dtype == v.dtype == np.float32


SGD = {
    "momentum": [0.0, 0.9],
    "dampening": [0.0, 0.3],
    "nesterov": [False, True],
    "weight_decay": [0.0, 0.1],
}
RMSPROP = {
    "alpha": [0.99, 0.5],
    "momentum": [0.0, 0.9],
    "centered": [False, True],
    "weight_decay": [0.0, 0.1],
    "eps": [1e-8],
}


def every(options):
    """Every combination of the values of the options."""
    return [
        dict(zip(options, values, strict=True))
        for values in itertools.product(*options.values())
    ]


def allowed(settings):
    """PyTorch takes nesterov only with momentum and without dampening."""
    plain_momentum = settings["momentum"] and not settings["dampening"]
    return plain_momentum or not settings["nesterov"]


@pytest.mark.parametrize("settings", list(filter(allowed, every(SGD))), ids=str)
def test_sgd_like_pytorch(settings):
    torch = pytest.importorskip("torch")
    p, buf = buffers = state(40, 1)
    parameter = torch.nn.Parameter(torch.tensor(p))
    optimizer = torch.optim.SGD([parameter], lr=1e-3, **settings)

    def step(t, g):
        sgd_step(p, g, buf, step=t, lr=1e-3, **settings)

    against_torch(step, buffers, optimizer, parameter, 40)


@pytest.mark.parametrize("settings", every(RMSPROP), ids=str)
def test_rmsprop_like_pytorch(settings):
    torch = pytest.importorskip("torch")
    p, v, m, buf = buffers = state(40, 3)
    parameter = torch.nn.Parameter(torch.tensor(p))
    optimizer = torch.optim.RMSprop([parameter], lr=1e-3, **settings)

    def step(t, g):
        rmsprop_step(p, g, v, m, buf, lr=1e-3, **settings)

    against_torch(step, buffers, optimizer, parameter, 40)


@pytest.mark.parametrize("dtype", DTYPES)
def test_sgd_and_rmsprop_keep_dtype_and_gradient(dtype):
    p, v, m, buf = state(50, 3, dtype)
    g = np.ones_like(p)
    sgd = {"momentum": 0.9, "dampening": 0.0, "nesterov": True, "weight_decay": 0.1}
    rms = {"alpha": 0.9, "eps": 1e-8, "momentum": 0.9, "centered": True}
    for step in (1, 2):
        sgd_step(p, g, buf, step=step, lr=np.float64(0.1), **sgd)
        rmsprop_step(p, g, v, m, buf, lr=np.float64(0.1), weight_decay=0.1, **rms)
    assert {a.dtype.name for a in (p, v, m, buf)} == {dtype}
    assert np.array_equal(g, np.ones_like(p)) and not np.shares_memory(g, buf)


def test_buffers_that_an_option_does_not_use_may_be_none():
    p, v, g = state(5, 1)[0], np.zeros(5), np.ones(5)
    sgd = {"momentum": 0.0, "dampening": 0.0, "nesterov": False, "weight_decay": 0.0}
    sgd_step(p, g, None, step=1, lr=0.1, **sgd)
    rms = {"alpha": 0.9, "eps": 1e-8, "momentum": 0.0, "centered": False}
    rmsprop_step(p, g, v, None, None, lr=0.1, weight_decay=0.0, **rms)


@pytest.mark.parametrize("dtype", DTYPES)
def test_global_norm(dtype):
    rng = np.random.default_rng(3)
    arrays = [a for _, (a,) in layouts(rng, 1, dtype)]
    everything = np.concatenate([a.astype("float64").ravel() for a in arrays])
    expected = math.sqrt(math.fsum(everything**2))
    assert math.isclose(global_norm(arrays), expected, rel_tol=1e-5)
    assert isinstance(global_norm(arrays), float)
    assert global_norm([]) == global_norm([np.zeros((0, 3), dtype)]) == 0.0


def test_global_norm_beyond_the_squares_of_float32():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        big = np.full(3, 1e30, "float32")
        assert math.isclose(global_norm([big]), 1e30 * math.sqrt(3), rel_tol=1e-6)
        assert math.isnan(global_norm([big, np.array([np.nan])]))
        assert math.isinf(global_norm([np.array([np.inf, 1.0], "float32")]))
