"""Time tinygen against PyTorch: python tests/benchmarks/run.py [W1 W2 ...] [--json F]

Both libraries run the same work on the same numbers, turn by turn in one process, on
one thread and one core; a row gives the medians and their ratio.  Below 1, tinygen is
faster.  Without PyTorch installed only tinygen's times are printed.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time

THREADS = os.environ.setdefault("TINYGEN_BENCHMARK_THREADS", "1")
for override in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(override, None)  # would slow NumPy's BLAS and not PyTorch's
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, THREADS)  # read when NumPy is imported

import numpy as np  # noqa: E402
import workloads  # noqa: E402


def pin() -> None:
    """Keep to the last core of this machine, where it can be chosen."""
    if THREADS == "1" and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def interleaved(steps: dict, repeats: int, inner: int) -> dict[str, list[float]]:
    """Seconds per call of each step, measured in turn so that noise hits all alike."""
    times = {name: [] for name in steps}
    for turn in range(repeats + 2):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(inner):
                step()
            if turn >= 2:  # the first turns warm caches and allocators
                times[name].append((time.perf_counter() - start) / inner)
    return times


def measure(name: str, repeats: int) -> dict:
    """One row of the table: median milliseconds of each library, and the ratio."""
    workload = workloads.WORKLOADS[name]
    steps = workload.steps()
    times = interleaved(steps, repeats, workload.inner)
    row = {key: 1e3 * statistics.median(values) for key, values in times.items()}
    return {"workload": name, "what": workload.what, "milliseconds": row}


def versions() -> dict:
    """What the figures were measured with."""
    found = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "processor": _processor(),
        "threads": int(THREADS),
        "date": time.strftime("%Y-%m-%d"),
    }
    if workloads.torch is not None:
        found["torch"] = workloads.torch.__version__
    return found


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            names = [line for line in lines if line.startswith("model name")]
        return names[0].split(":")[1].strip()
    except (OSError, IndexError):
        return platform.processor() or platform.machine()


def print_row(row: dict) -> None:
    """One line: each library's milliseconds, and the ratio to PyTorch eager."""
    ms = row["milliseconds"]
    told = "  ".join(f"{key} {value:8.3f} ms" for key, value in ms.items())
    ratios = "".join(
        f"  tinygen/{key} {ms['tinygen'] / value:.3f}"
        for key, value in ms.items()
        if key != "tinygen"
    )
    print(f"{row['workload']:4} {row['what']:48} {told}{ratios}", flush=True)


def main() -> None:
    """Run the chosen workloads, print a row each, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=[], help="all by default")
    parser.add_argument("--repeats", type=int, default=25)
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    unknown = set(options.names) - set(workloads.WORKLOADS)
    if unknown:
        sys.exit(f"unknown {sorted(unknown)}; one of {', '.join(workloads.WORKLOADS)}")
    pin()
    if workloads.torch is not None:
        workloads.torch.set_num_threads(int(THREADS))
    rows = []
    for name in options.names or workloads.WORKLOADS:
        rows.append(measure(name, options.repeats))
        print_row(rows[-1])
    if options.json:
        with open(options.json, "w") as file:
            found = {"versions": versions(), "repeats": options.repeats, "rows": rows}
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
