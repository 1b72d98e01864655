"""The C of every kernel computes what its definition in NumPy does.

Ops and recipes run on the stand-in, which is told by a kernel's name what it computes;
here the C itself is compiled, for the CPU.
"""

import os
import re
import shutil

import numpy as np
import pytest
from compiled import Call, library, result
from strict_cupy import kernels
from strict_cupy.array import ndarray
from test_on_gpu import made, stepped
from test_ops_on_cuda import CASES, results

from tinygen.recipes import RECIPES

MOST = 3  # calls of one kernel that are looked at
CLOSE = {"float32": 2e-6, "complex64": 2e-6, "float64": 1e-13, "complex128": 1e-13}
POSTS = {  # what is done with a sum
    np.sum: r"y = a",
    np.mean: r"y = a / (float|double)\(_in_ind\.size\(\) / _out_ind\.size\(\)\)",
}


class Seen:
    """Calls of kernels, a few of each."""

    def __init__(self, patch):
        self.calls: dict[tuple, list[Call]] = {}
        for name in ("ElementwiseKernel", "ReductionKernel", "RawKernel"):
            kind = getattr(kernels, name)
            patch.setattr(kind, "__call__", getattr(self, name)(kind.__call__))

    def keep(self, text: tuple, call: Call) -> bool:
        """Whether this call is one of the first with such a source."""
        known = self.calls.setdefault(text, [])
        if len(known) < MOST:
            known.append(call)
        return len(known) <= MOST and call in known

    def ElementwiseKernel(self, usual):
        def call(kernel, *args, **options):
            inputs = [plain(x) for x in args[: len(kernel.inputs)]]
            one = Call("elements", kernel, inputs)
            found = usual(kernel, *args, **options)
            outs = [x.a for x in (found if isinstance(found, tuple) else (found,))]
            if outs[0].size and self.keep((kernel.in_params, kernel.operation), one):
                one.more["shape"], one.wanted = outs[0].shape, [x.copy() for x in outs]
            return found

        return call

    def ReductionKernel(self, usual):
        def call(kernel, *args, axis=None, keepdims=False):
            inputs = [plain(x) for x in args]
            shape = np.broadcast_shapes(*(np.shape(x) for x in inputs))
            assert re.fullmatch(POSTS[kernel.add], kernel.post)
            more = {"axis": axis, "keepdims": keepdims, "shape": shape}
            one = Call("sum", kernel, inputs, **more)
            found = usual(kernel, *args, axis=axis, keepdims=keepdims)
            if found.size and self.keep((kernel.in_params, kernel.preamble), one):
                one.wanted = [found.a.copy()]
            return found

        return call

    def RawKernel(self, usual):
        def call(kernel, grid, block, args):
            told = {"blocks": grid[0], "block": block[0]}
            one = Call("threads", kernel, [own(x) for x in args], **told)
            usual(kernel, grid, block, args)
            if self.keep((kernel.code,), one):
                one.wanted = [args[0].a.copy()]

        return call


def plain(x):
    """An array of the host, copied; a number as it is."""
    return x.a.copy() if isinstance(x, ndarray) else x


def own(x) -> np.ndarray:
    """A copy that lies in memory as the array does; of a number an array."""
    if not isinstance(x, ndarray):
        return np.asarray(x)
    if x.a.ndim != 1 or x.a.strides[0] == x.a.itemsize:
        return x.a.copy()
    step = x.a.strides[0] // x.a.itemsize
    room = np.zeros((len(x.a) - 1) * max(step, 1) + 1, x.a.dtype)
    room[:: max(step, 1)] = x.a if step else x.a[:1]
    return room


def ops(dtypes) -> None:
    """All samples of all ops."""
    with np.errstate(all="ignore"):
        for case in CASES:
            for dtype in dtypes:
                results(case.as_type(dtype), "cuda")


def recipes() -> None:
    """Two steps of every recipe."""
    for name in RECIPES:
        recipe = made(name, "cuda")
        for k in range(2):
            stepped(recipe, k)


@pytest.fixture(params=["ops", pytest.param("everything", marks=pytest.mark.slow)])
def calls(request, cuda, monkeypatch):
    """Calls of kernels: those of ops in float32 and of a GAN, or of all there is."""
    seen = Seen(monkeypatch)
    if request.param == "everything":
        ops(["float32", "float64"])
        recipes()
    else:
        ops(["float32"])
        stepped(made("gan", "cuda"), 0)
    return [call for known in seen.calls.values() for call in known]


def test_the_c_is_the_definition(calls, tmp_path):
    """To rounding, which the libraries' exp and the like do in their own ways."""
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None:
        pytest.skip("the C of kernels was not run: no C++ compiler")
    assert {call.kind for call in calls} == {"elements", "sum", "threads"}
    assert len({call.kernel.name for call in calls}) > 40
    found, wrong = library(calls, tmp_path, compiler), []
    for k, call in enumerate(calls):
        for ours, wanted in zip(result(found, k, call), call.wanted, strict=True):
            size = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
            close = CLOSE.get(wanted.dtype.name, 0) * size
            with np.errstate(invalid="ignore"):
                same = (ours == wanted) | (np.isnan(ours) & np.isnan(wanted))
                if not (same | (np.abs(ours - wanted) <= close)).all():
                    off = np.nanmax(np.abs(ours - wanted))
                    wrong.append(f"{call.kernel.name} {wanted.dtype}: {off} on {size}")
    assert not wrong, "\n".join(wrong)
