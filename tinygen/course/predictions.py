"""Numbers said before the run, and what the run then gave.

>>> p = predict("0.P1", "sides of a triangle", 3)
0.P1 predicted: sides of a triangle = 3
>>> p.measure(3)
0.P1 measured 3, predicted 3: as predicted
"""

from dataclasses import dataclass, field

import numpy as np

from tinygen.course.say import say
from tinygen.errors import ConfigError


@dataclass
class Prediction:
    """One number that was promised, and what came of it.

    kind : "exact" (expected is a number), "interval" (a pair), "sign" (-1 or 1)
    value : what was measured; the mean, of several seeds      error : 2 s.e. of it
    missed : why it was missed, if it was      guess : the reader's own number
    """

    id: str
    what: str
    kind: str
    expected: object
    rtol: float = 1e-9
    atol: float = 0.0
    value: float | None = None
    error: float = 0.0
    missed: str = ""
    guess: float | None = None
    judged: bool = True

    def measure(self, value, missed: str = "") -> None:
        """Hold a measured number against the promise.

        value : a number, or one for each of several seeds
        missed : a sentence on why the prediction fails, where it does
        """
        from tinygen.course.session import quick

        seeds = np.atleast_1d(np.asarray(value, dtype=float))
        self.value, self.missed = float(seeds.mean()), missed
        if seeds.size > 1:
            self.error = float(2 * seeds.std(ddof=1) / np.sqrt(seeds.size))
        self.judged = self.kind == "exact" or not quick()
        say(f"{self.id} measured {self.found}, predicted {self.promise}: {self.mark}")

    @property
    def within(self) -> bool | None:
        """Whether the measured number keeps the promise; None if not judged."""
        if self.value is None or not self.judged:
            return None
        if self.kind == "sign":
            return bool(np.sign(self.value) == self.expected)
        if self.kind == "interval":
            low, high = self.expected
            return bool(low <= self.value <= high)
        allowed = self.atol + self.rtol * abs(self.expected)
        return bool(abs(self.value - self.expected) <= allowed)

    @property
    def promise(self) -> str:
        """What was predicted, in words."""
        if self.kind == "interval":
            low, high = self.expected
            return f"{low:.4g} to {high:.4g}"
        if self.kind == "sign":
            return "more than 0" if self.expected > 0 else "less than 0"
        return f"{self.expected:.7g}"

    @property
    def found(self) -> str:
        """What was measured, in words."""
        if self.value is None:
            return "not yet"
        spread = f" ± {self.error:.2g}" if self.error else ""
        return f"{self.value:.7g}{spread}"

    @property
    def mark(self) -> str:
        """The judgement, in words."""
        names = {True: "as predicted", False: "MISSED"}
        return names.get(self.within, "not judged (a quick run)")

    def problem(self) -> str:
        """What keeps a chapter with this prediction from being published, or ""."""
        if self.value is None:
            return f"{self.id} is never measured"
        if self.within is False and not self.missed:
            return f"{self.id} is missed ({self.found}) without a sentence on why"
        if self.within is True and self.missed:
            return f"{self.id} is explained as a miss, but it holds ({self.found})"
        return ""

    def row(self) -> dict:
        """As plain facts, to be stored."""
        return {
            "id": self.id,
            "what": self.what,
            "kind": self.kind,
            "predicted": self.promise,
            "measured": self.found,
            "within": self.within,
            "missed": self.missed,
            "problem": self.problem(),
        }


@dataclass
class Sheet:
    """The predictions of one chapter, in order."""

    rows: dict = field(default_factory=dict)

    def clear(self) -> None:
        """Forget them all."""
        self.rows.clear()

    def predict(
        self, id, what, value=None, *, between=None, sign=None, rtol=1e-9, atol=0.0
    ) -> Prediction:
        """Promise a number before the run that gives it.

        value : exactly this, within rtol and atol; or
        between : (low, high); or      sign : 1 or -1, which of two is larger
        Raises ConfigError unless exactly one of the three is given.
        """
        given = {"exact": value, "interval": between, "sign": sign}
        given = {kind: x for kind, x in given.items() if x is not None}
        if len(given) != 1:
            raise ConfigError(
                f"predict({id!r}): {sorted(given) or 'nothing'} given. "
                "Fix: one of value, between=(low, high), sign=1 or -1"
            )
        ((kind, expected),) = given.items()
        row = Prediction(id, what, kind, expected, rtol, atol)
        self.rows[id] = row
        link = " = " if kind == "exact" else ": "
        say(f"{id} predicted: {what}{link}{row.promise}")
        return row

    def measure(self, id: str, value, missed: str = "") -> None:
        """`Prediction.measure` by id.  Raises ConfigError if nothing was predicted."""
        self[id].measure(value, missed)

    def guess(self, id: str, value: float) -> None:
        """Put your own number beside the chapter's, before the run."""
        self[id].guess = value

    def __getitem__(self, id: str) -> Prediction:
        if id not in self.rows:
            raise ConfigError(
                f"{id!r} was never predicted; there are {sorted(self.rows)}. "
                "Fix: predict first, measure after"
            )
        return self.rows[id]

    def score(self) -> None:
        """Show the table: predicted, measured, within?  Misses keep their sentence."""
        rows = list(self.rows.values())
        guessed = any(row.guess is not None for row in rows)
        head = ["", "what", "predicted", "measured", "within?"]
        head += ["your guess"] * guessed
        body = [self._cells(row, guessed) for row in rows]
        notes = [f"{row.id} was missed: {row.missed}" for row in rows if row.missed]
        facts = {"predictions": [row.row() for row in rows]}
        say(_plain([head, *body], notes), _markdown(head, body, notes), facts)

    def _cells(self, row: Prediction, guessed: bool) -> list[str]:
        cells = [row.id, row.what, row.promise, row.found, row.mark]
        if guessed:
            cells.append("" if row.guess is None else f"{row.guess:.4g}")
        return cells


def _plain(table, notes) -> str:
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    return "\n".join([*lines, *notes])


def _markdown(head, body, notes) -> str:
    lines = [head, ["---"] * len(head), *body]
    rows = ["| " + " | ".join(c.replace("|", r"\|") for c in r) + " |" for r in lines]
    return "\n".join([*rows, "", *(f"*{note}*\n" for note in notes)])


SHEET = Sheet()  # of the notebook that is running
predict, measure, guess, score = (
    SHEET.predict,
    SHEET.measure,
    SHEET.guess,
    SHEET.score,
)
