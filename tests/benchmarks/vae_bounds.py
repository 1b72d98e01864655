"""Bounds on log p(x) of held-out binary digits: vae_bounds.py [--data mnist-full] ...

Trains the recipe on a fixed binarisation, three seeds, and reports in nats per image
the ELBO and the importance-weighted bound of 5,000 draws.  With --runs it judges runs
that are there already instead.  Each seed's figures are kept in docs/vae.json as they
come, so that a run that was cut off goes on where it was, and the table in docs/vae.md
is written anew from all that is kept there.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

import tinygen as tg
from tinygen import data
from tinygen.data.binary import binarised
from tinygen.models.vae import bound
from tinygen.recipes import RECIPES
from tinygen.recipes.trained import trained

DOCS = Path(__file__).parents[2] / "docs"
KEPT, PAGE = DOCS / "vae.json", DOCS / "vae.md"
BEGIN, END = "<!-- table: vae_bounds.py -->\n", "<!-- end of table -->\n"
ROWS = 250  # images at a time
PASSES = 64  # over the training images, where no number of steps is given


def arguments():
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--recipe", default="vae")
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--draws", type=int, default=5000)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--runs", nargs="+", default=[], metavar="RUN")
    return parser.parse_args()


def learnt(asked, seed: int):
    """The recipe after its training on images that are binarised once."""
    kind, found = RECIPES[asked.recipe], data.load(asked.data)
    steps = asked.steps or PASSES * len(found.train) // kind.Config.batch_size
    settings = dict(pair.split("=", 1) for pair in asked.set)
    settings |= {"data": asked.data, "seed": str(seed), "steps": str(steps)}
    recipe = kind(kind.Config().parsed({"pixels": "fixed", **settings}))
    for step in range(steps):
        recipe.train_step(recipe.data.batch(step), step, recipe.streams(step))
    return recipe


def judged(recipe, draws: int) -> dict[str, float]:
    """-ELBO and -IWAE of all test images, nats, each a mean over images."""
    held_out = data.load(recipe.config.data).test
    images = data.to_float(binarised(held_out, "test").images)
    elbo, evidence, kl = [], [], []
    with recipe.at_rest(), recipe.averaged() as model:
        for start in range(0, len(images), ROWS):
            x = tg.tensor(images[start : start + ROWS])
            told = held_out.labels[start : start + ROWS] if recipe.conditional else None
            rng = tg.rng(recipe.config.seed, "judge", start)
            noise = tg.randn((20, len(x), model.latent), rng=rng)
            parts = bound.terms(model, x, noise, told)
            elbo.append(parts.elbo.data)
            kl.append(parts.kl.data.sum(1))
            options = {"rng": rng, "labels": told}
            evidence.append(bound.log_evidence(model, x, draws, **options))
    elbo, kl, evidence = (np.concatenate(part) for part in (elbo, kl, evidence))
    return {
        "ELBO": float(-elbo.mean()),
        "KL": float(kl.mean()),
        "IWAE": float(-evidence.mean()),
        "images": len(images),
    }


def one(recipe, draws: int) -> dict:
    """All figures of one seed, and the seconds of processor time to judge it."""
    began = time.process_time()
    found = judged(recipe, draws)
    found["judge seconds"] = round(time.process_time() - began)
    return found | {"steps": recipe.config.steps, "draws": draws}


def table(kept: dict) -> str:
    """The table in markdown: mean and standard error over seeds."""
    lines = [
        "| recipe and options | data | seeds | steps | -ELBO | KL | -IWAE-K | K |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, seeds in kept.items():
        rows, (recipe, source) = list(seeds.values()), name.rsplit(" on ", 1)
        cells = [f"{recipe}", f"{source}, {rows[0]['images']:,} held out"]
        cells += [str(len(rows)), f"{rows[0]['steps']:,}"]
        for column in ("ELBO", "KL", "IWAE"):
            values = np.array([row[column] for row in rows])
            error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else None
            cells.append(f"{values.mean():.2f}" + (f" ± {error:.2f}" if error else ""))
        cells.append(f"{rows[0]['draws']:,}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write_page(kept: dict) -> None:
    """Put the table into docs/vae.md."""
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{table(kept)}{END}{rest.split(END)[1]}")


def todo(asked):
    """(row of the table, seed, function that gives the trained recipe) of each run."""
    for run in asked.runs:
        config = (recipe := trained(run)).config
        yield f"{recipe.name} on {config.data}", str(config.seed), lambda r=recipe: r
    name = " ".join([asked.recipe, "pixels=fixed", *asked.set]) + f" on {asked.data}"
    for seed in range(0 if asked.runs else asked.seeds):
        yield name, str(seed), lambda seed=seed: learnt(asked, seed)


def main() -> None:
    """Train and judge what is not kept yet; write and print the table."""
    asked = arguments()
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for name, seed, make in todo(asked):
        seeds = kept.setdefault(name, {})
        if seed not in seeds:
            seeds[seed] = one(make(), asked.draws)
            KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    write_page(kept)
    print(table(kept))


if __name__ == "__main__":
    main()
