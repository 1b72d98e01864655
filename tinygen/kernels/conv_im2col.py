"""Convolution as one matrix product: lay every patch that the filter sees in a row.

    columns[n,i,j,u,v,c] = x[n, i*stride + u*dilation - padding, .., c]     "im2col"
    y  = columns @ w            (N*I*J, U*V*C) @ (U*V*C, K)
    gw = columns.T @ g          (U*V*C, N*I*J) @ (N*I*J, K)
    gx = add up, pixel by pixel, the columns g @ w.T                        "col2im"

The columns repeat a pixel up to U*V times, so the whole of them rarely fits a cache.
The images are taken in blocks whose columns do, and each block is multiplied while it
is there.  Every stride, padding, dilation and number of groups is covered: the three
are what to run where no special algorithm applies.  NumPy only.

x, gx : (N, H, W, C)   g, y : (N, I, J, K)   w, gw : (K, C/groups, U, V), any strides

Source: Chellapilla, Puri and Simard, High performance convolutional neural networks for
document processing, 2006.
"""

import numpy as np

from tinygen.kernels.conv_layout import (
    BLOCK,
    LARGE_ROWS,
    arranged,
    frame,
    row_blocks,
)
from tinygen.kernels.workspace import scratch


def conv2d(x, w, geometry):
    """y = columns @ w.  -> (N, I, J, K)"""
    K, groups = len(w), geometry.groups
    size = geometry.output_size(x.shape[1:3])
    filters = _by_group(arranged(w, 2, 3, 1, 0).reshape(-1, K), groups)
    y = np.empty((len(x), *size, K), x.dtype)
    most = _rows_per_block(y, geometry, x.shape[3])
    for images, rows in row_blocks(len(x), size[0], most):
        columns = im2col(x[images], rows, size[1], geometry)
        out = y[images, rows].reshape(-1, K)
        np.matmul(columns, filters, out=_by_group(out, groups))
    return y


def conv2d_input_grad(g, w, input_size, geometry):
    """gx = col2im(g @ w.T).  -> (N, H, W, C)"""
    groups = geometry.groups
    (N, *size, K), (_, c, U, V) = g.shape, w.shape
    filters = arranged(w, 0, 2, 3, 1).reshape(groups, K // groups, U * V * c)
    gx = np.empty((N, *input_size, groups * c), g.dtype)
    most = _rows_per_block(g, geometry, groups * c)
    for images, _ in row_blocks(N, 1, most // size[0]):
        incoming = _by_group(g[images].reshape(-1, K), groups)
        shape = (groups, incoming.shape[1], U * V * c)
        columns = scratch("columns", shape, g.dtype)
        np.matmul(incoming, filters, out=columns)
        col2im(columns.reshape(groups, -1, *size, U, V, c), gx[images], geometry)
    return gx


def conv2d_weight_grad(x, g, geometry):
    """gw = columns.T @ g, added up over the blocks.  -> (K, C/groups, U, V)"""
    (N, height, J, K), groups = g.shape, geometry.groups
    (U, V), c = geometry.kernel_size, x.shape[3] // groups
    gw = np.zeros((groups, U * V * c, K // groups), x.dtype)
    part = scratch("weight gradient", gw.shape, gw.dtype)
    most = _rows_per_block(g, geometry, x.shape[3])
    for images, rows in row_blocks(N, height, most):
        columns = im2col(x[images], rows, J, geometry)
        incoming = _by_group(g[images, rows].reshape(-1, K), groups)
        np.matmul(columns.transpose(0, 2, 1), incoming, out=part)
        gw += part
    gw = gw.reshape(groups, U, V, c, K // groups)
    return gw.transpose(0, 4, 3, 1, 2).reshape(K, c, U, V)


def im2col(x, rows, J, geometry):
    """What the filters see for output rows `rows`.  -> (groups, N*rows*J, U*V*C/groups)

    Every patch of the zero-framed images is a view of them; one copy lays them out.
    """
    N, _, _, C = x.shape
    (U, V), (sh, sw), (top, left), (dh, dw), groups = geometry
    count, c = rows.stop - rows.start, C // groups
    size = ((count - 1) * sh + (U - 1) * dh + 1, (J - 1) * sw + (V - 1) * dw + 1)
    framed = scratch("framed", (N, *size, C), x.dtype)
    frame(x, (rows.start * sh - top, -left), framed)
    n, h, w, one = framed.strides
    shape = (groups, N, count, J, U, V, c)
    strides = (c * one, n, sh * h, sw * w, dh * h, dw * w, one)
    columns = scratch("columns", shape, x.dtype)
    columns[...] = np.lib.stride_tricks.as_strided(framed, shape, strides)
    return columns.reshape(groups, N * count * J, U * V * c)


def col2im(columns, out, geometry):
    """Add every patch to the pixels it was seen at: the adjoint of im2col.

    columns : (groups, N, I, J, U, V, C/groups)      out : (N, H, W, C)
    """
    (U, V), (sh, sw), (top, left), (dh, dw), _ = geometry
    groups, _, height, width, *_, c = columns.shape
    N, H, W, C = out.shape
    framed = (N, H + 2 * top, W + 2 * left, groups, c)
    framed = scratch("framed", framed, out.dtype)
    framed[...] = 0
    patches = columns.transpose(4, 5, 1, 2, 3, 0, 6)  # (U, V, N, I, J, groups, c)
    for u in range(U):
        rows = slice(u * dh, u * dh + (height - 1) * sh + 1, sh)
        for v in range(V):
            seen = framed[:, rows, v * dw : v * dw + (width - 1) * sw + 1 : sw]
            seen += patches[u, v]
    inner = framed[:, top : top + H, left : left + W]
    out[...] = inner.reshape(N, H, W, C)


def _by_group(matrix, groups):
    """(R, K) seen as (groups, R, K/groups): one matrix per group."""
    return matrix.reshape(len(matrix), groups, -1).transpose(1, 0, 2)


def _rows_per_block(outputs, geometry, C):
    """Rows of `outputs` (N, I, J, K) that fit a block with the columns they need."""
    (U, V), (_, _, J, K) = geometry.kernel_size, outputs.shape
    return max(BLOCK // (U * V * C + K), LARGE_ROWS) // J
