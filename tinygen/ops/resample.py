"""Whole-number enlargement of images and its adjoint, a pair of linear ops."""

from tinygen.backend import xp_of
from tinygen.op import op


@op(keep="", linear=True)
def upsample(x, /, factor):
    """Each pixel repeated in a block: y[n,c, i, j] = x[n,c, i//a, j//b].

    x : (N, C, H, W)      factor : (a, b)      -> (N, C, H*a, W*b)
    """
    (a, b), (n, c, h, w) = factor, x.shape
    blocks = x.transpose(0, 2, 3, 1)[:, :, None, :, None]
    y = xp_of(x).empty((n, h, a, w, b, c), x.dtype)
    y[...] = blocks
    return y.reshape(n, h * a, w * b, c).transpose(0, 3, 1, 2)


@op(keep="", linear=True)
def block_sum(x, /, factor):
    """The sum over blocks of a x b pixels: the adjoint of upsample.

    x : (N, C, H*a, W*b)      factor : (a, b)      -> (N, C, H, W)
    """
    (a, b), (n, c, h, w) = factor, x.shape
    blocks = x.transpose(0, 2, 3, 1).reshape(n, h // a, a, w // b, b, c)
    return blocks.sum((2, 4)).transpose(0, 3, 1, 2)


upsample.vjp(x=lambda g, y, x, factor: block_sum(g, factor))
block_sum.vjp(x=lambda g, y, x, factor: upsample(g, factor))
