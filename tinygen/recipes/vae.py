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
from tinygen.recipes.variational import SHOWN, VAEConfig, Variational
from tinygen.train import option


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

    def classes(self) -> int:
        """The number of labels that the networks are told; 0 for none."""
        return len(self.data.classes) if self.conditional else 0

    def networks(self, rng):
        """Dense encoder and decoder."""
        config = self.config
        sizes = self.data.shape, config.hidden, config.latent, self.classes()
        return (
            DenseEncoder(*sizes, config.activation, rng=rng),
            DenseDecoder(*sizes, config.activation, rng=rng),
        )


class ConvVAE(Variational):
    """Convolutions to the code, transposed convolutions back."""

    name = "conv-vae"
    summary = "convolutional VAE: the same bound, networks that see pictures"

    @dataclass(frozen=True)
    class Config(VAEConfig):
        """Options of `conv-vae`."""

        steps: int = 5000
        width: int = option(32, "channels of the first convolution", least=1)
        hidden: int = option(256, "units of the dense layers", least=1)

    def networks(self, rng):
        """Convolutional encoder and decoder."""
        config = self.config
        sizes = self.data.shape, config.width, config.hidden, config.latent
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

        latent: int = 10
        beta: float = 4.0
        warmup: int = 1000

    def pictures(self):
        """One latent after another, set to values from -2.5 to 2.5."""
        return super().pictures() | {"traversals": self.draw_traversals}

    def draw_traversals(self, figure):
        """Each latent changed alone, the most used first."""
        with self.at_rest(), self.averaged() as model:
            codes = model.encode(*self.some()).mean.numpy()
            order = codes.var(0).argsort()[::-1]
            changed = traversals(codes[0], order, np.linspace(-2.5, 2.5, SHOWN))
            rows = model.images(tensor(changed)).numpy()
        names = [f"z{j}, var {codes[:, j].var():.2f}" for j in order]
        rows = rows.reshape(len(order), SHOWN, *rows.shape[1:])
        draw_rows(figure, rows, "one latent at a time, from -2.5 to 2.5", names)


class ConditionalVAE(DenseVAE):
    """The class is told to both networks, so the code holds what else there is."""

    name = "cvae"
    summary = "conditional VAE: the class that is asked for, the code is its style"
    conditional = True

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
