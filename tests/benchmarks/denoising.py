"""A denoising autoencoder beside the best linear one: denoising.py RUN [PICTURE]

RUN was trained with `tinygen train denoising-ae`.  Mean squared error per pixel, pixels
in [-1, 1], on the held-out digits, for several amounts of noise: of the noisy images
themselves; of the Wiener filter, made for exactly that amount from the training digits;
of the run.
"""

import sys

import numpy as np

import tinygen as tg
from tinygen import plot
from tinygen.data import to_float
from tinygen.models.autoencoder import damaged
from tinygen.recipes.trained import trained

AMOUNTS = 0.25, 0.5, 1.0, 1.5, 2.0  # std of the noise
SHOWN = 10


def wiener(train: np.ndarray, std: float):
    """The best affine map from x + std * noise to x, as a function of (N, D)."""
    mean, covariance = train.mean(0), np.cov(train.T, bias=True)
    noisy = covariance + std**2 * np.eye(len(mean))
    kept = np.linalg.solve(noisy, covariance)
    return lambda x: (x - mean) @ kept + mean


def main(run: str, picture: str | None = None) -> None:
    """Print the table as markdown; draw digits, with noise, filtered, by the run."""
    recipe = trained(run)
    train = to_float(recipe.data.train.images, "float64")
    train = train.reshape(len(train), -1)
    x = to_float(recipe.data.held_out.images)
    print("| std of the noise | noisy | Wiener filter | run |\n|---|---|---|---|")
    for std in AMOUNTS:
        noisy = damaged(x, noise=std, rng=tg.rng(0, "noise"))
        with recipe.at_rest():
            cleaned = recipe.model(tg.tensor(noisy)).numpy()
        linear = wiener(train, std)(noisy.reshape(len(x), -1)).reshape(x.shape)
        errors = [float(((y - x) ** 2).mean()) for y in (noisy, linear, cleaned)]
        print(f"| {std} | " + " | ".join(f"{error:.4f}" for error in errors) + " |")
        if picture and std == recipe.config.noise:
            rows = [y[:SHOWN].clip(-1, 1) for y in (x, noisy, linear, cleaned)]
            plot.save_image(picture, plot.image_grid(np.concatenate(rows), SHOWN))


if __name__ == "__main__":
    main(*sys.argv[1:])
