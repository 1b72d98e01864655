"""Autoencoder: squeeze an image through a narrow layer, and learn to undo it.

    min over encoder, decoder of  E_x |x - decoder(encoder(x))|^2            [AE-1]

The decoder sees the code and nothing else: one that also sees x copies it and learns
nothing [E3].  Without activations the best such map is principal component analysis.
"""

from dataclasses import dataclass

import numpy as np

from tinygen import functional as F
from tinygen import nn
from tinygen.creation import tensor
from tinygen.ema import EMA
from tinygen.optim import Adam
from tinygen.train import Recipe, option


class Autoencoder(nn.Module):
    """784-128-k-128-784 with LeakyReLU(0.2); `linear`: 784-k-784 and no activation.

    x : (N, C, H, W) in [-1, 1]      code : (N, k)
    The output is a tanh, within [-1, 1]; that of a linear one is unbounded.
    """

    def __init__(self, shape, code, hidden=128, *, linear=False, rng):
        self.shape = tuple(shape)
        pixels = int(np.prod(shape))
        if linear:
            self.encoder = nn.Linear(pixels, code, rng=rng)
            self.decoder = nn.Linear(code, pixels, rng=rng)
        else:
            self.encoder = nn.Sequential(
                nn.Linear(pixels, hidden, rng=rng),
                nn.LeakyReLU(0.2),
                nn.Linear(hidden, code, rng=rng),
            )
            self.decoder = nn.Sequential(
                nn.Linear(code, hidden, rng=rng),
                nn.LeakyReLU(0.2),
                nn.Linear(hidden, pixels, rng=rng),
                nn.Tanh(),
            )

    def encode(self, x):
        """Images (N, C, H, W) -> codes (N, k)."""
        return self.encoder(x.reshape(x.shape[0], -1))

    def decode(self, code):
        """Codes (N, k) -> images (N, C, H, W)."""
        return self.decoder(code).reshape(-1, *self.shape)

    def forward(self, x):
        """The reconstruction of x."""
        return self.decode(self.encode(x))


def reconstruction_loss(model, x, noisy=None):
    """Mean over pixels of (x - decoder(encoder(x)))^2; x in [-1, 1].

    noisy : what the encoder sees in the place of x (denoising autoencoder; Vincent et
    al. 2008): the target stays the clean x.
    Source: the source document's objective, corrected.  Equation [AE-1].
    """
    return F.mse_loss(model(x if noisy is None else noisy), x)


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
