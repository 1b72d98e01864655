"""The binary files of CIFAR-10: a byte of label, then 3 x 32 x 32 bytes, and again.

The version "for Python" of the same data is a pickle, which can run code when opened;
this one is only numbers.  An archive is read file by file and never unpacked to disk,
so no name in it can lead anywhere.

Source: A. Krizhevsky, cs.toronto.edu/~kriz/cifar.html, "Binary version".
"""

import gzip
import io
import tarfile
import zlib
from pathlib import Path

import numpy as np

from tinygen.errors import DataError, IntegrityError

SHAPE = (3, 32, 32)
RECORD = 1 + 3 * 32 * 32  # bytes of one image and its label
LABELS = 10
IN_BATCH = 10_000  # images in each file of the archive
FOLDER = "cifar-10-batches-bin/"
TRAINING = tuple(f"{FOLDER}data_batch_{i}.bin" for i in range(1, 6))
TEST = f"{FOLDER}test_batch.bin"
MOST = 7 * IN_BATCH * RECORD  # bytes of the unpacked archive, a sixth more than it has
BLOCK = 2**20  # bytes read at a time
BROKEN = (OSError, EOFError, tarfile.TarError, zlib.error, ValueError, OverflowError)


def read_cifar(data: bytes, *, name: str = "these bytes"):
    """The images and labels in one binary file.

    -> (N, 3, 32, 32) uint8, red first, and (N,) int64
    Raises IntegrityError for a length that is none of whole images, or a label above 9.
    """
    if not data or len(data) % RECORD:
        raise IntegrityError(
            f"{name} has {len(data):,} bytes, not a multiple of {RECORD}, which is one "
            "image. Fix: get it again"
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    labels = records[:, 0].astype(np.int64)
    if labels.max() >= LABELS:
        raise IntegrityError(
            f"{name}: label {labels.max()} of image {labels.argmax()}; possible are 0 "
            "to 9. Fix: get it again"
        )
    return records[:, 1:].reshape(-1, *SHAPE), labels


def read_cifar_archive(path: Path | str):
    """Training images and labels, test images and labels, from cifar-10-binary.tar.gz.

    -> ((50000, 3, 32, 32) uint8, (50000,) int64), ((10000, ...), (10000,))
    Raises DataError if files are missing in it; IntegrityError if it is damaged, or
    unpacks to far more than CIFAR-10 has.
    """
    found = {}
    try:
        with gzip.open(path) as stream:
            bounded = Bounded(stream, MOST)
            with tarfile.open(fileobj=bounded, mode="r|") as packed:
                for member in packed:
                    if member.name in (*TRAINING, TEST):
                        found[member.name] = batch(packed, member)
            while bounded.read(BLOCK):  # to its end, where gzip compares a sum
                pass
    except BROKEN as error:
        if isinstance(error, DataError):
            raise
        raise IntegrityError(
            f"{path} is damaged ({' '.join(str(error).split()):.200}). "
            "Fix: delete it and get it again"
        ) from error
    missing = sorted({*TRAINING, TEST} - found.keys())
    if missing:
        raise DataError(
            f"{path} lacks {', '.join(missing)}. Fix: take cifar-10-binary.tar.gz, the "
            "binary version"
        )
    images, labels = zip(*(found[name] for name in TRAINING), strict=True)
    return (np.concatenate(images), np.concatenate(labels)), found[TEST]


def batch(archive: tarfile.TarFile, member: tarfile.TarInfo):
    """One file of the archive, if it is a file and has the size that it must have."""
    if not member.isreg() or member.size != IN_BATCH * RECORD:
        raise IntegrityError(
            f"{member.name} has {member.size:,} bytes in the archive, not "
            f"{IN_BATCH * RECORD:,}. Fix: delete the archive and get it again"
        )
    return read_cifar(archive.extractfile(member).read(), name=member.name)


class Bounded(io.RawIOBase):
    """A stream that ends with an error after so many bytes: a bomb is not unpacked."""

    def __init__(self, stream, most: int):
        self.stream, self.left = stream, most

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer) -> int:
        """Fill the buffer, with at most one byte more than is allowed."""
        data = self.stream.read(min(len(buffer), self.left + 1))
        self.left -= len(data)
        if self.left < 0:
            raise IntegrityError("unpacks to more than it can hold. Fix: get it again")
        buffer[: len(data)] = data
        return len(data)
