"""Train recipes as they are by default, judge them, and write docs/results.md.

results.py train RECIPE [SEED ...]   train, evaluate, keep docs/results/RECIPE-SEED.json
results.py judge RECIPE [SEED ...]   judge runs that are kept, after a change of drawing
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

from tinygen import plot
from tinygen.metrics.report import report_of
from tinygen.recipes import RECIPES
from tinygen.recipes.trained import trained
from tinygen.train import loop

DOCS = Path(__file__).parents[2] / "docs"
RECORDS, PAGE = DOCS / "results", DOCS / "results.md"
N = 1000  # samples
COLUMNS = {  # heading -> measure
    "Fréchet distance": "Frechet distance",
    "kernel distance": "kernel distance",
    "precision": "precision",
    "recall": "recall",
    "class as asked": "class as asked",
}
MORE = {"confidence": "confidence", "class entropy": "class entropy, nats"}
BOUNDS = {  # the tightest first -> unit
    "test nats, K=20": "nats",
    "test nats": "nats",
    "test bits/dim": "bits/dim",
}


def train(name: str, seed: int) -> None:
    """Train a recipe with its default options, and keep the record and a picture."""
    kind = RECIPES[name]
    recipe = kind(kind.Config(seed=seed))
    folder = Path("runs/results") / f"{name}-{seed}"
    began = time.perf_counter()
    if loop.train(recipe, folder, overwrite=True).signal is not None:
        sys.exit(f"{folder} was stopped: no record of it")
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


def judge(name: str, seed: int) -> None:
    """Draw anew from a kept run, and judge; its training stays in the record."""
    recipe = trained(Path("runs/results") / f"{name}-{seed}")
    place = RECORDS / f"{name}-{seed}.json"
    record = json.loads(place.read_text()) | {"options": recipe.config.to_dict()}
    record |= judged(recipe)
    place.write_text(json.dumps(record, indent=1) + "\n")
    if seed == 0:
        plot.save_samples(RECORDS / f"{name}.png", recipe.draw(64))
    print(place, record["measures"], flush=True)


def judged(recipe) -> dict:
    """What `tinygen evaluate` measures of N samples."""
    began = time.perf_counter()
    samples = recipe.draw(N)
    seconds = time.perf_counter() - began
    found = report_of(recipe, samples).to_dict()
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
    found: dict[str, list[dict]] = {}
    for name in RECIPES:
        seeds = {path.stem.removeprefix(f"{name}-"): path for path in RECORDS.iterdir()}
        kept = [seeds[s] for s in sorted(seeds) if s.isdigit()]
        if kept:
            found[name] = [json.loads(path.read_text()) for path in kept]
    return found


def row(name: str, runs: list[dict]) -> str:
    """One recipe's line in the first table."""
    size = sum(runs[0]["parameters"].values())
    minutes = min(run["seconds"] for run in runs) / 60
    cells = f"[{name}](#{name})", str(len(runs)), f"{minutes:.1f}", f"{size:,}"
    return line(*cells, *measured(runs, COLUMNS), bound(runs))


def measured(runs: list[dict], columns: dict[str, str]) -> list[str]:
    """Cells: mean and error of each measure, nothing for one that a run lacks."""
    judged = [run.get("measures", {}) for run in runs]
    cells = []
    for measure in columns.values():
        every = all(measure in found for found in judged)
        values = [found[measure]["value"] for found in judged] if every else []
        cells.append(mean_and_error(values))
    return cells


def bound(runs: list[dict]) -> str:
    """The bound on -log p(x) with its unit, of recipes that have one."""
    for measure, unit in BOUNDS.items():
        if measure in runs[0]["held_out"]:
            values = [run["held_out"][measure] for run in runs]
            return f"{mean_and_error(values, 2)} {unit}"
    return ""


def floor(found: dict[str, list[dict]], columns: dict[str, str]) -> list[str]:
    """Cells of real images, which are the same for every recipe."""
    real: dict[str, float] = {}
    for runs in found.values():
        real |= {k: v["real"] for k, v in runs[0].get("measures", {}).items()}
    return [f"{real[measure]:.3f}" for measure in columns.values()]


def more(name: str, runs: list[dict]) -> str:
    """One recipe's line in the second table."""
    draw = [r["seconds to draw 1000"] for r in runs if "seconds to draw 1000" in r]
    cells = f"{runs[0]['options']['steps']:,}", f"{min(draw):.1f}" if draw else ""
    return line(name, *cells, *measured(runs, MORE))


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
    text = INTRODUCTION + heading("", "seeds", "minutes", "parameters", *COLUMNS, BOUND)
    text += "".join(row(name, runs) for name, runs in found.items())
    text += line("real digits", "", "", "", *floor(found, COLUMNS), "")
    text += SECOND + heading("", "steps", "seconds per 1,000", *MORE)
    text += "".join(more(name, runs) for name, runs in found.items())
    text += line("real digits", "", "", *floor(found, MORE))
    text += HELD_OUT + heading("", "measure", "mean")
    text += "".join(held_out(name, runs) for name, runs in found.items())
    return text + "".join(section(name, runs) for name, runs in found.items())


def section(name: str, runs: list[dict]) -> str:
    """What a recipe draws, and the commands of its figures."""
    commands = "\n".join(f"    {run['command']}" for run in runs)
    picture = f"![Samples of {name}]({RECORDS.name}/{name}.png)"
    return f"\n## {name}\n\n{commands}\n\n{picture}\n"


INTRODUCTION = """# Results

Every recipe with its default options on the data in the package; mean and standard
error over seeds. Written by `python tests/benchmarks/results.py page` from the records
in [results/](results), which `python tests/benchmarks/results.py train RECIPE 0 1 2`
makes; each record names its command, options and versions.

Of recipes that draw digits of 28 x 28, 1,000 samples against the 1,000 held-out digits,
in the features of the classifier that is in the package ([metrics.md](metrics.md)). The
last line is what 1,000 real training digits get: nothing can be told to be better than
that. `tinygen evaluate RUN` measures the same of any run.

Minutes: the fastest of the runs, with pictures and checkpoints; one thread on a machine
that other work shared, so rather too long than too short. Parameters: of all networks.
The bound is on -log p(x) of held-out images, where a recipe has one. Nats are of a
whole image whose pixels are black or white, so they compare VAEs with each other;
bits/dim are of a pixel with its grey levels (256, of the 8x8 digits 17), and compare
with no nats.

"""
BOUND = "bound"
SECOND = """
Steps of training, the time to draw 1,000 samples, how sure the classifier is of what it
sees, and how evenly the samples are spread over ten classes (2.303 nats: evenly):

"""
HELD_OUT = """
What the recipes measure on held-out data themselves:

"""

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["train" | "judge" as what, name, *seeds]:
            for seed in seeds or ["0", "1", "2"]:
                {"train": train, "judge": judge}[what](name, int(seed))
        case ["page"]:
            PAGE.write_text(page(records()))
        case _:
            sys.exit(__doc__)
