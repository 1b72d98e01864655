"""What a recipe is trained on: batch k is a pure function of (data, seed, k).

`Images` and `Points` look alike, so one loop serves pictures and the plane.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from operator import index
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinygen import backend, data
from tinygen.data.bundled import Dataset, Split, frozen, unknown
from tinygen.data.folder import open_folder
from tinygen.data.full import is_celeba
from tinygen.data.planes import PLANES
from tinygen.data.published import CELEBA
from tinygen.data.resize import recoloured, resized
from tinygen.engine import Tensor
from tinygen.errors import ConfigError, DataError
from tinygen.kernels.pixels import picked

HELD_OUT = 2500  # points of a plane to evaluate on, as many as PacGAN takes
HELD_OUT_IMAGES = 1000  # to evaluate on: all of those that are bundled
FOLDER = "folder:"  # before a path that could be taken for a name
FOLDER_SIDE = 64  # pixels of a side of images read from a folder
MOST_RESIDENT = 4 * 2**30  # bytes of images that are kept on a GPU
MOST_SPACE = 4 * 2**30  # bytes of a data set in another size


class Batch(NamedTuple):
    """What a training step sees, on the default device.

    x : (N, C, H, W) images in [-1, 1], or (N, 2) points      labels : (N,) or None
    """

    x: Tensor
    labels: Tensor | None


class Images:
    """A data set of images as batches of float32 in [-1, 1].

    held_out : its test images, at most 1,000 of them, evenly spread
    symmetric : whether images may be mirrored, left to right

    The last batch of an epoch is left out if it is smaller, so every step is alike.
    Raises DataError if there are fewer training images than batch_size.
    """

    kind = contents = "images"  # `contents` names an array of samples in a file

    def __init__(self, dataset: data.Dataset, *, batch_size: int, seed: int):
        self.name, self.shape = dataset.name, dataset.shape
        self.classes, self.symmetric = dataset.classes, dataset.symmetric
        self.fingerprint = f"sha256:{dataset.sha256}"
        self.train, self.held_out = dataset.train, some(dataset.test)
        self.resident: Batch | None = None  # the training images on a GPU, as bytes
        if len(self.train) < batch_size:
            raise DataError(
                f"{self.name} has {len(self.train)} images to train on, fewer than "
                f"batch_size {batch_size}. Fix: --batch-size {len(self.train)} or less"
            )
        self.loader = data.Loader(
            dataset.train.images,
            dataset.train.labels,
            batch_size=batch_size,
            seed=seed,
            drop_last=True,
            transform=data.to_float,
        )

    def batch(self, step: int) -> Batch:
        """The batch of step 0, 1, 2, ...; on a GPU from images that lie there."""
        there = backend.get_device() != "cpu"
        if not there or self.train.images.nbytes > MOST_RESIDENT:
            found = backend.given(lambda: self.loader.batch(index(step)))
            return Batch(*map(Tensor, found))
        if self.resident is None:
            self.resident = _on_device(self.train.images, self.train.labels)
        places = backend.given(lambda: self.loader.index(index(step)))
        images, labels = (part.data for part in self.resident)
        return Batch(Tensor(picked(images, places)), Tensor(labels[places]))

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
        rng = lambda: backend.rng(self.seed, "data", index(step))
        draw = lambda: self.plane.sample(self.batch_size, rng=rng())
        return Batch(Tensor(backend.given(draw)), None)

    def test(self) -> Batch:
        """Points that no training step sees."""
        rng = backend.rng(self.seed, "test data")
        return _on_device(self.plane.sample(HELD_OUT, rng=rng))


def names(kind: str) -> tuple[str, ...]:
    """The data of a kind, "images" or "plane": bundled, or for download."""
    rows = [row for row in data.describe() if row.kind == kind]
    return tuple(row.name for row in rows)


def open_data(
    name: str,
    kind: str,
    *,
    batch_size: int,
    seed: int,
    image_size: int = 0,
    color: str = "auto",
    bad_files: str = "refuse",
    fit: Callable[[int], int] = lambda side: side,
):
    """The data of that name, or the images in that folder, for a recipe of a kind.

    name : see `names`, or a path with a separator in it, or of a folder that is there;
        "folder:mnist" is a folder although its name is also that of a data set
    image_size : pixels of a side; 0 for the fitting one
    fit : side -> side that the recipe can make, asked only where image_size is 0
    color : "grey", "rgb", or "auto": as the data are, and RGB for a folder
    bad_files : "skip" leaves out what cannot be read in a folder

    Raises ConfigError with the nearest name and all that would do; DataError for a
    folder that cannot be used.
    """
    if kind == "images" and is_folder(name):
        found = open_folder(
            name.removeprefix(FOLDER),
            size=image_size or fit(FOLDER_SIDE),
            grey=color == "grey",
            skip=bad_files == "skip",
        )
        return Images(found, batch_size=batch_size, seed=seed)
    if kind == "images" and is_celeba(name):
        raise ConfigError(CELEBA)
    if name not in names(kind):
        raise ConfigError(unknown(f"data of kind {kind!r}:", name, names(kind)))
    if name in PLANES:
        return Points(data.plane(name), batch_size=batch_size, seed=seed)
    found = data.load(name)
    size = image_size or fit(found.shape[1])
    return Images(shaped(found, size, color), batch_size=batch_size, seed=seed)


def is_folder(name: str) -> bool:
    """Whether `name` means a folder of images, there or not, and no data set."""
    if name.startswith(FOLDER):
        return True
    known = {"", *(row.name for row in data.describe())}
    separated = any(mark and mark in name for mark in ("/", os.sep, os.altsep))
    return name not in known and (separated or Path(name).expanduser().is_dir())


def shaped(dataset: Dataset, size: int, color: str) -> Dataset:
    """The data set with images of size x size, in grey or RGB if that is asked for."""
    channels = {"auto": dataset.shape[0], "grey": 1, "rgb": 3}[color]
    if dataset.shape == (channels, size, size):
        return dataset
    space = len(dataset) * channels * size * size
    if space > MOST_SPACE:
        raise ConfigError(
            f"image_size={size}: {len(dataset):,} images of {(channels, size, size)} "
            f"take {space / 1e9:.1f} GB. Fix: a smaller image_size"
        )

    def changed(split: Split) -> Split:
        images = recoloured(resized(split.images, size), grey=channels == 1)
        return Split(frozen(images), split.labels)

    train, test = changed(dataset.train), changed(dataset.test)
    sha256 = f"{dataset.sha256} as {channels} x {size} x {size}"
    return replace(dataset, train=train, test=test, sha256=sha256)


def some(split: Split) -> Split:
    """At most 1,000 images of a split, evenly spread over it."""
    if len(split) <= HELD_OUT_IMAGES:
        return split
    index = np.arange(HELD_OUT_IMAGES) * len(split) // HELD_OUT_IMAGES
    return Split(frozen(split.images[index]), frozen(split.labels[index]))


def _on_device(x: np.ndarray, labels: np.ndarray | None = None) -> Batch:
    device = backend.get_device()
    x = Tensor(backend.to_device(x, device))
    if labels is None:
        return Batch(x, None)
    return Batch(x, Tensor(backend.to_device(labels, device)))
