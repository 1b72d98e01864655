"""Every error tinygen raises on purpose.

Each class derives from `TinygenError` and from the built-in a caller would expect,
so `except ValueError` keeps working.  A message says what happened, with the op or
option and the actual shapes or values, and ends with "Fix: ...".  Each class has a
`code`, under which docs/errors.md explains it.
"""

from collections.abc import Iterable
from difflib import get_close_matches

MANY = 40  # names: more are not listed where one is near


class TinygenError(Exception):
    """Base class of every error that tinygen raises on purpose."""

    code = "TG"


class ShapeError(TinygenError, ValueError):
    """Shapes that do not fit together."""

    code = "TG-SHAPE"


class DTypeError(TinygenError, TypeError):
    """A type of number that an operation cannot take, or two that must not mix."""

    code = "TG-DTYPE"


class IndexOutOfRange(TinygenError, IndexError):
    """An index, label or axis outside its range."""

    code = "TG-INDEX"


class GraphError(TinygenError, RuntimeError):
    """Differentiation asked of a graph that cannot give it."""

    code = "TG-GRAPH"


class NoDerivativeError(TinygenError, NotImplementedError):
    """A derivative that has no rule: never zeros in its place."""

    code = "TG-DERIVATIVE"


class DeviceError(TinygenError, RuntimeError):
    """A device that is absent, or arrays of two devices in one operation."""

    code = "TG-DEVICE"


class OutOfMemory(TinygenError, MemoryError):
    """More memory asked for than there is, on the host or on the GPU."""

    code = "TG-MEMORY"


class DataError(TinygenError, ValueError):
    """Data that is missing, malformed or outside its range."""

    code = "TG-DATA"


class IntegrityError(DataError):
    """Bytes that are not the ones that were written or published."""

    code = "TG-INTEGRITY"


class DownloadError(DataError, OSError):
    """A file that could not be had from the network."""

    code = "TG-DOWNLOAD"


class CheckpointError(TinygenError, ValueError):
    """A checkpoint that cannot be read, or does not fit the model."""

    code = "TG-CHECKPOINT"


class ConfigError(TinygenError, ValueError):
    """An option with an impossible or unknown value."""

    code = "TG-CONFIG"


class NonFiniteError(TinygenError, ArithmeticError):
    """A loss or gradient that became NaN or infinite."""

    code = "TG-NONFINITE"


def choices(name, known: Iterable[str]) -> str:
    """The remedy for an unknown name: the nearest known one, if any, and the others.

    >>> choices("softmx", ["relu", "softmax"])
    "Fix: 'softmax'; all of them: relu, softmax"
    """
    known = list(known)
    near = get_close_matches(str(name), known, n=4, cutoff=0.5)
    if not near:
        return f"Fix: one of {', '.join(known)}"
    if len(known) > MANY:
        return f"Fix: {near[0]!r}; others are alike: {', '.join(near[1:]) or 'none'}"
    return f"Fix: {near[0]!r}; all of them: {', '.join(known)}"
