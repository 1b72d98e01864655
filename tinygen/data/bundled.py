"""Real data sets that come with the package: no download, no account, no network."""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from tinygen.data.catalogue import ENTRIES, Entry
from tinygen.errors import DataError, IntegrityError

FOLDER = Path(__file__).with_name("files")
REINSTALL = "Fix: pip install --force-reinstall --no-deps tinygen"
TEST_EVERY = 5  # one sample in five of each class is a test sample


@dataclass(frozen=True, eq=False)
class Split:
    """Images and their labels, read-only.

    images : (N, C, H, W) uint8      labels : (N,) int64, label i means classes[i]
    """

    images: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named set of images of one size, divided into `train` and `test`.

    classes : the name of each label      sha256 : of the file the images came from
    symmetric : whether images may be mirrored, left to right: faces, but no digits
    """

    name: str
    train: Split
    test: Split
    classes: tuple[str, ...]
    sha256: str
    symmetric: bool = False

    @property
    def num_classes(self) -> int:
        """How many labels there are."""
        return len(self.classes)

    @property
    def shape(self) -> tuple[int, ...]:
        """(C, H, W) of one image."""
        return self.train.images.shape[1:]

    @property
    def all(self) -> Split:
        """The training samples followed by the test samples."""
        both = (self.train, self.test)
        images = np.concatenate([part.images for part in both])
        return Split(frozen(images), frozen(np.concatenate([p.labels for p in both])))

    def __len__(self) -> int:
        return len(self.train) + len(self.test)

    def __repr__(self) -> str:
        return (
            f"Dataset({self.name!r}: {len(self.train)} train + {len(self.test)} test, "
            f"images {self.shape} uint8, {self.num_classes} classes)"
        )


class Photos(dict):
    """Name -> image, (3, H, W) or (1, H, W) uint8, read-only; sizes differ.

    Raises DataError with the nearest name for a photo that is not there.
    """

    def __missing__(self, name):
        raise DataError(unknown("photo", name, self))


def names() -> tuple[str, ...]:
    """The names that `load` knows."""
    return tuple(entry.name for entry in ENTRIES)


def load(name: str, *, folder: Path | str = FOLDER) -> Dataset | Photos:
    """Load a bundled data set; the file's sha256 is checked every time.

    name : one of `names()`      folder : where the files lie; the package's own
    -> Dataset with .train and .test; for "photos" a mapping of name to image

    >>> load("mnist").train.images.shape
    (4000, 1, 28, 28)

    Which samples are test samples never changes: see `stratified_split`.  Samples are
    ordered so that every prefix holds the classes as evenly as possible.
    Raises DataError if the name is unknown or the file is missing; IntegrityError if
    the file is not the one that was published.
    """
    entries = {entry.name: entry for entry in ENTRIES}
    if name not in entries:
        raise DataError(unknown("data set", name, entries))
    entry = entries[name]
    arrays = read(Path(folder) / entry.file, entry.sha256)
    if name == "photos":
        return Photos({key: frozen(image) for key, image in arrays.items()})
    return as_dataset(entry, arrays["images"], arrays["labels"].astype(np.int64))


def as_dataset(entry: Entry, images: np.ndarray, labels: np.ndarray) -> Dataset:
    """Keep the labels that the entry asks for, and split."""
    if entry.labels_kept is not None:
        chosen = np.isin(labels, entry.labels_kept)
        images = images[chosen]
        labels = np.searchsorted(entry.labels_kept, labels[chosen])
    train, test = (
        Split(frozen(images[index]), frozen(labels[index]))
        for index in stratified_split(labels)
    )
    about = entry.name, train, test, entry.classes, entry.sha256
    return Dataset(*about, symmetric=entry.symmetric)


def stratified_split(
    labels: np.ndarray, *, every: int = TEST_EVERY
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of training and of test samples: a pure function of the labels.

    rank[i] = how many samples of the class of i come before i
    i is a test sample if and only if rank[i] % every == every - 1

    labels : (N,) integers
    -> two index arrays, each sorted by rank and then by label, so that classes take
       turns and every prefix holds them as evenly as possible
    """
    labels = np.asarray(labels)
    rank = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        rank[labels == label] = np.arange(np.count_nonzero(labels == label))
    order = np.lexsort((labels, rank))
    in_test = rank[order] % every == every - 1
    return order[~in_test], order[in_test]


def read(path: Path, sha256: str) -> dict[str, np.ndarray]:
    """The arrays of an npz file, once its bytes are known to be the right ones."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"data file {path} is missing. {REINSTALL}") from error
    got = hashlib.sha256(data).hexdigest()
    if got != sha256:
        raise IntegrityError(
            f"data file {path} ({len(data):,} bytes) is damaged: "
            f"expected sha256 {sha256}, got {got}. {REINSTALL}"
        )
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def frozen(array: np.ndarray) -> np.ndarray:
    """The same array, made read-only."""
    array.flags.writeable = False
    return array


def unknown(kind: str, name, known: Iterable[str]) -> str:
    """The message for a name that is not among those known."""
    known = sorted(known)
    near = get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f"{near[0]!r}, or another of {known}" if near else f"one of {known}"
    return f"unknown {kind} {name!r}. Fix: use {hint}"
