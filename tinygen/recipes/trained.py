"""Finding a recipe by its name, and bringing a trained one back."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from tinygen.backend import chosen, rng, size_of
from tinygen.errors import CheckpointError, ConfigError, choices
from tinygen.recipes import RECIPES
from tinygen.train import checkpoint
from tinygen.train.recipe import Recipe


def find(name: str) -> type[Recipe]:
    """The recipe of that name; ConfigError with the nearest name, and all of them."""
    if name not in RECIPES:
        raise ConfigError(f"unknown recipe {name!r}. {choices(name, RECIPES)}")
    return RECIPES[name]


def trained(place: Path | str, *, device: str | None = None) -> Recipe:
    """A recipe in the state of a checkpoint, with the options that it was trained with.

    place : the folder of a run, for its newest checkpoint, or the file of one
    device : where to compute, if not where it was trained
    Raises CheckpointError if there is none or its options are not those of its numbers,
    IntegrityError if it is damaged.
    """
    found = checkpoint.load(checkpoint.find(Path(place)))
    kind = find(found.recipe)
    config = kind.Config.from_dict(found.config)
    config = config if device is None else replace(config, device=chosen(device))
    recipe = kind(config, rng=Bounded(config.seed, found))
    checkpoint.restore(recipe, found)
    return recipe


class Bounded(np.random.Generator):
    """Randomness for first weights, no more of it than a checkpoint has room for.

    The options in a file of somebody else may ask for a network that fills the memory,
    and that it does not fit would turn out only afterwards.
    """

    def __init__(self, seed: int, found: checkpoint.Checkpoint):
        super().__init__(rng(seed, "init").bit_generator)
        self.path = found.path
        self.left = self.held = sum(x.size for x in found.tensors.values())

    def standard_normal(self, size=None, *given, **options):
        """As NumPy has it, if there is room."""
        self.take(size)
        return super().standard_normal(size, *given, **options)

    def normal(self, loc=0.0, scale=1.0, size=None):
        """As NumPy has it, if there is room."""
        self.take(size)
        return super().normal(loc, scale, size)

    def uniform(self, low=0.0, high=1.0, size=None):
        """As NumPy has it, if there is room."""
        self.take(size)
        return super().uniform(low, high, size)

    def take(self, size) -> None:
        """Count numbers; CheckpointError for more than there are in the file."""
        size = 1 if size is None else size
        self.left -= size_of(size if isinstance(size, (tuple, list)) else [size])
        if self.left < 0:
            raise CheckpointError(
                f"{self.path} is of another architecture: its options ask for a larger "
                f"network than the {self.held:,} numbers in it. Fix: another checkpoint"
            )
