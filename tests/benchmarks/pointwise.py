"""Time activations, losses, norms and optimiser steps against PyTorch's, one thread.

    python tests/benchmarks/pointwise.py [--only silu,batch_norm] [--repeats 25]

One row a kernel, one column a shape: the ratio tinygen/PyTorch forward, then backward
(below 1: tinygen is faster), medians of calls in turns within one process.  Images
have their channels last in memory here and PyTorch's default order there; in brackets,
for norms, the ratio to PyTorch with channels_last.  float32 throughout.
"""

import argparse
from itertools import accumulate, pairwise

import numpy as np
import torch
from layers import in_turns
from threadpoolctl import threadpool_limits

from tinygen.kernels import adam, erf, norm, pointwise

aten = torch.ops.aten
SHAPES = [(64, 128), (64, 784), (64, 32, 14, 14), (32, 32, 32, 32)]
GROUPS, EPS = 8, 1e-5
NETWORKS = {
    "G 100-128-128-784": [12800, 128, 16384, 128, 100352, 784],
    "DCGAN G": [100 * 6272, 6272, 131072, 64, 1024, 1],
    "1.5 M in 60": [51000, 128] * 30,
}

# name: (forward(x), torch's, backward(g, x, y), torch's); None: there is no backward
POINTWISE = {
    "sigmoid": (
        pointwise.sigmoid,
        torch.sigmoid,
        lambda g, x, y: pointwise.sigmoid_grad(g, y),
        lambda g, x, y: aten.sigmoid_backward(g, y),
    ),
    "tanh": (
        np.tanh,
        torch.tanh,
        lambda g, x, y: pointwise.tanh_grad(g, y),
        lambda g, x, y: aten.tanh_backward(g, y),
    ),
    "relu": (
        pointwise.relu,
        torch.relu,
        lambda g, x, y: pointwise.relu_grad(g, y),
        lambda g, x, y: aten.threshold_backward(g, y, 0),
    ),
    "leaky_relu": (
        lambda x: pointwise.leaky_relu(x, 0.2),
        lambda x: aten.leaky_relu(x, 0.2),
        lambda g, x, y: pointwise.leaky_relu_grad(g, x, 0.2),
        lambda g, x, y: aten.leaky_relu_backward(g, x, 0.2, False),
    ),
    "silu": (
        pointwise.silu,
        aten.silu,
        lambda g, x, y: pointwise.silu_grad(g, x),
        lambda g, x, y: aten.silu_backward(g, x),
    ),
    "gelu_tanh": (
        pointwise.gelu_tanh,
        lambda x: aten.gelu(x, approximate="tanh"),
        lambda g, x, y: pointwise.gelu_tanh_grad(g, x),
        lambda g, x, y: aten.gelu_backward(g, x, approximate="tanh"),
    ),
    "gelu_erf": (
        pointwise.gelu_erf,
        aten.gelu,
        lambda g, x, y: pointwise.gelu_erf_grad(g, x),
        lambda g, x, y: aten.gelu_backward(g, x),
    ),
    "erf": (erf.erf, torch.erf, None, None),
    "softplus": (
        pointwise.softplus,
        aten.softplus,
        lambda g, x, y: pointwise.softplus_grad(g, x),
        lambda g, x, y: aten.softplus_backward(g, x, 1, 20),
    ),
    "logsigmoid": (
        pointwise.logsigmoid,
        torch.nn.functional.logsigmoid,
        lambda g, x, y: pointwise.logsigmoid_grad(g, x),
        lambda g, x, y: aten.log_sigmoid_backward(g, x, x),
    ),
    "bce mean": (
        lambda x: pointwise.bce_with_logits_mean(x, x),
        lambda x: aten.binary_cross_entropy_with_logits(x, x),
        lambda g, x, y: pointwise.bce_with_logits_mean_grad(np.float32(1), x, g),
        lambda g, x, y: (torch.sigmoid(x) - g) / x.numel(),
    ),
}


def images(shape, rng):
    """Standard normal numbers, the channels last in memory."""
    n, c, *space = shape
    x = rng.standard_normal((n, *space, c), np.float32)
    return np.moveaxis(x, -1, 1)


def tensor(x, memory_format=torch.contiguous_format):
    """The array as PyTorch's tensor in that memory format."""
    return torch.from_numpy(np.ascontiguousarray(x)).contiguous(
        memory_format=memory_format
    )


def pointwise_calls(name, shape, rng):
    """{(library, pass): function}."""
    forward, torch_forward, backward, torch_backward = POINTWISE[name]
    x, g = images(shape, rng), images(shape, rng)
    tx, tg = tensor(x), tensor(g)
    calls = {
        ("tinygen", "fwd"): lambda: forward(x),
        ("torch", "fwd"): lambda: torch_forward(tx),
    }
    if backward:
        y, ty = forward(x), torch_forward(tx)
        calls["tinygen", "bwd"] = lambda: backward(g, x, y)
        calls["torch", "bwd"] = lambda: torch_backward(tg, tx, ty)
    return calls


def torch_norm(name, x, g, w, b):
    """PyTorch's forward and backward of a norm, as functions without arguments."""
    n, c = x.shape[:2]
    size = x.numel() // (n * c)
    every = [True] * 3
    if name == "batch_norm":
        forward = lambda: aten.native_batch_norm(x, w, b, None, None, True, 0.1, EPS)
        stats = forward()[1:]
        grad = aten.native_batch_norm_backward
        return forward, lambda: grad(g, x, w, None, None, *stats, True, EPS, every)
    if name == "group_norm":
        forward = lambda: aten.native_group_norm(x, w, b, n, c, size, GROUPS, EPS)
        stats = forward()[1:]
        grad = aten.native_group_norm_backward
        return forward, lambda: grad(g, x, *stats, w, n, c, size, GROUPS, every)
    forward = lambda: aten.native_layer_norm(x, x.shape[-1:], w, b, EPS)
    stats = forward()[1:]
    grad = aten.native_layer_norm_backward
    return forward, lambda: grad(g, x, x.shape[-1:], *stats, w, b, every)


def tinygen_norm(name, x, g, w, b):
    """The same of tinygen."""
    if name == "batch_norm":
        _, mean, rstd, _ = norm.batch_norm(x, w, b, EPS)
        forward = lambda: norm.batch_norm(x, w, b, EPS)
        return forward, lambda: norm.batch_norm_backward(g, x, mean, rstd, w)
    if name == "group_norm":
        forward = lambda: norm.group_norm(x, GROUPS, w, b, EPS)
        stats = forward()[1:]
        return forward, lambda: norm.group_norm_backward(g, x, *stats, w)
    forward = lambda: norm.layer_norm(x, w, b, EPS)
    stats = forward()[1:]
    return forward, lambda: norm.layer_norm_backward(g, x, *stats, w)


def norm_calls(name, shape, rng):
    """{(library, pass): function}."""
    x, g = images(shape, rng), images(shape, rng)
    if name == "layer_norm":
        x, g = np.ascontiguousarray(x), np.ascontiguousarray(g)
    w, b = np.ones((2, shape[-1 if name == "layer_norm" else 1]), np.float32)
    libraries = {"tinygen": tinygen_norm(name, x, g, w, b)}
    formats = {"torch": torch.contiguous_format}
    if x.ndim == 4 and name != "layer_norm":
        formats["channels_last"] = torch.channels_last
    for library, memory in formats.items():
        tensors = tensor(x, memory), tensor(g, memory), tensor(w), tensor(b)
        libraries[library] = torch_norm(name, *tensors)
    return {
        (library, step): call
        for library, calls in libraries.items()
        for step, call in zip(("fwd", "bwd"), calls, strict=True)
    }


def adam_calls(sizes, rng):
    """{(library, kind): one step}; tinygen's on one buffer, as its optimiser has it."""
    p, g, m, v = rng.standard_normal((4, sum(sizes)), np.float32)
    m[:], v[:] = 0, 0
    settings = {"lr": 2e-4, "beta1": 0.5, "beta2": 0.999, "eps": 1e-8}
    settings |= {"step": 10, "weight_decay": 0.0, "decoupled": False}
    cuts = list(pairwise(accumulate(sizes, initial=0)))
    calls = {("tinygen", ""): lambda: adam.adam_step(p, g, m, v, **settings)}
    for kind in ("default", "foreach", "fused"):
        options = {} if kind == "default" else {kind: True}
        parameters = [torch.nn.Parameter(tensor(p[a:b])) for a, b in cuts]
        for parameter, (a, b) in zip(parameters, cuts, strict=True):
            parameter.grad = tensor(g[a:b])
        calls[kind, ""] = torch.optim.Adam(parameters, lr=2e-4, **options).step
    return calls


def ratios(seconds):
    """The columns of one shape: forward, backward, each to the default format."""
    cells = []
    for step in ("fwd", "bwd"):
        if ("tinygen", step) in seconds:
            ours = seconds["tinygen", step]
            cell = f"{ours / seconds['torch', step]:5.2f}"
            if ("channels_last", step) in seconds:
                cell += f" ({ours / seconds['channels_last', step]:.2f})"
            cells.append(cell)
    return " ".join(cells)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [*POINTWISE, "batch_norm", "group_norm", "layer_norm", "adam"]
    parser.add_argument("--only", type=lambda names: names.split(","), default=names)
    parser.add_argument("--repeats", type=int, default=25)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    print(" " * 12 + "".join(f"{'x'.join(map(str, s)):>26}" for s in SHAPES))
    with threadpool_limits(1):
        for name in options.only:
            if name == "adam":
                continue
            make = pointwise_calls if name in POINTWISE else norm_calls
            print(f"{name:12}", end="")
            for shape in SHAPES:
                seconds = in_turns(make(name, shape, rng), options.repeats)
                print(f"{ratios(seconds):>26}", end="", flush=True)
            print()
        for network, sizes in NETWORKS.items() if "adam" in options.only else ():
            seconds = in_turns(adam_calls(sizes, rng), options.repeats)
            ours = seconds.pop(("tinygen", ""))
            cells = (f"{kind} {ours / t:.2f}" for (kind, _), t in seconds.items())
            print(f"adam, {network}:", ", ".join(cells))


if __name__ == "__main__":
    main()
