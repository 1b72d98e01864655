"""Bad inputs to tensors, the engine and a few functions: what is said.

Refusals of single ops stand with their samples (tests/ops/test_refusals.py).
"""

import re

import numpy as np
import pytest

import tinygen as tg
from tinygen import functional as F
from tinygen import recording
from tinygen.errors import (
    ConfigError,
    DataError,
    DeviceError,
    DTypeError,
    GraphError,
    IndexOutOfRange,
    ShapeError,
    TinygenError,
)


def leaf(*shape, dtype="float32"):
    data = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
    return tg.tensor(data.astype(dtype), requires_grad=True)


LABELS = np.arange(50) % 10


def with_label(value):
    labels = LABELS.copy()
    labels[37] = value
    return labels


def freed():
    y = (leaf(2, 3) * 2.0).sum()
    y.backward()
    return y


def stale():
    x = leaf(2, 3)
    y = (x * x).sum()
    x.assign(x.data + 1)
    return y


def in_place():
    leaf(2, 3)[0] = 1.0


# number of the list in the design: call, error, a pattern in the text
TABLE = {
    "1 shapes that do not broadcast": (
        lambda: leaf(3, 2) + leaf(3),
        ShapeError,
        r"add.*\(3, 2\) and \(3,\).*axis -1 is 2 against 3.*\(3,\) to \(3, 1\)",
    ),
    "2 matrices that do not fit": (
        lambda: leaf(2, 3) @ leaf(4, 5),
        ShapeError,
        r"\(2, 3\) @ \(4, 5\).*3 and 4",
    ),
    "3 integers that require grad": (
        lambda: tg.tensor([1, 2], requires_grad=True),
        DTypeError,
        "int64 cannot carry gradients.*dtype='float32'",
    ),
    "3 integers, later": (
        lambda: setattr(tg.tensor([1, 2]), "requires_grad", True),
        DTypeError,
        "int64",
    ),
    "4 backward of several elements": (
        lambda: (leaf(4) * 2.0).backward(),
        GraphError,
        r"scalar, got shape \(4,\).*y\.mean\(\)\.backward\(\)",
    ),
    "5 gradient of a wrong shape": (
        lambda: (leaf(4) * 2.0).backward(np.ones(3, "float32")),
        ShapeError,
        r"\(3,\).*\(4,\)",
    ),
    "5 gradient of a wrong dtype": (
        lambda: (leaf(4) * 2.0).backward(np.ones(4)),
        DTypeError,
        "float64.*float32",
    ),
    "5 a number as the gradient": (
        lambda: leaf(4).sum().backward(1.0),
        DTypeError,
        r"got float.*array of shape \(\)",
    ),
    "7 backward without history": (
        lambda: tg.tensor(3.0).backward(),
        GraphError,
        r"shape \(\).*no_grad.*detached.*requires grad",
    ),
    "7 grad of a constant": (
        lambda: tg.grad(tg.tensor(3.0), leaf(2)),
        GraphError,
        r"output 0 \(shape \(\)\) has no history",
    ),
    "8 a value that changed": (
        lambda: stale().backward(),
        GraphError,
        r"multiply.*\(2, 3\).*changed",
    ),
    "8 a graph that was freed": (lambda: freed().backward(), GraphError, "freed"),
    "9 in place": (in_place, GraphError, r"in place.*where.*assign"),
    "9 assign of another shape": (
        lambda: leaf(2, 3).assign(np.ones((3, 2), "float32")),
        ShapeError,
        r"\(2, 3\).*\(3, 2\)",
    ),
    "9 assign of another dtype": (
        lambda: leaf(2).assign(np.ones(2)),
        DTypeError,
        "float32.*float64",
    ),
    "9 assign of a list": (
        lambda: leaf(2).assign([1.0, 2.0]),
        DTypeError,
        r"got list.*shape \(2,\).*float32",
    ),
    "9 assign to a result": (
        lambda: (leaf(2) * 2.0).assign(np.ones(2, "float32")),
        GraphError,
        "multiply.*detach",
    ),
    "12 reshape": (
        lambda: leaf(2, 3).reshape(4, 2),
        ShapeError,
        "6 elements do not fill 8",
    ),
    "12 reshape, two unknown": (
        lambda: leaf(2, 3).reshape(-1, -1),
        ShapeError,
        "only one size",
    ),
    "13 axis": (
        lambda: leaf(2, 3, 5).sum(3),
        ShapeError,
        r"axis 3 of a 3-D tensor, shape \(2, 3, 5\).*-3\.\.2",
    ),
    "13 repeated axis": (
        lambda: leaf(2, 3).sum((1, -1)),
        ShapeError,
        r"repeated axis in \(1, -1\)",
    ),
    "15 index": (
        lambda: leaf(2, 3)[0, 3],
        IndexOutOfRange,
        r"\(0, 3\).*axis 1 with size 3",
    ),
    "15 float index": (lambda: leaf(2, 3)[1.5], DTypeError, r"1\.5.*astype"),
    "15 mask": (
        lambda: leaf(2, 3)[np.ones((3, 2), bool)],
        IndexOutOfRange,
        "size of axis is 2 but .* is 3",
    ),
    "16 ragged": (
        lambda: tg.tensor([[1.0, 2.0], [3.0], [4.0]]),
        DTypeError,
        "row 1 has length 1, row 0 has 2",
    ),
    "16 text": (lambda: tg.tensor(["a", "b"]), DTypeError, r"list \['a', 'b'\]"),
    "16 None": (lambda: tg.tensor(None), DTypeError, "NoneType"),
    "16 objects": (
        lambda: tg.tensor(np.array([{}, 1], object)),
        DTypeError,
        "object",
    ),
    "17 complex": (
        lambda: tg.tensor([1j, 2.0]),
        DTypeError,
        "complex128.*real tensors only",
    ),
    "17 complex dtype": (
        lambda: tg.tensor([1.0], dtype="complex64"),
        DTypeError,
        "complex64.*real",
    ),
    "dtype": (
        lambda: tg.tensor([1.0], dtype="float16"),
        DTypeError,
        "float16.*float32",
    ),
    "18 unknown device": (
        lambda: tg.tensor([1.0], device="tpu"),
        DeviceError,
        "tpu.*cpu.*cuda",
    ),
    "18 set_device": (lambda: tg.set_device("gpu:0"), DeviceError, "gpu:0"),
    "20 truth": (
        lambda: bool(leaf(2, 3)),
        ValueError,
        r"6 elements.*\(2, 3\).*any\(\).*all\(\)",
    ),
    "20 item": (lambda: leaf(2, 3).item(), ValueError, r"\(2, 3\).*mean"),
    "20 float": (lambda: float(leaf(2, 3)), ValueError, r"\(2, 3\)"),
    "21 asarray": (
        lambda: np.asarray(leaf(2)),
        GraphError,
        r"x\.detach\(\)\.numpy\(\)",
    ),
    "21 numpy": (lambda: leaf(2).numpy(), GraphError, r"x\.detach\(\)\.numpy\(\)"),
    "21 sum by NumPy": (lambda: np.linalg.norm(leaf(2)), GraphError, "detach"),
    "23 linear": (
        lambda: F.linear(leaf(4, 28, 28), leaf(10, 784)),
        ShapeError,
        r"last axis 784, got .*28.* in \(4, 28, 28\).*reshape\(-1, 784\)",
    ),
    "29 batch norm of one value": (
        lambda: F.batch_norm(leaf(1, 3), training=True),
        ShapeError,
        r"1 value per channel.*\(1, 3\).*batch of 2",
    ),
    "30 groups": (
        lambda: F.group_norm(leaf(2, 6, 3), 4),
        ConfigError,
        r"4 groups of 6 channels.*\[1, 2, 3, 6\]",
    ),
    "32 embedding": (
        lambda: F.embedding(np.array([[0, 5]]), leaf(5, 3)),
        IndexOutOfRange,
        r"index 5 at position 1 \(of shape \(1, 2\)\); valid 0\.\.4",
    ),
    "33 label too large": (
        lambda: F.cross_entropy(leaf(50, 10), with_label(10)),
        IndexOutOfRange,
        r"label 10 at position 37.*0\.\.9",
    ),
    "34 label negative": (
        lambda: F.cross_entropy(leaf(50, 10), with_label(-1)),
        IndexOutOfRange,
        r"label -1 at position 37.*0\.\.9",
    ),
    "35 labels of floats": (
        lambda: F.cross_entropy(leaf(50, 10), LABELS.astype("float32")),
        DTypeError,
        "float32.*astype.*argmax",
    ),
    "35 one-hot labels": (
        lambda: F.cross_entropy(leaf(50, 10), np.eye(10, dtype=int)[LABELS]),
        ShapeError,
        r"\(50, 10\).*argmax\(1\)",
    ),
    "37 probability": (
        lambda: F.binary_cross_entropy(
            np.array([0.5, 1.2], "float32"), np.ones(2, "float32")
        ),
        DataError,
        r"input .*0\.5 to 1\.2.*position 1.*with_logits",
    ),
    "37 target": (
        lambda: F.binary_cross_entropy(
            np.array([0.5, 0.5], "float32"), np.array([1.0, 2.0], "float32")
        ),
        DataError,
        r"target .*1\.0 to 2\.0.*position 1",
    ),
    "42 mean of nothing": (
        lambda: leaf(3, 0).mean(),
        ShapeError,
        r"\(3, 0\).*nothing to reduce",
    ),
    "negative size": (lambda: tg.zeros((2, -3)), ShapeError, r"\(2, -3\)"),
    "seed": (lambda: tg.rng(-1), ConfigError, r"2\*\*63.*-1"),
    "seed 1.5": (lambda: tg.rng(1.5), ConfigError, r"1\.5"),
    "seed too large": (lambda: tg.rng(2**70), ConfigError, str(2**70)),
    "losses never broadcast": (
        lambda: F.mse_loss(leaf(5, 1), leaf(5)),
        ShapeError,
        r"\(5, 1\).*\(5,\).*reshape",
    ),
}


@pytest.mark.parametrize("row", TABLE)
def test_refused(row):
    call, error, pattern = TABLE[row]
    device = tg.get_device()
    with pytest.raises(error) as caught:
        call()
    text = str(caught.value)
    assert re.search(pattern, text, re.DOTALL), text
    assert "Fix:" in text
    assert isinstance(caught.value, TinygenError) or error is ValueError
    assert recording.on and tg.get_device() == device


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
