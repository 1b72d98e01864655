"""Count what a training step of every recipe does on the fake device: prints JSON.

    python budgets.py ROOT [NAME ...]      ROOT : the folder that holds tinygen

For each recipe, and for the DCGAN of its paper: launches, copies to and from the host,
waits, and the kernels of tinygen.  That all of them were compiled is implied.
"""

import json
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
sys.path[:0] = [
    str(ROOT),
    str(ROOT / "tests" / "benchmarks"),
    str(Path(__file__).parent),
]

import dcgan64  # noqa: E402
from fake_device import cupy, fakecuda  # noqa: E402

from tinygen import backend  # noqa: E402
from tinygen.recipes import RECIPES  # noqa: E402

SMALL = {"batch_size": 8, "steps": 100}
backend._cupy = cupy


def counted(step) -> dict:
    """What a step does that is not the first, nor a step of a penalty."""
    step(0)
    fakecuda.reset()
    step(1)
    found = fakecuda.counts()
    ours = {k: n for k, n in fakecuda.kernels().items() if k.startswith("tinygen")}
    return found | {"kernels": ours}


def of_recipe(name: str) -> dict:
    """A recipe's step."""
    kind = RECIPES[name]
    small = {key: value for key, value in SMALL.items() if hasattr(kind.Config, key)}
    recipe = kind(kind.Config(device="cuda", **small))
    with backend.device("cuda"):
        return counted(
            lambda k: recipe.train_step(recipe.data.batch(k), k, recipe.streams(k))
        )


def main() -> None:
    names = sys.argv[2:] or [*RECIPES, "dcgan64"]
    found = {name: of_recipe(name) for name in names if name in RECIPES}
    if "dcgan64" in names:
        step = dcgan64.tinygen_step(2, 8)
        found["dcgan64"] = counted(lambda k: step())
    print(json.dumps(found))


if __name__ == "__main__":
    main()
