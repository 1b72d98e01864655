"""What a classifier says of samples: how sure it is, and of how many classes."""

import numpy as np

from tinygen.backend import to_host
from tinygen.errors import DataError, DTypeError
from tinygen.metrics.checks import probability_rows


def inception_score(probabilities) -> float:
    """How sure each prediction is and how varied all are, in one number, 1 to K.

    IS = exp( 1/N sum_n KL(p[n] || q) ),   q = 1/N sum_n p[n],   KL in nats

    probabilities : (N, K), rows sum to 1
    -> 1 if all rows are alike; K if each is certain and all K classes equally frequent
    It never looks at real data: K crisp digits, always the same ten, score K.
    Raises ShapeError, DataError.
    Source: Salimans et al., arXiv 1606.03498, section 4.  Differs: one set, no splits;
    a classifier of digits, not Inception.
    """
    p = probability_rows("inception_score", probabilities)
    q = p.mean(axis=0)
    return float(np.exp(entropies(q) - entropies(p).mean()))


def entropies(p: np.ndarray) -> np.ndarray:
    """-sum_k p[...,k] log p[...,k] in nats, 0 log 0 = 0."""
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), axis=-1)


def mean_confidence(probabilities) -> float:
    """1/N sum_n max_k p[n,k]: 1/K for a classifier at a loss, 1 for one that is sure.

    probabilities : (N, K), rows sum to 1
    """
    p = probability_rows("mean_confidence", probabilities)
    return float(p.max(axis=1).mean())


def class_histogram(labels, num_classes: int = 10) -> np.ndarray:
    """How often each class occurs: (num_classes,) whole numbers.

    labels : (N,) integers in [0, num_classes)
    Raises DTypeError for labels that are not integers, DataError outside the range.
    """
    labels = np.asarray(to_host(labels))
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise DTypeError(
            f"class_histogram: labels {labels.dtype}{labels.shape}. "
            "Fix: (N,) integers; probabilities by argmax(1)"
        )
    counts = np.bincount(labels[labels >= 0], minlength=num_classes)
    if len(counts) > num_classes or (labels < 0).any():
        raise DataError(
            f"class_histogram: labels {labels.min()}..{labels.max()} of {num_classes} "
            "classes. Fix: labels from 0, or a larger num_classes"
        )
    return counts


def class_entropy(counts) -> float:
    """Entropy of a class histogram in nats; log K when all K are equally frequent.

    H = -sum_k q[k] log q[k],   q = counts / sum(counts);  exp(H) classes in effect
    log K - H is the KL from uniform, Eq. (13.3).

    Raises DataError if all counts are 0.
    """
    counts = np.asarray(counts, np.float64)
    if not counts.sum() > 0:
        raise DataError("class_entropy: no sample in any class. Fix: count some")
    return float(entropies(counts / counts.sum()))
