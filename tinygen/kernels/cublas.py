"""Matrix products by calling cuBLAS itself, for CUDA graphs.

While a stream is captured CuPy refuses products; the library does not, given a handle
on that stream and a workspace that was there before.  It is the one that CuPy uses, and
so is the precision: float32 in full, or TF32 where CUPY_TF32=1 asks for it.

cuBLAS thinks in columns.  Read so, the memory of a matrix in rows is its transpose, and
the product wanted is C.T = B.T @ A.T: the operands change places, and nothing is moved.

Source: the manual of cuBLAS, cublas<t>gemm, cublas<t>gemmStridedBatched, and "Results
reproducibility" on workspaces; cupy/cupy issue 6290.
"""

import ctypes
import math
import os

from tinygen.errors import DeviceError

WORKSPACE = 32 * 2**20  # bytes: what cuBLAS itself takes on the newest cards
TF32 = 3  # CUBLAS_TF32_TENSOR_OP_MATH
REAL = {"float32": ("S", ctypes.c_float), "float64": ("D", ctypes.c_double)}
POINTER, WHOLE, LONG = ctypes.c_void_p, ctypes.c_int, ctypes.c_longlong


def load():
    """The library cuBLAS, which CuPy's packages bring."""
    from cuda.pathfinder import load_nvidia_dynamic_lib

    return ctypes.CDLL(load_nvidia_dynamic_lib("cublas").abs_path)


class Product:
    """product(a, b) = a @ b, of CuPy's arrays on one stream; leading axes broadcast.

    Raises DeviceError if cuBLAS does.
    """

    def __init__(self, xp, stream):
        self.xp, self.cublas, self.handle = xp, load(), POINTER()
        self.call("cublasCreate_v2", ctypes.byref(self.handle))
        self.call("cublasSetStream_v2", self.handle, POINTER(stream.ptr))
        self.workspace = xp.empty(WORKSPACE, "uint8")  # the stream has to be set before
        place = POINTER(self.workspace.data.ptr)
        size = ctypes.c_size_t(WORKSPACE)
        self.call("cublasSetWorkspace_v2", self.handle, place, size)
        if os.environ.get("CUPY_TF32") == "1":
            self.call("cublasSetMathMode", self.handle, WHOLE(TF32))

    def call(self, name: str, *args) -> None:
        """A function of cuBLAS, which returns 0 if all is well."""
        if status := getattr(self.cublas, name)(*args):
            raise DeviceError(f"{name}: cuBLAS status {status}. Fix: without --graph")

    def __call__(self, a, b):
        if a.ndim == 1:
            return self(a[None], b)[..., 0, :]
        if b.ndim == 1:
            return self(a, b[:, None])[..., 0]
        batch = a.shape[:-2]
        if batch != b.shape[:-2]:
            batch = self.xp.broadcast_shapes(batch, b.shape[:-2])
            a, b = (self.xp.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (a, b))
        out = self.xp.empty((*batch, a.shape[-2], b.shape[-1]), a.dtype)
        if out.size:
            count = math.prod(batch)
            self.multiply(*(x.reshape(count, *x.shape[-2:]) for x in (a, b, out)))
        return out

    def multiply(self, a, b, out) -> None:
        """out[p] = a[p] @ b[p], each (count, rows, columns)."""
        letter, real = REAL[out.dtype.name]
        one, zero = ctypes.byref(real(1)), ctypes.byref(real(0))
        (a, a_turned, a_step), (b, b_turned, b_step) = map(self.laid, (a, b))
        count, rows, columns = out.shape
        place = lambda x: POINTER(x.data.ptr)
        apart = lambda x: LONG(x.strides[0] // x.itemsize)
        sizes = [WHOLE(n) for n in (b_turned, a_turned, columns, rows, a.shape[2])]
        first, second = [place(b), WHOLE(b_step)], [place(a), WHOLE(a_step)]
        third, name = [place(out), WHOLE(columns)], f"cublas{letter}gemm_v2"
        if count > 1:
            name = f"cublas{letter}gemmStridedBatched"
            first, second = [*first, apart(b)], [*second, apart(a)]
            third += [apart(out), WHOLE(count)]
        self.call(name, self.handle, *sizes, one, *first, *second, zero, *third)

    def laid(self, x):
        """(x, whether its matrices lie transposed, numbers from one row to the next).

        A copy of x if they lie in no such way.
        """
        for turned, (across, along) in enumerate(((-2, -1), (-1, -2))):
            step = x.strides[across] // x.itemsize
            step = x.shape[along] if x.shape[across] == 1 else step
            whole = x.shape[along] == 1 or x.strides[along] == x.itemsize
            if whole and step >= x.shape[along] and math.prod(x.shape):
                return x, turned, step
        copy = self.xp.ascontiguousarray(x)
        return copy, 0, max(1, x.shape[-1])
