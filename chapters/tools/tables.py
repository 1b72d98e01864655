"""Pages that are made from the chapters: never edited by hand.

chapters/README.md; in docs/ equations.md, predictions.md and failures.md
"""

import json
import re

from chapters.tools import ledger
from chapters.tools.book import CHAPTERS, ROOT, chapters

MADE = "<!-- Made by chapters/tools/build.py; do not edit. -->\n"
DATA = re.compile(r"\*\*Data:\*\* (.*?)(?: \*\*|\n|$)")
LAB = re.compile(r"## Failure lab: (.*)")
SYMPTOM = re.compile(r"\*\*Symptom\.\*\* (.*?)(?:\n\n|\*\*|Suspects|$)", re.S)


def pages() -> dict:
    """Every page that is made: path -> text."""
    return {
        CHAPTERS / "README.md": index(),
        ROOT / "docs" / "equations.md": equations(),
        ROOT / "docs" / "predictions.md": predictions(),
        ROOT / "docs" / "failures.md": failures(),
    }


def write() -> None:
    """Write every page that has changed."""
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def results(source) -> dict:
    """What the last full run of a chapter left."""
    path = CHAPTERS / "results" / f"{source.number:02d}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def index() -> str:
    """The list of chapters: question, data, seconds of a full run."""
    lines = [MADE, "# The chapters", "", (CHAPTERS / "about.md").read_text().strip()]
    lines += ["", "| chapter | data | seconds |", "|---|---|---|"]
    for source in chapters():
        data = DATA.search(source.cells[0].source)
        seconds = results(source).get("seconds", "not run yet")
        answers = f"[solutions](solutions/{source.number:02d}.ipynb)"
        lines.append(
            f"| [{source.title}]({source.built.name}) ({answers}) "
            f"| {data[1] if data else ''} | {seconds} |"
        )
    return "\n".join(lines) + "\n"


def equations() -> str:
    """The ledger as a page: formula, code, test and source of each equation."""
    lines = [MADE, "# Equations", ""]
    lines += ["Each has code that computes it, a test by an independent second route, "]
    lines += ["and planted mistakes that the test finds.", ""]
    for source in chapters():
        lines += [f"## [{source.title}](../chapters/{source.built.name})", ""]
        for row in ledger.rows(source.number):
            lines += equation(row)
    return "\n".join(lines)


def equation(row) -> list[str]:
    """One equation of the page."""
    lines = [f"**({row.id})** {row.name}", "", "```math", row.latex.strip(), "```", ""]
    if row.assume:
        lines += [f"* holds for: {row.assume}"]
    lines += [f"* code: {', '.join(f'`{fn}`' for fn in row.fn)}"]
    lines += [f"* second route: {row.route} (`{row.node}`)"]
    if row.mutants:
        names = "; ".join(mutant.name for mutant in row.mutants)
        lines += [f"* mistakes that the test finds: {names}"]
    ids = f" ({', '.join(row.ids)} of the source documents)" if row.ids else ""
    return [*lines, f"* source: {row.source}{ids}", ""]


def predictions() -> str:
    """Predicted and measured, of all chapters."""
    lines = [MADE, "# Predicted and measured", ""]
    lines += ["Each number was written down in the chapter before the run that gave"]
    lines += ["the other; misses stay.", ""]
    lines += ["| | what | predicted | measured | within? |", "|---|---|---|---|---|"]
    for source in chapters():
        lines += [prediction(row) for row in results(source).get("predictions", ())]
    return "\n".join(lines) + "\n"


def prediction(row: dict) -> str:
    """One line of the table."""
    within = "yes" if row["within"] else f"**no**: {row['missed']}"
    cells = [row["id"], row["what"], row["predicted"], row["measured"], within]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def symptoms(source) -> list[tuple[str, str]]:
    """Title and symptom of each failure lab of a chapter."""
    found = []
    for cell in source.tagged("lab"):
        title, symptom = LAB.search(cell.source), SYMPTOM.search(cell.source)
        if title and symptom:
            found.append((title[1].strip(), " ".join(symptom[1].split())))
    return found


def failures() -> str:
    """What goes wrong, by its symptom, and the chapter that cures it."""
    lines = [MADE, "# Failures by symptom", ""]
    lines += ["Each is provoked, explained and cured in its chapter.", ""]
    lines += ["| you see | what it is | chapter |", "|---|---|---|"]
    for source in chapters():
        link = f"[{source.title}](../chapters/{source.built.name})"
        for title, symptom in symptoms(source):
            lines.append(f"| {symptom} | {title} | {link} |")
    return "\n".join(lines) + "\n"
