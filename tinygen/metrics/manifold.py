"""Precision and recall: are samples like the data, and is all of the data reached?"""

from typing import NamedTuple

import numpy as np

from tinygen.errors import ConfigError
from tinygen.metrics.checks import feature_pair


class PrecisionRecall(NamedTuple):
    """precision : share of samples that lie among the data
    recall : share of the data that lie among samples      both 0 to 1
    """

    precision: float
    recall: float


def precision_recall(real, generated, *, k: int = 3) -> PrecisionRecall:
    """Two shares: of samples within the data's manifold, and of data within theirs.

    manifold(A) = union of balls about a[i], radius: to its k-th neighbour in A
    precision = share of generated in manifold(real)
    recall = share of real in manifold(generated)

    real : (N, D), generated : (M, D) features; equal sizes keep the two comparable
    Raises ShapeError unless there are more than k of each; ConfigError for k < 1.
    Source: Kynkaanniemi et al., arXiv 1904.06991, equations 1 and 2, k = 3.
    Eq. (10.5).
    """
    if k < 1:
        raise ConfigError(f"precision_recall: k={k}. Fix: 3, or another from 1")
    real, generated = feature_pair("precision_recall", real, generated, least=k + 1)
    return PrecisionRecall(
        share_within(real, generated, k), share_within(generated, real, k)
    )


def share_within(centres: np.ndarray, points: np.ndarray, k: int) -> float:
    """The share of points in at least one of the balls about the centres."""
    radius2 = np.array([np.partition(d2, k)[k] for d2 in rows(centres, centres)])
    return float(np.mean([(d2 <= radius2).any() for d2 in rows(points, centres)]))


def rows(a: np.ndarray, b: np.ndarray):
    """For each a[i] its squared distances to all of b, (M,); a point is 0 from itself.

    Differences, not the faster |a|^2 + |b|^2 - 2 a.b, whose rounding would put a copy
    of a point outside the point's own ball.
    """
    return (np.sum((b - point) ** 2, axis=1) for point in a)
