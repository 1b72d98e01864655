"""Every error tinygen raises on purpose.

Each class derives from `TinygenError` and from the built-in a caller would expect,
so `except ValueError` keeps working.  A message says what happened, with the op or
option and the actual shapes or values, and ends with "Fix: ...".
"""


class TinygenError(Exception):
    """Base class of every error that tinygen raises on purpose."""


class ShapeError(TinygenError, ValueError):
    """Shapes that do not fit together."""


class DTypeError(TinygenError, TypeError):
    """A type of number that an operation cannot take, or two that must not mix."""


class IndexOutOfRange(TinygenError, IndexError):
    """An index, label or axis outside its range."""


class GraphError(TinygenError, RuntimeError):
    """Differentiation asked of a graph that cannot give it."""


class DeviceError(TinygenError, RuntimeError):
    """A device that is absent, or arrays of two devices in one operation."""


class DataError(TinygenError, ValueError):
    """Data that is missing, malformed or outside its range."""


class IntegrityError(DataError):
    """Bytes that are not the ones that were written or published."""


class CheckpointError(TinygenError, ValueError):
    """A checkpoint that cannot be read, or does not fit the model."""


class ConfigError(TinygenError, ValueError):
    """An option with an impossible or unknown value."""


class NonFiniteError(TinygenError, ArithmeticError):
    """A loss or gradient that became NaN or infinite."""
