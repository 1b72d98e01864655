"""Every recipe with a small network and few samples, so that an epoch has two steps.

python short_runs.py STEPS FOLDER NAME ...: resumes the runs FOLDER/NAME to the end.
"""

import sys
from dataclasses import replace
from pathlib import Path

from tinygen import files, plot
from tinygen.data.bundled import Split
from tinygen.recipes import RECIPES
from tinygen.train import loop
from tinygen.train.loop import train
from tinygen.train.source import Images

SAMPLES, BATCH, HELD_OUT, DRAWN = 20, 8, 16, 4  # two batches an epoch, and a rest
SMALL = {  # options of that name and the type of their default
    "hidden": 8,
    "width": 8,
    "channels": 8,
    "widths": (8, 8),
    "latent": 4,
    "code": 4,
    "timesteps": 24,
    "sampling_steps": 3,
    "learn": 3,
    "codes": 8,
    "prior_width": 8,
}


def config(name, **options):
    """The options of a short run."""
    kind = RECIPES[name].Config
    known = {one.name: type(one.default) for one in kind.options()}
    small = {
        key: value for key, value in SMALL.items() if known.get(key) is type(value)
    }
    if known.get("hidden") is tuple:
        small["hidden"] = (8,)
    return kind(**{**small, "batch_size": BATCH, **options})


def short(name, **options):
    """A recipe for a short run."""
    kind, one = RECIPES[name], config(name, **options)
    data = kind(one).data  # of a size that its networks can take
    if kind.kind == "images":
        parts = {"train": (data.train, SAMPLES), "test": (data.held_out, HELD_OUT)}
        few = {
            part: Split(split.images[:n], split.labels[:n])
            for part, (split, n) in parts.items()
        }
        data = Images(replace(loaded(one.data), **few), batch_size=BATCH, seed=one.seed)
    return kind(one, data)


def looking_at(steps):
    """Options of a run that logs every step and is looked at in the end."""
    return {"steps": steps, "log_every": 1, "sample_every": steps, "save_every": steps}


def loaded(name):
    """The data set of that name."""
    from tinygen import data

    return data.load(name)


def without_figures():
    """Figures take long, and have tests of their own."""
    plot.save_figure = lambda path, draw, size=(): files.write(path, b"")
    loop.SHOWN_IMAGES = DRAWN


if __name__ == "__main__":
    steps, folder, *names = sys.argv[1:]
    without_figures()
    for name in names:
        recipe = short(name, **looking_at(int(steps)))
        train(recipe, Path(folder) / name, resume=True, progress=False)
