"""A folder of image files as a data set: decoded once, kept on disk, memory-mapped.

The files are found in the order of their names and decoded by `tinygen.data.formats`.
Their pixels are written to one file under `tinygen.data.home()`, and from then on that
file is mapped, not loaded, so a folder may be larger than the memory.  It is written
anew when a name, size or time of change in the folder differs.  The data set's `sha256`
is that of the pixels, labels and classes themselves: it follows what a training step
sees, not the dates or the place of the files.
"""

import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tinygen.data.bundled import Dataset, Split, frozen, stratified_split
from tinygen.data.formats import (
    HEAD,
    Unreadable,
    bounded,
    decoded,
    kind_of,
    pillow,
)
from tinygen.data.home import home
from tinygen.data.pixels import Pixels, recall, writing
from tinygen.errors import ConfigError, DataError

ENDINGS = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".gif"}
MOST_FILES = 2**21  # in a folder, 2 million
MOST_SIDE = 1024  # pixels of an image after resizing
HELD_OUT = 1000  # images at most, or one in five if that is less
LISTED = 8  # files named in an error
PARTS = "train", "test"
ONE_CLASS = "image"  # not the folder's name: it may be moved
RULES = 1  # a new number, if the rules of `formats` change


@dataclass(frozen=True)
class Options:
    """How images are read; `open_folder` says what the fields mean."""

    size: int
    grey: bool
    skip: bool

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image."""
        return (1 if self.grey else 3, self.size, self.size)

    def place(self, folder: Path) -> Path:
        """Where the pixels of a folder, read in this way, are kept."""
        words = f"{RULES} {self.size} {self.grey} {self.skip} ".encode()
        name = hashlib.sha256(words + os.fsencode(folder)).hexdigest()[:32]
        return home() / "folders" / f"{name}.pixels"


@dataclass(frozen=True)
class Problem:
    """A file that cannot be used, and why."""

    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file!r} {self.reason}"


@dataclass(frozen=True)
class Contents:
    """What lies in a folder.

    files : the images, relative to the folder      labels : (N,), of each
    classes : the names of the subfolders, or "image"
    problems : files that are called images and are none      others : all the rest
    """

    files: list[str] = field(repr=False)
    labels: np.ndarray = field(repr=False)
    classes: tuple[str, ...]
    problems: list[Problem]
    others: int


def open_folder(
    path: Path | str, *, size: int = 64, grey: bool = False, skip: bool = False
) -> Dataset:
    """The images in a folder, cropped to squares and resized; rules in `formats`.

    size : pixels of a side      grey : one channel instead of three
    skip : leave out files that cannot be read instead of refusing the folder
    -> Dataset with memory-mapped images; `.classes` are the subfolders if all images
       lie in subfolders, else there is one class

    Held out is one image in five of each class, at most about 1,000 in all, chosen by
    place in the order of names: see `stratified_split`.
    Raises DataError, naming the files, if some cannot be read and skip is not set, or
    if fewer than two can; ConfigError for an impossible size or without Pillow.
    """
    options = Options(size, grey, skip)
    folder = checked(Path(path), size)
    pillow()
    found = listing(folder)
    key, stored = key_of(found), options.place(folder)
    pixels = recall(stored, key)
    if pixels is None:
        pixels = decode_all(folder, found, stored, key, options)
    return as_dataset(folder.name or str(folder), pixels)


def checked(path: Path, size: int) -> Path:
    """The absolute path of a folder that is there; a size that is possible."""
    if not 1 <= size <= MOST_SIDE:
        raise ConfigError(f"image size {size}. Fix: 1 to {MOST_SIDE}; 64 is usual")
    folder = path.expanduser().absolute()
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise DataError(f"{str(folder)!r} {what}. Fix: name a folder of image files")
    return folder


def listing(folder: Path) -> list[tuple[str, int, int]]:
    """(name, bytes, time of change in ns) of each regular file below, sorted by name.

    Hidden files and folders, and what macOS puts into archives, are left out; links to
    folders are not followed.  Raises DataError for more than 2 million files, or for a
    folder that may not be read.
    """

    def unread(error):
        raise DataError(
            f"{error.filename!r} cannot be read ({error.strerror}). "
            "Fix: allow it, or name another folder"
        )

    found = []
    for place, folders, names in os.walk(folder, onerror=unread):
        folders[:] = sorted(name for name in folders if not hidden(name))
        for name in filter(lambda name: not hidden(name), names):
            path = os.path.join(place, name)
            try:
                about = os.stat(path)
            except OSError:  # a link that leads nowhere
                continue
            if stat.S_ISREG(about.st_mode):
                inside = Path(path).relative_to(folder).as_posix()
                found.append((inside, about.st_size, about.st_mtime_ns))
        if len(found) > MOST_FILES:
            raise DataError(
                f"{str(folder)!r} holds more than {MOST_FILES:,} files. "
                "Fix: name a smaller folder"
            )
    return sorted(found, key=lambda row: os.fsencode(row[0]))


def hidden(name: str) -> bool:
    """Whether a name is none that a person gave to a picture."""
    return name.startswith(".") or name == "__MACOSX"


def key_of(found) -> str:
    """What tells one state of a folder from another: names, sizes, times of change."""
    digest = hashlib.sha256()
    for name, count, changed in found:
        digest.update(os.fsencode(name) + f"\0{count} {changed}\n".encode())
    return digest.hexdigest()


def look_through(folder: Path, found) -> Contents:
    """Which files are images, by their first bytes, and what they are labelled."""
    files, problems, others = [], [], 0
    for name, _, _ in found:
        try:
            with open(folder / name, "rb") as file:
                head = file.read(HEAD)
        except OSError as error:
            problems.append(Problem(name, f"cannot be read ({error.strerror})"))
            continue
        if kind_of(head) is not None:
            files.append(name)
        elif Path(name).suffix.lower() in ENDINGS:
            problems.append(Problem(name, "is not a PNG, JPEG, WebP, BMP or GIF image"))
        else:
            others += 1
    labels, classes = labelled(files)
    return Contents(files, labels, classes, problems, others)


def labelled(files: list[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels and classes: the topmost subfolders, if every image lies in one.

    >>> labelled(["cat/1.png", "cat/2.png", "dog/old/1.png"])
    (array([0, 0, 1]), ('cat', 'dog'))
    >>> labelled(["1.png", "dog/2.png"])
    (array([0, 0]), ('image',))
    """
    tops = [file.split("/", 1)[0] if "/" in file else None for file in files]
    if not tops or None in tops:
        return np.zeros(len(files), np.int64), (ONE_CLASS,)
    classes, labels = np.unique(tops, return_inverse=True)
    return labels.astype(np.int64), tuple(str(one) for one in classes)


def split_of(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of training and held-out images; neither is empty if there are two.

    Every fifth of each class, or every n-th, so that about 1,000 are held out.
    """
    every = max(5, -(-len(labels) // HELD_OUT))
    train, test = stratified_split(labels, every=every)
    if len(test):
        return train, test
    together = np.zeros(len(labels), np.int64)  # classes too small to hold out of each
    return stratified_split(together, every=max(1, min(every, len(labels))))


def decode_all(folder: Path, found, path: Path, key: str, options: Options) -> Pixels:
    """Decode every image, training images first, into the file that `recall` reads.

    Raises DataError as `open_folder` does; then no file is left.
    """
    contents = look_through(folder, found)
    problems = list(contents.problems)
    with writing(path, key, options.shape, contents.classes) as target:
        decode_into(target, folder, contents, options, problems)
        if problems and not options.skip:
            raise refusal(folder, problems)
        if 0 in target.counts():
            raise too_few(folder, target.counts(), problems, contents)
    pixels = recall(path, key)
    if pixels is None:
        raise DataError(f"{path} was written and is not there. Fix: try again")
    return pixels


def decode_into(target, folder: Path, contents: Contents, options, problems) -> None:
    """Give the images of both parts to a `Writer`, and add files that fail to problems.

    A bar on stderr shows how far it is, if that is a terminal and takes its time.
    """
    from tqdm import tqdm

    total = len(contents.files)
    bar = tqdm(total=total, desc="images", delay=2, disable=None, leave=False)
    with bar:
        for part, indices in zip(PARTS, split_of(contents.labels), strict=True):
            for index in indices:
                file = contents.files[index]
                try:
                    data = bounded(folder / file)
                    image = decoded(data, options.size, options.grey)
                    target.add(part, image, contents.labels[index])
                except Unreadable as error:
                    problems.append(Problem(file, str(error)))
                bar.update()


def refusal(folder: Path, problems: list[Problem]) -> DataError:
    """The error that names the files that cannot be read."""
    shown = "; ".join(str(problem) for problem in problems[:LISTED])
    more = f"; and {len(problems) - LISTED} more" if len(problems) > LISTED else ""
    return DataError(
        f"{len(problems)} of the image files in {str(folder)!r} cannot be read: "
        f"{shown}{more}. Fix: repair or remove them, or --set bad_files=skip"
    )


def too_few(folder, counts, problems, contents) -> DataError:
    """The error for a folder without two images."""
    return DataError(
        f"{sum(counts)} images in {str(folder)!r}, besides {len(problems)} that cannot "
        f"be read and {contents.others} files of other kinds; needed are 2, one of "
        "them to hold out. Fix: PNG, JPEG, WebP, BMP or GIF files, in subfolders or not"
    )


def as_dataset(name: str, pixels: Pixels) -> Dataset:
    """The mapped pixels as a data set."""
    count = pixels.train
    train, test = (
        Split(frozen(pixels.images[part]), frozen(pixels.labels[part]))
        for part in (slice(count), slice(count, None))
    )
    return Dataset(name, train, test, pixels.classes, pixels.sha256)
