"""Hand-written kernels, streams and graphs of the stand-in.

A kernel's C cannot run here: `definitions` says by its name what it computes, in NumPy.
That the C computes the same is for the tests that compile it.
"""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

from strict_cupy.array import UNSUPPORTED, ndarray, unwrap, wrap
from strict_cupy.ledger import ledger, replay
from strict_cupy.memory import Memory

definitions: dict = {}  # name -> f(*inputs) -> an array, or one for each output


def typed(params: str) -> list[tuple[str, str]]:
    """(type, name) of each parameter of "raw float32 x, int32 n"."""
    return [tuple(part.split()[-2:]) for part in params.split(",") if part.strip()]


def check_types(name: str, params, args) -> None:
    """Refuse arrays of the host, and of another type than the kernel declares."""
    for (kind, param), x in zip(params, args, strict=True):
        if isinstance(x, np.ndarray):
            raise TypeError(UNSUPPORTED)
        if isinstance(x, ndarray) and x.dtype != np.dtype(kind):
            raise TypeError(f"{name}: {param} is {x.dtype}, declared {kind}")


class ElementwiseKernel:
    """A kernel that computes each element of its outputs."""

    def __init__(self, in_params, out_params, operation, name="kernel", **options):
        self.inputs, self.outputs, self.name = typed(in_params), typed(out_params), name
        self.in_params, self.out_params = in_params, out_params
        self.operation, self.preamble = operation, options.get("preamble", "")

    def __call__(self, *args, size=None):
        check_types(self.name, self.inputs, args[: len(self.inputs)])
        given = [unwrap(x) for x in args[: len(self.inputs)]]
        outs = args[len(self.inputs) :]
        if not outs:
            compute = lambda: self.computed(given)
            return wrap(ledger.work(self.name, compute, 1))
        check_types(self.name, self.outputs, outs)
        ledger.work(self.name, lambda: self.fill(given, [unwrap(x) for x in outs]), 1)
        return outs[0] if len(outs) == 1 else outs

    def computed(self, given):
        """Every output, of the type that is declared."""
        found = definitions[self.name](*given)
        found = found if isinstance(found, tuple) else (found,)
        kinds = [kind for kind, _ in self.outputs]
        found = tuple(np.asarray(x, k) for x, k in zip(found, kinds, strict=True))
        return found if len(found) > 1 else found[0]

    def fill(self, given, outs) -> None:
        """Compute all outputs, then write them: each element is read before."""
        found = self.computed(given)
        found = found if isinstance(found, tuple) else (found,)
        for out, values in zip(outs, found, strict=True):
            out[...] = values.reshape(out.shape) if values.size == out.size else values


class RawKernel:
    """A kernel that is told its threads, and writes where it likes."""

    def __init__(self, code, name, **_):
        self.code, self.name = code, name

    def __call__(self, grid, block, args):
        if any(isinstance(x, np.ndarray) for x in args):
            raise TypeError(UNSUPPORTED)
        if not 0 < np.prod(grid) < 2**31 or not 0 < np.prod(block) <= 1024:
            raise ValueError(f"{self.name}: grid {grid}, block {block}")
        given = [unwrap(x) for x in args]
        ledger.work(self.name, lambda: definitions[self.name](*given), 1)


class ReductionKernel:
    """A kernel that adds up, or averages, what it computes of each element."""

    def __init__(self, in_params, out_params, map_expr, reduce, post, *rest, **options):
        self.inputs, (self.output,) = typed(in_params), typed(out_params)
        self.name = rest[1]
        if reduce != "a + b" or rest[0] != "0":
            raise NotImplementedError("the stand-in knows sums and means only")
        self.add = np.sum if post == "y = a" else np.mean
        self.in_params, self.out_params, self.map_expr = in_params, out_params, map_expr
        self.post, self.preamble = post, options.get("preamble", "")

    def __call__(self, *args, out=None, axis=None, keepdims=False):
        check_types(self.name, self.inputs, args)
        given = [unwrap(x) for x in args]

        def compute():
            values = np.asarray(definitions[self.name](*given))
            shape = np.broadcast_shapes(*(np.shape(x) for x in given))
            total = self.add(np.broadcast_to(values, shape), axis, keepdims=keepdims)
            return np.asarray(total, self.output[0])

        return wrap(ledger.work(self.name, compute, 1))


class Stream:
    """A queue of work; all of it is done at once here."""

    null: "Stream"

    def __init__(self, null=False, non_blocking=False, ptds=False):
        self.non_blocking, self.ptr = non_blocking, id(self)

    def __enter__(self):
        current.append(self)
        return self

    def __exit__(self, *_):
        current.pop()

    def synchronize(self) -> None:
        """Wait for the work."""
        ledger.sync("synchronize()")

    def begin_capture(self, mode=None) -> None:
        """From here on work is recorded, and not done.

        To know its results it is done all the same, and at the end undone.
        """
        if not self.non_blocking or current[-1] is not self:
            raise RuntimeError("only a current stream that does not block is captured")
        self.before = Memory()
        ledger.tape = []

    def end_capture(self) -> "Graph":
        """What was recorded."""
        tape, ledger.tape = ledger.tape, None
        self.before.restore()
        return Graph(tape)

    def is_capturing(self) -> bool:
        """Whether work is being recorded."""
        return ledger.tape is not None


class Graph:
    """Recorded work, to be done again into the same memory."""

    def __init__(self, tape):
        self.tape = tape

    def launch(self, stream=None) -> None:
        """Do it again: one launch."""
        if stream is not None and current[-1] is not stream:
            raise AssertionError("a graph on another stream than the work around it")
        ledger.launches["graph"] += 1
        replay(self.tape)

    def upload(self, stream=None) -> None:
        """Get ready to launch."""


class MemoryPool:
    """Memory of its own for the arrays of a graph."""

    def malloc(self, size):
        """Some memory."""
        return self

    def used_bytes(self):
        """Of all that is in use."""
        return 0

    def free_all_blocks(self) -> None:
        """Give memory back."""


@contextmanager
def using_allocator(allocator=None):
    """Within the block arrays come from another pool."""
    before, ledger.pool = ledger.pool, allocator and allocator(0)
    try:
        yield
    finally:
        ledger.pool = before


class OutOfMemoryError(MemoryError):
    """What CuPy raises where no memory is left."""


class Device:
    """The one device."""

    id = 0

    def __init__(self, device=None):
        self.mem_info = (10 * 2**30, 16 * 2**30)  # free, in all

    def synchronize(self) -> None:
        """Wait for the work."""
        ledger.sync("Device.synchronize()")


Stream.null = Stream(null=True)
current = [Stream.null]
cuda = SimpleNamespace(
    Stream=Stream,
    Graph=Graph,
    MemoryPool=MemoryPool,
    Device=Device,
    using_allocator=using_allocator,
    memory=SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
    get_current_stream=lambda: current[-1],
)
