"""Normalisation layers: subtract a mean, divide by a standard deviation.

y = (x - mean) * rstd * weight + bias,      rstd = 1 / sqrt(var + eps)

The layers differ only in the elements that share a mean and a (biased) variance:

batch_norm     one channel of all samples          mean : (C,)     arXiv 1502.03167
group_norm     one group of channels of a sample   mean : (N, G)   arXiv 1803.08494
instance_norm  one channel of a sample, G = C      mean : (N, C)   arXiv 1607.08022
layer_norm     the last axes of one position       mean : (...)    arXiv 1607.06450

x, g : (N, C, ...), fastest with the channels last in memory (NHWC seen as NCHW)
weight, bias : (C,), or the last axes of x for layer_norm; or None

`norm_reference` has the definitions, `norm_fused` the kernels of a GPU.  Here they are
computed in cache-sized blocks, and

* data are shifted.  E[x^2] - E[x]^2 loses every digit where |mean| >> std; with a
  rough mean, the pivot, taken away first, it loses none, and one pass over x is enough:
  for y = x - pivot,  mean = pivot + E[y],  var = E[y^2] - E[y]^2.
  Source: Chan, Golub & LeVeque, The American Statistician 37 (1983), section 3.
* a sum over rows is a product with a row of ones: BLAS adds faster than `sum(axis=0)`.
* a vector that meets every row is repeated into a block first: one long loop over a
  block takes half the time of a short loop for each row.
"""

import math
from functools import cache

import numpy as np

from tinygen.backend import xp_of
from tinygen.kernels import norm_fused
from tinygen.kernels import norm_reference as reference
from tinygen.kernels.blocks import BLOCK
from tinygen.kernels.norm_reference import affine
from tinygen.kernels.select import faster_than


def elsewhere(x):
    """Who computes for arrays of a GPU, and for arrays of nothing."""
    return norm_fused if x.size else reference


# ------------------------------------------------------------ pieces


def rows_of(x):
    """(N, C, ...) -> (N, S, C) contiguous: no copy if channels are last in memory."""
    n, c, *space = x.shape
    return np.ascontiguousarray(x.reshape(n, c, math.prod(space)).swapaxes(1, 2))


def like(x, rows):
    """Rows, (N, S, C) or (N S, C), in the shape and the memory order of x."""
    n, c, *space = x.shape
    y = rows.reshape(n, math.prod(space), c).swapaxes(1, 2)
    return in_order_of(x, y.reshape(x.shape))


def in_order_of(x, y):
    """y with its axes in memory as those of x: y itself, or a copy."""
    model = np.empty_like(x)
    if y.strides == model.strides:
        return y
    model[...] = y
    return model


def pieces(arrays, vectors=()):
    """Cut arrays (M, C) into blocks of rows, and repeat vectors (C,) to meet them.

    yields one list a block: the piece of each array, then each vector; None stays None.
    """
    rows, columns = arrays[0].shape
    step = max(1, BLOCK // columns)
    if rows > step:
        vectors = [v if v is None else repeated(v, step) for v in vectors]
    else:
        vectors = [v if v is None else v[None] for v in vectors]
    for start in range(0, rows, step):
        parts = [a[start : start + step] for a in arrays]
        yield parts + [v if v is None else v[: len(parts[0])] for v in vectors]


def repeated(v, rows):
    """v (C,) -> (rows, C) in memory."""
    block = np.empty((rows, v.size), v.dtype)
    block[:] = v
    return block


def image_pieces(images, vectors):
    """Cut images (N, S, C), and vectors (N, 1, C) of each image, into blocks of images.

    yields one list a block: its slice of the images, then the piece of each argument.
    T neighbouring positions are seen as one, (N, S/T, T C), to make NumPy's inner
    loops longer; the vectors are tiled to match, at the cost of 1/16 of an image.
    """
    n, s, c = images[0].shape
    t = merged_positions(s, c)
    wide = [a.reshape(n, s // t, t * c) for a in images]
    wide += [np.tile(v, (1, 1, t)) for v in vectors]
    step = max(1, BLOCK // (s * c))
    for start in range(0, n, step):
        cut = slice(start, start + step)
        yield [cut, *(a[cut] for a in wide)]


@cache
def merged_positions(s, c):
    """T: the largest divisor of S up to S/16 for which T C is at most 2048."""
    most = max(1, min(s // 16, 2048 // c))
    return max(t for t in range(1, most + 1) if s % t == 0)


def column_sums(rows):
    """(..., M, C) -> (..., C): the sum over the rows."""
    return np.ones(rows.shape[-2], rows.dtype) @ rows


def image_sums(piece, channels):
    """A piece (n, S/T, T C) of images -> (n, 1, C): the sum over all positions."""
    return column_sums(piece.reshape(len(piece), -1, channels))[:, None]


# ------------------------------------------------------------ batch norm


@faster_than(reference.batch_norm)
def batch_norm(x, weight, bias, eps):
    """Normalise each channel over the batch -> y, mean, rstd, biased var, (C,) each."""
    if xp_of(x) is not np or x.size == 0:
        return elsewhere(x).batch_norm(x, weight, bias, eps)
    rows = rows_of(x).reshape(-1, x.shape[1])
    some = rows[:: len(rows) // 64 + 1]
    pivot = column_sums(some) / len(some)
    y, total, squares = np.empty_like(rows), 0.0, 0.0
    for part, centered, p in pieces((rows, y), (pivot,)):
        np.subtract(part, p, out=centered)
        total = total + column_sums(centered)
        squares = squares + column_sums(centered * centered)
    shift = total / len(rows)
    var = np.maximum(squares / len(rows) - shift * shift, 0.0)
    rstd = 1.0 / np.sqrt(var + eps)
    scale = affine(rstd, weight, None)
    for part, a, b in pieces((y,), (scale, affine(-shift * scale, None, bias))):
        part *= a
        part += b
    return like(x, y), pivot + shift, rstd, var


@faster_than(reference.batch_norm_backward)
def batch_norm_backward(g, x, mean, rstd, weight):
    """-> gx, gweight, gbias; with h = g weight and x_hat = (x - mean) rstd,

    gx = rstd (h - E[h] - x_hat E[h x_hat]),    gweight = sum g x_hat,  gbias = sum g
    """
    if xp_of(x) is not np or x.size == 0:
        return elsewhere(x).batch_norm_backward(g, x, mean, rstd, weight)
    rows, g_rows = (rows_of(a).reshape(-1, x.shape[1]) for a in (x, g))
    gx, gweight, gbias = np.empty_like(rows), 0.0, 0.0
    for part, g_part, centered, m in pieces((rows, g_rows, gx), (mean,)):
        np.subtract(part, m, out=centered)
        gweight = gweight + column_sums(g_part * centered)
        gbias = gbias + column_sums(g_part)
    gweight = gweight * rstd
    slope, offset = -rstd * gweight / len(rows), -gbias / len(rows)
    vectors = slope, offset, affine(rstd, weight, None)
    for part, g_part, k, b, scale in pieces((gx, g_rows), vectors):
        part *= k
        part += b
        part += g_part
        part *= scale
    return like(x, gx), gweight, gbias


# ------------------------------------------------------------ group norm


def group_means(v, groups):
    """(N, C) or (N, 1, C) -> (N, G): the mean of v over the channels of each group."""
    return v.reshape(len(v), groups, -1).mean(-1)


def each_channel(v, channels):
    """(N, G) -> (N, 1, C): the value of its group for every channel."""
    return np.repeat(v, channels // v.shape[1], axis=1)[:, None]


@faster_than(reference.group_norm)
def group_norm(x, groups, weight, bias, eps):
    """Normalise each of G groups of channels of each sample -> y, mean, rstd (N, G)."""
    if xp_of(x) is not np or x.size == 0:
        return elsewhere(x).group_norm(x, groups, weight, bias, eps)
    rows = rows_of(x)
    n, s, c = rows.shape
    some = rows[:, :: s // 16 + 1]
    pivot = group_means(column_sums(some) / some.shape[1], groups)
    y, (total, squares) = np.empty_like(rows), np.empty((2, n, 1, c), x.dtype)
    for cut, part, centered, p in image_pieces((rows, y), [each_channel(pivot, c)]):
        np.subtract(part, p, out=centered)
        total[cut] = image_sums(centered, c)
        squares[cut] = image_sums(centered * centered, c)
    shift, square = group_means(total / s, groups), group_means(squares / s, groups)
    rstd = 1.0 / np.sqrt(np.maximum(square - shift * shift, 0.0) + eps)
    scale = affine(each_channel(rstd, c), weight, None)
    offset = affine(-each_channel(shift, c) * scale, None, bias)
    for _, part, a, b in image_pieces([y], (scale, offset)):
        part *= a
        part += b
    return like(x, y), pivot + shift, rstd


@faster_than(reference.group_norm_backward)
def group_norm_backward(g, x, mean, rstd, weight):
    """-> gx, gweight, gbias; the equations of `batch_norm_backward`, E over a group."""
    if xp_of(x) is not np or x.size == 0:
        return elsewhere(x).group_norm_backward(g, x, mean, rstd, weight)
    rows, g_rows = rows_of(x), rows_of(g)
    groups, (n, s, c) = mean.shape[1], rows.shape
    gx, (with_one, with_x) = np.empty_like(rows), np.empty((2, n, 1, c), x.dtype)
    images, vectors = (rows, g_rows, gx), [each_channel(mean, c)]
    for cut, part, g_part, centered, m in image_pieces(images, vectors):
        np.subtract(part, m, out=centered)
        with_one[cut] = image_sums(g_part, c)
        with_x[cut] = image_sums(g_part * centered, c)
    rstd_c = each_channel(rstd, c)
    slope = group_means(affine(with_x, weight, None) / s, groups) * -(rstd**3)
    offset = group_means(affine(with_one, weight, None) / s, groups) * -rstd
    vectors = [each_channel(v, c) for v in (slope, offset)]
    vectors.append(affine(rstd_c, weight, None))
    for _, part, g_part, k, b, scale in image_pieces((gx, g_rows), vectors):
        part *= k
        part += b
        part += g_part * scale
    return like(x, gx), (with_x * rstd_c).sum((0, 1)), with_one.sum((0, 1))


def instance_norm(x, weight, bias, eps):
    """Normalise each channel of each sample -> y, mean, rstd (N, C)."""
    return group_norm(x, x.shape[1], weight, bias, eps)


def instance_norm_backward(g, x, mean, rstd, weight):
    """-> gx, gweight, gbias."""
    return group_norm_backward(g, x, mean, rstd, weight)


# ------------------------------------------------------------ layer norm


def flat_or_none(v):
    """A weight or bias as one axis, if there is one."""
    return None if v is None else v.ravel()


def mean_weights(rows):
    """(D,), each 1/D: rows (M, D) @ mean_weights is the mean of every row."""
    return np.full(rows.shape[1], 1.0 / rows.shape[1], rows.dtype)


@faster_than(reference.layer_norm)
def layer_norm(x, weight, bias, eps, ndim=1):
    """Normalise over the last `ndim` axes -> y, mean, rstd of the other axes' shape."""
    if xp_of(x) is not np or x.size == 0:
        return elsewhere(x).layer_norm(x, weight, bias, eps, ndim)
    outer = x.shape[: x.ndim - ndim]
    rows = np.ascontiguousarray(x).reshape(math.prod(outer), -1)
    y = np.empty_like(rows)
    mean, rstd = np.empty((2, len(rows), 1), x.dtype)
    average = mean_weights(rows)
    vectors = flat_or_none(weight), flat_or_none(bias)
    for part, out, m, r, w, b in pieces((rows, y, mean, rstd), vectors):
        m[:, 0] = part @ average
        np.subtract(part, m, out=out)
        r[:, 0] = 1.0 / np.sqrt((out * out) @ average + eps)
        out *= r
        if w is not None:
            out *= w
        if b is not None:
            out += b
    y = in_order_of(x, y.reshape(x.shape))
    return y, mean.reshape(outer), rstd.reshape(outer)


@faster_than(reference.layer_norm_backward)
def layer_norm_backward(g, x, mean, rstd, weight):
    """-> gx, gweight, gbias; the equations of `batch_norm_backward`, E over a row."""
    if xp_of(x) is not np or x.size == 0:
        return elsewhere(x).layer_norm_backward(g, x, mean, rstd, weight)
    shape = x.shape[mean.ndim :]
    rows, g_rows = (np.ascontiguousarray(a).reshape(mean.size, -1) for a in (x, g))
    gx, gweight, gbias = np.empty_like(rows), 0.0, 0.0
    average = affine(mean_weights(rows), flat_or_none(weight), None)  # E[g weight]
    arrays = rows, g_rows, gx, mean.reshape(-1, 1), rstd.reshape(-1, 1)
    for part, g_part, out, m, r, w in pieces(arrays, (flat_or_none(weight),)):
        np.subtract(part, m, out=out)
        product = g_part * out
        gweight = gweight + r[:, 0] @ product
        gbias = gbias + column_sums(g_part)
        out *= (product @ average)[:, None] * -(r * r)
        out -= (g_part @ average)[:, None]
        out += affine(g_part, w, None)
        out *= r
    gx = in_order_of(x, gx.reshape(x.shape))
    return gx, gweight.reshape(shape), gbias.reshape(shape)
