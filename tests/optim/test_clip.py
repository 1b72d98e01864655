"""Bounds on gradients: one factor for all of them, or one bound for each element."""

import math

import numpy as np
import pytest

import tinygen as tg
from tinygen.engine import Tensor
from tinygen.errors import NonFiniteError
from tinygen.optim import clip_grad_norm, clip_grad_value


def parameters(dtype="float64"):
    """Three of them; the common norm of the gradients is 13; the third has none."""
    params = [tg.zeros(shape, True, dtype) for shape in ((2, 2), (), (3,))]
    params[0].grad = Tensor(np.array([[3.0, 0.0], [0.0, -4.0]], dtype))
    params[1].grad = Tensor(np.array(12.0, dtype))
    return params


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_norm_is_that_of_all_gradients_together(dtype):
    params = parameters(dtype)
    assert clip_grad_norm(params, 2.6) == 13.0
    factor = 2.6 / (13 + 1e-6)
    np.testing.assert_allclose(
        params[0].grad.data, factor * np.array([[3, 0], [0, -4]]), rtol=1e-6
    )
    np.testing.assert_allclose(params[1].grad.data, factor * 12, rtol=1e-6)
    assert params[2].grad is None
    assert {p.grad.dtype for p in params[:2]} == {np.dtype(dtype)}
    assert params[1].grad.shape == ()


def test_small_gradients_are_left_alone():
    params = parameters()
    before = [p.grad.data for p in params[:2]]
    assert clip_grad_norm(params, 13.1) == 13.0
    assert all(p.grad.data is g for p, g in zip(params, before, strict=False))


def test_clipping_writes_into_no_array_that_others_hold():
    params = parameters()
    held = params[0].grad.data
    clip_grad_norm(params, 1.0)
    clip_grad_value(params, 0.1)
    np.testing.assert_array_equal(held, [[3.0, 0.0], [0.0, -4.0]])


def test_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    for bound in (0.5, 12.9999999, 13.0, 20.0):
        params = parameters()
        theirs = [torch.zeros(p.shape, requires_grad=True) for p in params]
        for p, q in zip(params[:2], theirs, strict=False):
            q.grad = torch.tensor(p.grad.data, dtype=torch.float32)
        norm = torch.nn.utils.clip_grad_norm_(theirs, bound)
        assert clip_grad_norm(params, bound) == pytest.approx(norm.item(), rel=1e-6)
        for p, q in zip(params[:2], theirs, strict=False):
            np.testing.assert_allclose(p.grad.data, q.grad.numpy(), rtol=1e-6)


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_a_norm_that_is_not_finite(bad):
    params = parameters()
    params[0].grad = Tensor(np.array([[bad, 0.0], [0.0, 1.0]]))
    with pytest.raises(NonFiniteError, match=f"norm of the gradients is {bad}"):
        clip_grad_norm(params, 1.0, error_if_nonfinite=True)
    assert params[1].grad.data == 12.0
    with np.errstate(invalid="ignore"):
        assert not math.isfinite(clip_grad_norm(params, 1.0))
    assert np.isnan(params[0].grad.data[0, 0])
    assert np.isnan(params[1].grad.data) == math.isnan(bad)


def test_values_are_bounded_one_by_one():
    params = parameters()
    clip_grad_value(params, 3.5)
    np.testing.assert_array_equal(params[0].grad.data, [[3.0, 0.0], [0.0, -3.5]])
    assert params[1].grad.data == 3.5 and params[1].grad.shape == ()
    assert params[2].grad is None


def test_no_gradients_at_all():
    assert clip_grad_norm([], 1.0) == 0.0
    assert clip_grad_norm([tg.zeros(3, True)], 1.0) == 0.0
