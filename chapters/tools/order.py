"""The order of the book: no chapter uses what a later one teaches."""

import ast

from chapters.tools.book import CHAPTERS
from chapters.tools.ledger import tomllib


def first() -> dict[str, int]:
    """Module of tinygen -> the first chapter that may use it."""
    return tomllib.loads((CHAPTERS / "order.toml").read_text(encoding="utf-8"))["first"]


def uses(code: str) -> set[str]:
    """The dotted names below `tinygen` that code imports or reaches by a dot."""
    found, aliases = set(), {"tinygen": ""}
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "tinygen"
        ):
            module = node.module.removeprefix("tinygen").lstrip(".")
            for part in node.names:
                name = f"{module}.{part.name}".lstrip(".")
                aliases[part.asname or part.name] = name
                found.add(name)
        elif isinstance(node, ast.Import):
            for part in node.names:
                if part.name.partition(".")[0] == "tinygen" and part.asname:
                    aliases[part.asname] = part.name.removeprefix("tinygen").lstrip(".")
    chains = (dotted(n) for n in ast.walk(tree) if isinstance(n, ast.Attribute))
    for chain in chains:
        head, _, rest = chain.partition(".")
        if head in aliases:
            found.add(f"{aliases[head]}.{rest}".lstrip("."))
    return found


def dotted(node) -> str:
    """ "a.b.c" of an attribute; "" where it does not begin with a name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def too_early(source) -> list[str]:
    """What a chapter uses before it is taught, each told with its chapter."""
    code = "\n\n".join(cell.source for cell in source.cells if cell.kind == "code")
    found = []
    for name in sorted(uses(code)):
        below = [m for m in first() if name == m or name.startswith(f"{m}.")]
        if below and (number := first()[max(below, key=len)]) > source.number:
            found.append(f"{name} comes in chapter {number} (chapters/order.toml)")
    return found
