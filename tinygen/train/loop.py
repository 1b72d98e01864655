"""The training loop: the same for every recipe.

State after step k is a pure function of (recipe, options, data, k), since all
randomness comes from (seed, stream, step).  Looking at a run, which is drawing samples,
evaluating, logging and saving, changes nothing in it, and a run that is continued
from a checkpoint is bit for bit the run that was never stopped.
"""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from tinygen import backend, files, plot
from tinygen.errors import (
    CheckpointError,
    ConfigError,
    NonFiniteError,
    OutOfMemory,
)
from tinygen.train import checkpoint
from tinygen.train.diagnose import from_newest
from tinygen.train.graph import graphs_of
from tinygen.train.losses import not_finite, read
from tinygen.train.progress import Progress, in_words
from tinygen.train.recipe import Recipe, as_array
from tinygen.train.run import Run, check_unchanged, versions
from tinygen.train.stop import Stop
from tinygen.train.watch import Watch, left_alone, parameters

SHOWN_IMAGES, SHOWN_POINTS = 64, 2500  # in a picture of samples


@dataclass(frozen=True)
class Result:
    """How a training ended.

    step : steps done      signal : the number of the one that stopped it, or None
    losses : the last that were read      samples : the picture of the last samples
    """

    folder: Path
    step: int
    signal: int | None
    losses: dict[str, float]
    samples: Path


def train(
    recipe: Recipe,
    folder: Path | str,
    *,
    resume: bool = False,
    overwrite: bool = False,
    allow_changed: tuple[str, ...] = (),
    progress: bool = True,
) -> Result:
    """Train a recipe for recipe.config.steps steps and keep the run in a folder.

    resume : go on with the run in the folder      overwrite : lose the run in it
    allow_changed : options that may differ from those that the run began with
    progress : tell of it on stderr

    The first Ctrl-C or SIGTERM finishes the step, saves and returns, with
    result.signal set; the second stops at once.
    Raises ConfigError if the folder cannot be used, NonFiniteError if a loss is not
    finite, CheckpointError if the last state could not be saved.
    """
    run = Run(folder)
    check_can(run, resume, overwrite)
    check_graph(recipe.config)
    name, total = recipe.name, recipe.config.steps
    with (
        run.locked(),
        backend.device(recipe.config.device),
        Progress(name, total, wanted=progress) as bar,
        Stop() as stop,
    ):
        done = go_on(recipe, run, allow_changed, bar) if resume else begin(recipe, run)
        bar.start(done)
        return Training(recipe, run, done, bar, stop).run_on()


def check_can(run: Run, resume: bool, overwrite: bool) -> None:
    """Raise ConfigError if the folder cannot be used as it is wanted."""
    if resume and overwrite:
        raise ConfigError("resume and overwrite at once. Fix: choose one of them")
    if resume:
        run.check_begun()
    else:
        run.check_free(overwrite=overwrite)


def check_graph(config) -> None:
    """Raise ConfigError if there can be no graphs."""
    if config.graph and config.device == "cpu":
        raise ConfigError(
            "graph=true on device cpu: only a GPU has CUDA graphs. "
            "Fix: device=cuda, or graph=false"
        )


def begin(recipe: Recipe, run: Run) -> int:
    """Make the folder that of a new run; -> 0, the steps done."""
    run.clear()
    run.write_config(recipe)
    return 0


def go_on(recipe: Recipe, run: Run, allow_changed, progress: Progress) -> int:
    """Put the newest checkpoint of a run into the recipe; -> the steps done."""
    files.remove_temporary(run.folder / checkpoint.FOLDER)
    before = checkpoint.load(checkpoint.find(run.folder))
    check_unchanged(recipe, before, allow_changed)
    checkpoint.restore(recipe, before)
    for log in (run.log, run.evaluation):
        log.keep(before.step)
    then, now = run.read_config().get("versions"), versions()
    if then != now:
        progress.say(f"begun with {then}, now {now}: last digits may differ")
    run.write_config(recipe)
    return before.step


class Training:
    """A recipe on its way from `done` steps to the last."""

    def __init__(self, recipe: Recipe, run: Run, done: int, progress, stop: Stop):
        self.recipe, self.config, self.run = recipe, recipe.config, run
        self.done, self.progress, self.stop = done, progress, stop
        self.losses: dict[str, float] = {}
        rows = run.log.rows()
        self.began = time.monotonic() - (rows[-1]["seconds"] if rows else 0.0)
        self.cheap_to_read = recipe.config.device == "cpu"  # on a GPU it is a wait
        self.watch = Watch(recipe)
        self.graphs = graphs_of(recipe) if recipe.config.graph else None

    def run_on(self) -> Result:
        """Train to the last step, or to the end of the step in which a signal comes."""
        on_stream = self.graphs.on() if self.graphs else nullcontext()
        with on_stream, self.watch.on():
            if self.done == 0:
                self.look()
                self.save()
            while self.done < self.config.steps and self.stop.signal is None:
                self.advance()
        stopped = self.stop.signal if self.done < self.config.steps else None
        if stopped is not None:
            self.progress.say(f"stopped after step {self.done}")
            self.save()
        samples = self.run.samples
        return Result(self.run.folder, self.done, stopped, self.losses, samples)

    def advance(self) -> None:
        """One training step, and what is due after it."""
        recipe, step = self.recipe, self.done
        before = parameters(recipe) if step == 0 else {}
        self.losses = self.take(step)
        self.done = step + 1
        if step == 0:
            self.warn_of(left_alone(recipe, before))
        while self.watch.warnings:
            self.progress.say(f"warning: step {self.done}: {self.watch.warnings.pop()}")
        self.progress.update(self.done, self.losses)
        if self.due(self.config.log_every):
            self.attempt(self.record)
        if self.due(self.config.sample_every):
            self.attempt(self.look)
        if self.due(self.config.save_every):
            self.attempt(self.save)

    def take(self, step: int) -> dict[str, float]:
        """Take a training step; -> the losses that were read last.

        Raises NonFiniteError or OutOfMemory, which say what checkpoint is kept.
        """
        recipe = self.recipe
        reads = self.cheap_to_read or self.due(self.config.log_every, step + 1)
        self.watch.awake = reads and self.graphs is None
        try:
            if self.graphs:
                losses = self.graphs.step(step)
            else:
                losses = recipe.take(step, recipe.streams(step))
            return read(losses) if reads else self.losses
        except NonFiniteError as error:
            raise self.not_finite(step, error, sure=self.cheap_to_read) from error
        except MemoryError as error:
            raise self.out_of_memory(step, error) from error

    def due(self, every: int, done: int | None = None) -> bool:
        """Whether the step `done`, or the one just taken, is the last or every nth."""
        done = self.done if done is None else done
        return done % every == 0 or done == self.config.steps

    def not_finite(self, step: int, error, *, sure: bool) -> NonFiniteError:
        """The error of a step, with all that is known of it after a second look.

        sure : it is this step that failed, and none before it
        """
        kept = self.kept()
        again = step - checkpoint.step_of(kept)
        self.progress.say(f"not finite; repeating {again + 1} steps to find the op")
        how = {"sure": sure, "stopped": lambda: self.stop.signal is not None}
        found = from_newest(self.recipe, self.run.folder, step, self.watch, **how)
        what = not_finite(found.losses) or str(error).partition(". Fix:")[0]
        return NonFiniteError(
            f"step {found.step + 1}: {what} ({in_words(found.losses) or 'losses ?'}; "
            f"last read {in_words(self.losses) or 'none'}). First to give NaN or "
            f"infinity: {found.told or 'not found'}. Fix: a smaller step size; "
            f"{kept} is kept"
        )

    def out_of_memory(self, step: int, error: MemoryError) -> OutOfMemory:
        """The error of a step for which there was too little memory."""
        backend.free_memory()
        size, what = self.config.batch_size, str(error).partition(". Fix:")[0]
        return OutOfMemory(
            f"step {step + 1}: out of memory: {what}; batch_size is {size}. "
            f"Fix: --batch-size {max(1, size // 2)}; {self.kept()} is kept"
        )

    def kept(self) -> Path:
        """The newest checkpoint."""
        return checkpoint.find(self.run.folder)

    def warn_of(self, names: list[str]) -> None:
        """Say which parameters the first step did not reach."""
        if names:
            self.progress.say(
                f"warning: no gradient in the first step for {checkpoint.listed(names)}"
            )

    def attempt(self, write: Callable[[], None]) -> None:
        """Write something; a full disk is told of, and at the last step is an error."""
        try:
            write()
        except (OSError, CheckpointError) as error:
            if self.done == self.config.steps:
                raise
            self.progress.say(f"warning: {error}; training goes on")

    def record(self) -> None:
        """Add a row to the log."""
        row = {"step": self.done, "seconds": round(time.monotonic() - self.began, 2)}
        optimizers = self.recipe.optimizers().items()
        rates = {f"lr {name}": optimizer.lr for name, optimizer in optimizers}
        self.run.log.append(row | self.losses | rates)

    def look(self) -> None:
        """Draw samples and other pictures, measure held-out data, draw the curves."""
        recipe, run = self.recipe, self.run
        path = run.place("samples", self.done)
        plane = recipe.data.kind == "plane"
        samples = recipe.draw(SHOWN_POINTS if plane else SHOWN_IMAGES)
        target = as_array(recipe.data.test().x) if plane else None
        plot.save_samples(path, samples, target)
        files.write(run.samples, path.read_bytes())
        for name, draw in recipe.pictures().items():
            with recipe.at_rest(recording=True):
                plot.save_figure(run.place(f"pictures/{name}", self.done), draw)
        if measured := recipe.measure():
            run.evaluation.append({"step": self.done, **measured})
            if improved([row.get(recipe.best) for row in run.evaluation.rows()]):
                self.write(checkpoint.save_best)
        tables = {"losses": run.log.rows(), "held-out data": run.evaluation.rows()}
        plot.save_figure(run.curves, lambda figure: plot.curves(figure, tables), (9, 4))

    def save(self) -> None:
        """Write a checkpoint, after the rows that it has behind it."""
        self.run.log.sync()
        self.run.evaluation.sync()
        self.write(checkpoint.save)

    def write(self, save: Callable) -> None:
        """Write a checkpoint; if the state is not finite, find out why."""
        try:
            save(self.run.folder, self.recipe, self.done)
        except NonFiniteError as error:
            if self.done == 0:
                raise
            raise self.not_finite(self.done - 1, error, sure=False) from error


def improved(values: list[float | None]) -> bool:
    """Whether the last of some measurements is lower than all before it."""
    if not values or values[-1] is None or not math.isfinite(values[-1]):
        return False
    before = [value for value in values[:-1] if math.isfinite(value)]
    return all(values[-1] < value for value in before)
