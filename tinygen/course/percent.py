"""Notebooks written as Python files: cells that begin with a line `# %%`.

A chapter's source is one such file, and so is the source of its solutions.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from tinygen.errors import DataError

MARK = re.compile(r"# %%(?P<markdown> \[markdown\])?(?: tags=(?P<tags>\[.*\]))?\s*")


@dataclass(frozen=True)
class Cell:
    """One cell.  kind : "markdown" or "code"; tags : the first one is its name."""

    kind: str
    tags: tuple[str, ...]
    source: str

    @property
    def name(self) -> str:
        """The first tag, or ""."""
        return self.tags[0] if self.tags else ""


def read(path: Path | str) -> list[Cell]:
    """The cells of a file.

    Raises DataError for text before the first cell, or a cell mark that is not one.
    """
    cells, lines, mark = [], [], None
    for line in [*Path(path).read_text(encoding="utf-8").splitlines(), None]:
        if line is not None and not line.startswith("# %%"):
            lines.append(line)
            continue
        if mark is not None:
            cells.append(_cell(mark, lines, path))
        elif any(text.strip() for text in lines):
            raise DataError(f"{path} has text before its first cell. Fix: '# %%' first")
        mark, lines = line, []
    return cells


def _cell(mark: str, lines: list[str], path) -> Cell:
    found = MARK.fullmatch(mark)
    if found is None:
        raise DataError(
            f"{path}: cell mark {mark!r}. "
            "Fix: '# %%' or '# %% [markdown]', then tags=[\"name\"] or nothing"
        )
    tags = tuple(json.loads(found["tags"] or "[]"))
    kind = "markdown" if found["markdown"] else "code"
    if kind == "markdown":
        lines = [line.removeprefix("#").removeprefix(" ") for line in lines]
    return Cell(kind, tags, "\n".join(lines).strip("\n"))
