"""The convolutions that are timed and whose errors are measured."""

from typing import NamedTuple

import numpy as np

from tinygen.kernels import conv
from tinygen.kernels.conv_layout import Geometry, nchw

BATCH = 64


class Layer(NamedTuple):
    """A convolution C -> K, or a transposed one, of a square image."""

    channels: int
    size: int
    filters: int
    kernel: int
    stride: int
    padding: int
    transposed: bool = False

    def __str__(self):
        C, size, K, U, stride, padding, transposed = self
        kind = "transposed " if transposed else ""
        return f"{kind}{C} → {K} at {size}x{size}, k{U} s{stride} p{padding}"

    @property
    def geometry(self) -> Geometry:
        """How the filters slide."""
        pairs = ((n, n) for n in (self.kernel, self.stride, self.padding))
        return Geometry(*pairs, (1, 1), 1)

    def arrays(self, rng):
        """x (N, C, H, W), channels last in memory, and w, standard normal float32."""
        x = rng.standard_normal(
            (BATCH, self.size, self.size, self.channels), np.float32
        )
        both = self.channels, self.filters
        w = (*(both if self.transposed else both[::-1]), self.kernel, self.kernel)
        return nchw(x), rng.standard_normal(w, np.float32)

    def output_size(self) -> int:
        """The side of what it makes."""
        U, s, p = self.kernel, self.stride, self.padding
        if self.transposed:
            return (self.size - 1) * s - 2 * p + U
        return (self.size + 2 * p - U) // s + 1

    def gradient(self, rng):
        """A gradient of its output, as x in memory."""
        side = self.output_size()
        return nchw(rng.standard_normal((BATCH, side, side, self.filters), np.float32))

    def passes(self, x, w, g):
        """{pass: (algorithm, function of no arguments)} of tinygen's kernels."""
        settings = self.geometry._asdict()
        kernel_size = settings.pop("kernel_size")
        low, high = (g, x) if self.transposed else (x, g)
        size = low.shape[2:]
        output = (
            conv.output_algorithm(low, w, self.geometry),
            lambda: conv.conv2d(low, w, **settings),
        )
        input_grad = (
            conv.input_grad_algorithm(high, w, size, self.geometry),
            lambda: conv.conv2d_input_grad(high, w, input_size=size, **settings),
        )
        weight_grad = (
            conv.weight_grad_algorithm(low, high, self.geometry),
            lambda: conv.conv2d_weight_grad(
                low, high, kernel_size=kernel_size, **settings
            ),
        )
        if self.transposed:
            return {"fwd": input_grad, "dx": output, "dw": weight_grad}
        return {"fwd": output, "dx": input_grad, "dw": weight_grad}


LAYERS = {
    "A": Layer(1, 28, 32, 4, 2, 1),
    "B": Layer(32, 14, 64, 4, 2, 1),
    "C": Layer(64, 16, 128, 4, 2, 1),
    "C7": Layer(64, 7, 128, 4, 2, 1),
    "D": Layer(32, 32, 32, 3, 1, 1),
    "E": Layer(128, 8, 128, 3, 1, 1),
    "F": Layer(64, 16, 64, 3, 1, 1),
    "G": Layer(128, 7, 64, 4, 2, 1, transposed=True),
    "H": Layer(64, 14, 1, 4, 2, 1, transposed=True),
    "K1": Layer(64, 16, 64, 1, 1, 0),
}
