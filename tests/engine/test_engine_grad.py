"""What `grad`, `backward` and `no_grad` promise."""

import numpy as np
import pytest

import tinygen as tg
from tinygen import recording
from tinygen.errors import DTypeError, GraphError, ShapeError


def leaf(*values, dtype="float64"):
    return tg.tensor(np.array(values, dtype), requires_grad=True)


def test_gradients_of_tensors_that_ops_made():
    x = leaf(2.0)
    y = x * x
    z = y * y
    found = tg.grad(z, [y, x, z])
    assert [g and g.item() for g in found] == [8.0, 32.0, 1.0]


def test_a_non_leaf_between_output_and_input_counts_in_full():
    x = leaf(2.0)
    y = x * x
    z = y + x
    gy, gx = tg.grad(z, [y, x])
    assert (gy.item(), gx.item()) == (1.0, 5.0)


def test_results_follow_the_order_and_number_of_inputs():
    a, b = leaf(2.0), leaf(3.0)
    gb, ga, again = tg.grad(a * b, (b, a, b))
    assert (gb.item(), ga.item(), again.item()) == (2.0, 3.0, 2.0)
    assert not np.shares_memory(gb.data, again.data)
    assert a.grad is None, "grad() must not touch .grad"


def test_several_outputs_are_summed_with_their_weights():
    x = leaf(1.0, 2.0)
    outputs = [x * x, x.sum(), x * 3.0]
    weights = [np.array([1.0, 10.0]), None, np.array([0.5, 0.25])]
    (g,) = tg.grad(outputs, x, weights)
    assert np.array_equal(g.data, [2.0 + 1.0 + 1.5, 40.0 + 1.0 + 0.75])


def test_the_same_output_twice():
    x = leaf(3.0)
    y = x * x
    (g,) = tg.grad([y, y], x)
    assert g.item() == 12.0


def test_unused_inputs():
    x, other = leaf(1.0), leaf(2.0)
    with pytest.raises(GraphError, match=r"(?s)inputs \[1\].*allow_unused"):
        tg.grad(x * x, [x, other])
    g, none = tg.grad(x * x, [x, other], allow_unused=True)
    assert g.item() == 2.0 and none is None


def test_an_input_without_gradient_is_refused():
    x = leaf(1.0)
    with pytest.raises(GraphError, match=r"input 1 does not require grad.*Fix:"):
        tg.grad(x * x, [x, tg.tensor([1.0])])


def test_grad_outputs_may_be_tensors_and_are_differentiated():
    x, v = leaf(2.0), leaf(5.0)
    (g,) = tg.grad(x * x, x, v, create_graph=True)
    gx, gv = tg.grad(g, [x, v])
    assert (g.item(), gx.item(), gv.item()) == (20.0, 10.0, 4.0)


def test_count_of_grad_outputs():
    x = leaf(1.0)
    with pytest.raises(GraphError, match=r"(?s)2 outputs but 1 grad_outputs.*Fix:"):
        tg.grad([x * 2.0, x * 3.0], x, [None])


def test_shape_and_dtype_of_grad_outputs():
    x = leaf(1.0, 2.0)
    with pytest.raises(ShapeError, match=r"(?s)\(3,\).*\(2,\).*Fix:"):
        tg.grad(x * x, x, np.ones(3))
    with pytest.raises(DTypeError, match=r"(?s)float32.*float64.*Fix:"):
        (x * x).backward(np.ones(2, "float32"))


def test_first_gradient_is_outside_the_graph_unless_asked_for():
    x = leaf(2.0)
    (g,) = tg.grad(x * x, x)
    assert not g.requires_grad
    (g,) = tg.grad(x * x, x, create_graph=True)
    assert g.requires_grad and not g.is_leaf
    x.grad = None
    (x * x).backward(create_graph=True)
    assert x.grad.requires_grad


@pytest.mark.parametrize(
    ("f", "third"),
    [
        (tg.exp, np.exp),
        (tg.tanh, lambda x: (1 - np.tanh(x) ** 2) * (6 * np.tanh(x) ** 2 - 2)),
        (tg.sin, lambda x: -np.cos(x)),
        (tg.log, lambda x: 2 / x**3),
        (lambda x: x**4, lambda x: 24 * x),
        (lambda x: 1.0 / x, lambda x: -6 / x**4),
        (tg.sqrt, lambda x: 3 / 8 * x**-2.5),
    ],
)
def test_third_order(f, third):
    x = leaf(0.3, 0.7, 1.9)
    y = f(x)
    for _ in range(3):
        (y,) = tg.grad(y, x, np.ones(3), create_graph=True)
    assert np.allclose(y.data, third(x.data), rtol=1e-12)


def test_mixed_third_order():
    """d3(x^2 y^2)/dx dx dy = 4 y, in either order."""
    x, y = leaf(2.0), leaf(3.0)
    z = x * x * y * y
    (zx,) = tg.grad(z, x, create_graph=True)
    (zxx,) = tg.grad(zx, x, create_graph=True)
    (zy,) = tg.grad(z, y, create_graph=True)
    (zyx,) = tg.grad(zy, x, create_graph=True)
    assert tg.grad(zxx, y)[0].item() == tg.grad(zyx, x)[0].item() == 12.0


# -- recording ---------------------------------------------------------------------


def test_no_grad_is_restored_after_an_exception():
    with pytest.raises(ZeroDivisionError), tg.no_grad():
        assert not recording.on
        raise ZeroDivisionError
    assert recording.on


def test_no_grad_nests_and_decorates():
    x = leaf(2.0)

    @tg.no_grad()
    def square(x):
        return x * x

    assert square(x).node is None and recording.on
    with tg.no_grad():
        with tg.no_grad():
            pass
        assert not recording.on
    assert (x * x).requires_grad


def test_one_no_grad_object_can_be_entered_twice():
    off = tg.no_grad()
    with off, off:
        assert not recording.on
    assert recording.on


def test_recording_is_restored_when_backward_fails():
    x = leaf(1.0)
    y = x * x
    y.backward()
    for how in ({}, {"create_graph": True}):
        with pytest.raises(GraphError):
            y.backward(**how)
        assert recording.on
        with tg.no_grad(), pytest.raises(GraphError):
            y.backward(**how)
        assert recording.on


def test_backward_within_no_grad_still_works():
    x = leaf(3.0)
    y = x * x
    with tg.no_grad():
        (g,) = tg.grad(y, x, create_graph=True)
    assert g.item() == 6.0 and g.requires_grad


def test_leaves_made_within_no_grad_require_grad():
    with tg.no_grad():
        x = leaf(3.0)
    assert x.requires_grad and (x * x).requires_grad
