"""The three maps of convolution, fast: which algorithm computes which case.

    conv2d(x, w)    conv2d_input_grad(g, w)    conv2d_weight_grad(x, g)

The definitions are in `conv_reference`; these are equal to them but for rounding
(`winograd` says how much).  The choice follows from shapes and dtype alone:

    filters                 output      input gradient   weight gradient
    ----------------------  ----------  ---------------  ---------------
    groups or dilation      im2col      im2col           im2col
    1x1, no padding         pointwise   pointwise        pointwise
    3x3, stride 1, float32  winograd    winograd         winograd
    of 1 or 2 channels C    mec         im2col           mec
    others                  mec         mec              im2col

`output_algorithm`, `input_grad_algorithm` and `weight_grad_algorithm` are this table;
`winograd.suits` adds what is needed for it to pay, 16 channels and filled tiles.  On
CuPy it is `conv_gather` for all cases.

Pairs are (vertical, horizontal) tuples.  Arrays may lie in memory in any way.  Images
are computed and returned with the channels last in memory (see `conv_layout`); given
so, they are not copied.  No result shares memory with an argument or a later result.
"""

import numpy as np

from tinygen.backend import xp_of
from tinygen.kernels import (
    conv_gather,
    conv_im2col,
    conv_mec,
    conv_pointwise,
    conv_reference,
    winograd,
)
from tinygen.kernels.conv_layout import Geometry, Pair, nchw, nhwc
from tinygen.kernels.select import faster_than

FEW_CHANNELS = 2  # C at which the filters are so small that copies decide


@faster_than(conv_reference.conv2d)
def conv2d(x, w, *, stride: Pair, padding: Pair, dilation: Pair, groups: int):
    """y[n,k,i,j] = sum_{c,u,v} w[k,c,u,v] x[n,c, i*stride + u*dilation - padding, ..].

    x : (N, C, H, W) images      w : (K, C/groups, U, V) filters      -> (N, K, I, J)
    """
    geometry = Geometry(w.shape[2:], stride, padding, dilation, groups)
    x, w = _alike(x, w)
    if xp_of(x) is not np:
        return conv_gather.conv2d(x, w, geometry)
    algorithm = output_algorithm(x, w, geometry)
    return nchw(algorithm.conv2d(nhwc(x), w, geometry))


@faster_than(conv_reference.conv2d_input_grad)
def conv2d_input_grad(
    g,
    w,
    *,
    input_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
):
    """The gradient of conv2d for x; also the transposed convolution of g.

    g : (N, K, I, J)   w : (K, C/groups, U, V)   input_size : (H, W)  -> (N, C, H, W)
    """
    geometry = Geometry(w.shape[2:], stride, padding, dilation, groups)
    g, w = _alike(g, w)
    if xp_of(g) is not np:
        return conv_gather.conv2d_input_grad(g, w, input_size, geometry)
    algorithm = input_grad_algorithm(g, w, input_size, geometry)
    return nchw(algorithm.conv2d_input_grad(nhwc(g), w, input_size, geometry))


@faster_than(conv_reference.conv2d_weight_grad)
def conv2d_weight_grad(
    x,
    g,
    *,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
):
    """The gradient of conv2d for w.

    x : (N, C, H, W)   g : (N, K, I, J)   kernel_size : (U, V)  -> (K, C/groups, U, V)
    """
    geometry = Geometry(kernel_size, stride, padding, dilation, groups)
    x, g = _alike(x, g)
    if xp_of(x) is not np:
        return conv_gather.conv2d_weight_grad(x, g, geometry)
    algorithm = weight_grad_algorithm(x, g, geometry)
    return algorithm.conv2d_weight_grad(nhwc(x), nhwc(g), geometry)


def output_algorithm(x, w, geometry):
    """The module that computes y from x (N, C, H, W) and w."""
    common = _common_algorithm(x, geometry)
    if common:
        return common
    (K, C, *_), size = w.shape, geometry.output_size(x.shape[2:])
    if winograd.suits(geometry, C, K, size, x.dtype):
        return winograd
    return conv_mec


def input_grad_algorithm(g, w, input_size, geometry):
    """The module that computes gx (N, C, *input_size) from g and w."""
    common = _common_algorithm(g, geometry)
    if common:
        return common
    K, C, *_ = w.shape
    if winograd.suits(geometry, K, C, input_size, g.dtype):
        return winograd
    return conv_im2col if C <= FEW_CHANNELS else conv_mec


def weight_grad_algorithm(x, g, geometry):
    """The module that computes gw from x (N, C, H, W) and g (N, K, I, J)."""
    common = _common_algorithm(x, geometry)
    if common:
        return common
    C, K = x.shape[1], g.shape[1]
    if winograd.suits(geometry, C, K, g.shape[2:], x.dtype):
        return winograd
    return conv_mec if C <= FEW_CHANNELS else conv_im2col


def _common_algorithm(x, geometry):
    """The first rows of the table, which are the same for all three maps."""
    if geometry.groups > 1 or geometry.dilation != (1, 1):
        return conv_im2col
    if geometry.kernel_size == (1, 1) and geometry.padding == (0, 0):
        return conv_pointwise
    return None


def _alike(*arrays):
    """The arrays in their common dtype."""
    dtype = xp_of(arrays[0]).result_type(*arrays)
    return [a.astype(dtype, copy=False) for a in arrays]
