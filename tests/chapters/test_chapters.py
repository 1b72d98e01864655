"""Chapters: the skeleton, the stored outputs, a quick run of every one."""

import ast
import os
import re

import nbformat
import pytest

from chapters.tools import book, build, order, tables

SOURCES = book.chapters()
ALL = [*SOURCES, *book.solutions()]
name = lambda source: source.path.stem
every_chapter = pytest.mark.parametrize("source", SOURCES, ids=name)
every_source = pytest.mark.parametrize("source", ALL, ids=lambda s: s.built.stem)

SKELETON = ["head", "click", "recall", "byhand", "eq", "predict", "build", "run"]
SKELETON += ["score", "lab", "ex", "kept", "src"]
MOST = {"cells": 70, "words": 2600, "lines": 25, "figures": 8, "labs": 2}
BETWEEN = {"eq": (3, 7), "ex": (5, 8), "recall": (1, 3), "predictions": (3, 5)}
QUICK_SECONDS, FULL_SECONDS = 15, 300


def first_places(source):
    """Where each tag of the skeleton comes first; eq-1-2 counts as eq."""
    places = {}
    for i, cell in enumerate(source.cells):
        for tag in cell.tags:
            places.setdefault(tag.partition("-")[0], i)
    return places


@every_chapter
def test_skeleton_is_whole_and_in_order(source):
    places = first_places(source)
    assert not [tag for tag in SKELETON if tag not in places]
    found = [places[tag] for tag in SKELETON]
    assert found == sorted(found), dict(zip(SKELETON, found, strict=True))


@every_chapter
def test_predictions_come_before_the_runs_that_measure_them(source):
    codes = [cell.source for cell in source.cells if cell.kind == "code"]
    text = "\n".join(codes)
    promised = re.findall(r'predict\(\s*"([^"]+)"', text)
    low, high = BETWEEN["predictions"]
    assert low <= len(promised) <= high, promised
    assert promised == [f"{source.number}.P{k}" for k in range(1, len(promised) + 1)]
    first_run = next(i for i, c in enumerate(codes) if ".measure(" in c)
    last_promise = max(i for i, c in enumerate(codes) if "predict(" in c)
    assert last_promise < first_run


@every_chapter
def test_numbers_count_from_one(source):
    for kind in ("eq", "ex"):
        tags = [c.name for c in source.cells if c.name.startswith(f"{kind}-")]
        assert tags == [f"{kind}-{source.number}-{k + 1}" for k in range(len(tags))]
        low, high = BETWEEN[kind]
        assert low <= len(tags) <= high, tags


@every_chapter
def test_a_chapter_is_short(source):
    cells = source.cells
    assert len(cells) <= MOST["cells"]
    prose = " ".join(c.source for c in cells if c.kind == "markdown")
    assert len(prose.split()) <= MOST["words"]
    long = [c.name for c in cells if c.kind == "code" and len(lines(c)) > MOST["lines"]]
    assert not long, f"more than {MOST['lines']} lines: {long}"
    assert len(source.tagged("lab")) >= 1


def lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


@every_chapter
def test_nothing_is_used_before_it_is_taught(source):
    assert not order.too_early(source)
    uses = re.search(r"\*\*Uses:\*\*([^*]*)", source.cells[0].source)[1]
    assert all(int(n) < source.number for n in re.findall(r"\d+", uses)), uses


def test_names_are_found_however_they_are_imported():
    code = "import tinygen as tg\nfrom tinygen import functional as F\n"
    code += "from tinygen.models.gan import Generator as G\ntg.nn.Conv2d, F.relu"
    wanted = {"nn.Conv2d", "functional", "functional.relu", "models.gan.Generator"}
    assert wanted <= order.uses(code)


@every_chapter
def test_head_and_lab_say_what_the_pages_take_from_them(source):
    head = source.cells[0].source
    for word in ("**Minutes:**", "**Data:**", "**Uses:**", "**Adds to tinygen:**"):
        assert word in head
    assert 0 < len(head.partition("本章概要：")[2]) <= 130
    assert tables.symptoms(source)


@every_chapter
def test_maths_is_written_so_that_every_viewer_shows_it(source):
    for cell in source.cells:
        if cell.kind == "markdown":
            wrong = re.findall(
                r"\\tag|\\label|\\eqref|\\begin\{(?:align|equation)\*?\}", cell.source
            )
            assert not wrong and "<details" not in cell.source


@every_source
def test_maths_is_balanced(source):
    """Dollars, braces, \\left and \\right, \\begin and \\end come in pairs."""
    for cell in source.cells:
        if cell.kind == "markdown":
            text = re.sub(r"```.*?```|`[^`]*`|\\[$]", "", cell.source, flags=re.S)
            parts = re.split(r"\$\$|\$", text)
            assert len(parts) % 2 == 1, f"{cell.name}: a dollar has no partner"
            for maths in parts[1::2]:
                bare = re.sub(r"\\[{}]", "", maths)
                assert bare.count("{") == bare.count("}"), (cell.name, maths)
                for a, b in ((r"\\left\b", r"\\right\b"), (r"\\begin", r"\\end")):
                    counts = len(re.findall(a, maths)), len(re.findall(b, maths))
                    assert counts[0] == counts[1], (cell.name, maths)


@every_source
def test_defining_cells_only_define(source):
    """Tests run them again and again, so they neither draw nor train."""
    allowed = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign)
    for cell in source.cells:
        if cell.kind == "code" and book.DEFINES.fullmatch(cell.name):
            for node in ast.parse(cell.source).body:
                if cell.name != "setup":
                    assert isinstance(node, allowed), ast.unparse(node)


@every_source
def test_outputs_are_not_stale(source):
    """Same cells, same code, run once from top to bottom; no widgets; not too large."""
    wanted, stored = build.load(source), nbformat.read(source.built, 4)
    fix = f"Fix: python chapters/tools/build.py {source.number:02d}"
    for cell in (*wanted.cells, *stored.cells):
        cell.metadata.pop("execution", None)
    got = [(c.id, c.cell_type, c.source, c.metadata) for c in stored.cells]
    assert got == [(c.id, c.cell_type, c.source, c.metadata) for c in wanted.cells], fix
    assert stored.metadata == wanted.metadata, fix
    counts = [c.execution_count for c in stored.cells if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1)), fix
    nbformat.validate(stored)
    assert "widgets" not in stored.metadata
    assert source.built.stat().st_size < build.MOST_BYTES


@every_source
def test_shown_code_is_that_of_the_library(source):
    """Wherever it stands in its file: the number of the line may move."""
    place = re.compile(r"^(# tinygen/\S+), line \d+$", re.MULTILINE)
    stored = {
        cell.id: "".join(output.get("text", "") for output in cell.get("outputs", ()))
        for cell in nbformat.read(source.built, 4).cells
    }
    for name, texts in build.shown(source).items():
        fix = f"{name}. Fix: chapters/tools/build.py {source.number:02d} --shown"
        for text in texts:
            assert place.sub(r"\1", text) in place.sub(r"\1", stored[name]), fix


@every_source
def test_outputs_hold_no_error_and_no_warning(source):
    for cell in nbformat.read(source.built, 4).cells:
        for output in cell.get("outputs", ()):
            assert output.output_type != "error", cell.id
            assert output.get("name") != "stderr", (cell.id, output.text)


@every_chapter
def test_stored_run_kept_its_promises_or_says_why(source):
    results = tables.results(source)
    assert results["predictions"], "no full run"
    stored = build.predictions(nbformat.read(source.built, 4))
    assert stored == results["predictions"]
    assert not build.problems(stored)
    assert all(row["within"] is not None for row in stored)
    assert results["seconds"] <= FULL_SECONDS


@every_chapter
def test_figures_are_few(source):
    outputs = [
        output
        for cell in nbformat.read(source.built, 4).cells
        for output in cell.get("outputs", ())
    ]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert 1 <= len(pictures) <= MOST["figures"]
    assert not [o for o in outputs if "image/gif" in o.get("data", {})]


@every_chapter
def test_chapter_runs_quick(source):
    """Every cell, offline; exact predictions hold; stubs are still to do.

    Seconds are those of the processor, for the machine may be busy with other tests.
    """
    notebook, before = build.load(source), os.times()
    build.run(notebook, book.CHAPTERS, quick=True, limit=120)
    after = os.times()
    children = ("children_user", "children_system")
    seconds = sum(getattr(after, name) - getattr(before, name) for name in children)
    assert seconds < QUICK_SECONDS
    assert not build.problems(build.predictions(notebook))
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id.startswith("try-"):
            told = "".join(output.get("text", "") for output in cell.outputs)
            assert "to do" in told, f"{cell.id}: {told!r}"


@pytest.mark.skipif(not SOURCES, reason="no chapters yet")
def test_made_pages_are_those_of_the_chapters():
    for path, text in tables.pages().items():
        fix = f"{path} is out of date. Fix: python chapters/tools/build.py"
        assert path.read_text(encoding="utf-8") == text, fix
