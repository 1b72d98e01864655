"""Arrays from a file must fit the object that takes them: all of them, or none."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygen import backend
from tinygen.engine import Tensor
from tinygen.errors import CheckpointError

SHOWN = 10  # names in an error; of the rest it gives the number


def fitted(
    state: Mapping[str, Any], expected: Mapping[str, Any], what: str, strict=True
) -> dict[str, Any]:
    """Copies of the arrays in `state`, each of the dtype and device of its counterpart.

    expected : name -> the array that is to be replaced
    strict : refuse names that are missing or unexpected; shapes are never ignored
    Raises CheckpointError that lists all that does not fit.
    """
    state = {name: _plain(value) for name, value in state.items()}
    common = [name for name in expected if name in state]
    complaints = [
        ("of another shape", _differences(state, expected, common)),
    ]
    if strict:
        missing = [name for name in expected if name not in state]
        unexpected = [name for name in state if name not in expected]
        complaints = [("missing", missing), ("unexpected", unexpected), *complaints]
    if any(names for _, names in complaints):
        found = "; ".join(_listed(kind, names) for kind, names in complaints if names)
        raise CheckpointError(
            f"{what}: {found}. "
            "Fix: build it with the options that the state was saved with"
        )
    return {name: _like(state[name], expected[name]) for name in common}


def _plain(value):
    value = value.data if isinstance(value, Tensor) else value
    return value if backend.is_array(value) else np.asarray(value)


def _differences(state, expected, names) -> list[str]:
    """What is to be said of each array that has another shape or kind of number."""
    return [
        f"{name} ({_described(state[name])} given, {_described(expected[name])} needed)"
        for name in names
        if state[name].shape != expected[name].shape
        or not np.can_cast(state[name].dtype, expected[name].dtype, "same_kind")
    ]


def _described(array) -> str:
    return f"{array.dtype}{array.shape}"


def _listed(kind: str, names: list[str]) -> str:
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)} {kind}: {', '.join(names[:SHOWN])}{rest}"


def _like(value, array):
    """A copy of `value` with the dtype and device of `array`."""
    moved = backend.to_device(value, backend.device_of(array))
    return moved.astype(array.dtype, order="C", copy=True)
