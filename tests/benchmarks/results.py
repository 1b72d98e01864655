"""Train recipes as they are by default, judge them, and write docs/results.md.

results.py train RECIPE [SEED ...]   train, evaluate, keep docs/results/RECIPE-SEED.json
results.py page                      write the page from all records that are there

Runs are kept in runs/results/.  A record holds what `tinygen evaluate` measures, the
options, the seconds of training and the versions; the page has no number of its own.
"""

import json
import os
import platform
import shutil
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np

from tinygen.metrics import report
from tinygen.recipes import RECIPES
from tinygen.train import loop

DOCS = Path(__file__).parents[2] / "docs"
RECORDS, PAGE = DOCS / "results", DOCS / "results.md"
N = 1000  # samples
COLUMNS = {  # heading -> measure
    "Fréchet distance": "Frechet distance",
    "kernel distance": "kernel distance",
    "precision": "precision",
    "recall": "recall",
    "class entropy": "class entropy, nats",
    "class as asked": "class as asked",
}


def train(name: str, seed: int) -> None:
    """Train a recipe with its default options, and keep the record and a picture."""
    kind = RECIPES[name]
    recipe = kind(kind.Config(seed=seed))
    folder = Path("runs/results") / f"{name}-{seed}"
    began = time.perf_counter()
    loop.train(recipe, folder, overwrite=True)
    seconds = time.perf_counter() - began
    record = {
        "command": f"tinygen train {name} --seed {seed}",
        "recipe": name,
        "options": recipe.config.to_dict(),
        "seconds": round(seconds, 1),
        "parameters": {k: m.num_parameters() for k, m in recipe.modules().items()},
        "held_out": recipe.measure(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "threads": os.environ.get("OPENBLAS_NUM_THREADS", "as many as cores"),
        "cores": os.cpu_count(),
        "date": str(date.today()),
    }
    if recipe.data.shape == (1, 28, 28):
        record |= judged(recipe)
    RECORDS.mkdir(exist_ok=True)
    place = RECORDS / f"{name}-{seed}.json"
    place.write_text(json.dumps(record, indent=1) + "\n")
    if seed == 0:
        shutil.copy(folder / "samples.png", RECORDS / f"{name}.png")
    print(place, round(seconds), "s", record.get("measures"), flush=True)


def judged(recipe) -> dict:
    """What `tinygen evaluate` measures of N samples."""
    classes = np.arange(N) % len(recipe.data.classes)
    began = time.perf_counter()
    samples = recipe.draw(N)
    seconds = time.perf_counter() - began
    asked = classes if recipe.conditional else None
    splits = recipe.data.held_out, recipe.data.train
    found = report(samples, *splits, asked=asked).to_dict()
    return {"seconds to draw 1000": round(seconds, 1), **found}


def mean_and_error(values: list[float], digits: int = 3) -> str:
    """Mean and standard error over seeds, or the one number."""
    if not values:
        return ""
    mean = f"{np.mean(values):.{digits}f}"
    if len(values) < 2:
        return mean
    return f"{mean} ± {np.std(values, ddof=1) / np.sqrt(len(values)):.{digits}f}"


def records() -> dict[str, list[dict]]:
    """Recipe -> its records, seed by seed, in the order of `tinygen list`."""
    found = {name: sorted(RECORDS.glob(f"{name}-[0-9]*.json")) for name in RECIPES}
    read = lambda paths: [json.loads(path.read_text()) for path in paths]
    return {name: read(paths) for name, paths in found.items() if paths}


def row(name: str, runs: list[dict]) -> str:
    """One recipe's line in the table of measures."""
    cells = [f"[{name}](#{name})", str(len(runs))]
    for measure in COLUMNS.values():
        here = runs if measure_in(runs, measure) else []
        cells.append(mean_and_error([r["measures"][measure]["value"] for r in here]))
    return line(*cells)


def measure_in(runs: list[dict], measure: str) -> bool:
    """Whether these runs have that measure."""
    return all(measure in run.get("measures", {}) for run in runs)


def floor(runs: list[dict]) -> str:
    """The line of real images, the same for every recipe."""
    cells = [
        f"{runs[0]['measures'][m]['real']:.3f}" if measure_in(runs, m) else ""
        for m in COLUMNS.values()
    ]
    return line("real digits", "", *cells)


def costs(name: str, runs: list[dict]) -> str:
    """One recipe's line in the table of costs."""
    size = sum(runs[0]["parameters"].values())
    seconds = [run["seconds"] for run in runs]
    draw = [r["seconds to draw 1000"] for r in runs if "seconds to draw 1000" in r]
    cells = f"{size:,}", f"{runs[0]['options']['steps']:,}", f"{min(seconds) / 60:.1f}"
    return line(name, *cells, f"{min(draw):.1f}" if draw else "")


def held_out(name: str, runs: list[dict]) -> str:
    """The lines of a recipe's own held-out measures."""
    text = ""
    for measure in runs[0]["held_out"]:
        values = [run["held_out"][measure] for run in runs]
        text += line(name, measure, mean_and_error(values, 4))
    return text


def line(*cells: str) -> str:
    """One line of a table in markdown."""
    return "| " + " | ".join(cells) + " |\n"


def heading(*cells: str) -> str:
    """The head of a table."""
    return line(*cells) + "|---" * len(cells) + "|\n"


def page(found: dict[str, list[dict]]) -> str:
    """The whole page."""
    imaged = {name: runs for name, runs in found.items() if "measures" in runs[0]}
    conditional = [r for r in imaged.values() if measure_in(r, "class as asked")]
    some = (conditional or list(imaged.values()))[0]
    text = INTRODUCTION + heading("", "seeds", *COLUMNS)
    text += "".join(row(name, runs) for name, runs in imaged.items()) + floor(some)
    text += COSTS + heading("", "parameters", "steps", "minutes", "seconds per 1,000")
    text += "".join(costs(name, runs) for name, runs in found.items())
    text += HELD_OUT + heading("", "measure", "mean")
    text += "".join(held_out(name, runs) for name, runs in found.items())
    for name, runs in found.items():
        text += (
            f"\n## {name}\n\n`{runs[0]['command']}`\n\n![]({RECORDS.name}/{name}.png)\n"
        )
    return text


INTRODUCTION = """# Results

Every recipe with its default options on the data in the package; mean and standard
error over seeds. Written by `python tests/benchmarks/results.py page` from the records
in [results/](results), which `python tests/benchmarks/results.py train RECIPE 0 1 2`
makes; each record names its command, options and versions.

1,000 samples against the 1,000 held-out digits, in the features of the classifier that
is in the package ([metrics.md](metrics.md)). The last line is what 1,000 real training
digits get: nothing can be told to be better than that.

"""
COSTS = """
The cost: parameters of all networks, the fastest of the runs in minutes with pictures
and checkpoints, and the time to draw 1,000 samples. One thread on a machine that other
work shared, so the times are too long rather than too short.

"""
HELD_OUT = """
What the recipes measure on held-out data themselves:

"""

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["train", name, *seeds]:
            for seed in seeds or ["0", "1", "2"]:
                train(name, int(seed))
        case ["page"]:
            PAGE.write_text(page(records()))
        case _:
            sys.exit(__doc__)
