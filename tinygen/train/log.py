"""A table that grows by a row now and then: a CSV file that survives a crash."""

import csv
import errno
import io
from pathlib import Path

from tinygen import files


class Log:
    """Rows of numbers, the first of which is the step.

    A float has nine digits, which is every bit of a float32.
    """

    def __init__(self, path: Path):
        self.path = path
        self.waiting = ""  # rows that could not be written yet

    def append(self, row: dict[str, float]) -> None:
        """Add one row; names of the columns first, if it is the first row.

        Raises OSError if it cannot be written; it then goes with the next that can.
        """
        cells = [str(v) if isinstance(v, int) else f"{v:.9g}" for v in row.values()]
        new = not self.waiting and not self.path.exists()
        self.waiting += as_csv([list(row), cells] if new else [cells])
        self.flush()

    def flush(self) -> None:
        """Write the rows that wait: all of them or, with an OSError, none."""
        if not self.waiting:
            return
        with open(self.path, "ab", buffering=0) as file:
            whole = file.tell()
            try:
                if file.write(self.waiting.encode()) != len(self.waiting.encode()):
                    raise OSError(errno.ENOSPC, "no space left", str(self.path))
            except OSError:
                file.truncate(whole)
                raise
        self.waiting = ""

    def lines(self) -> list[str]:
        """Every whole line; a last one that a crash cut short is left out."""
        text = self.path.read_text() if self.path.exists() else ""
        return text.rpartition("\n")[0].splitlines()

    def rows(self) -> list[dict[str, float]]:
        """Every row: name -> number."""
        return [
            {name: float(cell) for name, cell in row.items()}
            for row in csv.DictReader(self.lines())
        ]

    def keep(self, last: int) -> None:
        """Drop the rows of later steps: a run that is continued writes them again."""
        names, rows = self.lines()[:1], self.lines()[1:]
        kept = [row for row in rows if int(row.split(",")[0]) <= last]
        if names:
            text = "".join(line + "\n" for line in names + kept)
            files.write(self.path, text.encode())
        else:
            self.path.unlink(missing_ok=True)


def as_csv(rows: list[list]) -> str:
    """Rows as the text of a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
