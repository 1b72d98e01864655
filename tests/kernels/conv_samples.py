"""Convolutions of every kind, for the tests of their kernels."""

import numpy as np

from tinygen.kernels import (
    conv_im2col,
    conv_mec,
    conv_pointwise,
    conv_reference,
    winograd,
)
from tinygen.kernels.conv_layout import Geometry, nchw, nhwc

# name: N, C, K, (H, W), (U, V), stride, padding, dilation, groups
SAMPLES = {
    "plain": (2, 3, 5, (9, 8), (3, 3), (1, 1), (1, 1), (1, 1), 1),
    "one of everything": (1, 1, 1, (1, 1), (1, 1), (1, 1), (0, 0), (1, 1), 1),
    "one channel": (3, 1, 7, (11, 13), (4, 4), (2, 2), (1, 1), (1, 1), 1),
    "two channels": (2, 2, 3, (7, 12), (3, 5), (2, 1), (1, 2), (1, 1), 1),
    "one filter": (2, 7, 1, (13, 11), (3, 3), (1, 1), (1, 1), (1, 1), 1),
    "one row": (5, 3, 4, (1, 17), (1, 5), (1, 2), (0, 2), (1, 1), 1),
    "remainders": (2, 3, 4, (11, 12), (4, 3), (3, 2), (1, 0), (1, 1), 1),
    "stride beyond filter": (2, 3, 4, (10, 11), (2, 1), (3, 2), (0, 0), (1, 1), 1),
    "5x4, mixed strides": (3, 4, 6, (11, 13), (5, 4), (2, 3), (2, 1), (1, 1), 1),
    "padding beyond filter": (2, 3, 4, (5, 6), (2, 2), (1, 2), (2, 2), (1, 1), 1),
    "filter as large as image": (2, 3, 4, (5, 4), (5, 4), (1, 1), (0, 0), (1, 1), 1),
    "small products": (9, 8, 16, (7, 7), (4, 4), (2, 2), (1, 1), (1, 1), 1),
    "large filters": (4, 64, 128, (5, 7), (4, 4), (2, 2), (1, 1), (1, 1), 1),
    "1x1": (2, 5, 7, (7, 9), (1, 1), (1, 1), (0, 0), (1, 1), 1),
    "1x1, many rows": (4, 17, 19, (8, 16), (1, 1), (1, 1), (0, 0), (1, 1), 1),
    "1x1, strides": (2, 5, 7, (7, 10), (1, 1), (2, 3), (0, 0), (1, 1), 1),
    "1x1, padding": (2, 5, 7, (7, 9), (1, 1), (2, 1), (0, 1), (1, 1), 1),
    "3x3, whole tiles": (3, 17, 19, (8, 12), (3, 3), (1, 1), (1, 1), (1, 1), 1),
    "3x3, cut tiles": (2, 19, 16, (7, 10), (3, 3), (1, 1), (1, 1), (1, 1), 1),
    "3x3, other padding": (2, 16, 17, (8, 9), (3, 3), (1, 1), (0, 2), (1, 1), 1),
    "dilation": (2, 3, 4, (11, 13), (3, 2), (1, 2), (2, 1), (2, 3), 1),
    "groups": (2, 6, 9, (8, 7), (3, 3), (2, 1), (1, 0), (1, 1), 3),
    "groups of one": (2, 5, 10, (7, 6), (3, 3), (1, 1), (1, 1), (1, 1), 5),
    "groups and dilation": (3, 4, 6, (9, 11), (2, 3), (2, 1), (0, 2), (3, 2), 2),
    "no images": (0, 3, 4, (6, 7), (3, 3), (2, 1), (1, 1), (1, 1), 1),
}


class Case:
    """Arguments of the three maps; the same numbers for every dtype."""

    def __init__(self, name, dtype=np.float64):
        N, C, K, self.size, *slide = SAMPLES[name]
        self.geometry = Geometry(*slide)
        self.settings = self.geometry._asdict()
        self.kernel_size = self.settings.pop("kernel_size")
        rng = np.random.default_rng(len(name))
        draw = lambda *shape: frozen(
            rng.standard_normal(shape, "float32").astype(dtype)
        )
        self.x = draw(N, C, *self.size)
        self.w = draw(K, C // self.geometry.groups, *self.kernel_size)
        self.g = draw(N, K, *self.geometry.output_size(self.size))

    def by(self, conv, layout=lambda array: array):
        """y, gx, gw by the functions of `conv` or `conv_reference`."""
        x, w, g = map(layout, (self.x, self.w, self.g))
        input_size, kernel_size = self.size, self.kernel_size
        return (
            conv.conv2d(x, w, **self.settings),
            conv.conv2d_input_grad(g, w, input_size=input_size, **self.settings),
            conv.conv2d_weight_grad(x, g, kernel_size=kernel_size, **self.settings),
        )

    def by_algorithm(self, algorithm):
        """y, gx, gw by the functions of `conv_im2col`, `conv_mec`, ..."""
        x, g, geometry = nhwc(self.x), nhwc(self.g), self.geometry
        return (
            nchw(algorithm.conv2d(x, self.w, geometry)),
            nchw(algorithm.conv2d_input_grad(g, self.w, self.size, geometry)),
            algorithm.conv2d_weight_grad(x, g, geometry),
        )

    def algorithms(self):
        """The modules that can compute this case."""
        kernel_size, stride, padding, dilation, groups = self.geometry
        dense = groups == 1 and dilation == (1, 1)
        three = (kernel_size, stride) == ((3, 3), (1, 1))
        possible = {
            conv_im2col: True,
            conv_mec: dense,
            conv_pointwise: dense and kernel_size == (1, 1) and padding == (0, 0),
            winograd: dense and three and self.x.dtype == np.float32,
        }
        return [module for module, can in possible.items() if can]


def expected(name):
    """y, gx, gw by definition, in float64."""
    return Case(name).by(conv_reference)


def frozen(array):
    """The array, made read-only."""
    array.flags.writeable = False
    return array


def assert_close(results, expected, tolerance):
    """Errors are below `tolerance` times the largest number of each result."""
    for result, exact in zip(results, expected, strict=True):
        assert result.shape == exact.shape
        scale = abs(exact).max(initial=0.0)
        assert abs(result - exact).max(initial=0.0) <= tolerance * scale
