"""IDX files: arrays of bytes behind a short header, the format of MNIST.

0 0 | type, 8 = unsigned bytes | number of axes | length of each axis | the numbers,
lengths as 4 bytes, the highest first.  Often packed by gzip.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database", at the foot.
"""

import math
import zlib
from pathlib import Path

import numpy as np

from tinygen.errors import DataError, IntegrityError

MOST = 2**28  # numbers in one array, 268 million
UNSIGNED_BYTES = 8
AXES = range(1, 5)
PACKED = b"\x1f\x8b"  # how a gzip file begins
GZIP = 31  # what zlib calls that format
STEP = 2**20  # bytes unpacked at a time


def read_idx(source: Path | str | bytes, *, most: int = MOST) -> np.ndarray:
    """The array in an IDX file, packed by gzip or not, told by its first bytes.

    source : a path, or the bytes of a file      most : numbers that are too many
    -> uint8, of the shape that the header says, read-only

    Room is made for what the header says only if that is not too much, and no more is
    ever unpacked.
    Raises DataError for what is no IDX file of bytes or too large; IntegrityError if it
    is cut off, damaged, or longer than its header says.
    """
    name = "these bytes" if isinstance(source, bytes) else str(source)
    data = source if isinstance(source, bytes) else contents(Path(source))
    start = head(data, 4 + 4 * AXES[-1])
    shape = shape_of(start, name, most)
    skip, count = 4 + 4 * len(shape), math.prod(shape)
    body = unpacked(data, skip + count, name)
    return np.frombuffer(body, np.uint8, count, skip).reshape(shape)


def contents(path: Path) -> bytes:
    """The bytes of a file; DataError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}). Fix: name a file that can"
        ) from error


def head(data: bytes, count: int) -> bytes:
    """The first bytes of what a file holds; fewer, or none, if it is damaged."""
    if not data.startswith(PACKED):
        return data[:count]
    try:
        return zlib.decompressobj(GZIP).decompress(data[:1024], count)
    except zlib.error:
        return b""


def shape_of(start: bytes, name: str, most: int) -> tuple[int, ...]:
    """The shape that a header says; DataError if it is none, or too large."""
    if len(start) < 4 or start[:2] != b"\0\0" or start[3] not in AXES:
        raise DataError(
            f"{name} is no IDX file: it begins with {start[:4]!r}. Fix: 0, 0, type, "
            "number of axes, as the files of MNIST have it"
        )
    if start[2] != UNSIGNED_BYTES:
        raise DataError(
            f"{name} holds numbers of type {start[2]}. Fix: type 8, unsigned bytes"
        )
    end = 4 + 4 * start[3]
    if len(start) < end:
        raise cut_off(name, end, len(start))
    shape = tuple(int(n) for n in np.frombuffer(start[4:end], ">u4"))
    if not 0 < math.prod(shape) <= most:
        raise DataError(f"{name} says shape {shape}. Fix: 1 to {most:,} numbers")
    return shape


def unpacked(data: bytes, expected: int, name: str) -> bytes:
    """The file without gzip, if it has exactly the expected length.

    The sum at the end of a gzip file is checked by zlib.
    """
    if not data.startswith(PACKED):
        if len(data) != expected:
            raise cut_off(name, expected, len(data))
        return data
    try:
        body, rest = gunzip(data, expected + 1)
        while rest.startswith(PACKED) and len(body) <= expected:
            more, rest = gunzip(rest, expected + 1 - len(body))
            body += more
    except zlib.error as error:
        raise IntegrityError(
            f"{name} is damaged: gzip says {error}. Fix: delete it and get it again"
        ) from error
    if len(body) != expected or rest:
        raise cut_off(name, expected, len(body) + len(rest))
    return body


def gunzip(data: bytes, most: int) -> tuple[bytes, bytes]:
    """At most so many bytes of the first gzip stream, and what follows the stream.

    Raises zlib.error if it is damaged or cut off.
    """
    worker, parts = zlib.decompressobj(GZIP), []
    while most and not worker.eof:
        part = worker.decompress(data, min(STEP, most))
        data, most = worker.unconsumed_tail, most - len(part)
        parts.append(part)
        if not part and not data and not worker.eof:
            raise zlib.error("the stream is cut off")
    return b"".join(parts), worker.unused_data or data


def cut_off(name: str, expected: int, count: int) -> IntegrityError:
    """The error for a file of another length than its header says."""
    return IntegrityError(
        f"{name} should hold {expected:,} bytes, as its header says, and does not "
        f"({count:,} found). Fix: delete it and get it again"
    )
