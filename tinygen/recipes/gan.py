"""Recipes of the dense GANs: digits from noise, and a ring of Gaussians to look at."""

from dataclasses import dataclass

from tinygen.data import modes_covered
from tinygen.engine import Tensor, grad
from tinygen.models.gan import Discriminator, Generator
from tinygen.models.surface import draw_surface
from tinygen.recipes.adversarial import Adversarial, GANConfig
from tinygen.recording import record
from tinygen.train import option


class DenseGAN(Adversarial):
    """Digits from noise by two dense networks."""

    name = "gan"
    summary = "GAN 100-128-128-784 against 784-128-128-1: digits out of noise"
    alone = True

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
    best = "reverse KL"
    alone = True

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
