"""Convolutions under PyTorch's names and argument orders.

Sizes, strides, paddings and dilations are one number, or (vertical, horizontal).
"""

from math import gcd
from operator import index

from tinygen.errors import ConfigError, ShapeError
from tinygen.explain import check_bytes
from tinygen.kernels.conv_reference import output_size
from tinygen.ops import conv
from tinygen.ops.shape import reshape


def pair(name: str, value, least: int) -> tuple[int, int]:
    """One number for both directions, or one for each; ConfigError below `least`."""
    both = value if isinstance(value, (tuple, list)) else (value, value)
    whole = all(hasattr(n, "__index__") for n in both)
    if len(both) != 2 or not whole or min(both) < least:
        raise ConfigError(
            f"{name}={value!r}. Fix: an integer >= {least}, or two of them"
        )
    return index(both[0]), index(both[1])


def _geometry(stride, padding, dilation, groups) -> conv.Geometry:
    if groups < 1:
        raise ConfigError(f"groups={groups}. Fix: a positive integer")
    return conv.Geometry(
        pair("stride", stride, 1),
        pair("padding", padding, 0),
        pair("dilation", dilation, 1),
        groups,
    )


def _check_axes(name, x, weight, axes) -> None:
    """Refuse x and weights of another number of axes than `axes` names."""
    if x.ndim != len(axes) or weight.ndim != len(axes):
        raise ShapeError(
            f"{name}: x {x.shape}, weight {weight.shape}. "
            f"Fix: x ({', '.join(axes)}) and a weight of {len(axes)} axes"
        )


def _check_channels(name, x, weight, bias, channels, filters, groups) -> None:
    """Refuse images and filters that do not fit; say what would."""
    check_bytes(name, x, weight)
    if x.shape[1] != channels:
        raise _other_channels(name, x, weight, channels, groups)
    if channels % groups or filters % groups:
        raise _no_groups(name, groups, channels, filters)
    if bias is not None and bias.shape != (filters,):
        raise ShapeError(
            f"{name}: bias {bias.shape} for {filters} filters. Fix: shape ({filters},)"
        )


def _other_channels(name, x, weight, channels, groups) -> Exception:
    """What to say of an x that has not `channels` channels."""
    got = x.shape[1]
    if x.shape[-1] == channels:
        order = ", ".join(map(str, (0, x.ndim - 1, *range(1, x.ndim - 1))))
        fix = f"x.transpose({order}): channels come second"
    elif got % groups:
        return _no_groups(name, groups, got, len(weight))
    else:
        fix = f"x with {channels} channels, or a layer made for {got}"
    axes = "(N, C, H, W)" if x.ndim == 4 else "(N, C, L)"
    return ShapeError(
        f"{name}: expects {channels} channels {axes}, got {got} in {x.shape}, for "
        f"weight {weight.shape} and groups={groups}. Fix: {fix}"
    )


def _no_groups(name, groups, channels, filters) -> ConfigError:
    """What to say of groups that do not divide both."""
    both = gcd(channels, filters)
    return ConfigError(
        f"{name}: groups={groups} does not divide {channels} channels and {filters} "
        f"filters. Fix: one of {[g for g in range(1, both + 1) if both % g == 0]}"
    )


def output_of(name, what, x, taps, stride, padding, dilation) -> tuple[int, ...]:
    """The size of what filters or windows of `taps` make of x (N, C, ...).

    Raises ShapeError if one does not fit in the padded x, and says what would.
    """
    size = x.shape[2:]
    out = output_size(size, taps, stride, padding, dilation)
    if min(out) >= 1:
        return out
    covered = [d * (t - 1) + 1 for t, d in zip(taps, dilation, strict=True)]
    both = list(zip(size, covered, padding, dilation, strict=True))
    images = tuple(max(1, c - 2 * p) for _, c, p, _ in both)
    border = tuple(max(p, -((n - c) // 2)) for n, c, p, _ in both)
    most = tuple((n + 2 * p - 1) // d + 1 for n, _, p, d in both)
    raise ShapeError(
        f"{name}: {what} {tuple(taps)} (dilation {tuple(dilation)}) on images {size} "
        f"padded by {tuple(padding)} gives size {out}. Fix: images of at least "
        f"{images}, padding of at least {border}, or a {what} of at most {most}"
    )


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """y[n,k,i,j] = sum_{c,u,v} w[k,c,u,v] x[n,c, i*stride + u*dilation - padding, ..].

    x : (N, C, H, W) images      weight : (K, C/groups, U, V)      bias : (K,) or None
    -> (N, K, I, J),  I = (H + 2*padding - dilation*(U - 1) - 1)//stride + 1
    Raises ShapeError if channels differ or the filter exceeds the padded image.
    Source: Dumoulin & Visin, arXiv 1603.07285.
    """
    geometry = _geometry(stride, padding, dilation, groups)
    _check_axes("conv2d", x, weight, "NCHW")
    filters, channels = weight.shape[0], weight.shape[1] * groups
    _check_channels("conv2d", x, weight, bias, channels, filters, groups)
    output_of("conv2d", "filter", x, weight.shape[2:], *geometry[:3])
    return conv.conv2d(x, weight, bias, geometry=geometry)


def conv_transpose2d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The adjoint of conv2d: each input value adds its filter to the output.

    x : (N, C, H, W)      weight : (C, K/groups, U, V)      bias : (K,) or None
    -> (N, K, I, J),  I = (H - 1)*stride - 2*padding + dilation*(U - 1)
                          + output_padding + 1
    A stride of s makes one size of s sizes: of a filter of 4 with stride 2 and padding
    1, images of 14 and of 15 become 7.  `output_padding` chooses which comes back.
    Raises ShapeError if channels differ or nothing is left of the output; ConfigError
    if output_padding is not below the stride (or dilation).
    Source: Dumoulin & Visin, arXiv 1603.07285.
    """
    geometry = _geometry(stride, padding, dilation, groups)
    extra = pair("output_padding", output_padding, 0)
    _check_axes("conv_transpose2d", x, weight, "NCHW")
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
        most = tuple(
            p - max(0, -((n - 1) // 2))
            for n, p in zip(size, geometry.padding, strict=True)
        )
        raise ShapeError(
            f"conv_transpose2d: {x.shape} with filter {weight.shape[2:]} and padding "
            f"{geometry.padding} gives size {size}. Fix: padding of at most {most}"
        )
    return conv.conv2d_input_grad(x, weight, bias, input_size=size, geometry=geometry)


def conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution along one axis: a conv2d whose images have one row.

    x : (N, C, L)      weight : (K, C/groups, V)      bias : (K,) or None   -> (N, K, J)
    Raises as conv2d does.
    """
    stride, padding, dilation = map(_only, (stride, padding, dilation))
    geometry = _geometry((1, stride), (0, padding), (1, dilation), groups)
    _check_axes("conv1d", x, weight, "NCL")
    filters, channels = weight.shape[0], weight.shape[1] * groups
    _check_channels("conv1d", x, weight, bias, channels, filters, groups)
    slides = [setting[1:] for setting in geometry[:3]]
    output_of("conv1d", "filter", x, weight.shape[2:], *slides)
    rows = [reshape(a, (*a.shape[:2], 1, a.shape[2])) for a in (x, weight)]
    y = conv.conv2d(*rows, bias, geometry=geometry)
    return reshape(y, (*y.shape[:2], y.shape[3]))


def _only(value):
    """The number in a tuple of one, as PyTorch allows; else the value itself."""
    return value[0] if isinstance(value, (tuple, list)) and len(value) == 1 else value
