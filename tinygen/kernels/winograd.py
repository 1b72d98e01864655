"""Convolution with 3x3 filters by Winograd's minimal filtering, F(4x4, 3x3).

The 4x4 outputs that a 3x3 filter f finds in a 6x6 tile d of an image take 144
multiplications the direct way.  But there are matrices A, B, G, the same for all tiles,
such that 36 suffice, those of the elementwise product *:

    y = A.T [(G f G.T) * (B.T d B)] A

With channels, * becomes 36 matrix products, (tiles, C) @ (C, K) each.  The gradients
are the same identity, read towards d or towards f:

    gx = the convolution of g with f turned by 180 degrees
    gf = G.T [(B.T d B) * (A g A.T)] G, added up over the tiles

The transforms are matrix products too, over the rows and then over the columns of all
tiles of a block.  A block is so small that the two buffers, between which the steps
alternate, stay in an L2 cache.

Precision.  The transforms multiply by numbers of different size, and much cancels.  At
the usual points 0, 1, -1, 2, -2 float32 is off by 1e-5 of the largest output, twelve
times as far as a direct sum.  At the points below it is 2e-6 (4e-6 for 256 channels),
two to seven times as far.  float64 always takes a direct path; float32 does so within
`with switched_off()`.

x, gx : (N, H, W, C)   g, y : (N, I, J, K)   w, gw : (K, C, 3, 3), any strides
Stride 1, no groups, no dilation, float32, NumPy only.

Sources: Lavin and Gray, Fast algorithms for convolutional neural networks,
arXiv:1509.09308, sections 4 and 5 (the method).  Barabasz et al., Error analysis and
improving the accuracy of Winograd convolution, arXiv:1803.10986 (the matrices).  Alam
et al., Winograd convolution: efficient point selection, arXiv:2201.10369 (that points
c, -c, 1/c, -1/c lose less than integers; these are near them and exact in binary).
"""

from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import numpy as np

from tinygen.kernels.conv_layout import arranged, frame, row_blocks
from tinygen.kernels.workspace import scratch

TILE = 4  # outputs of a tile along each axis
POINTS = (0, 3 / 4, -3 / 4, 3 / 2, -3 / 2)
BLOCK = 150_000  # numbers in each of the two buffers
FEWEST_FILLED = 0.5  # part of the tiles that lies in the image
FEWEST_CHANNELS = 16  # below, the transforms cost more than the products save

_enabled = ContextVar("winograd", default=True)


def transforms(points, outputs, taps):
    """The matrices B.T, G, A.T of F(outputs, taps), by Toom and Cook.

    A filter slid along a signal is, transposed, a product of polynomials; to multiply
    polynomials, evaluate both at enough points, multiply the values, interpolate.  The
    last point is infinity, where the value of a polynomial is its leading coefficient.
    """
    size = len(points) + 1  # outputs + taps - 1
    tile, filters = np.zeros((size, size)), np.zeros((size, taps))
    sums = np.zeros((outputs, size))
    for i, point in enumerate(points):
        others = np.delete(points, i)
        tile[i, :-1] = np.poly(others)[::-1]  # prod (x - other), lowest power first
        filters[i] = point ** np.arange(taps) / np.prod(point - others)
        sums[:, i] = point ** np.arange(outputs)
    tile[-1] = np.poly(points)[::-1]
    filters[-1, -1] = sums[-1, -1] = 1
    return tile, filters, sums


@cache
def matrices():
    """B.T, the (36, 9) of f -> G f G.T, A.T and A, in float32."""
    tile, filters, sums = transforms(POINTS, TILE, 3)
    wanted = tile, np.kron(filters, filters), sums, sums.T
    return tuple(np.ascontiguousarray(matrix, np.float32) for matrix in wanted)


@contextmanager
def switched_off():
    """Take direct paths within a `with` block: they round less."""
    token = _enabled.set(False)
    try:
        yield
    finally:
        _enabled.reset(token)


def suits(geometry, channels, filters, output_size, dtype):
    """Whether the method applies, and fills its tiles well enough to pay."""
    height, width = output_size
    filled = height * width / (_tiles(height) * _tiles(width) * TILE * TILE)
    return (
        _enabled.get()
        and dtype == np.float32
        and geometry._replace(padding=(1, 1)) == ((3, 3), (1, 1), (1, 1), (1, 1), 1)
        and min(channels, filters) >= FEWEST_CHANNELS
        and filled > FEWEST_FILLED
    )


def conv2d(x, w, geometry):
    """y from filters w.  -> (N, I, J, K)"""
    size = geometry.output_size(x.shape[1:3])
    return _correlate(x, arranged(w, 2, 3, 1, 0), size, geometry.padding)


def conv2d_input_grad(g, w, input_size, geometry):
    """gx: the convolution of g with the filters turned by 180 degrees."""
    turned = arranged(w[:, :, ::-1, ::-1], 2, 3, 0, 1)
    top, left = geometry.padding
    return _correlate(g, turned, input_size, (2 - top, 2 - left))


def conv2d_weight_grad(x, g, geometry):
    """gw, summed in the transformed space over all tiles.  -> (K, C, 3, 3)"""
    C, (N, height, width, K), (top, left) = x.shape[3], g.shape, geometry.padding
    rows, columns = _tiles(height), _tiles(width)
    from_image, from_filters, _, from_output = matrices()
    total = np.zeros((36, C, K), np.float32)
    part = scratch("weight gradient", total.shape, np.float32)
    for images, block in _blocks(N, rows, columns, C, K):
        shape = block.stop - block.start, columns
        start = block.start * TILE
        tiles = _gather(x[images], (start - top, -left), shape, 6, "a")
        tiles = _transform(from_image, tiles, "b", "a").reshape(36, -1, C)
        outer = _gather(g[images], (start, 0), shape, TILE, "c")
        outer = _transform(from_output, outer, "b", "c").reshape(36, -1, K)
        total += np.matmul(tiles.transpose(0, 2, 1), outer, out=part)
    gw = from_filters.T @ total.reshape(36, C * K)
    return gw.reshape(3, 3, C, K).transpose(3, 2, 0, 1)


def _correlate(x, filters, size, padding):
    """Convolve x (N, H, W, C) with filters (3, 3, C, K).  -> (N, *size, K)"""
    C, K = filters.shape[2:]
    (height, width), (top, left) = size, padding
    rows, columns = _tiles(height), _tiles(width)
    from_image, from_filters, to_output, _ = matrices()
    filters = (from_filters @ filters.reshape(9, C * K)).reshape(36, C, K)
    y = np.empty((len(x), rows, TILE, columns, TILE, K), np.float32)
    for images, block in _blocks(len(x), rows, columns, C, K):
        shape = block.stop - block.start, columns
        origin = block.start * TILE - top, -left
        tiles = _gather(x[images], origin, shape, 6, "a")
        tiles = _transform(from_image, tiles, "b", "a").reshape(36, -1, C)
        out = scratch("winograd b", (36, tiles.shape[1], K), np.float32)
        out = _transform(to_output, np.matmul(tiles, filters, out=out), "a", "b")
        out = out.reshape(TILE, TILE, -1, *shape, K)
        y[images, block] = out.transpose(2, 3, 0, 4, 1, 5)
    y = y.reshape(len(x), rows * TILE, columns * TILE, K)
    whole = y.shape[1:3] == (height, width)
    return y if whole else np.ascontiguousarray(y[:, :height, :width])


def _gather(x, origin, shape, size, buffer):
    """The overlapping tiles of x, pixel by pixel of a tile.

    -> (size, size, N, *shape, C), tile (i, j) starting at pixel origin + 4 (i, j)
    """
    (N, _, _, C), (rows, columns), rest = x.shape, shape, size - TILE
    framed = (N, rows * TILE + rest, columns * TILE + rest, C)
    framed = frame(x, origin, scratch("framed", framed, np.float32))
    n, h, w, c = framed.strides
    tiles = np.ndarray(
        (size, size, N, rows, columns, C),
        np.float32,
        buffer=framed,
        strides=(h, w, n, TILE * h, TILE * w, c),
    )
    out = scratch("winograd " + buffer, tiles.shape, np.float32)
    out[...] = tiles
    return out


def _transform(matrix, tiles, between, buffer):
    """matrix @ tile @ matrix.T for all tiles (t, t, ...).  -> (r, r, numbers)"""
    r, t = matrix.shape
    numbers = tiles.size // (t * t)
    rows = scratch("winograd " + between, (r, t * numbers), np.float32)
    np.matmul(matrix, tiles.reshape(t, t * numbers), out=rows)
    out = scratch("winograd " + buffer, (r, r, numbers), np.float32)
    return np.matmul(matrix, rows.reshape(r, t, numbers), out=out)


def _tiles(size):
    return -(-size // TILE)


def _blocks(images, rows, columns, C, K):
    """Blocks of images and tile rows that fill the buffers.

    Every block reads the filters once, so large filters take larger blocks.
    """
    numbers = max(BLOCK, 36 * C * K // 8)
    return row_blocks(images, rows, numbers // (36 * columns * max(C, K)))
