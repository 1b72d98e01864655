"""Full data sets of files that were downloaded or put in place by hand."""

import gzip
import hashlib
from dataclasses import replace

import numpy as np
import pytest
from made_files import archive, idx, some

from tinygen import data
from tinygen.cli import main
from tinygen.data import full
from tinygen.data.published import CIFAR10, MNIST, NAMES, PUBLISHED, Remote
from tinygen.errors import DataError, IntegrityError
from tinygen.train.source import open_data


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
