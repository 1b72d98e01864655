"""How many kernels a training step launches: every launch costs microseconds.

budgets.json has the most that each recipe may take, in a step without a penalty that
comes every few steps.  It is a ceiling to lower: a step that grows past it has to be
looked at.
"""

import json
import sys
from pathlib import Path

import pytest

from tinygen import backend
from tinygen.recipes import RECIPES

HERE = Path(__file__).parent
BUDGETS = json.loads((HERE / "budgets.json").read_text())
UNKNOWN = 1000  # for a recipe that is not in the file yet
SMALL = {"batch_size": 8, "steps": 100}


def made(name):
    kind = RECIPES[name]
    small = {key: value for key, value in SMALL.items() if hasattr(kind.Config, key)}
    return kind(kind.Config(device="cuda", **small))


def told(ledger) -> str:
    """The kernels, the most frequent first."""
    return ", ".join(f"{name} {n}" for name, n in ledger.launches.most_common() if n)


@pytest.mark.parametrize("name", RECIPES)
def test_a_step_of_a_recipe_keeps_to_its_budget(name, cuda):
    recipe = made(name)
    with backend.device("cuda"):
        for k in range(2):  # the second is the usual one
            cuda.reset()
            recipe.train_step(recipe.data.batch(k), k, recipe.streams(k))
    assert cuda.launched <= BUDGETS.get(name, UNKNOWN), told(cuda)


def test_no_recipe_of_the_file_is_unknown():
    assert set(BUDGETS) <= {*RECIPES, "dcgan64"}


def test_the_dcgan_of_its_paper(cuda):
    """64x64 in colour, D and G, both with Adam: 1,233 launches if written naively."""
    sys.path.insert(0, str(HERE.parent / "benchmarks"))
    import dcgan64

    step = dcgan64.tinygen_step(2, 8)
    step()
    cuda.reset()
    with cuda.no_sync():
        step()
    assert cuda.launched <= BUDGETS["dcgan64"] <= 260, told(cuda)


def test_the_budget_of_the_dense_gan_is_that_of_the_aim():
    assert BUDGETS["gan"] <= 60
