"""What the printed VAE loss of the first document does: vae_errata.py [SEEDS]

Three trainings of the recipe `vae`, alike but for the loss [E5]: the right one; the KL
averaged over latents, which is a beta of 1/20; the mean decoded, the draw ignored.
All are judged by the right bound, and by the Frechet distance of 1,000 samples.
"""

import sys

import numpy as np

import tinygen as tg
from tinygen.metrics.report import report
from tinygen.models.vae import bound
from tinygen.recipes.vae import DenseVAE

STEPS = 4000


class DecodesTheMean(DenseVAE):
    """The same, but for z = mean."""

    def train_step(self, batch, step, rng):
        """One step on a bound whose z are not drawn."""
        x = self.seen(batch, step, rng)
        noise = tg.zeros((1, len(x), self.config.latent))
        self.optimizer.zero_grad()
        loss = bound.loss(bound.terms(self.model, x, noise))
        loss.backward()
        self.optimizer.step()
        self.ema.update()
        return {"nats": loss}


def judged(kind, seed: int, **options) -> tuple[float, ...]:
    """-ELBO, KL, mean std of q(z|x), Frechet distance."""
    recipe = kind(kind.Config(steps=STEPS, seed=seed, **options))
    for step in range(STEPS):
        recipe.train_step(recipe.data.batch(step), step, recipe.streams(step))
    found = recipe.measure()
    with recipe.at_rest(), recipe.averaged() as model:
        log_variance = model.encode(recipe.some()[0]).log_variance.data
    samples = report(recipe.draw(1000), recipe.data.held_out, recipe.data.train)
    distance = samples.measures["Frechet distance"].value
    std = float(np.exp(0.5 * log_variance).mean())
    return found["test nats"], found["test KL"], std, distance


def row(name: str, values) -> str:
    """Means, with standard errors where there are several seeds."""
    values = np.array(values)
    means = [f"{mean:.2f}" for mean in values.mean(0)]
    if len(values) > 1:
        error = values.std(0, ddof=1) / np.sqrt(len(values))
        means = [f"{m} ± {e:.2f}" for m, e in zip(means, error, strict=True)]
    return f"| {name} | {' | '.join(means)} |"


def main() -> None:
    """Train, judge and print a table in markdown."""
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    print("| loss | -ELBO, nats | KL, nats | std of q | Fréchet distance |")
    print("|---|---|---|---|---|")
    rows = {
        "right": (DenseVAE, {}),
        "KL averaged over 20 latents": (DenseVAE, {"beta": 1 / 20}),
        "the mean decoded": (DecodesTheMean, {}),
    }
    for name, (kind, options) in rows.items():
        print(row(name, [judged(kind, s, **options) for s in seeds]), flush=True)


if __name__ == "__main__":
    main()
