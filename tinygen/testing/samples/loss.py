"""Samples of losses."""

import math

import numpy as np

from tinygen import functional as F
from tinygen.errors import (
    ConfigError,
    DataError,
    DTypeError,
    IndexOutOfRange,
    ShapeError,
)
from tinygen.ops import losses
from tinygen.testing.registry import A, Kink, Sample, bad, declare
from tinygen.testing.samples.activation import log_normalized, logistic

HOW = {"mean": np.mean, "sum": np.sum, "none": lambda x: x}
SHAPES = ((3, 5), (7,), (2, 3, 5), ())


def each_reduction(*arrays) -> list[Sample]:
    """Arrays of one shape (drawn by the functions given), reduced in every way."""
    samples = [Sample(*(draw(*shape) for draw in arrays)) for shape in SHAPES]
    for reduction in HOW:
        samples.append(Sample(*(draw(2, 5) for draw in arrays), reduction=reduction))
    samples.append(Sample(*(draw(0, 3) for draw in arrays), reduction="sum"))
    return samples


def refusals(*arrays):
    """What every loss of two arrays refuses."""
    return (
        bad(A(3, 1), A(3), *arrays, error=ShapeError, match=r"\(3, 1\).*\(3,\)"),
        bad(A(3, 5), A(5, 3), *arrays, error=ShapeError, match="differ"),
    )


LOUD = bad(A(3), A(3), reduction="average", error=ConfigError, match="average")

declare(
    F.mse_loss,
    lambda x, t, reduction="mean": HOW[reduction]((x - t) ** 2),
    [*each_reduction(A, A), Sample(np.array([1e4, 1e-30]), np.zeros(2), extreme=True)],
    analytic=True,
    errors=(*refusals(), LOUD),
)
declare(
    F.l1_loss,
    lambda x, t, reduction="mean": HOW[reduction](np.abs(x - t)),
    [
        *each_reduction(A, A),
        Kink(
            np.array([1.0, 2.0, 3.0]),
            np.array([1.0, 2.5, 2.0]),
            gradient=lambda v: [
                v / 3 * np.array([0, -1, 1]),
                v / 3 * np.array([0, 1, -1]),
            ],
        ),
    ],
    errors=(*refusals(), LOUD),
)

# -- binary cross-entropy ----------------------------------------------------------


def probabilities(*shape):
    """Numbers inside (0, 1)."""
    return A(*shape, low=0.1, high=0.9)


def bce_of_logits(x, t, reduction="none"):
    """log(1 + e^x) - t x."""
    return HOW[reduction](np.logaddexp(0.0, x) - t * x)


SURE = (np.array([1e4, -1e4, 1e4, 80.0]), np.array([1.0, 0.0, 0.0, 0.5]))
declare(
    losses.bce_with_logits,
    bce_of_logits,
    [
        *(Sample(A(*shape), probabilities(*shape)) for shape in (*SHAPES, (0, 3))),
        Sample(*SURE, extreme=True),
    ],
)
declare(
    losses.bce_with_logits_mean,
    lambda x, t: bce_of_logits(x, t, "mean"),
    [
        *(Sample(A(*shape), probabilities(*shape)) for shape in SHAPES),
        Sample(*SURE, extreme=True),
    ],
    exempt="a mean needs an element",
)
declare(
    losses.bce_with_logits_mean_grad,
    lambda g, x, t: g / x.size * (logistic(x) - t),
    [Sample(A(), A(*shape), probabilities(*shape)) for shape in SHAPES],
    exempt="a mean needs an element",
)
declare(
    losses.softplus_mean,
    lambda x, sign=1.0: np.logaddexp(0.0, sign * x).mean(),
    [
        *(Sample(A(*shape)) for shape in SHAPES),
        Sample(A(3, 2), sign=-1.0),
        Sample(SURE[0], sign=-1.0, extreme=True),
    ],
    exempt="a mean needs an element",
)
declare(
    F.binary_cross_entropy_with_logits,
    lambda x, t, reduction="mean": bce_of_logits(x, t, reduction),
    [*each_reduction(A, probabilities)[:-1], Sample(*SURE, extreme=True)],
    exempt="the fused sum needs an element",
    errors=(*refusals(), LOUD, bad(A(0), A(0), error=ShapeError, match="nothing to")),
)
declare(
    F.binary_cross_entropy,
    lambda p, t, reduction="mean": HOW[reduction](
        -(t * np.log(np.maximum(p, math.exp(-100))))
        - (1 - t) * np.log(np.maximum(1 - p, math.exp(-100)))
    ),
    [
        *each_reduction(probabilities, probabilities),
        Sample(
            np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0]), extreme=True
        ),
    ],
    errors=(
        *refusals(),
        bad(
            np.array([0.5, 1.2]), np.ones(2), error=DataError, match=r"1\.2.*position 1"
        ),
        bad(np.full(3, 0.5), np.full(3, 2.0), error=DataError, match="target"),
    ),
)

# -- classes -----------------------------------------------------------------------

LABELS = np.array([4, 0, 2, 4, 1, 1, 3])  # seven samples of five classes
WRONG = LABELS.copy()
WRONG[3] = 5


def picked(log_probs, target, reduction="mean"):
    """-log p[target]."""
    return HOW[reduction](-log_probs[np.arange(len(target)), target])


def smoothed(logits, target, reduction="mean", label_smoothing=0.0):
    """Cross-entropy against labels mixed with the uniform distribution."""
    log_probs = log_normalized(logits)
    given = (1 - label_smoothing) * picked(log_probs, target, "none")
    return HOW[reduction](given - label_smoothing * log_probs.mean(-1))


CLASSES = [
    *(Sample(A(7, 5), LABELS, reduction=reduction) for reduction in HOW),
    Sample(A(7, 5), LABELS),
    Sample(A(1, 5), LABELS[:1]),
    Sample(A(7, 5), LABELS.astype(np.uint8)),
    Sample(A(0, 5), LABELS[:0], reduction="sum"),
]
REFUSED = (
    bad(A(7, 5), WRONG, error=IndexOutOfRange, match="label 5 at position 3.*0..4"),
    bad(A(7, 5), -LABELS, error=IndexOutOfRange, match="label -4 at position 0"),
    bad(A(7, 5), LABELS.astype(float), error=DTypeError, match="float64"),
    bad(A(7, 5), np.eye(5)[LABELS], error=DTypeError, match="argmax"),
    bad(A(7, 5), LABELS[:3], error=ShapeError, match=r"\(3,\)"),
    bad(A(7), LABELS, error=ShapeError),
)
declare(F.nll_loss, picked, CLASSES, linear=True, errors=REFUSED, analytic=True)
declare(
    F.cross_entropy,
    smoothed,
    [
        *CLASSES,
        Sample(A(7, 5), LABELS, label_smoothing=0.2),
        Sample(A(7, 5), LABELS, reduction="none", label_smoothing=0.9),
        Sample(np.array([[1e4, 0.0, -1e4]]), np.array([2]), extreme=True),
    ],
    analytic=True,
    errors=(
        *REFUSED,
        bad(A(7, 5), LABELS, label_smoothing=1.0, error=ConfigError, match=r"1\.0"),
    ),
)

# -- densities ---------------------------------------------------------------------


def gaussian(x, mean, log_variance, reduction="mean"):
    """-log N(x; mean, variance)."""
    variance = np.exp(log_variance)
    constant = np.log(2 * math.pi) + log_variance
    return HOW[reduction](((x - mean) ** 2 / variance + constant) / 2)


def divergence(mean, log_variance, mean2=None, log_variance2=None):
    """The KL divergence of diagonal Gaussians, summed over the last axis."""
    mean2 = np.zeros_like(mean) if mean2 is None else mean2
    log2 = np.zeros_like(mean) if log_variance2 is None else log_variance2
    ratio = (np.exp(log_variance) + (mean - mean2) ** 2) / np.exp(log2)
    return (log2 - log_variance + ratio - 1).sum(-1) / 2


declare(
    F.gaussian_nll,
    gaussian,
    each_reduction(A, A, A),
    analytic=True,
    errors=(
        bad(A(3, 5), A(3, 5), A(5), error=ShapeError, match="log_variance"),
        bad(A(3, 5), A(5), A(3, 5), error=ShapeError, match="differ"),
    ),
)
declare(
    F.kl_diagonal_gaussians,
    divergence,
    [
        Sample(A(3, 5), A(3, 5)),
        Sample(A(7), A(7)),
        Sample(A(2, 3, 5), A(2, 3, 5), A(2, 3, 5), A(2, 3, 5)),
        Sample(A(3, 1), A(3, 1), A(3, 1), A(3, 1)),
        Sample(A(0, 5), A(0, 5)),
        Sample(A(3, 0), A(3, 0)),
    ],
    analytic=True,
    errors=(
        bad(A(3, 5), A(5), error=ShapeError, match="log_variance"),
        bad(A(3, 5), A(3, 5), A(3, 1), A(3, 5), error=ShapeError, match="mean2"),
    ),
)
