"""Modes of the ring of 8 that `gan-ring` covers: python ring_modes.py [SEEDS]

For each seed the recipe is trained with its defaults and judged, on 2,500 samples, with
the averaged weights and with the last ones.  Prints a table in markdown beside the
published figures of the same measure (PacGAN, arXiv 1712.04086, Table 1, 10 trials).
"""

import sys
from contextlib import nullcontext

import numpy as np

import tinygen as tg
from tinygen import data
from tinygen.recipes.gan import RingGAN

COLUMNS = "modes of 8", "high quality, %", "reverse KL, nats"


def judged(recipe, averaged: bool) -> tuple[float, float, float]:
    """PacGAN's three numbers of a trained recipe."""
    with recipe.ema.applied() if averaged else nullcontext(), tg.no_grad():
        samples = recipe.G(recipe.noise(2500, tg.rng(recipe.config.seed, "judge")))
    found = data.modes_covered(samples.numpy(), recipe.data.plane)
    return found.covered, 100 * found.high_quality, found.reverse_kl


def trained(seed: int) -> RingGAN:
    """The recipe with its default options after all its steps."""
    recipe = RingGAN(RingGAN.Config(seed=seed))
    for step in range(recipe.config.steps):
        recipe.train_step(recipe.data.batch(step), step, recipe.streams(step))
    return recipe


def row(name: str, values) -> str:
    """Mean and standard error of each column."""
    values = np.array(values)
    error = values.std(0, ddof=1) / np.sqrt(len(values))
    cells = [f"{m:.2f} ± {e:.2f}" for m, e in zip(values.mean(0), error, strict=True)]
    return "| " + " | ".join([name, *cells]) + " |"


def main() -> None:
    """Train, judge and print."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    recipes = [trained(seed) for seed in range(seeds)]
    print("| | " + " | ".join(COLUMNS) + " |\n|---|---|---|---|")
    print(row("gan-ring, averaged weights", [judged(r, True) for r in recipes]))
    print(row("gan-ring, last weights", [judged(r, False) for r in recipes]))
    print("| GAN, published | 6.3 ± 0.5 | 98.2 | 0.45 |")
    print("| PacGAN2, published | 7.9 ± 0.1 | | |")


if __name__ == "__main__":
    main()
