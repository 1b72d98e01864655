"""Finding a recipe by its name, and bringing a trained one back."""

from dataclasses import replace
from pathlib import Path

from tinygen.backend import chosen
from tinygen.errors import ConfigError, choices
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
    Raises CheckpointError if there is none, IntegrityError if it is damaged.
    """
    found = checkpoint.load(checkpoint.find(Path(place)))
    kind = find(found.recipe)
    config = kind.Config.from_dict(found.config)
    recipe = kind(config if device is None else replace(config, device=chosen(device)))
    checkpoint.restore(recipe, found)
    return recipe
