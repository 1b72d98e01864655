"""What a GPU would do: launches, copies, waits; and a tape to do it again."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

PRODUCTS = {"matmul", "dot", "vdot", "inner", "outer", "tensordot", "einsum"}


class Synchronized(AssertionError):
    """The host waited for the device where it must not."""


class Ledger:
    """Counts of the device's work, and the recording of a CUDA graph.

    launches : kernel name -> how often      copies : arrays moved from the host
    syncs : reads by the host      tape : the work since `begin`, or None
    pool : the memory pool that arrays come from now, None for the default one
    """

    def __init__(self):
        self.launches: Counter[str] = Counter()
        self.copies = self.syncs = 0
        self.forbidden = False
        self.tape: list | None = None
        self.pool = None

    def reset(self) -> None:
        """Forget all counts."""
        self.launches.clear()
        self.copies = self.syncs = 0

    @property
    def launched(self) -> int:
        """Kernels launched since `reset`."""
        return self.launches.total()

    def sync(self, what: str) -> None:
        """The host reads a value: it waits for all that was launched."""
        if self.tape is not None:
            raise RuntimeError(f"{what}: a copy to the host within a captured graph")
        self.syncs += 1
        if self.forbidden:
            raise Synchronized(f"{what} waits for the device, inside no_sync()")

    def copy(self, what: str) -> None:
        """An array goes from the host to the device."""
        if self.tape is not None:
            raise RuntimeError(f"{what}: a copy from the host within a captured graph")
        self.copies += 1

    def allocate(self, what: str) -> None:
        """Memory is taken from the present pool."""
        if self.tape is not None and self.pool is None:
            raise RuntimeError(f"{what}: memory of the default pool within a graph")

    def work(self, name: str, compute, count: int | None = None, given=()):
        """compute(), a NumPy array or several, as kernels named `name`.

        count : kernels; if left out one, or none for a view of an array in `given`
        """
        if self.tape is not None and name in PRODUCTS:
            raise NotImplementedError(f"{name}: cuBLAS while the stream is captured")
        with np.errstate(all="ignore"):  # CuPy has no floating-point errors
            result = compute()
        if result is not None and not _is_view(result, given):
            self.allocate(name)
        if count is None:
            count = 0 if _is_view(result, given) else 1
        self.launches[name] += count
        if self.tape is not None:  # even of no kernel: a graph keeps all its memory
            self.tape.append((compute if count else lambda: result, result))
        return result

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Within the block a synchronisation is an error."""
        before, self.forbidden = self.forbidden, True
        try:
            yield
        finally:
            self.forbidden = before


def _is_view(result, given) -> bool:
    """Whether a result lies in the memory of an array that was given."""
    if isinstance(result, (list, tuple)):
        return all(_is_view(one, given) for one in result)
    arrays = [x for x in given if isinstance(x, np.ndarray)]
    return isinstance(result, np.ndarray) and any(
        np.may_share_memory(result, x) for x in arrays
    )


def replay(tape) -> None:
    """The work of a tape once more, from and into the same memory."""
    for compute, before in tape:
        with np.errstate(all="ignore"):
            _write(before, compute())


def _write(before, after) -> None:
    if isinstance(before, (list, tuple)):
        for one, other in zip(before, after, strict=True):
            _write(one, other)
    elif isinstance(before, np.ndarray) and before is not after:
        before[...] = after


ledger = Ledger()
