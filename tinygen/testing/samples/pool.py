"""Samples of pooling, patches and resampling."""

import numpy as np

from tinygen import functional as F
from tinygen.errors import ConfigError, ShapeError
from tinygen.ops import resample
from tinygen.testing.registry import A, Kink, Sample, bad, declare
from tinygen.testing.samples.conv import geometry_of, pair, taps

LINEAR = {"linear": True, "analytic": True}
SUMS = {"rtol": 1e-12, "rtol_reason": "sums in another order"}


def windows(x, kernel_size, stride=None, padding=0, dilation=1, fill=0.0):
    """What each tap of a window sees: (U*V, N, C, I, J)."""
    size = pair(kernel_size)
    how = geometry_of(size if stride is None else stride, padding, dilation)
    out = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(x.shape[2:], size, *how[:3], strict=True)
    ]
    borders = ((0, 0), (0, 0), *((p, p) for p in how.padding))
    padded = np.pad(x, borders, constant_values=fill)
    return np.stack([seen for _, seen in taps(padded, size, out, how)])


WINDOWS = [
    Sample(A(2, 3, 4, 6), 2),
    Sample(A(1, 2, 5, 7), (2, 3)),
    Sample(A(1, 2, 6, 5), 3, stride=2),
    Sample(A(1, 2, 5, 4), 3, stride=(1, 2), padding=1),
    Sample(A(0, 2, 4, 4), 2),
]
DILATED = Sample(A(1, 2, 5, 7), (2, 3), stride=2, padding=1, dilation=(3, 2))
NOTHING = "images are flattened by reshape(N, C, -1), ambiguous for N = 0"
BORDER = (bad(A(1, 2, 5, 5), 3, padding=2, error=ShapeError, match="more than half"),)
TOO_LARGE = (
    bad(A(1, 2, 3, 3), 4, error=ShapeError, match=r"\(4, 4\).*\(3, 3\)"),
    bad(A(2, 3, 3), 2, error=ShapeError, match="N, C, H, W"),
)
declare(
    F.avg_pool2d,
    lambda x, *a, **how: windows(x, *a, **how).mean(0),
    WINDOWS,
    errors=(*TOO_LARGE, *BORDER),
    **LINEAR,
    **SUMS,
)

FLAT = np.array(
    [[[[1.0, 1.0, 0.0, 2.0], [1.0, 0.0, 2.0, 2.0]]]]
)  # ties in both windows
FIRST = np.array([[[[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]]]])
declare(
    F.max_pool2d,
    lambda x, *a, **how: windows(x, *a, **how, fill=-np.inf).max(0),
    [
        *WINDOWS[:-1],
        Kink(FLAT, 2, gradient=lambda v: [np.repeat(v, 2, 3).repeat(2, 2) * FIRST]),
        DILATED,
    ],
    exempt=NOTHING,
    errors=(*TOO_LARGE, *BORDER),
)
NO_PIXEL = (
    bad(A(2, 3, 5), error=ShapeError, match=r"\(2, 3, 5\)"),
    bad(A(2, 3, 0, 5), error=ShapeError, match="a pixel or more"),
)
declare(
    F.global_avg_pool2d,
    lambda x: x.mean((2, 3)),
    [Sample(A(2, 3, 5, 2)), Sample(A(0, 3, 2, 2))],
    errors=NO_PIXEL,
    **LINEAR,
    **SUMS,
)
declare(
    F.global_max_pool2d,
    lambda x: x.max((2, 3)),
    [
        Sample(A(2, 3, 5, 2)),
        Sample(A(0, 3, 2, 2)),
        Kink(
            np.array([[[[1.0, 2.0], [2.0, 0.0]]]]),
            gradient=lambda v: [v[0] * np.array([[[[0.0, 0.5], [0.5, 0.0]]]])],
        ),
    ],
    errors=NO_PIXEL,
)


def patches(x, kernel_size, dilation=1, padding=0, stride=1):
    """Windows as columns (N, C*U*V, I*J)."""
    seen = windows(x, kernel_size, stride, padding, dilation)
    return seen.transpose(1, 2, 0, 3, 4).reshape(len(x), -1, seen[0, 0, 0].size)


def folded(columns, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Every column added where it came from."""
    how = geometry_of(stride, padding, dilation)
    (p, q), (u, v), (h, w) = how.padding, pair(kernel_size), pair(output_size)
    n, channels = len(columns), columns.shape[1] // (u * v)
    padded = np.zeros((n, channels, h + 2 * p, w + 2 * q), columns.dtype)
    one = windows(np.zeros((1, 1, h, w)), (u, v), stride, padding, dilation)
    parts = columns.reshape(n, channels, u * v, *one.shape[3:])
    for k, (_, seen) in enumerate(taps(padded, (u, v), one.shape[3:], how)):
        seen += parts[:, :, k]
    return padded[:, :, p : p + h, q : q + w]


declare(
    F.unfold,
    patches,
    [
        Sample(A(2, 3, 4, 5), (2, 3)),
        Sample(A(1, 2, 5, 5), 3, stride=2, padding=1),
        Sample(A(1, 2, 6, 5), 2, dilation=(3, 1)),
    ],
    exempt=NOTHING,
    errors=TOO_LARGE[:1],
    **LINEAR,
)
declare(
    F.fold,
    folded,
    [
        Sample(A(2, 18, 9), (4, 5), (2, 3)),
        Sample(A(1, 18, 9), 5, 3, stride=2, padding=1),
        Sample(A(1, 8, 12), (6, 5), 2, dilation=(3, 1)),
        Sample(A(0, 8, 9), 4, 2),
    ],
    views=True,
    errors=(
        bad(A(1, 18, 8), 5, 3, error=ShapeError, match=r"\(1, 18, 8\).*9 patches"),
        bad(A(1, 17, 9), 5, 3, error=ShapeError, match=r"N, C\*9, 9"),
        bad(A(1, 18, 9), 2, 3, error=ShapeError, match=r"images of at least \(3, 3\)"),
        bad(A(18, 9), 5, 3, error=ShapeError, match=r"\(18, 9\)"),
    ),
    **LINEAR,
)

# -- resampling --------------------------------------------------------------------


def blocks(x, factor):
    """(N, C, H*a, W*b) -> (N, C, H, a, W, b)."""
    (a, b), (n, c, h, w) = factor, x.shape
    return x.reshape(n, c, h // a, a, w // b, b)


declare(
    resample.upsample,
    lambda x, factor: x.repeat(factor[0], 2).repeat(factor[1], 3),
    [
        Sample(A(2, 3, 2, 3), factor=(2, 3)),
        Sample(A(1, 2, 3, 1), factor=(1, 2)),
        Sample(A(0, 2, 3, 1), factor=(2, 2)),
    ],
    analytic=True,
)
declare(
    resample.block_sum,
    lambda x, factor: blocks(x, factor).sum((3, 5)),
    [
        Sample(A(2, 3, 4, 3), factor=(2, 3)),
        Sample(A(1, 2, 3, 4), factor=(1, 2)),
        Sample(A(0, 2, 4, 4), factor=(2, 2)),
    ],
    analytic=True,
)


def resized(x, size=None, scale_factor=None, mode="nearest", align_corners=False):
    """np.interp along each axis in turn, or the nearest pixel below."""
    size = size or [int(n * scale_factor) for n in x.shape[2:]]
    for axis, count in zip((2, 3), pair(tuple(size)), strict=True):
        n = x.shape[axis]
        step = 1 / scale_factor if scale_factor else n / count
        if mode == "nearest":
            place = (np.arange(count) * step + 1e-9).astype(int)
            x = x.take(np.minimum(place, n - 1), axis)
            continue
        where = (np.arange(count) + 0.5) * step - 0.5
        if align_corners:
            where = np.linspace(0, n - 1, count)
        along = lambda row, where=where, n=n: np.interp(where, np.arange(n), row)
        x = np.apply_along_axis(along, axis, x)
    return x


declare(
    F.interpolate,
    resized,
    [
        Sample(A(2, 3, 2, 3), scale_factor=2),
        Sample(A(1, 2, 3, 5), size=(5, 3)),
        Sample(A(1, 2, 4, 4), size=(2, 6)),
        Sample(A(1, 2, 3, 5), size=(7, 4), mode="bilinear"),
        Sample(A(1, 2, 3, 5), size=(7, 4), mode="bilinear", align_corners=True),
        Sample(A(1, 2, 3, 5), size=(6, 10), mode="bilinear"),
        Sample(A(1, 2, 3, 5), scale_factor=1.7),
        Sample(A(1, 2, 3, 5), scale_factor=1.7, mode="bilinear"),
        Sample(A(1, 2, 7, 5), scale_factor=0.5, mode="bilinear"),
        Sample(A(0, 2, 3, 3), size=(6, 6)),
    ],
    linear=True,
    errors=(
        bad(A(1, 2, 3, 3), error=ShapeError, match="one of size and scale_factor"),
        bad(A(1, 2, 3, 3), 6, mode="cubic", error=ConfigError, match="cubic"),
        bad(
            A(1, 2, 3, 5),
            scale_factor=0.25,
            error=ConfigError,
            match=r"\(0, 1\).*at least 0\.3333",
        ),
        bad(A(1, 2, 0, 3), 6, error=ShapeError, match="a pixel or more"),
    ),
    **SUMS,
)


def shuffled(x, r):
    """(N, C*r*r, H, W) -> (N, C, H*r, W*r)."""
    n, c, h, w = x.shape
    parts = x.reshape(n, c // (r * r), r, r, h, w).transpose(0, 1, 4, 2, 5, 3)
    return parts.reshape(n, c // (r * r), h * r, w * r)


declare(
    F.pixel_shuffle,
    shuffled,
    [Sample(A(2, 8, 3, 5), 2), Sample(A(1, 9, 2, 1), 3)],
    views=True,
    exempt=NOTHING,
    errors=(
        bad(A(2, 6, 3, 5), 2, error=ShapeError, match="6 channels.*4 or 8 channels"),
        bad(A(2, 3, 3, 5), 2, error=ShapeError, match="Fix: 4 channels"),
        bad(A(8, 3, 5), 2, error=ShapeError, match=r"\(8, 3, 5\)"),
        bad(A(2, 8, 3, 5), 0, error=ConfigError, match="factor=0"),
    ),
    **LINEAR,
)
declare(
    F.pixel_unshuffle,
    lambda x, r: (
        blocks(x, (r, r))
        .transpose(0, 1, 3, 5, 2, 4)
        .reshape(len(x), -1, x.shape[2] // r, x.shape[3] // r)
    ),
    [Sample(A(2, 3, 4, 6), 2), Sample(A(1, 2, 3, 3), 3)],
    views=True,
    exempt=NOTHING,
    errors=(
        bad(A(2, 3, 5, 6), 2, error=ShapeError, match=r"\(5, 6\).*Fix: \(6, 6\)"),
        bad(A(3, 4, 6), 2, error=ShapeError, match=r"\(3, 4, 6\)"),
    ),
    **LINEAR,
)
