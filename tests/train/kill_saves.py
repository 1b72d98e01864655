"""Kill a process that does nothing but save, at random times, and look what is left.

python kill_saves.py TIMES FOLDER: prints the kills, and how many met a save half done.
Exits with an error if ever a checkpoint is not whole or an older one than before.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
from toys import Toy

import tinygen as tg
from tinygen import files, nn
from tinygen.train import checkpoint


class Wide(nn.Module):
    """A million numbers, so that a write takes a while."""

    def __init__(self):
        self.values = tg.zeros((2**20,), requires_grad=True)


class Saver(Toy):
    """A recipe whose state at step k is k everywhere."""

    def build(self, rng):
        self.net = Wide()

    def modules(self):
        return {"net": self.net}

    def optimizers(self):
        return {}

    def averages(self):
        return {}


def save_for_ever(recipe, folder, step):
    while True:
        step += 1
        recipe.net.values.assign(np.full(2**20, step, np.float32))
        checkpoint.save(folder, recipe, step)


def newest(folder):
    """The step of the newest checkpoint; all of them must be whole."""
    found = [checkpoint.load(path) for path in checkpoint.saved(folder)]
    for one in found:
        assert (one.tensors["model.net.values"] == one.step).all()
    return found[-1].step


def main(times, folder):
    recipe, rng = Saver(), random.Random(0)
    checkpoint.save(folder, recipe, 0)
    step, interrupted = 0, 0
    for _ in range(times):
        child = os.fork()
        if child == 0:
            save_for_ever(recipe, folder, step)
        time.sleep(rng.uniform(0.005, 0.06))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        places = folder / checkpoint.FOLDER
        left = list(places.glob(f".*{files.TEMPORARY}"))
        interrupted += bool(left)
        files.remove_temporary(places)
        found = newest(places)
        assert found >= step, f"step {step} was lost, {found} is the newest"
        step = found
    print(times, interrupted)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
