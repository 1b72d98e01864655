"""Samples: what every op and public function is tried on.

A family of ops is declared in `tinygen/testing/samples/`, an op in a few lines:

    declare(ops.tanh, np.tanh, unary(), analytic=True)
    declare(ops.sum, np.sum, [Sample(A(2, 3, 5), axis=(0, -1)), ...])

`A(2, 3)` stands for a float array of that shape, drawn when the sample is used: the
arrays so declared are what gradients are taken of.  Anything else is passed as it is.
An op that nobody declares here fails the tests.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tinygen.engine import OPS

SPECS: dict[str, "Spec"] = {}
MARGIN = 0.05  # how far drawn values keep from a kink: many steps of the differences


class Draw(NamedTuple):
    """A float array to be drawn: no two elements equal, none near `avoid`."""

    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0
    avoid: tuple[float, ...] = ()

    def values(self, generator: np.random.Generator) -> np.ndarray:
        """One number from each of n cells of [low, high], in random order."""
        n = int(np.prod(self.shape))
        place = np.arange(n) + generator.uniform(0.2, 0.8, n)
        x = self.low + (self.high - self.low) / max(n, 1) * place
        for kink in self.avoid:
            distance = x - kink
            near = np.abs(distance) < MARGIN
            x = np.where(near, kink + np.copysign(MARGIN, distance) + distance, x)
        return generator.permutation(x).reshape(self.shape)


def A(*shape: int, low=-2.0, high=2.0, avoid=()) -> Draw:
    """A float array of this shape with values in [low, high]."""
    return Draw(shape, low, high, tuple(avoid))


class Sample:
    """The arguments of one call.

    extreme : values at which differences mean nothing (1e4, 1e-30): only what holds
        without them is checked
    """

    def __init__(self, *args, extreme: bool = False, **kwargs):
        self.args, self.kwargs, self.extreme = args, kwargs, extreme

    def draws(self) -> list:
        """Every array among the arguments, drawn or given, also within lists."""
        flat = []
        for a in self.args:
            flat += a if isinstance(a, (list, tuple)) and type(a) is not Draw else [a]
        return [a for a in flat if hasattr(a, "shape")]

    def describe(self) -> str:
        """The shapes and the settings, in a few words."""
        shapes = ", ".join(str(a.shape) for a in self.draws())
        plain = [a for a in self.args if isinstance(a, (int, float, str, tuple, slice))]
        plain = [repr(a) for a in plain if type(a) is not Draw]
        named = [f"{k}={v!r}" for k, v in self.kwargs.items()]
        text = ", ".join([f"shape {shapes}", *plain, *named])
        return text if len(text) <= 70 else text[:67] + "..."


class Kink(Sample):
    """A point without a derivative, and the gradient that the op gives there.

    gradient : cotangent -> the list of gradients, exactly
    """

    def __init__(self, *args, gradient: Callable, **kwargs):
        super().__init__(*args, **kwargs)
        self.gradient = gradient


class ErrorSample(NamedTuple):
    """A call that must be refused: with which error, and what its text must hold."""

    args: tuple
    kwargs: dict
    error: type[Exception]
    match: str = ""


def bad(*args, error, match="", **kwargs) -> ErrorSample:
    """An ErrorSample written like the call it describes."""
    return ErrorSample(args, kwargs, error, match)


@dataclass
class Spec:
    """All that is known of an op or function for its tests."""

    name: str
    fn: Callable
    ref: Callable  # the same forward in plain NumPy, float64
    samples: list[Sample]
    errors: tuple[ErrorSample, ...] = ()
    public: Callable | None = None  # the function that fn stands for, if it wraps one
    also: tuple[Callable, ...] = ()  # the same by other names: methods, operators
    constants: tuple[int, ...] = ()  # arguments without a derivative, as masks
    covers: tuple[str, ...] = ()  # ops without a public name that the samples record
    analytic: bool = False  # ref takes complex numbers: a second, exact oracle
    linear: bool = False  # in all arrays at once
    views: bool = False  # the result may share memory with an argument
    casts: bool = False  # the result has another dtype by design
    rtol: float = 1e-13  # of the forward against ref
    rtol_reason: str = ""
    exempt: str = ""  # why no sample has size 0

    @property
    def op(self):
        """The op that fn is, or None for a composite."""
        return getattr(self.fn, "op", None)


def declare(fn: Callable, ref: Callable, samples, *, name=None, **facts) -> Spec:
    """Register the samples of an op or function; see `Spec` for the facts."""
    op = getattr(fn, "op", None)
    name = name or (op.name if op is not None else fn.__name__)
    if op is not None:
        facts = {"linear": op.linear, "views": op.views, "casts": op.casts, **facts}
    if name in SPECS:
        raise ValueError(f"samples for {name!r} are declared twice")
    SPECS[name] = Spec(name, fn, ref, list(samples), **facts)
    return SPECS[name]


def uncovered_ops() -> list[str]:
    """Ops that no samples were declared for."""
    covered = {name for spec in SPECS.values() for name in spec.covers}
    return [name for name in OPS if name not in SPECS and name not in covered]


def uncovered_functions(module) -> list[str]:
    """Public functions of a module that no samples were declared for."""
    known = {id(f) for spec in SPECS.values() for f in (spec.fn, spec.public)}
    functions = {
        name: f
        for name, f in vars(module).items()
        if callable(f) and not isinstance(f, type) and not name.startswith("_")
    }
    return [name for name, f in functions.items() if id(f) not in known]


# -- samples that many ops share ---------------------------------------------------


def unary(low=-2.0, high=2.0, avoid=(), extremes=()) -> list[Sample]:
    """For a function of one array, element by element."""
    shapes = ((), (7,), (3, 5), (2, 3, 5), (5, 1, 2), (0, 3))
    samples = [Sample(A(*s, low=low, high=high, avoid=avoid)) for s in shapes]
    if extremes:
        samples.append(Sample(np.array(extremes), extreme=True))
    return samples


PAIRS = (  # shapes that broadcast: not, numbers, leading, middle, both ways, size 1, 0
    ((3, 5), (3, 5)),
    ((), ()),
    ((2, 3, 5), (5,)),
    ((2, 3, 5), (3, 5)),
    ((5,), (2, 3, 5)),
    ((2, 3, 5), (2, 1, 5)),
    ((2, 1, 5), (2, 3, 5)),
    ((2, 1, 5), (3, 1)),
    ((3, 1), (1, 5)),
    ((3, 3), (3,)),
    ((1,), (3, 5)),
    ((3, 5), ()),
    ((0, 3), (3,)),
)


def binary(first=(-2.0, 2.0), second=(-2.0, 2.0), extremes=()) -> list[Sample]:
    """For a function of two arrays that broadcast."""
    samples = [
        Sample(A(*a, low=first[0], high=first[1]), A(*b, low=second[0], high=second[1]))
        for a, b in PAIRS
    ]
    for a, b in extremes:
        samples.append(Sample(np.array(a), np.array(b), extreme=True))
    return samples


def reductions(low=-2.0, high=2.0, empty=False) -> list[Sample]:
    """For a function that reduces axes: none, one, negative, several not adjacent."""
    array = lambda *shape: A(*shape, low=low, high=high)
    samples = [
        Sample(array(2, 3, 5)),
        Sample(array(2, 3, 5), axis=1),
        Sample(array(2, 3, 5), axis=-1),
        Sample(array(2, 3, 5), axis=(0, 2)),
        Sample(array(2, 3, 5), axis=(-1, 0), keepdims=True),
        Sample(array(2, 3, 5), axis=-2, keepdims=True),
        Sample(array(2, 3, 5), keepdims=True),
        Sample(array(3, 1, 2), axis=1),
        Sample(array(3, 3, 2), axis=1),
        Sample(array(7), axis=0),
        Sample(array()),
        Sample(array(3, 0, 2), axis=2),
    ]
    if empty:
        samples += [Sample(array(3, 0, 2), axis=1), Sample(array(0))]
    return samples
