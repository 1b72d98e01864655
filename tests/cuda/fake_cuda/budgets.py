"""Count what a training step of every recipe does on the fake device: prints JSON.

    python budgets.py ROOT [NAME ...]      ROOT : the folder that holds tinygen

For each recipe a step, a step as it is captured as a graph, and a replay, and for the
DCGAN of its paper a step: launches, copies to and from the host, waits, and the kernels
of tinygen.  That all of them were compiled is implied.
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
from fake_device import Library, cupy, fakecuda  # noqa: E402

from tinygen import backend  # noqa: E402
from tinygen.kernels import cublas  # noqa: E402
from tinygen.recipes import RECIPES  # noqa: E402
from tinygen.train.graph import graphs_of  # noqa: E402

SMALL = {"batch_size": 8, "steps": 100, "warmup": 0}
STEADY = 201  # from here on the same is done in each step, but for a penalty at times
backend._cupy, cublas.load = cupy, Library


def counted(step) -> dict:
    """What a step does that is not the first, nor a step of a penalty."""
    step(0)
    fakecuda.reset()
    step(1)
    found = fakecuda.counts()
    ours = {k: n for k, n in fakecuda.kernels().items() if k.startswith("tinygen")}
    return found | {"kernels": ours}


def captured(recipe) -> dict:
    """What is done while a step is captured, and in a replay."""
    graphs, found = graphs_of(recipe), {}
    with backend.device("cuda"), graphs.on():
        graphs.step(STEADY)
        graphs.host.turn_to(STEADY + 1)
        fakecuda.reset()
        graphs.capture(graphs.kinds[0])
        found["capture"] = fakecuda.counts()
        fakecuda.reset()
        graphs.step(STEADY + 1)
        found["replay"] = fakecuda.counts()
    return found


def made(name: str):
    """A recipe with small options, those of them that it has."""
    kind = RECIPES[name]
    small = {key: value for key, value in SMALL.items() if hasattr(kind.Config, key)}
    return kind(kind.Config(device="cuda", **small))


def of_recipe(name: str) -> dict:
    """A recipe's step, also as a graph."""
    recipe = made(name)
    with backend.device("cuda"):
        found = counted(
            lambda k: recipe.train_step(recipe.data.batch(k), k, recipe.streams(k))
        )
    return found | captured(made(name))


def main() -> None:
    names = sys.argv[2:] or [*RECIPES, "dcgan64"]
    found = {name: of_recipe(name) for name in names if name in RECIPES}
    if "dcgan64" in names:
        step = dcgan64.tinygen_step(2, 8)
        found["dcgan64"] = counted(lambda k: step())
    print(json.dumps(found))


if __name__ == "__main__":
    main()
