"""What a captured training step sees of the host: a number to ask, streams to name.

The code of a step runs once while it is captured, and then no more.  So it must not see
what is another in each step, but only what stands for it.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygen.errors import ConfigError


class Host:
    """What the host knows in a step, and what of it captured code has looked at.

    name : of what is captured, for errors      streams : step -> name -> generator
    k : the number of the step      giving : whether it is asked for what is `given`
    asked : (question, answer), each of the number      told : whether it was given away
    """

    def __init__(self, name: str, streams: Callable):
        self.name, self.streams_of = name, streams
        self.k, self.giving = 0, False

    def turn_to(self, k: int) -> None:
        """The next step."""
        self.k, self.told, self.asked = k, False, []
        self.streams: dict[str, np.random.Generator] = {}

    def given(self, make: Callable):
        """What make() gives in this step."""
        self.giving = True
        try:
            return make()
        finally:
            self.giving = False

    def answer(self, question: Callable):
        """Of the number of the step; noted, unless it is for what is given."""
        found = question(self.k)
        if not self.giving:
            self.asked.append((question, found))
        return found

    def tell(self, of: Callable):
        """The number itself."""
        self.told = self.told or not self.giving
        return of(self.k)

    def stream(self, name: str) -> np.random.Generator:
        """The random numbers of a stream, begun anew in each step."""
        if not self.giving:
            raise ConfigError(
                f"{self.name} draws from stream {name!r} where a graph "
                "cannot see it. Fix: train without graph, or draw within backend.given"
            )
        if name not in self.streams:
            self.streams[name] = self.streams_of(self.k)(name)
        return self.streams[name]


class StepNumber:
    """The number of a step, another each time: to be calculated with, and asked."""

    __slots__ = ("host", "of")
    __hash__ = None

    def __init__(self, host: Host, of: Callable = lambda k: k):
        self.host, self.of = host, of

    def __bool__(self):
        return self.host.answer(lambda k: bool(self.of(k)))

    def __index__(self):
        return self.host.tell(lambda k: operator.index(self.of(k)))

    __int__ = __index__

    def __float__(self):
        return self.host.tell(lambda k: float(self.of(k)))


def _define() -> None:
    """Give `StepNumber` the operators of numbers: calculations wait for the number."""
    for word in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
        do = getattr(operator, word)
        calculated = lambda self, other, do=do: StepNumber(
            self.host, lambda k: do(self.of(k), other)
        )
        turned = lambda self, other, do=do: StepNumber(
            self.host, lambda k: do(other, self.of(k))
        )
        setattr(StepNumber, f"__{word}__", calculated)
        setattr(StepNumber, f"__r{word}__", turned)
    for word in ("lt", "le", "gt", "ge", "eq", "ne"):
        compare = getattr(operator, word)
        asked = lambda self, other, compare=compare: self.host.answer(
            lambda k: compare(self.of(k), other)
        )
        setattr(StepNumber, f"__{word}__", asked)


_define()


class RandomStream:
    """A random stream by its name: another generator in each step."""

    def __init__(self, host: Host, name: str):
        self._host, self._name = host, name

    def __getattr__(self, method: str):
        return getattr(self._host.stream(self._name), method)


@dataclass
class Given:
    """Something that the host gives: how it is made, and where it lies.

    like : what make() gave once, for the shapes      here, there : views of buffers
    """

    make: Callable
    dtype: Any
    like: Any
    here: list = field(default_factory=list)
    there: list = field(default_factory=list)

    def arrays(self, found) -> list[np.ndarray]:
        """What was made, as arrays; numbers of the dtype."""
        parts = found if isinstance(found, tuple) else (found,)
        parts = [] if found is None else parts
        return [
            x if isinstance(x, np.ndarray) else np.asarray(x, self.dtype) for x in parts
        ]

    def shown(self, arrays: list):
        """The arrays, in the form in which make() gives what it gives."""
        if self.like is None:
            return None
        return tuple(arrays) if isinstance(self.like, tuple) else arrays[0]
