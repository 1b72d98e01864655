"""Batches of images that lie on a GPU as bytes."""

from functools import cache

import numpy as np

from tinygen.backend import xp_of
from tinygen.kernels.fused import DEFINITIONS

NAME = "tinygen_picked"
BODY = "y = float(images[index[i / size] * size + i % size]) / 127.5f - 1.0f;"


def picked(images, index):
    """images[index] / 127.5 - 1, read and scaled by one kernel; see `data.to_float`.

    images : (N, C, H, W) uint8      index : (M,) int64, which is not checked
    -> (M, C, H, W) float32 in [-1, 1]
    """
    xp, shape = xp_of(images), (len(index), *images.shape[1:])
    y = xp.empty(shape, "float32")
    return kernel(xp)(images.reshape(-1), index, images[0].size, y)


@cache
def kernel(xp):
    """The kernel."""
    params = "raw uint8 images, raw int64 index, int64 size"
    return xp.ElementwiseKernel(params, "float32 y", BODY, NAME)


def plain(images, index, size):
    """What the kernel computes, in NumPy."""
    return images.reshape(-1, size)[index].astype(np.float32) / 127.5 - 1


DEFINITIONS[NAME] = plain
