"""How many modes of a known mixture a generator reaches: PacGAN's three numbers."""

import math
from dataclasses import dataclass, field

import numpy as np

from tinygen.data.planes import Plane, as_points, distances2
from tinygen.errors import DataError


@dataclass(frozen=True, eq=False)
class ModeCoverage:
    """What `modes_covered` measures.

    covered : modes with at least one high-quality sample, of num_modes
    high_quality : share of samples that are of high quality, 0..1
    reverse_kl : KL(shares of the modes among these samples || uniform), nats;
        0 when all modes are equally frequent, log(num_modes) when there is only one,
        nan when no sample is of high quality
    counts : (num_modes,) high-quality samples of each mode
    """

    covered: int
    num_modes: int
    high_quality: float
    reverse_kl: float
    counts: np.ndarray = field(repr=False)


def modes_covered(samples, target: Plane, *, within: float = 3.0) -> ModeCoverage:
    """Count the modes that samples reach, and how evenly they reach them.

    sample n is of high quality if its nearest centre is nearer than within * std
    counts[m] = how many high-quality samples have centre m as their nearest
    reverse_kl = sum_m q[m] log(q[m] * num_modes),   q = counts / sum(counts)

    samples : (N, 2); a sample with NaN is of no mode      target : with modes
    Raises ShapeError unless the samples are (N, 2); DataError if there is none, or if
    the target has no separate modes.
    Source: PacGAN, arXiv 1712.04086, Table 1 (2,500 samples a run).  As in its code,
    only high-quality samples enter the shares: reverse_kl = log(num_modes) - entropy.
    Eq. (13.2) for data themselves.
    """
    samples = as_points(samples)
    if len(samples) == 0:
        raise DataError("modes_covered: 0 samples. Fix: give at least one")
    if target.modes is None:
        raise DataError(
            f"modes_covered: {target.name!r} has no separate modes. "
            "Fix: use plane('ring') or plane('grid')"
        )
    num_modes = len(target.modes)
    squared = distances2(samples, target.modes)  # (N, num_modes)
    good = squared.min(axis=1) < (within * target.std) ** 2
    counts = np.bincount(squared[good].argmin(axis=1), minlength=num_modes)
    return ModeCoverage(
        covered=int(np.count_nonzero(counts)),
        num_modes=num_modes,
        high_quality=float(good.mean()),
        reverse_kl=kl_to_uniform(counts),
        counts=counts,
    )


def kl_to_uniform(counts: np.ndarray) -> float:
    """KL(q || uniform), q = counts / sum(counts); nats; nan if all counts are 0.

    sum_m q[m] log(q[m] * len(counts)),   0 log 0 = 0.  Eq. (13.3).
    """
    if counts.sum() == 0:
        return math.nan
    q = counts[counts > 0] / counts.sum()
    return float(np.sum(q * np.log(q * len(counts))))
