"""What all recipes of VAEs share: options, the step, measures, pictures."""

from contextlib import nullcontext
from dataclasses import dataclass
from operator import index

import numpy as np

from tinygen import backend, data
from tinygen.creation import randn, tensor
from tinygen.data.binary import binarised
from tinygen.ema import EMA
from tinygen.engine import Tensor
from tinygen.errors import ConfigError
from tinygen.models.vae import bound
from tinygen.models.vae.latent import (
    class_means,
    draw_plane,
    draw_rows,
    moved,
    plane_grid,
)
from tinygen.models.vae.likelihood import Bernoulli, Gaussian, black_or_white
from tinygen.models.vae.model import VAE
from tinygen.optim import Adam
from tinygen.recipes.dcgan import shifted
from tinygen.schedule import warmup
from tinygen.train import Recipe, option

DRAWS = 20  # of each held-out image for the importance-weighted bound
SHOWN = 10  # images in a row of a picture
ACTIVE = 0.01  # variance of a latent's mean over images, from which it is in use


@dataclass(frozen=True)
class VAEConfig(Recipe.Config):
    """Options of every VAE."""

    ema: float = 0.998
    sample_every: int = 1000
    save_every: int = 1000
    latent: int = option(20, "numbers in z", least=1)
    likelihood: str = option(
        "bernoulli", "of pixels given z", choices=("bernoulli", "gaussian")
    )
    std: float = option(0.0, "of the gaussian, 0 to learn it", least=0)
    pixels: str = option(
        "drawn",
        "black or white, drawn in every step or once; or grey",
        choices=("drawn", "fixed", "grey"),
    )
    shift: int = option(0, "move images by up to so many pixels", least=0)
    beta: float = option(1.0, "weight of the divergence", least=0)
    warmup: int = option(0, "steps until it has that weight", least=0)
    beta_start: float = option(0.0, "its weight before the warm-up", least=0)
    free_bits: float = option(0.0, "nats of each latent that are free", least=0)
    importance: int = option(1, "K of the importance-weighted bound", least=1)
    lr: float = option(1e-3, "step size of Adam", above=0)


def once_drawn(held_out) -> Tensor:
    """Held-out images in black and white, the same in every run."""
    return tensor(data.to_float(binarised(held_out, "test").images))


class Variational(Recipe):
    """What all recipes of VAEs share.  A subclass's `networks` makes both networks."""

    Config = VAEConfig
    best = "test nats"

    def networks(self, rng):
        """-> encoder, decoder."""
        raise NotImplementedError

    def build(self, rng):
        """Model, optimiser, averaged weights, and the data as the model sees them."""
        config = self.config
        self.check(config)
        gaussian = config.likelihood == "gaussian"
        likelihood = Gaussian(config.std or None) if gaussian else Bernoulli()
        self.model = VAE(*self.networks(rng), likelihood, config.latent)
        self.optimizer = Adam(self.model.parameters(), lr=config.lr)
        self.ema = EMA(self.model, config.ema, warmup=True) if config.ema else None
        self.binary = not gaussian and config.pixels != "grey"
        fixed = self.binary and config.pixels == "fixed"
        self.fixed = self.fixed_loader() if fixed else None

    def check(self, config) -> None:
        """Raise ConfigError for options that do not go together."""
        plain = config.beta == 1 and not config.warmup and not config.free_bits
        if config.importance > 1 and not plain:
            raise ConfigError(
                f"importance={config.importance} with beta={config.beta}, "
                f"warmup={config.warmup}, free_bits={config.free_bits}: that bound has "
                "no divergence to weigh. Fix: beta=1 warmup=0 free_bits=0"
            )
        if config.likelihood == "gaussian" and config.pixels == "fixed":
            raise ConfigError(
                "pixels=fixed makes black and white images, gaussian is of grey ones. "
                "Fix: likelihood=bernoulli, or pixels=grey"
            )

    def fixed_loader(self):
        """The training images in black and white, batch by batch as self.data."""
        config, train = self.config, binarised(self.data.train, "train")
        return data.Loader(
            train.images,
            batch_size=config.batch_size,
            seed=config.seed,
            drop_last=True,
            transform=data.to_float,
        )

    def modules(self):
        """The one model."""
        return {"model": self.model}

    def optimizers(self):
        """The one optimiser."""
        return {"model": self.optimizer}

    def averages(self):
        """Averaged weights, if asked for: they draw and are judged."""
        return {"model": self.ema} if self.ema else {}

    def averaged(self):
        """A context: the model with its averaged weights, if there are any."""
        return self.ema.applied() if self.ema else nullcontext(self.model)

    def seen(self, batch, step, rng):
        """The images of a training step as the model sees them."""
        x, most = batch.x, self.config.shift
        if self.fixed is not None:
            x = Tensor(backend.given(lambda: self.fixed.batch(index(step))))
        if most:
            x = Tensor(shifted(x.data, most, rng("shift")))
        if self.binary and self.fixed is None:
            return black_or_white(x, rng=rng("pixels"))
        return x

    def held_out(self, batch):
        """Held-out images as the model sees them: black and white, drawn once."""
        return once_drawn(self.data.held_out) if self.binary else batch.x

    def labels(self, batch):
        """What the model is told of a batch's classes: nothing, unless conditional."""
        return batch.labels if self.conditional else None

    def train_step(self, batch, step, rng):
        """One step of Adam on [VAE-2], or on the importance-weighted bound."""
        config = self.config
        x, labels = self.seen(batch, step, rng), self.labels(batch)
        noise = randn((config.importance, len(x), config.latent), rng=rng("z"))
        self.optimizer.zero_grad()
        if config.importance > 1:
            weights = bound.log_weights(self.model, x, noise, labels)
            loss = -bound.importance_bound(weights).mean()
            found = {"nats": loss}
        else:
            parts = bound.terms(self.model, x, noise, labels)
            loss = bound.loss(parts, self.beta(step), config.free_bits)
            found = {"nats": -parts.elbo.mean(), "KL": parts.kl.sum(1).mean()}
        loss.backward()
        self.optimizer.step()
        if self.ema:
            self.ema.update()
        return found

    def beta(self, step: int) -> float:
        """The weight of the divergence in a step.

        From 0, a warm-up, it lets latents come into use before they cost anything.
        From above, as for `cvae`, it makes them dear at first, so that what the class
        tells for nothing is not put into the code as well.
        """
        config = self.config
        share = float(warmup(step, config.warmup))
        return config.beta_start + (config.beta - config.beta_start) * share

    def drawn_labels(self, n, label):
        """The classes of n samples: one, or each in turn; None if not conditional."""
        if not self.conditional:
            return None
        every = np.arange(n) % len(self.data.classes)
        return tensor(every if label is None else np.full(n, label))

    def sample(self, n, *, rng, label=None):
        """E[x|z] for z ~ N(0, I): greys say how probable white is."""
        with self.averaged() as model:
            return model.sample(n, rng=rng, labels=self.drawn_labels(n, label))

    def evaluate(self, batch, *, rng):
        """Bounds on log p(x) of held-out images, nats, and how many latents are used.

        They are likelihoods of black and white images; with pixels=grey cross-entropies
        and with a gaussian densities, to be compared with their like only.
        """
        x, labels = self.held_out(batch), self.labels(batch)
        noise = randn((1, len(x), self.config.latent), rng=rng)
        with self.averaged() as model:
            found = bound.terms(model, x, noise, labels)
            codes = model.encode(x, labels).mean.numpy()
            best = bound.log_evidence(model, x, DRAWS, rng=rng, labels=labels)
        return {
            "test nats": -found.elbo.mean(),
            "test KL": found.kl.sum(1).mean(),
            f"test nats, K={DRAWS}": -best.mean(),
            "active latents": (codes.var(0) > ACTIVE).sum(),
        }

    # -- pictures ------------------------------------------------------------------

    def pictures(self):
        """What the code keeps, what lies between codes, what a class is among them."""
        found = {
            "reconstructions": self.draw_reconstructions,
            "interpolations": self.draw_interpolations,
        }
        if len(self.data.classes) > 1 and not self.conditional:
            found["attributes"] = self.draw_attributes
        if self.config.latent == 2 and not self.conditional:
            found["plane"] = self.draw_plane
        return found

    def some(self):
        """Held-out images as the model sees them, and what it is told of them."""
        batch = self.data.test()
        return self.held_out(batch), self.labels(batch)

    def draw_reconstructions(self, figure):
        """Held-out images, as the model sees them, and E[x|z]."""
        (x, labels), grey = self.some(), self.data.test().x[:SHOWN]
        labels = None if labels is None else labels[:SHOWN]
        with self.at_rest(), self.averaged() as model:
            rows = [grey, x[:SHOWN], model.reconstruct(x[:SHOWN], labels)]
        rows = rows if self.binary else rows[1:]
        draw_rows(figure, [r.numpy() for r in rows], "held-out images, reconstructed")

    def draw_interpolations(self, figure):
        """From one held-out image to another, on a line between their codes."""
        x, labels = self.some()
        pairs = [slice(0, 6), slice(6, 12)]
        told = None if labels is None else labels[pairs[0]]
        with self.at_rest(), self.averaged() as model:
            path = model.interpolate(*(x[p] for p in pairs), SHOWN, told).numpy()
        draw_rows(figure, path.swapaxes(0, 1), "on the line between two codes")

    def draw_attributes(self, figure):
        """Held-out images of one class moved by the difference of class means."""
        classes, labels = self.data.classes, self.data.held_out.labels
        shares, rows, names = np.linspace(0, 1.2, 7), [], []
        with self.at_rest(), self.averaged() as model:
            codes = model.encode(self.some()[0]).mean.numpy()
            means = class_means(codes, labels, len(classes))
            for end in range(len(classes)):
                start = (end - 1) % len(classes)
                code = codes[labels == start][0]
                steps = [moved(code, means, start, end, share) for share in shares]
                rows.append(model.images(tensor(np.stack(steps))).numpy())
                names.append(f"{classes[start]} → {classes[end]}")
        draw_rows(figure, rows, "a code + the difference of two classes' means", names)

    def draw_plane(self, figure):
        """The 2-D latent space: decoded, and where the held-out images lie in it."""
        with self.at_rest(), self.averaged() as model:
            images = model.images(tensor(plane_grid())).numpy()
            codes = model.encode(self.some()[0]).mean.numpy()
        held = self.data.held_out.labels
        draw_plane(figure, images, codes, held, self.data.classes)
