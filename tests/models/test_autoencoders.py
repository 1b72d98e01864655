"""Convolutional and denoising autoencoders against what is known of the best ones."""

import numpy as np
import pytest

import tinygen as tg
from tinygen import data
from tinygen.errors import ConfigError
from tinygen.models.autoencoder import (
    ConvAutoencoder,
    damaged,
    halved,
    reconstruction_loss,
)
from tinygen.recipes.autoencoder import (
    AutoencoderRecipe,
    ConvAutoencoderRecipe,
    DenoisingAutoencoder,
)

CODE = 6


def trained(kind, **options):
    recipe = kind(kind.Config(**options))
    for step in range(recipe.config.steps):
        recipe.train_step(recipe.data.batch(step), step, recipe.streams(step))
    return recipe


def eight_by_eight():
    """The training digits of 8x8 pixels, (N, 64) in [-1, 1]."""
    images = data.load("digits").train.images
    return data.to_float(images, "float64").reshape(len(images), -1)


def variances(x):
    """Of the principal axes of x, the largest first."""
    return np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]


@pytest.mark.parametrize(
    "shape", [(1, 28, 28), (1, 25, 25), (3, 8, 8), (2, 9, 31), (3, 64, 64)]
)
def test_any_size_comes_back(shape):
    model = ConvAutoencoder(shape, 5, 2, rng=tg.rng(0))
    x = tg.randn((3, *shape), rng=tg.rng(1))
    assert model.encode(x).shape == (3, 5)
    y = model(x)
    assert y.shape == x.shape and abs(y.data).max() <= 1
    assert halved(shape)[-1] == model.inner[1:] and 4 <= min(model.inner[1:]) < 8


def test_what_cannot_be_halved():
    with pytest.raises(
        ConfigError, match=r"7 x 28 are too small to be halved. Fix: im"
    ):
        ConvAutoencoder((1, 7, 28), 5, rng=tg.rng(0))


def test_the_linear_one_is_affine_and_the_other_is_not():
    x, y = (tg.randn((4, 1, 12, 13), rng=tg.rng(i)) for i in range(2))
    for linear in (True, False):
        model = ConvAutoencoder((1, 12, 13), 7, 4, linear=linear, rng=tg.rng(2))
        gap = model(x) + model(y) - model(x + y) - model(x * 0)
        assert (abs(gap.data).max() < 1e-5) == linear


def test_the_code_is_all_that_the_decoder_sees():
    model = ConvAutoencoder((1, 9, 9), 3, 4, rng=tg.rng(0))
    x = tg.randn((2, 1, 9, 9), rng=tg.rng(1))
    assert np.array_equal(model(x).data, model.decode(model.encode(x)).data)
    x = tg.tensor(x.data, requires_grad=True)
    pixels = model(x)[0].reshape(81)
    rows = [tg.grad(pixels[i], [x], retain_graph=True)[0].data[0] for i in range(81)]
    jacobian = np.stack(rows).reshape(81, 81)
    assert np.linalg.matrix_rank(jacobian, tol=1e-5) == 3


def test_a_linear_convolutional_autoencoder_reaches_the_error_of_pca():
    recipe = trained(
        ConvAutoencoderRecipe,
        data="digits",
        linear=True,
        code=CODE,
        width=8,
        steps=1500,
        batch_size=256,
        lr=4e-3,
    )
    images = eight_by_eight()
    x = tg.tensor(images.astype(np.float32).reshape(-1, 1, 8, 8))
    reached = reconstruction_loss(recipe.model, x).item()
    best = variances(images)[CODE:].sum() / 64
    assert best * 0.9999 < reached < best * 1.03


def test_a_linear_denoising_autoencoder_becomes_the_wiener_filter():
    """min E|W(x + s e) + b - x|^2 over rank 6: sum v - sum_{i<=6} v_i^2/(v_i + s^2)."""
    std = 0.8
    options = {"linear": True, "code": CODE, "batch_size": 360, "data": "digits"}
    recipe = trained(AutoencoderRecipe, steps=3000, lr=3e-3, noise=std, **options)
    v, images = variances(eight_by_eight()), eight_by_eight()
    best = (v.sum() - (v**2 / (v + std**2))[:CODE].sum()) / 64
    encoder, decoder = recipe.model.encoder, recipe.model.decoder
    w = decoder.weight.data.astype("float64") @ encoder.weight.data
    b = decoder.weight.data @ encoder.bias.data + decoder.bias.data
    error = ((images @ w.T + b - images) ** 2).mean() + std**2 * (w**2).sum() / 64
    assert best * 0.9999 < error < best * 1.02
    of_pca = v[CODE:].sum() / 64 + std**2 * CODE / 64  # it keeps the noise in its plane
    assert error < 0.95 * of_pca


def test_masking_hides_exactly_that_share_and_nothing_else():
    x = np.random.default_rng(0).uniform(-0.9, 1, (200, 3, 6, 5)).astype(np.float32)
    seen = damaged(x, masked=0.4, rng=tg.rng(1))
    hidden = (seen == -1).all(1)
    assert (hidden.sum((1, 2)) == 12).all()  # 0.4 of 30, in every image
    assert np.array_equal(np.where(hidden[:, None], x, seen), x)
    # each place is as likely: 200 images, binomial std 0.035
    assert abs(hidden.mean(0) - 0.4).max() < 0.17
    assert np.array_equal(seen, damaged(x, masked=0.4, rng=tg.rng(1)))


def test_noise_has_the_std_that_was_asked_for_and_lies_over_the_mask():
    x = np.zeros((50, 1, 20, 20), np.float32)
    noise = damaged(x, noise=0.5, rng=tg.rng(0))
    assert noise.dtype == np.float32
    # of 20,000 draws: std of the mean 0.0035, of the std 0.0025
    assert abs(noise.mean()) < 0.015 and abs(noise.std() - 0.5) < 0.012
    both = damaged(x, noise=0.1, masked=0.5, rng=tg.rng(0))
    black = both < -0.5
    assert black.mean() == 0.5 and both[black].std() > 0.09
    assert damaged(x, rng=tg.rng(0)) is x


def test_the_target_is_the_clean_image():
    recipe = DenoisingAutoencoder(DenoisingAutoencoder.Config(batch_size=8))
    batch = recipe.data.batch(0)
    noisy = recipe.with_noise(batch.x, tg.rng(3))
    expected = ((recipe.model(noisy).data - batch.x.data) ** 2).mean()
    loss = reconstruction_loss(recipe.model, batch.x, noisy).item()
    assert loss == pytest.approx(expected, rel=1e-5)
    first = recipe.train_step(batch, 0, lambda stream: tg.rng(3))["mse"].item()
    assert first == pytest.approx(expected, rel=1e-5)
    assert set(recipe.measure()) == {"test mse", "test denoising mse"}


@pytest.mark.slow
def test_digits_come_out_of_noise_better_than_any_linear_map_could():
    recipe = trained(DenoisingAutoencoder, steps=1500)
    train, test = (
        data.to_float(part.images, "float64").reshape(len(part), -1)
        for part in (recipe.data.train, recipe.data.held_out)
    )
    covariance, mean = np.cov(train.T, bias=True), train.mean(0)
    filter = np.linalg.solve(covariance + np.eye(784), covariance)  # std 1
    noisy = recipe.with_noise(recipe.data.test().x, tg.rng(5)).numpy().reshape(-1, 784)
    linear = (((noisy - mean) @ filter + mean - test) ** 2).mean()
    assert recipe.measure()["test denoising mse"] < 0.8 * linear


@pytest.mark.slow
def test_convolutions_lose_less_of_held_out_digits_than_dense_layers():
    errors = [
        trained(kind, steps=1500, code=32).measure()["test mse"]
        for kind in (ConvAutoencoderRecipe, AutoencoderRecipe)
    ]
    assert errors[0] < 0.9 * errors[1]


@pytest.mark.slow
def test_a_narrow_code_is_not_driven_to_images_that_are_black_all_over():
    """Warm-up is what prevents it: without, the loss of this run stays above 0.4."""
    recipe = trained(ConvAutoencoderRecipe, steps=200, code=8)
    assert recipe.measure()["test mse"] < 0.25
