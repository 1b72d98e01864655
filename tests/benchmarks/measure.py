"""One pass of the benchmark, for run.py: python measure.py THREADS REPEATS W1 W2 ...

Prints JSON: seconds of every library for every workload, and what they ran on.  All
libraries do the same work, on arrays of the same sizes, turn by turn in one process, so
that whatever slows the machine down hits all alike.  One thread is timed by the
processor's time, which other programs do not add to: the median of the turns.  Two are
timed by the clock: the fastest turn, for in the others a thread may have waited for its
fellow, which another program had pushed aside.
"""

import json
import os
import platform
import statistics
import sys
import time

THREADS = "1"
if __name__ == "__main__":
    THREADS = sys.argv[1]
    for override in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(override, None)  # would slow NumPy's BLAS and not PyTorch's
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = THREADS  # read when NumPy is imported

import numpy as np  # noqa: E402
import peers  # noqa: E402
import workloads  # noqa: E402

FIRST_TURNS = 2  # which warm caches and allocators
LOOK = 0.5  # seconds to see which core is idle


def pin() -> None:
    """Keep one thread to one core, that which is most idle now."""
    if THREADS == "1" and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {idlest_core()})


def idlest_core() -> int:
    """The core of this process's that was idle most of the next moment."""
    cores = os.sched_getaffinity(0)
    before = idle_ticks()
    time.sleep(LOOK)
    after = idle_ticks()
    return max(cores, key=lambda core: after.get(core, 0) - before.get(core, 0))


def idle_ticks() -> dict[int, int]:
    """Core -> ticks that it has been idle, from Linux's /proc/stat."""
    try:
        with open("/proc/stat") as file:
            rows = [line.split() for line in file if line[:4].strip("cpu").isdigit()]
    except OSError:
        return {}
    return {int(row[0][3:]): int(row[4]) for row in rows}


def in_turns(steps: dict, repeats: int, inner: int) -> dict[str, float]:
    """The milliseconds of each step, all of them called in turn."""
    one = THREADS == "1"
    clock = time.process_time if one else time.perf_counter
    typical = statistics.median if one else min
    times = {name: [] for name in steps}
    for turn in range(repeats + FIRST_TURNS):
        for name, step in steps.items():
            start = clock()
            for _ in range(inner):
                step()
            if turn >= FIRST_TURNS:
                times[name].append((clock() - start) / inner)
    return {name: 1e3 * typical(values) for name, values in times.items()}


def measure(name: str, repeats: int) -> dict:
    """{"milliseconds": of tinygen and PyTorch, "peers": of PyTorch and the others}."""
    workload = workloads.WORKLOADS[name]
    found = {"milliseconds": in_turns(workload.steps(), repeats, workload.inner)}
    others = peers.peers(name) if THREADS == "1" and workloads.torch else {}
    if others:
        steps = {"torch": workload.build["torch"](), **others}
        found["peers"] = in_turns(steps, max(5, repeats // 3), workload.inner)
    return found


def versions() -> dict:
    """What the figures are measured with."""
    found = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "processor": processor(),
        "cores": os.cpu_count(),
        "date": time.strftime("%Y-%m-%d"),
    }
    if workloads.torch is not None:
        found["torch"] = workloads.torch.__version__
    return found


def processor() -> str:
    """Its name."""
    try:
        with open("/proc/cpuinfo") as lines:
            names = [line for line in lines if line.startswith("model name")]
        return names[0].split(":")[1].strip()
    except (OSError, IndexError):
        return platform.processor() or platform.machine()


def main() -> None:
    """Measure the workloads named."""
    pin()
    if workloads.torch is not None:
        workloads.torch.set_num_threads(int(THREADS))
    rows = {name: measure(name, int(sys.argv[2])) for name in sys.argv[3:]}
    print(json.dumps({"versions": versions(), "rows": rows}))


if __name__ == "__main__":
    main()
