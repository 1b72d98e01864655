"""Parameters laid end to end in one buffer, beside their gradients and state."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tinygen.backend import device_of, xp_of
from tinygen.engine import Tensor
from tinygen.errors import ConfigError, ShapeError
from tinygen.kernels.blocks import BLOCK
from tinygen.kernels.gather import gather


class Run(NamedTuple):
    """Neighbours that take the same step: params[first:last], values[start:stop]."""

    first: int
    last: int
    start: int
    stop: int
    step: int


class Flat:
    """Parameters of one dtype and device; each one's array is a view of `values`.

    A step writes into the buffer and then gives every parameter a *new* view: by the
    change of object the engine notices a graph that needs the old values.

    state : name -> an array like `values`      steps : per parameter, taken so far
    """

    def __init__(self, params: Sequence[Tensor], state_names: Sequence[str]):
        self.params = list(params)
        ends = np.cumsum([0] + [p.size for p in params]).tolist()
        self.starts, self.stops = ends[:-1], ends[1:]
        self.values = xp_of(params[0].data).concatenate(
            [p.data.ravel() for p in params]
        )
        zeros = xp_of(self.values).zeros_like
        self.gradients = zeros(self.values)
        self.state = {name: zeros(self.values) for name in state_names}
        self.steps = [0] * len(params)
        self.has_gradient = [False] * len(params)
        self.slots = [self.view(self.gradients, i) for i in range(len(params))]
        self.views = [self.view(self.values, i) for i in range(len(params))]
        for p, view in zip(self.params, self.views, strict=True):
            p.assign(view)

    def view(self, buffer, i: int):
        """The part of a buffer that belongs to parameter i, in its shape."""
        return buffer[self.starts[i] : self.stops[i]].reshape(self.params[i].shape)

    def gather(self) -> None:
        """Copy in the gradients, and values that others assigned in the meantime."""
        host, found = device_of(self.values) == "cpu", []
        for i, p in enumerate(self.params):
            if p.data is not self.views[i]:
                self._take_in(i, p)
            g = p.grad
            self.has_gradient[i] = g is not None
            if g is None:
                continue
            if g.shape != p.shape:
                raise ShapeError(
                    f"optimiser: parameter {i} has shape {p.shape}, its gradient "
                    f"{g.shape}. Fix: p.grad of the parameter's shape, or None"
                )
            if host:
                self.slots[i][...] = g.data
            else:
                found.append((self.starts[i], g.data))
        if found:
            gather(self.gradients, *zip(*found, strict=True))

    def _take_in(self, i: int, p: Tensor) -> None:
        if p.dtype != self.values.dtype or xp_of(p.data) is not xp_of(self.values):
            raise ConfigError(
                f"optimiser: parameter {i} is now {p.dtype} on {p.device}. "
                "Fix: convert the network first, then make the optimiser"
            )
        self.view(self.values, i)[...] = p.data

    def runs(self) -> Iterator[Run]:
        """The parameters that have gradients, in stretches of one number of steps."""
        first, count = 0, len(self.params)
        while first < count:
            last = first + 1
            if self.has_gradient[first]:
                step = self.steps[first] + 1
                while last < count and self._joins(last, step):
                    last += 1
                yield Run(first, last, self.starts[first], self.stops[last - 1], step)
            first = last

    def count(self, run: Run) -> int:
        """One step more of the parameters of a run; -> its number, 1 for the first."""
        step = self.steps[run.first] + 1
        self.steps[run.first : run.last] = [step] * (run.last - run.first)
        return step

    def _joins(self, i: int, step: int) -> bool:
        return self.has_gradient[i] and self.steps[i] + 1 == step

    def hand_out(self, run: Run) -> None:
        """Give the parameters of a run their new values."""
        for i in range(run.first, run.last):
            self.views[i] = self.view(self.values, i)
            self.params[i].assign(self.views[i])


def pieces(values, start: int, stop: int) -> list[slice]:
    """Slices of a stretch that fit the processor's cache; on a GPU all of it in one."""
    length = BLOCK if device_of(values) == "cpu" else max(stop - start, 1)
    return [slice(i, min(i + length, stop)) for i in range(start, stop, length)]
