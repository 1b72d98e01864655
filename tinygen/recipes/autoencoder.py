"""Recipes of autoencoders: digits through a narrow layer, and out of noise."""

from dataclasses import dataclass

import numpy as np

from tinygen import backend
from tinygen.creation import tensor
from tinygen.ema import EMA
from tinygen.engine import Tensor
from tinygen.models.autoencoder import (
    Autoencoder,
    ConvAutoencoder,
    damaged,
    reconstruction_loss,
)
from tinygen.optim import Adam
from tinygen.schedule import warmup
from tinygen.train import Recipe, option

SHOWN = 10  # held-out images in a picture


@dataclass(frozen=True)
class CoderConfig(Recipe.Config):
    """Options of every autoencoder."""

    steps: int = 6000
    code: int = option(32, "numbers in the code", least=1)
    linear: bool = option(False, "no activation: finds PCA")
    noise: float = option(0.0, "std of noise on the input: denoising", least=0)
    masked: float = option(0.0, "share of input pixels made black", least=0, below=1)
    lr: float = option(1e-3, "step size of Adam", above=0)
    warmup: int = option(0, "steps in which the step size rises to that", least=0)


class AutoencoderRecipe(Recipe):
    """Train an autoencoder; sample by decoding codes drawn like those of the data."""

    name = "ae"
    summary = "autoencoder 784-128-k-128-784: digits through a narrow layer"
    best = "test mse"

    @dataclass(frozen=True)
    class Config(CoderConfig):
        """Options of `ae`."""

        hidden: int = option(128, "width of the hidden layers", least=1)

    def network(self, rng):
        """Dense layers."""
        config, shape = self.config, self.data.shape
        options = {"linear": config.linear, "rng": rng}
        return Autoencoder(shape, config.code, config.hidden, **options)

    def build(self, rng):
        """Network and optimiser."""
        self.model = self.network(rng)
        self.optimizer = Adam(self.model.parameters(), lr=self.config.lr)
        self.ema = EMA(self.model, self.config.ema) if self.config.ema else None

    def modules(self):
        """The one network."""
        return {"model": self.model}

    def optimizers(self):
        """The one optimiser."""
        return {"model": self.optimizer}

    def averages(self):
        """Averaged weights, if asked for."""
        return {"model": self.ema} if self.ema else {}

    @property
    def denoising(self) -> bool:
        """Whether the network sees damaged images."""
        return self.config.noise > 0 or self.config.masked > 0

    def train_step(self, batch, step, rng):
        """One step of Adam on [AE-1]."""
        noisy = self.with_noise(batch.x, rng("noise")) if self.denoising else None
        self.optimizer.lr = self.config.lr * float(warmup(step, self.config.warmup))
        self.optimizer.zero_grad()
        loss = reconstruction_loss(self.model, batch.x, noisy)
        loss.backward()
        self.optimizer.step()
        if self.ema:
            self.ema.update()
        return {"mse": loss}

    def with_noise(self, x, rng):
        """x as the network sees it: masked and noisy as the options say."""
        config = self.config
        settings = {"noise": config.noise, "masked": config.masked}
        return Tensor(damaged(x.data, **settings, rng=rng))

    def sample(self, n, *, rng):
        """Decode codes from the Gaussian with the mean and covariance of the data's.

        An autoencoder gives its codes no distribution; this is the simplest guess.
        """
        codes = self.model.encode(self.data.test().x).detach().numpy()
        covariance = np.atleast_2d(np.cov(codes.T, bias=True))
        drawn = rng.multivariate_normal(codes.mean(0), covariance, n, method="eigh")
        return self.model.decode(tensor(drawn.astype(np.float32))).clip(-1.0, 1.0)

    def evaluate(self, batch, *, rng):
        """Held-out mean squared error per pixel; of denoising too, where it is done."""
        found = {"test mse": reconstruction_loss(self.model, batch.x)}
        if self.denoising:
            noisy = self.with_noise(batch.x, rng)
            error = reconstruction_loss(self.model, batch.x, noisy)
            found["test denoising mse"] = error
        return found

    def pictures(self):
        """Held-out images above their reconstructions."""
        return {"reconstructions": self.draw_reconstructions}

    def draw_reconstructions(self, figure):
        """Rows on a matplotlib figure: originals, the damaged ones, reconstructions."""
        with self.at_rest():
            x = Tensor(self.data.test().x.data[:SHOWN])
            seen = x
            if self.denoising:
                seen = self.with_noise(x, backend.rng(self.config.seed, "shown"))
            rows = [x, seen, self.model(seen)] if self.denoising else [x, self.model(x)]
        images = np.concatenate([row.numpy() for row in rows])
        axes = figure.subplots(len(rows), len(x)).ravel()
        for place, image in zip(axes, images, strict=True):
            place.imshow(image.transpose(1, 2, 0).clip(-1, 1) / 2 + 0.5, cmap="gray")
            place.set_axis_off()
        figure.suptitle("held-out images, and what the code keeps of them")


class ConvAutoencoderRecipe(AutoencoderRecipe):
    """Train a convolutional autoencoder."""

    name = "conv-ae"
    summary = "convolutional autoencoder: sharper digits from the same code"

    @dataclass(frozen=True)
    class Config(CoderConfig):
        """Options of `conv-ae`.

        Without warmup some runs are driven to images that are black all over, where the
        tanh is flat and nothing can be learnt any more.
        """

        steps: int = 3000
        warmup: int = 100
        width: int = option(32, "channels after the first convolution", least=1)

    def network(self, rng):
        """Convolutions and a dense code."""
        config, shape = self.config, self.data.shape
        options = {"linear": config.linear, "rng": rng}
        return ConvAutoencoder(shape, config.code, config.width, **options)


class DenoisingAutoencoder(ConvAutoencoderRecipe):
    """Train a convolutional autoencoder to undo noise."""

    name = "denoising-ae"
    summary = "denoising autoencoder: digits out of noise of std 1"
    best = "test denoising mse"

    @dataclass(frozen=True)
    class Config(ConvAutoencoderRecipe.Config):
        """Options of `denoising-ae`."""

        code: int = 64
        noise: float = 1.0
