"""Autoencoder: squeeze an image through a narrow layer, and learn to undo it.

    min over encoder, decoder of  E_x |x - decoder(encoder(x))|^2            [AE-1]

The decoder sees the code and nothing else: one that also sees x copies it and learns
nothing [E3].  Without activations the best such map is principal component analysis.
"""

import numpy as np

from tinygen import functional as F
from tinygen import nn


class Autoencoder(nn.Module):
    """784-128-k-128-784 with LeakyReLU(0.2); `linear`: 784-k-784 and no activation.

    x : (N, C, H, W) in [-1, 1]      code : (N, k)
    The output is a tanh, within [-1, 1]; that of a linear one is unbounded.
    """

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
        return self.encoder(x.reshape(x.shape[0], -1))

    def decode(self, code):
        """Codes (N, k) -> images (N, C, H, W)."""
        return self.decoder(code).reshape(-1, *self.shape)

    def forward(self, x):
        """The reconstruction of x."""
        return self.decode(self.encode(x))


def reconstruction_loss(model, x, noisy=None):
    """Mean over pixels of (x - decoder(encoder(x)))^2; x in [-1, 1].

    noisy : what the encoder sees in the place of x (denoising autoencoder; Vincent et
    al. 2008): the target stays the clean x.
    Source: the source document's objective, corrected.  Equation [AE-1].
    """
    return F.mse_loss(model(x if noisy is None else noisy), x)
