"""Samples of convolution, pooling and resampling."""

from collections.abc import Iterator

import numpy as np

from tinygen import functional as F
from tinygen.errors import ConfigError, ShapeError
from tinygen.ops import conv
from tinygen.ops.conv import Geometry
from tinygen.testing.registry import A, Sample, bad, declare

SUMS = {"rtol": 1e-12, "rtol_reason": "sums of products in another order"}

# -- the triad, one tap of the filter at a time ------------------------------------


def pair(n) -> tuple[int, int]:
    """One number for both directions, or two."""
    return (n, n) if isinstance(n, int) else tuple(n)


def taps(padded, filter_size, out_size, geometry) -> Iterator:
    """(u, v), and what that tap of the filter sees of padded images."""
    (s, t), _, (d, e), _ = geometry
    for u, v in np.ndindex(*filter_size):
        rows = slice(u * d, u * d + s * (out_size[0] - 1) + 1, s)
        columns = slice(v * e, v * e + t * (out_size[1] - 1) + 1, t)
        yield (u, v), padded[:, :, rows, columns]


def grouped(x, groups, axis):
    """An axis cut into (groups, size of a group)."""
    size = x.shape[axis] // groups
    return x.reshape(*x.shape[:axis], groups, size, *x.shape[axis + 1 :])


def pad_images(x, padding):
    """Zeros around images."""
    return np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))


def correlate(x, w, geometry):
    """y of the triad."""
    stride, padding, dilation, groups = geometry
    out = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(
            x.shape[2:], w.shape[2:], stride, padding, dilation, strict=True
        )
    ]
    y = 0
    for (u, v), seen in taps(pad_images(x, padding), w.shape[2:], out, geometry):
        tap = grouped(w[:, :, u, v], groups, 0)
        y = y + np.einsum("ngchw,gkc->ngkhw", grouped(seen, groups, 1), tap)
    return y.reshape(len(x), len(w), *out)


def spread(y, w, input_size, geometry):
    """x of the triad."""
    _, (p, q), _, groups = geometry
    channels = w.shape[1] * groups
    size = (input_size[0] + 2 * p, input_size[1] + 2 * q)
    padded = np.zeros((len(y), channels, *size), np.result_type(y, w))
    for (u, v), seen in taps(padded, w.shape[2:], y.shape[2:], geometry):
        tap = grouped(w[:, :, u, v], groups, 0)
        part = np.einsum("ngkhw,gkc->ngchw", grouped(y, groups, 1), tap)
        seen += part.reshape(seen.shape)
    return padded[:, :, p : size[0] - p, q : size[1] - q]


def filters(x, y, kernel_size, geometry):
    """w of the triad."""
    groups = geometry.groups
    w = np.zeros((y.shape[1], x.shape[1] // groups, *kernel_size), np.result_type(x, y))
    padded = pad_images(x, geometry.padding)
    for (u, v), seen in taps(padded, kernel_size, y.shape[2:], geometry):
        parts = grouped(seen, groups, 1), grouped(y, groups, 1)
        w[:, :, u, v] = np.einsum("ngchw,ngkhw->gkc", *parts).reshape(w.shape[:2])
    return w


# images, filters and geometry; sizes of results, for which the stride leaves a rest
PLAIN = Geometry((1, 1), (0, 0), (1, 1), 1)
CASES = [  # x, w, y, geometry
    ((2, 3, 5, 4), (2, 3, 3, 2), (2, 2, 3, 3), PLAIN),
    ((2, 3, 5, 4), (2, 3, 1, 1), (2, 2, 5, 4), PLAIN),
    (
        (1, 2, 7, 6),
        (3, 2, 3, 3),
        (1, 3, 4, 3),
        PLAIN._replace(stride=(2, 2), padding=(1, 1)),
    ),
    (
        (1, 2, 8, 6),
        (3, 2, 3, 2),
        (1, 3, 3, 5),
        PLAIN._replace(stride=(3, 1), padding=(1, 0)),
    ),
    (
        (1, 2, 7, 5),
        (3, 2, 2, 3),
        (1, 3, 5, 3),
        PLAIN._replace(padding=(0, 1), dilation=(2, 2)),
    ),
    ((2, 4, 3, 5), (6, 2, 2, 3), (2, 6, 2, 3), PLAIN._replace(groups=2)),
    (
        (2, 3, 4, 3),
        (3, 1, 3, 3),
        (2, 3, 4, 3),
        PLAIN._replace(padding=(1, 1), groups=3),
    ),
    ((1, 2, 4, 4), (3, 2, 4, 4), (1, 3, 1, 1), PLAIN),
    ((1, 2, 8, 8), (1, 2, 3, 3), (1, 1, 8, 8), PLAIN._replace(padding=(1, 1))),
    ((0, 2, 4, 4), (3, 2, 2, 2), (0, 3, 3, 3), PLAIN),
]


def with_bias(y, bias):
    """y + bias, one number for each channel."""
    return y if bias is None else y + bias[:, None, None]


declare(
    conv.conv2d,
    lambda x, w, bias=None, geometry=None: with_bias(correlate(x, w, geometry), bias),
    [
        *(Sample(A(*x), A(*w), geometry=how) for x, w, _, how in CASES),
        *(Sample(A(*x), A(*w), A(w[0]), geometry=how) for x, w, _, how in CASES[2:6]),
    ],
    analytic=True,
    **SUMS,
)
declare(
    conv.conv2d_input_grad,
    lambda y, w, bias=None, input_size=None, geometry=None: with_bias(
        spread(y, w, input_size, geometry), bias
    ),
    [
        *(
            Sample(A(*y), A(*w), input_size=x[2:], geometry=how)
            for x, w, y, how in CASES
        ),
        *(
            Sample(A(*y), A(*w), A(x[1]), input_size=x[2:], geometry=how)
            for x, w, y, how in CASES[2:6]
        ),
    ],
    analytic=True,
    **SUMS,
)
declare(
    conv.conv2d_weight_grad,
    filters,
    [Sample(A(*x), A(*y), kernel_size=w[2:], geometry=how) for x, w, y, how in CASES],
    analytic=True,
    **SUMS,
)

declare(
    conv.channel_sum,
    lambda x: x.sum((0, 2, 3)),
    [Sample(A(2, 3, 5, 4)), Sample(A(1, 2, 3, 1)), Sample(A(0, 3, 2, 2))],
    analytic=True,
    **SUMS,
)

# -- as layers use them ------------------------------------------------------------


def geometry_of(stride=1, padding=0, dilation=1, groups=1) -> Geometry:
    """The settings as pairs."""
    return Geometry(pair(stride), pair(padding), pair(dilation), groups)


declare(
    F.conv2d,
    lambda x, w, bias=None, **how: with_bias(correlate(x, w, geometry_of(**how)), bias),
    [
        Sample(A(2, 3, 5, 4), A(2, 3, 3, 2), A(2)),
        Sample(A(1, 2, 7, 6), A(3, 2, 3, 3), A(3), stride=2, padding=1),
        Sample(A(1, 2, 7, 6), A(3, 2, 2, 3), stride=(2, 1), padding=(0, 2)),
        Sample(A(1, 4, 7, 5), A(6, 2, 2, 2), A(6), dilation=(3, 1), groups=2),
        Sample(A(0, 2, 4, 4), A(3, 2, 2, 2), A(3)),
    ],
    name="F.conv2d",
    errors=(
        bad(A(2, 1, 5, 5), A(2, 3, 3, 3), error=ShapeError, match="3 channels.*got 1"),
        bad(A(2, 5, 5, 3), A(2, 3, 3, 3), error=ShapeError, match="transpose"),
        bad(A(2, 3, 2, 5), A(2, 3, 3, 3), error=ShapeError, match="gives size"),
        bad(A(3, 5, 5), A(2, 3, 3, 3), error=ShapeError, match="N, C, H, W"),
        bad(A(2, 6, 5, 5), A(4, 2, 3, 3), groups=4, error=ConfigError, match="6 chan"),
        bad(A(2, 3, 5, 5), A(2, 3, 3, 3), stride=2.0, error=ConfigError, match="2.0"),
        bad(A(2, 3, 5, 5), A(2, 3, 3, 3), A(3), error=ShapeError, match="bias"),
        bad(
            A(2, 4, 5, 5), A(3, 2, 3, 3), groups=2, error=ConfigError, match="groups=2"
        ),
        bad(
            A(2, 3, 5, 5), A(2, 3, 3, 3), stride=0, error=ConfigError, match="stride=0"
        ),
    ),
    **SUMS,
)


def transposed(
    x, w, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The adjoint of a convolution whose output has the size of x."""
    how = geometry_of(stride, padding, dilation, groups)
    size = [
        (n - 1) * s - 2 * p + d * (k - 1) + extra + 1
        for n, k, s, p, d, extra in zip(
            x.shape[2:], w.shape[2:], *how[:3], pair(output_padding), strict=True
        )
    ]
    return with_bias(spread(x, w, size, how), bias)


declare(
    F.conv_transpose2d,
    transposed,
    [
        Sample(A(2, 3, 3, 4), A(3, 2, 3, 2), A(2)),
        Sample(A(1, 2, 3, 2), A(2, 3, 4, 4), A(3), stride=2, padding=1),
        Sample(A(1, 2, 3, 2), A(2, 3, 3, 3), stride=(3, 2), output_padding=(2, 1)),
        Sample(A(1, 4, 3, 2), A(4, 3, 2, 3), A(6), groups=2, dilation=(1, 2)),
        Sample(A(0, 2, 3, 3), A(2, 3, 2, 2), A(3)),
    ],
    errors=(
        bad(A(1, 2, 3, 3), A(3, 2, 3, 3), error=ShapeError, match="3 channels.*got 2"),
        bad(
            A(1, 3, 3, 3),
            A(3, 2, 3, 3),
            stride=2,
            output_padding=2,
            error=ConfigError,
            match="output_padding=2 with stride 2",
        ),
    ),
    **SUMS,
)
declare(
    F.conv1d,
    lambda x, w, bias=None, stride=1, padding=0, dilation=1, groups=1: with_bias(
        correlate(
            x[:, :, None],
            w[:, :, None],
            Geometry((1, stride), (0, padding), (1, dilation), groups),
        ),
        bias,
    )[:, :, 0],
    [
        Sample(A(2, 3, 7), A(5, 3, 2), A(5)),
        Sample(A(2, 4, 7), A(2, 2, 3), stride=2, padding=1, groups=2),
        Sample(A(1, 2, 7), A(3, 2, 3), dilation=2),
    ],
    exempt="see conv2d",
    errors=(
        bad(A(3, 7), A(5, 3, 2), error=ShapeError, match="N, C, L"),
        bad(A(2, 7, 3), A(5, 3, 2), error=ShapeError, match=r"transpose\(0, 2, 1\)"),
        bad(A(2, 3, 3), A(5, 3, 5), error=ShapeError, match=r"conv1d.*images.*\(5,\)"),
    ),
    **SUMS,
)
