"""Bounds on log p(x) of held-out binary digits: vae_bounds.py [--data mnist-full] ...

Trains the recipe on a fixed binarisation, three seeds, and reports in nats per image
the ELBO and the importance-weighted bound of 5,000 draws.  Each seed's figures are kept
in docs/vae.json as they come, so that a run that was cut off goes on where it was, and
the table in docs/vae.md is written anew from all that is kept there.
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
    return parser.parse_args()


def trained(asked, seed: int):
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
    images = data.to_float(binarised(data.load(recipe.config.data).test, "test").images)
    elbo, evidence, kl = [], [], []
    with recipe.at_rest(), recipe.averaged() as model:
        for start in range(0, len(images), ROWS):
            x = tg.tensor(images[start : start + ROWS])
            rng = tg.rng(recipe.config.seed, "judge", start)
            noise = tg.randn((20, len(x), model.latent), rng=rng)
            parts = bound.terms(model, x, noise)
            elbo.append(parts.elbo.data)
            kl.append(parts.kl.data.sum(1))
            evidence.append(bound.log_evidence(model, x, draws, rng=rng))
    elbo, kl, evidence = (np.concatenate(part) for part in (elbo, kl, evidence))
    return {
        "ELBO": float(-elbo.mean()),
        "KL": float(kl.mean()),
        "IWAE": float(-evidence.mean()),
        "images": len(images),
    }


def one(asked, seed: int) -> dict:
    """All figures of one seed, with the seconds of processor time that they took."""
    began = time.process_time()
    recipe = trained(asked, seed)
    learnt = time.process_time()
    found = judged(recipe, asked.draws)
    found["train seconds"] = round(learnt - began)
    found["judge seconds"] = round(time.process_time() - learnt)
    return found | {"steps": recipe.config.steps, "draws": asked.draws}


def table(kept: dict) -> str:
    """The table in markdown: mean and standard error over seeds."""
    lines = [
        "| recipe and options | data | steps | -ELBO | KL | -IWAE-5000 | train, s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, seeds in kept.items():
        rows, (recipe, source) = list(seeds.values()), name.rsplit(" on ", 1)
        cells = [f"{recipe}", f"{source}, {rows[0]['images']:,} held out"]
        cells.append(f"{rows[0]['steps']:,}")
        for column in ("ELBO", "KL", "IWAE"):
            values = np.array([row[column] for row in rows])
            error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0.0
            cells.append(f"{values.mean():.2f} ± {error:.2f}")
        cells.append(f"{np.mean([row['train seconds'] for row in rows]):.0f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write_page(kept: dict) -> None:
    """Put the table into docs/vae.md."""
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{table(kept)}{END}{rest.split(END)[1]}")


def main() -> None:
    """Train and judge what is not kept yet; write and print the table."""
    asked = arguments()
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    name = " ".join([asked.recipe, *asked.set]) + f" on {asked.data}"
    seeds = kept.setdefault(name, {})
    for seed in map(str, range(asked.seeds)):
        if seed not in seeds:
            seeds[seed] = one(asked, int(seed))
            KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    write_page(kept)
    print(table(kept))


if __name__ == "__main__":
    main()
