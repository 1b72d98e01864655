"""Convolution that lowers the rows of an image and slides along its columns.

    lowered[n,i,w,u,c] = x[n, i*stride + u*dilation - padding, w - padding, c]

stacks, below each pixel w of output row i, the U pixels that a filter column covers.
The patch of output (i, j) is then V neighbouring stacks: V*U*C consecutive numbers, so
all patches of an output column j are a matrix that needs no further copy,

    y[:, :, j, :] = lowered[:, :, j*stride : j*stride + V].reshape(N*I, V*U*C) @ w

im2col copies each pixel U*V times; this, U times.

The input gradient of stride s is s*s such convolutions of g, each of stride 1.  Row
h = s*t + a of gx meets the filter rows u for which s divides a + padding - u alone:
every s-th one.  So each phase (a, b) of the pixels of gx has small filters of its own.
No sum over overlapping patches is left, and the phases of a row share its lowering.

x, gx : (N, H, W, C)   g, y : (N, I, J, K)   w : (K, C, U, V), any strides; NumPy only

Sources: Cho and Brand, MEC: memory-efficient convolution for deep neural network,
arXiv:1706.06873.  Shi et al., Is the deconvolution layer the same as a convolutional
layer?, arXiv:1609.07009 (the phases).
"""

from typing import NamedTuple

import numpy as np

from tinygen.kernels.conv_layout import arranged, inside, row_blocks
from tinygen.kernels.workspace import scratch

# OpenBLAS multiplies (M, P) @ (P, Q) without first copying both into packed panels if
# M*P*Q is below a million.  At 24 rows or more that is up to twice as fast.
SMALL_PRODUCT = 1_000_000
FEWEST_ROWS = 24
LARGE_ROWS = 128  # rows where small products cannot be had
BLOCK = 2**16  # numbers in a block of lowered rows


class Head(NamedTuple):
    """Filters that slide along lowered rows, and the place of their result."""

    filters: np.ndarray  # (V*U*C, K)
    first: int  # the lowered pixel at which the patch of output column 0 starts
    stride: int
    out: np.ndarray  # (N*I, J, K), a view


def suits(filters_size):
    """Whether filters of that many numbers leave enough rows for small products."""
    return FEWEST_ROWS * filters_size <= SMALL_PRODUCT


def conv2d(x, w, geometry):
    """y = the filters slid along the lowered rows of x.  -> (N, I, J, K)"""
    K, C, U, V = w.shape
    I, J = geometry.output_size(x.shape[1:3])
    (sh, sw), (top, left) = geometry.stride, geometry.padding
    y = np.empty((len(x), I, J, K), x.dtype)
    filters = arranged(w, 3, 2, 1, 0).reshape(V * U * C, K)
    head = Head(filters, 0, sw, y.reshape(len(x) * I, J, K))
    slide(x, [head], (I, (J - 1) * sw + V, U), (-top, -left), sh)
    return y


def conv2d_input_grad(g, w, input_size, geometry):
    """gx, phase by phase.  -> (N, H, W, C)"""
    (K, C, U, V), (H, W), (sh, sw) = w.shape, input_size, geometry.stride
    I = -(-H // sh)  # rows of gx per phase; rounded up, so that all have the same
    unreached = U < sh or V < sw  # pixels between the filters
    gx = (np.zeros if unreached else np.empty)((len(g), I * sh, W, C), g.dtype)
    by_phase = gx.reshape(len(g) * I, sh, W, C)
    taps = arranged(w, 3, 2, 0, 1)  # (V, U, K, C)
    columns = [_phase(b, sw, geometry.padding[1], V) for b in range(sw)]
    left = min(origin for origin, _ in columns)
    right = max(origin for origin, _ in columns) - (-W // sw) - (-V // sw) - 1
    for a in range(sh):
        top, rows = _phase(a, sh, geometry.padding[0], U)
        heads = [
            Head(_flat(taps[cols, rows]), origin - left, 1, by_phase[:, a, b::sw])
            for b, (origin, cols) in enumerate(columns)
        ]
        shape = (I, right - left, len(taps[0, rows]))
        slide(g, [h for h in heads if h.filters.size], shape, (top, left), 1)
    return gx if I * sh == H else np.ascontiguousarray(gx[:, :H])


def _phase(a, stride, padding, taps):
    """Where the pixels a, a + stride, ... of gx find their convolution in g.

    Pixel a + stride*t gets  sum_u w[u] g[t + (a + padding - u)/stride]  over the u that
    make this whole.  -> (the first row of g for t = 0, the slice of those u reversed)
    """
    first = (a + padding) % stride
    if first >= taps:
        return 0, slice(0, 0)
    last = first + (taps - 1 - first) // stride * stride
    return (a + padding - last) // stride, slice(last, None, -stride)


def slide(x, heads, shape, origin, stride):
    """Lower the rows of x block by block and slide every head along them.

    shape : (I, width, U) of the lowered rows      origin : the pixel at their corner
    """
    (N, _, _, C), (I, width, U), (top, left) = x.shape, shape, origin
    for images, rows in row_blocks(N, I, _rows_per_block(heads, width * U * C)):
        count = rows.stop - rows.start
        size = (images.stop - images.start, count, width, U, C)
        lowered = scratch("lowered", size, x.dtype)
        lower(x[images], (top + rows.start * stride, left), stride, lowered)
        start = images.start * I + rows.start
        for head in heads:
            out = head.out[start : start + size[0] * count]
            patches = _patches(lowered, head, out.shape[1])
            np.matmul(patches, head.filters, out=out.transpose(1, 0, 2))


def lower(x, origin, stride, out):
    """out[n,i,w,u] = x[n, top + i*stride + u, left + w], and 0 where outside x."""
    (top, left), (_, H, W, _) = origin, x.shape
    _, I, width, U, _ = out.shape
    l, r = inside(left, 1, width, W)
    out[:, :, :l] = 0
    out[:, :, r:] = 0
    for u in range(U):
        t, b = inside(top + u, stride, I, H)
        out[:, :t, l:r, u] = 0
        out[:, b:, l:r, u] = 0
        rows = slice(top + u + t * stride, top + u + b * stride, stride)
        out[:, t:b, l:r, u] = x[:, rows, left + l : left + r]


def _patches(lowered, head, J):
    """The patches (J, N*I, V*U*C) that a head sees: an overlapping view."""
    n, i, width, U, C = lowered.shape
    pixel = U * C * lowered.itemsize
    return np.ndarray(
        (J, n * i, len(head.filters)),
        lowered.dtype,
        buffer=lowered,
        offset=head.first * pixel,
        strides=(head.stride * pixel, width * pixel, lowered.itemsize),
    )


def _rows_per_block(heads, row):
    """Rows for small products, if they allow enough; else for cached large ones."""
    small = SMALL_PRODUCT // max((head.filters.size for head in heads), default=1)
    if small < FEWEST_ROWS:
        return LARGE_ROWS
    return min(small, max(FEWEST_ROWS, BLOCK // max(1, row)))


def _flat(filters):
    """(V, U, C, K) as a contiguous (V*U*C, K)."""
    return np.ascontiguousarray(filters).reshape(-1, filters.shape[-1])
