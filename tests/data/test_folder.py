"""Folders of images: what is found, labelled, held out, kept, and refused."""

import os
import sys

import numpy as np
import pytest
from PIL import Image

from tinygen.data import folder as module
from tinygen.data.folder import labelled, open_folder, split_of
from tinygen.data.home import home as home_of_data
from tinygen.errors import ConfigError, DataError
from tinygen.train.source import is_folder, open_data


def picture(level, size=(10, 10)):
    return Image.new("RGB", size, (level, level, level))


@pytest.fixture
def pets(tmp_path, home):
    """pets/cat/0.png ... 9.png of levels 0 to 9, pets/dog/0.jpg ... of 100 to 109."""
    place = tmp_path / "pets"
    for name, first, ending in (("cat", 0, "png"), ("dog", 100, "jpg")):
        (place / name).mkdir(parents=True)
        for i in range(10):
            picture(first + i).save(place / name / f"{i}.{ending}")
    return place


def files_in(home):
    return sorted(path.name for path in home.rglob("*") if path.is_file())


def test_images_labels_classes_and_split(pets):
    found = open_folder(pets, size=8)
    assert found.name == "pets" and found.classes == ("cat", "dog")
    assert found.shape == (3, 8, 8) and len(found) == 20
    levels = found.train.images[:, 0, 0, 0]
    expected = [0, 100, 1, 101, 2, 102, 3, 103, 5, 105, 6, 106, 7, 107, 8, 108]
    assert levels.tolist() == expected
    assert found.train.labels.tolist() == [0, 1] * 8
    assert found.test.images[:, 0, 0, 0].tolist() == [4, 104, 9, 109]  # every fifth
    assert found.test.labels.tolist() == [0, 1, 0, 1]
    for split in (found.train, found.test):
        assert split.images.dtype == np.uint8 and split.labels.dtype == np.int64
        assert not split.images.flags.writeable and not split.labels.flags.writeable


def test_the_pixels_are_mapped_and_not_decoded_twice(pets, home, monkeypatch):
    before = open_folder(pets, size=8)
    assert isinstance(before.train.images, np.memmap)
    monkeypatch.setattr(module, "decoded", None)  # it would fail
    after = open_folder(pets, size=8)
    assert after.sha256 == before.sha256
    assert np.array_equal(after.all.images, before.all.images)
    assert len(files_in(home)) == 1


def test_the_fingerprint_follows_the_pixels_not_dates_or_places(pets, home, tmp_path):
    before = open_folder(pets, size=8).sha256
    os.utime(pets / "cat" / "3.png", (1, 1))
    assert open_folder(pets, size=8).sha256 == before
    moved = pets.rename(tmp_path / "other")
    assert open_folder(moved, size=8).sha256 == before
    assert open_folder(moved, size=9).sha256 != before
    assert open_folder(moved, size=8, grey=True).sha256 != before
    picture(77).save(moved / "cat" / "3.png")
    changed = open_folder(moved, size=8)
    assert changed.sha256 != before and 77 in changed.train.images[:, 0, 0, 0]
    (moved / "dog").rename(moved / "wolf")
    renamed = open_folder(moved, size=8)
    assert renamed.sha256 != changed.sha256 and renamed.classes == ("cat", "wolf")
    assert len(files_in(home)) == 4  # one for each place and way of reading


@pytest.mark.parametrize("damage", ["cut", "pixel", "trailer", "empty", "junk"])
def test_a_damaged_copy_is_made_anew(pets, home, damage):
    before = open_folder(pets, size=8).sha256
    (name,) = files_in(home)
    path = home / "folders" / name
    data = bytearray(path.read_bytes())
    if damage == "cut":
        del data[-9:]
    elif damage == "pixel":
        data[5] ^= 1
    elif damage == "trailer":
        data[-40] ^= 1
    else:
        data = bytearray(b"" if damage == "empty" else b"\xff" * 300)
    path.write_bytes(data)
    found = open_folder(pets, size=8)
    assert found.sha256 == before and found.train.images[0, 0, 0, 0] == 0


def test_one_class_unless_every_image_lies_in_a_subfolder(pets):
    picture(1).save(pets / "outside.png")
    found = open_folder(pets, size=8)
    assert found.classes == ("image",) and set(found.train.labels) == {0}
    assert labelled(["a/1", "b/c/2", "a/d/3"])[1] == ("a", "b")
    assert labelled(["a/1", "2"])[1] == ("image",)


def test_the_split_holds_out_a_fifth_but_not_more_than_about_1000():
    for count, held in [(2, 1), (3, 1), (5, 1), (100, 20), (50_000, 1000)]:
        train, test = split_of(np.zeros(count, np.int64))
        assert len(test) == held and len(train) == count - held
    train, test = split_of(np.arange(30))  # one of each class: none has a fifth
    assert len(test) == 6
    assert sorted([*train, *test]) == list(range(30))


def test_what_cannot_be_read_is_listed_and_refused(pets, home):
    (pets / "cat" / "3.png").write_bytes(b"<html>not found</html>")
    whole = (pets / "dog" / "5.jpg").read_bytes()
    (pets / "dog" / "5.jpg").write_bytes(whole[: len(whole) // 2])
    (pets / "cat" / "empty.webp").touch()
    with pytest.raises(DataError) as caught:
        open_folder(pets, size=8)
    text = str(caught.value)
    assert "3 of the image files" in text and text.endswith("--set bad_files=skip")
    for part in ("'cat/3.png' is not a PNG", "'dog/5.jpg' is a damaged JPEG", "empty"):
        assert part in text
    assert files_in(home) == []  # nothing half done is left
    found = open_folder(pets, size=8, skip=True)
    assert len(found) == 18 and 3 not in found.all.images[:, 0, 0, 0]


def test_a_long_list_of_bad_files_is_shortened(pets):
    for i in range(30):
        (pets / f"{i}.png").touch()
    with pytest.raises(DataError, match=r"30 of the image files .*; and 22 more. Fix"):
        open_folder(pets, size=8)


def test_other_files_are_passed_over(pets, home):
    expected = open_folder(pets, size=8).sha256
    (pets / "cat" / "readme.txt").write_text("hello")
    (pets / "list.csv").write_text("1,2")
    (pets / ".hidden.png").touch()
    (pets / "__MACOSX").mkdir()
    (pets / "__MACOSX" / "a.png").touch()
    (pets / "nowhere.png").symlink_to(pets / "missing")
    (pets / "round").symlink_to(pets)  # a loop, if links to folders were followed
    if hasattr(os, "mkfifo"):
        os.mkfifo(pets / "pipe.png")  # reading it would wait for ever
    assert open_folder(pets, size=8).sha256 == expected


def test_names_are_taken_as_they_are(tmp_path, home):
    place = tmp_path / "ü ; rm -rf"
    place.mkdir()
    names = ["no ending", "UPPER.PNG", "comma, quote'.png", "日本.gif"]
    if sys.platform == "linux":
        names.append(os.fsdecode(b"latin\xe9.png"))
    for i, name in enumerate(names):
        picture(i).save(place / name, "PNG")
    assert len(open_folder(place, size=4)) == len(names)
    (place / names[-1]).write_bytes(b"")
    with pytest.raises(DataError, match="is not a PNG") as caught:
        open_folder(place, size=4)
    str(caught.value).encode()  # can be printed


def test_places_that_will_not_do(tmp_path, home):
    with pytest.raises(DataError, match=r"missing' does not exist. Fix: name a folder"):
        open_folder(tmp_path / "missing")
    (tmp_path / "file.png").touch()
    with pytest.raises(DataError, match=r"is a file, not a folder. Fix:"):
        open_folder(tmp_path / "file.png")
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("x")
    with pytest.raises(DataError, match=r"0 images in .* and 1 files of other kinds"):
        open_folder(empty)
    picture(1).save(empty / "one.png")
    with pytest.raises(DataError, match=r"1 images in .*needed are 2"):
        open_folder(empty)
    for size in (0, 5000):
        with pytest.raises(ConfigError, match=f"image size {size}. Fix: 1 to 1024"):
            open_folder(empty, size=size)
    assert files_in(home) == []


def test_too_many_files(pets, monkeypatch):
    monkeypatch.setattr(module, "MOST_FILES", 5)
    with pytest.raises(DataError, match="more than 5 files"):
        open_folder(pets)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads all")
def test_folders_that_may_not_be_read(pets):
    (pets / "cat").chmod(0)
    try:
        with pytest.raises(DataError, match=r"cat' cannot be read \(Permission"):
            open_folder(pets)
    finally:
        (pets / "cat").chmod(0o700)


def test_a_home_that_cannot_be_made(pets, monkeypatch, tmp_path):
    (tmp_path / "in the way").touch()
    monkeypatch.setenv("TINYGEN_DATA", str(tmp_path / "in the way"))
    with pytest.raises(ConfigError, match=r"cannot make .* Fix: export TINYGEN_DATA="):
        open_folder(pets)


def test_the_home_of_data(monkeypatch, tmp_path):
    monkeypatch.delenv("TINYGEN_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform != "win32":
        assert home_of_data() == tmp_path / "tinygen"


def test_an_interrupt_leaves_nothing(pets, home, monkeypatch):
    calls = []

    def interrupted(data, size, grey):
        calls.append(data)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return np.zeros((3, size, size), np.uint8)

    monkeypatch.setattr(module, "decoded", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_folder(pets, size=8)
    assert files_in(home) == []


# -- as the data of a recipe ---------------------------------------------------------


def opened(name, **options):
    return open_data(str(name), "images", batch_size=4, seed=0, **options)


def test_what_is_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "mnist").mkdir()
    for name in ("here", "./here", "no/where", "folder:mnist", "folder:x", "./mnist"):
        assert is_folder(name), name
    for name in ("mnist", "mnits", "ring", ""):
        assert not is_folder(name), name


def test_a_folder_is_opened_at_64_in_colour_unless_asked_otherwise(pets):
    assert opened(pets).shape == (3, 64, 64)
    assert opened(f"folder:{pets}", image_size=16, color="grey").shape == (1, 16, 16)
    assert opened(pets, fit=lambda side: side // 2).shape == (3, 32, 32)
    source = opened(pets, image_size=8)
    assert source.fingerprint.startswith("sha256:") and source.classes == ("cat", "dog")
    batch = source.batch(0)
    assert batch.x.shape == (4, 3, 8, 8) and abs(batch.x.data).max() <= 1
    assert np.array_equal(
        opened(pets, image_size=8).batch(3).x.data, source.batch(3).x.data
    )
    (pets / "cat" / "3.png").write_bytes(b"")
    with pytest.raises(DataError, match="bad_files=skip"):
        opened(pets)
    assert len(opened(pets, bad_files="skip").train) == 16


def test_fewer_images_than_a_batch_has(pets):
    with pytest.raises(DataError, match=r"pets has 16 .*Fix: --batch-size 16 or less"):
        open_data(str(pets), "images", batch_size=17, seed=0, image_size=8)


def test_bundled_images_in_another_size_and_colour():
    plain = opened("faces")
    assert plain.shape == (1, 25, 25)
    large = opened("faces", image_size=32, color="rgb")
    assert large.shape == (3, 32, 32)
    assert large.fingerprint == f"{plain.fingerprint} as 3 x 32 x 32"
    assert opened("faces", fit=lambda side: 32).shape == (1, 32, 32)
    assert opened("faces", color="grey").fingerprint == plain.fingerprint


def test_at_most_1000_images_are_held_out(pets, monkeypatch):
    monkeypatch.setattr("tinygen.train.source.HELD_OUT_IMAGES", 3)
    source = opened(pets, image_size=8)
    assert len(source.test().x) == 3 == len(source.held_out)
    assert source.held_out.labels.tolist() == [0, 1, 0]
