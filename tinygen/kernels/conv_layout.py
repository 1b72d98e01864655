"""What the fast convolutions share: the layout of images, blocks, zero borders.

Images are (N, C, H, W) to the world and (N, H, W, C) in memory: the channels of a
pixel are neighbours, so a filter's patch is a few long runs instead of many short
ones.  PyTorch calls this memory format channels_last.  `nhwc` and `nchw` are the two
views of the same memory.
"""

from typing import NamedTuple

import numpy as np

from tinygen.backend import xp_of
from tinygen.kernels import conv_reference

# Numbers that a block of images is lowered to: 1.5 MB of float32, about an L2 cache.
BLOCK = 3 * 2**17

# OpenBLAS multiplies (M, P) @ (P, Q) without first copying both into packed panels if
# M*P*Q is below a million: up to twice as fast, unless M is very small.
SMALL_PRODUCT = 1_000_000
MOST_ROWS = 512

# Rows M for which a product pays for reading a P x Q that no cache holds.
LARGE_ROWS = 256

Pair = tuple[int, int]  # vertical, horizontal


class Geometry(NamedTuple):
    """How a filter slides over an image."""

    kernel_size: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int

    def output_size(self, input_size: Pair) -> Pair:
        """(I, J) for images of size (H, W)."""
        return conv_reference.output_size(input_size, *self[:4])


def nhwc(x):
    """(N, C, H, W) as a contiguous (N, H, W, C): a view if it lies so, else a copy."""
    return xp_of(x).ascontiguousarray(x.transpose(0, 2, 3, 1))


def nchw(x):
    """(N, H, W, C) seen as (N, C, H, W); no copy."""
    return x.transpose(0, 3, 1, 2)


def add_bias(y, bias):
    """Add bias (K,) to every pixel of y (N, K, I, J), in place.

    A row of pixels at a time, its biases repeated in memory: one long loop.
    """
    if xp_of(y) is not np:
        y += bias[:, None, None]
        return
    rows = y.transpose(0, 2, 3, 1)  # (N, I, J, K), contiguous
    width = rows.shape[2]
    rows = rows.reshape(-1, width * len(bias))
    rows += np.tile(bias, width)


def channel_sum(g):
    """The sum over all pixels: (N, K, I, J) -> (K,), as a product with ones.

    BLAS adds rows several times faster than NumPy's `sum` does.
    """
    if xp_of(g) is not np:
        return g.sum((0, 2, 3))
    rows = nhwc(g).reshape(-1, g.shape[1])
    return np.ones(len(rows), g.dtype) @ rows


def arranged(filters, *axes):
    """filters.transpose(axes) as a contiguous array.

    Sixteen filters at a time: their numbers are then read and written a cache line at
    a time, which for 128 filters of 64 channels is five times faster than one copy.
    """
    result = np.empty([filters.shape[axis] for axis in axes], filters.dtype)
    front = result.transpose(np.argsort(axes))  # the result, filters first
    for k in range(0, len(filters), 16):
        front[k : k + 16] = filters[k : k + 16]
    return result


def row_blocks(images, rows, most):
    """Cut `images` of `rows` rows each into blocks of at most `most` rows.

    Yields pairs of slices (images, rows): several whole images if `most` allows, else
    equal parts of one image.
    """
    together = max(1, most // rows)
    parts = -(-rows // max(1, most))
    for n in range(0, images, together):
        for part in range(parts):
            yield (
                slice(n, min(n + together, images)),
                slice(part * rows // parts, (part + 1) * rows // parts),
            )


def small_rows(rows, matrix_size, fewest):
    """The most rows that divide `rows` and make a product small; else all of them."""
    most = min(MOST_ROWS, SMALL_PRODUCT // matrix_size)
    fitting = (r for r in range(most, fewest - 1, -1) if rows % r == 0)
    return next(fitting, max(rows, 1))


def inside(origin, step, count, size):
    """The range lo:hi of i in 0:count for which 0 <= origin + i*step < size."""
    lo = min(count, max(0, -(origin // step)))
    return lo, max(lo, min(count, (size - 1 - origin) // step + 1))


def frame(x, origin, out):
    """out[n,h,w] = x[n, h + top, w + left], and 0 where that is outside x; -> out.

    x : (N, H, W, C)      out : (N, H', W', C)      origin : (top, left), any sign
    """
    top, left = origin
    (_, H, W, _), (_, rows, columns, _) = x.shape, out.shape
    row, end_row = inside(top, 1, rows, H)
    column, end_column = inside(left, 1, columns, W)
    out[:, :row] = 0
    out[:, end_row:] = 0
    middle = out[:, row:end_row]
    middle[:, :, :column] = 0
    middle[:, :, end_column:] = 0
    pixels = x[:, top + row : top + end_row, left + column : left + end_column]
    middle[:, :, column:end_column] = pixels
    return out
