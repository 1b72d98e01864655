"""Data: real images, bundled, downloaded or in folders; distributions in the plane.

>>> from tinygen import data
>>> mnist = data.load("mnist")
>>> loader = data.Loader(
...     mnist.train.images, mnist.train.labels, batch_size=64, transform=data.to_float
... )
>>> images, labels = loader.batch(0)
>>> images.shape, str(images.dtype), labels.shape
((64, 1, 28, 28), 'float32', (64,))

Nothing is read before it is asked for, and only `download` ever uses the network.
"""

from tinygen.data.bundled import Dataset, Photos, Split, names, stratified_split
from tinygen.data.cifar import read_cifar
from tinygen.data.fetch import download
from tinygen.data.folder import open_folder
from tinygen.data.formats import read_image
from tinygen.data.full import load
from tinygen.data.idx import read_idx
from tinygen.data.listing import Row, describe
from tinygen.data.loader import Loader
from tinygen.data.modes import ModeCoverage, modes_covered
from tinygen.data.planes import Plane, plane
from tinygen.data.scale import to_float, to_uint8

__all__ = [
    "Dataset",
    "Loader",
    "ModeCoverage",
    "Photos",
    "Plane",
    "Row",
    "Split",
    "describe",
    "download",
    "load",
    "modes_covered",
    "names",
    "open_folder",
    "plane",
    "read_cifar",
    "read_idx",
    "read_image",
    "stratified_split",
    "to_float",
    "to_uint8",
]
