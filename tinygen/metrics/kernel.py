"""Kernel distance: an unbiased estimate of how far apart two sets of features are."""

from typing import NamedTuple

import numpy as np

from tinygen.errors import ConfigError
from tinygen.metrics.checks import feature_pair


class KernelDistance(NamedTuple):
    """value : squared distance; below 0 now and then, as any unbiased estimate of 0
    standard_error : of the value
    """

    value: float
    standard_error: float


def kernel_distance(features_a, features_b, *, blocks: int = 10) -> KernelDistance:
    """Squared maximum mean discrepancy under a cubic kernel, known as KID.

    Both sets are cut into so many blocks; mmd2[i], an unbiased estimate, is of block i
    of the one against block i of the other, and
    value = mean(mmd2),   standard_error = std(mmd2, ddof=1) / sqrt(blocks)

    features : (N, D) and (M, D), each in random order      blocks : >= 2
    Raises ShapeError unless there are two samples for each block; ConfigError.
    Source: Binkowski et al., arXiv 1801.01401, section 4.  Differs: disjoint blocks, so
    that they are independent, not random subsets; features of a network for digits.
    """
    if blocks < 2:
        raise ConfigError(f"kernel_distance: blocks={blocks}. Fix: 2 or more, say 10")
    a, b = feature_pair("kernel_distance", features_a, features_b, least=2 * blocks)
    pairs = zip(np.array_split(a, blocks), np.array_split(b, blocks), strict=True)
    found = np.array([unbiased_mmd2(x, y) for x, y in pairs])
    return KernelDistance(
        float(found.mean()), float(found.std(ddof=1) / np.sqrt(blocks))
    )


def unbiased_mmd2(a: np.ndarray, b: np.ndarray) -> float:
    """Unbiased estimate of E k(x,x') + E k(y,y') - 2 E k(x,y), x, x' ~ a; y, y' ~ b.

    sum_{i != j} k(a[i],a[j]) / (N(N-1)) + sum_{i != j} k(b[i],b[j]) / (M(M-1))
    - 2 sum_{i,j} k(a[i],b[j]) / (NM)

    a : (N, D), b : (M, D), with at least two rows
    Source: Gretton et al., JMLR 13, 2012, lemma 6.  Eq. (10.4).
    """
    return others_mean(cubic(a, a)) + others_mean(cubic(b, b)) - 2 * cubic(a, b).mean()


def cubic(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """k(x, y) = (x.y / D + 1)^3 of all pairs: (N, D), (M, D) -> (N, M)."""
    return (a @ b.T / a.shape[1] + 1) ** 3


def others_mean(kernel: np.ndarray) -> float:
    """The mean of a square matrix without its diagonal."""
    n = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (n * (n - 1)))
