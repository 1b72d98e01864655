"""Exercises that mark themselves and name the mistake.

Those of chapter 7 are in checks/ch07.py, as a tuple EXERCISES.
"""

import copy
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinygen.course import percent
from tinygen.course.say import say
from tinygen.engine import Tensor
from tinygen.errors import DataError


class Verdict(NamedTuple):
    """What a check says.  status : "right", "wrong" or "to do"."""

    status: str
    message: str


@dataclass(frozen=True)
class Exercise:
    """A question whose answer is a number, a word or a function.

    id : "7.E2", or "7.R2" for a question on earlier chapters
    truth : the right answer; with `given`, a function of those numbers
    wrong : message -> the answer that this mistake leads to, of the same kind as truth
    hints : from a nudge to nearly all
    at : arguments to try it on, if the answer is a function
    given : the numbers in the question, if its answer is computed from them
    text, draw : for class variants: the question with {names} of `given` in it, and
        rng -> other numbers for them
    """

    id: str
    truth: object
    wrong: Mapping[str, object]
    hints: Sequence[str]
    at: Sequence[tuple] = ()
    given: Mapping = field(default_factory=dict)
    rtol: float = 1e-6
    atol: float = 1e-12
    text: str = ""
    draw: Callable | None = None

    def answer(self, source, given: Mapping | None = None):
        """`truth` or a wrong answer as values: the number, the word, or results."""
        given = self.given if given is None else given
        if self.at:
            return [_value(source(*copy.deepcopy(args))) for args in self.at]
        return source(**given) if callable(source) else source

    def judge(self, answer) -> Verdict:
        """Right, wrong (and how), or to do."""
        if answer is None:
            return Verdict("to do", "to do")
        try:
            values = self.answer(answer) if self.at else _value(answer)
        except Exception as error:  # whatever the reader's code may raise
            return Verdict("wrong", f"it raised {type(error).__name__}: {error}")
        if self.at and all(v is None for v in values):
            return Verdict("to do", "to do")
        right = self.answer(self.truth)
        if isinstance(right, float) and isinstance(values, np.ndarray):
            values = values.item() if values.size == 1 else values  # [0.4]: a number
        if self.alike(values, right):
            return Verdict("right", "right")
        for message, mistake in self.wrong.items():
            if self.alike(values, self.answer(mistake)):
                return Verdict("wrong", message)
        return Verdict("wrong", self._otherwise(values, right))

    def alike(self, a, b) -> bool:
        """Whether two answers are the same, within rounding."""
        if isinstance(a, str) or isinstance(b, str):
            return str(a).strip().lower() == str(b).strip().lower()
        if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
            pairs = zip(a, b, strict=False)
            return len(a) == len(b) and all(self.alike(x, y) for x, y in pairs)
        try:
            a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
        except (TypeError, ValueError):
            return False
        close = a.shape == b.shape and np.allclose(
            a, b, rtol=self.rtol, atol=self.atol, equal_nan=True
        )
        return bool(close)

    def _otherwise(self, values, right) -> str:
        if not self.at:
            return f"{values!r} is not it, and not a mistake this check knows"
        for args, value, wanted in zip(self.at, values, right, strict=True):
            if not self.alike(value, wanted):
                told = ", ".join(map(_short, args))
                return f"at ({told}) it gives {_short(value)}, not {_short(wanted)}"
        return "not the same"


def check(id: str, answer=None) -> None:
    """Mark an answer: right, to do, or which mistake it is."""
    verdict = find(id).judge(answer)
    if verdict.status == "right":
        say(f"{id} ✓ right")
    elif verdict.status == "to do":
        say(f'{id} to do (hint("{id}") helps)')
    else:
        say(f"{id} ✗ {verdict.message}")


def hint(id: str, number: int = 1) -> None:
    """The first hint for an exercise, or a later one."""
    hints = find(id).hints
    if not 1 <= number <= len(hints):
        raise DataError(f"{id} has {len(hints)} hints. Fix: hint({id!r}, 1)")
    more = f'  (hint("{id}", {number + 1}) says more)' if number < len(hints) else ""
    say(f"{id} {hints[number - 1]}{more}")


def solution(id: str) -> None:
    """The worked solution, as in the notebook of solutions."""
    number, _, place = id.partition(".")
    path = _file(f"solutions/src/{int(number):02d}.py")
    tag = f"sol-{number}-{place.removeprefix('E')}"
    cells = [cell.source for cell in percent.read(path) if tag in cell.tags]
    if not cells:
        raise DataError(f'no solution for {id} in {path}. Fix: hint("{id}")')
    say("\n\n".join(cells))


def find(id: str) -> Exercise:
    """The exercise of that id.  Raises DataError for an unknown one."""
    known = {exercise.id: exercise for exercise in load(id.partition(".")[0])}
    if id not in known:
        raise DataError(f"no exercise {id!r}. Fix: one of {sorted(known)}")
    return known[id]


def load(number) -> tuple[Exercise, ...]:
    """All exercises of a chapter, from its file checks/chNN.py."""
    name = f"ch{int(number):02d}"
    spec = importlib.util.spec_from_file_location(name, _file(f"checks/{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return tuple(module.EXERCISES)


def _file(name: str) -> Path:
    """A file of the book, sought from the current folder upwards."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        for path in (folder / name, folder / "chapters" / name):
            if path.exists():
                return path
    raise DataError(f"{name} is not found from {here}. Fix: run it in chapters/")


def _value(x):
    """Tensors as arrays, in lists and tuples too."""
    if isinstance(x, (list, tuple)):
        return [_value(part) for part in x]
    return x.data if isinstance(x, Tensor) else x


def _short(x) -> str:
    if callable(x):
        return getattr(x, "__name__", "f")
    text = " ".join(np.array2string(np.asarray(x), precision=6).split())
    return text if len(text) <= 60 else text[:57] + "..."
