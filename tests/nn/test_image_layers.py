"""Layers for images: what they compute, their first weights, their statistics."""

import numpy as np
import pytest

import tinygen as tg
from tinygen import functional as F
from tinygen import nn
from tinygen.errors import ConfigError, ShapeError


def rng(seed=0):
    return np.random.default_rng(seed)


def images(*shape, seed=1, dtype="float64"):
    return tg.tensor(rng(seed).standard_normal(shape), dtype=dtype)


LAYERS = {
    "conv": lambda t: t.Conv2d(2, 6, (3, 2), 2, 1, 2, 2),
    "conv transpose": lambda t: t.ConvTranspose2d(2, 4, 4, 2, 1, 1, 2),
    "batch norm": lambda t: t.BatchNorm2d(2),
    "group norm": lambda t: t.GroupNorm(2, 2),
    "batch norm, mean of all": lambda t: t.BatchNorm2d(2, momentum=None),
    "batch norm, no statistics": lambda t: t.BatchNorm2d(2, 0.1, 0.3, False, False),
    "instance norm": lambda t: t.InstanceNorm2d(2, 0.1, 0.3, True),
    "instance norm, tracking": lambda t: t.InstanceNorm2d(2, 1e-5, 0.3, False, True),
    "average": lambda t: t.AvgPool2d(3, 2, 1),
    "max": lambda t: t.MaxPool2d((2, 3), 2),
    "max, dilated": lambda t: t.MaxPool2d((3, 2), 1, 1, (2, 3)),
    "unfold": lambda t: t.Unfold((2, 3), (2, 1), 1, 2),
    "unfold and fold": lambda t: t.Sequential(
        t.Unfold((2, 3), 1, 1, 2), t.Fold((7, 11), (2, 3), 1, 1, 2)
    ),
    "shuffle": lambda t: t.Sequential(t.Conv2d(2, 8, 3), t.PixelShuffle(2)),
    "unshuffle": lambda t: t.Sequential(t.Conv2d(2, 3, (2, 4)), t.PixelUnshuffle(2)),
    "upsample": lambda t: t.Upsample(scale_factor=2),
    "upsample by a fraction": lambda t: t.Upsample(scale_factor=1.3),
    "upsample, bilinear": lambda t: t.Upsample((5, 20), mode="bilinear"),
    "upsample by a fraction, bilinear": lambda t: t.Upsample(None, 2.6, "bilinear"),
    "upsample, corners": lambda t: t.Upsample((5, 20), None, "bilinear", True),
}


class Seeded:
    """tinygen.nn with rng= filled in, so that one line builds either library's."""

    def __getattr__(self, name):
        kind = getattr(nn, name)
        if name.startswith("Conv"):  # the others draw nothing
            return lambda *args: kind(*args, rng=rng())
        return kind


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("training", [True, False])
def test_layers_agree_with_pytorch(name, training):
    torch = pytest.importorskip("torch")
    ours, theirs = LAYERS[name](Seeded()), LAYERS[name](torch.nn)
    state = {k: torch.from_numpy(np.array(v)) for k, v in ours.state_dict().items()}
    theirs.load_state_dict(state)
    ours.train(training)
    theirs.train(training)
    x = images(3, 2, 7, 11, dtype="float32")
    atol = 5e-6 if "upsample" in name else 2e-6  # PyTorch's places are float32 too
    for _ in range(2):
        y, expected = ours(x), theirs(torch.from_numpy(x.data))
        np.testing.assert_allclose(y.data, expected.detach().numpy(), atol=atol)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key], value.numpy(), atol=1e-6)


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_first_weights_fill_pytorchs_range(kind):
    weight = kind(32, 16, 5, rng=rng()).weight.data
    bound = 1 / np.sqrt(np.prod(weight.shape[1:]))
    assert 0.99 * bound < abs(weight).max() <= bound


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 4)])
def test_batch_norm_of_vectors_and_rows_agrees_with_pytorch(shape, training):
    torch = pytest.importorskip("torch")
    ours, theirs = nn.BatchNorm1d(3).train(training), torch.nn.BatchNorm1d(3)
    theirs.train(training)
    x = images(*shape, dtype="float32")
    for _ in range(2):
        y, expected = ours(x), theirs(torch.from_numpy(x.data))
        np.testing.assert_allclose(y.data, expected.detach().numpy(), atol=2e-6)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key], value.numpy(), atol=1e-6)


@pytest.mark.parametrize("groups", [1, 2])
def test_conv1d_agrees_with_pytorch(groups):
    torch = pytest.importorskip("torch")
    settings = (4, 6, 3, 2, (1,), 2, groups)
    ours, theirs = nn.Conv1d(*settings, rng=rng()), torch.nn.Conv1d(*settings)
    state = {k: torch.from_numpy(v) for k, v in ours.state_dict().items()}
    theirs.load_state_dict(state)
    x = images(3, 4, 11, dtype="float32")
    expected = theirs(torch.from_numpy(x.data)).detach().numpy()
    np.testing.assert_allclose(ours(x).data, expected, atol=2e-6)


def test_batch_norm_keeps_running_statistics_as_stated():
    layer = nn.BatchNorm2d(2, momentum=0.25, dtype="float64")
    x = images(5, 2, 3, 7)
    layer(x)
    mean, var = x.data.mean((0, 2, 3)), x.data.var((0, 2, 3), ddof=1)
    np.testing.assert_allclose(layer.running_mean, 0.25 * mean, rtol=1e-12)
    np.testing.assert_allclose(layer.running_var, 0.75 + 0.25 * var, rtol=1e-12)
    layer.eval()
    kept = layer.running_mean.copy()
    layer(x)
    assert (layer.running_mean == kept).all()
    assert layer.num_batches_tracked == 1


def test_batch_norm_of_one_value_is_refused():
    with pytest.raises(ShapeError, match=r"variance of 1 value .*Fix: a batch of 2"):
        nn.BatchNorm2d(3)(tg.ones((1, 3, 1, 1)))


def test_conditional_batch_norm_starts_plain_and_then_follows_the_label():
    layer = nn.ConditionalBatchNorm2d(2, 3)
    x, labels = images(4, 2, 5, 7, dtype="float32"), tg.tensor([0, 1, 2, 1])
    np.testing.assert_allclose(
        layer(x, labels).data, nn.BatchNorm2d(2)(x).data, atol=1e-6
    )
    gamma = layer.gamma.data.copy()
    gamma[1] = 3.0
    layer.gamma.assign(gamma)
    changed, plain = layer(x, labels).data, nn.BatchNorm2d(2)(x).data
    np.testing.assert_allclose(changed[[1, 3]], 3 * plain[[1, 3]], atol=1e-5)
    np.testing.assert_allclose(changed[[0, 2]], plain[[0, 2]], atol=1e-6)


def test_adaptive_instance_norm_takes_mean_and_std_from_the_style():
    gamma, beta = images(3, 2, seed=2), images(3, 2, seed=3)
    y = F.adaptive_instance_norm(images(3, 2, 11, 7), gamma, beta, eps=0.0).data
    np.testing.assert_allclose(y.mean((2, 3)), beta.data, atol=1e-12)
    np.testing.assert_allclose(y.std((2, 3)), abs(gamma.data), rtol=1e-12)


@pytest.mark.parametrize("shape", [(5, 7), (6, 2, 3, 3)])
def test_spectral_norm_makes_the_largest_singular_value_one(shape):
    if len(shape) == 2:
        layer, x = nn.Linear(shape[1], shape[0], rng=rng()), images(2, shape[1])
    else:
        layer, x = nn.Conv2d(2, 6, 3, rng=rng()), images(1, 2, 5, 5)
    layer.astype("float64")
    wrapped = nn.SpectralNorm(layer, rng=rng(4))
    for _ in range(400):
        y = wrapped(x)
    matrix = layer.weight.data.reshape(shape[0], -1)
    sigma = np.linalg.svd(matrix, compute_uv=False)[0]
    bias = layer.bias.data
    layer.bias.assign(0 * bias)
    plain = layer(x).data / sigma
    layer.bias.assign(bias)
    offset = bias.reshape(-1, *(1 for _ in shape[2:]))
    np.testing.assert_allclose(y.data, plain + offset, rtol=1e-5)
    wrapped(x).sum().backward()
    assert abs(layer.weight.grad.data).max() > 0


def test_attention_by_its_definition_and_its_symmetry():
    q, k, v = (images(2, n, 3, seed=s) for n, s in ((4, 1), (5, 2), (5, 3)))
    y = F.scaled_dot_product_attention(q, k, v).data
    scores = np.exp(q.data @ k.data.swapaxes(1, 2) / np.sqrt(3))
    expected = scores / scores.sum(-1, keepdims=True) @ v.data
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    heads = nn.MultiheadAttention(6, 2, rng=rng()).astype("float64")
    x, order = images(2, 5, 6), [3, 0, 4, 1, 2]
    np.testing.assert_allclose(heads(x)[:, order].data, heads(x[:, order]).data)


def test_a_causal_mask_hides_the_future():
    heads = nn.MultiheadAttention(6, 3, rng=rng()).astype("float64")
    mask = np.tril(np.ones((5, 5), bool))
    x = images(1, 5, 6)
    later = x.data.copy()
    later[:, 3:] += 1
    before, after = heads(x, mask=mask).data, heads(tg.tensor(later), mask=mask).data
    assert (before[:, :3] == after[:, :3]).all()
    assert (before[:, 3:] != after[:, 3:]).any()


@pytest.mark.parametrize("others", [0, 1, 2])
def test_attention_of_several_heads_has_pytorchs_weights(others):
    """To itself, to other keys, to other keys and values."""
    torch = pytest.importorskip("torch")
    ours = nn.MultiheadAttention(6, 3, rng=rng())
    theirs = torch.nn.MultiheadAttention(6, 3, batch_first=True)
    state = {k: torch.from_numpy(v) for k, v in ours.state_dict().items()}
    assert list(state) == list(theirs.state_dict())
    state["in_proj_bias"] += torch.linspace(-1, 1, 18)
    ours.load_state_dict({k: v.numpy() for k, v in state.items()})
    theirs.load_state_dict(state)
    query = images(2, 4, 6, dtype="float32")
    rest = [images(2, 5, 6, seed=s, dtype="float32") for s in range(2, 2 + others)]
    mask = rng(5).random((4, 5 if others else 4)) < 0.7
    mask[:, 0] = True
    three = [query, *rest]
    three += three[-1:] * (2 - others)
    tensors = [torch.from_numpy(x.data) for x in three]
    hidden = torch.from_numpy(~mask)  # PyTorch's layer asks what may not be seen
    expected = theirs(*tensors, attn_mask=hidden, need_weights=False)[0]
    y = ours(query, *rest, mask=mask).data
    np.testing.assert_allclose(y, expected.detach().numpy(), atol=2e-6)


@pytest.mark.parametrize("causal", [False, True])
def test_attention_agrees_with_pytorch(causal):
    torch = pytest.importorskip("torch")
    q, k, v = (images(2, n, 3, seed=s) for n, s in ((4, 1), (5, 2), (5, 3)))
    bias = None if causal else images(4, 5, seed=4)
    ours = F.scaled_dot_product_attention(q, k, v, bias, is_causal=causal, scale=0.3)
    tensors = [torch.from_numpy(x.data) for x in (q, k, v, bias) if x is not None]
    theirs = torch.nn.functional.scaled_dot_product_attention
    expected = theirs(*tensors, is_causal=causal, scale=0.3)
    np.testing.assert_allclose(ours.data, expected.numpy(), rtol=1e-10)


def test_time_embedding_by_its_definition():
    e = F.time_embedding(np.array([0, 3]), 6).numpy()
    frequency = 10000.0 ** (-np.arange(3) / 3)
    expected = [*np.cos(3 * frequency), *np.sin(3 * frequency)]
    np.testing.assert_allclose(e[1], expected, atol=1e-6)
    np.testing.assert_array_equal(e[0], [1, 1, 1, 0, 0, 0])


def test_image_attention_keeps_the_shape():
    layer = nn.ImageAttention(4, 2, rng=rng())
    assert layer(images(2, 4, 3, 5, dtype="float32")).shape == (2, 4, 3, 5)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.Conv2d(3, 4, 3, groups=2, rng=rng()), "groups=2"),
        (lambda: nn.MultiheadAttention(6, 4, rng=rng()), "4 heads for width 6"),
        (lambda: F.group_norm(images(2, 6, 3, 3), 4), "4 groups of 6 channels"),
        (
            lambda: F.conv_transpose2d(
                images(1, 2, 3, 3), images(2, 1, 3, 3), stride=2, output_padding=2
            ),
            "output_padding=2 with stride 2",
        ),
    ],
)
def test_impossible_options_are_refused(make, words):
    with pytest.raises(ConfigError, match=words + ".*Fix:"):
        make()


@pytest.mark.parametrize(
    ("x", "w", "words"),
    [
        ((2, 1, 8, 8), (4, 3, 3, 3), "expects 3 channels .*got 1"),
        ((2, 8, 8, 3), (4, 3, 3, 3), r"transpose\(0, 3, 1, 2\)"),
        ((2, 3, 2, 8), (4, 3, 3, 3), r"filter \(3, 3\).* images \(2, 8\)"),
        ((3, 8, 8), (4, 3, 3, 3), r"\(3, 8, 8\)"),
    ],
)
def test_images_that_do_not_fit_are_refused(x, w, words):
    with pytest.raises(ShapeError, match=words):
        F.conv2d(tg.ones(x), tg.ones(w))
