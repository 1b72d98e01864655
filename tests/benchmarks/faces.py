"""Does a GAN make new faces of 80, or the same again?  faces.py RUN [PICTURE]

RUN was trained with `--data faces`.  For 500 samples, for the 20 held-out faces, and
for each training face among the other 79, the nearest and the second nearest training
face are looked for, each of them mirrored too and moved by up to two pixels both ways.

distance      root mean square difference per pixel, pixels in [-1, 1]
ratio         nearest / second nearest distance: a copy of one face has a small one, an
              image that is no nearer to one face than to the next has about 1
blurred       held-out faces blurred until they are as smooth as the samples: blur alone
              makes an image nearer to everything, and copies nothing
"""

import sys

import numpy as np

from tinygen import plot
from tinygen.data import to_float
from tinygen.recipes.trained import trained

SAMPLES, SHOWN, SHIFT = 500, 10, 2


def variants(faces: np.ndarray) -> np.ndarray:
    """(V, N, H*W): the faces (N, 1, H, W), moved and mirrored as in training."""
    side = 2 * SHIFT + 1
    padded = np.pad(faces, ((0, 0), (0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)), "edge")
    h, w = faces.shape[2:]
    moved = [
        padded[:, :, i : i + h, j : j + w] for i in range(side) for j in range(side)
    ]
    both = np.stack([*moved, *(x[..., ::-1] for x in moved)])
    return both.reshape(len(both), len(faces), -1)


def distances(x: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(M, N): from each image (M, 1, H, W) to the nearest variant of each face."""
    x = x.reshape(len(x), -1).astype(np.float64)
    nearest = np.full((len(x), len(faces)), np.inf)
    for one in variants(faces).astype(np.float64):  # (N, H*W)
        squared = (x**2).sum(1)[:, None] - 2 * x @ one.T + (one**2).sum(1)
        nearest = np.minimum(nearest, squared)
    return np.sqrt(np.maximum(nearest, 0) / x.shape[1])


def roughness(x: np.ndarray) -> float:
    """Root mean square difference of pixels side by side."""
    return float(np.sqrt((np.diff(x, axis=-1) ** 2).mean()))


def blurred_like(x: np.ndarray, goal: float) -> np.ndarray:
    """Images smoothed by (1 2 1) / 4 both ways, until they are no rougher than that."""
    while roughness(x) > goal:
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), "edge")
        rows = (padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]) / 4
        x = (rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / 4
    return x


def row(name: str, found: np.ndarray, bound: float) -> str:
    """A row of the table, of distances (M, N) to N faces."""
    first, second = np.sort(found, axis=1)[:, :2].T
    low, middle = np.quantile(first, [0.05, 0.5])
    ratio = np.quantile(first / second, [0.05, 0.5])
    copies = (first < bound).mean()
    return (
        f"| {name} | {middle:.3f} | {low:.3f} | {ratio[1]:.3f} | {ratio[0]:.3f} "
        f"| {100 * copies:.1f} |"
    )


def main(run: str, picture: str | None = None) -> None:
    """Print the table as markdown, and draw samples above their nearest faces."""
    recipe = trained(run)
    train, test = (
        to_float(part.images) for part in (recipe.data.train, recipe.data.held_out)
    )
    samples = recipe.draw(SAMPLES, seed=1)
    among = distances(train, train)
    np.fill_diagonal(among, np.inf)
    bound = np.sort(among, axis=1)[:, 0].min() / 2  # half of the closest pair
    smooth = blurred_like(test, roughness(samples))
    rough = ", ".join(f"{roughness(x):.3f}" for x in (samples, train, smooth))
    print(f"roughness of samples, training faces, blurred held-out faces: {rough}")
    print(f"a copy is nearer than half of the closest pair of faces: {bound:.3f}")
    print("| images | nearest | lowest 5 % | ratio | lowest 5 % | copies, % |")
    print("|---|---|---|---|---|---|")
    found = distances(samples, train)
    print(row("samples", found, bound))
    print(row("held-out faces", distances(test, train), bound))
    print(row("held-out faces, blurred", distances(smooth, train), bound))
    print(row("training faces, among the others", among, bound))
    noisy = train + 0.1 * np.random.default_rng(0).standard_normal(train.shape)
    print(row("training faces + noise 0.1: copies", distances(noisy, train), bound))
    used = np.bincount(found.argmin(1), minlength=len(train))
    print(f"{np.count_nonzero(used)} of {len(train)} faces are nearest to some sample")
    if picture:
        shown = samples[:SHOWN], train[found[:SHOWN].argmin(1)]
        plot.save_image(picture, plot.image_grid(np.concatenate(shown), SHOWN))


if __name__ == "__main__":
    main(*sys.argv[1:])
