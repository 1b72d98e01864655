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

    x : (N, C, H, W)      size : (I, J), or one number; or scale_factor : I = H * factor
    mode : "nearest" or "bilinear"
    align_corners : (bilinear) the centres of the corner pixels stay corners; otherwise
        the outer edges of the images coincide
    Differentiable both ways: enlarging and shrinking are linear maps along each axis.
    """
    if mode not in ("nearest", "bilinear"):
        raise ConfigError(f"interpolate: mode {mode!r}. Fix: 'nearest' or 'bilinear'")
    if (size is None) == (scale_factor is None) or x.ndim != 4:
        raise ShapeError(
            f"interpolate: x {x.shape}, size={size}, scale_factor={scale_factor}. "
            "Fix: images (N, C, H, W), and one of size and scale_factor"
        )
    if size is None:
        factors = np.broadcast_to(scale_factor, 2)
        size = [int(n * f) for n, f in zip(x.shape[2:], factors, strict=True)]
    size = pair("size", tuple(size) if not isinstance(size, int) else size, 1)
    whole = all(i % n == 0 for i, n in zip(size, x.shape[2:], strict=True))
    if mode == "nearest" and whole:
        return upsample(x, (size[0] // x.shape[2], size[1] // x.shape[3]))
    plain = values(x)
    rows, columns = (
        xp_of(plain).asarray(_weights(n, i, mode, align_corners), dtype=plain.dtype)
        for n, i in zip(x.shape[2:], size, strict=True)
    )
    return matmul(matmul(rows, x), columns.T)


def _weights(n: int, count: int, mode: str, align_corners: bool) -> np.ndarray:
    """(count, n): how much of each of n pixels goes into each of `count`."""
    at = np.arange(count)
    weights = np.zeros((count, n))
    if mode == "nearest":
        weights[at, at * n // count] = 1.0
        return weights
    if align_corners:
        place = at * ((n - 1) / max(1, count - 1))
    else:
        place = np.clip((at + 0.5) * (n / count) - 0.5, 0, None)
    low = np.minimum(np.floor(place).astype(int), n - 1)
    high = np.minimum(low + 1, n - 1)
    part = place - low
    weights[at, low] += 1.0 - part
    weights[at, high] += part
    return weights


def pixel_shuffle(x, upscale_factor: int):
    """Channels to pixels: (N, C*r*r, H, W) -> (N, C, H*r, W*r).

    y[n,c, h*r + a, w*r + b] = x[n, c*r*r + a*r + b, h, w]
    Source: Shi et al., arXiv 1609.05158.
    """
    r, (n, c, h, w) = upscale_factor, x.shape
    if c % (r * r):
        raise ShapeError(
            f"pixel_shuffle: {c} channels for factor {r}. Fix: a multiple of {r * r}"
        )
    blocks = reshape(x, (n, c // (r * r), r, r, h, w))
    return reshape(transpose(blocks, (0, 1, 4, 2, 5, 3)), (n, -1, h * r, w * r))


def pixel_unshuffle(x, downscale_factor: int):
    """Pixels to channels: the inverse of pixel_shuffle."""
    r, (n, c, h, w) = downscale_factor, x.shape
    if h % r or w % r:
        raise ShapeError(
            f"pixel_unshuffle: images {(h, w)} for factor {r}. Fix: multiples of {r}"
        )
    blocks = reshape(x, (n, c, h // r, r, w // r, r))
    return reshape(transpose(blocks, (0, 1, 3, 5, 2, 4)), (n, -1, h // r, w // r))
