"""What every measurement asks of its arguments."""

import numpy as np

from tinygen.backend import to_host
from tinygen.errors import DataError, ShapeError


def feature_pair(name: str, a, b, *, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of features as float64 on the host, with the same D.

    Raises ShapeError if they are not, or hold fewer than `least` rows; DataError for
    NaN or infinity.
    """
    a, b = (np.asarray(to_host(x), np.float64) for x in (a, b))
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ShapeError(
            f"{name}: features {a.shape} and {b.shape}. Fix: (N, D) and (M, D), "
            "such as classifier().features(images) gives"
        )
    if min(len(a), len(b)) < least:
        raise ShapeError(
            f"{name}: {len(a)} and {len(b)} samples. Fix: at least {least} of each"
        )
    for x in (a, b):
        if not np.isfinite(x).all():
            count = np.count_nonzero(~np.isfinite(x))
            raise DataError(
                f"{name}: {count} of {x.size} features are NaN or infinite. "
                "Fix: look for NaN in the images"
            )
    return a, b


def probability_rows(name: str, probabilities) -> np.ndarray:
    """(N, K) probabilities as float64 on the host; DataError if they are none."""
    p = np.asarray(to_host(probabilities), np.float64)
    if p.ndim != 2 or len(p) == 0:
        raise ShapeError(f"{name}: probabilities {p.shape}. Fix: (N, K), rows sum to 1")
    total = p.sum(axis=1)
    if not (p.min() >= 0 and abs(total - 1).max() < 1e-4):  # false for NaN too
        raise DataError(
            f"{name}: rows sum to {total.min():.6g}..{total.max():.6g}, the least "
            f"entry is {p.min():.6g}. Fix: softmax(logits, -1)"
        )
    return p
