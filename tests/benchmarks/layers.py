"""Time the convolution kernels against PyTorch's, layer by layer, on one thread.

    python tests/benchmarks/layers.py [--json FILE] [--only A,B] [--repeats 25]

Both libraries compute the same thing in turns within one process, so that a change of
the machine's speed meets both; every figure is a median of the processor's time.  Trust
the ratios (below 1: tinygen is faster), not the milliseconds.  PyTorch runs twice: with
its default memory format, to which the ratio refers, and with channels_last, which is
tinygen's.

OpenBLAS picks its kernels by the CPU, unless the variable OPENBLAS_CORETYPE names
others; the first line of the table says which it runs.
"""

import argparse
import json
from statistics import median
from time import process_time

import numpy as np
import torch
from layer_shapes import LAYERS
from threadpoolctl import threadpool_info, threadpool_limits

AT_LEAST = 1e-3  # seconds per measurement: short calls are repeated


def torch_calls(layer, x, w, g, memory_format):
    """{pass: function}."""
    x, w, g = (
        torch.from_numpy(np.ascontiguousarray(a)).contiguous(
            memory_format=memory_format
        )
        for a in (x, w, g)
    )
    shape = [layer.stride] * 2, [layer.padding] * 2, [1, 1], layer.transposed, [0, 0], 1

    def backward(*wanted):
        return torch.ops.aten.convolution_backward(g, x, w, None, *shape, wanted)

    return {
        "fwd": lambda: torch.ops.aten.convolution(x, w, None, *shape),
        "dx": lambda: backward(True, False, False)[0],
        "dw": lambda: backward(False, True, False)[1],
    }


def in_turns(calls, repeats):
    """The median seconds of each call, all of them run in turns."""
    inner = {}
    for name, call in calls.items():
        call()
        start = process_time()
        call()
        inner[name] = max(1, round(AT_LEAST / (process_time() - start)))
    seconds = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = process_time()
            for _ in range(inner[name]):
                call()
            seconds[name].append((process_time() - start) / inner[name])
    return {name: median(values) for name, values in seconds.items()}


def measure(layer, repeats):
    """{pass: {"tinygen", "torch", "channels_last": seconds, "algorithm": name}}"""
    rng = np.random.default_rng(0)
    x, w = layer.arrays(rng)
    g = layer.gradient(rng)
    default = torch_calls(layer, x, w, g, torch.contiguous_format)
    last = torch_calls(layer, x, w, g, torch.channels_last)
    results = {}
    for name, (algorithm, call) in layer.passes(x, w, g).items():
        check(call(), default[name](), name)
        calls = {"tinygen": call, "torch": default[name], "channels_last": last[name]}
        results[name] = in_turns(calls, repeats)
        results[name]["algorithm"] = algorithm.__name__.rpartition(".")[2]
    return results


def check(ours, theirs, name):
    """Both libraries computed the same thing."""
    theirs = theirs.numpy()
    error = abs(ours - theirs).max() / abs(theirs).max()
    if error > 1e-4:
        raise SystemExit(f"{name}: results differ by {error:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--only", type=lambda names: names.split(","), default=LAYERS)
    parser.add_argument("--repeats", type=int, default=25)
    options = parser.parse_args()
    torch.set_num_threads(1)
    blas = [i["architecture"] for i in threadpool_info() if "architecture" in i]
    print(f"NumPy {np.__version__} ({blas[0]} kernels), PyTorch {torch.__version__}")
    print("layer pass   tinygen    torch  ratio  (channels_last)  algorithm")
    table = {}
    with threadpool_limits(1):
        for name in options.only:
            table[name] = measure(LAYERS[name], options.repeats)
            for step, t in table[name].items():
                ours, base, last = t["tinygen"], t["torch"], t["channels_last"]
                print(
                    f"{name:5} {step:4} {ours * 1e3:7.2f} ms {base * 1e3:5.2f} ms"
                    f"  {ours / base:5.2f}  {ours / last:15.2f}  {t['algorithm']}",
                    flush=True,
                )
    if options.json:
        with open(options.json, "w") as file:
            json.dump(table, file, indent=1)


if __name__ == "__main__":
    main()
