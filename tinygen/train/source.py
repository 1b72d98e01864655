"""What a recipe is trained on: batch k is a pure function of (data, seed, k).

`Images` and `Points` look alike, so one loop serves pictures and the plane.
"""

from typing import NamedTuple

import numpy as np

from tinygen import backend, data
from tinygen.data.bundled import unknown
from tinygen.data.planes import PLANES
from tinygen.engine import Tensor
from tinygen.errors import ConfigError

HELD_OUT = 2500  # points of a plane to evaluate on, as many as PacGAN takes


class Batch(NamedTuple):
    """What a training step sees, on the default device.

    x : (N, C, H, W) images in [-1, 1], or (N, 2) points      labels : (N,) or None
    """

    x: Tensor
    labels: Tensor | None


class Images:
    """A data set of images as batches of float32 in [-1, 1].

    The last batch of an epoch is left out if it is smaller, so every step is alike.
    Raises DataError if there are fewer training images than batch_size.
    """

    kind = contents = "images"  # `contents` names an array of samples in a file

    def __init__(self, dataset: data.Dataset, *, batch_size: int, seed: int):
        self.name, self.shape = dataset.name, dataset.shape
        self.classes = dataset.classes
        self.fingerprint = f"sha256:{dataset.sha256}"
        self.train, self.held_out = dataset.train, dataset.test
        self.loader = data.Loader(
            dataset.train.images,
            dataset.train.labels,
            batch_size=batch_size,
            seed=seed,
            drop_last=True,
            transform=data.to_float,
        )

    def batch(self, step: int) -> Batch:
        """The batch of step 0, 1, 2, ..."""
        return _on_device(*self.loader.batch(step))

    def test(self) -> Batch:
        """The held-out images, all of them."""
        return _on_device(data.to_float(self.held_out.images), self.held_out.labels)


class Points:
    """A distribution in the plane: every batch is drawn afresh."""

    kind, contents = "plane", "points"
    shape = (2,)
    classes = ()

    def __init__(self, plane: data.Plane, *, batch_size: int, seed: int):
        self.name, self.plane = plane.name, plane
        self.fingerprint = f"plane:{plane!r}"
        self.batch_size, self.seed = batch_size, seed

    def batch(self, step: int) -> Batch:
        """The batch of step 0, 1, 2, ..."""
        rng = backend.rng(self.seed, "data", step)
        return _on_device(self.plane.sample(self.batch_size, rng=rng))

    def test(self) -> Batch:
        """Points that no training step sees."""
        rng = backend.rng(self.seed, "test data")
        return _on_device(self.plane.sample(HELD_OUT, rng=rng))


def names(kind: str) -> tuple[str, ...]:
    """The data of a kind, "images" or "plane", that comes with the package."""
    rows = [row for row in data.describe() if row.kind == kind]
    return tuple(row.name for row in rows)


def open_data(name: str, kind: str, *, batch_size: int, seed: int):
    """The data of that name, if it is of the kind that a recipe takes.

    Raises ConfigError with the nearest name and all that would do.
    """
    if name not in names(kind):
        raise ConfigError(unknown(f"data of kind {kind!r}:", name, names(kind)))
    if name in PLANES:
        return Points(data.plane(name), batch_size=batch_size, seed=seed)
    return Images(data.load(name), batch_size=batch_size, seed=seed)


def _on_device(x: np.ndarray, labels: np.ndarray | None = None) -> Batch:
    device = backend.get_device()
    x = Tensor(backend.to_device(x, device))
    if labels is None:
        return Batch(x, None)
    return Batch(x, Tensor(backend.to_device(labels, device)))
