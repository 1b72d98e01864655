"""Which array library an array belongs to, where new arrays go, and randomness.

NumPy is the default.  CuPy is imported when somebody first asks for "cuda", never
before.  Which library computes is decided per array (`xp_of`), so CPU and GPU arrays
live side by side in one process; which library *creates* is the default device.
"""

import math
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np

from tinygen import cuda
from tinygen.errors import ConfigError, DeviceError, OutOfMemory


def check_numpy(version: str) -> None:
    """Raise ImportError for a NumPy older than tinygen works with."""
    if int(version.partition(".")[0]) < 2:
        raise ImportError(
            f"tinygen needs NumPy 2.0 or newer, this is {version}. "
            "Fix: pip install 'numpy>=2.0'"
        )


check_numpy(np.__version__)
DEVICES = ("cpu", "cuda")
_cupy = None  # the CuPy module, once a kernel has run on a GPU
_default = "cpu"
_instead: Callable | None = None  # `given` while a step is captured


def xp_of(x):
    """The array module (NumPy or CuPy) that `x` belongs to; NumPy for plain numbers."""
    if _cupy is not None and isinstance(x, _cupy.ndarray):
        return _cupy
    return np


def is_array(x) -> bool:
    """Whether `x` is an array (or NumPy scalar) of a library that tinygen knows."""
    return isinstance(x, (np.ndarray, np.generic)) or xp_of(x) is not np


def device_of(x) -> str:
    """'cpu' or 'cuda'."""
    return "cpu" if xp_of(x) is np else "cuda"


def module(device: str | None = None):
    """The array module of a device; of the default device when none is named.

    Raises DeviceError if the device is unknown or cannot be used, saying why.
    """
    device = _default if device is None else device
    if device == "cpu":
        return np
    if device == "cuda":
        return _load_cupy()
    raise DeviceError(f"unknown device {device!r}. Fix: use one of {DEVICES}")


def _load_cupy():
    """CuPy, imported and tried out when it is first asked for."""
    global _cupy
    if _cupy is None:
        _cupy = cuda.usable()
    return _cupy


def chosen(device: str) -> str:
    """The device itself, or for "auto" the one to use: "cuda" if there is a GPU."""
    if device != "auto":
        return device
    try:
        _load_cupy()
    except DeviceError:
        return "cpu"
    return "cuda"


def set_device(device: str) -> None:
    """Make `device` ('cpu' or 'cuda') the one on which new tensors are created."""
    global _default
    module(device)
    _default = device


def get_device() -> str:
    """The device on which new tensors are created."""
    return _default


@contextmanager
def device(name: str):
    """Create new tensors on device `name` within a `with` block."""
    before = _default
    set_device(name)
    try:
        yield
    finally:
        set_device(before)


def to_device(x, device: str):
    """The array `x` on `device`: itself if it is there already, else a copy."""
    if device_of(x) == device:
        return x
    if device == "cpu":
        return x.get()
    try:
        return module(device).asarray(x)
    except MemoryError as error:
        raise out_of_memory(f"{x.dtype}{x.shape}", error) from error


def given(make: Callable, dtype=None, device: str | None = None):
    """What the host gives to a computation: make(), its arrays moved to the device.

    Numbers stay numbers, and None is for what is done on the host alone.  All that
    differs from one training step to the next, as noise does, comes in by this door: a
    step can then be captured as a graph, and before every replay make() is called
    again.

    make : -> an array of NumPy, a number, a tuple of these, or None
    dtype : that the numbers have to be of where they become arrays
    device : the default device if left out
    """
    if _instead is not None:
        return _instead(make, dtype)
    device = _default if device is None else device
    moved = lambda x: to_device(x, device) if isinstance(x, np.ndarray) else x
    found = make()
    return tuple(map(moved, found)) if isinstance(found, tuple) else moved(found)


@contextmanager
def given_by(instead: Callable) -> Iterator[None]:
    """Within the block `given(make, dtype)` is instead(make, dtype)."""
    global _instead
    before, _instead = _instead, instead
    try:
        yield
    finally:
        _instead = before


def out_of_memory(what: str, error: MemoryError, device: str = "cuda") -> OutOfMemory:
    """The error to raise where there was too little memory for `what`."""
    told = "" if device == "cpu" else f"; {cuda.memory(module(device))}"
    return OutOfMemory(
        f"{what}: {str(error).strip().rstrip('.')}{told}. "
        "Fix: a smaller batch_size, image_size or width"
    )


def to_host(x) -> np.ndarray:
    """The array `x` as a NumPy array."""
    return to_device(x, "cpu")


def free_memory() -> None:
    """Give the GPU's memory that no array uses back to the system."""
    if _cupy is not None:
        _cupy.get_default_memory_pool().free_all_blocks()


def rng(seed: int, stream: str = "", step: int = 0) -> np.random.Generator:
    """Random numbers that are a pure function of (seed, stream, step).

    Every use of randomness names its own stream ("init", "shuffle", "noise", ...), so
    drawing more of one never moves another, and a run continues exactly where it
    stopped from these three values alone.  Drawn on the host on every device, so CPU
    and GPU runs see the same numbers.

    Raises ConfigError unless seed and step are integers in [0, 2**63), and stream text.
    """
    if not isinstance(stream, str):
        raise ConfigError(
            f"stream must be text that names the use, got {stream!r}. "
            f'Fix: rng({seed!r}, "noise", step=...)'
        )
    for name, value in (("seed", seed), ("step", step)):
        integral = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not integral or not 0 <= value < 2**63:
            raise ConfigError(
                f"{name} must be an integer in [0, 2**63), got {value!r}. "
                f"Fix: {name}=0, or any other such integer"
            )
    words = [int(seed), zlib.crc32(stream.encode()), int(step)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))


@cache
def _ones(xp, shape, dtype: str):
    return xp.ones(shape, dtype)


def one_like(x):
    """A one in the shape and dtype of x, which has one element; always the same array.

    Nobody may write to it.
    """
    return _ones(xp_of(x), x.shape, x.dtype.name)


def size_of(shape) -> int:
    """The number of elements of an array of this shape."""
    return math.prod(shape)
