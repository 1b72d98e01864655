"""A table that grows by a row now and then: a CSV file that survives a crash."""

import csv
import errno
import io
import os
from pathlib import Path

from tinygen import files


class Log:
    """Rows of numbers, the first of which is the step.

    A float has nine digits, which is every bit of a float32.  Rows may have names that
    earlier ones had not: the table then has empty cells.
    """

    def __init__(self, path: Path):
        self.path = path
        self.waiting: list[dict] = []  # rows that could not be written yet
        self.names: list[str] = []  # of the columns, once they are known

    def append(self, row: dict[str, float]) -> None:
        """Add one row.

        Raises OSError if it cannot be written; it then goes with the next that can.
        """
        self.waiting.append(row)
        self.flush()

    def flush(self) -> None:
        """Write the rows that wait: all of them or, with an OSError, none."""
        if not self.waiting:
            return
        known = self.names or next(csv.reader(self.lines()[:1]), [])
        names = list(dict.fromkeys([*known, *(k for row in self.waiting for k in row)]))
        text = as_csv([[as_cell(row.get(k)) for k in names] for row in self.waiting])
        if names != known:
            end = "," * (len(names) - len(known)) + "\n"  # cells that are empty
            before = "".join(line + end for line in self.lines()[1:])
            files.write(self.path, (as_csv([names]) + before + text).encode())
        else:
            append_all(self.path, text.encode())
        self.names, self.waiting = names, []

    def sync(self) -> None:
        """Write the rows that wait, and make all of them survive a power cut."""
        self.flush()
        if self.path.exists():
            with open(self.path, "ab") as file:
                os.fsync(file.fileno())

    def lines(self) -> list[str]:
        """The names, and every whole row of numbers.

        A last row that a crash cut short is left out, and so is what a power cut made
        of others.
        """
        content = self.path.read_bytes() if self.path.exists() else b""
        text = content.rpartition(b"\n")[0].decode(errors="replace")
        first, *rest = text.split("\n")
        if first.partition(",")[0] != "step":
            return []
        return [first, *(line for line in rest if is_row(line, first.count(",") + 1))]

    def rows(self) -> list[dict[str, float]]:
        """Every row: name -> number."""
        return [
            {name: float(cell) for name, cell in row.items() if cell}
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
        self.names = []


def is_row(line: str, most: int) -> bool:
    """Whether a line holds a step and at most so many numbers in all."""
    step, *cells = line.split(",")
    try:
        [float(cell) for cell in cells if cell]
    except ValueError:
        return False
    return step.isascii() and step.isdecimal() and len(cells) < most


def append_all(path: Path, content: bytes) -> None:
    """Put bytes at the end of a file: all of them or, with an OSError, none."""
    with open(path, "ab", buffering=0) as file:
        whole = file.tell()
        try:
            if file.write(content) != len(content):
                raise OSError(errno.ENOSPC, "no space left", str(path))
        except OSError:
            file.truncate(whole)
            raise


def as_cell(value) -> str:
    """A number as text; nothing for None."""
    if value is None or isinstance(value, int):
        return "" if value is None else str(value)
    return f"{value:.9g}"


def as_csv(rows: list[list]) -> str:
    """Rows as the text of a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
