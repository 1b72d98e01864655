"""Bugs to plant: where, which text becomes which, and the tests that must then fail.

The numbers follow the list that the tests were designed from, and its gaps; many of
these bugs were once seen in a real project.  `sample("add-3")` is sample 3 of op add.
A text that does not occur exactly once in its file fails the suite: adapt the entry.

Not planted, since there is nothing to break: 17 (tensors have no setitem), 8 apart from
1 to 3 (batch axes of a product are summed by the same lines as all others).
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    """One planted bug."""

    name: str
    file: str  # within tinygen/
    edits: tuple[tuple[str, str], ...]  # (old, new): old occurs exactly once
    tests: tuple[str, ...]  # ids that must pass without the bug and fail with it


MUTANTS: dict[str, Mutant] = {}
REGISTRY = "tests/ops/test_registry.py::test_sample"


def sample(name: str) -> str:
    """The id of the test of one sample."""
    return f"{REGISTRY}[{name}]"


def plant(name: str, file: str, old: str, new: str, *tests: str, more=()) -> None:
    """Add a mutant to the table."""
    if name in MUTANTS:
        raise ValueError(f"two mutants are called {name!r}")
    MUTANTS[name] = Mutant(name, file, ((old, new), *more), tests)
