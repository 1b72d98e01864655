"""A fast kernel stands beside the plain definition that it must equal.

    @faster_than(plain_definition)
    def kernel(x, ...): ...

`kernel(...)` then runs the fast code; within `with kernels.use("reference"):` it runs
the plain definition, which is the one to read.  `PAIRS` lists every pair: the tests
hold the two equal on every sample.
"""

from collections.abc import Callable
from contextlib import contextmanager
from functools import wraps

from tinygen.errors import ConfigError

PAIRS: dict[str, tuple[Callable, Callable]] = {}
MODES = ("fast", "reference")
_mode = "fast"


def faster_than(plain: Callable) -> Callable:
    """Declare the decorated kernel a faster equal of `plain` (same arguments)."""

    def pair(fast: Callable) -> Callable:
        PAIRS[fast.__name__] = (plain, fast)

        @wraps(fast)
        def kernel(*args, **settings):
            return (fast if _mode == "fast" else plain)(*args, **settings)

        return kernel

    return pair


@contextmanager
def use(mode: str):
    """Run the "fast" kernels or their plain "reference" within a `with` block."""
    global _mode
    if mode not in MODES:
        raise ConfigError(f"unknown kernels {mode!r}. Fix: use one of {MODES}")
    before, _mode = _mode, mode
    try:
        yield
    finally:
        _mode = before
