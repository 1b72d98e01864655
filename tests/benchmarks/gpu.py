"""All that is to be done on a GPU: python tests/benchmarks/gpu.py

The tests (`pytest tests/cuda -m gpu`); small measurements of the card (gpu_micro.py);
training steps, eager, as graphs and in PyTorch (gpu_steps.py), each in full float32 and
in TF32, in a process of its own.  Writes docs/gpu.json and docs/benchmarks.md anew.

With --dry-run the device is the stand-in of the tests and all is tiny: nothing is
written but to --json.  Figures of a dry run mean nothing.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
PRECISIONS = {"float32": "0", "TF32": "1"}  # values of CUPY_TF32
AIMS = {"W1": 1.0, "W2": 1.0, "W3": 1.0, "DCGAN-64, batch 128": 1.3}  # graph / PyTorch


def stand_in() -> None:
    """Make the stand-in the device "cuda"."""
    sys.path.insert(0, str(ROOT / "tests" / "cuda"))
    from strict_cupy import Library, kernels, special, xp

    from tinygen import backend
    from tinygen.kernels import cublas
    from tinygen.kernels.fused import DEFINITIONS

    backend._cupy, kernels.definitions, cublas.load = xp, DEFINITIONS, Library
    kernels.definitions["plain"] = lambda x, y, n: y.__setitem__(..., x)
    for name in ("cupyx", "cupyx.scipy", "cupyx.scipy.special"):
        sys.modules[name] = special


def tested(dry: bool) -> dict:
    """How the tests on the card ended; in a dry run, how many there are."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/cuda",
        "-m",
        "gpu",
        "-q",
        "-n",
        "0",
    ]
    command += ["--collect-only"] if dry else ["-rfEs", "--tb=short"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    lines = done.stdout.strip().splitlines()
    told = [line for line in lines if line.startswith(("FAILED", "ERROR", "SKIPPED"))]
    return {"code": done.returncode, "summary": lines[-1:], "told": told[:40]}


def measured(dry: bool, precision: str) -> dict:
    """What a process of its own measures in a precision."""
    command = [sys.executable, __file__, "--measure", *(["--dry-run"] if dry else [])]
    environment = {**os.environ, "CUPY_TF32": PRECISIONS[precision]}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return {"error": f"the process ended with {done.returncode}"}
    return json.loads(done.stdout.splitlines()[-1])


def measure(dry: bool) -> dict:
    """Everything, in the precision of this process."""
    if dry:
        stand_in()
    import gpu_micro
    import gpu_steps

    card = gpu_micro.Card(dry)
    for part in gpu_micro.PARTS:
        card.note(part.__name__, lambda part=part: part(card))
        print(part.__name__, file=sys.stderr, flush=True)
    small, card.found = {k: v for k, v in card.found.items() if v is not None}, {}
    for name in gpu_steps.DRY if dry else gpu_steps.NAMES:
        steps = lambda name=name: gpu_steps.milliseconds(card.timed, name, dry)
        card.note(name, steps)
        print(name, card.found[name], file=sys.stderr, flush=True)
    return {"about": gpu_micro.about(card), "small": small, "steps": card.found}


def check_card() -> None:
    """Leave with a message where there is no GPU."""
    from tinygen import backend
    from tinygen.errors import DeviceError

    try:
        backend.module("cuda")
    except DeviceError as error:
        sys.exit(f"nothing was measured: {error}")


def ratio(row: dict, ours: str) -> float | None:
    """Time of ours to that of PyTorch, in all."""
    if not isinstance(row, dict) or not {ours, "torch"} <= set(row):
        return None
    return row[ours][1] / row["torch"][1]


def judged(found: dict) -> list[str]:
    """Which aims were reached, in the better precision for PyTorch or the worse."""
    lines = []
    for precision in PRECISIONS:
        for name, aim in AIMS.items():
            row = found[precision].get("steps", {}).get(name, {})
            if (value := ratio(row, "graph")) is not None:
                word = "reached" if value <= aim else "MISSED"
                lines.append(f"{precision}, {name}: {value:.2f}, aim {aim}: {word}")
    return lines


def main() -> None:
    """Test, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dry-run", action="store_true", help="on the stand-in")
    parser.add_argument("--measure", action="store_true", help="one precision only")
    parser.add_argument("--no-tests", action="store_true", help="measure only")
    parser.add_argument("--json", help="where to write; default docs/gpu.json")
    options = parser.parse_args()
    dry = options.dry_run
    if options.measure:
        print(json.dumps(measure(dry)))
        return
    if not dry:
        check_card()
    found = {} if options.no_tests else {"tests": tested(dry)}
    found |= {precision: measured(dry, precision) for precision in PRECISIONS}
    text = json.dumps(found | {"dry run": dry}, indent=1) + "\n"
    target = options.json or (None if dry else str(ROOT / "docs" / "gpu.json"))
    if target:
        Path(target).write_text(text)
    if not dry:
        subprocess.run([sys.executable, str(HERE / "report.py")], check=True)
    print("\n".join([*found.get("tests", {}).get("summary", []), *judged(found)]))


if __name__ == "__main__":
    main()
