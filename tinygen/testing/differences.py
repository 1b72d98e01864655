"""Derivatives by differences: the numbers that gradients are checked against.

Each method gets phi, a function of one number, and finds phi'(0).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

EPS = 2.0**-52


class Slope(NamedTuple):
    """A derivative by differences, and what tells whether to trust it."""

    value: float
    spread: float  # how far two step sizes disagree
    jump: float  # right minus left derivative ...
    finer_jump: float  # ... and the same with half the step

    def is_kink(self, tolerance: float) -> bool:
        """Whether the derivatives left and right of the point differ.

        Of a smooth function the jump falls by 8 when the step is halved; a kink's
        stays.
        """
        return abs(self.jump) > tolerance and abs(self.finer_jump) > abs(self.jump) / 2


def five_point(phi: Callable, h: float) -> Slope:
    """(phi(-2h) - 8 phi(-h) + 8 phi(h) - phi(2h)) / 12h, at h and at h/2.

    The error is h^4 phi'''''/30 by truncation and about 2 eps phi/h by rounding; at
    h = 2e-4 both are near 1e-11 for a function of unit scale.
    """
    middle, far = phi(0.0), (phi(-2 * h), phi(2 * h))
    near, close = (phi(-h), phi(h)), (phi(-h / 2), phi(h / 2))
    coarse = _central(far, near, h)
    fine = _central(near, close, h / 2)
    jumps = _jump(far, near, middle, h), _jump(near, close, middle, h / 2)
    return Slope(coarse, abs(coarse - fine), *jumps)


def _central(far, near, h) -> float:
    return (far[0] - 8 * near[0] + 8 * near[1] - far[1]) / (12 * h)


def _jump(far, near, middle, h) -> float:
    """The difference of (-3 phi(0) + 4 phi(h) - phi(2h)) / 2h and its mirror image."""
    return (4 * (near[0] + near[1]) - (far[0] + far[1]) - 6 * middle) / (2 * h)


def ridders(phi: Callable, h: float = 0.05, shrink: float = 1.4, rows: int = 12):
    """Central differences at falling steps, extrapolated to step 0.

    row[j] removes the error term of order h^(2j); the best entry is the one that its
    two neighbours confirm.  More accurate than five points on a smooth function, but
    the first step is large, and may cross a kink or a pole.
    Source: C. Ridders, Advances in Engineering Software 4 (1982) 75-76.
    """
    best, error, above = math.nan, math.inf, []
    for _ in range(rows):
        row = [(phi(h) - phi(-h)) / (2 * h)]
        for j, previous in enumerate(above, 1):
            factor = shrink ** (2 * j)
            row.append((factor * row[-1] - previous) / (factor - 1))
            worst = max(abs(row[-1] - row[-2]), abs(row[-1] - previous))
            if worst <= error:
                best, error = row[-1], worst
        above, h = row, h / shrink
    return Slope(best, error, 0.0, 0.0)


def one_sided(phi: Callable, h: float = 1e-6) -> tuple[float, float]:
    """The derivatives from the left and from the right."""
    middle = phi(0.0)
    return (middle - phi(-h)) / h, (phi(h) - middle) / h


METHODS = {"five-point": five_point, "ridders": lambda phi, h: ridders(phi)}
