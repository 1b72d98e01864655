"""The committed script makes the shipped files, bit for bit."""

import zipfile
import zlib

import numpy as np
import pytest

from tinygen.data.bundled import FOLDER, read
from tinygen.data.catalogue import ENTRIES

for package in ("mlxtend", "sklearn", "skimage"):
    pytest.importorskip(package, reason=f"rebuilding needs {package}: the dev extra")

from tinygen.data import build  # noqa: E402  (only where the packages are there)

FILES = sorted({(entry.file, entry.sha256) for entry in ENTRIES})


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rebuilt")
    return folder, build.build(folder)


@pytest.mark.parametrize(("file", "sha256"), FILES)
def test_rebuilt_file_is_the_shipped_one(rebuilt, file, sha256):
    folder, digests = rebuilt
    shipped = read(FOLDER / file, sha256)
    again = read(folder / file, digests[file])
    assert list(again) == list(shipped)
    for key, array in shipped.items():
        assert array.dtype == again[key].dtype and np.array_equal(array, again[key])
    if build.pack(shipped) != (FOLDER / file).read_bytes():
        pytest.skip(f"arrays agree; zlib {zlib.ZLIB_RUNTIME_VERSION} packs otherwise")
    assert digests[file] == sha256


def test_pack_does_not_depend_on_the_clock(tmp_path):
    (tmp_path / "a.npz").write_bytes(build.pack({"x": np.arange(3), "y": np.eye(2)}))
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        stamps = {(info.date_time, info.create_system) for info in archive.infolist()}
    assert stamps == {((1980, 1, 1, 0, 0, 0), 3)}
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert np.array_equal(arrays["y"], np.eye(2))


def test_shrink_is_the_mean_over_areas():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (512, 384, 3))
    halves = image.reshape(256, 2, 192, 2, 3).mean(axis=(1, 3)).transpose(2, 0, 1)
    assert np.array_equal(build.shrink(image), np.floor(halves + 0.5))
    assert np.array_equal(
        build.shrink(np.full((300, 451), 77)), np.full((1, 170, 256), 77)
    )
    small = rng.integers(0, 256, (40, 50))
    assert np.array_equal(build.shrink(small), small[None])


def test_overlaps_divide_every_old_pixel_among_the_new():
    table = build.overlaps(451, 256)
    assert (table.sum(axis=0) == 256).all() and (table.sum(axis=1) == 451).all()


def test_values_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        build.as_uint8(np.array([0.0, 256.0]))
