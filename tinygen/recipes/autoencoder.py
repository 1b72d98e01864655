"""Recipe of the autoencoder: digits through a narrow layer."""

from dataclasses import dataclass

import numpy as np

from tinygen.creation import tensor
from tinygen.ema import EMA
from tinygen.models.autoencoder import Autoencoder, reconstruction_loss
from tinygen.optim import Adam
from tinygen.train import Recipe, option


class AutoencoderRecipe(Recipe):
    """Train an autoencoder; sample by decoding codes drawn like those of the data."""

    name = "ae"
    summary = "autoencoder 784-128-k-128-784: digits through a narrow layer"

    @dataclass(frozen=True)
    class Config(Recipe.Config):
        """Options of `ae`."""

        steps: int = 6000
        code: int = option(32, "numbers in the code", least=1)
        hidden: int = option(128, "width of the hidden layers", least=1)
        linear: bool = option(False, "no hidden layer or activation: finds PCA")
        noise: float = option(0.0, "std of noise on the input: denoising", least=0)
        lr: float = option(1e-3, "step size of Adam", above=0)

    def build(self, rng):
        """Network and optimiser."""
        config = self.config
        self.model = Autoencoder(
            self.data.shape, config.code, config.hidden, linear=config.linear, rng=rng
        )
        self.optimizer = Adam(self.model.parameters(), lr=config.lr)
        self.ema = EMA(self.model, config.ema) if config.ema else None

    def modules(self):
        """The one network."""
        return {"model": self.model}

    def optimizers(self):
        """The one optimiser."""
        return {"model": self.optimizer}

    def averages(self):
        """Averaged weights, if asked for."""
        return {"model": self.ema} if self.ema else {}

    def train_step(self, batch, step, rng):
        """One step of Adam on [AE-1]."""
        noisy = self.with_noise(batch.x, rng("noise")) if self.config.noise else None
        self.optimizer.zero_grad()
        loss = reconstruction_loss(self.model, batch.x, noisy)
        loss.backward()
        self.optimizer.step()
        if self.ema:
            self.ema.update()
        return {"mse": loss}

    def with_noise(self, x, rng):
        """x plus Gaussian noise of the configured std."""
        noise = rng.standard_normal(x.shape, dtype=np.float32)
        return x + tensor(noise * np.float32(self.config.noise))

    def sample(self, n, *, rng):
        """Decode codes from the Gaussian with the mean and covariance of the data's.

        An autoencoder gives its codes no distribution; this is the simplest guess.
        """
        codes = self.model.encode(self.data.test().x).detach().numpy()
        covariance = np.atleast_2d(np.cov(codes.T, bias=True))
        drawn = rng.multivariate_normal(codes.mean(0), covariance, n, method="eigh")
        return self.model.decode(tensor(drawn.astype(np.float32))).clip(-1.0, 1.0)

    def evaluate(self, batch, *, rng):
        """Held-out mean squared error per pixel; with noise, that of denoising too."""
        found = {"test mse": reconstruction_loss(self.model, batch.x)}
        if self.config.noise:
            noisy = self.with_noise(batch.x, rng)
            found["test denoising mse"] = reconstruction_loss(
                self.model, batch.x, noisy
            )
        return found

    def pictures(self):
        """Held-out images above their reconstructions."""
        return {"reconstructions": self.draw_reconstructions}

    def draw_reconstructions(self, figure):
        """Two rows on a matplotlib figure: originals, reconstructions."""
        with self.at_rest():
            x = tensor(self.data.test().x.data[:10])
            rows = np.concatenate([x.numpy(), self.model(x).numpy()])
        axes = figure.subplots(2, 10).ravel()
        for place, image in zip(axes, rows, strict=True):
            place.imshow(image.transpose(1, 2, 0).clip(-1, 1) / 2 + 0.5, cmap="gray")
            place.set_axis_off()
        figure.suptitle("held-out images, and what the code keeps of them")
