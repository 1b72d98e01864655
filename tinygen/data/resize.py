"""Stored images in another size, without any image library."""

import numpy as np

from tinygen.errors import ShapeError

BLOCK = 2**22  # numbers worked on at a time, 16 MiB in float32


def resized(images: np.ndarray, size: int) -> np.ndarray:
    """Square images, smaller or larger: separable antialiased bicubic interpolation.

    y[i,j] = sum_{p,q} w[i,p] w[j,q] x[p,q]
    w[i,p] ~ cubic((p + 1/2 - (i + 1/2) s) / max(s, 1)),   s = before / size, rows sum 1

    images : (N, C, H, H) uint8      size : pixels of a side
    -> (N, C, size, size) uint8; the same array if it has that size already
    Raises ShapeError if the images are not square.
    Source: R. Keys, IEEE ASSP 29(6), 1981, with a = -1/2; as Pillow's BICUBIC, up
    to rounding.
    """
    n, channels, height, width = images.shape
    if height != width:
        raise ShapeError(
            f"resized: images of {height} x {width} are not square. "
            "Fix: cut a square out of them"
        )
    if size == height:
        return images
    w = weights(height, size)  # (size, H)
    out = np.empty((n, channels, size, size), np.uint8)
    rows = max(1, BLOCK // (channels * max(size, height) ** 2))
    for start in range(0, n, rows):
        part = images[start : start + rows].astype(np.float32)
        part = w @ part @ w.T
        out[start : start + rows] = np.clip(np.rint(part), 0, 255).astype(np.uint8)
    return out


def weights(before: int, after: int) -> np.ndarray:
    """(after, before) float32: what each new pixel takes of the old; rows sum to 1."""
    scale = before / after
    centres = (np.arange(after)[:, None] + 0.5) * scale
    distance = (np.arange(before) + 0.5 - centres) / max(scale, 1.0)
    w = cubic(np.abs(distance))
    return (w / w.sum(axis=1, keepdims=True)).astype(np.float32)


def cubic(x: np.ndarray) -> np.ndarray:
    """Keys' kernel with a = -1/2 at distances x >= 0; 0 from 2 on.

    1 - 5/2 x^2 + 3/2 x^3 up to 1,   2 - 4 x + 5/2 x^2 - 1/2 x^3 up to 2
    """
    near = 1 + x * x * (1.5 * x - 2.5)
    far = 2 + x * (x * (2.5 - 0.5 * x) - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def recoloured(images: np.ndarray, grey: bool) -> np.ndarray:
    """Images (N, C, H, W) uint8 with one channel if grey, else with three.

    grey = 0.299 R + 0.587 G + 0.114 B  (ITU-R BT.601), rounded
    """
    channels = images.shape[1]
    if channels == (1 if grey else 3):
        return images
    if not grey:
        return np.repeat(images, 3, axis=1)
    parts = np.array([299, 587, 114], np.uint32)
    out = np.empty((len(images), 1, *images.shape[2:]), np.uint8)
    rows = max(1, BLOCK // images[:1].size)
    for start in range(0, len(images), rows):
        part = np.einsum("nchw,c->nhw", images[start : start + rows], parts)
        out[start : start + rows, 0] = (part + 500) // 1000
    return out
