"""Autoencoder: squeeze an image through a narrow layer, and learn to undo it.

    min over encoder, decoder of  E_x |x - decoder(encoder(x))|^2            [AE-1]

The decoder sees the code and nothing else: one that also sees x copies it and learns
nothing [E3].  Without activations the best such map is principal component analysis.

A denoising autoencoder is given a damaged x and has to return the whole one.  With
noise of std s and without activations the best such map is the Wiener filter: along an
axis of variance v it keeps v / (v + s^2).
Source: Vincent, Larochelle, Bengio & Manzagol, ICML 2008 (masking); JMLR 11, 2010.
"""

import math

import numpy as np

from tinygen import functional as F
from tinygen import nn
from tinygen.backend import device_of, given, xp_of
from tinygen.errors import ConfigError
from tinygen.models.shapes import flattened
from tinygen.ops import tanh

BLACK = -1.0  # what a masked pixel becomes


class Coder(nn.Module):
    """What both kinds share: x -> code -> x.

    x : (N, C, H, W) in [-1, 1]      code : (N, k)
    The output is a tanh, within [-1, 1]; that of a linear one is unbounded.
    """

    def forward(self, x):
        """The reconstruction of x."""
        return self.decode(self.encode(x))


class Autoencoder(Coder):
    """784-128-k-128-784 with LeakyReLU(0.2); `linear`: 784-k-784 and no activation."""

    def __init__(self, shape, code, hidden=128, *, linear=False, rng):
        self.shape = tuple(shape)
        pixels = int(np.prod(shape))
        if linear:
            self.encoder = nn.Linear(pixels, code, rng=rng)
            self.decoder = nn.Linear(code, pixels, rng=rng)
        else:
            self.encoder = nn.Sequential(
                nn.Linear(pixels, hidden, rng=rng),
                nn.LeakyReLU(0.2),
                nn.Linear(hidden, code, rng=rng),
            )
            self.decoder = nn.Sequential(
                nn.Linear(code, hidden, rng=rng),
                nn.LeakyReLU(0.2),
                nn.Linear(hidden, pixels, rng=rng),
                nn.Tanh(),
            )

    def encode(self, x):
        """Images (N, C, H, W) -> codes (N, k)."""
        return self.encoder(flattened(x, self.shape))

    def decode(self, code):
        """Codes (N, k) -> images (N, C, H, W)."""
        return self.decoder(code).reshape(-1, *self.shape)


class ConvAutoencoder(Coder):
    """Convolutions that halve the image, a dense code, and their mirror image.

    28 x 28:  1 - 32x14x14 - 64x7x7 - k - 64x7x7 - 32x14x14 - 1
    convolutions k4 s2 p1, LeakyReLU(0.2) between all

    width : channels after the first convolution, doubled by each of the next
    linear : no activation at all
    Any sides from 8 on: an odd one is rounded down by a convolution, and the pixel that
    is lost comes back as the output padding of the convolution that mirrors it.
    """

    def __init__(self, shape, code, width=32, *, linear=False, rng):
        self.linear, self.sizes = linear, halved(shape)
        stages = len(self.sizes) - 1
        widths = [shape[0], *(width << i for i in range(stages))]
        self.inner = (widths[-1], *self.sizes[-1])
        self.shrink = [
            nn.Conv2d(widths[i], widths[i + 1], 4, 2, 1, rng=rng) for i in range(stages)
        ]
        self.to_code = nn.Linear(math.prod(self.inner), code, rng=rng)
        self.from_code = nn.Linear(code, math.prod(self.inner), rng=rng)
        lost = [(h % 2, w % 2) for h, w in self.sizes]
        self.enlarge = [
            nn.ConvTranspose2d(widths[i + 1], widths[i], 4, 2, 1, lost[i], rng=rng)
            for i in reversed(range(stages))
        ]

    def bent(self, x):
        """The activation, where there is one."""
        return x if self.linear else F.leaky_relu(x, 0.2)

    def encode(self, x):
        """Images (N, C, H, W) -> codes (N, k)."""
        for layer in self.shrink:
            x = self.bent(layer(x))
        return self.to_code(x.reshape(x.shape[0], -1))

    def decode(self, code):
        """Codes (N, k) -> images (N, C, H, W)."""
        x = self.bent(self.from_code(code)).reshape(-1, *self.inner)
        for layer in self.enlarge[:-1]:
            x = self.bent(layer(x))
        x = self.enlarge[-1](x)
        return x if self.linear else tanh(x)


def halved(shape) -> list[tuple[int, int]]:
    """The sizes (H, W) from the image down; the last has a side of 4 to 7.

    >>> halved((1, 28, 28)), halved((3, 25, 40))
    ([(28, 28), (14, 14), (7, 7)], [(25, 40), (12, 20), (6, 10)])

    Raises ConfigError for a side below 8, where there is nothing to halve.
    """
    sizes = [tuple(shape[1:])]
    while min(sizes[-1]) >= 8:
        sizes.append(tuple(side // 2 for side in sizes[-1]))
    if len(sizes) == 1:
        raise ConfigError(
            f"images of {shape[1]} x {shape[2]} are too small to be halved. "
            "Fix: image_size=8 or more, or recipe ae"
        )
    return sizes


def damaged(x, *, noise=0.0, masked=0.0, rng):
    """Images for a denoising autoencoder: pixels made black, then Gaussian noise.

    noise : std of what is added      masked : share of pixels of each image, all their
    channels at once, set to -1; their number is exact, their places are drawn
    x : (N, C, H, W) array of floats      -> as x; values may leave [-1, 1]
    """
    if masked:
        n, _, h, w = x.shape
        ranks = lambda: rng.random((n, h * w)).argsort(1).argsort(1)
        draw = lambda: (ranks() < round(masked * h * w)).reshape(n, 1, h, w)
        hidden = given(draw, device=device_of(x))
        x = xp_of(x).where(hidden, np.float32(BLACK), x)
    if noise:
        draw = lambda: rng.standard_normal(x.shape, dtype=np.float32)
        drawn = given(lambda: np.float32(noise) * draw(), device=device_of(x))
        x = x + drawn
    return x


def reconstruction_loss(model, x, noisy=None):
    """Mean over pixels of (x - decoder(encoder(x)))^2; x in [-1, 1].

    noisy : what the encoder sees in the place of x, see `damaged`; the target stays
    the clean x.
    Source: the source document's objective, corrected.  Equation [AE-1].
    """
    return F.mse_loss(model(x if noisy is None else noisy), x)
