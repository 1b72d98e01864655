"""Every measure of a set of samples, each beside what real images get."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tinygen.backend import rng
from tinygen.data import to_float
from tinygen.errors import ConfigError, ShapeError
from tinygen.metrics.classes import (
    class_entropy,
    class_histogram,
    inception_score,
    mean_confidence,
)
from tinygen.metrics.digit_classifier import Classifier, classifier
from tinygen.metrics.frechet import frechet_distance
from tinygen.metrics.kernel import kernel_distance
from tinygen.metrics.manifold import precision_recall

SHAPE = (1, 28, 28)  # of the images that the classifier knows
LEAST = 100  # samples: with fewer the distances say little


class Measure(NamedTuple):
    """value : of the samples      real : of real images, the floor or the ceiling"""

    value: float
    real: float


@dataclass(frozen=True)
class Report:
    """What `report` found.

    measures : name -> Measure, in the order to show
    histogram : samples in each class, as the classifier sees them
    """

    measures: dict[str, Measure]
    histogram: list[int]

    def to_dict(self) -> dict:
        """As JSON takes it."""
        measures = {name: both._asdict() for name, both in self.measures.items()}
        return {"measures": measures, "histogram": self.histogram}


class Seen(NamedTuple):
    """What the classifier sees in a set of images."""

    features: np.ndarray  # (N, D)
    probabilities: np.ndarray  # (N, K)

    @property
    def labels(self) -> np.ndarray:
        """(N,) the likeliest classes."""
        return self.probabilities.argmax(1)


def report_of(recipe, samples) -> Report:
    """`report` on samples of a recipe of images, beside its own data.

    Those of a conditional recipe are to be of each class in turn, as it draws them.
    """
    classes = np.arange(len(samples)) % len(recipe.data.classes)
    splits = recipe.data.held_out, recipe.data.train
    return report(samples, *splits, asked=classes if recipe.conditional else None)


def report(samples, held_out, train, *, asked=None) -> Report:
    """Measure samples against held-out images, and real images likewise.

    samples : (N, 1, 28, 28) in [-1, 1]
    held_out, train : splits of a data set (`data.load("mnist").test`, `.train`)
    asked : (N,) the classes that were asked for, of a conditional model
    The column `real` has, for the distances, precision and recall, N training images in
    place of the samples; for the rest the held-out images.  Held-out digits are equally
    frequent, to the last, so they differ less among themselves than independent ones
    and the kernel distance comes out lower by some hundredths: compare it with `real`.
    Raises ShapeError for other images, ConfigError for fewer than 100 samples.
    """
    check(samples)
    judge = classifier()
    fake = see(judge, samples)
    real = see(judge, to_float(held_out.images))
    some = rng(0, "floor").permutation(len(train.images))[: len(samples)]
    floor = see(judge, to_float(train.images[some]))
    apart, floor_apart = against(real, fake), against(real, floor)
    alone, real_alone = of_itself(fake), of_itself(real)
    measures = {name: Measure(apart[name], floor_apart[name]) for name in apart}
    measures |= {name: Measure(alone[name], real_alone[name]) for name in alone}
    if asked is not None:
        as_asked = np.mean(fake.labels == np.asarray(asked))
        right = np.mean(real.labels == held_out.labels)
        measures["class as asked"] = Measure(float(as_asked), float(right))
    return Report(measures, class_histogram(fake.labels).tolist())


def check(samples) -> None:
    """Raise unless the samples are enough images of the classifier's size."""
    if samples.shape[1:] != SHAPE:
        raise ShapeError(
            f"report: samples {samples.shape}, but the classifier that measures knows "
            f"images {SHAPE} only. Fix: a model of 28 x 28 digits"
        )
    if len(samples) < LEAST:
        raise ConfigError(
            f"report: {len(samples)} samples are too few to measure. "
            f"Fix: {LEAST} or more; 1000 is usual here"
        )


def see(judge: Classifier, images) -> Seen:
    """Features and class probabilities of images."""
    return Seen(judge.features(images), judge.probabilities(images))


def against(real: Seen, fake: Seen) -> dict[str, float]:
    """The measures that compare with real images."""
    distance = kernel_distance(mixed(real.features), mixed(fake.features))
    precision, recall = precision_recall(real.features, fake.features)
    return {
        "Frechet distance": frechet_distance(real.features, fake.features),
        "kernel distance": distance.value,
        "standard error of it": distance.standard_error,
        "precision": precision,
        "recall": recall,
    }


def mixed(features: np.ndarray) -> np.ndarray:
    """In a random order, always the same, since blocks are cut from it."""
    return rng(0, "blocks").permutation(features)


def of_itself(fake: Seen) -> dict[str, float]:
    """The measures that look at one set alone."""
    return {
        "inception score": inception_score(fake.probabilities),
        "confidence": mean_confidence(fake.probabilities),
        "class entropy, nats": class_entropy(class_histogram(fake.labels)),
    }
