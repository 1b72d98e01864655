"""Convolution with 1x1 filters and no padding: a matrix product over the channels.

    y[n,i,j,:] = x[n, i*stride, j*stride, :] @ w.T

x, gx : (N, H, W, C)   g, y : (N, I, J, K)   w, gw : (K, C, 1, 1), any strides
No groups, NumPy only.
"""

import numpy as np

from tinygen.kernels.conv_layout import small_rows

FEWEST_ROWS = 64  # of a small product, to be worth it


def conv2d(x, w, geometry):
    """y = x @ w.T at every stride-th pixel.  -> (N, I, J, K)"""
    sh, sw = geometry.stride
    return channel_product(x[:, ::sh, ::sw], w[:, :, 0, 0].T)


def conv2d_input_grad(g, w, input_size, geometry):
    """gx = g @ w at every stride-th pixel, 0 between.  -> (N, H, W, C)"""
    sh, sw = geometry.stride
    product = channel_product(g, w[:, :, 0, 0])
    if (sh, sw) == (1, 1):
        return product
    gx = np.zeros((len(g), *input_size, w.shape[1]), g.dtype)
    gx[:, ::sh, ::sw] = product
    return gx


def conv2d_weight_grad(x, g, geometry):
    """gw = g.T @ x.  -> (K, C, 1, 1)"""
    sh, sw = geometry.stride
    x, g = _matrices(x[:, ::sh, ::sw], g)
    return (x.transpose(0, 2, 1) @ g).sum(0).T[:, :, None, None]


def channel_product(x, matrix):
    """x @ matrix over the last axis, in blocks of rows."""
    y = np.empty((*x.shape[:3], matrix.shape[1]), x.dtype)
    rows, out = _matrices(x, y)
    np.matmul(rows, np.ascontiguousarray(matrix), out=out)
    return y


def _matrices(x, y):
    """The pixels of x and y as (blocks, rows, channels), for small products."""
    pixels = x.shape[0] * x.shape[1] * x.shape[2]
    rows = small_rows(pixels, x.shape[3] * y.shape[3], FEWEST_ROWS)
    return x.reshape(-1, rows, x.shape[3]), y.reshape(-1, rows, y.shape[3])
