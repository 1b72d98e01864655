"""Full data sets, from the files that `tinygen.data.fetch` or a person put in place.

The sha256 of each file is checked every time, before anything in it is looked at.
"""

import hashlib
from pathlib import Path

import numpy as np

from tinygen.data import bundled
from tinygen.data.bundled import Dataset, Photos, Split, frozen, unknown
from tinygen.data.cifar import read_cifar_archive
from tinygen.data.home import home
from tinygen.data.idx import read_idx
from tinygen.data.published import CELEBA, PUBLISHED, Published, Remote
from tinygen.errors import DataError, IntegrityError

BLOCK = 2**22  # bytes hashed at a time


def load(name: str, *, folder: Path | str | None = None) -> Dataset | Photos:
    """A data set by name: one of those that come with the package, or a downloaded one.

    name : as `tinygen data list` lists them; those in the plane are for `plane`
    folder : where the files lie; the package's own, or `place_of` a full set
    -> Dataset with .train and .test; for "photos" a mapping of name to image

    >>> load("mnist").train.images.shape
    (4000, 1, 28, 28)

    The bundled ones are split as `stratified_split` says and ordered so that every
    prefix holds the classes as evenly as possible; the full ones as their makers have
    split and ordered them.  Nothing is downloaded: that is what `download` is for.
    Raises DataError for an unknown name, or for files that are not there, telling where
    to get them and where to put them; IntegrityError if one is not the published file.
    """
    if name in PUBLISHED:
        one = PUBLISHED[name]
        return load_full(one, place_of(one) if folder is None else Path(folder))
    if name not in bundled.names():
        raise DataError(refusal(name))
    return bundled.load(name, folder=bundled.FOLDER if folder is None else folder)


def refusal(name: str) -> str:
    """The message for a name that is not known; CelebA's says what to do."""
    if is_celeba(name):
        return CELEBA
    return unknown("data set", name, [*bundled.names(), *PUBLISHED])


def is_celeba(name: str) -> bool:
    """Whether a name means the faces that only a person may download."""
    return name.lower().replace("-", "").replace("_", "") == "celeba"


def place_of(one: Published) -> Path:
    """The folder that holds the files of a full data set."""
    return home() / "downloads" / one.name


def missing(one: Published, folder: Path) -> list[Remote]:
    """The files that are not there, or not of the right size."""
    return [file for file in one.files if size_of(folder / file.name) != file.size]


def size_of(path: Path) -> int | None:
    """Bytes of a file; None if there is none."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def load_full(one: Published, folder: Path) -> Dataset:
    """Check the files and read them."""
    absent = missing(one, folder)
    if absent:
        raise DataError(not_here(one, folder, absent))
    for file in one.files:
        check(folder / file.name, file)
    paths = [folder / file.name for file in one.files]
    read = {"idx": read_four, "cifar": lambda path: read_cifar_archive(path)}
    parts = read[one.kind](*paths)
    for (images, labels), count in zip(parts, one.count, strict=True):
        check_counts(one, images, labels, count)
    train, test = (Split(frozen(images), frozen(y)) for images, y in parts)
    facts = "".join(file.sha256 for file in one.files).encode()
    sha256 = hashlib.sha256(facts).hexdigest()
    return Dataset(one.name, train, test, one.classes, sha256, symmetric=one.symmetric)


def read_four(*paths: Path):
    """((images, labels) to learn, (images, labels) held out) of four IDX files."""
    arrays = [read_idx(path) for path in paths]
    return [
        (images[:, None], labels.astype(np.int64))  # (N, 28, 28) -> (N, 1, 28, 28)
        for images, labels in zip(arrays[::2], arrays[1::2], strict=True)
    ]


def check_counts(one: Published, images, labels, count: int) -> None:
    """Raise IntegrityError unless images and labels are what they must be."""
    good = images.shape == (count, *one.shape) and labels.shape == (count,)
    if not good or labels.max() >= len(one.classes):
        raise IntegrityError(
            f"{one.name}: images {images.shape}, labels {labels.shape} up to "
            f"{labels.max()}, expected {(count, *one.shape)} and {len(one.classes)} "
            "classes. Fix: delete the files and download them again"
        )


def check(path: Path, file: Remote) -> None:
    """Raise IntegrityError unless the file is the published one."""
    digest = hashlib.sha256()
    with open(path, "rb") as opened:
        while block := opened.read(BLOCK):
            digest.update(block)
    if digest.hexdigest() != file.sha256:
        raise IntegrityError(
            f"{path} is not the published file: expected sha256 {file.sha256}, got "
            f"{digest.hexdigest()}. Fix: delete it and download it again"
        )


def not_here(one: Published, folder: Path, absent: list[Remote]) -> str:
    """What to do about files that are not there."""
    total = sum(file.size for file in absent) / 1e6
    return (
        f"{one.name} is not on this computer: {len(absent)} of {len(one.files)} files "
        f"({total:.1f} MB) are missing in {folder}. "
        f"Fix: tinygen data download {one.name}; or {by_hand(one, folder, absent)}"
    )


def by_hand(one: Published, folder: Path, absent: list[Remote]) -> str:
    """How to put files in place without tinygen, and what to use instead."""
    names = " and ".join(file.name for file in absent)
    return (
        f"on a computer with a network get {names} from {one.mirrors[0]} and put what "
        f"you get, unchanged and under the same name, into {folder}; or use what is "
        "part of tinygen and needs no network: --data mnist, digits or faces"
    )
