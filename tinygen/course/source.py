"""The library's own code, shown in a notebook: there is no second copy."""

import ast
import inspect
from pathlib import Path

from tinygen.course.say import say


def show(thing) -> None:
    """Print the source of a function, class or op of the library, and where it is.

    Of an op, its rules too.
    """
    function = inspect.unwrap(thing) if not inspect.isclass(thing) else thing
    lines, first = inspect.getsourcelines(function)
    path = Path(inspect.getsourcefile(function))
    parts = [inspect.cleandoc("\n" + "".join(lines)).rstrip()]
    if hasattr(thing, "op"):
        parts += rules(path.read_text(encoding="utf-8"), function.__name__)
    say(f"# {_place(path)}, line {first}\n" + "\n\n".join(parts))


def rules(text: str, name: str) -> list[str]:
    """The statements `name.vjp(...)` and `name.vjp_joint(...)` of a module's text."""
    calls = (
        statement
        for statement in ast.parse(text).body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    )
    return [
        ast.get_source_segment(text, call)
        for call in calls
        if ast.unparse(call.value.func) in (f"{name}.vjp", f"{name}.vjp_joint")
    ]


def _place(path: Path) -> str:
    parts = path.parts
    start = len(parts) - 1 - parts[::-1].index("tinygen") if "tinygen" in parts else -1
    return "/".join(parts[start:])
