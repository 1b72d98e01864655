"""What every chapter starts with: its random stream, the quick switch, the style."""

import os

import matplotlib
import numpy as np

from tinygen.course import predictions

STYLE = {
    "figure.dpi": 110,
    "figure.figsize": (6.4, 3.2),
    "figure.constrained_layout.use": True,
    "axes.prop_cycle": matplotlib.cycler(
        color=["#1f6fb2", "#d1603d", "#4d8b57", "#7a5ba6", "#8c8c8c", "#c2a13a"]
    ),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "image.cmap": "gray",
    "image.interpolation": "nearest",
    "legend.frameon": False,
    "font.size": 9,
    "lines.linewidth": 1.5,
}


def chapter(number: int) -> np.random.Generator:
    """Begin a chapter: forget earlier predictions, set the style of its figures.

    -> the chapter's own random generator; the same numbers at every run

    >>> float(chapter(1).random()) == float(chapter(1).random())
    True
    """
    predictions.SHEET.clear()
    matplotlib.rcParams.update(STYLE)
    return np.random.default_rng([20260, number])


def quick() -> bool:
    """Whether this is a quick run, with hardly any training: TINYGEN_QUICK=1."""
    return os.environ.get("TINYGEN_QUICK", "0") not in ("", "0")


def steps(full: int, quick_steps: int) -> int:
    """How many steps to take: `full`, or few in a quick run."""
    return quick_steps if quick() else full
