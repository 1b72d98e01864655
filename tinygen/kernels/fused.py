"""One formula, in NumPy's style; on a GPU one kernel.

    @fused
    def leaky_relu(xp, x, slope):
        return xp.where(x > 0, x, slope * x)

    leaky_relu(x, 0.2)

On NumPy arrays the line just runs, with xp = numpy: it is the definition.  On CuPy
arrays it runs once on symbols that write it down in C, and from then on it is one
kernel, that reads and writes each array once.  A launch costs microseconds, whatever
the size; and the memory of a GPU is slower than its arithmetic, so the fewer times a
number is read the better.

`@summed` and `@averaged` add up what the formula gives, over axes:

    @summed
    def squares(xp, x):
        return x * x

    squares(x, axis=(0, 2, 3))

A formula that returns two values gives two sums in one pass: the kernel adds complex
numbers.  `out=` takes arrays to write to, which may be among the inputs.

Numbers among the arguments are of the arrays' type: what has to be exact to more
digits, such as 1 - 0.999 in float32, is computed before and passed.
"""

import inspect
import math
from collections.abc import Callable
from functools import cache

import numpy as np

from tinygen.backend import xp_of
from tinygen.kernels.symbols import KINDS, NAMES, REAL, Symbol, Trace

DEFINITIONS: dict[str, Callable] = {}  # name of a kernel -> what it computes, in NumPy


class Fused:
    """A formula f(xp, ...) and its kernels, one for each combination of dtypes."""

    def __init__(self, formula: Callable, name: str):
        self.formula, self.name = formula, f"tinygen_{name}"
        self.names = list(inspect.signature(formula).parameters)[1:]
        self.kernels: dict = {}
        if self.name in DEFINITIONS or not set(self.names).isdisjoint(NAMES):
            raise TypeError(f"fused {name}: a name is taken, its own or one of {NAMES}")
        DEFINITIONS[self.name] = self.values

    def values(self, *args):
        """What the kernel computes, by NumPy."""
        return self.formula(np, *args)

    def __call__(self, *args, out=None):
        for x in args:
            if type(x) is np.ndarray:
                return self.written(self.formula(np, *args), out)
            if isinstance(x, Symbol):  # within another formula
                return self.formula(x.trace, *args)
            if is_array(x):
                return self.launched(xp_of(x), args, out)
        return self.formula(np, *args)

    @staticmethod
    def written(values, out):
        """The values, in `out` if that was asked for."""
        if out is None:
            return values
        several = isinstance(out, tuple)
        pairs = zip(out, values, strict=True) if several else [(out, values)]
        for array, value in pairs:
            array[...] = value
        return out

    def launched(self, xp, args, out):
        """One kernel; results lie in memory as the first array does."""
        kernel, count, kinds = self.kernel(xp, args)
        if out is not None:
            return kernel(*args, *(out if isinstance(out, tuple) else (out,)))
        arrays = [x for x, c in zip(args, kinds, strict=True) if c != " " and x.ndim]
        if not arrays or arrays[0].flags.c_contiguous or not alike(arrays):
            return kernel(*args)
        axes, back = memory_order(arrays[0].strides)
        pairs = zip(args, kinds, strict=True)
        found = kernel(
            *[x.transpose(axes) if c != " " and x.ndim else x for x, c in pairs]
        )
        if count == 1:
            return found.transpose(back)
        return tuple(y.transpose(back) for y in found)

    def kernel(self, xp, args):
        """(the kernel for arguments of these dtypes, number of results, the dtypes).

        The dtypes are one character for each argument, a space for a number.
        """
        ndarray = xp.ndarray
        kinds = "".join([x.dtype.char if type(x) is ndarray else " " for x in args])
        found = self.kernels.get((xp, kinds))
        if found is None:
            names = [np.dtype(c).name if c != " " else "" for c in kinds]
            found = self.kernels[xp, kinds] = (*self.made(xp, names), kinds)
        return found

    def made(self, xp, kinds):
        """An ElementwiseKernel of the formula."""
        source = Source(self, kinds)
        outs = ", ".join(f"{source.dtype} y{k}" for k in range(len(source.results)))
        body = [f"y{k} = {text};" for k, text in enumerate(source.results)]
        operation = "\n".join([*source.lines, *body])
        kernel = xp.ElementwiseKernel(source.params, outs, operation, self.name)
        return kernel, len(source.results)


class Source:
    """The C of a formula for arguments of certain dtypes; "" for numbers.

    params : as CuPy declares them      lines, results : the C, and what it gives
    """

    def __init__(self, fused: Fused, kinds):
        self.dtype = real_type(fused.name, kinds)
        self.real = REAL[self.dtype]
        trace = Trace(self.real)
        typed = [
            (kind or self.dtype, n) for kind, n in zip(kinds, fused.names, strict=True)
        ]
        symbols = [trace.symbol(n, np.dtype(kind).kind) for kind, n in typed]
        found = fused.formula(trace, *symbols)
        found = found if isinstance(found, tuple) else (found,)
        self.params = ", ".join(f"{kind} {n}" for kind, n in typed)
        self.c_params = ", ".join(
            f"const {KINDS[s.kind] or self.real} {s.name}" for s in symbols
        )
        self.lines, self.results = trace.lines, [trace.text(y) for y in found]


class Reduced(Fused):
    """The sum, or the mean, of what a formula gives, over axes."""

    def __init__(self, formula: Callable, name: str, mean: bool):
        super().__init__(formula, name)
        self.mean = mean

    def values(self, *args):
        """What is added up: for two values a complex number."""
        found = self.formula(np, *args)
        return found[0] + 1j * found[1] if isinstance(found, tuple) else found

    def __call__(self, *args, axis=None, keepdims=False):
        xp = next((xp_of(x) for x in args if is_array(x)), np)
        if xp is np:
            return self.added(args, axis, keepdims)
        kernel, count, _ = self.kernel(xp, args)
        total = kernel(*args, axis=axis, keepdims=keepdims)
        return total if count == 1 else (total.real, total.imag)

    def added(self, args, axis, keepdims):
        """The definition."""
        found = self.formula(np, *args)
        several = isinstance(found, tuple)
        shape = np.broadcast_shapes(*(np.shape(x) for x in args))
        sums = []
        for values in found if several else [found]:
            total = np.broadcast_to(values, shape).sum(axis=axis, keepdims=keepdims)
            count = math.prod(shape) // max(1, np.size(total))
            sums.append(total / count if self.mean else total)
        return tuple(sums) if several else sums[0]

    def made(self, xp, kinds):
        """A ReductionKernel that maps by a function of C and adds."""
        source = Source(self, kinds)
        count, real = len(source.results), source.real
        result = real if count == 1 else f"complex<{real}>"
        dtype = {"float32": "complex64", "float64": "complex128"}[source.dtype]
        value = f"{result}({', '.join(source.results)})"
        lines = [f"__device__ inline {result} {self.name}_of({source.c_params}) {{"]
        lines += [*source.lines, f"return {value};", "}"]
        kernel = xp.ReductionKernel(
            source.params,
            f"{source.dtype if count == 1 else dtype} y",
            f"{self.name}_of({', '.join(self.names)})",
            "a + b",
            f"y = a / {real}(_in_ind.size() / _out_ind.size())"
            if self.mean
            else "y = a",
            "0",
            self.name,
            preamble="\n".join(lines),
        )
        return kernel, count


def is_array(x) -> bool:
    """Whether x is an array of any library; NumPy's scalars count as numbers."""
    kind = type(x)
    if kind is float or kind is int:  # the commonest, and the fastest to tell
        return False
    return hasattr(x, "strides") and not isinstance(x, np.generic)


def real_type(name: str, kinds) -> str:
    """The one floating-point type among dtypes; TypeError for two, or for none."""
    found = {kind for kind in kinds if kind.startswith("float")}
    if len(found) != 1 or not found <= set(REAL):
        raise TypeError(
            f"{name}: arguments of {sorted(found)}. Fix: one of {list(REAL)}"
        )
    return found.pop()


def alike(arrays) -> bool:
    """Whether all arrays have as many axes as the first, and its sizes or 1."""
    shape = arrays[0].shape
    return all(
        x.ndim == len(shape)
        and all(n in (m, 1) for n, m in zip(x.shape, shape, strict=True))
        for x in arrays[1:]
    )


@cache
def memory_order(strides) -> tuple[list[int], list[int]]:
    """The axes of an array as they lie in memory, outermost first; and the way back.

    Transposed so, an array is walked through as it lies.
    """
    axes = sorted(range(len(strides)), key=lambda axis: -strides[axis])
    return axes, sorted(range(len(axes)), key=axes.__getitem__)


def fused(formula: Callable, name: str | None = None) -> Fused:
    """Declare a formula one kernel."""
    return Fused(formula, name or formula.__name__)


def summed(formula: Callable) -> Reduced:
    """Declare the sum of a formula one kernel."""
    return Reduced(formula, formula.__name__, mean=False)


def averaged(formula: Callable) -> Reduced:
    """Declare the mean of a formula one kernel."""
    return Reduced(formula, formula.__name__, mean=True)
