"""The stand-in's namespace: every function that CuPy has, and no other."""

from types import ModuleType, SimpleNamespace

import numpy as np

from strict_cupy import kernels
from strict_cupy.array import API, VERSION, call, check, index_of, ndarray, unwrap, wrap
from strict_cupy.ledger import ledger

SYNCHRONISING = {"nonzero", "flatnonzero", "argwhere", "unique", "bincount"}
SYNCHRONISING |= {"histogram", "array_equal", "allclose"}
FREE = {"empty", "empty_like", "result_type", "can_cast", "dtype"}


class Ufunc:
    """xp.add and the like: to call, or as `add.at` and `add.reduce` where CuPy can."""

    def __init__(self, function, entry: dict, name: str):
        self.function, self.entry, self.name = function, entry, name

    def __call__(self, *args, **kwargs):
        return call(self.function, self.entry, self.name, args, kwargs)

    def at(self, x, index, value):
        """Add, or what it is, at each place of an index, repeated ones too."""
        if not self.entry["at"]:
            raise NotImplementedError(f"{self.name}.at: not in CuPy {VERSION}")
        a, key, b = unwrap(x), index_of(index), unwrap(value)
        ledger.work(f"{self.name}.at", lambda: self.function.at(a, key, b), 1)


def function_of(module, name: str, entry: dict):
    """One name of CuPy, computed by NumPy's function of that name."""
    found = getattr(module, name)
    if entry["kind"] == "ufunc" and isinstance(found, np.ufunc):
        return Ufunc(found, entry, name)
    if entry["kind"] not in ("ufunc", "func"):
        return found

    def function(*args, **kwargs):
        if name in SYNCHRONISING:
            ledger.sync(name)
        if name in FREE:
            check(name, entry, args, kwargs)
            ledger.allocate(name)
            return wrap(found(*map(unwrap, args), **kwargs))
        return call(found, entry, name, args, kwargs)

    return function


def names_of(module, part: str):
    """(name, function) of all that both CuPy's part and NumPy's module have."""
    for name, entry in API[part].items():
        value = getattr(module, name, None)
        scalar = isinstance(value, type) and issubclass(value, (np.generic, np.dtype))
        if value is not None and (entry["kind"] != "class" or scalar):
            yield name, function_of(module, name, entry)


class Module(ModuleType):
    """What stands for the module `cupy`."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        has = "not in the stand-in" if name in API["cupy"] else f"not in CuPy {VERSION}"
        raise AttributeError(f"cupy.{name}: {has}")


def asarray(a, dtype=None, order=None, *, copy=None, blocking=False):
    """From the host, as CuPy's: the one door, and always a copy."""
    if isinstance(a, ndarray):
        return a if dtype is None or a.dtype == dtype else a.astype(dtype)
    if isinstance(a, (list, tuple)) and any(isinstance(x, ndarray) for x in a):
        return xp.stack(list(a))
    ledger.copy("asarray")
    return ndarray.of(np.array(a, dtype))


def asnumpy(a, *_, **__):
    """To the host."""
    return a.get() if isinstance(a, ndarray) else np.asarray(a)


def empty_like(prototype, dtype=None, order="K", subok=None, shape=None):
    """New memory whose axes lie as the prototype's."""
    made = lambda: np.empty_like(unwrap(prototype), dtype, order, shape=shape)
    return ndarray.of(ledger.work("empty_like", made, 0))


def as_strided(x, shape=None, strides=None):
    """A view of any shape and strides."""
    return ndarray.of(np.lib.stride_tricks.as_strided(unwrap(x), shape, strides))


def sliding_window_view(x, window_shape, axis=None):
    """A view of windows; CuPy's iterates over an array of the device."""
    ledger.sync("sliding_window_view")
    view = np.lib.stride_tricks.sliding_window_view
    return ndarray.of(view(unwrap(x), window_shape, axis))


def erf(x, out=None, dtype=None):
    """The error function of `cupyx.scipy.special`."""
    from math import erf

    exact = np.vectorize(erf, otypes=[float])
    compute = lambda: exact(unwrap(x)).astype(x.dtype)
    return ndarray.of(ledger.work("erf", compute))


xp = Module("strict_cupy.xp")
for _name, _function in names_of(np, "cupy"):
    setattr(xp, _name, _function)
xp.ndarray, xp.asarray, xp.asnumpy, xp.empty_like = (
    ndarray,
    asarray,
    asnumpy,
    empty_like,
)
xp.array = asarray
xp.__version__ = VERSION
xp.is_available = lambda: True
xp.linalg = SimpleNamespace(**dict(names_of(np.linalg, "linalg")))
xp.lib = SimpleNamespace(
    stride_tricks=SimpleNamespace(
        as_strided=as_strided, sliding_window_view=sliding_window_view
    )
)
xp.ElementwiseKernel = kernels.ElementwiseKernel
xp.ReductionKernel = kernels.ReductionKernel
xp.RawKernel = kernels.RawKernel
xp.cuda = kernels.cuda
xp.get_default_memory_pool = kernels.MemoryPool
special = SimpleNamespace(erf=erf)
