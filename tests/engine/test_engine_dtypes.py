"""float32 stays float32; what does not mix is refused; numbers are numbers."""

import operator

import numpy as np
import pytest

import tinygen as tg
from tinygen import functional as F
from tinygen.errors import DTypeError
from tinygen.testing.graphs import floats_in_graph

OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}
NUMBERS = [2, 2.0, np.float64(2.0), np.float32(2.0), np.int64(2), True]


def single(*values):
    return tg.tensor(np.array(values, "float32"), requires_grad=True)


@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: type(n).__name__)
@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("order", ["x . n", "n . x"])
def test_a_number_does_not_change_the_dtype(symbol, number, order):
    f = OPERATORS[symbol]
    x = single(1.0, 3.0)
    y = f(x, number) if order == "x . n" else f(number, x)
    z = x.data.astype("float64")
    expected = f(z, float(number)) if order == "x . n" else f(float(number), z)
    assert y.dtype == "float32" and np.allclose(y.data, expected, rtol=1e-6)
    assert {str(a.dtype) for a in floats_in_graph(y)} <= {"float32"}
    (g,) = tg.grad(y, x, np.ones(2, "float32"), create_graph=True)
    assert g.dtype == "float32"
    assert {str(a.dtype) for a in floats_in_graph(g)} <= {"float32"}


@pytest.mark.parametrize(
    "f",
    [
        lambda x, n: tg.maximum(x, n),
        lambda x, n: tg.minimum(n, x),
        lambda x, n: tg.where(x.data > 2, x, n),
        lambda x, n: tg.clip(x, n, None),
        lambda x, n: F.leaky_relu(-x, n),
        lambda x, n: x.sum() * n,
        lambda x, n: tg.pad(x, 1, value=n),
    ],
)
def test_numpy_scalars_do_not_promote(f):
    x = single(1.0, 3.0)
    y = f(x, np.float64(2.0))
    (g,) = tg.grad(y.sum(), x, create_graph=True)
    assert y.dtype == g.dtype == "float32"
    assert {str(a.dtype) for t in (y, g) for a in floats_in_graph(t)} <= {"float32"}


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("other", ["array", "tensor"])
def test_float32_and_float64_arrays_are_refused(symbol, other):
    x, z = single(1.0, 3.0), np.array([1.0, 2.0])
    z = tg.tensor(z) if other == "tensor" else z
    for a, b in ((x, z), (z, x)):
        with pytest.raises(DTypeError, match=r"(?s)float32.*float64|float64.*float32"):
            OPERATORS[symbol](a, b)


@pytest.mark.parametrize("symbol", OPERATORS)
def test_operators_with_arrays_both_ways_round(symbol):
    f, z = OPERATORS[symbol], np.array([[2.0], [3.0]])
    x = tg.tensor(np.array([1.0, 4.0]), requires_grad=True)
    for a, b in ((x, z), (z, x)):
        y = f(a, b)
        assert isinstance(y, tg.Tensor) and y.requires_grad
        expected = f(*(t.data if isinstance(t, tg.Tensor) else t for t in (a, b)))
        assert np.array_equal(y.data, expected)
        (g,) = tg.grad(y, x, np.ones((2, 2)))
        assert g.shape == (2,)


def test_matmul_with_arrays_both_ways_round():
    x = tg.tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    w = np.arange(6.0).reshape(3, 2)
    assert np.array_equal((x @ w).data, x.data @ w)
    assert np.array_equal((w @ x).data, w @ x.data)
    assert isinstance(w @ x, tg.Tensor)


def test_integers_and_booleans():
    i = tg.tensor([1, 2])
    assert i.dtype == "int64" and (i * 2).dtype == "int64"
    with pytest.raises(DTypeError, match="int64"):
        i * single(1.0, 2.0)
    mask = single(1.0, 3.0) > 2
    assert mask.dtype == bool and mask.node is None
    assert (single(1.0, 3.0) * mask).dtype == "float32"


def test_gradient_of_a_cast_has_the_first_dtype():
    x = single(1.0, 3.0)
    y = (x.astype("float64") ** 2).sum()
    y.backward()
    assert y.dtype == "float64" and x.grad.dtype == "float32"


@pytest.mark.parametrize("dtype", ["int64", "bool"])
def test_what_becomes_integers_leaves_the_graph(dtype):
    y = single(1.0, 3.0).astype(dtype)
    assert y.dtype == dtype and not y.requires_grad


def test_the_default_seed_has_the_dtype_of_the_output():
    x = single(1.0, 3.0)
    x.sum().backward()
    assert x.grad.dtype == tg.grad(x.sum(), x)[0].dtype == "float32"


def test_comparisons_are_tensors_of_booleans():
    x, z = single(1.0, 3.0), np.array([2.0, 2.0], "float32")
    for f in (operator.gt, operator.ge, operator.lt, operator.le, operator.eq):
        assert np.array_equal(f(x, z).data, f(x.data, z))
        assert np.array_equal(f(x, 2.0).data, f(x.data, 2.0))
    assert (x != 1.0).tolist() == [False, True]
    assert hash(x) == hash(x)


def test_python_numbers_asked_for_in_float64_keep_all_digits():
    """1.7 in float32 is 1.70000005: a float64 tensor must not have been one."""
    for data in (1.7, [1.7, 2**53 - 1.0], ((1.7,), (0.1,))):
        exact = np.array(data)
        assert (tg.tensor(data, dtype="float64").numpy() == exact).all()
        assert tg.tensor(data).dtype == np.float32
    assert tg.tensor([1, 2], dtype="float64").dtype == np.float64


def test_a_number_of_numpy_is_an_array_of_its_dtype():
    for dtype in (np.float64, np.float32, np.int64):
        x = tg.tensor(dtype(2))
        assert x.shape == () and x.dtype == dtype and x.numpy() == 2
