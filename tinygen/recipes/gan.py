"""Recipes of the dense GANs: digits from noise, and a ring of Gaussians to look at."""

from dataclasses import dataclass

from tinygen import nn
from tinygen.creation import randn
from tinygen.data import modes_covered
from tinygen.ema import EMA
from tinygen.engine import Tensor, grad
from tinygen.models.gan import Discriminator, Generator
from tinygen.models.objectives import OBJECTIVES, objective, r1_penalty
from tinygen.models.surface import draw_surface
from tinygen.optim import Adam
from tinygen.recording import record
from tinygen.train import Recipe, option


@dataclass(frozen=True)
class GANConfig(Recipe.Config):
    """Options of every adversarial recipe."""

    latent: int = option(100, "numbers in the noise z", least=1)
    hidden: int = option(128, "width of the hidden layers", least=1)
    objective: str = option("non-saturating", "the losses", choices=tuple(OBJECTIVES))
    lr: float = option(2e-4, "step size of both", above=0)
    smooth: float = option(0.0, "one-sided label smoothing", least=0, below=1)
    half: bool = option(False, "D's loss times 1/2, as the third document has it")
    r1: float = option(0.0, "weight of the penalty on D's gradient at data", least=0)
    r1_every: int = option(8, "steps from one penalty to the next", least=1)


class Adversarial(Recipe):
    """What all adversarial recipes share: the two updates of a step.

    A subclass's `networks` makes the generator and the discriminator.
    """

    Config = GANConfig

    def networks(self, rng):
        """-> generator, discriminator."""
        raise NotImplementedError

    def build(self, rng):
        """Two networks, two optimisers with the documents' beta1 = 0.5."""
        config = self.config
        self.G, self.D = self.networks(rng)
        self.optim_G, self.optim_D = (
            Adam(net.parameters(), lr=config.lr, betas=(0.5, 0.999))
            for net in (self.G, self.D)
        )
        self.losses = objective(config.objective)
        self.ema = EMA(self.G, config.ema) if config.ema else None

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

    def train_step(self, batch, step, rng):
        """D learns to tell data from G(z); then G learns from D's gradient."""
        fake = self.G(self.noise(len(batch.x), rng("z")))
        loss_D = self.update_D(batch.x, fake.detach(), step)
        self.optim_G.zero_grad()
        with nn.frozen(self.D):  # its weights need no gradient here
            loss_G = self.losses.generator(self.D(fake))
            loss_G.backward()
        self.optim_G.step()
        if self.ema:
            self.ema.update()
        return {"D": loss_D, "G": loss_G}

    def update_D(self, real, fake, step):
        """One step of D on detached fakes; now and then with the penalty [R1]."""
        config = self.config
        self.optim_D.zero_grad()
        penalised = config.r1 > 0 and step % config.r1_every == 0
        real = Tensor(real.data)
        real.requires_grad = penalised
        real_logits = self.D(real)
        loss = self.losses.discriminator(
            real_logits, self.D(fake), smooth=config.smooth, half=config.half
        )
        total = loss
        if penalised:  # weighted up for the steps without it (arXiv 1912.04958, B)
            weight = config.r1 * config.r1_every
            total = loss + weight * r1_penalty(real_logits, real)
        total.backward()
        self.optim_D.step()
        return loss

    def sample(self, n, *, rng):
        """G(z), with the averaged weights where there are any."""
        z = self.noise(n, rng)
        if self.ema is None:
            return self.G(z)
        with self.ema.applied():
            return self.G(z)


class DenseGAN(Adversarial):
    """Digits from noise by two dense networks."""

    name = "gan"
    summary = "GAN 100-128-128-784 against 784-128-128-1: digits out of noise"

    @dataclass(frozen=True)
    class Config(GANConfig):
        """Options of `gan`."""

        steps: int = 30000
        ema: float = 0.999
        lr: float = 5e-4
        r1: float = 5.0
        sample_every: int = 1000
        save_every: int = 5000
        output: str = option("tanh", "of G", choices=("tanh", "sigmoid"))

    def networks(self, rng):
        """Dense generator and discriminator."""
        config, shape = self.config, self.data.shape
        G = Generator(
            config.latent, shape, config.hidden, output=config.output, rng=rng
        )
        return G, Discriminator(shape, config.hidden, rng=rng)


class RingGAN(Adversarial):
    """A GAN in the plane, where everything can be seen."""

    name = "gan-ring"
    summary = "GAN on a ring of 8 Gaussians: modes counted, D's surface drawn"
    kind = "plane"

    @dataclass(frozen=True)
    class Config(GANConfig):
        """Options of `gan-ring`."""

        data: str = "ring"
        steps: int = 20000
        batch_size: int = 128
        latent: int = 2
        lr: float = 5e-4
        ema: float = 0.999
        sample_every: int = 2000
        save_every: int = 5000

    def networks(self, rng):
        """Dense networks between the noise and the plane."""
        config, shape = self.config, self.data.shape
        G = Generator(config.latent, shape, config.hidden, output="linear", rng=rng)
        return G, Discriminator(shape, config.hidden, rng=rng)

    def evaluate(self, batch, *, rng):
        """PacGAN's three numbers on 2,500 samples, where the data have modes."""
        plane = self.data.plane
        if plane.modes is None:
            return {}
        found = modes_covered(self.sample(len(batch.x), rng=rng).numpy(), plane)
        return {
            "modes": found.covered,
            "high quality": found.high_quality,
            "reverse KL": found.reverse_kl,
        }

    def pictures(self):
        """D's surface with data, samples, and where G's gradient pushes them."""
        return {"surface": self.draw_surface}

    def draw_surface(self, figure):
        """D(x) over the plane, and -dL_G/dx at samples as arrows."""
        fake = Tensor(self.draw(128, seed=self.config.seed + 1))
        fake.requires_grad = True
        with record(True):
            (push,) = grad(self.losses.generator(self.D(fake)), [fake])
        real = self.data.test().x.data[:512]
        draw_surface(figure, self.D, real, fake.data, -push.data)
