"""Changing the size of images: interpolate, pixel shuffle."""

import numpy as np

from tinygen.backend import xp_of
from tinygen.errors import ConfigError, ShapeError
from tinygen.functional.conv import pair
from tinygen.ops.elementwise import values
from tinygen.ops.linear import matmul
from tinygen.ops.resample import upsample
from tinygen.ops.shape import reshape, transpose


def interpolate(
    x, size=None, scale_factor=None, mode: str = "nearest", align_corners=False
):
    """Images resampled to another size.

    x : (N, C, H, W)      size : (I, J), or one number
    scale_factor : instead of size, I = int(H * factor); one, or (vertical, horizontal)
    mode : "nearest" or "bilinear"
    align_corners : (bilinear) the centres of the corner pixels stay corners; otherwise
        the outer edges of the images coincide
    Differentiable both ways: enlarging and shrinking are linear maps along each axis.
    Output pixel i looks at i/factor, with factor I/H where a size is given.
    """
    if mode not in ("nearest", "bilinear"):
        raise ConfigError(f"interpolate: mode {mode!r}. Fix: 'nearest' or 'bilinear'")
    if (size is None) == (scale_factor is None) or x.ndim != 4:
        raise ShapeError(
            f"interpolate: x {x.shape}, size={size}, scale_factor={scale_factor}. "
            "Fix: images (N, C, H, W), and one of size and scale_factor"
        )
    if 0 in x.shape[2:]:
        raise ShapeError(f"interpolate: x {x.shape}. Fix: images of a pixel or more")
    if size is None:
        size, factors = _by_factor(x.shape[2:], scale_factor)
    else:
        size = pair("size", size, 1)
        factors = [i / n for i, n in zip(size, x.shape[2:], strict=True)]
    if mode == "nearest" and all(f == int(f) for f in factors):
        return upsample(x, (int(factors[0]), int(factors[1])))
    plain = values(x)
    rows, columns = (
        xp_of(plain).asarray(_weights(n, i, f, mode, align_corners), dtype=plain.dtype)
        for n, i, f in zip(x.shape[2:], size, factors, strict=True)
    )
    return matmul(matmul(rows, x), columns.T)


def _by_factor(sides, scale_factor):
    """The size that a factor, or one for each axis, makes of images; and the factors.

    Raises ConfigError if no pixel is left.
    """
    factors = [float(f) for f in np.broadcast_to(scale_factor, 2)]
    size = [int(n * f) for n, f in zip(sides, factors, strict=True)]
    if min(size) < 1:
        least = max(1 / n for n in sides)
        raise ConfigError(
            f"interpolate: scale_factor={scale_factor} of images {tuple(sides)} gives "
            f"size {tuple(size)}. Fix: a factor of at least {least:.4g}, or size=1"
        )
    return size, factors


def _weights(n: int, count: int, factor: float, mode: str, align_corners: bool):
    """(count, n): how much of each of n pixels goes into each of `count`.

    factor : by which the axis is enlarged: count/n, but for rounding
    """
    at = np.arange(count)
    weights = np.zeros((count, n))
    if mode == "nearest":
        exact = factor == count / n
        place = at * n // count if exact else np.floor(at / factor).astype(int)
        weights[at, np.minimum(place, n - 1)] = 1.0
        return weights
    if align_corners:
        place = at * ((n - 1) / max(1, count - 1))
    else:
        place = np.clip((at + 0.5) / factor - 0.5, 0, None)
    low = np.minimum(np.floor(place).astype(int), n - 1)
    high = np.minimum(low + 1, n - 1)
    part = place - low
    weights[at, low] += 1.0 - part
    weights[at, high] += part
    return weights


def pixel_shuffle(x, upscale_factor: int):
    """Channels to pixels: (N, C*r*r, H, W) -> (N, C, H*r, W*r).

    y[n,c, h*r + a, w*r + b] = x[n, c*r*r + a*r + b, h, w]
    Raises ShapeError if r*r does not divide the channels.
    Source: Shi et al., arXiv 1609.05158.
    """
    r = _shuffle_factor("pixel_shuffle", x, upscale_factor)
    n, c, h, w = x.shape
    if c % (r * r):
        raise ShapeError(
            f"pixel_shuffle: {c} channels of x {x.shape} for factor {r}. "
            f"Fix: {_nearest(c, r * r)} channels, a multiple of {r * r}"
        )
    blocks = reshape(x, (n, c // (r * r), r, r, h, w))
    return reshape(transpose(blocks, (0, 1, 4, 2, 5, 3)), (n, -1, h * r, w * r))


def pixel_unshuffle(x, downscale_factor: int):
    """Pixels to channels, (N, C, H*r, W*r) -> (N, C*r*r, H, W): undoes pixel_shuffle.

    Raises ShapeError if r does not divide the sides.
    """
    r = _shuffle_factor("pixel_unshuffle", x, downscale_factor)
    n, c, h, w = x.shape
    if h % r or w % r:
        widths = f"((0, 0), (0, 0), (0, {-h % r}), (0, {-w % r}))"
        raise ShapeError(
            f"pixel_unshuffle: images {(h, w)} of x {x.shape} for factor {r}. "
            f"Fix: {(h + -h % r, w + -w % r)}, as by tinygen.pad(x, {widths})"
        )
    blocks = reshape(x, (n, c, h // r, r, w // r, r))
    return reshape(transpose(blocks, (0, 1, 3, 5, 2, 4)), (n, -1, h // r, w // r))


def _shuffle_factor(name, x, factor) -> int:
    """The factor, if it is a positive integer and x are images."""
    if x.ndim != 4:
        raise ShapeError(f"{name}: got shape {x.shape}. Fix: images (N, C, H, W)")
    return pair("factor", factor, 1)[0]


def _nearest(n, step) -> str:
    """The multiples of `step` around n, without 0."""
    low = n - n % step
    return f"{low} or {low + step}" if low else str(step)
