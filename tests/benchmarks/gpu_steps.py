"""Training steps on the GPU: eager, as a graph, and PyTorch eager on the same card.

W1 to W4 are those of workloads.py, with the DCGAN of its paper at two batch sizes.  The
libraries do the same work on arrays of the same sizes, in the precision that CUPY_TF32
names for both.
"""

import os
from collections.abc import Callable

import dcgan64
import workloads

import tinygen as tg
from tinygen import backend
from tinygen.train.graph import Graphs

torch = workloads.torch
NAMES = ("W1", "W2", "W3", "W4", "DCGAN-64, batch 32", "DCGAN-64, batch 128")
DRY = ("W1", "DCGAN-64, batch 32")  # what a dry run has time for
TF32 = os.environ.get("CUPY_TF32") == "1"


def what(name: str) -> str:
    """A workload in words."""
    if name in workloads.WORKLOADS:
        return workloads.WORKLOADS[name].what
    return "DCGAN step of its paper, 64x64 in colour"


def step_of(name: str, dry: bool) -> Callable:
    """tinygen's step, on the device; with `networks`."""
    with tg.device("cuda"):
        if name in workloads.WORKLOADS:
            return workloads.WORKLOADS[name].build["tinygen"]()
        batch, width = (2, 8) if dry else (int(name.split()[-1]), 64)
        return dcgan64.tinygen_step(batch, width)


def graph_of(name: str, dry: bool) -> Callable:
    """The same, as a graph that is captured already; call it on `graphs.stream`."""
    step = step_of(name, dry)
    graphs = Graphs(lambda number, streams: step() or {}, step.networks)
    count = iter(range(10**9))

    def replay():
        graphs.step(next(count))

    with tg.device("cuda"), graphs.on():
        for _ in range(3):
            replay()
    replay.stream = graphs.stream
    return replay


def torch_of(name: str) -> Callable:
    """PyTorch's step, eager, its arrays on the card."""
    torch.backends.cuda.matmul.allow_tf32 = TF32
    torch.backends.cudnn.allow_tf32 = TF32
    torch.backends.cudnn.benchmark = True
    if name in workloads.WORKLOADS:
        with torch.device("cuda"):
            return workloads.WORKLOADS[name].build["torch"]()
    return dcgan64.torch_step(int(name.split()[-1]))


def there_is_torch() -> bool:
    """Whether PyTorch can use the card."""
    return torch is not None and torch.cuda.is_available()


def milliseconds(timed: Callable, name: str, dry: bool) -> dict:
    """library -> milliseconds of a step, by the host and in all; or why not.

    timed : (step, wait, repeats) -> (microseconds to launch, microseconds in all)
    """
    repeats = 2 if dry else 50
    found = {"what": what(name)}
    with tg.device("cuda"):
        found["eager"] = timed(step_of(name, dry), repeats)
        replay = graph_of(name, dry)
        with replay.stream:
            found["graph"] = timed(replay, repeats)
    del replay
    backend.free_memory()
    if there_is_torch():
        found["torch"] = timed(torch_of(name), repeats, torch.cuda.synchronize)
        torch.cuda.empty_cache()
    return found
