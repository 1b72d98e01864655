"""IDX and CIFAR files: right, bounded, refused when they are not what they say."""

import gzip
import struct
import tarfile
import tracemalloc

import numpy as np
import pytest
from made_files import archive, idx, record, some

from tinygen.data.cifar import TEST, TRAINING, read_cifar, read_cifar_archive
from tinygen.data.idx import read_idx
from tinygen.errors import DataError, IntegrityError


@pytest.mark.parametrize(
    "shape", [(7,), (3, 28, 28), (2, 5, 4), (2, 3, 4, 5), (300, 2)]
)
def test_idx_plain_and_packed(shape, tmp_path):
    array = some(*shape)
    for content in (idx(array), gzip.compress(idx(array))):
        path = tmp_path / "any name"
        path.write_bytes(content)
        for source in (content, path, str(path)):
            found = read_idx(source)
            assert np.array_equal(found, array) and found.dtype == np.uint8


def test_idx_in_several_gzip_parts():
    content = idx(some(9, 9))
    parts = gzip.compress(content[:20]) + gzip.compress(content[20:])
    assert read_idx(parts).shape == (9, 9)


def test_the_first_published_bytes_of_mnist():
    """What the file of training labels begins with: 60,000 labels, 5 0 4 1 9."""
    labels = bytes.fromhex("00000801 0000ea60".replace(" ", "")) + bytes(
        [5, 0, 4, 1, 9]
    )
    with pytest.raises(IntegrityError, match=r"should hold 60,008 bytes.*13 found"):
        read_idx(labels)
    assert read_idx(labels + bytes(59_995))[:5].tolist() == [5, 0, 4, 1, 9]


BAD_IDX = {
    "empty": (b"", DataError, "is no IDX file"),
    "html": (b"<html>", DataError, "is no IDX file: it begins with b'<htm'"),
    "no axes": (b"\0\0\x08\0", DataError, "is no IDX file"),
    "many axes": (b"\0\0\x08\xff" + bytes(2000), DataError, "is no IDX file"),
    "floats": (idx(some(3), kind=13), DataError, "type 13. Fix: type 8"),
    "little-endian": (b"\0\0\x08\x01\x03\0\0\0abc", IntegrityError, "50,331,656 bytes"),
    "half a header": (idx(some(3, 3))[:9], IntegrityError, "9 found"),
    "no numbers": (idx(some(0, 3)), DataError, r"shape \(0, 3\)"),
    "huge": (
        idx(some(1, 1))[:4] + b"\xff" * 8,
        DataError,
        r"4294967295, .* 268,435,456",
    ),
    "short": (idx(some(9, 9))[:-1], IntegrityError, "93 bytes.*92 found"),
    "long": (idx(some(9, 9)) + b"!", IntegrityError, "93 bytes.*94 found"),
    "cut gzip": (gzip.compress(idx(some(99, 9)))[:-9], IntegrityError, "is damaged"),
    "gzip and more": (
        gzip.compress(idx(some(9, 9))) + b"!",
        IntegrityError,
        "94 found",
    ),
}


@pytest.mark.parametrize("name", BAD_IDX)
def test_bad_idx(name):
    content, error, words = BAD_IDX[name]
    with pytest.raises(error, match=words) as caught:
        read_idx(content)
    assert type(caught.value) is error and "Fix:" in str(caught.value)


def test_the_sum_in_a_gzip_file_is_compared():
    packed = bytearray(gzip.compress(idx(some(50, 50))))
    packed[-6] ^= 1  # of the crc32
    with pytest.raises(IntegrityError, match="incorrect data check"):
        read_idx(bytes(packed))


def peak(call):
    tracemalloc.start()
    try:
        call()
    finally:
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return used


def test_no_room_is_made_for_what_a_header_or_a_bomb_promises():
    promise = b"\0\0\x08\x01" + struct.pack(">I", 2**28)
    bomb = gzip.compress(idx(some(4)) + bytes(2**26))

    def both():
        with pytest.raises(IntegrityError):
            read_idx(promise)
        with pytest.raises(IntegrityError):
            read_idx(gzip.compress(promise))
        with pytest.raises(IntegrityError):
            read_idx(bomb)
        with pytest.raises(DataError):
            read_idx(idx(some(10, 10)), most=99)

    assert peak(both) < 4e6


def test_cifar_records():
    content = record(3, 1) + record(9, 2)
    images, labels = read_cifar(content)
    assert labels.tolist() == [3, 9] and images.shape == (2, 3, 32, 32)
    expected = np.frombuffer(content, np.uint8)
    assert images[0, 0, 0, 0] == expected[1] and images[0, 0, 0, 1] == expected[2]
    assert images[0, 0, 1, 0] == expected[33]  # rows of 32
    assert images[0, 1, 0, 0] == expected[1025] and images[1, 2, 31, 31] == expected[-1]
    for wrong in (b"", content[:-1], content + b"!"):
        with pytest.raises(IntegrityError, match=r"not a multiple of 3073.*Fix: get"):
            read_cifar(wrong)
    with pytest.raises(IntegrityError, match=r"label 10 of image 1; possible are 0 to"):
        read_cifar(record(3, 1) + record(10, 2))


def test_cifar_archive_in_any_order(small, tmp_path):
    more = {"cifar-10-batches-bin/readme.html": b"x", "../../etc/evil": b"y"}
    contents = more | dict(reversed(small.items()))
    train, test = read_cifar_archive(archive(tmp_path / "a", contents))
    assert (
        train[1].tolist() == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5] and train[0].shape[0] == 10
    )
    assert test[1].tolist() == [5, 6]
    assert np.array_equal(test[0], read_cifar(small[TEST])[0])
    assert [path.name for path in tmp_path.iterdir()] == ["a"]  # nothing was unpacked


def test_bad_cifar_archives(small, tmp_path):
    path = tmp_path / "a"
    missing = {name: small[name] for name in TRAINING}
    with pytest.raises(
        DataError, match=r"lacks cifar-10-batches-bin/test_batch.bin. F"
    ):
        read_cifar_archive(archive(path, missing))
    with pytest.raises(IntegrityError, match=r"has 6,145 bytes .*, not 6,146. Fix:"):
        read_cifar_archive(archive(path, small | {TEST: small[TEST][:-1]}))
    with pytest.raises(IntegrityError, match=r"data_batch_1.bin has 0 bytes"):
        read_cifar_archive(archive(path, small, kind=tarfile.SYMTYPE))
    with pytest.raises(IntegrityError, match="unpacks to more than"):
        read_cifar_archive(archive(path, small, tail=bytes(2**24)))
    whole = archive(path, small).read_bytes()
    for damaged in (b"", b"<html>", whole[:-100], whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="Fix:"):
            read_cifar_archive(path)


def test_a_bomb_in_an_archive_takes_no_room(small, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(
        gzip.compress(bytes(2**26), 9)
    )  # zeros end an archive: go past them

    def call():
        with pytest.raises(DataError):
            read_cifar_archive(path)

    assert peak(call) < 8e6
