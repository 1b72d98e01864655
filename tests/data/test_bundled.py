"""The bundled files: right bytes, right counts, right splits, helpful errors."""

import subprocess
import sys

import numpy as np
import pytest

from tinygen import data
from tinygen.data import bundled, listing
from tinygen.data.catalogue import ENTRIES
from tinygen.data.planes import PLANES
from tinygen.data.published import PUBLISHED
from tinygen.errors import DataError, IntegrityError

SIZES = {  # name: (train, test, shape)
    "mnist": (4000, 1000, (1, 28, 28)),
    "digits": (1442, 355, (1, 8, 8)),
    "faces": (80, 20, (1, 25, 25)),
    "faces-and-others": (160, 40, (1, 25, 25)),
}


def flat(split):
    return {image.tobytes() for image in split.images}


@pytest.mark.parametrize("name", SIZES)
def test_sizes_types_and_disjoint_splits(name):
    dataset = data.load(name)
    train, test, shape = SIZES[name]
    assert (len(dataset.train), len(dataset.test)) == (train, test)
    assert dataset.shape == shape and len(dataset) == train + test
    for split in (dataset.train, dataset.test, dataset.all):
        assert split.images.dtype == np.uint8 and split.labels.dtype == np.int64
        assert not split.images.flags.writeable and not split.labels.flags.writeable
        assert set(split.labels) == set(range(dataset.num_classes))
    assert not flat(dataset.train) & flat(dataset.test)
    assert len(flat(dataset.all)) == train + test  # no image twice


def test_mnist_split_is_balanced_and_so_is_every_prefix():
    mnist = data.load("mnist")
    assert set(np.bincount(mnist.train.labels)) == {400}
    assert set(np.bincount(mnist.test.labels)) == {100}
    assert list(mnist.train.labels[:20]) == [*range(10), *range(10)]


def test_digits_keep_a_fifth_of_each_class_and_17_levels():
    digits = data.load("digits")
    count = np.bincount(digits.all.labels)
    assert list(np.bincount(digits.test.labels)) == list(count // 5)
    levels = np.unique(digits.all.images)
    assert list(np.rint(levels * (16 / 255))) == list(range(17))


def test_faces_are_the_label_1_half_of_faces_and_others():
    both = data.load("faces-and-others")
    assert both.classes == ("other", "face")
    for part in ("train", "test"):
        split = getattr(both, part)
        assert np.bincount(split.labels).tolist() == [len(split) // 2] * 2
        faces = getattr(data.load("faces"), part)
        assert np.array_equal(split.images[split.labels == 1], faces.images)
    assert data.load("faces").classes == ("face",)


def test_photos():
    photos = data.load("photos")
    assert {"astronaut", "chelsea", "coffee", "rocket"} <= set(photos)
    assert {"brick", "grass", "gravel"} <= set(photos)
    for image in photos.values():
        assert image.dtype == np.uint8 and not image.flags.writeable
        assert image.shape[0] in (1, 3) and 150 < max(image.shape) <= 256
    with pytest.raises(DataError, match=r"'chelsee'.*Fix: use 'chelsea'"):
        photos["chelsee"]


def test_pictures_are_upright_and_not_inverted():
    mnist = data.load("mnist").all
    ones = mnist.images[mnist.labels == 1].mean(axis=0)[0]
    assert ones[14, 14] > 100 > 5 > ones[14, 2]  # a bright stroke on black
    sevens = mnist.images[mnist.labels == 7].mean(axis=0)[0]
    assert sevens[:14].sum() > 1.1 * sevens[14:].sum()  # the bar of a 7 is at the top
    photos = data.load("photos")
    red, green, blue = photos["coffee"].mean(axis=(1, 2))
    assert red > green > blue  # a red saucer on brown wood
    rocket = photos["rocket"]
    assert rocket[:, :60].mean() + 20 < rocket[:, 110:].mean()  # dark sky, lit ground


def test_stratified_split_is_a_function_of_the_labels():
    labels = [7, 7, 3, 7, 3, 7]
    train, test = data.stratified_split(labels, every=2)
    assert train.tolist() == [2, 0, 3] and test.tolist() == [4, 1, 5]


@pytest.mark.parametrize("name", data.names())
def test_damage_is_found(name, tmp_path):
    entry = next(entry for entry in ENTRIES if entry.name == name)
    original = (bundled.FOLDER / entry.file).read_bytes()
    copy = tmp_path / entry.file
    copy.write_bytes(original)
    data.load(name, folder=tmp_path)
    damaged = bytearray(original)
    damaged[len(damaged) // 2] ^= 1
    copy.write_bytes(damaged)
    expected = rf"expected sha256 {entry.sha256}, got [0-9a-f]{{64}}. Fix: pip"
    with pytest.raises(IntegrityError, match=expected):
        data.load(name, folder=tmp_path)
    copy.unlink()
    with pytest.raises(DataError, match=r"is missing. Fix: pip"):
        data.load(name, folder=tmp_path)


def test_unknown_name_gives_the_nearest_and_the_list():
    with pytest.raises(DataError, match=r"'mnits'. Fix: use 'mnist', or .*'digits'"):
        data.load("mnits")
    with pytest.raises(DataError, match=r"'xyzzy'. Fix: use one of"):
        data.load("xyzzy")


def test_total_size_and_no_stray_file():
    files = {path.name: path for path in bundled.FOLDER.iterdir()}
    assert set(files) == {entry.file for entry in ENTRIES} | {"NOTICE.txt"}
    assert sum(path.stat().st_size for path in files.values()) < 4_000_000


def test_describe_tells_the_truth():
    rows = {row.name: row for row in data.describe()}
    assert list(rows) == [*data.names(), *PLANES, *PUBLISHED]
    assert set(listing.PLANE_DESCRIPTIONS) == set(PLANES)
    for name in SIZES:
        dataset, row = data.load(name), rows[name]
        assert row.count == len(dataset) and row.classes == dataset.classes
        assert row.shape == " x ".join(map(str, dataset.shape))
    assert rows["photos"].count == len(data.load("photos"))
    assert rows["mnist"].size > 500_000 and rows["ring"].count is None


def test_repr_is_short():
    assert repr(data.load("digits")) == (
        "Dataset('digits': 1442 train + 355 test, images (1, 8, 8) uint8, 10 classes)"
    )


def test_import_reads_no_data_and_needs_no_source_package():
    script = """
import sys
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
import tinygen.data
assert not [path for path in opened if path.endswith(".npz")], opened
assert not {"skimage", "sklearn", "mlxtend"} & set(sys.modules)
assert not {"PIL", "pooch", "requests", "socket"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
