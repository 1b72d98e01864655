"""Matrix products, in the form that each array library computes in one piece.

NumPy takes any shapes.  CuPy turns a product of a stack of matrices by one matrix into
a table of pointers and several launches, and while a graph is being captured it refuses
products altogether; so on a GPU stacks are seen as one tall matrix, and during a
capture the product is done by whoever captures (`graph`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

_instead: Callable | None = None  # computes products on a GPU while a graph is captured


def matmul(a, b):
    """a @ b; leading axes broadcast."""
    if type(a) is np.ndarray:
        return a @ b
    if b.ndim == 2 and a.ndim > 2:
        rows = a.reshape(-1, a.shape[-1])
        return matmul(rows, b).reshape(*a.shape[:-1], b.shape[-1])
    return a @ b if _instead is None else _instead(a, b)


@contextmanager
def computed_by(product: Callable) -> Iterator[None]:
    """Within the block products of arrays on a GPU are product(a, b)."""
    global _instead
    before, _instead = _instead, product
    try:
        yield
    finally:
        _instead = before
