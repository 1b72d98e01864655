"""What a gradient check found, in words."""

import inspect
from dataclasses import dataclass, field

import numpy as np

from tinygen.errors import TinygenError

PASS, FAIL, NONDIFFERENTIABLE = "PASS", "FAIL", "NONDIFFERENTIABLE"
SHOWN = 5  # elements in a table


class GradcheckError(TinygenError, AssertionError):
    """A gradient that is wrong, or cannot be judged; `.report` has the numbers."""

    code = "TG-GRADIENT"

    def __init__(self, report: "GradcheckReport"):
        super().__init__(str(report))
        self.report = report


@dataclass(frozen=True)
class Subject:
    """What is being checked, for messages."""

    label: str
    names: tuple[str, ...] = ()
    repeat: str = ""

    @classmethod
    def of(cls, f) -> "Subject":
        """A function, by its name and those of its parameters."""
        try:
            parameters = inspect.signature(f).parameters.values()
        except (TypeError, ValueError):  # not every callable tells
            parameters = ()
        names = tuple(p.name for p in parameters if p.kind is not p.VAR_POSITIONAL)
        return cls(f"function {getattr(f, '__name__', type(f).__name__)!r}", names)

    def name(self, i: int) -> str:
        """The input numbered i, with its name if that is known."""
        return f"input {i} {self.names[i]!r}" if i < len(self.names) else f"input {i}"


@dataclass(frozen=True)
class Comparison:
    """One number by backward, and the same by differences."""

    backward: float
    numeric: float
    tolerance: float
    rtol: float  # of which the tolerance was made
    spread: float = 0.0  # disagreement of two step sizes
    kink: bool = False
    index: tuple[int, ...] | None = None  # the element; None for a whole direction
    value: float = 0.0  # the element of x
    sides: tuple[float, float] | None = None  # derivatives left and right
    excused: bool = False  # at a kink, and within its two sides (or skipped)

    @property
    def error(self) -> float:
        """|backward - numeric|."""
        return abs(self.backward - self.numeric)

    @property
    def verdict(self) -> str:
        """PASS, FAIL, or NONDIFFERENTIABLE where differences cannot be trusted."""
        if not np.isfinite([self.backward, self.numeric]).all():
            return FAIL
        if self.excused:
            return PASS
        if self.sides is not None:
            return NONDIFFERENTIABLE
        if self.kink or self.spread > self.tolerance:
            return NONDIFFERENTIABLE
        return PASS if self.error <= self.tolerance else FAIL

    @property
    def relative(self) -> float:
        """The error relative to what was summed: at most rtol if it passes."""
        return self.rtol * self.error / self.tolerance


@dataclass
class InputResult:
    """Everything found out about the gradient of one input."""

    name: str
    shape: tuple[int, ...]
    directions: list[Comparison]
    elements: list[Comparison] = field(default_factory=list)
    pattern: str = ""

    @property
    def all(self) -> list[Comparison]:
        """Every comparison that counts: elements decide where there are kinks."""
        excused = any(c.excused for c in self.elements)
        return self.elements if excused else self.directions + self.elements

    @property
    def verdict(self) -> str:
        """The worst of the comparisons."""
        found = {c.verdict for c in self.all}
        return next((v for v in (FAIL, NONDIFFERENTIABLE) if v in found), PASS)

    @property
    def worst(self) -> float:
        """The largest relative error."""
        return max((c.relative for c in self.all if not c.excused), default=0.0)

    def lines(self) -> list[str]:
        """The table of the worst elements, and what can be said about them."""
        bad = [c for c in self.elements if c.verdict == self.verdict]
        bad = bad or [c for c in self.directions if c.verdict == self.verdict]
        bad.sort(key=lambda c: -c.error if np.isfinite(c.error) else -np.inf)
        if self.verdict == NONDIFFERENTIABLE:
            return self._kink_lines(bad)
        told = [self._headline(bad), _row("index", "x", "backward", "numeric")]
        told[1] += f" {'abs.err':>9} {'rel.err':>9}"
        for c in bad[:SHOWN]:
            relative = c.error / abs(c.numeric) if c.numeric else np.inf
            row = _row(_place(c), c.value, c.backward, c.numeric)
            told.append(f"{row} {c.error:9.1e} {relative:9.2g}")
        if self.pattern:
            told.append(f"  pattern: {self.pattern}")
        spread = max((c.spread for c in bad), default=0.0)
        if np.isfinite(spread) and spread <= max(c.tolerance for c in bad):
            told.append(
                "  the numeric value is trustworthy: two step sizes agree to "
                f"{spread:.0e}"
            )
        return told

    def _headline(self, bad) -> str:
        if not all(np.isfinite([c.backward, c.numeric]).all() for c in bad):
            what = "gradient or function not finite"
        else:
            what = "wrong gradient"
        worst = min(SHOWN, len(bad))
        return (
            f"  {what} for {self.name} {self.shape}: {self._count(bad)} outside "
            f"tolerance {max(c.tolerance for c in bad):.1e}; worst {worst}:"
        )

    def _count(self, bad) -> str:
        if bad[0].index is None:
            return f"{len(bad)} of {len(self.directions)} directions"
        return f"{len(bad)} of {max(1, int(np.prod(self.shape)))} elements"

    def _kink_lines(self, bad) -> list[str]:
        told = [
            f"  not differentiable in {self.name} {self.shape}: {self._count(bad)}; "
            "no gradient can be called right or wrong there",
            _row("index", "x", "backward", "left", "right"),
        ]
        for c in bad[:SHOWN]:
            left, right = c.sides or (c.numeric - c.spread, c.numeric + c.spread)
            told.append(_row(_place(c), c.value, c.backward, left, right))
        return [*told, "  Fix: move off the kink, or kinks='onesided' or 'skip'"]


def _place(c: Comparison) -> str:
    return "direction" if c.index is None else str(c.index)


def _row(place, *numbers) -> str:
    cells = [n if isinstance(n, str) else f"{n:.6g}" for n in numbers]
    return f"    {place:<10}" + " ".join(f"{cell:>12}" for cell in cells)


@dataclass
class GradcheckReport:
    """The outcome of a check: `passed`, and `str(report)` for the story."""

    subject: Subject
    order: int = 1
    inputs: list[InputResult] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    evaluations: int = 0
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        """PASS, FAIL or NONDIFFERENTIABLE."""
        found = {result.verdict for result in self.inputs}
        if self.violations or FAIL in found:
            return FAIL
        return NONDIFFERENTIABLE if NONDIFFERENTIABLE in found else PASS

    @property
    def passed(self) -> bool:
        """Whether the gradient is right and keeps its contract."""
        return self.verdict == PASS

    @property
    def worst(self) -> float:
        """The largest relative error of any comparison."""
        return max((result.worst for result in self.inputs), default=0.0)

    @property
    def worst_element(self) -> Comparison | None:
        """The comparison with the largest relative error."""
        found = [c for result in self.inputs for c in result.all if not c.excused]
        return max(found, key=lambda c: c.relative, default=None)

    @property
    def comparisons(self) -> int:
        """How many numbers were compared."""
        return sum(len(result.all) for result in self.inputs)

    def __str__(self) -> str:
        lines = [f"{self.subject.label}, order {self.order}"]
        if self.passed:
            return (
                f"PASS: {lines[0]}: {self.comparisons} comparisons, worst relative "
                f"error {self.worst:.1e}, {self.evaluations} evaluations, "
                f"{self.seconds:.3f} s"
            )
        lines += [f"  {violation}" for violation in self.violations]
        for result in self.inputs:
            if result.verdict != PASS:
                lines += result.lines()
        if self.subject.repeat:
            lines.append(f"  repeat with: {self.subject.repeat}")
        return "\n".join(lines)

    def raise_if_failed(self) -> "GradcheckReport":
        """Raise GradcheckError unless the check passed."""
        if not self.passed:
            raise GradcheckError(self)
        return self
