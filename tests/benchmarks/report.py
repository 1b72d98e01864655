"""Write docs/benchmarks.md from what run.py measured: python report.py FILE.json

Peak memory is measured here, each workload and library in a process of its own.
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "benchmarks.md"
TEXT = """# Benchmarks

One training step (W5: forward and backward) in tinygen and in PyTorch eager, turn by
turn in one process, medians of {repeats}; below 1 tinygen is faster. PyTorch is written
as its users write it: default Adam, and in a GAN the generator's step computes D's
weight gradients too, which tinygen's `nn.frozen` saves. `channels_last` is PyTorch with
its other memory layout. Peak memory is that of the whole process, interpreter and
imports included.

{tables}
Repeat: `python tests/benchmarks/run.py --json FILE` (with two threads, set
`TINYGEN_BENCHMARK_THREADS=2`), then `python tests/benchmarks/report.py FILE ...`. The
machine is a shared one: ratios move by about 5 % from run to run. Single layers and
pointwise kernels: `tests/benchmarks/layers.py`, `tests/benchmarks/pointwise.py`.
"""


def memory(workload: str, library: str) -> int:
    """Peak memory in MB of one workload in one library."""
    command = [sys.executable, str(HERE / "memory.py"), workload, library]
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


def table(found: dict, with_memory: bool) -> str:
    """One measurement as markdown."""
    versions = found["versions"]
    about = ", ".join(f"{name} {value}" for name, value in versions.items())
    lines = [f"Measured with {about}.", ""]
    lines += [
        "| | work | tinygen ms | PyTorch ms | ratio | to channels_last | MB | MB |"
    ]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for row in found["rows"]:
        ms, name = row["milliseconds"], row["workload"]
        ours, eager, last = (ms.get(k) for k in ("tinygen", "torch", "channels_last"))
        peaks = [memory(name, k) if with_memory else "" for k in ("tinygen", "torch")]
        other = f"{ours / last:.2f}" if last else ""
        cells = [
            name,
            row["what"],
            f"{ours:.2f}",
            f"{eager:.2f}",
            f"{ours / eager:.2f}",
        ]
        lines.append("| " + " | ".join(map(str, [*cells, other, *peaks])) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Read the files named, write the page."""
    found = [json.loads(Path(name).read_text()) for name in sys.argv[1:]]
    tables = "\n".join(table(f, f["versions"]["threads"] == 1) for f in found)
    PAGE.write_text(TEXT.format(tables=tables, repeats=found[0]["repeats"]))


if __name__ == "__main__":
    main()
