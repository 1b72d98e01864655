"""Build chapters: src/NN_name.py, run from top to bottom, becomes NN_name.ipynb.

    python chapters/tools/build.py                all whose code has changed; pages too
    python chapters/tools/build.py 01 02          these, if their code has changed
    python chapters/tools/build.py 01 --force     run it even so
    python chapters/tools/build.py 01 --quick     run it quickly and write nothing
    python chapters/tools/build.py 01 --shown     print the library's code in it anew
    python chapters/tools/build.py --pages        only the pages made from all chapters

The way is one way: notebooks are never edited.  Where only prose has changed, stored
outputs are kept; where only code of the library that it shows has, `--shown` takes that
over.  The solutions of a chapter are built with it.
"""

import argparse
import ast
import contextlib
import io
import json
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from chapters.tools import tables
from chapters.tools.book import CHAPTERS, ROOT, chapters, code_sha, solutions

OFFLINE = ROOT / "tests" / "chapters" / "offline"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
OBJECT = re.compile(r"\[*<|\[*Text\(|\(<")  # <matplotlib.legend.Legend at 0x7f...>
MOST_BYTES = 1_500_000


def load(source):
    """The notebook of a source, without outputs; cells are called as their tags."""
    make = {"markdown": new_markdown_cell, "code": new_code_cell}
    cells = []
    for cell, name in zip(source.cells, source.names, strict=True):
        metadata = {"tags": list(cell.tags)} if cell.tags else {}
        cells.append(make[cell.kind](cell.source, id=name, metadata=metadata))
    codes = [cell.source for cell in source.cells if cell.kind == "code"]
    facts = {"source": source.path.name, "code_sha": code_sha(codes)}
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return new_notebook(cells=cells, metadata={**metadata, "tinygen": facts})


def run(notebook, folder: Path, *, quick: bool, limit: int = 600) -> float:
    """Run all cells in place, without a network.  -> seconds, kernel and all."""
    paths = os.pathsep.join([str(OFFLINE), str(ROOT)])
    settings = {"PYTHONPATH": paths, "PYTHONHASHSEED": "0", "TINYGEN_BUILD": "1"}
    settings |= {"TINYGEN_QUICK": "1" if quick else "0", **dict.fromkeys(THREADS, "1")}
    kept = notebook.metadata.copy()
    client = NotebookClient(
        notebook,
        timeout=limit,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    start = time.perf_counter()
    client.execute(env={**os.environ, **settings})
    notebook.metadata = kept  # without the kernel's version, which is no news
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if not idle(output)]
    return time.perf_counter() - start


def idle(output) -> bool:
    """Whether an output is only the name of an object that the last line returned."""
    text = output.get("data", {}).get("text/plain", "")
    return output.output_type == "execute_result" and bool(OBJECT.match(text))


def predictions(notebook) -> list[dict]:
    """The rows of predicted and measured numbers that `score` left in the outputs."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            facts = output.get("metadata", {}).get("tinygen", {})
            if "predictions" in facts:
                return facts["predictions"]
    return []


def problems(rows: list[dict]) -> list[str]:
    """What forbids publishing these rows: not measured, or missed without a word."""
    return [row["problem"] for row in rows if row["problem"]]


def keep_outputs(notebook, path: Path) -> bool:
    """Take over the stored outputs, if they are those of this very code."""
    if not path.exists():
        return False
    stored = nbformat.read(path, 4)
    if stored.metadata.get("tinygen") != notebook.metadata.tinygen:
        return False
    old = iter(cell for cell in stored.cells if cell.cell_type == "code")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            before = next(old)
            cell.outputs = before.outputs
            cell.execution_count = before.execution_count
    return True


def shown(source) -> dict[str, list[str]]:
    """Cell -> what each `show(...)` in it prints now."""
    parsed = {
        name: ast.parse(cell.source).body
        for cell, name in zip(source.cells, source.names, strict=True)
        if cell.kind == "code"
    }
    imports = (ast.Import, ast.ImportFrom)
    nodes = [node for body in parsed.values() for node in body]
    module = ast.Module([node for node in nodes if isinstance(node, imports)], [])
    names: dict = {}
    exec(compile(module, source.path.name, "exec"), names)
    found: dict[str, list[str]] = {}
    for name, body in parsed.items():
        for call in map(ast.unparse, body):
            if call.startswith("show("):
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    exec(call, names)
                found.setdefault(name, []).append(printed.getvalue())
    return found


def show_anew(source) -> bool:
    """Print the library's code anew in the stored notebook, and run nothing else.

    In a cell that does more than show, it is left as it is.
    """
    stored, printed = nbformat.read(source.built, 4), shown(source)
    for cell in stored.cells:
        texts = printed.get(cell.id, [])
        if texts and len(ast.parse(cell.source).body) == len(texts):
            cell.outputs = [new_output("stream", name="stdout", text="".join(texts))]
    nbformat.write(stored, source.built)
    return True


def build(source, *, quick: bool = False, force: bool = False) -> bool:
    """Build one source and say how long it took.  -> whether it can be published."""
    notebook = load(source)
    if not (quick or force) and keep_outputs(notebook, source.built):
        nbformat.write(notebook, source.built)
        print(f"{source.path.name}: code unchanged, outputs kept")
        return True
    try:
        seconds = run(notebook, source.built.parent, quick=quick)
    except CellExecutionError as error:
        print(f"{source.path.name}: {error}")
        return False
    rows = predictions(notebook)
    found = problems(rows)
    size = len(nbformat.writes(notebook).encode())
    print(f"{source.path.name}: {seconds:.1f} s, {size:,} bytes", *found, sep="\n  ")
    if found or size > MOST_BYTES:
        return False
    if not quick:
        nbformat.write(notebook, source.built)
        if source.is_chapter:
            write_results(source, rows, seconds)
    return True


def write_results(source, rows, seconds: float) -> None:
    """results/NN.json: predicted and measured, and the minutes of the full run."""
    facts = {"seconds": round(seconds, 1), "predictions": rows}
    path = CHAPTERS / "results" / f"{source.number:02d}.json"
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(facts, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def main(arguments=None) -> int:
    """Build what the command line asks for.  -> 1 if something failed."""
    parser = argparse.ArgumentParser(description="Build chapters of the book.")
    parser.add_argument("numbers", nargs="*", type=int, help="all, if none is given")
    parser.add_argument("--quick", action="store_true", help="run, write nothing")
    parser.add_argument("--force", action="store_true", help="run unchanged code too")
    parser.add_argument("--shown", action="store_true", help="only code that it shows")
    parser.add_argument("--pages", action="store_true", help="write only the pages")
    asked = parser.parse_args(arguments)
    sources = [*chapters(), *solutions()]
    wanted = [s for s in sources if not asked.numbers or s.number in asked.numbers]
    wanted = [] if asked.pages else wanted
    if asked.shown:
        done = [show_anew(s) for s in wanted]
    else:
        done = [build(s, quick=asked.quick, force=asked.force) for s in wanted]
    if not (asked.quick or asked.shown or asked.numbers):
        tables.write()
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
