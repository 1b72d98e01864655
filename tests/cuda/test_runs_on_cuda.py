"""Runs on the device: resumed, watched, and diagnosed when a number goes wrong."""

from dataclasses import replace

import numpy as np
import pytest

import tinygen as tg
from tinygen import files, plot
from tinygen.errors import NonFiniteError
from tinygen.recipes import RECIPES
from tinygen.train import checkpoint
from tinygen.train.loop import train

QUICK = {"hidden": 8, "batch_size": 8, "log_every": 2, "device": "cuda"}


@pytest.fixture(autouse=True)
def quick_figures(monkeypatch):
    """Figures as empty files."""
    save = lambda path, draw, size=(): files.write(path, b"")
    monkeypatch.setattr(plot, "save_figure", save)


def made(**options):
    kind = RECIPES["gan-ring"]
    return kind(kind.Config(**{**QUICK, **options}))


def test_a_run_is_continued_exactly(cuda, tmp_path):
    train(made(steps=4), tmp_path / "a", progress=False)
    train(made(steps=2), tmp_path / "b", progress=False)
    train(made(steps=4), tmp_path / "b", resume=True, progress=False)
    a, b = (checkpoint.load(checkpoint.find(tmp_path / name)) for name in "ab")
    for name, array in a.tensors.items():
        assert np.array_equal(array, b.tensors[name]), name


def test_nan_is_traced_to_its_step_and_op(cuda, tmp_path):
    """Losses are read every second step; the step that failed was one before."""
    recipe = made(steps=6)
    inner, step = recipe.train_step, recipe.losses.generator

    def train_step(batch, k, rng):
        much = 3e38 if k == 2 else 1.0
        broken = lambda logits: step(tg.exp(logits * much))
        recipe.losses = replace(recipe.losses, generator=broken)
        return inner(batch, k, rng)

    recipe.train_step = train_step
    with pytest.raises(NonFiniteError) as caught:
        train(recipe, tmp_path / "run", progress=False)
    text = str(caught.value)
    for part in ("step 3: ", "exp(float32(8, 1)) at test_runs_on_cuda.py", "_000000"):
        assert part in text, text
