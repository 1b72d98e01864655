"""Small random changes of place, slant and size: a digit stays the digit it was."""

import numpy as np

BACKGROUND = -1.0  # what lies outside an image


def jittered(
    images: np.ndarray,
    *,
    rng: np.random.Generator,
    shift: float = 2.0,
    degrees: float = 12.0,
    stretch: float = 0.12,
    slant: float = 0.2,
) -> np.ndarray:
    """Move, stretch, slant and turn each image, by amounts of its own.

    out(p) = image(R(angle) K(slant) diag(1/s) (p - c - t) + c),   bilinear
    K = [[1, 0], [slant, 1]] on (y, x);  c the centre

    images : (N, C, H, W) in [-1, 1]      -> as images
    shift : t is uniform in +-shift pixels both ways      degrees : of the angle, +-
    stretch : log s is uniform in +-stretch, both ways      slant : +-, pixels a row
    """
    uniform = lambda most: rng.uniform(-most, most, (len(images), 1, 1))
    rows, columns = centred(images.shape[2]), centred(images.shape[3])
    y = (rows[:, None] - uniform(shift)) / np.exp(uniform(stretch))
    x = (columns - uniform(shift)) / np.exp(uniform(stretch))
    x = x + uniform(slant) * y  # (N, H, W)
    angle = np.deg2rad(uniform(degrees))
    turned_y = np.cos(angle) * y - np.sin(angle) * x
    turned_x = np.sin(angle) * y + np.cos(angle) * x
    return bilinear(images, turned_y - rows[0], turned_x - columns[0])


def centred(length: int) -> np.ndarray:
    """Pixel coordinates with 0 in the middle."""
    return np.arange(length) - (length - 1) / 2


def bilinear(images: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Values of images between their pixels.

    out = (1-v)(1-u) a + (1-v)u b + v(1-u) c + vu d,   a b over c d the pixels about it

    images : (N, C, H, W)      y, x : (N, I, J) places, in pixels
    -> (N, C, I, J)
    """
    margin = ((0, 0), (0, 0), (1, 1), (1, 1))
    padded = np.pad(images, margin, constant_values=BACKGROUND)
    top, v = corner(y + 1, padded.shape[2])
    left, u = corner(x + 1, padded.shape[3])
    each = np.arange(len(images))[:, None, None]
    at = lambda i, j: padded[each, :, i, j].transpose(0, 3, 1, 2)
    upper = (1 - u) * at(top, left) + u * at(top, left + 1)
    lower = (1 - u) * at(top + 1, left) + u * at(top + 1, left + 1)
    return ((1 - v) * upper + v * lower).astype(images.dtype)


def corner(place: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """The pixel before a place and the rest of the way; places outside: the border."""
    place = np.clip(place, 0, length - 1)
    before = np.minimum(place.astype(np.int64), length - 2)
    return before, (place - before)[:, None]  # for all channels
