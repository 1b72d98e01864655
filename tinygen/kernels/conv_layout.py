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


def arranged(filters, *axes):
    """filters.transpose(axes) as a contiguous array.

    Sixteen filters at a time: their numbers are then read and written a cache line at
    a time, which for 128 filters of 64 channels is five times faster than one copy.
    """
    permuted = filters.transpose(axes)
    result = xp_of(filters).empty(permuted.shape, filters.dtype)
    if xp_of(filters) is not np:
        result[...] = permuted
        return result
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
    t, b = inside(top, 1, rows, H)
    l, r = inside(left, 1, columns, W)
    out[:, :t] = 0
    out[:, b:] = 0
    out[:, t:b, :l] = 0
    out[:, t:b, r:] = 0
    out[:, t:b, l:r] = x[:, t + top : b + top, l + left : r + left]
    return out
