"""Write docs/diffusion.md, what sampling costs: ddim_steps.py RUN CLASS_RUN [PLANE_RUN]

RUN of ddpm: the Frechet distance for each number of steps of DDIM, with eta 0 and 1,
which is ancestral sampling.  CLASS_RUN of ddpm-class: class accuracy, recall and
distance for each guidance w.  The pictures in docs/pictures are drawn from the same
runs.  Only the text between the two marks of the page is replaced.

Rows are kept in docs/diffusion.json as they come, so that what was cut off goes on
where it was; for other runs all is measured anew.
"""

import hashlib
import json
import platform
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np

from tinygen import plot
from tinygen.metrics.report import report_of
from tinygen.recipes.trained import trained

DOCS = Path(__file__).parents[2] / "docs"
PAGE, KEPT, PICTURES = (
    DOCS / x for x in ("diffusion.md", "diffusion.json", "pictures")
)
MARKS = "<!-- from ddim_steps.py -->\n", "<!-- end of ddim_steps.py -->\n"
N = 1000  # samples of every row
SHOWN = 1, 2, 5, 10, 20, 50, 100  # steps in the picture
ROWS = (  # sampler, its options, numbers of steps
    ("DDIM, eta 0", {"eta": 0.0}, (5, 10, 20, 50)),
    ("DDIM, eta 1", {"eta": 1.0}, (20, 50)),
)
WEIGHTS = -1.0, 0.0, 1.0, 2.0, 4.0
GUIDED_STEPS = 20  # of DDIM, with guidance
MEASURES = {  # heading -> measure
    "Fréchet distance": "Frechet distance",
    "kernel distance": "kernel distance",
    "precision": "precision",
    "recall": "recall",
    "confidence": "confidence",
}
BY_CLASS = {**MEASURES, "class as asked": "class as asked"}


def of(recipe) -> str:
    """What tells one trained recipe from another: a hash of its numbers."""
    weights = (x for m in recipe.modules().values() for x in m.state_dict().values())
    return hashlib.sha256(b"".join(x.tobytes() for x in weights)).hexdigest()[:16]


def once(recipe, columns, **asked) -> tuple[list[str], list[str]]:
    """What `judged` gives, kept when it has been measured."""
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    run = f"{recipe.name} {of(recipe)}"
    rows = kept.get(run, {})
    name = json.dumps(asked, sort_keys=True)
    if name not in rows:
        rows[name] = judged(recipe, columns, **asked)
        others = {k: v for k, v in kept.items() if k.split()[0] != recipe.name}
        KEPT.write_text(json.dumps({**others, run: rows}, indent=1) + "\n")
    return rows[name]


def judged(recipe, columns, **asked) -> tuple[list[str], list[str]]:
    """A table's cells for N samples drawn so, and those of real digits."""
    began = time.process_time()
    samples = recipe.draw(N, **asked)
    seconds = time.process_time() - began
    found = report_of(recipe, samples)
    values = [found.measures[name] for name in columns.values()]
    cells = [f"{value:.3f}" for value, _ in values]
    print(asked, *cells, f"{seconds:.0f} s", flush=True)
    return [*cells, f"{seconds:.0f}"], [*(f"{real:.3f}" for _, real in values), ""]


def table(first: str, columns, rows: dict[str, list[str]]) -> str:
    """Rows of cells under their headings, in markdown."""
    heads = [first, *columns, "CPU seconds"]
    lines = [heads, ["---"] * len(heads), *([name, *rows[name]] for name in rows)]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def steps_table(recipe) -> str:
    """Every sampler with every number of steps."""
    rows = {}
    for name, options, numbers in ROWS:
        for steps in numbers:
            cells, real = once(recipe, MEASURES, steps=steps, **options)
            rows[f"{name}, {steps} steps"] = cells
    return table("", MEASURES, {**rows, "real digits": real})


def guidance_table(recipe) -> str:
    """Every guidance weight, and noise on the way; each class 100 times."""
    rows = {}
    for w in WEIGHTS:
        asked = {"guidance": w, "steps": GUIDED_STEPS, "eta": 0.0}
        rows[f"{w:g}"], real = once(recipe, BY_CLASS, **asked)
    for eta in (0.0, 1.0):
        asked = {"guidance": 1.0, "steps": 50, "eta": eta}
        rows[f"1, 50 steps, eta {eta:g}"], real = once(recipe, BY_CLASS, **asked)
    return table("w", BY_CLASS, {**rows, "real digits": real})


def draw_pictures(recipe, by_class) -> None:
    """Samples; the same noise with more and more steps; classes with more guidance."""
    plot.save_samples(PICTURES / "ddpm.png", recipe.draw(64))
    plot.save_figure(PICTURES / "ddpm-denoising.png", recipe.draw_film, (9, 5))
    images = np.concatenate([recipe.draw(12, steps=steps, eta=0.0) for steps in SHOWN])
    plot.save_image(PICTURES / "ddpm-steps.png", plot.image_grid(images, 12))
    images = np.concatenate([by_class.draw(10, guidance=w) for w in WEIGHTS])
    plot.save_image(PICTURES / "ddpm-guidance.png", plot.image_grid(images, 10))
    plot.save_samples(PICTURES / "ddpm-class.png", by_class.draw(100))
    plot.save_image(PICTURES / "ddpm-edit.png", plot.image_grid(edits(recipe), 8))


def edits(recipe) -> np.ndarray:
    """Rows of 8: a held-out digit, what is kept of it, fillings in; and redrawings."""
    rows, mask = [], np.zeros((28, 28), bool)
    mask[14:] = True
    for image in recipe.data.test().x.numpy()[[3, 12, 27]]:
        kept = np.where(mask, 0, image)
        rows += [[image], [kept], recipe.edit(6, image, mask)]
    for strength in (0.3, 0.5, 0.7):
        rows += [[image], recipe.edit(7, image, strength=strength)]
    return np.concatenate(rows)


def measured(recipe, by_class) -> str:
    """The text between the marks."""
    versions = f"python {platform.python_version()}, numpy {np.__version__}"
    both = " and ".join(
        f"`{r.name}` ({r.config.steps} steps, "
        f"{sum(m.num_parameters() for m in r.modules().values()):,} parameters)"
        for r in (recipe, by_class)
    )
    return (
        f"Measured on {date.today()} with {versions}; {both}; {N} samples a row, CPU "
        "seconds of one thread on a machine that other work shared.\n\n"
        f"### Steps\n\n{steps_table(recipe)}\n"
        f"### Guidance\n\nDDIM, {GUIDED_STEPS} steps, eta 0, unless said.\n\n"
        f"{guidance_table(by_class)}"
    )


def replaced(page: str, text: str) -> str:
    """The page with the text between its marks exchanged."""
    before, _, rest = page.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    return before + MARKS[0] + text + MARKS[1] + after


def main(run: str, class_run: str, plane_run: str = "") -> None:
    """Draw the pictures, measure, write."""
    recipe, by_class = trained(run), trained(class_run)
    PAGE.write_text(replaced(PAGE.read_text(), measured(recipe, by_class)))
    draw_pictures(recipe, by_class)
    if plane_run:
        draw = trained(plane_run).draw_paths
        plot.save_figure(PICTURES / "ddpm-plane.png", draw, (6, 5))


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
