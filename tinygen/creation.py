"""Making tensors."""

import numpy as np

from tinygen import backend
from tinygen.engine import Tensor
from tinygen.errors import DTypeError, ShapeError

DTYPES = ("float32", "float64", "bool", "uint8", "int32", "int64")


def tensor(data, requires_grad: bool = False, dtype=None, device=None) -> Tensor:
    """A tensor of numbers, nested lists, an array, or another tensor's values (copied).

    Python floats become float32, integers int64, booleans bool; an array keeps its
    dtype, of which tinygen knows float32, float64, bool, uint8, int32 and int64.
    Raises DTypeError for ragged lists, text, complex numbers and other dtypes, and if
    integers are to require grad; DeviceError if the device cannot be used.
    """
    data = data.data if isinstance(data, Tensor) else data
    if isinstance(data, np.generic):  # one number of NumPy's: an array like others
        data = np.asarray(data)
    if not backend.is_array(data):
        data = _from_python(data)
        usual = np.float32 if data.dtype == np.float64 else data.dtype
        dtype = usual if dtype is None else dtype  # float64 on request: no digit lost
    dtype = np.dtype(data.dtype if dtype is None else dtype)
    if dtype.name not in DTYPES or data.dtype.kind not in "fbiu":
        real = "; real tensors only" if "c" in (dtype.kind, data.dtype.kind) else ""
        raise DTypeError(
            f"tensor: {dtype if dtype.name not in DTYPES else data.dtype} is not "
            f"supported{real}. Fix: dtype= one of {', '.join(DTYPES)}"
        )
    device = backend.get_device() if device is None else device
    moved = backend.to_device(data, device)
    x = Tensor(moved.astype(dtype, copy=moved is data))
    x.requires_grad = requires_grad
    return x


def _from_python(data) -> np.ndarray:
    """Numbers or nested lists of them as an array."""
    if isinstance(data, (list, tuple)):
        data = _plain_lists(data)
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise DTypeError(f"tensor: {_ragged(data)}. Fix: rows of one length") from error
    if array.dtype.kind not in "fbiuc":
        raise DTypeError(
            f"tensor: cannot make numbers of {type(data).__name__} {data!r:.60}. "
            "Fix: give numbers, nested lists of numbers, or an array"
        )
    return array


def _plain_lists(data):
    """Lists with the tensors in them replaced by their values."""
    if isinstance(data, (list, tuple)):
        return [_plain_lists(x) for x in data]
    return data.numpy() if isinstance(data, Tensor) else data


def _ragged(data) -> str:
    """Which row has another length than the first."""
    lengths = [len(row) if hasattr(row, "__len__") else 0 for row in data]
    odd = next((i for i, n in enumerate(lengths) if n != lengths[0]), 0)
    return f"row {odd} has length {lengths[odd]}, row 0 has {lengths[0]}"


def _filled(name, shape, requires_grad, dtype, device, *value) -> Tensor:
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(n < 0 for n in shape):
        raise ShapeError(f"{name}: negative size in {shape}. Fix: sizes >= 0")
    x = Tensor(getattr(backend.module(device), name)(shape, *value, dtype=dtype))
    x.requires_grad = requires_grad
    return x


def zeros(shape, requires_grad=False, dtype="float32", device=None) -> Tensor:
    """Zeros of a shape."""
    return _filled("zeros", shape, requires_grad, dtype, device)


def ones(shape, requires_grad=False, dtype="float32", device=None) -> Tensor:
    """Ones of a shape."""
    return _filled("ones", shape, requires_grad, dtype, device)


def full(shape, value, requires_grad=False, dtype="float32", device=None) -> Tensor:
    """One value in every element of a shape."""
    return _filled("full", shape, requires_grad, dtype, device, value)


def randn(shape, *, rng, requires_grad=False, dtype="float32", device=None) -> Tensor:
    """Independent draws from N(0, 1); rng : a numpy.random.Generator."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    draw = lambda: rng.standard_normal(shape, dtype=np.dtype(dtype))
    x = Tensor(backend.given(draw, device=device))
    x.requires_grad = requires_grad
    return x
