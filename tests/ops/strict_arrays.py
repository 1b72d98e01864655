"""A stand-in for CuPy on any machine: NumPy arrays that refuse to be taken for NumPy's.

Like CuPy's, they do not mix with NumPy arrays, do not turn into them unasked, and their
sums are 0-d arrays.  Most mistakes that would only show on a GPU fail here as well.
"""

import math
import operator
from types import SimpleNamespace

import numpy as np

REFUSAL = "a NumPy array was given to the other library: move it with xp.asarray"


def inner(x):
    """The NumPy values within arguments; a NumPy array is refused."""
    if isinstance(x, StrictArray):
        return x.array
    if isinstance(x, np.ndarray):
        raise TypeError(REFUSAL)
    if isinstance(x, (list, tuple)) and not hasattr(x, "_fields"):
        return type(x)(map(inner, x))
    if isinstance(x, dict):
        return {key: inner(value) for key, value in x.items()}
    return x


def outer(x):
    """Results as strict arrays; NumPy's scalars too."""
    if isinstance(x, (np.ndarray, np.generic)):
        return StrictArray(np.asarray(x))
    if isinstance(x, (list, tuple)):
        return type(x)(map(outer, x))
    return x


def strict(f):
    """A function of NumPy as one of strict arrays."""

    def call(*args, **kwargs):
        return outer(f(*inner(args), **inner(kwargs)))

    return call


class StrictArray:
    """An array of the stand-in."""

    __array_ufunc__ = None
    __hash__ = None

    def __init__(self, array):
        self.array = array

    shape = property(lambda self: self.array.shape)
    ndim = property(lambda self: self.array.ndim)
    size = property(lambda self: self.array.size)
    dtype = property(lambda self: self.array.dtype)
    strides = property(lambda self: self.array.strides)
    flags = property(lambda self: self.array.flags)
    T = property(lambda self: outer(self.array.T))
    base = property(lambda self: self.array.base)

    def __array__(self, *_, **__):
        raise TypeError("implicit conversion to a NumPy array: use .get()")

    def get(self):
        """A copy on the host."""
        return self.array.copy()

    def item(self, *args):
        """A Python number."""
        return self.array.item(*args)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return strict(getattr(self.array, name))

    def __getitem__(self, index):
        return outer(self.array[inner(index)])

    def __setitem__(self, index, value):
        self.array[inner(index)] = inner(value)

    def __len__(self):
        return len(self.array)

    def __bool__(self):
        return bool(self.array)

    def __float__(self):
        return float(self.array)

    def __int__(self):
        return int(self.array)

    def __index__(self):
        return operator.index(self.array)


def _define(name):
    def method(self, *others):
        if name.startswith("__i") and name != "__invert__":
            getattr(self.array, name)(*inner(others))
            return self
        return outer(getattr(self.array, name)(*inner(others)))

    setattr(StrictArray, name, method)


for _name in ("add", "sub", "mul", "truediv", "pow", "matmul", "mod", "and", "or"):
    for _prefix in ("", "r", "i"):
        _define(f"__{_prefix}{_name}__")
for _name in ("lt", "le", "gt", "ge", "eq", "ne", "neg", "pos", "abs", "invert"):
    _define(f"__{_name}__")


class Ufunc:
    """np.add and the like: to call, or as `add.at`."""

    def __init__(self, ufunc):
        self.at = strict(ufunc.at)
        self.call = strict(ufunc)

    def __call__(self, *args, **kwargs):
        return self.call(*args, **kwargs)


class StrictModule:
    """What stands for the module `cupy`."""

    ndarray = StrictArray
    lib = SimpleNamespace(
        stride_tricks=SimpleNamespace(
            as_strided=strict(np.lib.stride_tricks.as_strided)
        )
    )

    def __getattr__(self, name):
        found = getattr(np, name)
        if isinstance(found, np.ufunc):
            return Ufunc(found)
        return (
            strict(found) if callable(found) and not isinstance(found, type) else found
        )

    @staticmethod
    def asarray(x, dtype=None):
        """From the host, as CuPy's: the one door."""
        x = x.array if isinstance(x, StrictArray) else x
        return StrictArray(np.asarray(inner(x) if isinstance(x, list) else x, dtype))

    array = asarray


class Special:
    """What stands for `cupyx.scipy.special`."""

    erf = staticmethod(strict(np.vectorize(math.erf, otypes=[float])))
