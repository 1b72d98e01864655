"""Small parameters and networks for the tests of optimisers."""

import numpy as np

import tinygen as tg
from tinygen import nn
from tinygen.engine import Tensor


def parameter(*values, dtype="float64"):
    return tg.tensor(np.array(values, dtype), requires_grad=True)


def give(p, *values):
    p.grad = Tensor(np.array(values, p.dtype))


def small_network(seed=0, dtype="float32"):
    rng = np.random.default_rng(seed)
    layer = lambda i, o: nn.Linear(i, o, rng=rng, dtype=dtype)
    return nn.Sequential(layer(3, 5), nn.Tanh(), layer(5, 2))


def train(network, optimizer, steps=3):
    x = tg.tensor(np.linspace(-1, 1, 12).reshape(4, 3).astype(np.float32))
    for _ in range(steps):
        optimizer.zero_grad()
        (network(x) ** 2).mean().backward()
        optimizer.step()
