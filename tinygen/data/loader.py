"""Batches in an order that is a pure function of (seed, epoch).

Batch `step` can be asked for directly, so a run that is continued at step 1,000 sees
the batches that it would have seen, and nothing has to be saved for it.
"""

from collections.abc import Callable, Iterator

import numpy as np

from tinygen.backend import rng
from tinygen.errors import ConfigError, DataError

BLOCK = 2**20  # numbers looked at for NaN at a time


class Loader:
    """Batches of one array, or of several whose first axes go together.

    order of epoch k = permutation of 0..N-1 drawn from rng(seed, "shuffle", k)
    batch i of an epoch = samples order[i*batch_size : (i+1)*batch_size]
    step s = batch s % len(loader) of epoch s // len(loader)

    arrays : each (N, ...), kept as they are (uint8 images stay uint8)
    transform : applied to each batch of the first array, e.g. `to_float`
    drop_last : leave out a last batch that is smaller than batch_size
    -> a batch is one array, or a tuple where there are several, in NumPy

    >>> images, labels = np.zeros((10, 1, 8, 8), np.uint8), np.arange(10)
    >>> loader = Loader(images, labels, batch_size=4, seed=0)
    >>> [len(y) for x, y in loader.epoch(0)]
    [4, 4, 2]

    Raises ConfigError for an impossible batch_size or seed; DataError if there is no
    batch, if lengths differ, or if an array of floats holds NaN or infinity.
    Differs: from PyTorch's DataLoader, in that shuffle=True is the default.
    """

    def __init__(
        self,
        *arrays,
        batch_size: int,
        seed: int = 0,
        shuffle: bool = True,
        drop_last: bool = False,
        transform: Callable | None = None,
    ):
        check_whole("batch_size", batch_size, least=1)
        check_whole("seed", seed, least=0)
        self.arrays = tuple(np.asarray(array) for array in arrays)
        self.size = common_length(self.arrays)
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.transform = transform
        self._order = (-1, None)  # the epoch drawn last and its order
        self._check_some_batch()
        for position, array in enumerate(self.arrays):
            check_finite(position, array)

    def __len__(self) -> int:
        """Batches in an epoch."""
        if self.drop_last:
            return self.size // self.batch_size
        return -(-self.size // self.batch_size)

    def batch(self, step: int):
        """The batch of global step `step` = 0, 1, 2, ...

        Raises ConfigError unless step is a whole number >= 0.
        """
        index = self.index(step)
        first, *others = (array[index] for array in self.arrays)
        if self.transform is not None:
            first = self.transform(first)
        return (first, *others) if others else first

    def index(self, step: int) -> np.ndarray:
        """(batch_size,) which samples make up the batch of a step; see `batch`."""
        check_whole("step", step, least=0)
        epoch, place = divmod(step, len(self))
        start = place * self.batch_size
        return self.order(epoch)[start : start + self.batch_size]

    def epoch(self, k: int) -> Iterator:
        """The batches of epoch `k` = 0, 1, 2, ..., one after another."""
        check_whole("epoch", k, least=0)
        return (self.batch(step) for step in range(k * len(self), (k + 1) * len(self)))

    def order(self, epoch: int) -> np.ndarray:
        """(N,) indices of the samples in the order of an epoch."""
        if not self.shuffle:
            return np.arange(self.size)
        if self._order[0] != epoch:
            permutation = rng(self.seed, "shuffle", epoch).permutation(self.size)
            permutation.flags.writeable = False
            self._order = (epoch, permutation)
        return self._order[1]

    def _check_some_batch(self) -> None:
        """Raise DataError if an epoch would hold no batch."""
        if len(self) == 0:
            fix = (
                "drop_last=False, or a smaller batch_size" if self.size else "add data"
            )
            raise DataError(
                f"0 batches: {self.size} samples, batch {self.batch_size}, "
                f"drop_last={self.drop_last}. Fix: {fix}"
            )


def check_whole(name: str, value, *, least: int) -> None:
    """Raise ConfigError unless `value` is a whole number >= least."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < least:
        raise ConfigError(
            f"{name} must be a whole number >= {least}, got {value!r}. "
            f"Fix: {name}={max(least, 0)}, or more"
        )


def common_length(arrays: tuple[np.ndarray, ...]) -> int:
    """How many samples all arrays hold; DataError if they do not agree."""
    if not arrays or any(array.ndim == 0 for array in arrays):
        shapes = [array.shape for array in arrays]
        raise DataError(
            f"arrays of shapes {shapes} hold no samples along a first axis. "
            "Fix: Loader(images, labels, batch_size=...)"
        )
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        raise DataError(
            f"arrays of different lengths: {lengths}. "
            "Fix: give one label, one of everything, per sample"
        )
    return lengths[0]


def check_finite(position: int, array: np.ndarray) -> None:
    """Raise DataError at the first NaN or infinity of an array of floats."""
    if array.dtype.kind not in "fc":
        return
    rows = max(1, BLOCK // max(1, array[0].size))
    for start in range(0, len(array), rows):
        bad = ~np.isfinite(array[start : start + rows])
        if bad.any():
            offset, *where = (int(i[0]) for i in np.nonzero(bad))
            sample = start + offset
            value = array[(sample, *where)]
            raise DataError(
                f"array {position}, sample {sample} holds {value} at position "
                f"{tuple(where)}. Fix: repair or remove that sample"
            )
