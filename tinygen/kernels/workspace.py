"""Scratch memory that the kernels use again from call to call.

A fast kernel works through its input in blocks that fit the processor's cache, and
writes intermediate results to the same small block over and over.  Asking the system
for that block on every call costs more than many a kernel (fresh pages, cold cache),
so each purpose keeps one buffer per thread.
"""

import math
import threading

import numpy as np

KEPT_BYTES = 8 * 2**20  # a larger buffer is not kept: it would not fit a cache anyway


class _Buffers(threading.local):
    def __init__(self):
        self.by_purpose: dict[str, np.ndarray] = {}


_buffers = _Buffers()


def scratch(purpose: str, shape, dtype):
    """An array with arbitrary contents, for use within one kernel call.

    It shares its memory with every other scratch array of the same purpose on this
    thread: use one purpose per array alive at a time, and never hand it to a caller.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > KEPT_BYTES:
        return np.empty(shape, dtype)
    buffer = _buffers.by_purpose.get(purpose)
    if buffer is None or buffer.size < size:
        buffer = _buffers.by_purpose[purpose] = np.empty(size, np.uint8)
    return buffer[:size].view(dtype).reshape(shape)
