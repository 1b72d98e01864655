"""Convolution, pooling and resizing layers, with PyTorch's layouts and weights."""

import math

from tinygen import functional as F
from tinygen import init
from tinygen.creation import tensor
from tinygen.errors import ConfigError
from tinygen.functional.conv import pair
from tinygen.nn.layers import check_sizes
from tinygen.nn.module import Module


class _Convolution(Module):
    """What the convolution layers share: settings, and uniform first weights.

    Weight and bias are uniform in +-1/sqrt(weight.shape[1] * filter size), as PyTorch.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups: int = 1,
        bias: bool = True,
        *,
        rng,
        dtype="float32",
    ):
        check_sizes(self, in_channels=in_channels, out_channels=out_channels)
        if groups < 1 or in_channels % groups or out_channels % groups:
            divisor = math.gcd(in_channels, out_channels)
            raise ConfigError(
                f"{type(self).__name__}: groups={groups} does not divide "
                f"{in_channels} and {out_channels}. Fix: a divisor of {divisor}"
            )
        self.stride, self.padding = stride, padding
        self.dilation, self.groups = dilation, groups
        shape = self._weight_shape(in_channels, out_channels, kernel_size)
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        draw = lambda shape: init.uniform(shape, -bound, bound, rng=rng, dtype=dtype)
        self.weight = tensor(draw(shape), requires_grad=True)
        self.bias = tensor(draw((out_channels,)), requires_grad=True) if bias else None

    def _weight_shape(self, in_channels, out_channels, kernel_size):
        return out_channels, in_channels // self.groups, *pair("kernel", kernel_size, 1)

    def extra_repr(self):
        sizes = ", ".join(str(n) for n in self.weight.shape)
        return f"weight=({sizes}), stride={self.stride}, padding={self.padding}"


class Conv2d(_Convolution):
    """Cross-correlation of images with learned filters; see `functional.conv2d`.

    x : (N, in_channels, H, W)      weight : (out_channels, in_channels/groups, U, V)
    """

    def forward(self, x):
        settings = self.stride, self.padding, self.dilation, self.groups
        return F.conv2d(x, self.weight, self.bias, *settings)


class Conv1d(_Convolution):
    """The same along one axis; x : (N, in_channels, L)."""

    def _weight_shape(self, in_channels, out_channels, kernel_size):
        return out_channels, in_channels // self.groups, kernel_size

    def forward(self, x):
        settings = self.stride, self.padding, self.dilation, self.groups
        return F.conv1d(x, self.weight, self.bias, *settings)


class ConvTranspose2d(_Convolution):
    """The adjoint of a Conv2d, which enlarges; see `functional.conv_transpose2d`.

    x : (N, in_channels, H, W)      weight : (in_channels, out_channels/groups, U, V)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups: int = 1,
        bias: bool = True,
        dilation=1,
        *,
        rng,
        dtype="float32",
    ):
        settings = kernel_size, stride, padding, dilation, groups, bias
        super().__init__(in_channels, out_channels, *settings, rng=rng, dtype=dtype)
        self.output_padding = output_padding

    def _weight_shape(self, in_channels, out_channels, kernel_size):
        return in_channels, out_channels // self.groups, *pair("kernel", kernel_size, 1)

    def forward(self, x):
        settings = self.stride, self.padding, self.output_padding, self.groups
        return F.conv_transpose2d(x, self.weight, self.bias, *settings, self.dilation)


class AvgPool2d(Module):
    """The mean of each window."""

    def __init__(self, kernel_size, stride=None, padding=0):
        self.settings = kernel_size, stride, padding

    def forward(self, x):
        return F.avg_pool2d(x, *self.settings)


class MaxPool2d(Module):
    """The largest of each window."""

    def __init__(self, kernel_size, stride=None, padding=0, dilation=1):
        self.settings = kernel_size, stride, padding, dilation

    def forward(self, x):
        return F.max_pool2d(x, *self.settings)


class GlobalAvgPool2d(Module):
    """The mean over all pixels: (N, C, H, W) -> (N, C)."""

    def forward(self, x):
        return F.global_avg_pool2d(x)


class GlobalMaxPool2d(Module):
    """The largest of all pixels: (N, C, H, W) -> (N, C)."""

    def forward(self, x):
        return F.global_max_pool2d(x)


class Unfold(Module):
    """Every patch that a filter would see, as a column; see `functional.unfold`."""

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        self.settings = kernel_size, dilation, padding, stride

    def forward(self, x):
        return F.unfold(x, *self.settings)


class Fold(Module):
    """Every column added back where Unfold took it from; see `functional.fold`."""

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        self.settings = output_size, kernel_size, dilation, padding, stride

    def forward(self, columns):
        return F.fold(columns, *self.settings)


class Upsample(Module):
    """Images enlarged by a factor, or to a size; see `functional.interpolate`."""

    def __init__(
        self, size=None, scale_factor=None, mode="nearest", align_corners=False
    ):
        self.settings = size, scale_factor, mode, align_corners

    def forward(self, x):
        return F.interpolate(x, *self.settings)


class PixelShuffle(Module):
    """(N, C*r*r, H, W) -> (N, C, H*r, W*r)."""

    def __init__(self, upscale_factor: int):
        self.upscale_factor = upscale_factor

    def forward(self, x):
        return F.pixel_shuffle(x, self.upscale_factor)


class PixelUnshuffle(Module):
    """(N, C, H*r, W*r) -> (N, C*r*r, H, W)."""

    def __init__(self, downscale_factor: int):
        self.downscale_factor = downscale_factor

    def forward(self, x):
        return F.pixel_unshuffle(x, self.downscale_factor)
