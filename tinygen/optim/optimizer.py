"""What every optimiser does around its formula.

    optimizer = optim.Adam(network.parameters(), lr=2e-4)
    ...
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

The parameters of a group are laid end to end in one buffer (`Flat`), so that a step is
the formula applied to long arrays, whatever the number of layers.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np

from tinygen import backend
from tinygen.engine import Tensor
from tinygen.errors import CheckpointError, ConfigError
from tinygen.nn.state import fitted
from tinygen.optim.flat import Flat, Run, pieces


class Optimizer(ABC):
    """An update rule and the parameters that it updates.

    params : Tensors, or dicts {"params": Tensors, "lr": ..., ...}, one for each group
        of parameters that has options of its own
    Raises ConfigError for no parameters, one given twice, or impossible options.
    """

    def __init__(self, params: Iterable, **options):
        self.param_groups = _groups(type(self).__name__, params, options)
        self._flats: list[tuple[dict, Flat]] = []
        for group in self.param_groups:
            self.check(group)
            names = self.state_names(group)
            for alike in _alike(group["params"]):
                self._flats.append((group, Flat(alike, names)))

    @abstractmethod
    def state_names(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        """What is remembered of each parameter besides the number of steps."""

    @abstractmethod
    def update(self, p, g, state: dict, step: int, numbers: tuple, group) -> None:
        """The formula: write step number `step` (1, 2, ...) into p and the state.

        p, g, state[name] : flat arrays of one length; g is only read
        numbers : those of `numbers`, as arrays while the step is captured as a graph
        """

    def numbers(self, step: int, group: Mapping[str, Any]) -> tuple[float, ...]:
        """What of the formula may change from step to step: here the step size."""
        return (float(group["lr"]),)

    def check(self, group: Mapping[str, Any]) -> None:
        """Refuse impossible options.  Subclasses check their own as well."""
        name = type(self).__name__
        require(name, group, "lr", lambda lr: lr > 0, "a number > 0")
        require(name, group, "weight_decay", at_least_zero, "a number >= 0")

    # -- training ------------------------------------------------------------------

    @property
    def lr(self) -> float:
        """The step size of the first group; setting it sets that of every group."""
        return self.param_groups[0]["lr"]

    @lr.setter
    def lr(self, lr: float):
        name = type(self).__name__
        require(name, {"lr": lr}, "lr", at_least_zero, "a number >= 0")
        for group in self.param_groups:
            group["lr"] = float(lr)

    def parameters(self) -> list[Tensor]:
        """Every parameter, group after group."""
        return [p for group in self.param_groups for p in group["params"]]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters():
            parameter.grad = None

    def step(self) -> None:
        """Update the parameters that have a gradient; the rest stays as it is."""
        for _, flat in self._flats:
            flat.gather()
        for group, flat in self._flats:
            for run in flat.runs():
                take = partial(self.counted, flat, run, group)
                numbers = backend.given(take, flat.values.dtype)
                for cut in pieces(flat.values, run.start, run.stop):
                    state = {name: x[cut] for name, x in flat.state.items()}
                    g = flat.gradients[cut]
                    self.update(flat.values[cut], g, state, run.step, numbers, group)
                flat.hand_out(run)

    def counted(self, flat: Flat, run: Run, group: Mapping[str, Any]) -> tuple:
        """The numbers of the next step of a run, which is counted."""
        return self.numbers(flat.count(run), group)

    # -- state ---------------------------------------------------------------------

    def state_dict(self) -> dict[str, np.ndarray]:
        """ "<index of the parameter>.<name>" -> array, copied to the host.

        Names and shapes are PyTorch's: 0.step, 0.exp_avg, ...  The options are not
        part of it; they are given when an optimiser is made.
        """
        found = {}
        for index, flat, i in self._located():
            found[f"{index}.step"] = np.asarray(flat.steps[i])
            for name in flat.state:
                host = backend.to_host(flat.view(flat.state[name], i))
                found[f"{index}.{name}"] = host.copy()
        return found

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave.

        Raises CheckpointError, and changes nothing, if the state is not of as many
        parameters, of these shapes, and of this kind of optimiser.
        """
        expected = {}
        for index, flat, i in self._located():
            expected[f"{index}.step"] = np.zeros(())
            for name, buffer in flat.state.items():
                expected[f"{index}.{name}"] = flat.view(buffer, i)
        what = f"{type(self).__name__}.load_state_dict"
        arrays = fitted(state, expected, what)
        steps = [_whole(what, arrays, f"{n}.step") for n, _, _ in self._located()]
        for index, flat, i in self._located():
            flat.steps[i] = steps[index]
            for name, buffer in flat.state.items():
                flat.view(buffer, i)[...] = arrays[f"{index}.{name}"]

    def _located(self) -> list[tuple[int, Flat, int]]:
        """(index, flat, place in it) of every parameter, in the order of the groups."""
        places = {id(p): (f, i) for _, f in self._flats for i, p in enumerate(f.params)}
        return [(n, *places[id(p)]) for n, p in enumerate(self.parameters())]

    def __repr__(self) -> str:
        options = [
            {k: v for k, v in g.items() if k != "params"} for g in self.param_groups
        ]
        return f"{type(self).__name__}({options})"


def _groups(name: str, params: Iterable, options: dict) -> list[dict]:
    """The groups, each with all options: its own, else the common ones."""
    given = [params] if isinstance(params, Tensor) else list(params)
    if given and not isinstance(given[0], dict):
        given = [{"params": given}]
    groups = [options | group | {"params": _tensors(name, group)} for group in given]
    everything = [id(p) for group in groups for p in group["params"]]
    if not everything:
        raise ConfigError(f"{name}: no parameters. Fix: pass network.parameters()")
    if len(set(everything)) < len(everything):
        raise ConfigError(
            f"{name}: a parameter is given twice. "
            "Fix: every parameter once, in one group only"
        )
    for group in groups:
        unknown = sorted(set(group) - set(options) - {"params"})
        if unknown:
            known = ", ".join(options)
            raise ConfigError(f"{name}: unknown options {unknown}. Fix: one of {known}")
    return groups


def _tensors(name: str, group: dict) -> list[Tensor]:
    params = group.get("params", ())
    params = [params] if isinstance(params, Tensor) else list(params)
    for p in params:
        if not isinstance(p, Tensor) or not p.is_leaf or p.dtype.kind != "f":
            raise ConfigError(
                f"{name}: {p!r:.60} cannot be trained. "
                "Fix: leaf tensors of float32 or float64, as network.parameters() gives"
            )
    return params


def _alike(params: list[Tensor]) -> list[list[Tensor]]:
    """The parameters by dtype and device."""
    kinds: dict = {}
    for p in params:
        kinds.setdefault((p.dtype, p.device), []).append(p)
    return list(kinds.values())


def _whole(what: str, arrays: Mapping, name: str) -> int:
    """A number of steps, which PyTorch keeps as a float."""
    value = float(arrays[name])
    if not (value >= 0 and value.is_integer()):
        raise CheckpointError(f"{what}: {name} is {value}. Fix: an undamaged state")
    return int(value)


def require(name: str, group: Mapping, option: str, holds, possible: str) -> None:
    """Refuse an option that is no finite number or for which `holds` is false."""
    value = group[option]
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and holds(value)):
        raise ConfigError(f"{name}: {option}={value!r}. Fix: {possible}")


def at_least_zero(value) -> bool:
    """Whether value >= 0."""
    return value >= 0
