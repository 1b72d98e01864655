"""The array of the stand-in, with CuPy's methods and refusals."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from strict_cupy.ledger import ledger

API = json.loads(Path(__file__).parents[1].joinpath("cupy_api.json").read_text())
VERSION = API["version"]
NUMBERS = (bool, int, float, complex, np.generic)
BY_KEYWORD = {  # what **kwargs stands for in the snapshot
    "einsum": {"dtype", "optimize"},
    "pad": {"constant_values", "end_values", "stat_length", "reflect_type"},
}
LAUNCHES = {
    "var": 3,
    "std": 4,
    "norm": 3,
    "roll": 2,
    "tril": 2,
    "einsum": 2,
    "cumsum": 2,
}
HOST = {"array", "asarray", "ascontiguousarray", "asnumpy"}  # take NumPy arrays too
UNSUPPORTED = (
    "Unsupported type <class 'numpy.ndarray'>: an array of the host meets the device's"
)


def wrap(result):
    """NumPy's results as arrays of the stand-in, its scalars too."""
    if isinstance(result, (np.ndarray, np.generic)):
        return ndarray.of(np.asarray(result))
    if isinstance(result, (tuple, list)):
        return type(result)(map(wrap, result))
    return result


def unwrap(x, host: bool = False):
    """The NumPy values of an argument; NumPy's own arrays are refused unless `host`."""
    if isinstance(x, ndarray):
        return x.a
    if isinstance(x, np.ndarray) and not host:
        raise TypeError(UNSUPPORTED)
    if isinstance(x, (list, tuple)):
        return type(x)(unwrap(part, host) for part in x)
    return x


def check(name: str, entry: dict, args, kwargs) -> None:
    """Raise TypeError for arguments that CuPy's function does not have."""
    names = entry.get("params")
    if names is None:
        return
    plain = [n for n in names if not n.startswith("*")]
    unknown = set(kwargs) - set(plain) - BY_KEYWORD.get(name, set())
    if unknown:
        raise TypeError(f"{name}: CuPy {VERSION} has no {sorted(unknown)}, but {plain}")
    if not any(n.startswith("*") for n in names) and len(args) > len(names):
        raise TypeError(f"{name}: {len(args)} arguments, CuPy {VERSION} takes {plain}")


def call(function, entry: dict, name: str, args, kwargs):
    """A function of NumPy on arrays of the stand-in, as one of CuPy's."""
    check(name, entry, args, kwargs)
    host = name in HOST
    if host and any(isinstance(x, np.ndarray) for x in args):
        ledger.copy(name)
    given = [unwrap(x, host) for x in args]
    named = {key: unwrap(x) for key, x in kwargs.items()}
    out = kwargs.get("out")
    count = 1 if out is not None else None
    count = LAUNCHES.get(name, count)
    if name == "matmul":
        count = products(*given[:2])
    elif name in ("concatenate", "stack"):
        count = joins(len(given[0]))
    compute = lambda: _arrays(function(*given, **named))
    result = ledger.work(name, compute, count, [*given, *_method_of(function)])
    return out if isinstance(out, ndarray) else wrap(result)


def _method_of(function) -> list:
    """The array that a bound method belongs to."""
    owner = getattr(function, "__self__", None)
    return [owner] if isinstance(owner, np.ndarray) else []


def _arrays(result):
    """NumPy's scalars as 0-d arrays, as CuPy's reductions give them."""
    return np.asarray(result) if isinstance(result, np.generic) else result


def products(a, b) -> int:
    """The kernels of a matrix product: copies of what cuBLAS cannot take, and its own.

    Two axes: any order.  More: operands in C order; a broadcast batch needs pointers.
    """
    if a.ndim <= 2 and b.ndim <= 2:
        return 1
    if a.shape[:-2] != b.shape[:-2]:
        return 5
    return 1 + sum(not x.flags.c_contiguous for x in (a, b))


def joins(arrays: int) -> int:
    """The kernels that join arrays: one each, or a table of addresses for many."""
    if arrays > 8:
        ledger.copy("a table of addresses")
        return 1
    return arrays


def index_of(key):
    """An index of the stand-in as NumPy takes it."""
    if isinstance(key, tuple):
        return tuple(map(index_of, key))
    if isinstance(key, ndarray):
        if key.dtype == bool:
            ledger.sync("a mask as index")
        return key.a
    if isinstance(key, (list, np.ndarray)) and np.ndim(key):
        ledger.copy("an index of the host")
    return key


def parts_of(key) -> tuple:
    """The parts of an index."""
    return key if isinstance(key, tuple) else (key,)


class ndarray:
    """An array of the stand-in: the NumPy array `a`, seen as CuPy would show it."""

    __slots__ = ("__weakref__", "a")
    __array_ufunc__ = None  # np.exp(x), and NumPy array + x, raise TypeError
    __hash__ = None

    def __init__(self, *_, **__):
        raise TypeError("make arrays with xp.empty, as for CuPy")

    @classmethod
    def of(cls, array) -> "ndarray":
        """A NumPy array as one of the stand-in, without a copy."""
        x = object.__new__(cls)
        x.a = array
        return x

    shape = property(lambda self: self.a.shape)
    ndim = property(lambda self: self.a.ndim)
    size = property(lambda self: self.a.size)
    dtype = property(lambda self: self.a.dtype)
    strides = property(lambda self: self.a.strides)

    @property
    def data(self):
        """What stands for the memory: `ptr` is its address."""
        return SimpleNamespace(ptr=self.a.ctypes.data)

    @property
    def flags(self):
        """The flags that CuPy has."""
        names = "c_contiguous", "f_contiguous", "owndata"
        return SimpleNamespace(**{n: getattr(self.a.flags, n) for n in names})

    def __array__(self, *_, **__):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. "
            "Please use `.get()` to construct a NumPy array explicitly."
        )

    def __array_function__(self, function, *_):
        raise TypeError(f"numpy.{function.__name__} was given an array of the device")

    def __getattr__(self, name):
        entry = API["ndarray"].get(name)
        if entry is None or entry["kind"] == "special":
            raise AttributeError(f"CuPy {VERSION}: ndarray has no {name!r}")
        if entry["kind"] == "attribute":
            return wrap(getattr(self.a, name))
        return lambda *args, **kwargs: call(
            getattr(self.a, name), entry, name, args, kwargs
        )

    # -- reads by the host ---------------------------------------------------------

    def get(self, stream=None, order="C", out=None, blocking=True):
        """A copy on the host."""
        ledger.sync("get()")
        return self.a.copy(order)

    def set(self, values, stream=None) -> None:
        """Take values from the host into this memory."""
        if not isinstance(values, np.ndarray):
            raise TypeError("set() takes a NumPy array")
        if values.shape != self.shape or values.dtype != self.dtype:
            raise ValueError(f"set(): {values.shape} {values.dtype} for {self.shape}")
        ledger.copy("set()")
        self.a[...] = values

    def __len__(self):
        return len(self.a)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __contains__(self, value):
        raise TypeError("`in` reads every element of an array of the device")

    def __reduce__(self):
        raise TypeError("pickling an array of the device would read it")

    # -- indices -------------------------------------------------------------------

    def __getitem__(self, key):
        key = index_of(key)
        view = not any(isinstance(part, (list, np.ndarray)) for part in parts_of(key))
        if view:  # NumPy would copy a single element; CuPy gives a 0-d view
            key = (*parts_of(key), *(() if Ellipsis in parts_of(key) else (...,)))
            return ndarray.of(self.a[key])
        return ndarray.of(ledger.work("getitem", lambda: wrapping(self.a, key), 1))

    def __setitem__(self, key, value):
        if isinstance(value, np.ndarray) and value.ndim:
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        key, value = index_of(key), unwrap(value, host=True)
        for part in parts_of(key):
            if isinstance(part, np.ndarray) and part.dtype.kind in "iu" and part.ndim:
                check_distinct(key, self.a.shape)
        ledger.work("setitem", lambda: self.a.__setitem__(key, value), 1)


def wrapping(array, key):
    """array[key]; an index out of range, which CuPy would wrap, is an error."""
    try:
        return np.array(array[key])
    except IndexError as error:
        raise AssertionError(f"{error}: CuPy wraps, and reads another place") from error


def check_distinct(key, shape) -> None:
    """Refuse an assignment to one place twice: which value wins is undefined."""
    places = np.arange(int(np.prod(shape))).reshape(shape)[key]
    if len(np.unique(places)) != places.size:
        raise AssertionError("assignment to a repeated index: use xp.add.at")


def _special(name: str, method: str):
    """An operator as a method."""
    apply = getattr(np.ndarray, name)

    def operate(self, other):
        if isinstance(other, np.ndarray):
            raise TypeError(UNSUPPORTED)
        if not isinstance(other, (ndarray, *NUMBERS)):
            return NotImplemented
        a, b = self.a, unwrap(other)
        count = products(a, b) if method == "matmul" and not np.isscalar(b) else 1
        result = ledger.work(method, lambda: _arrays(apply(a, b)), count)
        return self if name.startswith("__i") else wrap(result)

    return operate


def _reader(name: str, read):
    """A conversion that makes the host wait."""

    def convert(self, *args):
        ledger.sync(name)
        return read(self.a, *args)

    return convert


def _define() -> None:
    """Give `ndarray` its operators: those that CuPy has."""
    words = "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift"
    names = [(f"__{p}{word}__", word) for word in words.split() for p in ("", "r", "i")]
    names += [(f"__{word}__", word) for word in ["lt", "le", "gt", "ge", "eq", "ne"]]
    for name, word in names:
        if name in API["ndarray"] or name.startswith("__r"):
            setattr(ndarray, name, _special(name, word))
    ndarray.__hash__ = None
    for word in ["neg", "pos", "abs", "invert"]:
        unary = getattr(np.ndarray, f"__{word}__")
        method = lambda self, f=unary, word=word: wrap(
            ledger.work(word, lambda: _arrays(f(self.a)))
        )
        setattr(ndarray, f"__{word}__", method)
    reads = {"__float__": float, "__int__": int, "__bool__": bool, "__repr__": repr}
    reads |= {"item": np.ndarray.item, "tolist": np.ndarray.tolist}
    for name, read in reads.items():
        setattr(ndarray, name, _reader(name, read))


_define()
