"""Is the gradient right?  Backward against differences.

A gradient is a claim about small steps: moving x by s u changes L = sum(v * f(x)) by
s (g . u).  The checker draws v and u at random, finds the change by differences in
float64, and compares.  docs/gradient-checks.md tells the whole story.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tinygen.backend import to_host
from tinygen.engine import Tensor, grad
from tinygen.errors import ConfigError
from tinygen.testing import contract as contracts
from tinygen.testing.differences import EPS, METHODS, one_sided
from tinygen.testing.patterns import diagnose
from tinygen.testing.probe import Probe, random, signed
from tinygen.testing.report import (
    NONDIFFERENTIABLE,
    PASS,
    Comparison,
    GradcheckReport,
    InputResult,
    Subject,
)

FULL = 64  # elements up to which each is checked on its own
SEARCHED = 4096  # elements up to which a failure is searched one by one
KINK_SLACK = 1e-4


@dataclass(frozen=True)
class Settings:
    """How gradients are compared; the arguments of `gradcheck`."""

    directions: int = 3
    mode: str = "auto"
    h: float = 2e-4
    rtol: float = 1e-7
    atol: float = 1e-9
    kinks: str = "error"
    method: str = "five-point"

    def __post_init__(self):
        choices = {
            "mode": ("auto", "full", "projection"),
            "kinks": ("error", "onesided", "skip"),
            "method": tuple(METHODS),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(
                    f"gradcheck: {name}={getattr(self, name)!r}. Fix: one of {allowed}"
                )

    def is_full(self, size: int) -> bool:
        """Whether every element is to be checked on its own."""
        small = self.mode == "auto" and size <= FULL
        return self.mode == "full" or small or self.kinks != "error"


def gradcheck(
    f: Callable,
    inputs,
    *,
    wrt=None,
    contract: bool = True,
    seed: int = 0,
    raise_on_fail: bool = True,
    subject: Subject | None = None,
    **settings,
) -> GradcheckReport:
    """Compare the gradient of f with differences, at random weights and directions.

    f : takes tensors, returns a tensor or several
    inputs : its arguments; those that require grad are checked, and must be float64
    wrt : positions of the inputs to check, if not all that require grad
    directions : random pairs (v, u) an input          h : step of the differences
    mode : "full" checks every element on its own, "projection" only random directions,
        "auto" is full up to 64 elements
    rtol, atol : the tolerance, relative to sum |g u|; rounding is added by itself
    kinks : at a point without a derivative "error", or "onesided" (the gradient must
        lie between the derivatives left and right), or "skip"
    contract : check also that backward changes nothing, shares no memory, repeats
        bitwise and is linear in the cotangent
    method : "five-point", or "ridders" (more accurate, but only for smooth functions)

    -> a report: PASS, FAIL, or NONDIFFERENTIABLE where differences cannot be trusted
    Raises GradcheckError unless it passed (or raise_on_fail is False).
    """
    start, chosen = time.perf_counter(), Settings(**settings)
    probe, generator = Probe(f, inputs, wrt), random(seed)
    report = GradcheckReport(subject or Subject.of(f))
    report.violations += contracts.deterministic(probe)
    repeats = not report.violations
    if contract and repeats:
        report.violations += contracts.violations(probe, generator)
    if repeats:
        report.inputs = compare(probe, chosen, generator, report.subject)
    report.evaluations, report.seconds = probe.evaluations, time.perf_counter() - start
    return report.raise_if_failed() if raise_on_fail else report


def gradgradcheck(
    f: Callable,
    inputs,
    *,
    wrt=None,
    rtol: float = 1e-6,
    mode: str = "projection",
    seed: int = 0,
    raise_on_fail: bool = True,
    subject: Subject | None = None,
    **settings,
) -> GradcheckReport:
    """The same for second derivatives: g(x, v) = dL/dx as a function of x *and* of v.

    Checks also that the Hessian is symmetric, and that the gradient has the same bits
    whether or not it is itself recorded.
    """
    start, generator = time.perf_counter(), random(seed)
    first = Probe(f, inputs, wrt)
    seeds = [Tensor(v) for v in first.cotangents(generator)]
    for v in seeds:
        v.requires_grad = True
    report = GradcheckReport(subject or Subject.of(f), order=2)
    report.violations += contracts.same_recorded(first, generator)
    report.violations += contracts.symmetric(first, generator)
    second = Probe(_vjp(first, len(seeds)), [*first.inputs, *seeds])
    second.wrt = [*first.wrt, *range(len(inputs), len(inputs) + len(seeds))]
    chosen = Settings(rtol=rtol, mode=mode, **settings)
    report.inputs = compare(second, chosen, generator, report.subject)
    for i, result in zip(second.wrt, report.inputs, strict=True):
        result.name = result.name if i < len(inputs) else "the cotangent"
    report.evaluations, report.seconds = second.evaluations, time.perf_counter() - start
    return report.raise_if_failed() if raise_on_fail else report


def _vjp(probe: Probe, count: int) -> Callable:
    """(inputs..., cotangents...) -> the gradients of the wanted inputs, recorded."""

    def vjp(*tensors):
        outputs = probe.outputs()
        pairs = zip(outputs, tensors[len(tensors) - count :], strict=True)
        pairs = [(y, v) for y, v in pairs if y.requires_grad]
        if not pairs:
            return []
        ys, vs = zip(*pairs, strict=True)
        wanted = [probe.inputs[i] for i in probe.wrt]
        found = grad(ys, wanted, vs, create_graph=True, allow_unused=True)
        return [g for g in found if g is not None]

    return vjp


def compare(probe, settings, generator, subject) -> list[InputResult]:
    """Check every wanted input along directions, and by elements where it helps."""
    pairs = []
    for _ in range(settings.directions):
        cotangents = probe.cotangents(generator)
        pairs.append((cotangents, probe.gradient_arrays(cotangents)))
    results = []
    for i, x in enumerate(probe.arrays):
        found = [
            _along(probe, settings, i, signed(generator, x.shape), v, grads[i])
            for v, grads in pairs
        ]
        name = subject.name(probe.wrt[i])
        result = InputResult(name, x.shape, found)
        if settings.is_full(x.size) or result.verdict != PASS:
            _by_element(probe, settings, i, *pairs[0], result)
        results.append(result)
    return results


def _along(probe, settings, i, direction, cotangents, gradient) -> Comparison:
    """g . u against the slope of L along u."""
    zeros = np.zeros_like(direction)  # inf in one element is not nan in all
    slope = METHODS[settings.method](probe.along(i, direction, cotangents), settings.h)
    products = np.multiply(gradient, direction, where=direction != 0, out=zeros)
    size = max(abs(slope.value), float(abs(products).sum()))
    rounding = 20 * EPS * probe.scale(cotangents) / settings.h
    tolerance = settings.rtol * size + rounding + settings.atol
    return Comparison(
        float(products.sum()),
        slope.value,
        tolerance,
        settings.rtol,
        slope.spread,
        slope.is_kink(tolerance),
    )


def _by_element(probe, settings, i, cotangents, grads, result) -> None:
    """Check each element of an input; of a large one, those that a search finds."""
    x, gradient = to_host(probe.arrays[i]), grads[i]
    if x.size > SEARCHED:
        places = _suspects(probe, settings, i, cotangents, gradient)
    else:
        places = range(x.size)
    for place in places:
        index = np.unravel_index(place, x.shape)
        index = tuple(int(k) for k in index)
        unit = np.zeros(x.shape)
        unit[index] = 1.0
        found = _along(probe, settings, i, unit, cotangents, gradient)
        found = replace(found, index=index, value=float(x[index]))
        if found.verdict == NONDIFFERENTIABLE:
            found = _at_kink(probe, settings, i, unit, cotangents, found)
        result.elements.append(found)
    if len(result.elements) == x.size:
        numeric = np.reshape([c.numeric for c in result.elements], x.shape)
        result.pattern = diagnose(np.reshape(gradient, x.shape), numeric, x)


def _at_kink(probe, settings, i, unit, cotangents, found) -> Comparison:
    """Judge an element without a derivative as `kinks` says."""
    left, right = one_sided(probe.along(i, unit, cotangents))
    slack = KINK_SLACK * (1 + max(abs(left), abs(right)))
    within = min(left, right) - slack <= found.backward <= max(left, right) + slack
    kinks = settings.kinks
    excused = kinks == "skip" or (kinks == "onesided" and within)
    return replace(found, sides=(left, right), excused=excused and math.isfinite(left))


def _suspects(probe, settings, i, cotangents, gradient) -> list[int]:
    """Elements of a large input that fail, found by halving blocks that do."""
    size, found = gradient.size, []
    blocks = [(0, size)]
    while blocks and len(found) < FULL:
        start, stop = blocks.pop()
        direction = np.zeros(size)
        direction[start:stop] = 1.0
        unit = direction.reshape(gradient.shape)
        if _along(probe, settings, i, unit, cotangents, gradient).verdict == PASS:
            continue
        middle = (start + stop) // 2
        if stop - start == 1:
            found.append(start)
        else:
            blocks += [(middle, stop), (start, middle)]
    return sorted(found)
