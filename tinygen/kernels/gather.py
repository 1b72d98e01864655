"""Many arrays copied to their places in one buffer: on a GPU by one kernel.

The kernel gets the address of every array as an argument, so nothing has to be sent to
the device before, and a launch can be part of a CUDA graph.
"""

from collections.abc import Sequence
from functools import cache, partial

import numpy as np

from tinygen.backend import xp_of
from tinygen.kernels.fused import DEFINITIONS
from tinygen.kernels.symbols import REAL

THREADS, MOST_BLOCKS = 256, 4096  # a thread copies several numbers of a large buffer
MOST_ARRAYS = 400  # in a launch, whose arguments are at most 4,096 bytes
SOURCE = """
__device__ const long long start[] = {{{starts}}};
__device__ const long long place[] = {{{places}}};
__device__ const long long step[] = {{{steps}}};
extern "C" __global__ void {name}({real}* out, {params}, long long size) {{
    const {real}* source[] = {{{sources}}};
    long long stride = (long long)gridDim.x * blockDim.x;
    for (long long t = (long long)blockIdx.x * blockDim.x + threadIdx.x; t < size;
         t += stride) {{
        int k = 0, last = {last};
        while (k < last) {{  // the array that number t belongs to
            int middle = (k + last + 1) / 2;
            if (start[middle] <= t) k = middle; else last = middle - 1;
        }}
        long long own = t - start[k];
        out[place[k] + own] = source[k][own * step[k]];
    }}
}}
"""


def gather(out, places: Sequence[int], arrays: Sequence) -> None:
    """out[place : place + x.size] = x, flattened, for every array x and its place."""
    xp = xp_of(out)
    if xp is np:
        for place, x in zip(places, arrays, strict=True):
            out[place : place + x.size].reshape(x.shape)[...] = x
        return
    whole = [x if x.ndim == 1 else xp.ascontiguousarray(x) for x in arrays]
    for start in range(0, len(whole), MOST_ARRAYS):
        cut = slice(start, start + MOST_ARRAYS)
        launch(xp, out, tuple(places[cut]), whole[cut])


def joined(xp, arrays):
    """Arrays one after another along their first axis, on a GPU."""
    dtype = xp.result_type(*arrays)
    if dtype.name not in REAL or any(x.dtype != dtype for x in arrays):
        return xp.concatenate(arrays)
    rows, rest = sum(x.shape[0] for x in arrays), arrays[0].shape[1:]
    out = xp.empty((rows, *rest), dtype)
    places = np.cumsum([0, *(x.size for x in arrays[:-1])]).tolist()
    gather(out.reshape(-1), places, arrays)
    return out


def launch(xp, out, places, arrays) -> None:
    """`gather` on a GPU, of contiguous arrays or of one axis."""
    sizes = tuple(x.size for x in arrays)
    steps = tuple(x.strides[0] // x.itemsize if x.ndim == 1 else 1 for x in arrays)
    if total := sum(sizes):
        run = kernel(xp, out.dtype.char, sizes, places, steps)
        blocks = min(-(-total // THREADS), MOST_BLOCKS)
        run((blocks,), (THREADS,), (out, *arrays, np.int64(total)))


@cache
def kernel(xp, dtype: str, sizes, places, steps):
    """The kernel for arrays of these sizes; dtype : its character."""
    real = REAL[np.dtype(dtype).name]
    name = f"tinygen_gather_{len(DEFINITIONS)}"
    listed = lambda numbers: ", ".join(map(str, numbers))
    names = [f"x{k}" for k in range(len(sizes))]
    code = SOURCE.format(
        name=name,
        real=real,
        starts=listed(np.cumsum([0, *sizes[:-1]]).tolist()),
        places=listed(places),
        steps=listed(steps),
        params=", ".join(f"const {real}* {one}" for one in names),
        sources=", ".join(names),
        last=len(sizes) - 1,
    )
    DEFINITIONS[name] = partial(plain, places)
    return xp.RawKernel(code, name)


def plain(places, out, *arguments) -> None:
    """What the kernel does, in NumPy; arguments : the arrays and how many numbers."""
    gather(out, places, arguments[:-1])
