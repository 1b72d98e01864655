"""The folder of a run: all that is needed to look at it, go on with it, or repeat it.

config.json     recipe, every option, versions, fingerprint of the data, command
log.csv         losses;  evaluation.csv: what is measured on held-out data
samples.png     the newest samples;  samples/step_000500.png: those of each time
grid.png        what `tinygen sample RUN` draws
evaluation.json what `tinygen evaluate RUN` measures
curves.png      losses and measurements against the step
pictures/       extra pictures, where a recipe draws any
checkpoints/    the last two states
"""

import json
import platform
import shlex
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tinygen import __version__, files
from tinygen.errors import ConfigError
from tinygen.train import checkpoint
from tinygen.train.checkpoint import Checkpoint, listed
from tinygen.train.config import Config, check_names, shown
from tinygen.train.lock import Lock
from tinygen.train.log import Log
from tinygen.train.recipe import Recipe

LOCK = ".lock"
MAX_CONFIG = 2**20  # characters; those of a run are some hundreds
OURS = (  # what --overwrite removes, and nothing else
    "config.json",
    "log.csv",
    "evaluation.csv",
    "evaluation.json",
    "curves.png",
    "samples.png",
    "grid.png",
    "samples",
    "pictures",
    checkpoint.FOLDER,
)
# options that say how far to go and what to look at, not what a step computes
FREE = {"steps", "device", "graph", "log_every", "sample_every", "save_every"}


class Run:
    """The folder of one run and the places in it."""

    def __init__(self, folder: Path | str):
        self.folder = Path(folder)
        self.config = self.folder / "config.json"
        self.log = Log(self.folder / "log.csv")
        self.evaluation = Log(self.folder / "evaluation.csv")
        self.curves = self.folder / "curves.png"
        self.samples = self.folder / "samples.png"

    def place(self, kind: str, step: int) -> Path:
        """Where the picture of a kind at a step goes: samples/step_000500.png."""
        folder = self.folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"step_{step:06d}.png"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder if need be, and keep other processes out of it meanwhile.

        Raises ConfigError if the folder cannot be used or is in use.
        """
        with ExitStack() as stack:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(Lock(self.folder / LOCK))
            except OSError as error:
                raise cannot_write(self.folder, error) from error
            yield

    def check_begun(self) -> None:
        """Raise ConfigError if there is no checkpoint to resume from."""
        self.read_config()
        places = self.folder / checkpoint.FOLDER
        if not checkpoint.saved(places):
            raise ConfigError(
                f"nothing to resume: no checkpoint step_*.safetensors in {places}. "
                "Fix: --overwrite to begin again"
            )

    def check_free(self, *, overwrite: bool) -> None:
        """Raise ConfigError if the folder cannot take a new run."""
        if self.folder.exists() and not self.folder.is_dir():
            raise cannot_write(self.folder, "it is a file")
        if not self.contents():
            return
        if not overwrite:
            raise ConfigError(
                f"{self.folder} is not empty: {listed(self.contents())}. Fix: --resume "
                "to go on with the run in it, --overwrite to lose it, or another --out"
            )
        if not self.config.is_file():
            raise ConfigError(
                f"{self.folder} holds no run, only {listed(self.contents())}. "
                "Fix: overwrite runs of tinygen only; choose another --out"
            )

    def contents(self) -> list[str]:
        """The names of what lies in the folder."""
        if not self.folder.exists():
            return []
        return sorted(path.name for path in self.folder.iterdir() if path.name != LOCK)

    def clear(self) -> None:
        """Remove an older run, and only what a run writes."""
        for name in OURS:
            path = self.folder / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def write_config(self, recipe: Recipe) -> None:
        """Write config.json."""
        about = {
            "recipe": recipe.name,
            "options": recipe.config.to_dict(),
            "data": recipe.data.fingerprint,
            "versions": versions(),
            "command": command(recipe, self.folder),
        }
        files.write(self.config, (json.dumps(about, indent=2) + "\n").encode())

    def read_config(self) -> dict[str, Any]:
        """What config.json says: "recipe", "options", "data", "versions", "command".

        Raises ConfigError if it is missing or not as `write_config` writes it.
        """
        try:
            with open(self.config, encoding="utf-8") as file:
                about = json.loads(file.read(MAX_CONFIG))  # what is cut is no JSON
            good = isinstance(about["recipe"], str) and isinstance(
                about["options"], dict
            )
        except FileNotFoundError as error:
            raise ConfigError(
                f"no run in {self.folder}: {self.config} is missing. "
                "Fix: name the folder of a run, or leave out --resume to begin one"
            ) from error
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise ConfigError(
                f"{self.config} cannot be read: {error}. Fix: repair or restore it"
            ) from error
        if not good:
            raise ConfigError(
                f"{self.config}: recipe or options are odd. Fix: repair it"
            )
        return about

    def config_of(self, kind: type[Recipe]) -> Config:
        """The options in config.json; ConfigError if they are not of this recipe."""
        about = self.read_config()
        if about["recipe"] != kind.name:
            raise ConfigError(
                f"{self.folder} holds a run of {about['recipe']}, not of {kind.name}. "
                f"Fix: tinygen train {about['recipe']}, or another --out"
            )
        return kind.Config.from_dict(about["options"])


def cannot_write(folder: Path, why) -> ConfigError:
    """The error for a folder that cannot hold a run."""
    return ConfigError(f"cannot write to {folder}: {why}. Fix: choose another --out")


def versions() -> dict[str, str]:
    """Of everything that can change the last bit of a result."""
    return {
        "tinygen": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def command(recipe: Recipe, folder: Path | str, *, resume: bool = False) -> str:
    """The command line that begins, or continues, this run."""
    words = ["tinygen", "train", recipe.name, "--out", str(folder)]
    if resume:
        return shlex.join([*words, "--resume"])
    for one in recipe.config.options():
        value = getattr(recipe.config, one.name)
        if value != one.default:
            words += ["--set", f"{one.name}={shown(value)}"]
    return shlex.join(words)


def changed(recipe: Recipe, before: Checkpoint) -> dict[str, str]:
    """Name -> "old, now new" of what differs from a checkpoint and changes a step.

    An option that is younger than the checkpoint had its default then.  Another name
    or place of the same data changes nothing.
    """
    then = {"recipe": before.recipe, "contents": before.data}
    then |= {**type(recipe.config)().to_dict(), **before.config}
    now = {"recipe": recipe.name, "contents": recipe.data.fingerprint}
    now |= recipe.config.to_dict()
    free = FREE | {"data"} if then["contents"] == now["contents"] else FREE
    return {
        name: f"{then.get(name)}, now {now.get(name)}"
        for name in {**then, **now}
        if then.get(name) != now.get(name) and name not in free
    }


def check_unchanged(recipe: Recipe, before: Checkpoint, allowed) -> None:
    """Raise ConfigError listing everything that would make the run another one."""
    check_names(allowed, ["contents", *before.config, *recipe.config.to_dict()])
    odd = {k: v for k, v in changed(recipe, before).items() if k not in allowed}
    if odd:
        names = ", ".join(f"{name} was {values}" for name, values in odd.items())
        allow = " ".join(f"--allow-changed {name}" for name in odd)
        raise ConfigError(
            f"resume: {names}. Fix: leave them as they were, or {allow}, "
            "and the run is no longer what its options alone would give"
        )
