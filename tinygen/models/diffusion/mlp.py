"""A small network for points in the plane: what a U-Net is for images."""

import numpy as np

from tinygen import functional as F
from tinygen import nn
from tinygen.ops import concatenate


class PlaneNet(nn.Module):
    """x (N, D), t (N,) -> (N, D): layers of `hidden` units, each beside a short cut."""

    def __init__(self, shape, hidden=128, layers=3, *, rng):
        size = int(np.prod(shape))
        self.width = 2 * max(1, hidden // 4)  # even: as many sines as cosines
        self.enter = nn.Linear(size + self.width, hidden, rng=rng)
        self.layers = [nn.Linear(hidden, hidden, rng=rng) for _ in range(layers)]
        self.leave = nn.Linear(hidden, size, rng=rng)

    def forward(self, x, t):
        h = self.enter(concatenate([x, F.time_embedding(t, self.width)], 1))
        for layer in self.layers:
            h = h + layer(F.silu(h))
        return self.leave(F.silu(h))
