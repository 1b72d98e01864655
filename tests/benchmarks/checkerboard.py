"""How much of a checkerboard is in images: checkerboard.py [RUN ...]

A transposed convolution of stride 2 can leave a pattern of period 2: every other row or
column brighter.  Its place in the spectrum is the highest frequency of an axis, 1/2.

    excess = power at frequency 1/2 of either axis / mean power at the two below it

For each run: the excess of 500 samples; and of both forms untrained, of real digits.
Source of the pattern: Odena, Dumoulin & Olah, Distill 2016.
"""

import sys

import numpy as np

from tinygen import data
from tinygen.recipes import RECIPES
from tinygen.recipes.trained import trained


def excess(images: np.ndarray) -> float:
    """The ratio above: (N, C, H, W) with even H and W -> 1 or less if all is smooth."""
    total = []
    for axis in (2, 3):
        power = np.abs(np.fft.rfft(images, axis=axis)) ** 2
        line = np.moveaxis(power, axis, -1).mean((0, 1, 2))  # (H//2 + 1,)
        total.append(line[-1] / line[-3:-1].mean())
    return float(np.mean(total))


def untrained(name: str) -> float:
    """The mean excess of five networks that have learnt nothing."""
    kind = RECIPES[name]
    recipes = (kind(kind.Config(seed=seed)) for seed in range(5))
    return float(np.mean([excess(recipe.draw(100)) for recipe in recipes]))


def main(runs: list[str]) -> None:
    """Print a line for each."""
    digits = data.to_float(data.load("mnist").test.images)
    print(f"{'real digits':36} {excess(digits):.2f}")
    for name in ("dcgan", "dcgan-upsample"):
        print(f"{name + ', untrained':36} {untrained(name):.2f}")
    for run in runs:
        print(f"{run:36} {excess(trained(run).draw(500)):.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
