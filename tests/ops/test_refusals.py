"""Every call that must be refused: the error, the words, and nothing changed."""

import re

import numpy as np
import pytest

from tinygen import recording
from tinygen.backend import rng
from tinygen.engine import Tensor
from tinygen.errors import ShapeError, TinygenError
from tinygen.testing.registry import Draw
from tinygen.testing.suite import SPECS

CALLS = [
    (f"{spec.name}-{i}", spec, error)
    for spec in SPECS.values()
    for i, error in enumerate(spec.errors, 1)
]


def built(argument):
    """An argument with its float arrays as tensors that require grad."""
    if isinstance(argument, list) and any(type(a) is Draw for a in argument):
        return [built(a) for a in argument]
    if type(argument) is Draw:
        argument = argument.values(rng(0, "refusals"))
    if isinstance(argument, np.ndarray) and argument.dtype == np.float64:
        argument = Tensor(argument.copy())
        argument.requires_grad = True
    return argument


def shapes_in(arguments):
    for a in arguments:
        for x in a if isinstance(a, list) else [a]:
            if isinstance(x, Tensor):
                yield x.shape


@pytest.mark.parametrize(
    ("spec", "call"), [(s, c) for _, s, c in CALLS], ids=[name for name, *_ in CALLS]
)
def test_refused(spec, call):
    arguments = [built(a) for a in call.args]
    tensors = [a for a in arguments if isinstance(a, Tensor)]
    before = [x.data.copy() for x in tensors]
    with pytest.raises(call.error) as caught:
        spec.fn(*arguments, **call.kwargs)
    text = str(caught.value)
    assert isinstance(caught.value, TinygenError)
    assert "Fix:" in text
    assert re.search(call.match, text), text
    if call.error is ShapeError and spec.fn.__module__.startswith("tinygen.ops"):
        numbers = {int(n) for n in re.findall(r"\d+", text)}
        missing = {n for shape in shapes_in(arguments) for n in shape} - numbers
        assert not missing, f"sizes {missing} are not in: {text}"
    assert recording.on
    for x, data in zip(tensors, before, strict=True):
        assert np.array_equal(x.data, data) and x.grad is None
