"""A sample made concrete: arrays, and the function of its float arrays alone."""

import inspect
from functools import cached_property

import numpy as np

from tinygen.backend import rng, to_device
from tinygen.engine import Tensor
from tinygen.testing.registry import Draw, Sample, Spec
from tinygen.testing.report import Subject


class Case:
    """One sample of one spec, drawn from a seed."""

    def __init__(self, spec: Spec, number: int, seed: int = 0, dtype="float64"):
        self.spec, self.number, self.seed, self.dtype = spec, number, seed, dtype
        self.sample: Sample = spec.samples[number - 1]
        generator = rng(seed, f"{spec.name}/{number}")
        self.args = [_realise(a, generator, dtype) for a in self.sample.args]
        self.places = [
            p for p in _float_places(self.args) if p[0] not in spec.constants
        ]

    def as_type(self, dtype: str) -> "Case":
        """The same values rounded to another dtype."""
        return Case(self.spec, self.number, self.seed, dtype)

    @property
    def arrays(self) -> list[np.ndarray]:
        """Fresh copies of the arrays that gradients are taken of."""
        return [_at(self.args, place).copy() for place in self.places]

    def tensors(self, wanted=None, arrays=None) -> list[Tensor]:
        """The same as leaves, of which the wanted ones require grad (default: all)."""
        arrays = self.arrays if arrays is None else arrays
        leaves = [Tensor(x) for x in arrays]
        for i, x in enumerate(leaves):
            x.requires_grad = wanted is None or i in wanted
        return leaves

    def call(self, *floats, fn=None, device="cpu"):
        """fn(arguments), with `floats` in the places of the float arrays."""
        args = [_moved(a, device) for a in self.args]
        for place, x in zip(self.places, floats, strict=True):
            _put(args, place, x)
        settings = {k: _moved(v, device) for k, v in self.sample.kwargs.items()}
        return (fn or self.spec.fn)(*args, **settings)

    def outputs(self, *floats, **how) -> list:
        """The same, as a list also if there is one result."""
        found = self.call(*floats, **how)
        return list(found) if isinstance(found, (list, tuple)) else [found]

    def reference(self, *floats) -> list[np.ndarray]:
        """What plain NumPy gives for the same arguments."""
        found = self.outputs(*floats, fn=self.spec.ref)
        return [np.asarray(y) for y in found]

    @cached_property
    def subject(self) -> Subject:
        """How messages speak of this case, and how it is repeated."""
        spec, n = self.spec, self.number
        kind = "op" if spec.op is not None else "function"
        label = (
            f"{kind} {spec.name!r}, sample {n}/{len(spec.samples)} "
            f"'{self.sample.describe()}', numpy {self.dtype}"
        )
        repeat = f"tinygen.testing.replay({spec.name!r}, sample={n}, seed={self.seed})"
        return Subject(label, self._names(), repeat)

    def _names(self) -> tuple[str, ...]:
        parameters = list(inspect.signature(self.spec.fn).parameters.values())
        names = []
        for i, *rest in self.places:
            name = parameters[min(i, len(parameters) - 1)].name
            names.append(f"{name}[{rest[0]}]" if rest else name)
        return tuple(names)


def cases(spec: Spec, seed: int = 0) -> list[Case]:
    """Every sample of a spec, numbered from 1."""
    return [Case(spec, n, seed) for n in range(1, len(spec.samples) + 1)]


def _realise(argument, generator, dtype):
    """An argument with its arrays drawn, in lists too; a given float array is cast."""
    if type(argument) is Draw:
        return argument.values(generator).astype(dtype)
    if isinstance(argument, list):
        return [_realise(a, generator, dtype) for a in argument]
    if isinstance(argument, np.ndarray) and argument.dtype == np.float64:
        return argument.astype(dtype)
    return argument


def _float_places(args) -> list[tuple[int, ...]]:
    places = []
    for i, a in enumerate(args):
        if isinstance(a, list):
            places += [(i, j) for j, x in enumerate(a) if _is_float(x)]
        elif _is_float(a):
            places.append((i,))
    return places


def _is_float(x) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def _moved(argument, device):
    """A copy of a list; an array on the device, in an index too."""
    if isinstance(argument, list) or type(argument) is tuple:
        return type(argument)(_moved(a, device) for a in argument)
    return to_device(argument, device) if isinstance(argument, np.ndarray) else argument


def _at(args, place):
    return args[place[0]][place[1]] if len(place) == 2 else args[place[0]]


def _put(args, place, x) -> None:
    if len(place) == 2:
        args[place[0]][place[1]] = x
    else:
        args[place[0]] = x
