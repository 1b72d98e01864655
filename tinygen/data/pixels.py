"""A file of decoded images that is mapped into memory instead of being loaded.

pixels (N, C, H, W) uint8 | JSON: key, shape, classes, labels, train, sha256
| length of the JSON, 8 bytes, little-endian

Training images come first, so both parts of the split are slices.  A file that is not
whole, or whose sha256 is not that of its contents, counts as absent: it is only a copy.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tinygen.data.home import made
from tinygen.files import TEMPORARY

BLOCK = 2**24  # bytes hashed at a time
MOST_TRAILER = 2**28  # bytes
UNFIT = (  # what reading a file that is none of ours can raise
    OSError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True, eq=False)
class Pixels:
    """Images (N, C, H, W) uint8, mapped, and labels (N,); the first `train` to learn.

    sha256 : of pixels, labels and what they mean
    """

    images: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    train: int
    classes: tuple[str, ...]
    sha256: str


class Writer:
    """Takes images one by one, those to train on first."""

    def __init__(self, file):
        self.file, self.digest = file, hashlib.sha256()
        self.labels: dict[str, list[int]] = {"train": [], "test": []}

    def add(self, part: str, image: np.ndarray, label: int) -> None:
        """Append one image (C, H, W) of the part "train", or after those "test"."""
        content = np.ascontiguousarray(image, np.uint8).tobytes()
        self.file.write(content)
        self.digest.update(content)
        self.labels[part].append(int(label))

    def counts(self) -> tuple[int, int]:
        """Images to train on, images held out."""
        return len(self.labels["train"]), len(self.labels["test"])

    def finish(self, key: str, shape, classes) -> None:
        """Write what the pixels mean."""
        train, test = self.counts()
        about = {
            "shape": [train + test, *shape],
            "train": train,
            "classes": list(classes),
            "labels": self.labels["train"] + self.labels["test"],
        }
        sha256 = meaning(self.digest, about)
        trailer = json.dumps({**about, "key": key, "sha256": sha256}).encode()
        self.file.write(trailer + len(trailer).to_bytes(8, "little"))


@contextmanager
def writing(path: Path, key: str, shape, classes) -> Iterator[Writer]:
    """A `Writer` whose file appears at `path`, whole, if the block ends well."""
    made(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        with open(temporary, "xb") as file:
            writer = Writer(file)
            yield writer
            writer.finish(key, shape, classes)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def recall(path: Path, key: str) -> Pixels | None:
    """What was written to `path` under that key; None if it is not there, or damaged.

    The pixels are hashed each time: about a second for each GB.
    """
    try:
        about = trailer_of(path)
        if about.pop("key") != key:
            return None
        sha256, shape = about.pop("sha256"), tuple(about["shape"])
        images = np.memmap(path, np.uint8, "r", shape=shape)
        labels = np.array(about["labels"], np.int64)
        good = labels.shape == shape[:1] and sha256 == meaning(hashed(images), about)
        classes = tuple(about["classes"])
    except UNFIT:
        return None
    return Pixels(images, labels, about["train"], classes, sha256) if good else None


def trailer_of(path: Path) -> dict:
    """The JSON at the end of a file; ValueError if there is none."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 8))
        length = int.from_bytes(file.read(8), "little")
        if not 0 < length <= min(size - 8, MOST_TRAILER):
            raise ValueError("no trailer")
        file.seek(size - 8 - length)
        return json.loads(file.read(length))


def hashed(images: np.ndarray):
    """A sha256 that has seen all pixels, read a block at a time."""
    digest = hashlib.sha256()
    rows = max(1, BLOCK // max(1, images[:1].size))
    for start in range(0, len(images), rows):
        digest.update(np.ascontiguousarray(images[start : start + rows]))
    return digest


def meaning(digest, about: dict) -> str:
    """The sha256 of pixels already seen and of what is said about them."""
    digest.update(json.dumps(about, sort_keys=True).encode())
    return digest.hexdigest()
