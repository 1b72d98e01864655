"""What all diffusion recipes share: options, the step, drawing, and editing."""

from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from tinygen import backend
from tinygen.creation import randn, tensor
from tinygen.ema import EMA
from tinygen.errors import ConfigError, DataError, ShapeError
from tinygen.models.diffusion.denoiser import Denoiser, denoising_loss, even_times
from tinygen.models.diffusion.editing import inpaint, redraw
from tinygen.models.diffusion.film import Film
from tinygen.models.diffusion.parametrise import KINDS
from tinygen.models.diffusion.samplers import Sampler, sample
from tinygen.models.diffusion.schedule import SCHEDULES, schedule
from tinygen.ops import concatenate
from tinygen.optim import Adam
from tinygen.schedule import warmup
from tinygen.train import Recipe, option


@dataclass(frozen=True)
class DiffusionConfig(Recipe.Config):
    """Options of every diffusion recipe."""

    ema: float = 0.999
    lr: float = option(2e-3, "step size of Adam", above=0)
    warmup: int = option(200, "steps until it is reached", least=0)
    timesteps: int = option(1000, "T, steps of noise", least=21, most=10**6)
    schedule: str = option("cosine", "of the noise", choices=tuple(SCHEDULES))
    predict: str = option("v", "what the network says of x_t", choices=KINDS)
    sampling_steps: int = option(50, "of the sampler DDIM, unless asked", least=1)
    eta: float = option(0.0, "noise in each of them, unless asked", least=0, most=1)


def checked_image(image, shape) -> np.ndarray:
    """The image as float32; ShapeError unless it is of `shape`, DataError for NaN."""
    image = np.asarray(image, np.float32)
    if image.shape != shape:
        raise ShapeError(
            f"image {image.shape}, but those of this recipe are {shape}. "
            f"Fix: image.reshape{shape} if only the axes differ"
        )
    if not np.isfinite(image).all():
        raise DataError("image: some pixels are no numbers. Fix: values in [-1, 1]")
    return image


class Diffusion(Recipe):
    """What all diffusion recipes share: one network, one loss, the samplers.

    A subclass's `network` makes the network; one that varies its data overrides
    `augmented`, a conditional one `classes`, `labels`, `guided` and `drawn_labels`.
    """

    Config = DiffusionConfig
    best = "test mse"
    asks = "sampler", "steps", "eta", "variance"
    clip = True  # guesses of x_0 to [-1, 1]
    batch = 64  # drawn at a time: what so many images need stays in the cache
    judged = 256  # held-out samples that the loss and the bound are measured on
    scale = 1.0  # of the data: the network sees x / scale

    def network(self, rng):
        """-> a Module (x, t) -> as x, or (x, t, labels) where there are classes."""
        raise NotImplementedError

    def build(self, rng):
        """Network, schedule, optimiser, averaged weights."""
        config = self.config
        if config.sampling_steps > config.timesteps:
            raise ConfigError(
                f"sampling_steps {config.sampling_steps} of timesteps "
                f"{config.timesteps}. Fix: sampling_steps={config.timesteps} or less"
            )
        self.net = self.network(rng)
        noise = schedule(config.schedule, config.timesteps)
        self.denoiser = Denoiser(self.net, noise, config.predict, self.classes())
        self.optimizer = Adam(self.net.parameters(), lr=config.lr)
        self.ema = EMA(self.net, config.ema, warmup=True) if config.ema else None

    def classes(self) -> int:
        """The number of labels that the network is conditioned on; 0 for none."""
        return 0

    def modules(self):
        """The one network."""
        return {"net": self.net}

    def optimizers(self):
        """The one optimiser."""
        return {"net": self.optimizer}

    def averages(self):
        """Averaged weights, if asked for: they draw."""
        return {"net": self.ema} if self.ema else {}

    def averaged(self):
        """A context: the network with its averaged weights, if there are any."""
        return self.ema.applied() if self.ema else nullcontext(self.net)

    def augmented(self, x, rng):
        """x_0 for a step: the data in the network's scale, perhaps varied."""
        return x / self.scale

    def labels(self, batch, rng):
        """What the network is told of a batch's classes in a step."""
        return None

    def times(self, n, rng):
        """(n,) times of a step, on the host: an array that a replayed graph fills."""
        t = np.ones(n, np.int64)
        draw = lambda: even_times(self.config.timesteps, n, rng=rng)
        backend.given(lambda: np.copyto(t, draw()))
        return t

    def train_step(self, batch, step, rng):
        """One step of Adam on [DDPM-1], each sample at a time of its own."""
        x0 = self.augmented(batch.x, rng("shift"))
        t = self.times(len(x0), rng("t"))
        noise = randn(x0.shape, rng=rng("noise"))
        self.optimizer.lr = self.config.lr * float(warmup(step, self.config.warmup))
        self.optimizer.zero_grad()
        labels = self.labels(batch, rng("drop"))
        loss = denoising_loss(self.denoiser, x0, t, noise, labels)
        loss.backward()
        self.optimizer.step()
        if self.ema:
            self.ema.update()
        return {"mse": loss}

    def sampler(self, sampler="ddim", steps=None, eta=None, variance="small"):
        """-> Sampler: how to draw.

        steps, eta : if left out, those of the run's options; ancestral takes all steps
        """
        config, every = self.config, sampler == "ancestral"
        if steps is None:
            steps = config.timesteps if every else config.sampling_steps
        if eta is None:
            eta = 0.0 if every else config.eta
        return Sampler(sampler, steps, eta, variance, self.clip)

    def guided(self, guidance=None):
        """The denoiser, with guidance where it knows classes."""
        return self.denoiser

    def drawn_labels(self, n, label):
        """The classes of n samples; None where there are none."""
        return None

    def sample(self, n, *, rng, label=None, guidance=None, watch=None, **how):
        """n samples, drawn `batch` at a time.

        label, guidance : of a conditional recipe      how : of `sampler`
        watch : called before each step of the first batch, see `samplers.walk`
        """
        denoiser, sampler = self.guided(guidance), self.sampler(**how)
        labels, parts = self.drawn_labels(n, label), []
        with self.averaged():
            for i in range(0, n, self.batch):
                shape = (min(self.batch, n - i), *self.data.shape)
                some = None if labels is None else tensor(labels[i : i + self.batch])
                asked = {"rng": rng, "labels": some, "watch": None if i else watch}
                parts.append(sample(denoiser, shape, sampler, **asked))
        return concatenate(parts, 0) * self.scale

    def judged_labels(self, batch):
        """What the network is told of held-out samples: their classes, if it knows."""
        return batch.labels[: self.judged] if self.classes() else None

    def evaluate(self, batch, *, rng):
        """The loss on held-out data, by averaged weights, at evenly spread times."""
        x0 = batch.x[: self.judged] / self.scale
        t = even_times(self.config.timesteps, len(x0), rng=rng)
        noise, labels = randn(x0.shape, rng=rng), self.judged_labels(batch)
        with self.averaged():
            return {"test mse": denoising_loss(self.denoiser, x0, t, noise, labels)}

    def filmed(self, n, *, seed=None, keep=None, **asked):
        """The film of the first `keep` of n samples, and the samples as in `draw`."""
        film, asked = Film(keep), self.checked(asked)
        with self.at_rest():
            samples = self.sample(n, rng=self.noise(seed), watch=film, **asked)
        return film, samples.numpy()

    def noise(self, seed: int | None):
        """What samples are drawn from; the run's own seed if none is given."""
        seed = self.config.seed if seed is None else seed
        return backend.rng(seed, "sample")

    def edit(self, n, image, mask=None, *, seed=None, strength=None, repeats=10, **how):
        """n images made of one: filled in where the mask is True, or drawn anew.

        image : (C, H, W) in [-1, 1]      mask : (H, W) booleans, or None for `redraw`
        strength : 1 if left out, and 0.5 without a mask; see `inpaint`, `redraw`
        repeats : of inpaint, see there      how : options as in `draw`
        Raises ConfigError for options that it does not take, ShapeError or DataError
        for an image that is none of the recipe's.
        """
        if n < 1:
            raise ConfigError(f"{n} edits. Fix: n=1 or more")
        image = checked_image(image, self.data.shape)
        how = self.checked(how)
        label, guidance = how.pop("label", None), how.pop("guidance", None)
        denoiser, sampler = self.guided(guidance), self.sampler(**how)
        labels = self.drawn_labels(n, label) if label is not None else None
        options = {"labels": None if labels is None else tensor(labels)}
        options["rng"] = self.noise(seed)
        with self.at_rest(), self.averaged():
            images = tensor(np.repeat(image[None], n, axis=0))
            if mask is None:
                strength = 0.5 if strength is None else strength
                found = redraw(denoiser, images, strength, sampler, **options)
            else:
                options["strength"] = 1.0 if strength is None else strength
                options["repeats"] = repeats
                found = inpaint(denoiser, images, mask, sampler, **options)
        return found.numpy()
