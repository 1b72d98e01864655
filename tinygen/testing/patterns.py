"""Guess from the wrong numbers which mistake was made.

`diagnose(backward, numeric, x)` compares two arrays of the same shape; each pattern
answers in a sentence, or with nothing.
"""

import numpy as np

CLOSE = 1e-5


def diagnose(backward: np.ndarray, numeric: np.ndarray, x: np.ndarray) -> str:
    """The first pattern that explains backward != numeric; "" if none does."""
    if not (np.isfinite(backward).all() and np.isfinite(numeric).all()):
        return ""
    for pattern in (_zero, _ratio, _moved, _summed, _missing_term, _repeated):
        found = pattern(backward, numeric, x)
        if found:
            return found
    return ""


def _same(a, b) -> bool:
    """Equal as far as differences can tell."""
    size = max(np.abs(b).max(initial=0.0), np.abs(a).max(initial=0.0))
    return a.shape == b.shape and np.abs(a - b).max(initial=0.0) <= CLOSE * size


def _zero(backward, numeric, x) -> str:
    if backward.any():
        return ""
    return "backward is zero everywhere -> no gradient flows to this input"


def _ratio(backward, numeric, x) -> str:
    large = np.abs(numeric) > CLOSE * np.abs(numeric).max(initial=0.0)
    if not large.any():
        return "numeric is zero everywhere -> the output does not depend on this input"
    ratio = float(np.median(backward[large] / numeric[large]))
    if not _same(backward, ratio * numeric):
        return ""
    text = f"backward / numeric = {ratio:.4g} for every element -> "
    if abs(ratio + 1) < CLOSE:
        return text + "the sign is wrong"
    size = f"{1 / ratio:.4g} too small" if abs(ratio) < 1 else f"{ratio:.4g} too large"
    return f"{text}a factor {size}{_named(ratio, x.shape)}"


def _named(ratio: float, shape) -> str:
    """Where a factor may come from: a size, or a size and that minus one."""
    sizes = {f"axis {i}": n for i, n in enumerate(shape) if n > 2}
    sizes["the whole"] = int(np.prod(shape))
    for where, n in sizes.items():
        for value, text in ((n, "n"), (n / max(n - 1, 1), "n/(n-1)")):
            if value > 1 and abs(ratio - value) < CLOSE * value:
                return f" ({text} of {where}, {n}: a sum instead of a mean?)"
            if value > 1 and abs(ratio * value - 1) < CLOSE:
                return f" ({text} of {where}, {n}: divided twice?)"
    return ""


def _moved(backward, numeric, x) -> str:
    """The right numbers in the wrong places."""
    if backward.ndim == 2 and backward.size > 1:
        if _same(backward, numeric.T):
            return "backward is the transpose of numeric"
        if _same(backward.ravel(), numeric.T.ravel()):
            return "the numbers are right, in the order of the transpose"
    for axis in range(backward.ndim):
        if _same(backward, np.flip(numeric, axis)):
            return f"backward is numeric reversed along axis {axis}"
        for shift in range(1, min(backward.shape[axis], 8)):
            if _same(backward, np.roll(numeric, shift, axis)):
                return f"backward is numeric rolled by {shift} along axis {axis}"
    if _same(np.sort(backward, axis=None), np.sort(numeric, axis=None)):
        return "the numbers are right, their places are not"
    return ""


def _summed(backward, numeric, x) -> str:
    """A sum over an axis that should not be, or its mean."""
    for axis in range(backward.ndim):
        n = backward.shape[axis]
        if n < 2:
            continue
        total = numeric.sum(axis, keepdims=True)
        for value, text in ((total, "sum"), (total / n, "mean")):
            if _same(backward, np.broadcast_to(value, numeric.shape)):
                return f"backward is the {text} of numeric over axis {axis}"
    return ""


def _missing_term(backward, numeric, x) -> str:
    """A difference that is constant along an axis, as when a mean is held fixed."""
    difference = backward - numeric
    for axis in range(difference.ndim):
        if difference.shape[axis] < 2:
            continue
        first = np.take(difference, [0], axis)
        if _same(difference, np.broadcast_to(first, difference.shape)):
            return (
                f"the error is the same all along axis {axis} -> a term summed over it "
                "is missing or extra (a mean or a maximum treated as a constant?)"
            )
    return ""


def _repeated(backward, numeric, x) -> str:
    """Wrong only where values of x tie."""
    wrong = np.abs(backward - numeric) > CLOSE * np.abs(numeric).max(initial=1e-300)
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    ties = (counts > 1)[inverse].reshape(x.shape)
    if ties.any() and not (wrong & ~ties).any():
        return "only elements whose values tie are wrong -> how is a tie shared?"
    if 0 < wrong.sum() <= wrong.size // 4:
        return f"only {wrong.sum()} of {wrong.size} elements are wrong"
    return ""
