"""Every planted bug, one file for each part of the library."""

from bugs import (
    cuda,
    diffusion,
    elementwise,
    engine,
    functions,
    images,
    layers,
    metrics,
    ops,
    robust,
    training,
    vae,
)
from bugs.table import MUTANTS, Mutant
