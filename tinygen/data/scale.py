"""Between stored pixels, whole numbers 0..255, and the [-1, 1] that networks see."""

import numpy as np

from tinygen.backend import xp_of
from tinygen.errors import DataError, DTypeError


def to_float(images: np.ndarray, dtype="float32") -> np.ndarray:
    """Scale stored pixels to the range that the models work in.

    x = v / 127.5 - 1

    images : uint8, any shape, 0..255
    -> the same shape, `dtype`, [-1, 1]; 0 -> -1 and 255 -> 1 exactly
    Raises DTypeError if the images are not uint8.
    """
    if images.dtype != np.uint8:
        raise DTypeError(
            f"to_float takes uint8 images, got {images.dtype}. "
            "Fix: images that are floats already need no to_float"
        )
    scaled = images.astype(dtype)
    scaled /= 127.5
    scaled -= 1
    return scaled


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Turn images in [-1, 1] into pixels to store or show; values outside are clipped.

    v = round((x + 1) * 127.5), clipped to 0..255, ties to even

    images : floats, any shape      -> the same shape, uint8
    The exact inverse of `to_float` for all 256 values, in half precision too.
    Raises DTypeError if the images are not floats; DataError if one is NaN.
    """
    xp = xp_of(images)
    if images.dtype.kind != "f":
        raise DTypeError(
            f"to_uint8 takes floats in [-1, 1], got {images.dtype}. "
            "Fix: uint8 images need no to_uint8"
        )
    if bool(xp.isnan(images).any()):
        count = int(xp.isnan(images).sum())
        raise DataError(
            f"to_uint8: {count} of {images.size} pixels are NaN. "
            "Fix: look for the step at which the model's output became NaN"
        )
    return xp.clip(xp.rint((images + 1) * 127.5), 0, 255).astype(xp.uint8)
