"""Spectral norm, minibatch standard deviation and clipping, put into built networks."""

import numpy as np
import pytest

import tinygen as tg
from tinygen import nn
from tinygen.errors import ConfigError, ShapeError
from tinygen.models import dcgan, gan
from tinygen.models.critic import (
    MinibatchStdHead,
    clip_weights,
    minibatch_std,
    normalise_spectra,
    replace_parts,
    show_minibatch_std,
)
from tinygen.testing import gradcheck, gradgradcheck


def rng(seed=0):
    return np.random.default_rng(seed)


def dense():
    """A discriminator in float64 whose spectra are normalised, and iterated."""
    D = gan.Discriminator((3,), 6, rng=rng(1))
    normalise_spectra(D, rng=rng(2))
    D.astype("float64")
    x = tg.tensor(rng(3).standard_normal((4, 3)))
    with tg.no_grad():
        for _ in range(2000):
            D(x.astype("float64"))
    return D.eval()


def layers_of(D):
    return [part for part in D.modules() if isinstance(part, nn.SpectralNorm)]


def images(*shape, seed=0):
    return tg.tensor(rng(seed).standard_normal(shape), dtype="float64")


# -- spectral norm -------------------------------------------------------------------


def test_every_weight_that_is_used_has_largest_singular_value_one():
    D = dense()
    assert len(layers_of(D)) == 3
    for wrapped in layers_of(D):
        rows, columns = wrapped.layer.weight.shape
        zero = np.zeros((1, columns))
        used = wrapped(tg.tensor(np.eye(columns), dtype="float64")).data
        used = (used - wrapped(tg.tensor(zero, dtype="float64")).data).T
        assert used.shape == (rows, columns)
        largest = np.linalg.svd(used, compute_uv=False)[0]
        assert largest == pytest.approx(1.0, abs=1e-5)


def test_a_dense_discriminator_with_normalised_spectra_is_lipschitz():
    D, x, y = dense(), images(200, 3), images(200, 3, seed=1)
    change = abs(D(x).data - D(y).data)[:, 0]
    assert (change <= np.linalg.norm(x.data - y.data, axis=1) * (1 + 1e-9)).all()


def through_svd(D, x):
    """D(x), each weight divided by the largest singular value that numpy finds."""
    h, layers = x, layers_of(D)
    for i, wrapped in enumerate(layers):
        weight, bias = wrapped.layer.weight.data, wrapped.layer.bias.data
        sigma = np.linalg.svd(weight, compute_uv=False)[0]
        h = h @ weight.T / sigma + bias
        h = np.where(h > 0, h, 0.2 * h) if i < len(layers) - 1 else h
    return h


def test_the_gradient_of_spectral_norm_is_that_of_dividing_by_the_singular_value():
    D, x = dense(), images(5, 3)
    np.testing.assert_allclose(D(x).data, through_svd(D, x.data), rtol=1e-7)
    for wrapped in layers_of(D):
        weight = wrapped.layer.weight
        (g,) = tg.grad(D(x).sum(), [weight])
        start, direction = weight.data, rng(4).standard_normal(weight.shape)
        values = []
        for t in (-2e-4, -1e-4, 1e-4, 2e-4):
            weight.assign(start + t * direction)
            values.append(through_svd(D, x.data).sum())
        weight.assign(start)
        slope = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / 12e-4
        assert (g.data * direction).sum() == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_spectral_norm_reaches_every_layer_of_a_convolutional_discriminator():
    D = dcgan.Discriminator((1, 28, 28), 8, classes=3, normalize=False, rng=rng())
    count = len(list(D.parameters()))
    normalise_spectra(D, rng=rng(1))
    assert len(layers_of(D)) == 5  # three convolutions, head, embedding
    assert len(list(D.parameters())) == count
    x = images(2, 1, 28, 28).astype("float32")
    assert D(x, tg.tensor(np.array([0, 2]))).shape == (2, 1)


def test_parts_in_dicts_and_lists_are_replaced():
    module = nn.Module()
    module.table = {"a": [nn.ReLU()], "b": nn.Sequential(nn.ReLU(), nn.Tanh())}
    swap = lambda part: nn.Identity() if isinstance(part, nn.ReLU) else part
    replace_parts(module, swap)
    kinds = [type(part).__name__ for part in module.modules()]
    assert kinds == ["Module", "Identity", "Sequential", "Identity", "Tanh"]


# -- minibatch standard deviation ----------------------------------------------------


@pytest.mark.parametrize("shape", [(7, 5), (4, 3, 2, 6)])
def test_minibatch_std_is_the_mean_of_the_deviations(shape):
    x = images(*shape)
    y = minibatch_std(x, eps=0.0).data
    assert y.shape == (shape[0], shape[1] + 1, *shape[2:])
    np.testing.assert_array_equal(y[:, :-1], x.data)
    np.testing.assert_allclose(y[:, -1], x.data.std(0).mean(), rtol=1e-14)


def test_minibatch_std_of_equal_samples_is_zero_with_a_finite_gradient():
    x = tg.tensor(np.ones((4, 3)), requires_grad=True, dtype="float64")
    y = minibatch_std(x)
    assert y.data[0, -1] == pytest.approx(1e-4)
    (g,) = tg.grad(y.sum(), [x])
    assert np.isfinite(g.data).all()


def test_minibatch_std_to_second_order():
    x = tg.tensor(images(4, 3).data, requires_grad=True, dtype="float64")
    gradcheck(minibatch_std, [x])
    gradgradcheck(minibatch_std, [x])


def test_minibatch_std_refuses_one_axis():
    with pytest.raises(ShapeError, match="Fix: x \\(N, F\\)"):
        minibatch_std(images(4))


@pytest.mark.parametrize("classes", [0, 3])
def test_the_head_of_a_discriminator_sees_the_batch(classes):
    D = dcgan.Discriminator((1, 28, 28), 8, classes, rng=rng())
    show_minibatch_std(D, rng=rng(1))
    assert isinstance(D.head, MinibatchStdHead)
    assert D.head.linear.weight.shape == (1, 32 * 9 + 1)
    labels = (tg.tensor(np.array([0, 1, 2])),) if classes else ()
    x = images(3, 1, 28, 28).astype("float32")
    logits = D(x, *labels).data
    assert logits.shape == (3, 1)
    last = D.head.linear.weight.data[0, -1]
    D.head.linear.weight.data[0, -1] = 0
    spread = D.features(x).data.std(0).mean()
    np.testing.assert_allclose(logits - D(x, *labels).data, last * spread, rtol=1e-3)


def test_a_network_without_a_head_is_refused():
    with pytest.raises(ConfigError, match="no linear layer"):
        show_minibatch_std(nn.Sequential(nn.Tanh()), rng=rng())


# -- clipping ------------------------------------------------------------------------


def test_clipping_bounds_every_parameter_and_no_other():
    D = gan.Discriminator((2,), 8, rng=rng())
    before = [p.data.copy() for p in D.parameters()]
    clip_weights(D, 0.1)
    for p, old in zip(D.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.data, old.clip(-0.1, 0.1))
        assert p.requires_grad and p.dtype == "float32"
