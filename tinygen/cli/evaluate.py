"""tinygen evaluate RUN: measure what a trained model draws."""

import json
from pathlib import Path

from tinygen.cli import sampling
from tinygen.cli.command import command

HOW = "sampler", "steps", "eta", "variance", "guidance"  # options of sampling


def add(commands) -> None:
    """tinygen evaluate RUN ..."""
    one = command(commands, "evaluate", evaluate, "measure what a model draws")
    one.add_argument("run_folder", metavar="RUN", help="folder, or one checkpoint")
    one.add_argument("-n", type=int, default=1000, help="samples; default 1000")
    sampling.add_options(one, HOW)
    one.add_argument("--device", help="default the run's")


def evaluate(args) -> int:
    """Print every measure beside that of real images, and keep them as JSON."""
    from tinygen import files
    from tinygen.recipes.trained import trained

    place = Path(args.run_folder)
    recipe = trained(place, device=args.device)
    found = {"recipe": recipe.name, "held_out": recipe.measure()}
    for name, value in found["held_out"].items():
        print(f"{name:22} {value:10.4f}   (held-out data)")
    if recipe.data.kind == "images":
        found |= judged(recipe, args.n, args.seed, sampling.asked(args, HOW))
    out = (place if place.is_dir() else place.parent) / "evaluation.json"
    files.write(out, (json.dumps(found, indent=2) + "\n").encode())
    print(f"written to {out}")
    return 0


def judged(recipe, n: int, seed: int | None, how: dict) -> dict:
    """Draw samples, measure them, print the table; -> what to keep of it.

    how : options of the recipe's `sample`
    """
    from tinygen.metrics.report import report_of

    how = recipe.checked(how)
    found = report_of(recipe, recipe.draw(n, seed=seed, **how))
    print(f"{'':22} {'samples':>10} {'real':>10}   ({n} samples)")
    for name, (value, real) in found.measures.items():
        print(f"{name:22} {value:10.4f} {real:10.4f}")
    print("classes as recognised ", *found.histogram)
    seed = recipe.config.seed if seed is None else seed
    return {"n": n, "seed": seed, **how, **found.to_dict()}
