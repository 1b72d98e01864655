"""What a model must say for one loop and one command line to train it.

A recipe is a class: its options, how its networks are built, what one training step
does, how samples are drawn.  Nothing in it knows of files, progress bars or resuming.

    class GAN(Recipe):
        name = "gan"
        summary = "digits out of noise: two dense networks against each other"

        @dataclass(frozen=True)
        class Config(Recipe.Config):
            latent: int = option(100, "numbers in the noise z", least=1)
            lr: float = option(2e-4, "step size of both", above=0)
            steps: int = 4000                   # another default for a common option

        def build(self, rng):
            self.G = Generator(self.config.latent, self.data.shape, rng=rng)
            self.D = Discriminator(self.data.shape, rng=rng)
            self.optim_G = Adam(self.G.parameters(), lr=self.config.lr)
            self.optim_D = Adam(self.D.parameters(), lr=self.config.lr)

        def modules(self):
            return {"G": self.G, "D": self.D}

        def optimizers(self):
            return {"G": self.optim_G, "D": self.optim_D}

        def train_step(self, batch, step, rng):
            z = rng("z").standard_normal((len(batch.x), self.config.latent), "float32")
            ...
            return {"D": loss_D, "G": loss_G}

        def sample(self, n, *, rng):
            z = rng.standard_normal((n, self.config.latent), "float32")
            return self.G(tensor(z))
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from tinygen import backend
from tinygen.engine import Tensor
from tinygen.errors import ConfigError, ShapeError
from tinygen.recording import record
from tinygen.train.config import Config
from tinygen.train.source import Batch, open_data

Rng = Callable[[str], np.random.Generator]  # the name of a stream -> its generator


class Recipe(ABC):
    """One way to train one model.  Subclasses are final and name themselves.

    name : as typed after `tinygen train`      summary : one line for `tinygen list`
    kind : of the data that it takes, "images" or "plane"
    conditional : whether `sample` takes a `label`
    best : the number of `evaluate` by which the best state is kept, the lower the
        better; "" for none
    asks : other options that `sample` takes, by name, such as ("steps",)
    config : the options, an instance of the class's own `Config`
    data : an `Images` or `Points`; opened by the name config.data if left out
    rng : for the first weights, that of the seed if left out
    """

    name: str
    summary: str
    kind = "images"
    conditional = False
    best = ""
    asks: tuple[str, ...] = ()
    Config = Config

    def __init__(self, config: Config | None = None, data=None, rng=None):
        self.config = self.Config() if config is None else config
        if data is None:
            names = "batch_size", "seed", "image_size", "color", "bad_files"
            asked = {name: getattr(self.config, name) for name in names}
            data = open_data(self.config.data, self.kind, fit=self.fit, **asked)
        self.data = data
        with backend.device(self.config.device):
            self.build(rng or backend.rng(self.config.seed, "init"))

    # -- what a recipe says ------------------------------------------------------

    def fit(self, side: int) -> int:
        """The side of images that the networks can take, where none is asked for.

        side : that of the data's own images, or 64 for a folder
        """
        return side

    @abstractmethod
    def build(self, rng: np.random.Generator) -> None:
        """Make networks and optimisers from self.config and self.data.shape."""

    @abstractmethod
    def modules(self) -> dict:
        """Name -> Module: everything that has parameters or buffers."""

    @abstractmethod
    def optimizers(self) -> dict:
        """Name -> optimiser."""

    def averages(self) -> dict:
        """Name -> EMA of weights, where there are any."""
        return {}

    @abstractmethod
    def train_step(self, batch: Batch, step: int, rng: Rng) -> dict:
        """Forward, backward, update; -> name -> loss, a tensor of one element.

        step : 0, 1, 2, ...: schedules are functions of it
        rng : rng("z") is the generator of the stream "z" in this step; asking twice
            for the same stream gives the same numbers twice
        """

    def take(self, step: int, rng: Rng) -> dict:
        """`train_step` on the batch of that step."""
        return self.train_step(self.data.batch(step), step, rng)

    @abstractmethod
    def sample(self, n: int, *, rng: np.random.Generator):
        """n samples: (n, C, H, W) in [-1, 1], or (n, 2) points; Tensor or array.

        Called in eval mode and without recording.
        """

    def evaluate(self, batch: Batch, *, rng: np.random.Generator) -> dict:
        """Name -> number, measured on all held-out data; {} for nothing to measure.

        Called in eval mode and without recording.
        """
        return {}

    def pictures(self) -> dict:
        """Name -> function that draws on a matplotlib Figure, for extra pictures.

        They are called in eval mode, and with recording: gradients can be asked for.
        """
        return {}

    # -- what the loop and the command line call ---------------------------------

    def draw(self, n: int, *, seed: int | None = None, **asked) -> np.ndarray:
        """n samples as a float32 array on the host; the same seed, the same samples.

        seed : of the noise, the run's own if left out
        asked : options of the recipe's `sample`, such as label=7; None is left out
        Raises ConfigError for an option or a label that it does not take, ShapeError if
        the recipe's samples are not shaped like its data.
        """
        if n < 0:
            raise ConfigError(f"{n} samples. Fix: n=0 or more")
        seed = self.config.seed if seed is None else seed
        asked = self.checked(asked)
        with self.at_rest():
            samples = self.sample(n, rng=backend.rng(seed, "sample"), **asked)
        if samples.shape != (n, *self.data.shape):
            raise ShapeError(
                f"recipe {self.name}: sample({n}) gave {samples.shape}. "
                f"Fix: return {(n, *self.data.shape)}"
            )
        return as_array(samples).astype(np.float32, copy=False)

    def checked(self, asked: dict) -> dict:
        """The options that are not None, if the recipe takes them; else ConfigError."""
        asked = {name: value for name, value in asked.items() if value is not None}
        if "label" in asked:
            self._check_label(asked["label"])
        for name, value in asked.items():
            if name != "label" and name not in self.asks:
                raise ConfigError(
                    f"recipe {self.name} samples without {name} ({name} {value}). Fix: "
                    f"leave it out; this recipe takes {', '.join(self.asks) or 'none'}"
                )
        return asked

    def _check_label(self, label: int) -> None:
        """Raise ConfigError unless the recipe can draw that class."""
        if not self.conditional:
            raise ConfigError(
                f"recipe {self.name} draws no class that is asked for (class {label}). "
                "Fix: leave the class out, or train a conditional recipe such as cgan"
            )
        whole = isinstance(label, (int, np.integer)) and not isinstance(label, bool)
        if not (whole and 0 <= label < len(self.data.classes)):
            raise ConfigError(
                f"class {label!r} of {self.data.name}. "
                f"Fix: one of 0..{len(self.data.classes) - 1}"
            )

    def measure(self) -> dict[str, float]:
        """What `evaluate` finds on the held-out data; always with the same noise."""
        with self.at_rest():
            rng = backend.rng(self.config.seed, "evaluate")
            found = self.evaluate(self.data.test(), rng=rng)
        return {name: float(as_array(value)) for name, value in found.items()}

    def streams(self, step: int) -> Rng:
        """The `rng` of a training step: pure functions of (seed, stream, step)."""
        return lambda stream: backend.rng(self.config.seed, stream, step)

    @contextmanager
    def at_rest(self, *, recording: bool = False) -> Iterator[None]:
        """On the run's device, in eval mode, nothing recorded; afterwards as before.

        recording : record all the same, so that there are gradients to look at
        """
        parts = [part for m in self.modules().values() for part in m.modules()]
        before = [part.training for part in parts]
        with backend.device(self.config.device), record(recording):
            for part in parts:
                part.training = False
            try:
                yield
            finally:
                for part, training in zip(parts, before, strict=True):
                    part.training = training


def as_array(x) -> np.ndarray:
    """A tensor, array or number as a NumPy array."""
    return np.asarray(backend.to_host(x.data if isinstance(x, Tensor) else x))
