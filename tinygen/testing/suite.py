"""Run the checks on the samples, and tell the outcome."""

import time
from dataclasses import dataclass, field

from tinygen.errors import ConfigError, choices
from tinygen.testing import samples as samples  # declares them
from tinygen.testing.cases import Case, cases
from tinygen.testing.checks import VALUES
from tinygen.testing.derivatives import DERIVATIVES
from tinygen.testing.graph_checks import GRAPH
from tinygen.testing.registry import SPECS, Spec
from tinygen.testing.report import GradcheckReport

CHECKS = {**VALUES, **GRAPH, **DERIVATIVES}  # by name, in the order of running


@dataclass
class CaseReport:
    """The checks of one sample: how many ran, and what they found wrong."""

    case: Case
    checks: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    gradients: dict[str, GradcheckReport] = field(default_factory=dict)

    def worst(self, check: str) -> float | None:
        """The largest relative error that "gradient" or "second order" met."""
        report = self.gradients.get(check)
        return None if report is None else report.worst

    def __str__(self) -> str:
        subject = self.case.subject
        if not self.problems:
            return f"{subject.label}: {self.checks} checks passed"
        lines = [f"{subject.label}:", *(f"  {p}" for p in self.problems)]
        return "\n".join([*lines, f"  repeat with: {subject.repeat}"])


def run(case: Case) -> CaseReport:
    """Every check that applies to a case; an exception counts as a finding."""
    report, start = CaseReport(case), time.perf_counter()
    for name, check in CHECKS.items():
        try:
            found = check(case)
        except Exception as error:
            found = [f"raised {type(error).__name__}: {error}"]
        if found is None:
            continue
        report.checks += 1
        if isinstance(found, GradcheckReport):
            report.gradients[name] = found
            found = [] if found.passed else [str(found)]
        report.problems += [f"{name}: {problem}" for problem in found]
    report.seconds = time.perf_counter() - start
    return report


def spec_named(name: str) -> Spec:
    """The declared samples of an op or function; ConfigError if there are none."""
    if name not in SPECS:
        raise ConfigError(f"no samples for {name!r}. {choices(name, sorted(SPECS))}")
    return SPECS[name]


def check_op(name: str, seed: int = 0) -> list[CaseReport]:
    """Every check on every sample of an op or function.

    Raises AssertionError naming each sample and check that failed.
    """
    reports = [run(case) for case in cases(spec_named(name), seed)]
    failed = [str(report) for report in reports if report.problems]
    if failed:
        raise AssertionError("\n".join(failed))
    return reports


def replay(name: str, sample: int = 1, seed: int = 0) -> CaseReport:
    """Every check on one sample (numbered from 1), as a failure message asks for.

    Raises AssertionError if a check fails again.
    """
    spec = spec_named(name)
    if not 1 <= sample <= len(spec.samples):
        raise ConfigError(
            f"replay: {name!r} has samples 1 to {len(spec.samples)}, got {sample}. "
            "Fix: one of them"
        )
    report = run(Case(spec, sample, seed))
    if report.problems:
        raise AssertionError(str(report))
    return report
