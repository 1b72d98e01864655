"""How good samples are: distances between sets, and a classifier to see digits with.

>>> import numpy as np
>>> from tinygen import data, metrics
>>> digits = data.load("mnist").test
>>> seen = metrics.classifier()
>>> images = data.to_float(digits.images)
>>> bool(np.mean(seen.predict(images) == digits.labels) > 0.98)
True
>>> features = seen.features(images)
>>> metrics.frechet_distance(features, features) < 1e-6
True

The distances take features (N, D), of this classifier or of any other network.
"""

from tinygen.metrics.classes import (
    class_entropy,
    class_histogram,
    inception_score,
    mean_confidence,
)
from tinygen.metrics.digit_classifier import Classifier, classifier
from tinygen.metrics.frechet import frechet_distance, frechet_gaussians
from tinygen.metrics.kernel import KernelDistance, kernel_distance
from tinygen.metrics.manifold import PrecisionRecall, precision_recall
from tinygen.metrics.report import Measure, Report, report

__all__ = [
    "Classifier",
    "KernelDistance",
    "Measure",
    "PrecisionRecall",
    "Report",
    "class_entropy",
    "class_histogram",
    "classifier",
    "frechet_distance",
    "frechet_gaussians",
    "inception_score",
    "kernel_distance",
    "mean_confidence",
    "precision_recall",
    "report",
]
