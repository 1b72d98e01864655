"""Layers and networks under PyTorch's names, with `axis` for PyTorch's `dim`."""

from tinygen.nn.activations import (
    ELU,
    GELU,
    Dropout,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
    set_rng,
)
from tinygen.nn.freeze import frozen
from tinygen.nn.layers import (
    Embedding,
    Flatten,
    Identity,
    LayerNorm,
    Linear,
    Sequential,
    Unflatten,
)
from tinygen.nn.module import Module

__all__ = [
    "ELU",
    "GELU",
    "Dropout",
    "Embedding",
    "Flatten",
    "Identity",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "Module",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "Unflatten",
    "frozen",
    "set_rng",
]
