"""Networks as plain objects: attributes that hold tensors, and a forward pass.

    class Perceptron(nn.Module):
        def __init__(self, *, rng):
            self.hidden = nn.Linear(784, 128, rng=rng)
            self.out = nn.Linear(128, 10, rng=rng)

        def forward(self, x):
            return self.out(F.relu(self.hidden(x)))

What a module consists of is read off its attributes, in the order in which they were
set, and off lists, tuples and dicts among them:

    a Tensor          is a parameter           hidden.weight
    a raw array       is a buffer              norm.running_mean
    another Module    is a part, walked too    blocks.0.weight for a list `blocks`

An attribute whose name starts with an underscore is none of these, and an array in a
tuple, which cannot be replaced, is no buffer.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from tinygen import backend
from tinygen.engine import Tensor
from tinygen.nn.state import fitted


class Place(NamedTuple):
    """Where a module holds something: `holder[key]` is `value`."""

    name: str
    holder: Any
    key: Any
    value: Any

    @property
    def is_buffer(self) -> bool:
        """Whether this is an array that can be replaced."""
        array = backend.is_array(self.value) and not isinstance(self.value, np.generic)
        return array and not isinstance(self.holder, tuple)


class Module:
    """A network or a part of one.  Subclasses set fields in __init__, and `forward`."""

    training = True

    def forward(self, *inputs):
        """What the module computes; every subclass has its own."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def __call__(self, *inputs, **settings):
        return self.forward(*inputs, **settings)

    def fields(self) -> Mapping[str, Any]:
        """Name -> value of all that the module consists of: its attributes."""
        return vars(self)

    # -- the walk ----------------------------------------------------------------

    def named_modules(self) -> Iterator[tuple[str, "Module"]]:
        """(name, module) of this module, named "", and of every part, each once."""
        return _once((prefix[:-1], module) for prefix, module in _tree(self))

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """(name, tensor) of every parameter, a shared one once, under its first name.

        As in PyTorch a module's own parameters come before those of its parts.
        """
        return _once(
            (place.name, place.value)
            for place in _all_places(self)
            if isinstance(place.value, Tensor)
        )

    def named_buffers(self) -> Iterator[tuple[str, Any]]:
        """(name, array) of every buffer."""
        places = (place for place in _all_places(self) if place.is_buffer)
        return _once((place.name, place.value) for place in places)

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        """(name, module) of the parts that this module itself holds."""
        parts = (p for p in _places(self.fields()) if isinstance(p.value, Module))
        return _once((place.name, place.value) for place in parts)

    def modules(self) -> Iterator["Module"]:
        """This module and every part."""
        return (module for _, module in self.named_modules())

    def parameters(self) -> Iterator[Tensor]:
        """Every parameter, each once."""
        return (parameter for _, parameter in self.named_parameters())

    def buffers(self) -> Iterator[Any]:
        """Every buffer."""
        return (buffer for _, buffer in self.named_buffers())

    def children(self) -> Iterator["Module"]:
        """The parts that this module itself holds."""
        return (child for _, child in self.named_children())

    def num_parameters(self) -> int:
        """The number of elements of all parameters."""
        return sum(parameter.size for parameter in self.parameters())

    def state_places(self) -> list[Place]:
        """Where every parameter and buffer is held; a shared one has several."""
        return _state_places(self)

    # -- settings of the whole tree; each returns the module ----------------------

    def train(self, mode: bool = True) -> "Module":
        """Behave as in training: dropout drops, batch norm uses the batch."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> "Module":
        """Behave as after training."""
        return self.train(False)

    def requires_grad_(self, wanted: bool = True) -> "Module":
        """Let gradients flow to the parameters, or not."""
        for parameter in self.parameters():
            parameter.requires_grad = wanted
        return self

    def zero_grad(self) -> "Module":
        """Forget the parameters' gradients."""
        for parameter in self.parameters():
            parameter.grad = None
        return self

    def to(self, device: str) -> "Module":
        """Move parameters and buffers to "cpu" or "cuda"; gradients are dropped.

        The tensors stay the same objects.  Counters, whole numbers of no axes, stay on
        the host, which alone reads them.  Make optimisers afterwards.
        """
        counter = lambda x: x.ndim == 0 and x.dtype.kind in "iu"
        return self._convert(
            lambda x: x if counter(x) else backend.to_device(x, device)
        )

    def astype(self, dtype) -> "Module":
        """Floating-point parameters and buffers in dtype; gradients are dropped.

        The tensors stay the same objects.  Make optimisers afterwards.
        """
        return self._convert(lambda x: x.astype(dtype) if x.dtype.kind == "f" else x)

    def _convert(self, change: Callable) -> "Module":
        for parameter in self.parameters():
            wanted, parameter.requires_grad = parameter.requires_grad, False
            parameter.data = change(parameter.data)
            parameter.requires_grad = wanted
        for place in list(_all_places(self)):
            if place.is_buffer:
                place.holder[place.key] = change(place.value)
        return self

    # -- state ---------------------------------------------------------------------

    def state_dict(self) -> dict[str, np.ndarray]:
        """Name -> array of every parameter and buffer, copied to the host.

        Names, order and layouts are PyTorch's: the same network there can load it.  A
        shared parameter is listed under each of its names.
        """
        return {
            place.name: np.array(backend.to_host(_array(place.value)), order="C")
            for place in _state_places(self)
        }

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True):
        """Take parameters and buffers from `state`; -> (missing, unexpected) names.

        strict : refuse a state that has not exactly this module's names
        Raises CheckpointError, and changes nothing, if the state does not fit.
        """
        places = _state_places(self)
        expected = {place.name: _array(place.value) for place in places}
        arrays = fitted(state, expected, "load_state_dict", strict)
        for place in places:
            if place.name in arrays and isinstance(place.value, Tensor):
                place.value.assign(arrays[place.name])
            elif place.name in arrays:
                place.holder[place.key] = arrays[place.name]
        missing = [name for name in expected if name not in state]
        return missing, [name for name in state if name not in expected]

    # -- text ----------------------------------------------------------------------

    def extra_repr(self) -> str:
        """The settings that `repr` shows."""
        return ""

    def __repr__(self) -> str:
        lines = [
            f"({name}): {child!r}".replace("\n", "\n  ")
            for name, child in self.named_children()
        ]
        if not lines:
            return f"{type(self).__name__}({self.extra_repr()})"
        return "\n  ".join([f"{type(self).__name__}(", *lines]) + "\n)"


def _places(holder, prefix: str = "") -> Iterator[Place]:
    """What is in attributes, lists, tuples and dicts; names as in PyTorch."""
    listed = isinstance(holder, (list, tuple))
    for key, value in enumerate(holder) if listed else holder.items():
        if isinstance(key, str) and key.startswith("_"):
            continue
        if isinstance(value, (list, tuple, dict)):
            yield from _places(value, f"{prefix}{key}.")
        else:
            yield Place(f"{prefix}{key}", holder, key, value)


def _tree(module: Module, prefix: str = "") -> Iterator[tuple[str, Module]]:
    """(prefix of its names, module) of a module and its parts, parents first."""
    yield prefix, module
    for place in _places(module.fields(), prefix):
        if isinstance(place.value, Module):
            yield from _tree(place.value, f"{place.name}.")


def _all_places(module: Module) -> Iterator[Place]:
    for prefix, part in _tree(module):
        yield from _places(part.fields(), prefix)


def _state_places(module: Module) -> list[Place]:
    """The places of parameters and buffers; in each module parameters come first."""
    places = []
    for prefix, part in _tree(module):
        own = list(_places(part.fields(), prefix))
        places += [place for place in own if isinstance(place.value, Tensor)]
        places += [place for place in own if place.is_buffer]
    return places


def _once(pairs: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The pairs without those whose object came before under another name."""
    seen = set()
    for name, value in pairs:
        if id(value) not in seen:
            seen.add(id(value))
            yield name, value


def _array(value):
    return value.data if isinstance(value, Tensor) else value
