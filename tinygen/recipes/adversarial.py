"""What all adversarial recipes share: options, and the two updates of a step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tinygen import backend, nn
from tinygen.creation import randn
from tinygen.ema import EMA
from tinygen.engine import Tensor
from tinygen.models.critic import (
    clip_weights,
    normalise_spectra,
    show_minibatch_std,
)
from tinygen.models.objectives import (
    OBJECTIVES,
    discriminator_loss_together,
    gradient_penalty,
    objective,
    r1_penalty,
)
from tinygen.ops import concatenate
from tinygen.optim import Adam
from tinygen.recording import no_grad
from tinygen.train import Recipe, option

STANDING = 500  # samples that batch norm's statistics are taken from


@dataclass(frozen=True)
class GANConfig(Recipe.Config):
    """Options of every adversarial recipe."""

    latent: int = option(100, "numbers in the noise z", least=1)
    hidden: int = option(128, "width of the hidden layers", least=1)
    objective: str = option("non-saturating", "the losses", choices=tuple(OBJECTIVES))
    lr: float = option(2e-4, "step size of both", above=0)
    smooth: float = option(0.0, "one-sided label smoothing", least=0, below=1)
    half: bool = option(False, "D's loss times 1/2, as the third document has it")
    lr_d: float = option(0.0, "step size of D, 0 for that of G", least=0)
    d_steps: int = option(1, "steps of D for each of G", least=1)
    gp: float = option(0.0, "weight of the gradient penalty (Wasserstein: 10)", least=0)
    r1: float = option(0.0, "weight of the penalty on D's gradient at data", least=0)
    r1_every: int = option(8, "steps from one penalty to the next", least=1)
    clip: float = option(0.0, "bound on D's weights (Wasserstein: 0.01)", least=0)
    spectral: bool = option(False, "spectral norm in D's layers")
    minibatch_std: bool = option(False, "D sees how much the samples of a batch differ")


class Adversarial(Recipe):
    """What all adversarial recipes share: the two updates of a step.

    A subclass's `networks` makes the generator and the discriminator; a conditional one
    overrides `generate` and `judge` too, and one that varies its data `augmented`.
    """

    Config = GANConfig
    alone = False  # D judges every sample alone: no batch norm, no labels

    def networks(self, rng):
        """-> generator, discriminator."""
        raise NotImplementedError

    def build(self, rng):
        """Two networks, two optimisers with the documents' beta1 = 0.5."""
        config = self.config
        self.G, self.D = self.networks(rng)
        if config.minibatch_std:
            show_minibatch_std(self.D, rng=rng)
        if config.spectral:
            normalise_spectra(self.D, rng=rng)
        rates = (self.G, config.lr), (self.D, config.lr_d or config.lr)
        self.optim_G, self.optim_D = (
            Adam(net.parameters(), lr=lr, betas=(0.5, 0.999)) for net, lr in rates
        )
        self.losses = objective(config.objective)
        batchwise = config.minibatch_std or config.spectral or config.smooth > 0
        entropy = config.objective in ("non-saturating", "minimax")
        self.together = self.alone and entropy and not batchwise
        self.ema = EMA(self.G, config.ema, warmup=True) if config.ema else None

    def modules(self):
        """Generator and discriminator."""
        return {"G": self.G, "D": self.D}

    def optimizers(self):
        """One for each network."""
        return {"G": self.optim_G, "D": self.optim_D}

    def averages(self):
        """The generator's averaged weights, if asked for: they give the samples."""
        return {"G": self.ema} if self.ema else {}

    def noise(self, n, rng):
        """z ~ N(0, I)."""
        return randn((n, self.config.latent), rng=rng)

    def generate(self, z, labels):
        """G(z); a conditional recipe looks at the labels too."""
        return self.G(z)

    def judge(self, x, labels):
        """The logits of D(x); a conditional recipe looks at the labels too."""
        return self.D(x)

    def augmented(self, batch, rng):
        """What D sees of a batch of data; a recipe may vary it.  rng : as in a step."""
        return batch

    def train_step(self, batch, step, rng):
        """D learns to tell data from G(z); then G learns from D's gradient."""
        for extra in range(1, self.config.d_steps):
            self.extra_step(extra, step, rng)
        batch = self.augmented(batch, rng)
        fake = self.generate(self.noise(len(batch.x), rng("z")), batch.labels)
        loss_D = self.update_D(batch, fake.detach(), step, rng("between"))
        self.optim_G.zero_grad()
        with nn.frozen(self.D):  # its weights need no gradient here
            loss_G = self.losses.generator(self.judge(fake, batch.labels))
            loss_G.backward()
        self.optim_G.step()
        if self.ema:
            self.ema.update()
        return {"D": loss_D, "G": loss_G}

    def extra_step(self, extra, step, rng):
        """A step of D alone, with data, noise and random streams of its own."""
        own = lambda stream: rng(f"{stream} of extra step {extra}")
        batch = self.data.batch(step * self.config.d_steps + extra)
        batch = self.augmented(batch, own)
        with no_grad():
            noise = self.noise(len(batch.x), own("z"))
            fake = self.generate(noise, batch.labels)
        self.update_D(batch, fake, step, own("between"))

    def update_D(self, batch, fake, step, rng):
        """One step of D on detached fakes, with the penalties that are asked for."""
        config = self.config
        self.optim_D.zero_grad()
        real = Tensor(batch.x.data)
        real.requires_grad = config.r1 > 0 and step % config.r1_every == 0
        if self.together and not real.requires_grad:
            both = self.judge(concatenate([real, fake]), None)
            loss = discriminator_loss_together(both, half=config.half)
        else:
            real_logits = self.judge(real, batch.labels)
            loss = self.losses.discriminator(
                real_logits,
                self.judge(fake, batch.labels),
                smooth=config.smooth,
                half=config.half,
            )
        total = loss
        if real.requires_grad:  # weighted up for the steps without (1912.04958, B)
            weight = config.r1 * config.r1_every
            total = loss + weight * r1_penalty(real_logits, real)
        if config.gp:
            judge = lambda x: self.judge(x, batch.labels)
            total = total + config.gp * gradient_penalty(judge, real, fake, rng=rng)
        total.backward()
        self.optim_D.step()
        if config.clip:
            clip_weights(self.D, config.clip)
        return loss

    def sample(self, n, *, rng):
        """G(z), with the averaged weights where there are any."""
        with self.averaged():
            return self.G(self.noise(n, rng))

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """G with its averaged weights, if there are any, and their batch statistics."""
        if not self.ema:
            yield
            return
        rng = backend.rng(self.config.seed, "statistics")
        one_batch = lambda: self.generate(self.noise(STANDING, rng), self.labels())
        with self.ema.applied(), nn.standing_statistics(self.G, one_batch):
            yield

    def labels(self):
        """STANDING labels, each as often; None in a recipe without."""
        return None
