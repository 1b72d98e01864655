"""Finding the first op that made a NaN or an infinity.

    with FirstBad() as found:
        loss = model(x)
        loss.backward()
    found.told  # 'exp(float32(64, 1)) at vae.py:88: 3 of 64 numbers inf or NaN'

Ops and rules are watched through Python's own profiling hook, so that a program which
does not ask for it pays nothing.  Within the block all is about ten times slower.
"""

import sys
from pathlib import Path

import numpy as np

from tinygen import engine
from tinygen.backend import is_array, xp_of
from tinygen.engine import OPS, Tensor
from tinygen.explain import called

CALLS = {record.call.__code__ for record in OPS.values()}  # what users call
SWEEPS = {
    sweep.__code__
    for sweep in (engine._sweep_arrays, engine._sweep_tensors, engine._pull_joint)
}
HERE = Path(__file__).parent
INNER = tuple(
    str(HERE / name) for name in ("op.py", "engine.py", "ops", "functional", "nn")
)


class FirstBad:
    """A `with` block that notes the first op in it whose result is not finite.

    told : the op, its arguments, the line that called it; None if all was finite.
    An op with finite arguments is preferred to one that was given NaN or infinity.
    """

    def __init__(self):
        self.made: str | None = None
        self.met: str | None = None

    @property
    def told(self) -> str | None:
        """What was found, in words."""
        return self.made or self.met

    def __enter__(self):
        self.before = sys.getprofile()
        sys.setprofile(self.look)
        return self

    def __exit__(self, *exception):
        sys.setprofile(self.before)

    def look(self, frame, event: str, result) -> None:
        """Called by Python when any function returns."""
        if event != "return" or self.made or result is None:
            return
        if frame.f_code in CALLS:
            self.after_op(frame, result)
        elif frame.f_back is not None and frame.f_back.f_code in SWEEPS:
            self.after_rule(frame.f_back, result)

    def after_op(self, frame, y) -> None:
        """An op returned: forward, or within the rule of another."""
        if sound(y):
            return
        found = frame.f_locals
        values = found["values"] if "values" in found else [found["x"], found["z"]]
        settings = found.get("settings") or {}
        what = called(found["record"], values, settings)
        self.note(f"{what} {place(frame)}", y, (*values, *settings.values()))

    def after_rule(self, sweep, gradients) -> None:
        """A rule returned one gradient, or one for each argument."""
        several = isinstance(gradients, (tuple, list))
        for gradient in gradients if several else [gradients]:
            if not sound(gradient):
                node, xs = sweep.f_locals["node"], sweep.f_locals["xs"]
                what = f"the gradient of {node.op.name} (result {node.shape})"
                self.note(what, gradient, (sweep.f_locals["g"], *xs))

    def note(self, what: str, y, inputs) -> None:
        """Keep what was found, if nothing better was found before."""
        bad = [x for x in inputs if not sound(x, masked=True)]
        masked = any(not sound(x) for x in inputs)
        if bad:
            self.met = self.met or f"{what}, which was given {counted(bad[0])}"
        elif not sound(y, masked=masked):
            self.made = f"{what}: {counted(y)}"


def numbers(x):
    """The floats in a Tensor, array or number; None for anything else."""
    x = x.data if isinstance(x, Tensor) else x
    if isinstance(x, float):
        return np.asarray(x)
    return x if is_array(x) and x.dtype.kind == "f" else None


def sound(x, *, masked: bool = False) -> bool:
    """Whether x holds no NaN or infinity.

    masked : -inf is sound, as it is meant to be there where scores are masked
    """
    x = numbers(x)
    if x is None:
        return True
    xp = xp_of(x)
    return not (xp.isnan(x) | xp.isposinf(x)).any() if masked else xp.isfinite(x).all()


def counted(x) -> str:
    """'3 of 64 numbers inf or NaN'."""
    x = numbers(x)
    return f"{int((~xp_of(x).isfinite(x)).sum())} of {x.size} numbers inf or NaN"


def place(frame) -> str:
    """The line that called an op, outside the ops and layers themselves."""
    while frame is not None:
        if frame.f_code in SWEEPS:
            return f"in the gradient of {frame.f_locals['node'].op.name}"
        if not frame.f_code.co_filename.startswith(INNER):
            return f"at {Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
