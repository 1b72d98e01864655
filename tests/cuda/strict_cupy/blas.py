"""cuBLAS as far as products go: it reads and writes at the addresses it is given."""

import ctypes

import numpy as np

from strict_cupy.ledger import ledger

REAL = {"S": (np.float32, ctypes.c_float), "D": (np.float64, ctypes.c_double)}


class Library:
    """The functions of the library, of C's types; each returns 0 if all is well."""

    def __init__(self):
        self.stream = self.workspace = None
        self.mode = 0

    def __getattr__(self, name):
        letter, kind = name.removeprefix("cublas")[:1], name.removeprefix("cublas")[1:]
        if letter not in REAL or kind not in ("gemm_v2", "gemmStridedBatched"):
            raise AttributeError(f"cuBLAS has no {name}")
        return lambda *args: gemm(name, *REAL[letter], *args)

    def cublasCreate_v2(self, handle):
        handle._obj.value = 1
        return 0

    def cublasSetStream_v2(self, handle, stream):
        self.stream, self.workspace = stream.value, None
        return 0

    def cublasSetWorkspace_v2(self, handle, place, size):
        self.workspace = place.value, size.value
        return 0

    def cublasSetMathMode(self, handle, mode):
        self.mode = mode.value
        return 0


def gemm(name, dtype, real, handle, op_a, op_b, m, n, k, alpha, *rest) -> int:
    """C = op(A) op(B), all in columns: m x n, m x k, k x n; 7 for a wrong size."""
    strided = name.endswith("StridedBatched")
    count = rest[-1].value if strided else 1
    a, lda, step_a = operand(rest, 0, strided)
    b, ldb, step_b = operand(rest, 3 if strided else 2, strided)
    beta = rest[6 if strided else 4]
    c, ldc, step_c = operand(rest, 7 if strided else 5, strided)
    m, n, k, op_a, op_b = (x.value for x in (m, n, k, op_a, op_b))
    rows = (k if op_a else m), (n if op_b else k), m
    if any(ld < max(1, least) for ld, least in zip((lda, ldb, ldc), rows, strict=True)):
        return 7
    if alpha._obj.value != 1 or beta._obj.value != 0:
        return 7
    seen = lambda *args: transposed(dtype, count, *args)
    out = seen(c, ldc, step_c, n, m, False)
    left, right = seen(b, ldb, step_b, n, k, op_b), seen(a, lda, step_a, k, m, op_a)

    def compute():
        for p in range(count):
            out[p] = left[p] @ right[p]
        return out

    ledger.work("cublas", compute, 1)
    return 0


def operand(rest, start, strided):
    """(address, numbers between columns, numbers between matrices)."""
    step = rest[start + 2].value if strided else 0
    return rest[start].value, rest[start + 1].value, step


def transposed(dtype, count, address, ld, step, rows, columns, turned):
    """(count, rows, columns): the transpose of op(matrix), at an address."""
    item = np.dtype(dtype).itemsize
    strides = (step * item, *((item, ld * item) if turned else (ld * item, item)))
    reach = (count - 1) * step + (rows - 1) * strides[1] // item
    reach += (columns - 1) * strides[2] // item + 1
    memory = np.ctypeslib.as_array(
        (ctypes.c_byte * (max(0, reach) * item)).from_address(address)
    )
    flat = memory.view(dtype)
    return np.lib.stride_tricks.as_strided(flat, (count, rows, columns), strides)
