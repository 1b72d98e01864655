"""The autoencoder against what is known of it: PCA, and held-out digits."""

import numpy as np
import pytest

import tinygen as tg
from tinygen import data
from tinygen.models.autoencoder import Autoencoder, reconstruction_loss
from tinygen.recipes.autoencoder import AutoencoderRecipe


def trained(**options):
    recipe = AutoencoderRecipe(AutoencoderRecipe.Config(**options))
    for step in range(recipe.config.steps):
        recipe.train_step(recipe.data.batch(step), step, recipe.streams(step))
    return recipe


def pixels(images):
    return data.to_float(images, "float64").reshape(len(images), -1)


def pca_error(fit, judged, components):
    """Mean squared error per pixel of the best linear code of that many numbers."""
    mean = fit.mean(0)
    _, _, axes = np.linalg.svd(fit - mean, full_matrices=False)
    kept = axes[:components]
    centered = judged - mean
    return ((centered - centered @ kept.T @ kept) ** 2).mean()


def test_the_linear_autoencoder_reaches_the_error_of_pca():
    recipe = trained(
        data="digits", linear=True, code=6, steps=6000, batch_size=360, lr=3e-3
    )
    images = pixels(data.load("digits").train.images)
    x = tg.tensor(images.astype(np.float32).reshape(-1, *recipe.data.shape))
    reached = reconstruction_loss(recipe.model, x).item()
    best = pca_error(images, images, 6)
    assert best * 0.9999 < reached < best * 1.01


@pytest.mark.slow
def test_a_wider_code_loses_less_of_held_out_digits():
    errors = [trained(code=k, steps=1500).measure()["test mse"] for k in (2, 8, 32)]
    assert errors[0] > 1.5 * errors[1] > 1.5 * 1.2 * errors[2]


@pytest.mark.slow
def test_the_denoising_autoencoder_denoises():
    plain = trained(steps=1500)
    denoising = trained(steps=1500, noise=1.0)
    clean = plain.data.test().x
    noisy = denoising.with_noise(clean, tg.rng(9))
    error = lambda recipe: reconstruction_loss(recipe.model, clean, noisy).item()
    assert error(denoising) < 0.8 * error(plain)
    assert error(denoising) < 0.1 * ((noisy - clean) ** 2).mean().item()


def test_shapes_and_range():
    model = Autoencoder((1, 5, 7), 3, 11, rng=tg.rng(0))
    x = tg.randn((4, 1, 5, 7), rng=tg.rng(1))
    assert model.encode(x).shape == (4, 3)
    y = model(x)
    assert y.shape == x.shape
    assert abs(y.data).max() <= 1
