"""Optimisers under PyTorch's names, on flat buffers, and clipping of gradients."""

from tinygen.optim.clip import clip_grad_norm, clip_grad_value
from tinygen.optim.optimizer import Optimizer
from tinygen.optim.rules import SGD, Adam, AdamW, RMSprop

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "clip_grad_norm",
    "clip_grad_value",
]
