"""Bad inputs to tensors, the engine and functions: call, error, a pattern in the text.

The number in a name is that of the list that the project was designed with.
"""

import numpy as np

import tinygen as tg
from tinygen import functional as F
from tinygen import nn, optim
from tinygen.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    DeviceError,
    DTypeError,
    GraphError,
    IndexOutOfRange,
    NoDerivativeError,
    NonFiniteError,
    ShapeError,
)
from tinygen.models.autoencoder import Autoencoder
from tinygen.models.gan import Discriminator, Generator
from tinygen.models.vq.prior import CodePrior
from tinygen.ops.activations import relu_grad

NAN = float("nan")


def leaf(*shape, dtype="float32"):
    data = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
    return tg.tensor(data.astype(dtype), requires_grad=True)


X, LABELS = leaf(2), np.arange(50) % 10


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


def image(*shape):
    return tg.tensor(np.zeros(shape, np.float32))


def random():
    return tg.rng(0, "bad inputs")


def in_place():
    leaf(2, 3)[0] = 1.0


TENSORS = {
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
    "7 grad of a number": (
        lambda: tg.grad(3.0, leaf(2)),
        GraphError,
        "output 0 is 3.0, float, not a Tensor",
    ),
    "7 grad with respect to a list of numbers": (
        lambda: tg.grad(leaf(2).sum(), [1.0, 2.0]),
        GraphError,
        "input 0 is 1.0, float, not a Tensor",
    ),
    "10 no rule": (
        lambda: tg.grad(relu_grad(leaf(2) * 2.0, X), X, np.ones(2, "float32")),
        NoDerivativeError,
        "relu_grad has no derivative",
    ),
    "24 channels": (
        lambda: nn.Conv2d(3, 4, 3, rng=random())(image(2, 1, 8, 8)),
        ShapeError,
        r"expects 3 channels \(N, C, H, W\), got 1 in \(2, 1, 8, 8\)",
    ),
    "25 channels last": (
        lambda: nn.Conv2d(3, 4, 3, rng=random())(image(2, 8, 9, 3)),
        ShapeError,
        r"got 8 in \(2, 8, 9, 3\).*transpose\(0, 3, 1, 2\)",
    ),
    "26 filter larger than the image": (
        lambda: F.conv2d(image(2, 3, 4, 5), image(4, 3, 7, 7)),
        ShapeError,
        r"filter \(7, 7\).*images \(4, 5\).*size \(-2, -1\)",
    ),
    "28 output padding": (
        lambda: F.conv_transpose2d(
            image(2, 3, 4, 4), image(3, 4, 3, 3), stride=2, output_padding=2
        ),
        ConfigError,
        "output_padding=2 with stride 2",
    ),
    "30 groups of a convolution": (
        lambda: nn.Conv2d(6, 8, 3, groups=4, rng=random()),
        ConfigError,
        "groups=4 does not divide 6 and 8",
    ),
    "30 heads": (
        lambda: nn.MultiheadAttention(10, 3, rng=random()),
        ConfigError,
        r"3 heads for width 10.*\[1, 2, 5, 10\]",
    ),
    "32 negative index": (
        lambda: F.embedding(np.array([2, -1]), leaf(5, 3)),
        IndexOutOfRange,
        r"index -1 at position 1.*0\.\.4",
    ),
    "32 float index": (
        lambda: F.embedding(np.array([1.0]), leaf(5, 3)),
        DTypeError,
        "float64.*astype",
    ),
    "39 log-variance of 200": (
        lambda: F.kl_diagonal_gaussians(leaf(2, 3), leaf(2, 3) + 195.0),
        NonFiniteError,
        r"log_variance reaches 201; above 8\d.*float32.*clip",
    ),
    "39 log-variance of -200": (
        lambda: F.gaussian_nll(leaf(2), leaf(2), leaf(2) - 200.0),
        NonFiniteError,
        "-log_variance reaches 199.*clip",
    ),
    "41 too long a sequence": (
        lambda: CodePrior(8, 9, rng=random()).log_prob(np.zeros((2, 10), int)),
        ShapeError,
        r"10 codes each, x \(2, 10\).*of 9",
    ),
    "46 no parameters": (lambda: optim.Adam([], lr=1.0), ConfigError, "no parameters"),
    "46 twice": (
        lambda: optim.SGD([X, X], lr=1.0),
        ConfigError,
        "a parameter is given twice",
    ),
    "46 lr 0": (lambda: optim.SGD([leaf(2)], lr=0), ConfigError, "lr=0"),
    "46 lr -1": (lambda: optim.SGD([leaf(2)], lr=-1), ConfigError, "lr=-1"),
    "46 lr nan": (lambda: optim.Adam([leaf(2)], lr=NAN), ConfigError, "lr=nan"),
    "55 cuda without CuPy or GPU": (
        lambda: tg.tensor([1.0], device="cuda"),
        DeviceError,
        "cuda.*Fix:",
    ),
    "60 bytes into a convolution": (
        lambda: nn.Conv2d(1, 4, 3, rng=random())(
            tg.tensor(np.zeros((2, 1, 8, 8), np.uint8))
        ),
        DTypeError,
        r"uint8\(2, 1, 8, 8\), 0\.\.255.*to_float",
    ),
    "60 bytes into a dense layer": (
        lambda: F.linear(tg.tensor(np.zeros((2, 4), np.uint8)), leaf(3, 4)),
        DTypeError,
        r"uint8\(2, 4\), 0\.\.255.*to_float",
    ),
    "62 colour for grey": (
        lambda: Autoencoder((1, 8, 8), 3, rng=random())(image(2, 3, 8, 8)),
        ShapeError,
        r"\(3, 8, 8\).*\(1, 8, 8\).*recoloured\(images, grey=True\)",
    ),
    "62 grey for colour": (
        lambda: Autoencoder((3, 8, 8), 3, rng=random())(image(2, 1, 8, 8)),
        ShapeError,
        r"\(1, 8, 8\).*\(3, 8, 8\).*recoloured\(images, grey=False\)",
    ),
    "62 another size": (
        lambda: Discriminator((1, 8, 8), rng=random())(image(2, 1, 28, 28)),
        ShapeError,
        r"\(1, 28, 28\).*\(1, 8, 8\).*resized\(images, 8\)",
    ),
    "89 state of another optimiser": (
        lambda: optim.Adam([leaf(3)], lr=1.0).load_state_dict({"0.step": np.ones(())}),
        CheckpointError,
        "2 missing: 0.exp_avg, 0.exp_avg_sq",
    ),
    "95 latent of another width": (
        lambda: Generator(5, (1, 4, 4), rng=random())(image(2, 7)),
        ShapeError,
        r"expects last axis 5, got 7 in \(2, 7\)",
    ),
}
