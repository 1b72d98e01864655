"""The chapters' sources as cells, notebooks and running code."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from tinygen.course.percent import Cell, read

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = ROOT / "chapters"
DEFINES = re.compile(r"setup|def|code-\d+-\d+")  # tags of cells that only define


@dataclass(frozen=True)
class Source:
    """One hand-edited source: a chapter (src/NN_name.py) or its solutions."""

    path: Path

    @property
    def number(self) -> int:
        """Of the chapter."""
        return int(self.path.stem[:2])

    @property
    def is_chapter(self) -> bool:
        """A chapter, and not the solutions of one."""
        return self.path.parent == CHAPTERS / "src"

    @property
    def built(self) -> Path:
        """The notebook that is built from it."""
        return self.path.parents[1] / f"{self.path.stem}.ipynb"

    @property
    def cells(self) -> list[Cell]:
        """Its cells, in order."""
        return read(self.path)

    @property
    def names(self) -> list[str]:
        """A name for each cell, all different: what the notebook calls its id."""
        names, seen = [], {}
        for i, cell in enumerate(self.cells):
            name = cell.name or f"c{i:03d}"
            seen[name] = seen.get(name, 0) + 1
            names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
        return names

    def tagged(self, tag: str) -> list[Cell]:
        """The cells that carry a tag."""
        return [cell for cell in self.cells if tag in cell.tags]

    @property
    def title(self) -> str:
        """The first heading, without its mark."""
        return self.cells[0].source.splitlines()[0].lstrip("# ")


def chapters() -> list[Source]:
    """Every chapter, in order."""
    return [Source(p) for p in sorted((CHAPTERS / "src").glob("[0-9][0-9]_*.py"))]


def solutions() -> list[Source]:
    """The solutions of every chapter, in order."""
    found = (CHAPTERS / "solutions" / "src").glob("[0-9][0-9].py")
    return [Source(path) for path in sorted(found)]


def chapter(number: int) -> Source:
    """The chapter of that number.  Raises LookupError if there is none."""
    for source in chapters():
        if source.number == number:
            return source
    raise LookupError(f"no chapter {number}. Fix: chapters/src/{number:02d}_name.py")


def definitions(number: int) -> dict:
    """What the defining cells of a chapter define: the code that its tests test.

    Runs, in order, the cells tagged setup, def and code-N-k, and no others.
    """
    space = {"__name__": f"chapter{number}"}
    source = chapter(number)
    for cell, name in zip(source.cells, source.names, strict=True):
        if cell.kind == "code" and DEFINES.fullmatch(cell.name):
            exec(compile(cell.source, f"{source.path.name}: {name}", "exec"), space)
    return space


def code_sha(codes) -> str:
    """The fingerprint of the sources of code cells."""
    return hashlib.sha256("\0".join(codes).encode()).hexdigest()[:16]
