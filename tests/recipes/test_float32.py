"""A training step is float32 throughout: no node of it is twice as wide, and slow.

One float64 number in a wrong place, such as a NumPy scalar that an activation is
multiplied by, makes float64 of all that comes after it; the losses look the same.
"""

from contextlib import contextmanager

import numpy as np
import pytest

import tinygen as tg
from tinygen import engine
from tinygen.recipes import RECIPES

STEPS = 2  # the second has no R1 penalty: its gradients are raw arrays
WANTED = {"float32"}


class Seen:
    """The floating-point arrays of a step, by what they are: dtype names and counts."""

    def __init__(self):
        self.dtypes, self.counts, self.ops = {}, {}, set()

    def add(self, kind, array, where=""):
        dtype = getattr(array, "dtype", None)
        if dtype is None or dtype.kind != "f":
            return
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.dtypes.setdefault(dtype.name, set()).add((kind, where, array.shape))

    def wider(self):
        """What is not float32."""
        return {name: found for name, found in self.dtypes.items() if name != "float32"}


class Gradients(dict):
    """The gradients of a backward pass on arrays; each is looked at as it comes."""

    def __init__(self, grads, seen):
        super().__init__(grads)
        self.seen = seen

    def __setitem__(self, node, g):
        self.seen.add("gradient", g, node.op.name if node.op else "leaf")
        super().__setitem__(node, g)


@contextmanager
def watching(monkeypatch):
    """Look at every tensor, every node and every gradient that is made within."""
    seen = Seen()
    tensor, node, sweep = (
        engine.Tensor.__init__,
        engine.Node.__init__,
        engine._sweep_arrays,
    )

    def new_tensor(self, data, place=None):
        tensor(self, data, place)
        seen.add("tensor", data, place.op.name if place and place.op else "")

    def new_node(self, op, parents, saved, settings, out, shape):
        node(self, op, parents, saved, settings, out, shape)
        seen.ops.add(op and op.name)
        for array in (*saved, *(out if isinstance(out, tuple) else (out,))):
            seen.add("saved", array, op and op.name)

    def watched_sweep(steps, useful, keep, grads, free):
        watched = Gradients(grads, seen)
        sweep(steps, useful, keep, watched, free)
        grads.clear()
        grads.update(watched)

    with monkeypatch.context() as patch:
        patch.setattr(engine.Tensor, "__init__", new_tensor)
        patch.setattr(engine.Node, "__init__", new_node)
        patch.setattr(engine, "_sweep_arrays", watched_sweep)
        yield seen


def kept_by(recipe):
    """(kind, name, array): what a recipe keeps from one step to the next."""
    for part, module in recipe.modules().items():
        for name, p in module.named_parameters():
            yield "parameter", f"{part}.{name}", p.data
            yield (
                "parameter's gradient",
                f"{part}.{name}",
                getattr(p.grad, "data", None),
            )
        for name, value in module.state_dict().items():
            yield "state", f"{part}.{name}", value
    for part, optimizer in recipe.optimizers().items():
        for _, flat in optimizer._flats:
            buffers = {"values": flat.values, "gradients": flat.gradients, **flat.state}
            for name, buffer in buffers.items():
                yield "optimiser", f"{part}.{name}", buffer
    for part, ema in recipe.averages().items():
        for name, average in ema.averages.items():
            yield "average", f"{part}.{name}", average


VARIANTS = [
    ("gan", {"objective": "wasserstein", "gp": 10.0, "d_steps": 2}),
    ("gan", {"objective": "wasserstein", "clip": 0.01, "minibatch_std": True}),
    ("gan", {"objective": "minimax", "half": True, "smooth": 0.1}),
    ("dcgan", {"objective": "hinge", "spectral": True, "norm_d": False}),
    ("dcgan", {"objective": "least-squares", "gp": 1.0, "flip": "yes"}),
]
CASES = [*((name, {}) for name in RECIPES), *VARIANTS]


@pytest.mark.parametrize(
    ("name", "options"), CASES, ids=lambda v: v if isinstance(v, str) else "-".join(v)
)
def test_every_node_of_two_training_steps_is_float32(name, options, monkeypatch):
    kind = RECIPES[name]
    recipe = kind(kind.Config(**{"batch_size": 4, **options}))
    with watching(monkeypatch) as seen:
        for k in range(STEPS):
            recipe.train_step(recipe.data.batch(k), k, recipe.streams(k))
    for what, place, array in kept_by(recipe):
        seen.add(what, array, place)
    assert not seen.wider()
    parameters = sum(len(list(m.parameters())) for m in recipe.modules().values())
    for what in ("tensor", "saved", "gradient", "optimiser"):
        assert seen.counts[what] > 0, f"the test saw no {what}"
    assert seen.counts["parameter"] == parameters
    assert seen.counts["parameter's gradient"] > 0
    assert seen.counts["gradient"] >= parameters
    assert len(seen.ops) > 3


# -- the watcher sees ----------------------------------------------------------------


def widened_tensor(x):
    return (x.astype("float64") * 2.0).astype("float32").sum()


@pytest.mark.parametrize("recorded", [True, False])
def test_one_wide_activation_is_seen(recorded, monkeypatch):
    x = tg.ones((2, 3), requires_grad=recorded)
    with watching(monkeypatch) as seen:
        widened_tensor(x)
    kinds = {what for what, _, _ in seen.wider()["float64"]}
    assert "tensor" in kinds


def test_one_wide_gradient_is_seen(monkeypatch):
    """The rule of tanh gives float64 where y is float32: only the sweep can tell."""
    rule = engine.OPS["tanh"].rules[0]
    wide = lambda *args: np.asarray(rule(*args), np.float64)
    monkeypatch.setattr(engine.OPS["tanh"], "rules", (wide,))
    x = tg.ones((2, 3), requires_grad=True)
    with watching(monkeypatch) as seen:
        tg.tanh(x * 2.0).sum().backward()
    found = seen.wider()["float64"]
    assert ("gradient", "multiply", (2, 3)) in found
