"""Bounds on the gradients, between backward and step."""

import math
from collections.abc import Iterable

from tinygen.backend import xp_of
from tinygen.engine import Tensor
from tinygen.errors import NonFiniteError
from tinygen.kernels.adam import global_norm


def clip_grad_norm(
    params: Iterable[Tensor], max_norm: float, *, error_if_nonfinite: bool = False
) -> float:
    """Scale all gradients by one factor so that their common norm is <= max_norm.

    g = g * min(1, max_norm / (norm + 1e-6)),   norm = sqrt(sum of all g^2)

    -> the norm before
    Raises NonFiniteError, if asked to, for a norm that is infinite or nan; else the
    gradients become nan, as in PyTorch.
    Source: Pascanu, Mikolov & Bengio, arXiv 1211.5063, algorithm 1.
    """
    params = [p for p in params if p.grad is not None]
    norm = global_norm([p.grad.data for p in params])
    if error_if_nonfinite and not math.isfinite(norm):
        raise NonFiniteError(
            f"clip_grad_norm: the norm of the gradients is {norm}. "
            "Fix: a smaller lr, or find the first step whose loss is not finite"
        )
    factor = max_norm / (norm + 1e-6)
    if not factor >= 1:  # nan too
        for p in params:
            g = p.grad.data
            p.grad = Tensor(xp_of(g).asarray(g * factor))
    return norm


def clip_grad_value(params: Iterable[Tensor], clip_value: float) -> None:
    """Bound every element of every gradient to [-clip_value, clip_value]."""
    for p in params:
        if p.grad is not None:
            g = p.grad.data
            xp = xp_of(g)
            p.grad = Tensor(xp.asarray(xp.clip(g, -clip_value, clip_value)))
