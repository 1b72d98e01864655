"""Looking at every gradient after backward, before an optimiser uses it."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from tinygen.backend import xp_of
from tinygen.errors import NonFiniteError
from tinygen.kernels.adam import global_norm
from tinygen.train.recipe import Recipe, as_array

FIRST = 20  # updates that tell what norm is usual
MEMORY = 0.98  # of the usual norm, from one update to the next: about 50 are averaged
EXPLODED = 100.0  # times the usual norm


class Watch:
    """Within `on()`, an update by gradients that are not finite is never made.

    awake : whether to look; on a GPU every look is a wait
    warnings : what was noticed and is no error, for the loop to tell
    Raises NonFiniteError, naming the parameters, in the place of such an update.
    """

    def __init__(self, recipe: Recipe):
        self.recipe, self.awake = recipe, True
        self.usual: dict[str, tuple[int, float]] = {}  # updates seen, norm
        self.warnings: list[str] = []
        self.warned: set[str] = set()

    @contextmanager
    def on(self) -> Iterator[None]:
        """Look before each `step` of each optimiser of the recipe."""
        optimizers = self.recipe.optimizers()
        for name, optimizer in optimizers.items():
            optimizer.step = self.before(name, optimizer, optimizer.step)
        try:
            yield
        finally:
            for optimizer in optimizers.values():
                del optimizer.step  # the class's own is there again

    def before(self, name: str, optimizer, step: Callable) -> Callable:
        """The optimiser's step, with a look at its gradients before it."""
        parameters = list(optimizer.parameters())

        def looking() -> None:
            if self.awake:
                self.look(name, parameters)
            step()

        return looking

    def look(self, name: str, parameters: list) -> None:
        """Raise NonFiniteError for NaN or infinity; notice a norm that jumped."""
        gradients = [p.grad.data for p in parameters if p.grad is not None]
        norm = quick_norm(gradients)
        norm = norm if math.isfinite(norm) else global_norm(gradients)
        if not math.isfinite(norm):
            raise NonFiniteError(
                f"the gradient of {self.named(parameters)} is NaN or infinite, and "
                f"optimiser {name} was not let to use it. Fix: a smaller step size"
            )
        self.compare(name, norm)

    def compare(self, name: str, norm: float) -> None:
        """Warn once of a norm a hundred times the usual one."""
        seen, usual = self.usual.get(name, (0, 0.0))
        if seen >= FIRST and norm > EXPLODED * usual > 0 and name not in self.warned:
            self.warned.add(name)
            self.warnings.append(
                f"the gradient of optimiser {name} has norm {norm:.3g}, usually "
                f"{usual:.3g}: it explodes, or a sample is odd"
            )
        kept = min(seen / (seen + 1), MEMORY)
        self.usual[name] = seen + 1, kept * usual + (1 - kept) * norm

    def named(self, parameters: list) -> str:
        """The names of those whose gradient is not finite, and how much of it."""
        known = {
            id(p): f"{key}.{name}"
            for key, module in self.recipe.modules().items()
            for name, p in module.named_parameters()
        }
        found = []
        for p in parameters:
            bad = 0 if p.grad is None else count_bad(p.grad.data)
            if bad:
                found.append(f"{known.get(id(p), p.shape)} ({bad} of {p.size})")
        rest = f" and {len(found) - 3} more" if len(found) > 3 else ""
        return ", ".join(found[:3]) + rest


def quick_norm(arrays: list) -> float:
    """The norm of all arrays together, in their own precision: inf if that overflows.

    A dot product each is a tenth of what an exact sum costs a small network.
    """
    return math.sqrt(sum(xp_of(g).vdot(g, g) for g in arrays))


def count_bad(array) -> int:
    """How many numbers are NaN or infinite."""
    return int((~xp_of(array).isfinite(array)).sum())


def parameters(recipe: Recipe) -> dict[str, np.ndarray]:
    """A copy of every parameter, by its name."""
    return {
        f"{key}.{name}": as_array(parameter).copy()
        for key, module in recipe.modules().items()
        for name, parameter in module.named_parameters()
    }


def left_alone(recipe: Recipe, before: dict[str, np.ndarray]) -> list[str]:
    """The parameters that have no gradient and are what they were before."""
    return [
        f"{key}.{name}"
        for key, module in recipe.modules().items()
        for name, parameter in module.named_parameters()
        if parameter.grad is None
        and np.array_equal(as_array(parameter), before[f"{key}.{name}"])
    ]
