"""After a loss or gradient that is not finite: which op made it.

Since a run is a pure function of its last checkpoint, the step that failed can be
repeated from there, bit for bit, this time with every op looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tinygen.anomaly import FirstBad
from tinygen.errors import NonFiniteError, TinygenError
from tinygen.train import checkpoint
from tinygen.train.checkpoint import Checkpoint
from tinygen.train.losses import not_finite
from tinygen.train.recipe import Recipe, as_array
from tinygen.train.watch import Watch


@dataclass(frozen=True)
class Diagnosis:
    """What repeating a step showed.

    step : that failed, 0 for the first      losses : of that step, NaN and all
    told : the first op whose result is not finite, in words; None if none was found
    """

    step: int
    losses: dict[str, float] = field(default_factory=dict)
    told: str | None = None


def diagnose(
    recipe: Recipe,
    before: Checkpoint,
    last: int,
    watch: Watch,
    *,
    sure: bool,
    stopped: Callable[[], bool] = lambda: False,
) -> Diagnosis:
    """Go back to a checkpoint, repeat the steps up to the one that failed, look at it.

    last : the step at whose end the failure was noticed      watch : on, as in training
    sure : it is the step that failed; else the first that fails is searched for
    stopped : whether to give up
    The recipe is left in the state in which it failed, or in any other.
    """
    with np.errstate(all="ignore"):
        checkpoint.restore(recipe, before)
        step = last
        if not sure:
            watch.awake = True
            step = first_failure(recipe, before.step, last)
            checkpoint.restore(recipe, before)
        watch.awake = False
        for k in range(before.step, step):
            if stopped():
                return Diagnosis(step)
            repeat(recipe, k)
        with FirstBad() as found:
            losses = repeat(recipe, step)
    return Diagnosis(step, losses, found.told)


def repeat(recipe: Recipe, step: int) -> dict[str, float]:
    """One step; -> its losses as numbers."""
    losses = recipe.train_step(recipe.data.batch(step), step, recipe.streams(step))
    return {name: float(as_array(value).mean()) for name, value in losses.items()}


def first_failure(recipe: Recipe, first: int, last: int) -> int:
    """The first step with a loss or gradient that is not finite, at most `last`."""
    for step in range(first, last):
        try:
            losses = repeat(recipe, step)
        except NonFiniteError:
            return step
        if not_finite(losses):
            return step
    return last


def from_newest(recipe: Recipe, run, last: int, watch: Watch, **how) -> Diagnosis:
    """`diagnose` from the newest checkpoint of a run folder.

    What goes wrong in it hides nothing: the diagnosis then only has the step.
    """
    try:
        before = checkpoint.load(checkpoint.find(run))
        return diagnose(recipe, before, last, watch, **how)
    except (TinygenError, OSError, MemoryError, ArithmeticError):
        return Diagnosis(last)
