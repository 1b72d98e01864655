"""Generative adversarial network: a generator learns from a discriminator's gradient.

    min_G max_D  E_x[log D(x)] + E_z[log(1 - D(G(z)))]                       [GAN-1]

The networks are the source documents': G 100-128-128-784, D 784-128-128-1, LeakyReLU
of slope 0.2.  D gives a logit; its sigmoid is inside the losses (see `objectives`).
"""

from itertools import pairwise

import numpy as np

from tinygen import nn
from tinygen.models.shapes import flattened
from tinygen.ops import sigmoid, tanh


def dense(*sizes, rng) -> list:
    """Linear layers of these sizes with LeakyReLU(0.2) between them."""
    layers = []
    for i, o in pairwise(sizes):
        layers += [nn.Linear(i, o, rng=rng), nn.LeakyReLU(0.2)]
    return layers[:-1]


class Generator(nn.Module):
    """Noise z (N, latent) -> samples (N, *shape); images in [-1, 1].

    output : "tanh"; "sigmoid", whose [0, 1] is stretched to [-1, 1]; or "linear"
    """

    def __init__(self, latent, shape, hidden=128, *, output="tanh", rng):
        self.shape, self.output = tuple(shape), output
        size = int(np.prod(shape))
        self.layers = nn.Sequential(*dense(latent, hidden, hidden, size, rng=rng))

    def forward(self, z):
        """G(z)."""
        x = self.layers(z)
        if self.output == "sigmoid":
            x = 2.0 * sigmoid(x) - 1.0
        elif self.output == "tanh":
            x = tanh(x)
        return x.reshape(-1, *self.shape)


class Discriminator(nn.Module):
    """Samples (N, *shape) -> logits (N, 1): log-odds that a sample is real."""

    def __init__(self, shape, hidden=128, *, rng):
        self.shape, size = tuple(shape), int(np.prod(shape))
        self.layers = nn.Sequential(*dense(size, hidden, hidden, 1, rng=rng))

    def forward(self, x):
        """The logit of D(x)."""
        return self.layers(flattened(x, self.shape))
