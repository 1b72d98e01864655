"""Two routes to one number: the way this book shows that an equation is right."""

import numpy as np

from tinygen.course.say import say
from tinygen.engine import Tensor
from tinygen.errors import ConfigError, ShapeError


def same(equation: str, *, rtol: float = 1e-9, atol: float = 0.0, **routes) -> None:
    """Show one quantity found by several routes, and that they agree.

    equation : its number, "1.2"
    routes : two or more numbers or arrays of one shape, by the name of the route
    rtol, atol : the largest difference may be atol + rtol times the largest value
    Raises AssertionError where they disagree: the chapter would be wrong.

    >>> same("0.1", by_formula=1 / 3, by_sum=0.1 + 0.7 / 3)
    Eq. (0.1)  by formula 0.3333333333 | by sum 0.3333333333 | relative difference 0
    """
    if len(routes) < 2:
        raise ConfigError(
            f"same({equation!r}) got {len(routes)} route. Fix: name=value, twice"
        )
    arrays = {name: _array(x) for name, x in routes.items()}
    first, *rest = arrays.values()
    if any(x.shape != first.shape for x in rest):
        shapes = {name: x.shape for name, x in arrays.items()}
        raise ShapeError(f"same({equation!r}): shapes {shapes}. Fix: compare alike")
    worst = max(float(np.max(np.abs(x - first), initial=0.0)) for x in rest)
    size = max(float(np.max(np.abs(x), initial=0.0)) for x in arrays.values())
    told = [f"{name.replace('_', ' ')} {_told(x)}" for name, x in arrays.items()]
    relative = worst / size if size else worst
    told.append(f"relative difference {relative:.2g}")
    text = f"Eq. ({equation})  " + " | ".join(told)
    if not worst <= atol + rtol * size:
        raise AssertionError(f"{text}, more than rtol={rtol:g} and atol={atol:g} allow")
    say(text)


def _array(x) -> np.ndarray:
    x = x.data if isinstance(x, Tensor) else x
    return np.asarray(x, dtype=float)


def _told(x: np.ndarray) -> str:
    if x.size == 1:
        return f"{x.item():.10g}"
    few = ", ".join(f"{v:.6g}" for v in x.ravel()[:3])
    return f"[{few}{', ...' if x.size > 3 else ''}]"
