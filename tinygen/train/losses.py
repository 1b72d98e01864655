"""The losses that a training step gives, as numbers."""

import math

import numpy as np

from tinygen.errors import NonFiniteError, ShapeError
from tinygen.train.progress import in_words
from tinygen.train.recipe import as_array


def read(losses: dict) -> dict[str, float]:
    """The losses as numbers; NonFiniteError if one is NaN or infinite."""
    found = {name: as_number(name, value) for name, value in losses.items()}
    if bad := not_finite(found):
        raise NonFiniteError(f"{bad} ({in_words(found)}). Fix: a smaller step size")
    return found


def not_finite(losses: dict[str, float]) -> str:
    """'loss D, G is not finite', or nothing if all are."""
    bad = [name for name, value in losses.items() if not math.isfinite(value)]
    return f"loss {', '.join(bad)} is not finite" if bad else ""


def as_number(name: str, loss) -> float:
    """A loss as a number; ShapeError unless it has one element."""
    if np.size(array := as_array(loss)) != 1:
        raise ShapeError(
            f"loss {name} has shape {array.shape}. Fix: return its mean() or sum()"
        )
    return float(array.reshape(()))
