"""IDX and CIFAR files, and the data sets made of them: right, bounded, checked."""

import gzip
import hashlib
import io
import struct
import tarfile
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from tinygen import data
from tinygen.cli import main
from tinygen.data import cifar, full
from tinygen.data.cifar import RECORD, TEST, TRAINING, read_cifar, read_cifar_archive
from tinygen.data.idx import read_idx
from tinygen.data.published import CIFAR10, MNIST, NAMES, PUBLISHED, Remote
from tinygen.errors import DataError, IntegrityError
from tinygen.train.source import open_data


def idx(array, kind=8):
    head = bytes([0, 0, kind, array.ndim])
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def some(*shape, seed=0, below=256):
    return np.random.default_rng(seed).integers(0, below, shape, np.uint8)


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


def record(label, seed):
    return bytes([label]) + some(RECORD - 1, seed=seed).tobytes()


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


def archive(path, contents, kind=tarfile.REGTYPE, tail=b""):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        for name, content in contents.items():
            about = tarfile.TarInfo(name)
            about.size, about.type = len(content), kind
            if kind != tarfile.REGTYPE:
                about.linkname, about.size = "/etc/passwd", 0
            packed.addfile(about, io.BytesIO(content))
    path.write_bytes(gzip.compress(file.getvalue() + tail, 1))
    return path


@pytest.fixture
def small(monkeypatch):
    """Archives with 2 images in each file; -> the contents of a good one."""
    monkeypatch.setattr(cifar, "IN_BATCH", 2)
    monkeypatch.setattr(cifar, "MOST", 10**6)
    names = (*TRAINING, TEST)
    return {
        name: record(i, 2 * i) + record(i + 1, 2 * i + 1)
        for i, name in enumerate(names)
    }


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


# -- whole data sets ---------------------------------------------------------------


def place(monkeypatch, folder, one, contents, **changes):
    """Make a data set of these files as if it were the published one."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        sum = hashlib.sha256(content).hexdigest()
        files.append(Remote(name, len(content), sum))
    made = replace(one, files=tuple(files), **changes)
    monkeypatch.setitem(PUBLISHED, one.name, made)
    return made


@pytest.fixture
def digits(home, monkeypatch):
    """A small "mnist-full" of 40 + 20 images; -> its arrays."""
    arrays = some(40, 28, 28), some(40, below=10), some(20, 28, 28), some(20, below=10)
    packed = {n: gzip.compress(idx(a)) for n, a in zip(NAMES, arrays, strict=True)}
    folder = home / "downloads" / "mnist-full"
    place(monkeypatch, folder, MNIST, packed, count=(40, 20))
    return arrays


def test_a_full_set_is_data_like_any_other(digits):
    found = data.load("mnist-full")
    assert found.shape == (1, 28, 28) and (len(found.train), len(found.test)) == (
        40,
        20,
    )
    for split, images, labels in (
        (found.train, *digits[:2]),
        (found.test, *digits[2:]),
    ):
        assert np.array_equal(split.images[:, 0], images)
        assert np.array_equal(split.labels, labels) and split.labels.dtype == np.int64
        assert not split.images.flags.writeable
    source = open_data("mnist-full", "images", batch_size=8, seed=0)
    assert source.batch(0).x.shape == (8, 1, 28, 28) and len(source.held_out) == 20
    rows = {row.name: row.here for row in data.describe()}
    assert rows["mnist-full"] and not rows["kmnist"] and rows["mnist"]


def test_the_command_takes_what_was_put_in_place_by_hand(digits, home, capsys):
    assert main(["data", "download", "mnist-full"]) == 0
    out = capsys.readouterr().out
    assert "Dataset('mnist-full': 40 train + 20 test, images (1, 28, 28)" in out
    assert str(home / "downloads" / "mnist-full") in out
    assert main(["data", "list"]) == 0
    (line,) = [x for x in capsys.readouterr().out.splitlines() if "mnist-full" in x]
    assert "to be downloaded" not in line


def test_cifar_as_a_full_set(small, home, monkeypatch, tmp_path):
    content = archive(tmp_path / "a", small).read_bytes()
    folder = home / "downloads" / "cifar10"
    contents = {"cifar-10-binary.tar.gz": content}
    place(monkeypatch, folder, CIFAR10, contents, count=(10, 2))
    found = data.load("cifar10")
    assert found.shape == (3, 32, 32) and found.test.labels.tolist() == [5, 6]
    assert found.classes[found.train.labels[-1]] == "dog"


def test_what_is_missing_is_told_with_the_place(digits, home):
    folder = home / "downloads" / "mnist-full"
    (folder / NAMES[1]).unlink()
    (folder / NAMES[2]).write_bytes(b"half of it")
    with pytest.raises(DataError) as caught:
        data.load("mnist-full")
    text = str(caught.value)
    for part in (
        "2 of 4 files",
        str(folder),
        "tinygen data download mnist-full",
        f"get {NAMES[1]} and {NAMES[2]} from {MNIST.mirrors[0]}",
        "--data mnist",
    ):
        assert part in text


def test_a_file_that_is_not_the_published_one_is_not_opened(digits, home, monkeypatch):
    path = home / "downloads" / "mnist-full" / NAMES[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    opened = lambda path: pytest.fail(f"{path} was opened")
    monkeypatch.setattr(full, "read_idx", opened)
    with pytest.raises(
        IntegrityError, match=r"expected sha256 [0-9a-f]{64}, got .*Fix:"
    ):
        data.load("mnist-full")


def test_files_that_do_not_belong_together(digits, home, monkeypatch):
    arrays = list(digits)
    for wrong in (
        {1: arrays[1][:-1]},  # a label too few
        {0: arrays[0][:, :-1]},
        {3: arrays[3] + 10},
        {0: arrays[1], 1: arrays[1]},
    ):
        files = [gzip.compress(idx(wrong.get(i, a))) for i, a in enumerate(arrays)]
        packed = dict(zip(NAMES, files, strict=True))
        folder = home / "downloads" / "mnist-full"
        place(monkeypatch, folder, MNIST, packed, count=(40, 20))
        with pytest.raises(IntegrityError, match=r"mnist-full: images .*expected"):
            data.load("mnist-full")


def test_a_full_set_from_another_folder(digits, home, tmp_path):
    (home / "downloads" / "mnist-full").rename(tmp_path / "usb stick")
    assert len(data.load("mnist-full", folder=tmp_path / "usb stick")) == 60
    with pytest.raises(DataError, match="is not on this computer"):
        data.load("mnist-full")


def test_at_most_1000_evenly_spread_are_held_out(digits, monkeypatch):
    monkeypatch.setattr("tinygen.train.source.HELD_OUT_IMAGES", 5)
    source = open_data("mnist-full", "images", batch_size=8, seed=0)
    assert np.array_equal(source.held_out.images[:, 0], digits[2][::4])
