"""Recipes of diffusion models: digits out of noise, by class, points of the plane."""

from dataclasses import dataclass

import numpy as np

from tinygen import functional as F
from tinygen.creation import randn
from tinygen.data import modes_covered
from tinygen.engine import Tensor
from tinygen.models.diffusion.bound import bits_per_dim
from tinygen.models.diffusion.denoiser import even_times, with_dropout
from tinygen.models.diffusion.film import draw_paths, draw_strip
from tinygen.models.diffusion.guidance import Guided
from tinygen.models.diffusion.ideal import IdealDenoiser
from tinygen.models.diffusion.mlp import PlaneNet
from tinygen.models.diffusion.parametrise import target
from tinygen.models.diffusion.process import diffuse
from tinygen.models.unet import UNet
from tinygen.recipes.dcgan import shifted
from tinygen.recipes.diffusing import Diffusion, DiffusionConfig
from tinygen.train import option

DRAWS = 4  # times that the bound looks at each held-out image


@dataclass(frozen=True)
class ImageConfig(DiffusionConfig):
    """Options of the recipes of images."""

    steps: int = 4500
    batch_size: int = 32
    sample_every: int = 900
    eta: float = 1.0
    widths: tuple[int, ...] = option((24, 48, 96), "channels, the highest level first")
    patch: int = option(1, "pixels a side that the top takes as one", least=1)
    shift: int = option(1, "move images by up to so many pixels", least=0)


class DDPM(Diffusion):
    """Images from noise (fourth document, section 3.3)."""

    name = "ddpm"
    summary = "diffusion, U-Net 28-14-7: digits out of noise, step by step"
    levels = 256  # of grey, that the bound counts
    Config = ImageConfig

    def network(self, rng):
        """A U-Net."""
        config, shape = self.config, self.data.shape
        return UNet(shape, config.widths, config.patch, self.classes(), rng=rng)

    def augmented(self, x, rng):
        """Images moved a little."""
        most = self.config.shift
        return Tensor(shifted(x.data, most, rng)) if most else x

    def evaluate(self, batch, *, rng):
        """The loss, and the likelihood bound at a few times for each image."""
        found = super().evaluate(batch, rng=rng)
        options = {"labels": self.judged_labels(batch), "levels": self.levels}
        with self.averaged():
            x0 = batch.x[: self.judged]
            bits = bits_per_dim(self.denoiser, x0, rng=rng, draws=DRAWS, **options)
        return found | {"test bits/dim": bits.mean()}

    def pictures(self):
        """How some samples came out of the noise."""
        return {"denoising": self.draw_film}

    def draw_film(self, figure):
        """Noisy images and guesses, from t = T down."""
        film, finished = self.filmed(4)
        draw_strip(figure, film, finished)


class SmallDDPM(DDPM):
    """Digits of 8x8 pixels, in a minute or two."""

    name = "ddpm-8x8"
    summary = "diffusion on the 8x8 digits: a minute or two"
    levels = 17

    @dataclass(frozen=True)
    class Config(ImageConfig):
        """Options of `ddpm-8x8`."""

        data: str = "digits"
        steps: int = 4000
        batch_size: int = 64
        sample_every: int = 1000
        widths: tuple[int, ...] = (32, 64)
        shift: int = 0


class ClassDDPM(DDPM):
    """The digit that is asked for, by classifier-free guidance."""

    name = "ddpm-class"
    summary = "diffusion by class, with classifier-free guidance"
    conditional = True
    asks = (*Diffusion.asks, "guidance")

    @dataclass(frozen=True)
    class Config(ImageConfig):
        """Options of `ddpm-class`."""

        drop: float = option(0.1, "share of labels left out", above=0, below=1)
        guidance: float = option(1.0, "w, where none is asked for", least=-1)
        eta: float = 0.0  # guided, the way needs no noise: it only costs variety

    def classes(self):
        """As many as the data have."""
        return len(self.data.classes)

    def labels(self, batch, rng):
        """The classes, some of them left out."""
        return with_dropout(batch.labels, self.classes(), self.config.drop, rng=rng)

    def guided(self, guidance=None):
        """The denoiser with guidance w."""
        w = self.config.guidance if guidance is None else guidance
        return Guided(self.denoiser, w)

    def drawn_labels(self, n, label):
        """One class, or, if none is asked for, each in turn."""
        return np.arange(n) % self.classes() if label is None else np.full(n, label)


class PlaneDDPM(Diffusion):
    """Diffusion in the plane, where its paths can be seen."""

    name = "ddpm-plane"
    summary = "diffusion on two moons or other points: its paths drawn"
    kind = "plane"
    clip = False
    batch = judged = 2500

    @dataclass(frozen=True)
    class Config(DiffusionConfig):
        """Options of `ddpm-plane`."""

        data: str = "moons"
        steps: int = 8000
        batch_size: int = 256
        sample_every: int = 2000
        save_every: int = 4000
        hidden: int = option(128, "width of the hidden layers", least=2)

    def network(self, rng):
        """A dense network; its scale is that of the data."""
        plane = self.data.plane
        self.scale = float(np.sqrt(plane.weights @ plane.nodes**2 + plane.std**2).max())
        return PlaneNet(self.data.shape, self.config.hidden, rng=rng)

    def ideal(self) -> IdealDenoiser:
        """The best denoiser that there can be, since the density is known."""
        plane, scale = self.data.plane, self.scale
        points, std = plane.nodes / scale, plane.std / scale
        return IdealDenoiser(self.denoiser.schedule, points, std, plane.weights)

    def excess(self, x0, rng):
        """What of the loss could still be learnt: mean (said - the best to say)^2.

        The rest of the loss is what nobody can know of x_0 from x_t.
        """
        schedule, T = self.denoiser.schedule, self.config.timesteps
        t = even_times(T, len(x0), rng=rng)
        x = diffuse(schedule, x0, t, randn(x0.shape, rng=rng))
        best = target(self.config.predict, schedule, *self.ideal().guess(x, t), t)
        with self.averaged():
            return F.mse_loss(self.denoiser.say(x, t), best)

    def evaluate(self, batch, *, rng):
        """The loss, how far it is from the best, and the modes that are reached."""
        found, plane = super().evaluate(batch, rng=rng), self.data.plane
        found["test excess"] = self.excess(batch.x / self.scale, rng)
        if plane.modes is None:
            return found
        reached = modes_covered(self.sample(len(batch.x), rng=rng).numpy(), plane)
        return found | {"modes": reached.covered, "high quality": reached.high_quality}

    def pictures(self):
        """The paths of DDIM from noise to data."""
        return {"paths": self.draw_paths}

    def draw_paths(self, figure):
        """Paths over the data."""
        film, finished = self.filmed(100)
        film.noisy = [self.scale * x for x in film.noisy]
        draw_paths(figure, film, finished, self.data.test().x.numpy())
