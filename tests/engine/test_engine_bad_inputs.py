"""Bad inputs to the engine: nothing is changed by what is refused.

What is said of each is in tests/robust/test_bad_inputs.py.
"""

import numpy as np
import pytest

import tinygen as tg
from tinygen import functional as F
from tinygen.errors import (
    ShapeError,
)


def leaf(*shape, dtype="float32"):
    data = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
    return tg.tensor(data.astype(dtype), requires_grad=True)


def test_errors_are_also_the_built_in_ones():
    """`except ValueError` and the like keep working."""
    with pytest.raises(ValueError):
        leaf(3, 2) + leaf(3)
    with pytest.raises(TypeError):
        tg.tensor(["a"])
    with pytest.raises(IndexError):
        leaf(2)[5]
    with pytest.raises(RuntimeError):
        leaf(2).backward()


def test_10_second_order_where_there_is_none():
    """An argument without a rule says so by name: never zeros."""
    from tinygen.ops.activations import relu_grad

    x = leaf(2)
    with pytest.raises(NotImplementedError, match="relu_grad"):
        tg.grad(relu_grad(x * 2.0, x), x, np.ones(2, "float32"))


@pytest.mark.parametrize("f", [tg.exp, tg.sum, F.softplus])
def test_misuse_names_the_op(f):
    with pytest.raises(TypeError, match=f.op.name):
        f(leaf(2), colour="red")


def test_38_huge_logits():
    """A finite loss and gradient, without a warning."""
    logits = tg.tensor([[1e4, 0.0, -1e4], [-1e4, 1e4, 0.0]], requires_grad=True)
    with np.errstate(all="raise", under="ignore"):
        for loss in (
            F.cross_entropy(logits, np.array([2, 1])),
            F.binary_cross_entropy_with_logits(logits, tg.ones((2, 3))),
        ):
            (g,) = tg.grad(loss, logits)
            assert np.isfinite(loss.item()) and np.isfinite(g.data).all()


def test_an_error_within_an_op_leaves_its_arguments_alone():
    x, z = leaf(3, 2), leaf(3)
    before = x.data.copy(), z.data.copy()
    with pytest.raises(ShapeError):
        x * z
    assert np.array_equal(x.data, before[0]) and np.array_equal(z.data, before[1])
    assert x.grad is None and x.is_leaf
    (x * 2.0).sum().backward()
    assert np.array_equal(x.grad.data, np.full((3, 2), 2.0))


def test_an_array_takes_no_tensor_in_place():
    """array += tensor never writes into the array."""
    array, x = np.ones(3, "float32"), leaf(3)
    with pytest.raises(TypeError):
        array += x
    assert np.array_equal(array, np.ones(3))
