"""What lies in the memory of all arrays of the stand-in, to undo what was done."""

import gc

import numpy as np

from strict_cupy.array import ndarray


def owner(array: np.ndarray) -> np.ndarray:
    """The array whose memory this one shows."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def owners() -> dict[int, np.ndarray]:
    """The memory of every array of the stand-in that is alive."""
    found = (owner(x.a) for x in gc.get_objects() if type(x) is ndarray)
    return {id(x): x for x in found if x.flags.writeable}


class Memory:
    """All memory as it is when this is made."""

    def __init__(self):
        self.known = [(x, x.copy()) for x in owners().values()]

    def restore(self) -> None:
        """As it was then; what is new holds rubbish, as memory does."""
        for x, values in self.known:
            x[...] = values
        old = {id(x) for x, _ in self.known}
        for place, x in owners().items():
            if place not in old:
                x.fill(np.nan if x.dtype.kind in "fc" else 1)
