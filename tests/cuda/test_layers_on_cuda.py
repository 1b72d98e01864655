"""Every layer and every optimiser on the device: no wait in it, the CPU's numbers."""

import sys
from pathlib import Path

import numpy as np
import pytest
from strict_cupy import ledger

import tinygen as tg
from tinygen import backend, nn, optim
from tinygen.engine import Tensor
from tinygen.testing.checks import apart

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / "nn"), str(TESTS / "optim")]
import optimizer_cases  # noqa: E402
import test_second_order  # noqa: E402

PLAIN = {  # beside those of test_second_order
    "Linear": (lambda: nn.Linear(4, 3, rng=tg.rng(0)), (5, 4)),
    "Flatten": (nn.Flatten, (2, 3, 4)),
    "Identity": (nn.Identity, (2, 3)),
    "ReLU": (nn.ReLU, (4, 5)),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.2), (4, 5)),
    "ELU": (nn.ELU, (4, 5)),
    "GELU": (nn.GELU, (4, 5)),
    "SiLU": (nn.SiLU, (4, 5)),
    "Sigmoid": (nn.Sigmoid, (4, 5)),
    "Tanh": (nn.Tanh, (4, 5)),
    "Softplus": (nn.Softplus, (4, 5)),
    "Softmax": (nn.Softmax, (4, 5)),
    "LogSoftmax": (nn.LogSoftmax, (4, 5)),
    "Unflatten": (lambda: nn.Unflatten(1, (2, 3)), (4, 6)),
}
LAYERS = test_second_order.LAYERS | PLAIN


def gradients(build, shapes, where) -> list[np.ndarray]:
    """What a layer gives, and the gradients of a weighted sum of it."""
    draws = np.random.default_rng(0)
    xs = [draws.standard_normal(shape) for shape in shapes]
    with tg.device(where):
        layer = build().astype("float64").to(where)
        if isinstance(layer, test_second_order.WithLabels):
            layer.told = backend.to_device(np.array([2, 0, 2]), where)
            layer.forward = lambda x: layer.layer(x, layer.told)
        xs = [tg.tensor(x, requires_grad=True) for x in xs]
        y = layer(*xs)
        (y * tg.tensor(draws.standard_normal(y.shape))).sum().backward()
    leaves = [*xs, *layer.parameters()]
    arrays = [y.data, *(leaf.grad.data for leaf in leaves), *layer.buffers()]
    assert {backend.device_of(x) for x in arrays if x.ndim} == {where}
    return arrays


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer(name, device):
    build, *shapes = LAYERS[name]
    with ledger.no_sync():
        there = gradients(build, shapes, "cuda")
    found = [backend.to_host(x) for x in there]
    assert not apart(found, gradients(build, shapes, "cpu"), 1e-11)


def test_no_layer_is_left_out():
    tried = {name.split(",")[0] for name in LAYERS}
    kinds = {n for n in nn.__all__ if isinstance(getattr(nn, n), type)}
    elsewhere = {"Module", "Sequential", "Dropout", "Embedding", "TimeEmbedding"}
    assert kinds - tried == elsewhere  # in recipes


@pytest.mark.parametrize("name", optimizer_cases.NAMES)
def test_an_optimizer(name, device):
    """Fifty steps in float64; nothing is read but to make the gradients."""
    rows = {}
    for where in ("cpu", "cuda"):
        starts = [optimizer_cases.start(i) for i in range(len(optimizer_cases.SHAPES))]
        params = [tg.tensor(x, requires_grad=True, device=where) for x in starts]

        def give(p, g, where=where):
            p.grad = None if g is None else Tensor(backend.to_device(g, where))

        def make(kind, params, options):
            optimizer = getattr(optim, kind)(params, **options)
            step = optimizer.step

            def unwaiting():
                with ledger.no_sync():
                    step()

            optimizer.step = unwaiting
            return optimizer

        read = lambda p: backend.to_host(p.data)
        rows[where] = optimizer_cases.run(name, make, params, read, give)
    np.testing.assert_allclose(rows["cuda"], rows["cpu"], rtol=1e-12, atol=1e-14)
