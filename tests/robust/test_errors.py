"""Every error of the library: a class, a code, values, a remedy, a line in the docs."""

import ast
import builtins
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import tinygen
from tinygen.cli import EXITS
from tinygen.errors import TinygenError, choices

PACKAGE = Path(tinygen.__file__).parent
PAGE = (PACKAGE.parent / "docs" / "errors.md").read_text(encoding="utf-8")


def all_errors():
    """Every subclass of TinygenError, wherever in the package."""
    for found in pkgutil.walk_packages([str(PACKAGE)], "tinygen."):
        if found.name not in ("tinygen.__main__", "tinygen.data.build"):
            importlib.import_module(found.name)  # that one needs scikit-image
    todo, seen = [TinygenError], []
    while todo:
        one = todo.pop()
        ours = one.__module__.startswith("tinygen")
        seen += [one] if ours and one is not TinygenError else []
        todo += one.__subclasses__()
    return sorted(set(seen), key=lambda kind: kind.__name__)


ERRORS = all_errors()
NAMES = {kind.__name__ for kind in ERRORS}


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_a_class_has_a_code_a_built_in_a_docstring_and_a_line_in_the_docs(kind):
    assert re.fullmatch(r"TG-[A-Z]+", vars(kind)["code"])
    assert kind.__doc__ and kind.__doc__.endswith(".")
    usual = [one for one in vars(builtins).values() if isinstance(one, type)]
    bases = [b for b in kind.__mro__ if b in usual and b not in (object, Exception)]
    bases = [b.__name__ for b in bases if b is not BaseException]
    assert bases, "no built-in that `except` would expect"
    (row,) = re.findall(rf"^\| `{kind.code}` \| `{kind.__name__}` \|.*$", PAGE, re.M)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2] == f"`{bases[0]}`"
    code = next(code for base, code in EXITS.items() if issubclass(kind, base))
    assert cells[3] == str(code)
    assert len(cells) == 6 and all(cells)


def test_codes_are_of_one_class_each_and_the_page_lists_no_other():
    codes = [kind.code for kind in ERRORS]
    assert len(set(codes)) == len(codes)
    assert set(re.findall(r"^\| `(TG-[A-Z]+)`", PAGE, re.M)) == set(codes)


# -- what is said, read from the source ------------------------------------------------

TREES = {
    path.relative_to(PACKAGE): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
}


def texts(node):
    """All text in a piece of source."""
    found = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    return " ".join(text for text in found if isinstance(text, str))


def helpers():
    """Name -> the text in a function or constant of that name, anywhere."""
    found = {}
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                found[node.name] = found.get(node.name, "") + texts(node)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    name = getattr(target, "id", getattr(target, "attr", None))
                    found[name] = found.get(name, "") + texts(node.value)
    return found


HELPERS = helpers()


def made():
    """(place, call) of everything like ShapeError(...)."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            name = getattr(node, "func", None)
            name = getattr(name, "id", getattr(name, "attr", None))
            own = NAMES - {"GradcheckError"}  # which is made of a report
            if isinstance(node, ast.Call) and name in own and node.args:
                yield f"{path}:{node.lineno}", node


def test_every_message_ends_with_a_remedy():
    """In its own text, or in that of a function or constant that it is made of."""
    places, missing = 0, []
    for place, call in made():
        names = [n for n in ast.walk(call) if isinstance(n, (ast.Name, ast.Attribute))]
        names = [getattr(n, "id", getattr(n, "attr", "")) for n in names]
        said = texts(call) + " ".join(HELPERS.get(name, "") for name in names)
        places += 1
        if "Fix:" not in said:
            missing.append(place)
    assert places > 150
    assert not missing, missing


WITHOUT_VALUES = 20  # messages about something that is not there have none to give


def test_messages_give_values():
    bare = [
        place
        for place, call in made()
        if not any(
            isinstance(n, (ast.FormattedValue, ast.Call)) and n is not call
            for n in ast.walk(call)
        )
    ]
    assert len(bare) <= WITHOUT_VALUES, bare


RAISED_OTHERWISE = {  # by name, with the reason
    "NotImplementedError": "a method that every subclass has to write",
    "AssertionError": "a check of a chapter that does not hold",
    "TypeError": "a call with arguments that Python itself would refuse",
    "OSError": "a write that the system cut short; caught where files are written",
    "ValueError": "caught a few lines further on, and said otherwise",
    "ImportError": "a NumPy that is too old",
    "AttributeError": "a name that an object does not have",
    "SystemExit": "a second SIGTERM",
    "KeyboardInterrupt": "a second Ctrl-C",
    "Failed": "caught where files are fetched",
}


def test_nothing_else_is_raised_on_purpose():
    odd = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Raise) or node.exc is None:
                continue
            what = getattr(node.exc, "func", node.exc)
            name = getattr(what, "id", getattr(what, "attr", ""))
            built_in = isinstance(getattr(builtins, name, None), type)
            if built_in and name not in RAISED_OTHERWISE:
                odd.append(f"{path}:{node.lineno} raises {name}")
    assert not odd, odd


def test_the_nearest_name():
    assert choices("ralu", ["relu", "gelu"]) == "Fix: 'relu'; all of them: relu, gelu"
    assert choices("zzz", ["relu", "gelu"]) == "Fix: one of relu, gelu"
    many = [f"name{i}" for i in range(50)]
    assert choices("name3x", many).startswith("Fix: 'name3'; others are alike: ")
    assert len(choices("name3x", many)) < 80
