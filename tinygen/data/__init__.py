"""Data: bundled real images, plane distributions with known densities, and a loader.

>>> from tinygen import data
>>> mnist = data.load("mnist")
>>> loader = data.Loader(
...     mnist.train.images, mnist.train.labels, batch_size=64, transform=data.to_float
... )
>>> images, labels = loader.batch(0)
>>> images.shape, str(images.dtype), labels.shape
((64, 1, 28, 28), 'float32', (64,))

Nothing is read before it is asked for, and nothing ever comes from the network.
"""

from tinygen.data.bundled import Dataset, Photos, Split, load, names, stratified_split
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
    "load",
    "modes_covered",
    "names",
    "plane",
    "stratified_split",
    "to_float",
    "to_uint8",
]
