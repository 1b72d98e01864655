"""Write docs/benchmarks.md from what run.py measured: python report.py [FILE.json]"""

import json
import sys
from pathlib import Path

import peers
import workloads

DOCS = Path(__file__).parents[2] / "docs"
TEXT = """# Benchmarks

One training step (W5: forward and backward) in tinygen and in PyTorch eager: the ratio
of their times, below 1 tinygen is faster. Median of {passes} passes of {repeats} turns,
in brackets the smallest and the largest pass.

Measured with {about}; written by the two commands below from
[benchmarks.json](benchmarks.json), which has every pass.

```
python tests/benchmarks/run.py --json docs/benchmarks.json
python tests/benchmarks/report.py
```

## Against PyTorch, one thread

{one}
PyTorch is written as its users write it: default Adam, and in a GAN the generator's
step computes D's weight gradients too, which tinygen's `nn.frozen` saves.
`channels_last` is PyTorch with its other memory layout. The libraries take turns in one
process and one core. What is timed is the processor's time: other programs on the
machine count only for the caches that they take.

## Two threads

{two}
The fastest turn by the clock. These ratios are rough: the machine has two cores and is
shared, and a library whose threads wait for each other loses most by that. Take them
for an order of size, not for what two idle cores give.

## Other libraries on NumPy

{others}
Ratio to PyTorch, in turns with it, one thread. DeZero and MyGrad were made for NumPy 1;
what `tests/benchmarks/peers.py` does so that they run, and in float32, is told there.
They are written as their users write them: DeZero's discriminators end in a sigmoid and
its losses are cross-entropies of probabilities; MyGrad has no optimisers and is given
DeZero's Adam.

## Peak memory

{memory}
Of the whole process after five steps, in MB, interpreter and imports included.

Single layers and pointwise kernels: `tests/benchmarks/layers.py`,
`tests/benchmarks/pointwise.py`. Which kernel computes what, and how exactly:
[kernels.md](kernels.md).
"""
GPU_TEXT = """
## On a GPU

One training step on {card}, {driver}, with CuPy {cupy}, PyTorch {torch}, {date}; from
[gpu.json](gpu.json), written by `python tests/benchmarks/gpu.py`. Milliseconds until
the card is done; ratios to PyTorch eager on the same card, in the same precision. The
tests on the card: {tests}.

{table}
"""


def told(found) -> str:
    """A ratio with its spread over the passes."""
    return "" if found is None else "{:.2f} ({:.2f}–{:.2f})".format(*found)


def table(*lines) -> str:
    """Rows of cells as markdown; the first is the head."""
    head, *rows = (" | ".join(map(str, cells)) for cells in lines)
    text = f"| {head} |\n" + "|---" * len(lines[0]) + "|\n"
    return text + "".join(f"| {row} |\n" for row in rows)


def goal(value, target) -> str:
    """A target, in bold where it was missed."""
    if target is None:
        return ""
    return f"≤ {target}" if value <= target else f"**≤ {target}**"


def against_pytorch(rows: dict) -> str:
    """Times and ratios with one thread."""
    head = "", "work", "tinygen ms", "PyTorch ms", "ratio", "target", "to channels_last"
    lines = [head]
    for name, row in rows.items():
        ms = row["milliseconds"]
        lines.append(
            (
                name,
                workloads.WORKLOADS[name].what,
                f"{ms['tinygen']:.2f}",
                f"{ms['torch']:.2f}",
                told(row["ratio"]),
                goal(row["ratio"][0], row["target"]),
                told(row["ratio to channels_last"]),
            )
        )
    return table(*lines)


def two_threads(rows: dict) -> str:
    """Ratios with two threads."""
    keys = "ratio, two threads", "ratio to channels_last, two threads"
    lines = [("", "ratio", "to channels_last")]
    lines += [(name, *(told(row[key]) for key in keys)) for name, row in rows.items()]
    return table(*lines)


def other_libraries(rows: dict) -> str:
    """tinygen and the others, each relative to PyTorch; or why not."""
    lines = [("", "tinygen", *peers.PEERS)]
    for name, row in rows.items():
        cells = [
            told(row["peers"][library])
            if library in row["peers"]
            else peers.why_not(library, name)
            for library in peers.PEERS
        ]
        lines.append((name, f"{row['ratio'][0]:.2f}", *cells))
    return table(*lines)


def memory(rows: dict) -> str:
    """Peaks in MB."""
    lines = [("", "tinygen", "target", "PyTorch")]
    for name, row in rows.items():
        ours, theirs = (row["megabytes"][key] for key in ("tinygen", "torch"))
        lines.append((name, ours, goal(ours, row["memory target"]), theirs))
    return table(*lines)


def on_gpu(gpu: dict) -> str:
    """The part on the GPU, from what gpu.py wrote."""
    lines = [
        ("precision", "", "work", "eager", "graph", "PyTorch", "eager /", "graph /")
    ]
    for precision in ("float32", "TF32"):
        for name, row in gpu[precision].get("steps", {}).items():
            lines.append((precision, name, *gpu_cells(row)))
    about = {"torch": "none", **gpu["float32"]["about"]}
    tests = " ".join(gpu.get("tests", {}).get("summary", ["not run"]))
    return GPU_TEXT.format(**about, tests=tests, table=table(*lines).rstrip())


def gpu_cells(row) -> list[str]:
    """What the work is, times and ratios; an error in the place of what failed."""
    if not isinstance(row, dict):
        return [row, "", "", "", "", ""]
    ms = [
        row[key][1] / 1e3 if key in row else None for key in ("eager", "graph", "torch")
    ]
    ratios = [x / ms[2] if x and ms[2] else None for x in ms[:2]]
    shown = lambda x: "" if x is None else f"{x:.2f}"
    return [row["what"], *map(shown, [*ms, *ratios])]


def page(found: dict, gpu: dict | None = None) -> str:
    """The whole page; with the part on the GPU where there are figures of one."""
    rows = found["rows"]
    about = ", ".join(f"{name} {value}" for name, value in found["versions"].items())
    text = TEXT.format(
        passes=len(next(iter(found["passes"].values()))["1"]),
        repeats=found["repeats"],
        about=about,
        one=against_pytorch(rows),
        two=two_threads(rows),
        others=other_libraries(rows),
        memory=memory(rows),
    )
    return text + (on_gpu(gpu) if gpu else "")


def gpu_figures() -> dict | None:
    """Those of docs/gpu.json, if it is there."""
    source = DOCS / "gpu.json"
    return json.loads(source.read_text()) if source.exists() else None


def main() -> None:
    """Read the figures, write the page."""
    source = Path(sys.argv[1]) if sys.argv[1:] else DOCS / "benchmarks.json"
    found = json.loads(source.read_text())
    (DOCS / "benchmarks.md").write_text(page(found, gpu_figures()))


if __name__ == "__main__":
    main()
