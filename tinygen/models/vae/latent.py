"""Looking at a latent space: its plane, ways through it, what a class is in it."""

from statistics import NormalDist

import numpy as np

from tinygen.errors import ConfigError, ShapeError

COLOURS = "tab10"
INCHES = 0.6  # a side of an image in a row


def plane_grid(side: int = 15, least: float = 0.02) -> np.ndarray:
    """(side*side, 2) codes as evenly spread as those of N(0, I): rows from the top.

    Coordinates are its quantiles from `least` to 1 - least, so that every picture made
    of them stands for as much probability as any other.
    Source: Kingma & Welling, arXiv 1312.6114, figure 4.
    """
    quantiles = np.linspace(least, 1 - least, side)
    places = np.array([NormalDist().inv_cdf(q) for q in quantiles], np.float32)
    down, right = np.meshgrid(places[::-1], places, indexing="ij")
    return np.stack([right.ravel(), down.ravel()], 1)


def traversals(code, latents, places) -> np.ndarray:
    """(len(latents)*len(places), D): one code, with one latent at a time set anew.

    code : (D,)      latents : which to change      places : the values they take
    """
    codes = np.repeat(code[None], len(latents) * len(places), axis=0)
    rows = codes.reshape(len(latents), len(places), -1)
    for row, latent in zip(rows, latents, strict=True):
        row[:, latent] = places
    return codes


def between(first, last, steps: int) -> list:
    """`steps` codes on the line from first to last, both of them among these.

    first, last : of one shape, arrays or Tensors
    Raises ConfigError for fewer than two, ShapeError for codes that differ in shape.
    """
    if steps < 2:
        raise ConfigError(f"interpolate: steps={steps}. Fix: 2 or more")
    if first.shape != last.shape:
        raise ShapeError(
            f"interpolate: from {first.shape} to {last.shape}. Fix: as many of both"
        )
    return [first + (last - first) * (i / (steps - 1)) for i in range(steps)]


def class_means(codes, labels, classes: int) -> np.ndarray:
    """(classes, D) the mean code of each class.

    codes : (N, D)      labels : (N,)
    Raises ConfigError for a class of which there is no code.
    """
    counts = np.bincount(labels, minlength=classes)
    if (counts == 0).any():
        raise ConfigError(
            f"class_means: no code of class {int(counts.argmin())}. "
            "Fix: give images of every class"
        )
    return np.stack([codes[labels == c].mean(0) for c in range(classes)])


def moved(codes, means, start: int, end: int, strength: float = 1.0):
    """Codes with one attribute exchanged for another: code + (mean_end - mean_start).

    codes : (N, D) array or Tensor      means : (classes, D), see `class_means`
    strength : 1 for the whole way; outside 0 .. 1 exaggerates
    Source: White, arXiv 1609.04468; Larsen et al., arXiv 1512.09300, section 4.2.
    """
    direction = (means[end] - means[start]) * strength
    return codes + direction.astype(codes.dtype)


def show_rows(axes, rows, title: str, names=()) -> None:
    """Rows of images on matplotlib axes: (R, N, C, H, W) in [-1, 1]."""
    rows = np.asarray(rows)
    if rows.shape[2] == 1:
        rows = rows.repeat(3, axis=2)
    pixels = rows.clip(-1, 1) / 2 + 0.5  # (R, N, 3, H, W)
    padded = np.pad(pixels, [(0, 0)] * 3 + [(1, 1)] * 2, constant_values=0.5)
    r, n, c, h, w = padded.shape
    axes.imshow(padded.transpose(0, 3, 1, 4, 2).reshape(r * h, n * w, c))
    axes.set_xticks([])
    axes.set_yticks([h * (i + 0.5) for i in range(len(names))], names)
    axes.tick_params(length=0)
    axes.set_frame_on(False)
    axes.set_title(title)


def draw_rows(figure, rows, title: str, names=()) -> None:
    """The same on a matplotlib figure of a fitting size."""
    left, above, around = 1.4 if len(names) else 0.1, 0.4, 0.1  # inches
    width = left + INCHES * len(rows[0]) + around
    height = above + INCHES * len(rows) + around
    figure.set_size_inches(width, height)
    place = {"left": left / width, "right": 1 - around / width}
    place |= {"bottom": around / height, "top": 1 - above / height}
    show_rows(figure.subplots(gridspec_kw=place), rows, title, names)


def draw_plane(figure, images, codes, labels, classes) -> None:
    """The plane of a 2-D latent space: what it decodes to, where held-out images lie.

    images : (side*side, C, H, W) of `plane_grid`      codes : (N, 2)      labels : (N,)
    """
    figure.set_size_inches(11, 5.5)
    left, right = figure.subplots(1, 2)
    side = round(len(images) ** 0.5)
    show_rows(left, images.reshape(side, side, *images.shape[1:]), "decoded")
    right.set_aspect("equal")
    dots = right.scatter(*codes.T, c=labels, s=6, cmap=COLOURS)
    names = {"labels": classes, "fontsize": 7, "loc": "upper right"}
    right.legend(handles=dots.legend_elements(num=None)[0], **names)
    right.set_title("mean codes of held-out images")
