"""Time the convolution kernels against PyTorch's, layer by layer, on one thread.

    python tests/benchmarks/layers.py [--json FILE] [--only A,B] [--repeats 25]

Both libraries compute the same thing in turns within one process, so that a change of
the machine's speed meets both; every figure is a median.  Trust the ratios (below 1:
tinygen is faster), not the milliseconds.  PyTorch runs twice: with its default memory
format, to which the ratio refers, and with channels_last, which is tinygen's.

OpenBLAS picks its kernels by the CPU, unless the variable OPENBLAS_CORETYPE names
others; the first line of the table says which it runs.
"""

import argparse
import json
from statistics import median
from time import perf_counter
from typing import NamedTuple

import numpy as np
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from tinygen.kernels import conv
from tinygen.kernels.conv_layout import Geometry, nchw

BATCH = 64
AT_LEAST = 1e-3  # seconds per measurement: short calls are repeated


class Layer(NamedTuple):
    """A convolution C -> K, or a transposed one, of a square image."""

    channels: int
    size: int
    filters: int
    kernel: int
    stride: int
    padding: int
    transposed: bool = False


LAYERS = {
    "A": Layer(1, 28, 32, 4, 2, 1),
    "B": Layer(32, 14, 64, 4, 2, 1),
    "C": Layer(64, 16, 128, 4, 2, 1),
    "C7": Layer(64, 7, 128, 4, 2, 1),
    "D": Layer(32, 32, 32, 3, 1, 1),
    "E": Layer(128, 8, 128, 3, 1, 1),
    "F": Layer(64, 16, 64, 3, 1, 1),
    "G": Layer(128, 7, 64, 4, 2, 1, transposed=True),
    "H": Layer(64, 14, 1, 4, 2, 1, transposed=True),
    "K1": Layer(64, 16, 64, 1, 1, 0),
}


def tinygen_calls(layer, x, w, g):
    """{pass: (algorithm, function)} for the layer's three passes."""
    pair = lambda n: (n, n)
    geometry = Geometry(*map(pair, layer[3:6]), (1, 1), 1)
    settings = geometry._asdict()
    kernel_size = settings.pop("kernel_size")
    low, high = (g, x) if layer.transposed else (x, g)
    size = low.shape[2:]
    output = (
        conv.output_algorithm(low, w, geometry),
        lambda: conv.conv2d(low, w, **settings),
    )
    input_grad = (
        conv.input_grad_algorithm(high, w, size, geometry),
        lambda: conv.conv2d_input_grad(high, w, input_size=size, **settings),
    )
    weight_grad = (
        conv.weight_grad_algorithm(low, high, geometry),
        lambda: conv.conv2d_weight_grad(low, high, kernel_size=kernel_size, **settings),
    )
    if layer.transposed:
        return {"fwd": input_grad, "dx": output, "dw": weight_grad}
    return {"fwd": output, "dx": input_grad, "dw": weight_grad}


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
        start = perf_counter()
        call()
        inner[name] = max(1, round(AT_LEAST / (perf_counter() - start)))
    seconds = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = perf_counter()
            for _ in range(inner[name]):
                call()
            seconds[name].append((perf_counter() - start) / inner[name])
    return {name: median(values) for name, values in seconds.items()}


def measure(layer, repeats):
    """{pass: {"tinygen", "torch", "channels_last": seconds, "algorithm": name}}"""
    rng = np.random.default_rng(0)
    normal = lambda *shape: rng.standard_normal(shape, np.float32)
    N, K, U = BATCH, layer.filters, layer.kernel
    x = nchw(normal(N, layer.size, layer.size, layer.channels))
    channels = (layer.channels, K) if layer.transposed else (K, layer.channels)
    w = normal(*channels, U, U)
    default = torch_calls(layer, x, w, normal(1), torch.contiguous_format)
    out = default["fwd"]().shape
    g = nchw(normal(N, *out[2:], K))
    default = torch_calls(layer, x, w, g, torch.contiguous_format)
    last = torch_calls(layer, x, w, g, torch.channels_last)
    results = {}
    for name, (algorithm, call) in tinygen_calls(layer, x, w, g).items():
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
