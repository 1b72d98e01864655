"""Checkpoints: everything that a run needs to go on exactly, at one step.

Files are checkpoints/step_000500.safetensors in the run folder; the last two are kept,
and as best.safetensors that of the step at which held-out data were met best.
Names in them: model.<module>.<name>, optim.<optimizer>.<name>, ema.<average>.<name>.
No state of random numbers is saved, for there is none: see `tinygen.rng`.
"""

import json
import re
import shutil
import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tinygen import __version__
from tinygen.errors import CheckpointError, NonFiniteError
from tinygen.train import tensorfile
from tinygen.train.recipe import Recipe, as_array

FORMAT = "tinygen checkpoint 1"
FACTS = {"format", "tinygen", "recipe", "config", "step", "seed", "data"}
FOLDER = "checkpoints"
BEST = "best.safetensors"
KEPT = 2  # the last, and the last but one
SHOWN = 10  # names listed in a message before the rest is only counted


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A state that was read.

    step : steps done      config : options, as in JSON      data : fingerprint
    tensors : name -> array
    """

    path: Path
    recipe: str
    config: dict[str, Any]
    step: int
    data: str
    tensors: dict[str, np.ndarray] = field(repr=False)


def save(run: Path, recipe: Recipe, step: int) -> Path:
    """Write the state after `step` steps to a run folder, and keep the last two.

    Raises NonFiniteError if a parameter is not finite; CheckpointError, with the
    bytes needed and free, if it cannot be written.  Older checkpoints stay then.
    """
    path = run / FOLDER / f"step_{step:06d}.safetensors"
    write(path, recipe, step)
    for old in saved(path.parent)[:-KEPT]:
        with suppress(OSError):
            old.unlink()
    return path


def save_best(run: Path, recipe: Recipe, step: int) -> Path:
    """Write the state as the best one.  Raises as `save`, and keeps the one before."""
    return write(run / FOLDER / BEST, recipe, step)


def write(path: Path, recipe: Recipe, step: int) -> Path:
    """Write the state after `step` steps to a file."""
    arrays = state(recipe)
    check_finite(arrays, step)
    facts = {
        "format": FORMAT,
        "tinygen": __version__,
        "recipe": recipe.name,
        "config": json.dumps(recipe.config.to_dict()),
        "step": str(step),
        "seed": str(recipe.config.seed),
        "data": recipe.data.fingerprint,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tensorfile.write(path, arrays, facts)
    except OSError as error:
        raise cannot_save(path, arrays, error) from error
    return path


def cannot_save(path: Path, arrays, error: OSError) -> CheckpointError:
    """The error for a checkpoint that could not be written."""
    needed = sum(array.nbytes for array in arrays.values())
    near = next(place for place in path.parents if place.exists())
    free = shutil.disk_usage(near).free
    return CheckpointError(
        f"cannot save {path}: {error}; {needed:,} bytes needed, {free:,} free. "
        "Fix: make room; checkpoints saved before are intact"
    )


def state(recipe: Recipe) -> dict[str, np.ndarray]:
    """Every array of a recipe by its name, on the host."""
    return {
        f"{group}.{key}.{name}": np.asarray(as_array(value), order="C")
        for group, key, part in parts(recipe)
        for name, value in part.state_dict().items()
    }


def parts(recipe: Recipe) -> list[tuple[str, str, Any]]:
    """(group, name, object) of everything that has a state."""
    groups = {
        "model": recipe.modules(),
        "optim": recipe.optimizers(),
        "ema": recipe.averages(),
    }
    return [
        (g, key, part) for g, named in groups.items() for key, part in named.items()
    ]


def check_finite(arrays: dict[str, np.ndarray], step: int) -> None:
    """Raise NonFiniteError for a state that is not worth keeping."""
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            bad = np.count_nonzero(~np.isfinite(array))
            raise NonFiniteError(
                f"step {step}: {bad} of {array.size} numbers of {name} are NaN or "
                "infinite; not saved. Fix: a smaller step size"
            )


def saved(folder: Path) -> list[Path]:
    """The checkpoints in a folder, the newest last."""
    found = {
        int(match[1]): path
        for path in (folder.iterdir() if folder.is_dir() else ())
        if (match := re.fullmatch(r"step_(\d+)\.safetensors", path.name))
    }
    return [found[step] for step in sorted(found)]


def step_of(path: Path) -> int:
    """The step in the name of a checkpoint."""
    return int(re.fullmatch(r"step_(\d+)\.safetensors", path.name)[1])


def find(place: Path) -> Path:
    """The newest checkpoint of a run folder, or `place` itself if it is a file.

    Raises CheckpointError, listing what lies nearby, if there is none.
    """
    if place.is_file():
        return place
    found = saved(place / FOLDER)
    if not found:
        near = next(p for p in (place, *place.absolute().parents) if p.is_dir())
        names = sorted(path.name for path in near.iterdir()) or ["nothing"]
        raise CheckpointError(
            f"no checkpoint {place / FOLDER}/step_*.safetensors; {near} holds "
            f"{listed(names)}. Fix: name the folder of a run"
        )
    return found[-1]


def load(path: Path) -> Checkpoint:
    """Read a checkpoint and check every byte of it.

    Raises CheckpointError if it is of another sort or version; IntegrityError if it is
    damaged.
    """
    tensors, facts = tensorfile.read(path)
    if set(facts) != FACTS or facts["format"] != FORMAT:
        theirs, by = facts.get("format", "unknown"), facts.get("tinygen", "?")
        raise CheckpointError(
            f"{path} has format {theirs!r:.60}, this is tinygen {__version__} with "
            f"{FORMAT!r}. Fix: read it with tinygen {by:.20}"
        )
    if not re.fullmatch(r"[0-9]{1,18}", facts["step"]):
        raise tensorfile.damaged(path, f"step is {facts['step']!r:.60}")
    return Checkpoint(
        path=path,
        recipe=facts["recipe"],
        config=tensorfile.mapping(path, facts["config"]),
        step=int(facts["step"]),
        data=facts["data"],
        tensors=tensors,
    )


def restore(recipe: Recipe, checkpoint: Checkpoint) -> None:
    """Put a saved state into a recipe, all of it or, if it does not fit, nothing.

    Raises CheckpointError naming what is missing, unexpected or of another shape; warns
    of NaN and infinity.
    """
    check_fits(state(recipe), checkpoint)
    warn_of_nan(checkpoint)
    for group, key, part in parts(recipe):
        prefix = f"{group}.{key}."
        part.load_state_dict(
            {
                name.removeprefix(prefix): array
                for name, array in checkpoint.tensors.items()
                if name.startswith(prefix)
            }
        )


def warn_of_nan(checkpoint: Checkpoint) -> None:
    """Warn of tensors that tinygen would not have saved."""
    bad = [
        name
        for name, array in checkpoint.tensors.items()
        if array.dtype.kind == "f" and not np.isfinite(array).all()
    ]
    if bad:
        warnings.warn(
            f"{checkpoint.path}: NaN or infinity in {listed(bad)}",
            RuntimeWarning,
            stacklevel=3,
        )


def check_fits(wanted: dict[str, np.ndarray], checkpoint: Checkpoint) -> None:
    """Raise CheckpointError unless names, shapes and types are those wanted."""
    given = checkpoint.tensors
    kinds = {
        name: f"{array.dtype} {array.shape}, here {wanted[name].dtype} "
        f"{wanted[name].shape}"
        for name, array in given.items()
        if name in wanted
        and (array.shape, array.dtype) != (wanted[name].shape, wanted[name].dtype)
    }
    problems = {
        "missing": sorted(wanted.keys() - given.keys()),
        "unexpected": sorted(given.keys() - wanted.keys()),
        "different": [f"{name} is {kind}" for name, kind in kinds.items()],
    }
    found = [f"{what}: {listed(names)}" for what, names in problems.items() if names]
    if found:
        raise CheckpointError(
            f"{checkpoint.path} is of another architecture; {'; '.join(found)}. "
            "Fix: use the options that it was trained with"
        )


def listed(names: Iterable[str]) -> str:
    """Names with commas, the first ten of them."""
    names = list(names)
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest
