"""What an op computes on a device, and what the checkers and mixed arrays do there."""

import numpy as np
import pytest

import tinygen as tg
from tinygen import backend
from tinygen import functional as F
from tinygen.engine import Tensor, grad
from tinygen.errors import DeviceError
from tinygen.testing import adjoint_check, gradcheck, gradgradcheck
from tinygen.testing.cases import cases
from tinygen.testing.checks import weights
from tinygen.testing.suite import SPECS

CASES = [
    case
    for spec in SPECS.values()
    for case in cases(spec)
    if spec.name not in ("to_device", "time_embedding")  # about devices themselves
]


def results(case, device) -> list[np.ndarray]:
    """Outputs, first gradients and second ones, computed on a device, as NumPy's."""
    leaves = [Tensor(backend.to_device(x, device)) for x in case.arrays]
    for x in leaves:
        x.requires_grad = True
    ys = case.outputs(*leaves, device=device)
    assert all(y.device == device for y in ys)
    vs = [backend.to_device(v, device) for v in weights(case, ys)]
    found, first = list(ys), []
    pairs = [(y, v) for y, v in zip(ys, vs, strict=True) if y.requires_grad]
    if pairs:
        ys, vs = zip(*pairs, strict=True)
        found += grad(ys, leaves, vs, allow_unused=True, retain_graph=True)
        first = grad(ys, leaves, vs, create_graph=True, allow_unused=True)
    first = [g for g in first if g is not None and g.requires_grad]
    if first:
        us = [backend.to_device(w, device) for w in weights(case, first)]
        found += grad(first, leaves, us, allow_unused=True)
    return [None if t is None else backend.to_host(t.data) for t in found]


def test_the_checker_itself(cuda):
    """gradcheck and its kin take tensors of either library."""
    data = np.random.default_rng(0).uniform(-1, 1, (3, 5))
    x = Tensor(backend.to_device(data, "cuda"))
    x.requires_grad = True
    for f in (tg.tanh, lambda x: x * x + 1.0, lambda x: F.softmax(x) @ x.T):
        gradcheck(f, [x])
        gradgradcheck(f, [x])
    adjoint_check(lambda x: x.T.sum(0), [x])


def test_mixed_libraries_are_refused(cuda):
    x = Tensor(backend.to_device(np.ones((2, 3)), "cuda"))
    for f in (tg.add, tg.multiply, tg.matmul):
        for other in (np.ones((2, 3)), Tensor(np.ones((2, 3)))):
            operand = other.T if f is tg.matmul else other
            with pytest.raises(
                DeviceError, match=r"(?s)cuda, cpu.*Fix: x\.to\('cuda'\)"
            ):
                f(x, operand)
