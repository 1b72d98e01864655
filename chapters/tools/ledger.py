"""The equation ledger: equations/NN.toml, a row for each numbered equation."""

import ast
import importlib
import re
from dataclasses import dataclass, field

from chapters.tools.book import CHAPTERS, ROOT, chapter

try:
    import tomllib
except ImportError:  # Python 3.10, where pytest brings tomli
    import tomli as tomllib

KINDS = ["identity", "definition", "optimum", "bound", "update", "limit", "claim"]
NEED_MUTANTS = ("identity", "optimum", "update")


@dataclass(frozen=True)
class Mutant:
    """A mistake in the code of an equation: one text in a file, replaced."""

    name: str
    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Row:
    """One equation; the fields are explained in docs/how-we-write-chapters.md."""

    id: str
    name: str
    latex: str
    kind: str
    fn: tuple[str, ...]
    test: str
    route: str
    source: str
    assume: str = ""
    ids: tuple[str, ...] = ()
    mutants: tuple[Mutant, ...] = field(default=())

    @property
    def number(self) -> int:
        """Of the chapter."""
        return int(self.id.partition(".")[0])

    @property
    def tag(self) -> str:
        """ "7-3" of equation 7.3, as in the cells' tags eq-7-3 and code-7-3."""
        return self.id.replace(".", "-")

    @property
    def node(self) -> str:
        """The test, as pytest names it."""
        return f"tests/chapters/test_equations_{self.number:02d}.py::{self.test}"


def rows(number: int | None = None) -> list[Row]:
    """The equations of a chapter, or of all, in order."""
    pattern = "[0-9][0-9].toml" if number is None else f"{number:02d}.toml"
    found = []
    for path in sorted((CHAPTERS / "equations").glob(pattern)):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        found += [as_row(entry) for entry in table.get("eq", [])]
    return found


def as_row(entry: dict) -> Row:
    """A row of the file as a Row; lists become tuples."""
    mutants = tuple(Mutant(**mutant) for mutant in entry.get("mutants", ()))
    lists = {key: tuple(entry.get(key, ())) for key in ("fn", "ids")}
    return Row(**{**entry, **lists, "mutants": mutants})


def faults(row: Row) -> list[str]:
    """Everything that is wrong with a row, told so that it can be put right."""
    found = []
    if row.kind not in KINDS:
        found.append(f"kind {row.kind!r} is none of {KINDS}")
    if row.kind in NEED_MUTANTS and not row.mutants:
        found.append(f"an {row.kind} needs a mutant that its test kills")
    if not (row.fn and row.route and row.source):
        found.append("fn, route and source must not be empty")
    found += cell_faults(row)
    for name in row.fn:
        found += function_faults(row, name)
    if f"def {row.test}(" not in test_text(row):
        found.append(f"no {row.node}")
    for mutant in row.mutants:
        found += mutant_faults(mutant)
    return [f"Eq. ({row.id}): {fault}" for fault in found]


def cell_faults(row: Row) -> list[str]:
    """The equation's cell, its code cell and its cell of two routes."""
    source, found = chapter(row.number), []
    cells = source.tagged(f"eq-{row.tag}")
    if len(cells) != 1:
        return [f"{len(cells)} cells tagged eq-{row.tag}"]
    if squeezed(row.latex) not in squeezed(cells[0].source):
        found.append(f"the LaTeX of the row is not that of cell eq-{row.tag}")
    if f"({row.id})" not in cells[0].source:
        found.append(f"cell eq-{row.tag} does not number it ({row.id})")
    code = source.tagged(f"code-{row.tag}")
    if len(code) != 1:
        return [*found, f"an equation without code: no cell code-{row.tag}"]
    names = names_in(code[0].source)
    for fn in row.fn:
        if fn.rpartition(".")[2] not in names:
            found.append(f"cell code-{row.tag} neither defines nor uses {fn}")
    if not any("same(" in cell.source for cell in source.tagged(f"same-{row.tag}")):
        found.append(f"no cell same-{row.tag} that calls same")
    return found


def function_faults(row: Row, name: str) -> list[str]:
    """Whether a function can be had and its docstring names the equation."""
    try:
        doc = resolve(row, name).__doc__ or ""
    except (ImportError, AttributeError, KeyError) as error:
        return [f"fn {name!r} cannot be had: {error!r}"]
    wanted = [f"Eq. ({row.id})", *(f"[{id}]" for id in row.ids)]
    if not any(text in " ".join(doc.split()) for text in wanted):
        return [f"the docstring of {name} has none of {wanted}"]
    return []


def resolve(row: Row, name: str):
    """A function of the library (tinygen.a.b) or of the chapter's cells (b)."""
    module, _, last = name.rpartition(".")
    if module:
        try:
            return getattr(importlib.import_module(module), last)
        except ImportError:  # a method: tinygen.a.Class.b
            outer, _, owner = module.rpartition(".")
            return getattr(getattr(importlib.import_module(outer), owner), last)
    from chapters.tools.book import definitions

    return definitions(row.number)[name]


def mutant_faults(mutant: Mutant) -> list[str]:
    """Whether the text is there once, and what replaces it is Python."""
    path = ROOT / mutant.file
    if not path.is_file():
        return [f"mutant {mutant.name!r}: no file {mutant.file}"]
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        return [
            f"mutant {mutant.name!r}: {mutant.file} has {text.count(mutant.old)} times "
            f"{mutant.old!r}"
        ]
    try:
        compile(text.replace(mutant.old, mutant.new), mutant.file, "exec")
    except SyntaxError as error:
        return [f"mutant {mutant.name!r} is no Python: {error}"]
    return []


def names_in(code: str) -> set[str]:
    """Every name that code defines, imports, uses or reaches by a dot."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        for part in ("id", "attr", "name", "arg"):
            value = getattr(node, part, None)
            if isinstance(value, str):
                found.add(value.rpartition(".")[2])
    return found


def squeezed(latex: str) -> str:
    """Without white space: how it is broken into lines does not matter."""
    return re.sub(r"\s", "", latex)


def test_text(row: Row) -> str:
    """The file in which the row's test should be."""
    path = ROOT / row.node.partition("::")[0]
    return path.read_text(encoding="utf-8") if path.is_file() else ""
