"""The state of every gradient, as a table: what `tinygen gradcheck` prints."""

from collections.abc import Iterator
from typing import NamedTuple

from tinygen.testing.cases import cases
from tinygen.testing.suite import SPECS, CaseReport, run, spec_named


class Row(NamedTuple):
    """One line: an op or function, one of its samples, or an argument of a sample."""

    name: str
    samples: int
    checks: int
    first: float | None  # worst relative error of first derivatives ...
    second: float | None  # ... and of second ones; None if there are none to compare
    seconds: float
    verdict: str


HEADINGS = Row("op or function", "samples", "checks", "order 1", "order 2", "s", "")


def rows(name: str | None = None, seed: int = 0) -> Iterator[Row]:
    """Check everything, a row an op; of one op, a row a sample and an argument.

    Rows come as they are found, so that a long run can be watched.
    """
    if name is not None:
        for case in cases(spec_named(name), seed):
            yield from _of_sample(run(case))
        return
    for spec in SPECS.values():
        yield _of_op(spec.name, [run(case) for case in cases(spec, seed)])


def table(name: str | None = None, seed: int = 0) -> str:
    """The rows under their headings, and the sum of them."""
    found = list(rows(name, seed))
    tops = [row for row in found if row.samples]
    total = Row(
        "all",
        sum(row.samples for row in tops),
        sum(row.checks for row in tops),
        _worst(row.first for row in tops),
        _worst(row.second for row in tops),
        sum(row.seconds for row in tops),
        _verdict(row.verdict != "PASS" for row in tops),
    )
    width = max(len(row.name) for row in (*found, HEADINGS))
    return "\n".join(line(row, width) for row in (HEADINGS, *found, total))


def line(row: Row, width: int = 34) -> str:
    """A row as text, its name in `width` columns."""
    first, second = (_error(e) for e in (row.first, row.second))
    seconds = row.seconds if isinstance(row.seconds, str) else f"{row.seconds:.2f}"
    samples, checks = (n or "" for n in (row.samples, row.checks))
    text = f"{row.name:<{width}} {samples:>7} {checks:>7} {first:>8} {second:>8}"
    return f"{text} {seconds:>7}  {row.verdict}".rstrip()


def _error(value) -> str:
    if value is None or isinstance(value, str):
        return value or "-"
    return f"{value:.0e}"


def _worst(errors) -> float | None:
    return max((e for e in errors if e is not None), default=None)


def _verdict(failures) -> str:
    return "FAIL" if any(failures) else "PASS"


def _of_op(name: str, reports: list[CaseReport]) -> Row:
    return Row(
        name,
        len(reports),
        sum(r.checks for r in reports),
        _worst(r.worst("gradient") for r in reports),
        _worst(r.worst("second order") for r in reports),
        sum(r.seconds for r in reports),
        _verdict(r.problems for r in reports),
    )


def _of_sample(report: CaseReport) -> Iterator[Row]:
    """The sample, then each argument whose gradient was compared."""
    name = f"{report.case.number} {report.case.sample.describe()}"
    yield _of_op(name, [report])
    orders = [report.gradients.get(check) for check in ("gradient", "second order")]
    found = [{} if r is None else {i.name: i for i in r.inputs} for r in orders]
    for argument in {**found[0], **found[1]}:
        first, second = (inputs.get(argument) for inputs in found)
        known = [result for result in (first, second) if result is not None]
        yield Row(
            f"    {argument}",
            0,
            0,
            None if first is None else first.worst,
            None if second is None else second.worst,
            "",
            _verdict(result.verdict != "PASS" for result in known),
        )
