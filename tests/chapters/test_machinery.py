"""The ledger refuses what it should, and the mutants' runner tells a survivor."""

import subprocess
import sys
from dataclasses import replace

import nbformat
import pytest

from chapters.tools import book, build, ledger, tables
from tinygen import course
from tinygen.course import percent

SOUND = next(row for row in ledger.rows(2) if row.id == "2.2")
CHAPTER = "chapters/src/02_shapes.py"


def test_a_sound_row_has_no_faults():
    assert not ledger.faults(SOUND)


@pytest.mark.parametrize(
    "change, told",
    [
        ({"id": "2.9"}, "0 cells tagged eq-2-9"),
        ({"latex": "a=b"}, "LaTeX of the row is not that of cell"),
        ({"fn": ("relative_error",)}, "neither defines nor uses relative_error"),
        ({"fn": ("tinygen.ops.no_such",)}, "cannot be had"),
        ({"id": "2.3", "fn": ("unbroadcast", "tinygen.ops.transpose")}, "has none of"),
        ({"mutants": ()}, "needs a mutant"),
        ({"kind": "truth"}, "none of"),
        ({"test": "test_no_such"}, "no tests/chapters/test_equations_02.py::test_no"),
        ({"route": ""}, "must not be empty"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value,
)
def test_a_row_is_refused(change, told):
    assert told in "\n".join(ledger.faults(replace(SOUND, **change)))


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("no such text", "x", "0 times"),
        ("return", "x", "times"),
        ("return g @ b.T, a.T @ g", "return (", "no Python"),
    ],
)
def test_a_mutant_is_refused(old, new, told):
    mutant = ledger.Mutant("m", CHAPTER, old, new)
    assert told in "\n".join(ledger.mutant_faults(mutant))


TRIAL = """
from dataclasses import replace
from chapters.tools.ledger import Mutant, rows
from chapters.tools.mutants import survivors

row = next(row for row in rows(2) if row.id == "2.2")
file, rule = "chapters/src/02_shapes.py", "return g @ b.T, a.T @ g"
library, product = "tinygen/ops/linear.py", "return _matmul(g, swapaxes(b, -1, -2))"
planted = (
    Mutant("harmless", file, rule, rule + "  # the same"),
    Mutant("deadly", file, rule, "return -g @ b.T, a.T @ g"),
    Mutant("stops", file, rule, "return g.no_such_name"),
    Mutant("idle", library, product, product + "  # the same"),
    Mutant("wrong", library, product, product + " * 2"),
)
print(*survivors([replace(row, mutants=planted)]), sep="\\n")
"""


def test_a_survivor_is_told():
    """In a chapter and in the library; a mistake that stops the test is no kill."""
    pytest.importorskip("fcntl", reason="forks")
    command, folder = [sys.executable, "-c", TRIAL], {"cwd": book.ROOT}
    done = subprocess.run(command, capture_output=True, text=True, **folder)
    told = done.stdout.splitlines()
    assert [line.split("'")[1] for line in told] == ["harmless", "stops", "idle"], done
    assert "survives" in told[0] and "fails otherwise" in told[1]


def test_stale_outputs_are_not_kept(tmp_path):
    """Prose may change under stored outputs; code may not."""
    source = book.chapter(1)
    notebook = build.load(source)
    stored = build.load(source)
    for cell in stored.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text="kept")]
    path = tmp_path / "stored.ipynb"
    nbformat.write(stored, path)
    notebook.cells[0].source += " New prose."
    assert build.keep_outputs(notebook, path)
    code = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert code.outputs[0].text == "kept"
    notebook.metadata.tinygen.code_sha = "another"
    assert not build.keep_outputs(notebook, path)


@pytest.mark.parametrize(
    "text", ["x = 1\n# %%\ny = 2\n", "# %% tags=head\nx = 1\n", "# %%[markdown]\n"]
)
def test_a_source_that_cannot_be_read_is_refused(tmp_path, text):
    path = tmp_path / "x.py"
    path.write_text(text)
    with pytest.raises(Exception, match="Fix"):
        percent.read(path)


def test_cells_are_read(tmp_path):
    path = tmp_path / "x.py"
    path.write_text(
        '# %% [markdown] tags=["a", "b"]\n# # T\n#\n# x\n\n# %%\ny = 1\n\n\n'
    )
    first, second = percent.read(path)
    assert (first.kind, first.tags, first.source) == (
        "markdown",
        ("a", "b"),
        "# T\n\nx",
    )
    assert (second.kind, second.name, second.source) == ("code", "", "y = 1")


def test_a_chapter_has_no_network(tmp_path):
    """What a cell tries to fetch is refused, whatever the machine may reach."""
    code = (
        "import urllib.request\nurllib.request.urlopen('http://192.0.2.1', timeout=2)"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    notebook.metadata = {"kernelspec": build.KERNEL}
    with pytest.raises(build.CellExecutionError, match="chapters are offline"):
        build.run(notebook, tmp_path, quick=True, limit=60)


def test_predictions_that_cannot_be_published():
    course.chapter(0)
    row = course.predict("0.P1", "a number", 2.0)
    assert "never measured" in row.problem()
    row.measure(3.0)
    assert "without a sentence" in row.problem()
    row.measure(3.0, missed="a reason")
    assert not row.problem() and row.within is False
    row.measure(2.0, missed="a reason")
    assert "explained as a miss" in row.problem()


def test_kinds_of_predictions(monkeypatch):
    course.chapter(0)
    near = course.predict("0.P1", "between", between=(1.0, 2.0))
    near.measure([1.2, 1.4, 1.6])
    assert near.within and near.error == pytest.approx(2 * 0.2 / 3**0.5)
    sign = course.predict("0.P2", "less", sign=-1)
    sign.measure(0.0)
    assert sign.within is False
    monkeypatch.setenv("TINYGEN_QUICK", "1")
    near.measure(5.0)
    assert near.within is None and "quick" in near.mark
    with pytest.raises(course.predictions.ConfigError, match="never predicted"):
        course.measure("0.P9", 1.0)
    with pytest.raises(course.predictions.ConfigError, match="one of value"):
        course.predict("0.P3", "nothing")


def test_same_refuses_what_differs():
    with pytest.raises(AssertionError, match=r"Eq\. \(0\.1\)"):
        course.same("0.1", one=1.0, other=1.0 + 1e-6)
    with pytest.raises(course.routes.ShapeError, match="Fix"):
        course.same("0.1", one=[1.0], other=[1.0, 1.0])
    with pytest.raises(AssertionError):
        course.same("0.1", one=float("nan"), other=1.0)


def test_animation_moves_and_rests_on_the_last_frame():
    import io

    import numpy as np
    from PIL import Image

    frames = [np.full((8, 10), 16 * k, np.uint8) for k in range(5)]
    image = Image.open(io.BytesIO(course.apng(frames)))
    shown = np.asarray(image.convert("L"))  # the default image: what stands still
    assert image.n_frames == 6 and shown.max() == 4 * 17
    seen = []
    for k in range(1, 6):
        image.seek(k)
        seen.append(int(np.asarray(image.convert("L")).max()))
    assert seen == [0, 17, 34, 51, 68]
    white = np.full((4, 4, 3), 255, np.uint8)
    image = Image.open(io.BytesIO(course.apng([white, white // 2])))
    image.seek(1)
    assert np.asarray(image.convert("RGB")).min() == 255


def test_a_film_strip_holds_every_value(capsys, monkeypatch):
    seen, shown = [], []
    monkeypatch.setattr(
        course.animation, "picture", lambda png, width: shown.append(width)
    )
    course.explore(lambda figure, value: seen.append(value), w=[0, 1, 7], dpi=50)
    assert seen == [0, 1, 7] and shown == [3 * 110]


def test_failures_are_listed_by_their_symptom():
    page = tables.failures()
    assert "half too small" in page and "the bias that learned the batch" in page
