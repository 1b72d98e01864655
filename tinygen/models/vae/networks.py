"""Encoders and decoders: dense and convolutional, with or without a class."""

import math
from itertools import pairwise

from tinygen import functional as F
from tinygen import nn
from tinygen.backend import to_device, xp_of
from tinygen.engine import Tensor
from tinygen.errors import ConfigError
from tinygen.models.dcgan import Enlarge, stages_of
from tinygen.models.labels import checked_labels
from tinygen.models.shapes import check_shape, flattened
from tinygen.ops import concatenate

ACTIVATIONS = {
    "relu": nn.ReLU,
    "leaky-relu": lambda: nn.LeakyReLU(0.2),
    "tanh": nn.Tanh,
}


def dense(sizes, activation: str, *, rng) -> nn.Sequential:
    """Linear layers from size to size, an activation between each two."""
    layers = []
    for i, o in pairwise(sizes):
        layers += [ACTIVATIONS[activation](), nn.Linear(i, o, rng=rng)]
    return nn.Sequential(*layers[1:])


def with_class(x, labels, classes: int):
    """x (N, D) with the labels (N,) beside it as one-hot rows, if there are classes.

    Raises ConfigError if labels are missing; the errors of `checked_labels`.
    """
    if labels is None:
        if classes:
            raise ConfigError(f"no labels of {classes} classes. Fix: labels (N,)")
        return x
    labels = to_device(checked_labels(labels, len(x), classes), x.device)
    one_hot = labels[:, None] == xp_of(labels).arange(classes)
    return concatenate([x, Tensor(one_hot.astype(x.dtype))], 1)


class DenseEncoder(nn.Module):
    """(N, C, H, W) -> (N, 2*latent): layers of the sizes in `hidden` between."""

    def __init__(self, shape, hidden, latent, classes=0, activation="relu", *, rng):
        self.shape, self.classes = tuple(shape), classes
        sizes = [math.prod(shape) + classes, *hidden, 2 * latent]
        self.layers = dense(sizes, activation, rng=rng)

    def forward(self, x, labels=None):
        flat = flattened(x, self.shape)
        return self.layers(with_class(flat, labels, self.classes))


class DenseDecoder(nn.Module):
    """(N, latent) -> (N, C, H, W): the layers of the encoder in reverse."""

    def __init__(self, shape, hidden, latent, classes=0, activation="relu", *, rng):
        self.shape, self.classes = tuple(shape), classes
        sizes = [latent + classes, *reversed(hidden), math.prod(shape)]
        self.layers = dense(sizes, activation, rng=rng)

    def forward(self, z, labels=None):
        return self.layers(with_class(z, labels, self.classes)).reshape(-1, *self.shape)


class ConvEncoder(nn.Module):
    """(N, C, H, W) -> (N, 2*latent): convolutions k4 s2 p1, then two dense layers.

    width : channels of the first convolution, doubled by each that follows
    hidden : units of the dense layer before the last
    """

    def __init__(self, shape, width, hidden, latent, classes=0, *, rng):
        self.shape, self.classes, stages = tuple(shape), classes, stages_of(shape)
        widths = [shape[0], *(width << i for i in range(stages))]
        pairs = pairwise(widths)
        self.shrink = [nn.Conv2d(i, o, 4, 2, 1, rng=rng) for i, o in pairs]
        flat = widths[-1] * (shape[1] >> stages) * (shape[2] >> stages)
        self.dense = nn.Linear(flat + classes, hidden, rng=rng)
        self.out = nn.Linear(hidden, 2 * latent, rng=rng)

    def forward(self, x, labels=None):
        check_shape(x, self.shape)
        for layer in self.shrink:
            x = F.relu(layer(x))
        flat = with_class(x.reshape(x.shape[0], -1), labels, self.classes)
        return self.out(F.relu(self.dense(flat)))


class ConvDecoder(nn.Module):
    """(N, latent) -> (N, C, H, W): two dense layers, then transposed convolutions."""

    def __init__(self, shape, width, hidden, latent, classes=0, *, rng):
        self.classes, stages = classes, stages_of(shape)
        widths = [*(width << i for i in reversed(range(stages))), shape[0]]
        self.first = widths[0], shape[1] >> stages, shape[2] >> stages
        self.dense = nn.Linear(latent + classes, hidden, rng=rng)
        self.wide = nn.Linear(hidden, math.prod(self.first), rng=rng)
        pairs = pairwise(widths)
        self.enlarge = [Enlarge(i, o, rng=rng) for i, o in pairs]

    def forward(self, z, labels=None):
        z = with_class(z, labels, self.classes)
        x = F.relu(self.wide(F.relu(self.dense(z)))).reshape(-1, *self.first)
        for layer in self.enlarge[:-1]:
            x = F.relu(layer(x))
        return self.enlarge[-1](x)
