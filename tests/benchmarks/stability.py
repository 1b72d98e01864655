"""Write docs/stability.md, the modes that each objective covers: stability.py [SEEDS]

Every objective trains the same two dense networks, with the same rates and number of
steps, on the ring of 8 and on the grid of 25 Gaussians; then 2,500 samples are judged
in PacGAN's measure.  Only the text between the two marks of the page is replaced.
"""

import platform
import sys
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import numpy as np

import tinygen as tg
from tinygen import data
from tinygen.recipes.gan import RingGAN

PAGE = Path(__file__).parents[2] / "docs" / "stability.md"
MARKS = "<!-- from stability.py -->\n", "<!-- end of stability.py -->\n"
COMMON = {"steps": 6000, "batch_size": 128, "lr": 5e-4, "lr_d": 2e-3, "ema": 0.999}
SETTINGS = {
    "minimax": {"objective": "minimax"},
    "non-saturating": {"objective": "non-saturating"},
    "non-saturating, R1 0.1": {"objective": "non-saturating", "r1": 0.1},
    "non-saturating, spectral norm": {"objective": "non-saturating", "spectral": True},
    "least squares": {"objective": "least-squares"},
    "hinge": {"objective": "hinge"},
    "Wasserstein, gradient penalty 0.1": {"objective": "wasserstein", "gp": 0.1},
    "Wasserstein, clipped at 0.1": {"objective": "wasserstein", "clip": 0.1},
}
COLUMNS = "modes", "high quality, %", "reverse KL, nats"
PUBLISHED = {
    "ring": (
        ("GAN, published", "6.3 ± 0.5", "98.2", "0.45"),
        ("PacGAN2, published", "7.9 ± 0.1", "", ""),
    ),
    "grid": (
        ("GAN, published", "17.3 ± 0.8", "94.8", "0.70"),
        ("PacGAN4, published", "24.8 ± 0.2", "", ""),
    ),
}


def numbers(samples, target: data.Plane) -> list[float]:
    """Modes, high quality in percent, reverse KL in nats."""
    found = data.modes_covered(samples, target)
    return [found.covered, 100 * found.high_quality, found.reverse_kl]


def trained(plane: str, seed: int, options: dict) -> RingGAN:
    """The recipe of the plane after all its steps."""
    recipe = RingGAN(RingGAN.Config(data=plane, seed=seed, **{**COMMON, **options}))
    for step in range(recipe.config.steps):
        recipe.train_step(recipe.data.batch(step), step, recipe.streams(step))
    return recipe


def judged(recipe: RingGAN, averaged: bool) -> list[float]:
    """PacGAN's three numbers of a trained recipe."""
    with recipe.ema.applied() if averaged else nullcontext(), tg.no_grad():
        samples = recipe.G(recipe.noise(2500, tg.rng(recipe.config.seed, "judge")))
    return numbers(samples.numpy(), recipe.data.plane)


def by_chance(plane: str, seed: int) -> list[float]:
    """The numbers of points that are uniform on a square a quarter larger than data."""
    target = data.plane(plane)
    reach = 1.25 * abs(target.modes).max()
    points = tg.rng(seed, "judge").uniform(-reach, reach, (2500, 2))
    return numbers(points, target)


def cell(values) -> str:
    """Mean and standard error over the seeds that gave a number."""
    values = np.array([v for v in values if np.isfinite(v)])
    if len(values) < 2:
        return "" if not len(values) else f"{values[0]:.2f} (one seed)"
    return f"{values.mean():.2f} ± {values.std(ddof=1) / np.sqrt(len(values)):.2f}"


def line(*cells: str) -> str:
    """One line of a table in markdown."""
    return "| " + " | ".join(cells) + " |\n"


def measured(plane: str, name: str, seeds: int) -> str:
    """The line of one objective: averaged weights, then the modes of the last ones."""
    recipes = [trained(plane, seed, SETTINGS[name]) for seed in range(seeds)]
    averaged = zip(*(judged(recipe, True) for recipe in recipes), strict=True)
    last = list(zip(*(judged(recipe, False) for recipe in recipes), strict=True))
    cells = [cell(column) for column in averaged]
    found = line(name, *cells, cell(last[0]), cell(last[1]))
    print(plane, found, end="", flush=True)
    return found


def table(plane: str, seeds: int) -> str:
    """All objectives on one plane, beside the published numbers."""
    last = "modes, last weights", "high quality, last weights, %"
    text = line("", *COLUMNS, *last) + "|---" * 6 + "|\n"
    text += "".join(measured(plane, name, seeds) for name in SETTINGS)
    chance = zip(*(by_chance(plane, seed) for seed in range(seeds)), strict=True)
    text += line("points at random on a square", *map(cell, chance), "", "")
    return text + "".join(line(*row, "", "") for row in PUBLISHED[plane])


def replaced(page: str, text: str) -> str:
    """The page with another text between the marks; without marks, at its end."""
    if MARKS[0] not in page:
        return page + MARKS[0] + text + MARKS[1]
    before, rest = page.split(MARKS[0])
    return before + MARKS[0] + text + MARKS[1] + rest.split(MARKS[1])[1]


def main() -> None:
    """Train, judge, and write the page."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    versions = f"python {platform.python_version()}, numpy {np.__version__}"
    text = f"Measured on {date.today()} with {versions}; {seeds} seeds; every run with "
    text += ", ".join(f"`{k}={v}`" for k, v in COMMON.items()) + ".\n"
    for plane, title in (("ring", "Ring of 8"), ("grid", "Grid of 25")):
        text += f"\n### {title}\n\n" + table(plane, seeds)
    page = PAGE.read_text() if PAGE.exists() else "# Stability\n\n"
    PAGE.write_text(replaced(page, text))


if __name__ == "__main__":
    main()
