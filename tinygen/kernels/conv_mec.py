"""Convolution that lowers the rows of an image and slides along its columns.

    lowered[n,i,w,u,c] = x[n, i*stride + u - padding, w - padding, c]

stacks at each pixel w of output row i the U pixels that one filter column covers.  The
patch of output (i, j) is then V neighbouring stacks: V*U*C consecutive numbers.  So the
patches of an output column j are a matrix that lies there already:

    y[:, :, j, :] = lowered[:, :, j*stride : j*stride + V].reshape(N*I, V*U*C) @ w

im2col copies a pixel up to U*V times, this U times.

The input gradient for stride s is s*s such convolutions of g, each of stride 1.  A row
h = a + s*t of gx meets only those filter rows u for which s divides a + padding - u,
every s-th one: so each phase (a, b) of the pixels of gx has small filters of its own.
There are no overlaps to add up, and the phases of a row share the lowered g.

x, gx : (N, H, W, C)   g, y : (N, I, J, K)   w, gw : (K, C, U, V), any strides
No groups, no dilation, NumPy only.

Sources: Cho and Brand, MEC: memory-efficient convolution for deep neural network,
arXiv:1706.06873.  Shi et al., Is the deconvolution layer the same as a convolutional
layer?, arXiv:1609.07009 (the phases).
"""

from typing import NamedTuple

import numpy as np

from tinygen.kernels.conv_layout import (
    BLOCK,
    LARGE_ROWS,
    SMALL_PRODUCT,
    Pair,
    arranged,
    inside,
    row_blocks,
    small_rows,
)
from tinygen.kernels.workspace import scratch

FEWEST_ROWS = 14  # of a small product
ENOUGH_ROWS = 24  # without which small products are not sought


class Lowering(NamedTuple):
    """lowered[n,i,w,u] = x[n, top + i*stride + u, left + w], 0 where outside x."""

    rows: int  # I
    width: int
    taps: int  # U
    origin: Pair  # top, left
    stride: int


def conv2d(x, w, geometry):
    """y, one output column of a block of rows after another.  -> (N, I, J, K)"""
    K, C, U, V = w.shape
    size = geometry.output_size(x.shape[1:3])
    y = np.empty((len(x), *size, K), x.dtype)
    out = y.reshape(-1, size[1], K)
    filters = arranged(w, 3, 2, 1, 0).reshape(V * U * C, K)
    for rows, lowered in _blocks(x, _seen(size, geometry), filters.size):
        seen = patches(lowered, 0, geometry.stride[1], size[1], V * U * C)
        multiply(seen, filters, out[rows])
    return y


def conv2d_input_grad(g, w, input_size, geometry):
    """gx, phase by phase.  -> (N, H, W, C)"""
    (_, C, U, V), (H, W), (sh, sw) = w.shape, input_size, geometry.stride
    count = -(-H // sh)  # rows of a phase, the same for all: gx may end in excess rows
    unreached = sh > U or sw > V  # pixels between the filters
    gx = (np.zeros if unreached else np.empty)((len(g), count * sh, W, C), g.dtype)
    taps = arranged(w, 3, 2, 0, 1)  # (V, U, K, C)
    phases = [_phase(b, sw, geometry.padding[1], V) for b in range(sw)]
    left = min(first for first, _ in phases)
    width = max(first for first, _ in phases) - left - (-W // sw) - (-V // sw) - 1
    for a in range(sh):
        top, us = _phase(a, sh, geometry.padding[0], U)
        row_phase = gx.reshape(-1, sh, W, C)[:, a]
        heads = [
            (first - left, _matrix(taps[vs, us]), row_phase[:, b::sw])
            for b, (first, vs) in enumerate(phases)
        ]
        lowering = Lowering(count, width, len(taps[0, us]), (top, left), 1)
        _slide(g, lowering, [head for head in heads if head[1].size])
    return gx if count * sh == H else np.ascontiguousarray(gx[:, :H])


def conv2d_weight_grad(x, g, geometry):
    """gw = sum over output columns of patches.T @ g.  -> (K, C, U, V)

    A product for each of the J columns: only for filters of few numbers.
    """
    (U, V), (_, *size, K), C = geometry.kernel_size, g.shape, x.shape[3]
    J = size[1]
    g = g.reshape(-1, J, K)
    gw = np.zeros((V * U * C, K), x.dtype)
    for rows, lowered in _blocks(x, _seen(size, geometry), gw.size):
        seen = patches(lowered, 0, geometry.stride[1], J, V * U * C)
        gw += (seen.transpose(1, 2, 0) @ g[rows].transpose(1, 0, 2)).sum(0)
    return gw.reshape(V, U, C, K).transpose(3, 2, 1, 0)


def _seen(output_size, geometry):
    """The lowering of an image for outputs (I, J)."""
    (rows, columns), (top, left) = output_size, geometry.padding
    (U, V), (sh, sw) = geometry.kernel_size, geometry.stride
    return Lowering(rows, (columns - 1) * sw + V, U, (-top, -left), sh)


def _phase(a, stride, padding, taps):
    """Where the pixels a, a + stride, ... of gx find their convolution in g.

    Pixel a + stride*t is  sum_u w[u] g[t + (a + padding - u)/stride]  over the u that
    make this whole.  -> (the pixel of g to start at, the slice of these u reversed)
    """
    first = (a + padding) % stride
    if first >= taps:
        return 0, slice(0, 0)
    last = first + (taps - 1 - first) // stride * stride
    return (a + padding - last) // stride, slice(last, None, -stride)


def _slide(g, lowering, heads):
    """Slide every head (first column, filters, out) along the lowered rows of g."""
    if not heads:
        return
    largest = max(filters.size for _, filters, _ in heads)
    for rows, lowered in _blocks(g, lowering, largest):
        for first, filters, out in heads:
            seen = patches(lowered, first, 1, out.shape[1], len(filters))
            multiply(seen, filters, out[rows])


def _blocks(x, lowering, filters_size):
    """Yields (the slice of rows n*I + i, their lowered x) in blocks of rows."""
    count = lowering.rows
    row_size = lowering.width * lowering.taps * x.shape[3]
    most = _rows_per_block(count, row_size, filters_size)
    for images, rows in row_blocks(len(x), count, most):
        lowered = lower(x[images], rows, lowering)
        start = images.start * count + rows.start
        yield slice(start, start + len(lowered)), lowered


def _rows_per_block(rows_of_image, row_size, filters_size):
    """As many rows as fit a block, such that small products divide them."""
    rows = BLOCK // row_size
    most = SMALL_PRODUCT // filters_size
    if most < ENOUGH_ROWS:
        return max(rows, LARGE_ROWS)
    whole_images = max(1, most // rows_of_image) * rows_of_image
    return rows // whole_images * whole_images or max(rows, ENOUGH_ROWS)


def lower(x, rows, lowering):
    """The lowered rows `rows` of every image of x.  -> (N*rows, width, U, C)"""
    _, width, U, (top, left), stride = lowering
    N, H, W, C = x.shape
    count = rows.stop - rows.start
    out = scratch("lowered", (N, count, width, U, C), x.dtype)
    start, stop = inside(left, 1, width, W)
    out[:, :, :start] = 0
    out[:, :, stop:] = 0
    for u in range(U):
        stacked = out[:, :, start:stop, u]
        origin = top + rows.start * stride + u
        first, last = inside(origin, stride, count, H)
        stacked[:, :first] = 0
        stacked[:, last:] = 0
        pixels = x[:, origin + first * stride : origin + last * stride : stride]
        stacked[:, first:last] = pixels[:, :, left + start : left + stop]
    return out.reshape(N * count, width, U, C)


def patches(lowered, first, stride, J, size):
    """What J filters see, from pixel `first` on.  -> (rows, J, size), a view"""
    row, pixel, _, number = lowered.strides
    return np.ndarray(
        (len(lowered), J, size),
        lowered.dtype,
        buffer=lowered,
        offset=first * pixel,
        strides=(row, stride * pixel, number),
    )


def multiply(seen, filters, out):
    """out = seen @ filters, column by column, the rows in parts for small products.

    seen : (rows, J, V*U*C)      filters : (V*U*C, K)      out : (rows, J, K)
    """
    rows = small_rows(len(seen), filters.size, FEWEST_ROWS)
    seen = seen.reshape(-1, rows, *seen.shape[1:]).swapaxes(1, 2)
    out = out.reshape(-1, rows, *out.shape[1:]).swapaxes(1, 2)
    np.matmul(seen, filters, out=out)


def _matrix(filters):
    """(V, U, C, K) as a contiguous (V*U*C, K)."""
    return np.ascontiguousarray(filters).reshape(-1, filters.shape[-1])
