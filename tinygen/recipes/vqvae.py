"""Recipe of the VQ-VAE: digits as 7 x 7 words, and a model of such words."""

from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from tinygen import backend, nn
from tinygen.ema import EMA
from tinygen.engine import Tensor
from tinygen.models.vae.latent import draw_rows
from tinygen.models.vae.likelihood import Bernoulli, Gaussian
from tinygen.models.vq.codebook import perplexity
from tinygen.models.vq.model import VQVAE
from tinygen.models.vq.prior import CodePrior
from tinygen.optim import Adam
from tinygen.recipes.dcgan import shifted
from tinygen.recipes.variational import SHOWN, once_drawn
from tinygen.schedule import warmup
from tinygen.train import Recipe, option


@dataclass(frozen=True)
class VQConfig(Recipe.Config):
    """Options of `vq-vae`."""

    steps: int = 4000
    ema: float = 0.998
    sample_every: int = 1000
    save_every: int = 1000
    codes: int = option(32, "vectors in the codebook", least=2)
    width: int = option(16, "numbers in each vector", least=1)
    channels: int = option(64, "of the networks", least=2)
    decay: float = option(0.99, "of the codebook's means", least=0, below=1)
    commitment: float = option(0.25, "weight of the commitment loss", least=0)
    revive: float = option(0.05, "put vectors chosen less anew", least=0)
    learn: int = option(2000, "steps until images and codes stand still", least=1)
    likelihood: str = option(
        "bernoulli", "of pixels given codes", choices=("bernoulli", "gaussian")
    )
    shift: int = option(1, "move images by up to so many pixels", least=0)
    lr: float = option(1e-3, "step size of Adam", above=0)
    prior_width: int = option(64, "of the model of codes", least=4)
    prior_blocks: int = option(2, "in the model of codes", least=1)
    dropout: float = option(0.1, "in the model of codes", least=0, below=1)


class VQVAERecipe(Recipe):
    """For `learn` steps images become codes; all along, a prior learns the codes.

    Samples are drawn code by code from the prior, a small transformer, and decoded.
    """

    name = "vq-vae"
    summary = "VQ-VAE: digits as 7 x 7 words of a learnt vocabulary, and their prior"
    Config = VQConfig
    best = "test nats"

    def build(self, rng):
        """Networks, codebook and prior; an optimiser for each half."""
        config = self.config
        self.binary = config.likelihood == "bernoulli"
        likelihood = Bernoulli() if self.binary else Gaussian()
        sizes = config.codes, config.width, config.channels, config.decay
        self.model = VQVAE(self.data.shape, likelihood, *sizes, rng=rng)
        self.prior = CodePrior(
            config.codes,
            int(np.prod(self.model.grid)),
            config.prior_width,
            config.prior_blocks,
            dropout=config.dropout,
            rng=rng,
        )
        self.optimizer = Adam(self.model.parameters(), lr=config.lr)
        self.prior_optimizer = Adam(self.prior.parameters(), lr=config.lr)
        self.ema = EMA(self.prior, config.ema, warmup=True) if config.ema else None

    def fit(self, side):
        """The side itself, or the next multiple of 4."""
        return -(-side // 4) * 4

    def modules(self):
        """Images to codes and back; the prior of codes."""
        return {"model": self.model, "prior": self.prior}

    def optimizers(self):
        """One for each."""
        return {"model": self.optimizer, "prior": self.prior_optimizer}

    def averages(self):
        """The prior's averaged weights, if asked for."""
        return {"prior": self.ema} if self.ema else {}

    def train_step(self, batch, step, rng):
        """One step of images and codes while they learn, one of the prior."""
        x, most = batch.x, self.config.shift
        if most:
            x = Tensor(shifted(x.data, most, rng("shift")))
        if step < self.config.learn:
            found, codes = self.learn_codes(x, rng("revive"))
        else:
            found, codes = {}, self.model.encode(x)
        return found | {"prior nats": self.learn_prior(codes, step, rng("dropout"))}

    def learn_codes(self, x, rng):
        """Adam on networks, running means on the codebook; losses and codes."""
        config, codebook = self.config, self.model.codebook
        self.optimizer.zero_grad()
        loss, log_likelihood, z, codes = self.model.learn_step(x, config.commitment)
        loss.backward()
        self.optimizer.step()
        codebook.update(z, codes.reshape(-1))
        codebook.revive(z, config.revive * len(z.data) / config.codes, rng=rng)
        return {"nats given codes": -log_likelihood.mean()}, codes

    def learn_prior(self, codes, step, rng):
        """One step of Adam on -log p(codes), nats per image."""
        nn.set_rng(self.prior, rng)
        optimizer, lr = self.prior_optimizer, self.config.lr
        optimizer.lr = lr * float(warmup(step, 200))
        optimizer.zero_grad()
        nats = -self.prior.log_prob(codes).mean()
        (nats / self.prior.length).backward()
        optimizer.step()
        if self.ema:
            self.ema.update()
        return nats

    def averaged(self):
        """A context: the prior with its averaged weights, if there are any."""
        return self.ema.applied() if self.ema else nullcontext(self.prior)

    def sample(self, n, *, rng):
        """E[x|codes] for codes of the prior."""
        with self.averaged() as prior:
            codes = prior.sample(n, rng=rng).reshape(n, *self.model.grid)
        return self.model.images(backend.to_device(codes, self.config.device))

    def evaluate(self, batch, *, rng):
        """Nats of held-out images and how many codes are in use.

        test nats : -log p(x|codes) - log p(codes), which is at least -log p(x), since
            p(x) >= p(x, codes) for any codes: a bound, as that of a VAE.  For a
            Bernoulli x is black and white, drawn once; the codes are those of the grey
            image.
        """
        codes = self.model.encode(batch.x)
        x = once_drawn(self.data.held_out) if self.binary else batch.x
        outputs = self.model.decode(self.model.codebook.look_up(codes))
        given = -self.model.likelihood.log_prob(outputs, x).mean().item()
        with self.averaged() as prior:
            nats = -prior.log_prob(codes).mean().item()
        used = perplexity(codes, self.config.codes)
        return {"test nats": given + nats, "given codes": given, "perplexity": used}

    def pictures(self):
        """What the codes keep, the codes themselves, ways between images."""
        return {
            "reconstructions": self.draw_reconstructions,
            "interpolations": self.draw_interpolations,
        }

    def draw_reconstructions(self, figure):
        """Held-out images, E[x|codes], and the codes as shades."""
        with self.at_rest():
            x = self.data.test().x[:SHOWN]
            codes = backend.to_host(self.model.encode(x))
            found = self.model.reconstruct(x).numpy()
        shades = 2 * codes[:, None] / (self.config.codes - 1) - 1.0  # (N, 1, h, w)
        shades = np.broadcast_to(shades, (len(x), x.shape[1], *self.model.grid))
        shades = shades.repeat(4, axis=2).repeat(4, axis=3)
        rows = [x.numpy(), shades, found]
        draw_rows(figure, rows, "held-out images, their codes, what codes keep")

    def draw_interpolations(self, figure):
        """From one held-out image to another; codes have no middle."""
        with self.at_rest():
            x = self.data.test().x
            path = self.model.interpolate(x[:6], x[6:12], SHOWN).numpy()
        draw_rows(figure, path.swapaxes(0, 1), "nearest codes on the line between two")
