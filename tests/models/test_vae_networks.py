"""Networks of the VAE, what they are told of classes, and walks in latent space."""

import numpy as np
import pytest

import tinygen as tg
from tinygen import data, nn
from tinygen.data.binary import binarised
from tinygen.data.bundled import Split
from tinygen.errors import ConfigError, DTypeError, IndexOutOfRange, ShapeError
from tinygen.models.vae import bound
from tinygen.models.vae.latent import class_means, moved, plane_grid, traversals
from tinygen.models.vae.likelihood import Bernoulli, black_or_white
from tinygen.models.vae.model import VAE
from tinygen.models.vae.networks import (
    ConvDecoder,
    ConvEncoder,
    DenseDecoder,
    DenseEncoder,
)

SHAPE = (1, 8, 8)


def dense(classes=0, shape=SHAPE, hidden=(12,), latent=3, activation="relu"):
    sizes = shape, hidden, latent, classes, activation
    encoder = DenseEncoder(*sizes, rng=tg.rng(0))
    decoder = DenseDecoder(*sizes, rng=tg.rng(1))
    return VAE(encoder, decoder, Bernoulli(), latent)


def conv(classes=0):
    sizes = SHAPE, 4, 12, 3, classes
    encoder, decoder = (
        make(*sizes, rng=tg.rng(2)) for make in (ConvEncoder, ConvDecoder)
    )
    return VAE(encoder, decoder, Bernoulli(), 3)


def images(n=4):
    return black_or_white(tg.zeros((n, *SHAPE)), rng=tg.rng(3))


def labels(*of):
    return tg.tensor(np.array(of))


def test_the_documents_architectures():
    """784-400-20-400-784 with ReLU, and 784-128-k with LeakyReLU."""
    usual = dense(shape=(1, 28, 28), hidden=(400,), latent=20)
    encoder = 784 * 400 + 400 + 400 * 40 + 40
    decoder = 20 * 400 + 400 + 400 * 784 + 784
    assert usual.num_parameters() == encoder + decoder
    small = dense(shape=(1, 28, 28), hidden=(128,), latent=2, activation="leaky-relu")
    assert small.num_parameters() == 784 * 128 + 128 + 129 * 4 + 3 * 128 + 129 * 784
    slopes = [m.negative_slope for m in small.modules() if isinstance(m, nn.LeakyReLU)]
    assert slopes == [0.2, 0.2]


@pytest.mark.parametrize("make", [dense, conv])
@pytest.mark.parametrize("classes", [0, 3])
def test_shapes_and_gradients(make, classes):
    model, x = make(classes), images()
    told = labels(0, 1, 2, 0) if classes else None
    noise = tg.randn((2, 4, 3), rng=tg.rng(4))
    found = bound.terms(model, x, noise, told)
    assert found.log_likelihood.shape == (4,) and found.kl.shape == (4, 3)
    bound.loss(found).backward()
    assert all(abs(p.grad.data).max() > 0 for p in model.parameters())
    assert model.reconstruct(x, told).shape == x.shape
    assert model.interpolate(x, x, 3, told).shape == (3, 4, *SHAPE)
    assert model.sample(4, rng=tg.rng(5), labels=told).shape == x.shape


@pytest.mark.parametrize("make", [dense, conv])
def test_several_draws_are_each_told_their_own_class(make):
    model, told = make(3), labels(0, 1, 2, 0)
    z = tg.randn((5, 4, 3), rng=tg.rng(6))
    together = model.decode(z, told).detach().data
    apart = [model.decode(z[k], told).detach().data for k in range(5)]
    np.testing.assert_allclose(together, np.stack(apart), atol=1e-6)


@pytest.mark.parametrize("make", [dense, conv])
def test_the_class_matters_to_both_networks(make):
    model, x = make(3), images(1)
    z = model.encode(x, labels(0)).mean
    assert abs((z - model.encode(x, labels(1)).mean).detach().data).max() > 1e-4
    outputs = [model.decode(z, labels(c)).detach().data for c in (0, 1)]
    assert abs(outputs[0] - outputs[1]).max() > 1e-4


def test_classes_are_given_where_they_are_known_and_nowhere_else():
    x = images(2)
    with pytest.raises(ConfigError, match=r"no labels of 3 classes.*Fix:"):
        dense(3).encode(x)
    with pytest.raises(ConfigError, match=r"knows no classes.*Fix:"):
        dense().encode(x, labels(0, 1))
    for wrong in (3, -1):
        with pytest.raises(
            IndexOutOfRange, match=rf"class {wrong} of 3.*Fix: 0 \.\. 2$"
        ):
            dense(3).encode(x, labels(0, wrong))
    with pytest.raises(ShapeError, match=r"labels \(3,\) for 2 samples. Fix: "):
        dense(3).encode(x, labels(0, 1, 2))
    with pytest.raises(DTypeError, match=r"labels are float64. Fix: "):
        dense(3).encode(x, labels(0.0, 1.0))
    assert np.array_equal(
        *(dense(3).encode(x, a).mean.data for a in ([0, 2], labels(0, 2)))
    )


@pytest.mark.parametrize("make", [dense, conv])
def test_images_and_codes_of_another_shape_are_refused(make):
    model, x = make(), images(3)
    with pytest.raises(
        ShapeError, match=r"\(1, 7, 8\) for a model of \(1, 8, 8\).*Fix:"
    ):
        model.encode(x[:, :, :7])
    for walk in (model.decode, model.images):
        with pytest.raises(ShapeError, match=r"z \(2, 4\).*3 latents.*Fix:"):
            walk(tg.zeros((2, 4)))
    with pytest.raises(ShapeError, match=r"from \(1, 3\) to \(2, 3\). Fix:"):
        model.interpolate(x[:1], x[1:])


def test_interpolation_begins_and_ends_at_reconstructions():
    model, x = dense(), images(4)
    path = model.interpolate(x[:2], x[2:], 5).detach().data
    for end, place in ((x[:2], 0), (x[2:], 4)):
        expected = model.reconstruct(end).detach().data
        np.testing.assert_allclose(path[place], expected, atol=1e-6)
    middle = 0.5 * (model.encode(x[:2]).mean + model.encode(x[2:]).mean)
    np.testing.assert_allclose(path[2], model.images(middle).detach().data, atol=1e-6)


# -- walks in latent space -------------------------------------------------------------


def test_the_plane_is_spread_as_the_prior_is():
    grid = plane_grid(99, 0.01)
    assert grid.shape == (99 * 99, 2) and grid.dtype == np.float32
    places = grid[:99, 0]
    assert np.array_equal(grid[:99, 1], np.full(99, places[-1]))  # the top row
    assert places[0] == pytest.approx(-2.3263, abs=1e-4) and places[49] == 0
    assert (abs(places) < 0.6745).mean() == pytest.approx(0.5, abs=0.02)


def test_a_traversal_changes_one_latent():
    code = np.array([1.0, 2.0, 3.0], np.float32)
    rows = traversals(code, [2, 0], [-1.0, 5.0])
    expected = [[1, 2, -1], [1, 2, 5], [-1, 2, 3], [5, 2, 3]]
    assert np.array_equal(rows, expected)


def test_moving_by_class_means_moves_one_mean_to_the_other():
    codes = tg.rng(7).standard_normal((30, 4)).astype(np.float32)
    of = np.arange(30) % 3
    means = class_means(codes, of, 3)
    np.testing.assert_allclose(means[1], codes[1::3].mean(0), atol=1e-6)
    there = moved(codes[of == 0], means, 0, 2)
    np.testing.assert_allclose(there.mean(0), means[2], atol=1e-6)
    back = moved(there, means, 2, 0)
    np.testing.assert_allclose(back, codes[of == 0], atol=1e-6)
    half = moved(tg.tensor(codes), means, 0, 2, 0.5).data - codes
    np.testing.assert_allclose(half[5], (means[2] - means[0]) / 2, atol=1e-6)
    with pytest.raises(ConfigError, match=r"no code of class 3.*Fix:"):
        class_means(codes, of, 4)


# -- black and white ------------------------------------------------------------


def test_pixels_are_white_as_often_as_they_are_bright():
    grey = tg.tensor(np.linspace(-1, 1, 11).repeat(20000).reshape(11, 1, 200, 100))
    drawn = black_or_white(grey, rng=tg.rng(8)).data
    assert set(np.unique(drawn)) == {-1.0, 1.0}
    means = drawn.mean((1, 2, 3))
    np.testing.assert_allclose(means, np.linspace(-1, 1, 11), atol=5 / 20000**0.5)
    assert (drawn[0] == -1).all() and (drawn[-1] == 1).all()


def test_a_fixed_binarisation_is_always_the_same_and_means_the_grey():
    some = data.load("mnist").test
    some = Split(some.images[:300], some.labels[:300])
    first, again = (binarised(some, "test").images for _ in range(2))
    assert np.array_equal(first, again) and set(np.unique(first)) == {0, 255}
    assert not np.array_equal(first, binarised(some, "train").images)
    assert not np.array_equal(first, binarised(some, "test", seed=1).images)
    assert first.mean() == pytest.approx(some.images.mean(), rel=0.01)
    assert (first[some.images == 0] == 0).all()
    assert (first[some.images == 255] == 255).all()
    part = Split(some.images[:7], some.labels[:7])
    assert np.array_equal(binarised(part, "test").images, first[:7])
