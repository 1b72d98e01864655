"""Recipes of variational autoencoders: dense, convolutional, beta, conditional."""

from dataclasses import dataclass

import numpy as np

from tinygen.creation import tensor
from tinygen.models.dcgan import reachable
from tinygen.models.vae.latent import draw_rows, traversals
from tinygen.models.vae.networks import (
    ACTIVATIONS,
    ConvDecoder,
    ConvEncoder,
    DenseDecoder,
    DenseEncoder,
)
from tinygen.recipes.variational import ACTIVE, SHOWN, VAEConfig, Variational
from tinygen.train import option

START = 7  # the held-out image whose latents are changed: a seven, if they are digits


@dataclass(frozen=True)
class DenseConfig(VAEConfig):
    """Options of the dense recipes."""

    steps: int = 8000
    hidden: tuple[int, ...] = option((400,), "widths between image and code")
    activation: str = option("relu", "of them", choices=tuple(ACTIVATIONS))


class DenseVAE(Variational):
    """Two dense networks, and a distribution of codes between them."""

    name = "vae"
    summary = "VAE 784-400-20-400-784: digits from a distribution of codes"
    Config = DenseConfig

    def networks(self, rng):
        """Dense encoder and decoder."""
        config = self.config
        sizes = self.data.shape, config.hidden, config.latent, 0, config.activation
        return DenseEncoder(*sizes, rng=rng), DenseDecoder(*sizes, rng=rng)


@dataclass(frozen=True)
class ConvConfig(VAEConfig):
    """Options of the convolutional recipes."""

    steps: int = 5000
    width: int = option(32, "channels of the first convolution", least=1)
    hidden: int = option(256, "units of the dense layers", least=1)


class ConvVAE(Variational):
    """Convolutions to the code, transposed convolutions back."""

    name = "conv-vae"
    summary = "convolutional VAE: the same bound, networks that see pictures"
    Config = ConvConfig

    def networks(self, rng):
        """Convolutional encoder and decoder, told the class if it is conditional."""
        config = self.config
        classes = len(self.data.classes) if self.conditional else 0
        widths = config.width, config.hidden, config.latent
        sizes = self.data.shape, *widths, classes
        return ConvEncoder(*sizes, rng=rng), ConvDecoder(*sizes, rng=rng)

    def fit(self, side):
        """The side itself, or the next power of two: only doublings can be made."""
        return reachable(side)


class BetaVAE(DenseVAE):
    """A heavier divergence: few latents are used, each for one thing."""

    name = "beta-vae"
    summary = "beta-VAE: a heavier divergence, fewer latents in use, each one shown"

    @dataclass(frozen=True)
    class Config(DenseConfig):
        """Options of `beta-vae`."""

        beta: float = 4.0
        warmup: int = 1000

    def pictures(self):
        """One latent after another, set to values from -2.5 to 2.5."""
        return super().pictures() | {"traversals": self.draw_traversals}

    def draw_traversals(self, figure):
        """Each latent of an image's code changed alone, the most used ones."""
        with self.at_rest(), self.averaged() as model:
            codes = model.encode(self.some()[0]).mean.numpy()
            spread = codes.var(0)
            order = spread.argsort()[::-1][:SHOWN]
            changed = traversals(codes[START], order, np.linspace(-2.5, 2.5, SHOWN))
            rows = model.images(tensor(changed)).numpy()
        used = f"{(spread > ACTIVE).sum()} of {len(spread)} latents in use"
        names = [f"z{j}, var {spread[j]:.2f}" for j in order]
        rows = rows.reshape(len(order), SHOWN, *rows.shape[1:])
        draw_rows(figure, rows, f"one changed alone, -2.5 to 2.5; {used}", names)


class ConditionalVAE(ConvVAE):
    """The class is told to both networks, so the code holds what else there is."""

    name = "cvae"
    summary = "conditional VAE: the class that is asked for, the code is its style"
    conditional = True

    @dataclass(frozen=True)
    class Config(ConvConfig):
        """Options of `cvae`."""

        latent: int = 8
        warmup: int = 2000
        beta_start: float = 6.0

    def pictures(self):
        """The style of a held-out image, given to every class."""
        return super().pictures() | {"styles": self.draw_styles}

    def draw_styles(self, figure):
        """Each row: a held-out image, then its code decoded as every class."""
        (x, labels), classes = self.some(), len(self.data.classes)
        x, labels = x[:8], labels[:8]
        every = tensor(np.tile(np.arange(classes), len(x)))
        with self.at_rest(), self.averaged() as model:
            codes = model.encode(x, labels).mean.numpy()
            found = model.images(tensor(codes.repeat(classes, 0)), every).numpy()
        found = found.reshape(len(x), classes, *x.shape[1:])
        rows = np.concatenate([x.numpy()[:, None], found], 1)
        draw_rows(figure, rows, "an image, and its style in every class")
