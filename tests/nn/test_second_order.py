"""Every layer for images: gradients of gradients, in train and eval mode, both dtypes.

Batch norm's second derivative and that of a convolution's weight gradient are where
other libraries of this kind are wrong, and nothing but a penalty on gradients tells.
"""

import numpy as np
import pytest

import tinygen as tg
from tinygen import functional as F
from tinygen import nn
from tinygen.testing import gradcheck, gradgradcheck


def rng(seed=0):
    return np.random.default_rng(seed)


LAYERS = {  # a layer, and the shapes of what it is applied to
    "Conv1d": (lambda: nn.Conv1d(2, 4, 3, 2, 1, groups=2, rng=rng()), (2, 2, 7)),
    "Conv2d": (lambda: nn.Conv2d(2, 3, (3, 2), 2, 1, rng=rng()), (2, 2, 5, 4)),
    "Conv2d, dilated groups": (
        lambda: nn.Conv2d(4, 2, 2, 1, 1, 2, 2, rng=rng()),
        (2, 4, 3, 5),
    ),
    "ConvTranspose2d": (
        lambda: nn.ConvTranspose2d(2, 3, 4, 2, 1, 1, rng=rng()),
        (2, 2, 2, 3),
    ),
    "AvgPool2d": (lambda: nn.AvgPool2d(3, 2, 1), (2, 2, 5, 4)),
    "MaxPool2d": (lambda: nn.MaxPool2d(2, 2), (2, 2, 5, 4)),
    "GlobalAvgPool2d": (nn.GlobalAvgPool2d, (2, 3, 2, 4)),
    "GlobalMaxPool2d": (nn.GlobalMaxPool2d, (2, 3, 2, 4)),
    "Unfold": (lambda: nn.Unfold(2, 1, 1, 2), (2, 2, 3, 4)),
    "Fold": (lambda: nn.Fold((3, 4), 2, 1, 1, 2), (2, 8, 6)),
    "Upsample, nearest": (lambda: nn.Upsample(scale_factor=2), (2, 2, 3, 2)),
    "Upsample, bilinear": (lambda: nn.Upsample((5, 3), None, "bilinear"), (1, 2, 3, 2)),
    "Upsample, corners": (
        lambda: nn.Upsample(None, 1.5, "bilinear", True),
        (1, 2, 3, 4),
    ),
    "PixelShuffle": (lambda: nn.PixelShuffle(2), (2, 4, 3, 2)),
    "PixelUnshuffle": (lambda: nn.PixelUnshuffle(2), (2, 2, 4, 2)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(3), (5, 3)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(2), (3, 2, 2, 3)),
    "BatchNorm2d, plain": (
        lambda: nn.BatchNorm2d(2, affine=False, track_running_stats=False),
        (3, 2, 2, 3),
    ),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (2, 4, 3, 2)),
    "LayerNorm": (lambda: nn.LayerNorm((3, 2)), (2, 4, 3, 2)),
    "InstanceNorm2d": (
        lambda: nn.InstanceNorm2d(2, affine=True, track_running_stats=True),
        (2, 2, 3, 2),
    ),
    "ConditionalBatchNorm2d": (
        lambda: WithLabels(nn.ConditionalBatchNorm2d(2, 3)),
        (3, 2, 2, 3),
    ),
    "AdaIN": (lambda: nn.AdaIN(5, 2, rng=rng()), (2, 2, 3, 2), (2, 5)),
    "SpectralNorm": (
        lambda: nn.SpectralNorm(nn.Conv2d(2, 3, 2, rng=rng()), rng=rng(1)),
        (2, 2, 3, 3),
    ),
    "MultiheadAttention": (
        lambda: nn.MultiheadAttention(4, 2, rng=rng()),
        (2, 3, 4),
        (2, 5, 4),
    ),
    "ImageAttention": (lambda: nn.ImageAttention(4, 2, rng=rng()), (2, 4, 2, 3)),
    "ClassProjection": (
        lambda: WithLabels(nn.ClassProjection(3, 4, rng=rng())),
        (3, 4),
    ),
}


class WithLabels(nn.Module):
    """A layer that is told the classes 2, 0, 2."""

    def __init__(self, layer):
        self.layer = layer

    def forward(self, x):
        return self.layer(x, tg.tensor([2, 0, 2]))


class Case:
    """A layer with weights of no special value, its inputs, and the map of both."""

    def __init__(self, name, training, dtype="float64"):
        build, *shapes = LAYERS[name]
        self.layer = build().train(training).astype("float64")
        if name == "SpectralNorm":
            settle(self.layer, shapes[0])
        draws = rng(7)
        self.layer.load_state_dict(state_of(self.layer, draws, name))
        self.layer.astype(dtype)
        values = [spaced(draws, shape) for shape in shapes]
        self.inputs = [
            tg.tensor(value, dtype=dtype, requires_grad=True) for value in values
        ]
        self.leaves = [*self.inputs, *self.layer.parameters()]

    def __call__(self, *leaves):
        """The layer; its parameters are among the leaves, so that they are checked."""
        return self.layer(*leaves[: len(self.inputs)])


def state_of(layer, draws, name):
    """Weights and statistics away from 0 and 1; those of spectral norm as they are."""
    state = layer.state_dict()
    for value in state.values():
        if name != "SpectralNorm" and value.dtype.kind == "f":
            value[...] = draws.uniform(0.4, 1.2, value.shape)
    return state


def spaced(draws, shape):
    """Numbers of which no two are near: no maximum changes within a difference."""
    n = int(np.prod(shape))
    x = np.linspace(-2, 2, n) + draws.uniform(-0.3, 0.3, n) * 4 / n
    return draws.permutation(x).reshape(shape)


def settle(layer, shape):
    """Iterate until u and v, constants for the gradient, are the singular vectors."""
    layer.train()
    with tg.no_grad():
        for _ in range(300):
            layer(tg.ones(shape, dtype="float64"))
    layer.eval()


every_layer = pytest.mark.parametrize("name", LAYERS)
both_modes = pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])


@every_layer
@both_modes
def test_first_and_second_derivatives(name, training):
    case = Case(name, training)
    moving = name == "SpectralNorm" and training  # u, v: see the test against PyTorch
    gradcheck(case, case.leaves, mode="projection")
    gradgradcheck(case, case.leaves, wrt=[0] if moving else None)


def gradients(case):
    """dL/dleaf and d(sum of v * dL/dleaf)/dleaf, L and v with random weights."""
    draws = rng(3)
    weigh = lambda t: (t * draws.uniform(0.5, 1, t.shape).astype(t.dtype)).sum()
    y = case(*case.leaves)
    first = tg.grad(weigh(y * y), case.leaves, create_graph=True)
    total = sum((weigh(g * g) for g in first[1:]), weigh(first[0] * first[0]))
    return [*first, *tg.grad(total, case.leaves, allow_unused=True)]


@every_layer
@both_modes
def test_float32_is_float64_rounded_to_the_second_order(name, training):
    """Errors below 2e-5 of each gradient's largest number: some hundred roundings."""
    single, double = Case(name, training, "float32"), Case(name, training)
    for g, exact in zip(gradients(single), gradients(double), strict=True):
        assert (g is None) == (exact is None)
        if g is not None:
            assert g.dtype == np.float32
            scale = max(abs(exact.data).max(), 1e-3)
            assert abs(g.data - exact.data).max() <= 2e-5 * scale


@both_modes
def test_the_classes_of_the_layers_are_all_here(training):
    """No layer for images is forgotten, save those without a gradient."""
    tried = {name.split(",")[0] for name in LAYERS}
    modules = {"conv", "normal", "attention"}
    there = {
        name
        for name, kind in vars(nn).items()
        if getattr(kind, "__module__", "").rpartition(".")[2] in modules
        and isinstance(kind, type)
    }
    assert there - tried == {"TimeEmbedding"}
    assert F.time_embedding is not None


# -- against PyTorch -----------------------------------------------------------------


def test_spectral_norm_agrees_with_pytorch_to_the_second_order():
    """In training u and v move, so differences see another function at each call."""
    torch = pytest.importorskip("torch")
    ours = nn.SpectralNorm(nn.Conv2d(2, 3, 2, rng=rng()), rng=rng(1))
    theirs = torch.nn.utils.spectral_norm(torch.nn.Conv2d(2, 3, 2))
    ours.astype("float64")
    theirs.double()
    weight, bias = ours.layer.weight, ours.layer.bias
    theirs.weight_orig.data = torch.from_numpy(weight.data)
    theirs.bias.data = torch.from_numpy(bias.data)
    theirs.weight_u = torch.from_numpy(np.array(ours.u))
    expect_same_to_second_order(ours, theirs)
    ours.eval()
    theirs.eval()
    expect_same_to_second_order(ours, theirs)


@pytest.mark.parametrize("kind", ["Conv2d", "ConvTranspose2d"])
def test_spectral_norm_takes_a_row_for_each_output_as_pytorch(kind):
    torch = pytest.importorskip("torch")
    ours = nn.SpectralNorm(getattr(nn, kind)(2, 3, 2, rng=rng()), rng=rng(1))
    theirs = torch.nn.utils.spectral_norm(getattr(torch.nn, kind)(2, 3, 2))
    assert ours.u.shape == theirs.weight_u.shape == (3,)
    weight, bias = ours.layer.weight, ours.layer.bias
    theirs.weight_orig.data = torch.from_numpy(weight.data)
    theirs.bias.data = torch.from_numpy(bias.data)
    theirs.weight_u = torch.from_numpy(np.array(ours.u))
    x = rng(2).standard_normal((2, 2, 4, 3), np.float32)
    for _ in range(3):
        y, expected = ours(tg.tensor(x)), theirs(torch.from_numpy(x))
        np.testing.assert_allclose(y.data, expected.detach().numpy(), atol=1e-6)


def expect_same_to_second_order(ours, theirs):
    """Both libraries' spectral norm with the same weights."""
    torch, weight = pytest.importorskip("torch"), ours.layer.weight
    x = rng(2).standard_normal((2, 2, 4, 3))
    ox = tg.tensor(x, dtype="float64", requires_grad=True)
    tx = torch.from_numpy(x).requires_grad_()
    first = tg.grad((ours(ox) ** 3).sum(), [ox, weight], create_graph=True)
    wanted = [tx, theirs.weight_orig]
    expected = torch.autograd.grad((theirs(tx) ** 3).sum(), wanted, create_graph=True)
    second = tg.grad((first[0] ** 2).sum() + first[1].sum(), [ox, weight])
    total = (expected[0] ** 2).sum() + expected[1].sum()
    pairs = [*first, *second], [*expected, *torch.autograd.grad(total, wanted)]
    for g, e in zip(*pairs, strict=True):
        np.testing.assert_allclose(g.data, e.detach().numpy(), rtol=1e-9, atol=1e-12)
