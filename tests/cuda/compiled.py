"""The C of kernels, compiled for the CPU and run element by element.

A kernel of CuPy is a few lines of C and what stands around them.  Here other things
stand around them: a loop in the place of the threads.  So the lines can be held against
the definition in NumPy without a GPU.
"""

import ctypes
import re
import subprocess
from pathlib import Path

import numpy as np

TYPES = {
    "float32": "float",
    "float64": "double",
    "complex64": "complex<float>",
    "complex128": "complex<double>",
    "int32": "int",
    "int64": "long long",
    "uint8": "unsigned char",
    "bool": "bool",
}
HEAD = """
#include <algorithm>
#include <cmath>
#include <complex>
using namespace std;
#define __device__
#define __global__
struct Place { int x; };
static Place threadIdx, blockIdx, blockDim, gridDim;
"""
EACH = """
namespace k{k} {{
{preamble}
extern "C" void run{k}(long long count, void** table__) {{
    {pointers}
    for (long long i = 0; i < count; ++i) {{
        {elements}
        {operation};
    }}
}}
}}
"""
THREADS = """
namespace k{k} {{
{code}
extern "C" void run{k}(long long blocks, void** table__) {{
    gridDim.x = blocks; blockDim.x = {block};
    for (int b = 0; b < blocks; ++b) for (int t = 0; t < {block}; ++t) {{
        blockIdx.x = b; threadIdx.x = t;
        {name}({arguments});
    }}
}}
}}
"""


class Call:
    """A call of a kernel that was seen: its C, its arrays, and what it should give.

    kind : "elements", "sum" or "threads"      given : arrays, copied before the call
    """

    def __init__(self, kind: str, kernel, given: list, **more):
        self.kind, self.kernel, self.given, self.more = kind, kernel, given, more
        self.wanted: list = []

    def source(self, k: int) -> str:
        """Its C, as function run<k>(how many, pointers)."""
        return {"elements": elements, "sum": values, "threads": threads}[self.kind](
            k, self
        )


def declared(params: str) -> list[tuple[bool, str, str]]:
    """(raw, C type, name) of each parameter of "raw float32 x, int64 n"."""
    parts = [part.split() for part in params.split(",") if part.strip()]
    return [(part[0] == "raw", TYPES[part[-2]], part[-1]) for part in parts]


def loop(k: int, inputs, outputs, operation: str, preamble: str) -> str:
    """A function that does the operation for each element."""
    pointers, names = [], []
    for place, (raw, kind, name) in enumerate(inputs + outputs):
        pointers.append(f"{kind}* _{name} = ({kind}*)table__[{place}];")
        out = place >= len(inputs)
        element = (
            f"{kind}* {name} = _{name};" if raw else f"{kind} {name} = _{name}[i];"
        )
        names.append(f"{kind}& {name} = _{name}[i];" if out else f"const {element}")
    lines = {"pointers": " ".join(pointers), "elements": " ".join(names)}
    return EACH.format(k=k, preamble=preamble, operation=operation, **lines)


def elements(k: int, call: Call) -> str:
    """Of an ElementwiseKernel."""
    kernel = call.kernel
    places = declared(kernel.in_params), declared(kernel.out_params)
    return loop(k, *places, kernel.operation, kernel.preamble)


def values(k: int, call: Call) -> str:
    """What a ReductionKernel adds up, element by element."""
    kernel = call.kernel
    (_, kind, _), *_ = declared(kernel.out_params)
    inputs, out = declared(kernel.in_params), [(False, kind, "_value")]
    return loop(k, inputs, out, f"_value = {kernel.map_expr}", kernel.preamble)


def threads(k: int, call: Call) -> str:
    """Of a RawKernel, thread after thread."""
    kernel = call.kernel
    params = re.search(rf"void {kernel.name}\(([^)]*)\)", kernel.code).group(1)
    arguments = []
    for place, param in enumerate(params.split(",")):
        kind = param.rsplit(None, 1)[0]
        cast = (
            f"({kind})table__[{place}]"
            if "*" in kind
            else f"*({kind}*)table__[{place}]"
        )
        arguments.append(cast)
    told = {"name": kernel.name, "block": call.more["block"]}
    code = kernel.code.replace('extern "C"', "static")
    return THREADS.format(k=k, code=code, arguments=", ".join(arguments), **told)


def library(calls: list[Call], folder: Path, compiler: str):
    """All of them in one library."""
    source, target = folder / "kernels.cc", folder / "kernels.so"
    texts = [call.source(k) for k, call in enumerate(calls)]
    source.write_text(HEAD + "\n".join(texts))
    options = ["-O1", "-w", "-shared", "-fPIC", "-ffp-contract=off", "-x", "c++"]
    command = [compiler, *options, str(source), "-o", str(target)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(target))


def ran(found, k: int, count: int, arrays: list) -> None:
    """Call function k for so many elements or blocks."""
    places = (ctypes.c_void_p * len(arrays))(*(x.ctypes.data for x in arrays))
    getattr(found, f"run{k}")(ctypes.c_longlong(count), places)


def result(found, k: int, call: Call) -> list[np.ndarray]:
    """What the C gives for the arrays of a call."""
    if call.kind == "threads":
        arrays = [x.copy() for x in call.given]
        ran(found, k, call.more["blocks"], arrays)
        return arrays[:1]
    places = declared(call.kernel.in_params)
    shape = call.more["shape"]
    arrays = []
    for (raw, kind, _), x in zip(places, call.given, strict=True):
        dtype = next(name for name, c in TYPES.items() if c == kind)
        x = (
            np.asarray(x, dtype)
            if raw
            else np.broadcast_to(np.asarray(x, dtype), shape)
        )
        arrays.append(np.ascontiguousarray(x))
    if call.kind == "sum":
        terms = np.empty(shape, call.kernel.output[0])
        ran(found, k, terms.size, [*arrays, terms])
        total = call.kernel.add(
            terms, call.more["axis"], keepdims=call.more["keepdims"]
        )
        return [total]
    outs = [np.empty(shape, kind) for kind, _ in call.kernel.outputs]
    ran(found, k, outs[0].size, [*arrays, *outs])
    return outs
