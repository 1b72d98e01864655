"""Convolutions under PyTorch's names and argument orders.

Sizes, strides, paddings and dilations are one number, or (vertical, horizontal).
"""

from tinygen.errors import ConfigError, ShapeError
from tinygen.kernels.conv_reference import output_size
from tinygen.ops import conv
from tinygen.ops.shape import reshape


def pair(name: str, value, least: int) -> tuple[int, int]:
    """One number for both directions, or one for each; ConfigError below `least`."""
    both = (value, value) if isinstance(value, int) else tuple(value)
    if len(both) != 2 or min(both) < least:
        raise ConfigError(
            f"{name}={value!r}. Fix: an integer >= {least}, or two of them"
        )
    return both


def _geometry(stride, padding, dilation, groups) -> conv.Geometry:
    if groups < 1:
        raise ConfigError(f"groups={groups}. Fix: a positive integer")
    return conv.Geometry(
        pair("stride", stride, 1),
        pair("padding", padding, 0),
        pair("dilation", dilation, 1),
        groups,
    )


def _check_channels(name, x, weight, bias, channels, filters, groups) -> None:
    """Refuse images and filters that do not fit; say what would."""
    if x.ndim != 4 or weight.ndim != 4:
        raise ShapeError(
            f"{name}: images {x.shape}, weight {weight.shape}. "
            "Fix: (N, C, H, W) images and a weight of four axes"
        )
    if x.shape[1] != channels:
        last = x.shape[3] == channels
        fix = "x.transpose(0, 3, 1, 2): channels come second" if last else None
        raise ShapeError(
            f"{name}: expects {channels} channels (N, C, H, W), got {x.shape[1]} in "
            f"{x.shape}. Fix: {fix or f'images with {channels} channels'}"
        )
    if channels % groups or filters % groups:
        raise ConfigError(
            f"{name}: groups={groups} does not divide {channels} channels and "
            f"{filters} filters. Fix: groups=1, or a common divisor"
        )
    if bias is not None and bias.shape != (filters,):
        raise ShapeError(
            f"{name}: bias {bias.shape} for {filters} filters. Fix: shape ({filters},)"
        )


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """y[n,k,i,j] = sum_{c,u,v} w[k,c,u,v] x[n,c, i*stride + u*dilation - padding, ..].

    x : (N, C, H, W) images      weight : (K, C/groups, U, V)      bias : (K,) or None
    -> (N, K, I, J),  I = (H + 2*padding - dilation*(U - 1) - 1)//stride + 1
    Raises ShapeError if channels differ or the filter exceeds the padded image.
    Source: Dumoulin & Visin, arXiv 1603.07285.
    """
    geometry = _geometry(stride, padding, dilation, groups)
    filters, channels = weight.shape[0], weight.shape[1] * groups
    _check_channels("conv2d", x, weight, bias, channels, filters, groups)
    size = output_size(x.shape[2:], weight.shape[2:], *geometry[:3])
    if min(size) < 1:
        raise ShapeError(
            f"conv2d: filter {weight.shape[2:]} (dilation {geometry.dilation}) on "
            f"images {x.shape[2:]} padded by {geometry.padding} gives size {size}. "
            "Fix: more padding, larger images or a smaller filter"
        )
    return conv.conv2d(x, weight, bias, geometry=geometry)


def conv_transpose2d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The adjoint of conv2d: each input value adds its filter to the output.

    x : (N, C, H, W)      weight : (C, K/groups, U, V)      bias : (K,) or None
    -> (N, K, I, J),  I = (H - 1)*stride - 2*padding + dilation*(U - 1)
                          + output_padding + 1
    Raises ShapeError if channels differ or nothing is left of the output; ConfigError
    if output_padding is not below the stride (or dilation).
    Source: Dumoulin & Visin, arXiv 1603.07285.
    """
    geometry = _geometry(stride, padding, dilation, groups)
    extra = pair("output_padding", output_padding, 0)
    channels, filters = weight.shape[0], weight.shape[1] * groups
    _check_channels("conv_transpose2d", x, weight, bias, channels, filters, groups)
    for e, s, d in zip(extra, geometry.stride, geometry.dilation, strict=True):
        if e >= max(s, d):
            raise ConfigError(
                f"conv_transpose2d: output_padding={e} with stride {s} and dilation "
                f"{d}. Fix: output_padding below the stride"
            )
    size = tuple(
        (n - 1) * s - 2 * p + d * (taps - 1) + e + 1
        for n, taps, s, p, d, e in zip(
            x.shape[2:], weight.shape[2:], *geometry[:3], extra, strict=True
        )
    )
    if min(size) < 1:
        raise ShapeError(
            f"conv_transpose2d: {x.shape} with filter {weight.shape[2:]} and padding "
            f"{geometry.padding} gives size {size}. Fix: less padding"
        )
    return conv.conv2d_input_grad(x, weight, bias, input_size=size, geometry=geometry)


def conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution along one axis: a conv2d whose images have one row.

    x : (N, C, L)      weight : (K, C/groups, V)      bias : (K,) or None   -> (N, K, J)
    """
    if x.ndim != 3 or weight.ndim != 3:
        raise ShapeError(
            f"conv1d: x {x.shape}, weight {weight.shape}. Fix: (N, C, L) and (K, C, V)"
        )
    rows = [reshape(a, (*a.shape[:2], 1, a.shape[2])) for a in (x, weight)]
    y = conv2d(*rows, bias, (1, stride), (0, padding), (1, dilation), groups)
    return reshape(y, (*y.shape[:2], y.shape[3]))
