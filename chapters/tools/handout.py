"""A class variant of a chapter's exercises, with other numbers, and the teacher's key.

    python chapters/tools/handout.py 01 --seed 2026 --out folder

Writes folder/handout-01-2026.ipynb, to be given out, and folder/key-01-2026.md, which
tells for each question the answer and, for wrong answers, the mistake that gives them.
"""

import argparse
import os
import sys
from pathlib import Path

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from chapters.tools.book import CHAPTERS, chapter
from tinygen.course.exercises import load


def drawn(number: int, seed: int) -> list[tuple]:
    """The exercises that have variants, each with its new numbers."""
    rng = np.random.default_rng([seed, number])
    return [(ex, ex.draw(rng)) for ex in load(number) if ex.draw is not None]


def handout(number: int, seed: int):
    """The notebook for the class: questions with numbers, and a place for answers."""
    title = f"# Class exercises for chapter {chapter(number).title}\n\nVariant {seed}."
    cells = [new_markdown_cell(title, id="head")]
    for k, (exercise, given) in enumerate(drawn(number, seed), 1):
        text = f"**Question {k}.** {exercise.text.format(**given)}"
        cells.append(new_markdown_cell(text, id=f"question-{k}"))
        cells.append(new_code_cell(f"answer_{k} = None", id=f"answer-{k}"))
    return new_notebook(cells=cells)


def key(number: int, seed: int) -> str:
    """The teacher's page: answers, and what each known wrong answer gives away."""
    lines = [f"# Key: chapter {number}, variant {seed}", ""]
    for k, (exercise, given) in enumerate(drawn(number, seed), 1):
        lines += [f"## Question {k} (exercise {exercise.id})", ""]
        lines += [exercise.text.format(**given), ""]
        lines += [f"Answer: {told(exercise.answer(exercise.truth, given))}", ""]
        for message, mistake in exercise.wrong.items():
            lines.append(f"* {told(exercise.answer(mistake, given))}: {message}")
        lines.append("")
    return "\n".join(lines)


def told(value) -> str:
    """A number to seven digits; anything else as it is."""
    return f"{value:.7g}" if isinstance(value, (int, float)) else str(value)


def main(arguments=None) -> None:
    """Write the two files."""
    parser = argparse.ArgumentParser(description="A class variant and its key.")
    parser.add_argument("number", type=int)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, default=Path())
    asked = parser.parse_args(arguments)
    out, name = asked.out.resolve(), f"{asked.number:02d}-{asked.seed}"
    out.mkdir(parents=True, exist_ok=True)
    os.chdir(CHAPTERS)
    nbformat.write(handout(asked.number, asked.seed), out / f"handout-{name}.ipynb")
    text = key(asked.number, asked.seed)
    (out / f"key-{name}.md").write_text(text, encoding="utf-8")
    print(f"{out / f'handout-{name}.ipynb'} and {out / f'key-{name}.md'}")


if __name__ == "__main__":
    main()
