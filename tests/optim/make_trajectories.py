"""Run every case of `optimizer_cases` in PyTorch and store what it gives.

python tests/optim/make_trajectories.py        (PyTorch needed, the tests need none)
"""

from pathlib import Path

import numpy as np
import optimizer_cases as cases
import torch

PLACE = Path(__file__).with_name("trajectories.npz")


def run_torch(name: str) -> np.ndarray:
    """The parameters of a case after the steps SHOWN, in float64."""

    def give(p, g):
        p.grad = None if g is None else torch.tensor(g)

    starts = [cases.start(i) for i in range(len(cases.SHAPES))]
    return cases.run(
        name,
        lambda kind, params, options: getattr(torch.optim, kind)(params, **options),
        [torch.nn.Parameter(torch.tensor(x)) for x in starts],
        lambda p: p.detach().numpy(),
        give,
    )


if __name__ == "__main__":
    np.savez_compressed(PLACE, **{name: run_torch(name) for name in cases.NAMES})
