"""Reconstruction error against the size of the code: python bottleneck.py

Mean squared error per pixel ([-1, 1]) on the 1,000 held-out digits, of the autoencoder,
of the convolutional and of the linear one, and of PCA, all fitted to the 4,000
training digits.
"""

import numpy as np

from tinygen import data
from tinygen.recipes.autoencoder import AutoencoderRecipe, ConvAutoencoderRecipe

SIZES = (2, 4, 8, 16, 32, 64)


def trained_error(kind=AutoencoderRecipe, **options) -> float:
    """The held-out error of an autoencoder after training."""
    recipe = kind(kind.Config(**options))
    for step in range(recipe.config.steps):
        recipe.train_step(recipe.data.batch(step), step, recipe.streams(step))
    return recipe.measure()["test mse"]


def pca_errors() -> dict[int, float]:
    """The held-out error of the best linear code of each size."""
    digits = data.load("mnist")
    train, test = (
        data.to_float(part.images, "float64").reshape(len(part.images), -1)
        for part in (digits.train, digits.test)
    )
    mean = train.mean(0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2]
    centered = test - mean
    errors = {}
    for k in SIZES:
        kept = axes[:k]
        errors[k] = float(((centered - centered @ kept.T @ kept) ** 2).mean())
    return errors


def main() -> None:
    """Print the table as markdown."""
    pca = pca_errors()
    print("| numbers in the code | convolutional | dense | linear | PCA |")
    print("|---|---|---|---|---|")
    for k in SIZES:
        conv = trained_error(ConvAutoencoderRecipe, code=k, steps=3000)
        dense = trained_error(code=k, steps=6000)
        linear = trained_error(code=k, steps=6000, linear=True)
        errors = conv, dense, linear, pca[k]
        print(f"| {k} | " + " | ".join(f"{e:.4f}" for e in errors) + " |", flush=True)


if __name__ == "__main__":
    main()
