"""Damage of every kind to the input of every reader: documented errors only, in time.

Each of the cases is a whole file that is cut, repeated, flipped, overwritten or filled
with numbers that a length could be.  What comes back is the right type, or a DataError.
"""

import gzip
import io
import struct
import tarfile
import time
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from tinygen.data import cifar, read_cifar, read_idx, read_image
from tinygen.data.cifar import RECORD, TEST, TRAINING, read_cifar_archive
from tinygen.data.folder import open_folder
from tinygen.data.pixels import recall, writing
from tinygen.errors import DataError

CASES = 200
SECONDS = 2.0  # for one case: the machine may be busy
MOST_MEMORY = 32e6  # bytes that Python and NumPy take; files have 1 to 60 kB
LENGTHS = [0, 1, 255, 2**15, 2**31 - 1, 2**31, 2**32 - 1]


def corrupted(whole: bytes, rng) -> bytes:
    """A file with one to three pieces of damage."""
    data = bytearray(whole)
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(len(data) + 1))
        kind = int(rng.integers(7))
        if kind == 0:
            del data[place:]
        elif kind == 1:
            del data[place : place + int(rng.integers(1, 50))]
        elif kind == 2:
            data[place:place] = data[: int(rng.integers(1, 300))]
        elif kind == 3 and data:
            data[min(place, len(data) - 1)] ^= 1 << int(rng.integers(8))
        elif kind == 4:
            data[place : place + 4] = rng.bytes(4)
        elif kind == 5:
            order = "<" if rng.random() < 0.5 else ">"
            number = LENGTHS[int(rng.integers(len(LENGTHS)))]
            data[place : place + 4] = struct.pack(f"{order}I", number)
        else:  # where headers are
            place = int(rng.integers(min(64, len(data)) + 1))
            data[place : place + 1] = rng.bytes(1)
    return bytes(data)


def fuzz(whole, read, right, seed, cases=CASES):
    """Read damaged copies; -> how many were read, how many refused."""
    assert right(read(whole))
    rng, outcomes = np.random.default_rng(seed), [0, 0]
    for _ in range(cases):
        data = corrupted(whole, rng)
        started = time.perf_counter()
        try:
            assert right(read(data))
            outcomes[0] += 1
        except DataError as error:
            assert "Fix:" in str(error) and "\n" not in str(error)
            assert len(str(error)) < 2000
            outcomes[1] += 1
        assert time.perf_counter() - started < SECONDS
    return outcomes


def bounded(call):
    """What a call returns, if it took no more memory than it may."""
    tracemalloc.start()
    try:
        result = call()
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()
    return result


def idx_file(shape=(6, 9, 8)):
    numbers = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return bytes([0, 0, 8, len(shape)]) + struct.pack(">3I", *shape) + numbers.tobytes()


@pytest.mark.parametrize("packed", [False, True])
def test_idx(packed):
    whole = gzip.compress(idx_file()) if packed else idx_file()
    right = lambda found: found.dtype == np.uint8 and found.size <= 2**16
    _, refused = bounded(lambda: fuzz(whole, read_idx, right, seed=packed))
    assert refused > CASES / 2


def right_records(found):
    images, labels = found
    return images.shape == (len(labels), 3, 32, 32) and labels.max() < 10


def records(n, seed=0):
    rows = np.random.default_rng(seed).integers(0, 256, (n, RECORD), np.uint8)
    rows[:, 0] %= 10
    return rows.tobytes()


def test_cifar_records():
    _, refused = bounded(lambda: fuzz(records(3), read_cifar, right_records, seed=1))
    assert refused > CASES / 2


def test_cifar_archives(monkeypatch, tmp_path):
    monkeypatch.setattr(cifar, "IN_BATCH", 1)
    monkeypatch.setattr(cifar, "MOST", 2**17)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        for i, name in enumerate((*TRAINING, TEST)):
            about = tarfile.TarInfo(name)
            about.size = RECORD
            packed.addfile(about, io.BytesIO(records(1, i)))

    def read(data):
        path = tmp_path / "a"
        path.write_bytes(data)
        return read_cifar_archive(path)

    def read_packed(data):
        return read(gzip.compress(data, 0))

    right = lambda found: all(right_records(part) for part in found)
    plain, packed = file.getvalue(), gzip.compress(file.getvalue())
    heads = lambda: fuzz(plain, read_packed, right, seed=2)
    _, refused = bounded(heads)
    assert refused > CASES / 4
    _, refused = bounded(lambda: fuzz(packed, read, right, seed=3))
    assert refused > CASES / 2


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF"])
def test_images(kind):
    pixels = np.random.default_rng(0).integers(0, 256, (19, 23, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    read = lambda data: read_image(data, size=8)
    right = lambda found: found.shape == (3, 8, 8) and found.dtype == np.uint8
    seed = 10 + len(kind) + ord(kind[0])
    outcomes = bounded(lambda: fuzz(file.getvalue(), read, right, seed))
    assert outcomes[1] > CASES / 10


def test_copies_of_folders(tmp_path):
    """What is not whole counts as absent: never an error, never other pixels."""
    path, rng = tmp_path / "copy", np.random.default_rng(4)
    with writing(path, "key", (3, 4, 4), ["a", "b"]) as target:
        for i in range(6):
            part = "train" if i < 4 else "test"
            target.add(part, rng.integers(0, 256, (3, 4, 4), np.uint8), i % 2)
    whole, before = path.read_bytes(), recall(path, "key")
    images = before.images.copy()
    for _ in range(CASES):
        data = corrupted(whole, rng)
        path.write_bytes(data)
        found = bounded(lambda: recall(path, "key"))
        if found is not None:
            assert np.array_equal(found.images, images)
            assert np.array_equal(found.labels, before.labels)
            assert (found.classes, found.train) == (before.classes, before.train)
            assert found.sha256 == before.sha256


def test_a_folder_of_damaged_files(tmp_path, home):
    place, rng = tmp_path / "pictures", np.random.default_rng(5)
    place.mkdir()
    for i in range(60):
        pixels = rng.integers(0, 256, (12, 12, 3), np.uint8)
        file = io.BytesIO()
        kind = ("PNG", "JPEG", "WEBP", "BMP", "GIF")[i % 5]
        Image.fromarray(pixels).save(file, kind)
        whole = file.getvalue()
        (place / f"{i}.{kind}").write_bytes(whole if i < 10 else corrupted(whole, rng))
    with pytest.raises(DataError, match=r"image files in .* cannot be read: '"):
        open_folder(place, size=8)
    found = open_folder(place, size=8, skip=True)
    assert 10 <= len(found) < 60 and found.shape == (3, 8, 8)
