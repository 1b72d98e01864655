"""Time tinygen against PyTorch: python tests/benchmarks/run.py [W1 W2 ...] [--json F]

Several passes, each in processes of its own (measure.py): with one thread, with two,
and the peak memory of each workload.  A row gives the median over the passes of the
ratio tinygen/PyTorch, with the smallest and the largest; below 1, tinygen is faster.
Beside them stand what DeZero and MyGrad take, where they can do the work.  Without
PyTorch installed only tinygen's times are printed.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
TARGETS = {"W1": 0.70, "W2": 0.70, "W3": 0.95, "W4": 1.05}  # ratio to PyTorch
MEMORY_TARGETS = {"W3": 160, "W4": 700}  # MB
THREADS = 1, 2


def run(script: str, *arguments) -> str:
    """What a script beside this one prints."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def measured(names, repeats: int, passes: int) -> dict:
    """{"versions", "repeats", "passes", "rows": name -> threads -> list of passes}."""
    rows = {name: {threads: [] for threads in THREADS} for name in names}
    for turn in range(passes):
        for threads in THREADS:
            print(f"pass {turn + 1}, threads {threads}", file=sys.stderr, flush=True)
            found = json.loads(run("measure.py", threads, repeats, *names))
            for name, row in found["rows"].items():
                rows[name][threads].append(row)
    about = {"versions": found["versions"], "repeats": repeats, "passes": passes}
    return {**about, "rows": rows}


def spread(passes: list[dict], over: str, under="tinygen", group="milliseconds"):
    """Median, smallest and largest ratio of two libraries over the passes; or None."""
    ratios = [
        row[group][under] / row[group][over]
        for row in passes
        if group in row and {over, under} <= set(row[group])
    ]
    if not ratios:
        return None
    return [round(f(ratios), 3) for f in (statistics.median, min, max)]


def summary(name: str, passes: dict) -> dict:
    """One workload's figures, as they are written and printed."""
    one, two = (passes[threads] for threads in THREADS)
    libraries = one[0]["milliseconds"]
    median = lambda key: statistics.median(row["milliseconds"][key] for row in one)
    others = [key for key in one[0].get("peers", {}) if key != "torch"]
    return {
        "milliseconds": {key: round(median(key), 2) for key in libraries},
        "ratio": spread(one, "torch"),
        "ratio, two threads": spread(two, "torch"),
        "ratio to channels_last": spread(one, "channels_last"),
        "ratio to channels_last, two threads": spread(two, "channels_last"),
        "peers": {key: spread(one, "torch", key, "peers") for key in others},
        "megabytes": {
            key: int(run("memory.py", name, key)) for key in peaks(libraries)
        },
        "target": TARGETS.get(name),
        "memory target": MEMORY_TARGETS.get(name),
    }


def peaks(libraries) -> list[str]:
    """The libraries whose memory is measured."""
    return [key for key in libraries if key in ("tinygen", "torch")]


def told(found) -> str:
    """A ratio and its spread over the passes."""
    return "" if found is None else "{:.2f} ({:.2f}-{:.2f})".format(*found)


def print_row(name: str, row: dict) -> None:
    """A workload's lines."""
    times = ", ".join(f"{k} {v:.2f}" for k, v in row["milliseconds"].items())
    print(f"{name}  milliseconds: {times}")
    for label in row:
        if label.startswith("ratio") and row[label]:
            goal = row["target"] if label == "ratio" else None
            print(f"    {label:36} {told(row[label])}{target(row[label][0], goal)}")
    for library, ratio in row["peers"].items():
        print(f"    {library + ' / PyTorch':36} {told(ratio)}")
    for library, peak in row["megabytes"].items():
        goal = row["memory target"] if library == "tinygen" else None
        print(f"    {'MB, ' + library:36} {peak}{target(peak, goal)}", flush=True)


def target(value: float, goal) -> str:
    """Whether a value reached its target, where it has one."""
    if goal is None:
        return ""
    return f"   target {goal}: {'reached' if value <= goal else 'MISSED'}"


def main() -> None:
    """Run the chosen workloads, print them, and write JSON if asked."""
    everything = [f"W{i}" for i in range(1, 6)]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", help=f"{', '.join(everything)}: the default"
    )
    parser.add_argument("--repeats", type=int, default=25, help="turns in a pass")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(everything))
    if unknown:
        sys.exit(f"unknown {unknown}; one of {', '.join(everything)}")
    names = options.names or everything
    found = measured(names, options.repeats, options.passes)
    rows = {name: summary(name, found["rows"][name]) for name in names}
    for name, row in rows.items():
        print_row(name, row)
    if options.json:
        text = json.dumps({**found, "rows": rows, "passes": found["rows"]}, indent=1)
        Path(options.json).write_text(text + "\n")


if __name__ == "__main__":
    main()
