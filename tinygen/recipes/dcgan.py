"""Recipes of convolutional GANs: both forms of the documents, and a conditional one."""

from dataclasses import dataclass

import numpy as np

from tinygen.backend import device_of, given, xp_of
from tinygen.creation import tensor
from tinygen.engine import Tensor
from tinygen.models.dcgan import Discriminator, Generator, reachable
from tinygen.recipes.adversarial import STANDING, Adversarial, GANConfig
from tinygen.train import option
from tinygen.train.source import Batch

FLIPS = "auto", "yes", "no"


@dataclass(frozen=True)
class DCGANConfig(GANConfig):
    """Options of the convolutional recipes."""

    steps: int = 4500
    ema: float = 0.998
    lr: float = 5e-4
    r1: float = 2.0
    sample_every: int = 250
    save_every: int = 500
    width: int = option(64, "channels before G's last layer; half of it in D", least=2)
    norm_d: bool = option(True, "batch norm in D, as the document has it")
    shift: int = option(1, "move real images by up to so many pixels", least=0)
    flip: str = option(
        "auto", "mirror half of the real images; auto: faces, no digits", choices=FLIPS
    )


def shifted(x, most: int, rng):
    """Each image moved by -most..most pixels both ways, its border repeated.

    x : (N, C, H, W) array      -> as x
    """
    count, _, h, w = x.shape

    def seen():
        down, right = rng.integers(-most, most + 1, (2, count, 1))
        rows = np.clip(np.arange(h) + down, 0, h - 1)  # (N, H)
        return np.arange(count), rows, np.clip(np.arange(w) + right, 0, w - 1)

    n, rows, columns = given(seen, device=device_of(x))
    return x[n[:, None, None], :, rows[:, :, None], columns[:, None]].transpose(
        0, 3, 1, 2
    )


def flipped(x, rng):
    """Every second image, by chance, with left and right exchanged.

    x : (N, C, H, W) array      -> as x
    """
    draw = lambda: rng.random(len(x)) < 0.5
    turn = given(draw, device=device_of(x))[:, None, None, None]
    return xp_of(x).where(turn, x[..., ::-1], x)


class DCGAN(Adversarial):
    """Images from noise by transposed convolutions (third document)."""

    name = "dcgan"
    summary = "DCGAN, transposed convolutions: sharper digits, in minutes"
    how = "transposed"

    Config = DCGANConfig

    def networks(self, rng):
        """Convolutional generator and discriminator."""
        config, shape, classes = self.config, self.data.shape, self.classes()
        G = Generator(config.latent, shape, config.width, self.how, classes, rng=rng)
        half = config.width // 2
        return G, Discriminator(shape, half, classes, config.norm_d, rng=rng)

    def classes(self) -> int:
        """The number of labels that the networks are conditioned on; 0 for none."""
        return 0

    def fit(self, side):
        """The side itself, or the next power of two: only doublings can be made."""
        return reachable(side)

    def flips(self) -> bool:
        """Whether real images are mirrored: as asked, or if the data allow it."""
        asked = self.config.flip
        return self.data.symmetric if asked == "auto" else asked == "yes"

    def augmented(self, batch, rng):
        """The batch, its images moved a little and mirrored where that fits."""
        x = batch.x.data
        if self.config.shift:
            x = shifted(x, self.config.shift, rng("shift"))
        if self.flips():
            x = flipped(x, rng("flip"))
        return Batch(Tensor(x), batch.labels)


class UpsampleDCGAN(DCGAN):
    """Images from noise by upsampling and convolution (second document)."""

    name = "dcgan-upsample"
    summary = "DCGAN, upsampling and 3x3 convolutions: no checkerboard"
    how = "upsample"


class FaceGAN(DCGAN):
    """Faces out of noise, learnt from 80 of them: half the width, a light penalty."""

    name = "dcgan-faces"
    summary = "DCGAN on the bundled faces, mirrored and moved: what 80 of them can give"

    @dataclass(frozen=True)
    class Config(DCGANConfig):
        """Options of `dcgan-faces`."""

        data: str = "faces"
        steps: int = 5000
        r1: float = 0.05
        width: int = 32
        shift: int = 2


class ConditionalGAN(DCGAN):
    """The digit that is asked for (second document, section 3.3)."""

    name = "cgan"
    summary = "conditional GAN: the class that is asked for"
    conditional = True

    @dataclass(frozen=True)
    class Config(DCGANConfig):
        """Options of `cgan`."""

        steps: int = 3000

    def classes(self):
        """As many as the data have."""
        return len(self.data.classes)

    def generate(self, z, labels):
        """G(z | c).  Equation [CGAN-1]."""
        return self.G(z, labels)

    def judge(self, x, labels):
        """The logits of D(x | c).  Equation [CGAN-1]."""
        return self.D(x, labels)

    def labels(self):
        """The classes in turn."""
        return tensor(np.arange(STANDING) % self.classes())

    def sample(self, n, *, rng, label=None):
        """n images: of one class, or, if none is asked for, of each class in turn."""
        labels = np.arange(n) % self.classes() if label is None else np.full(n, label)
        with self.averaged():
            return self.G(self.noise(n, rng), tensor(labels))
