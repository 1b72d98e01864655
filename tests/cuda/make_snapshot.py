"""Write cupy_api.json: every public name of CuPy, and the names of its parameters.

    python make_snapshot.py cupy_api.json

Needs the CuPy wheel and no GPU: names and signatures can be read without a device.
"""

import inspect
import json
import re
import sys
from pathlib import Path

UFUNC = ["*args", "out", "dtype", "casting"]  # read in _kernel.pyx, ufunc.__call__
KINDS = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def documented(function, name: str) -> list[str] | None:
    """Parameters from the first line of a docstring, where Cython puts them."""
    first = (function.__doc__ or "").split("\n\n")[0]
    found = re.search(re.escape(name) + r"\((.*?)\)(?: ->|\n|$)", first, re.DOTALL)
    if found is None:
        return None
    flat = re.sub(r"[(\[{][^()\[\]{}]*[)\]}]", "", found.group(1))  # nested defaults
    words = [part.split("=")[0].split(":")[0].split() for part in flat.split(",")]
    names = [word[-1] for word in words if word]
    return [name for name in names if name not in ("self", "/")]


def parameters(function, name: str) -> list[str] | None:
    """The names of a function's parameters, with stars; None if not to be found."""
    try:
        found = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return documented(function, name)
    return [KINDS.get(p.kind, "") + p.name for p in found if p.name != "self"]


def described(cupy, value, name: str) -> dict | None:
    """What is known of one name; None for a module."""
    if isinstance(value, cupy.ufunc):
        return {
            "kind": "ufunc",
            "params": UFUNC,
            "at": value._scatter_op is not None,
            "reduce": value.name in ("cupy_add", "cupy_multiply"),
        }
    if inspect.ismodule(value):
        return None
    if inspect.isclass(value):
        return {"kind": "class"}
    if not callable(value):
        return {"kind": "const"}
    return {"kind": "func", "params": parameters(value, name)}


def table(cupy, namespace) -> dict:
    """Every public name of a module."""
    names = [name for name in sorted(dir(namespace)) if not name.startswith("_")]
    found = {name: described(cupy, getattr(namespace, name), name) for name in names}
    return {name: entry for name, entry in found.items() if entry}


def methods(cls) -> dict:
    """Every public method and attribute of a class, and its double underscores."""
    found = {}
    for name in sorted(dir(cls)):
        special = name.startswith("__") and name.endswith("__")
        if name.startswith("_") and not special:
            continue
        value = getattr(cls, name)
        if special:
            found[name] = {"kind": "special"}
        elif callable(value):
            found[name] = {"kind": "func", "params": parameters(value, name)}
        else:
            found[name] = {"kind": "attribute"}
    return found


def snapshot() -> dict:
    """All tables, by the dotted name of what they describe."""
    import cupy
    import cupyx.scipy.special

    return {
        "version": cupy.__version__,
        "cupy": table(cupy, cupy),
        "linalg": table(cupy, cupy.linalg),
        "random": table(cupy, cupy.random),
        "lib.stride_tricks": table(cupy, cupy.lib.stride_tricks),
        "scipy.special": table(cupy, cupyx.scipy.special),
        "ndarray": methods(cupy.ndarray),
        "Generator": methods(cupy.random.Generator),
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(
        json.dumps(snapshot(), sort_keys=True, separators=(",", ":")) + "\n"
    )
