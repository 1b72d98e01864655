"""Write docs/kernels.md: every fast kernel, its error and its speed: kernel_errors.py

Each kernel and its plain definition get the same float32 numbers.  The error of either
is the largest difference to the definition in float64, relative to the largest number
of that result.  The speed is the ratio of processor times, fast to plain, one thread.
"""

import inspect
import os
import statistics
import time
from pathlib import Path

for override in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(override, None)  # would slow the kernels down
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when NumPy is imported

import numpy as np  # noqa: E402
from layer_shapes import BATCH, LAYERS  # noqa: E402

import tinygen.optim  # noqa: E402, F401  (declares its kernel)
from tinygen.kernels import use, winograd  # noqa: E402
from tinygen.kernels.select import PAIRS  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs" / "kernels.md"
IMAGES = (64, 32, 14, 14)
EPS, GROUPS = 1e-5, 8
TURNS = 7
CONVOLUTIONS = "conv2d", "conv2d_input_grad", "conv2d_weight_grad"
ADAM = {
    "step": 10,
    "lr": 2e-4,
    "beta1": 0.5,
    "beta2": 0.999,
    "eps": 1e-8,
    "weight_decay": 0.01,
    "decoupled": False,
}


# -- measuring -------------------------------------------------------------------------


def results(found) -> list[np.ndarray]:
    """What a kernel returned, as a list of float64 arrays."""
    found = found if isinstance(found, tuple) else (found,)
    return [np.asarray(a, np.float64) for a in found]


def error(found, exact) -> float:
    """The largest difference, relative to the largest number of each array."""
    return max(
        abs(a - e).max() / abs(e).max()
        for a, e in zip(results(found), results(exact), strict=True)
    )


def ratio(fast, plain) -> float:
    """The processor time of one call relative to the other's, medians of turns."""
    times = {fast: [], plain: []}
    for _ in range(TURNS + 1):
        for call in times:
            start = time.process_time()
            call()
            times[call].append(time.process_time() - start)
    quick, slow = (statistics.median(values[1:]) for values in times.values())
    return quick / slow


def judged(name, make) -> tuple:
    """(error of the fast, error of the plain, in float64, ratio of times).

    make(dtype) -> arguments and settings of one call
    """
    plain, fast = PAIRS[name]

    def call(kernel, dtype):
        arguments, settings = make(dtype)
        found = kernel(*arguments, **settings)
        return arguments if found is None else found  # Adam writes into its arguments

    exact = call(plain, np.float64)
    return (
        error(call(fast, np.float32), exact),
        error(call(plain, np.float32), exact),
        error(call(fast, np.float64), exact),
        ratio(*(lambda k=k: call(k, np.float32) for k in (fast, plain))),
    )


# -- pointwise kernels, norms, Adam ------------------------------------------------


def drawn(shape, seed):
    """Standard normal numbers in float32, the channels last in memory."""
    n, c, *space = shape
    x = np.random.default_rng(seed).standard_normal((n, *space, c), np.float32)
    return np.moveaxis(x, -1, 1)


def pointwise_arguments(name):
    """What the parameters of a pointwise kernel are, by their names."""
    x, g = drawn(IMAGES, 0), drawn(IMAGES, 1)
    z = (drawn(IMAGES, 2) > 0).astype(np.float32)
    values = {"x": x, "logits": x, "g": g, "targets": z, "slope": 0.2, "scale": 0.7}
    values["y"] = 0.5 * np.tanh(0.5 * x) + 0.5 if "sigmoid" in name else np.tanh(x)
    if name == "bce_with_logits_mean_grad":
        values["g"] = np.float32(1.5)
    names = [p for p in inspect.signature(PAIRS[name][1]).parameters if p != "out"]
    plain = [values[p] for p in names]
    return lambda dtype: ([typed(v, dtype) for v in plain], {})


def typed(value, dtype):
    """An array or NumPy number in another dtype; a plain number as it is."""
    return value.astype(dtype) if hasattr(value, "astype") else value


def norm_arguments(name):
    """Images of mean 3 and deviation 2, and what the forward pass gave."""
    kind = name.removesuffix("_backward")
    x, g = 2 * drawn(IMAGES, 0) + np.float32(3), drawn(IMAGES, 1)
    if kind == "layer_norm":
        x, g = (np.ascontiguousarray(a) for a in (x, g))
    channels = IMAGES[-1 if kind == "layer_norm" else 1]
    w, b = np.random.default_rng(2).uniform(0.5, 1.5, (2, channels))

    def forward(dtype):
        groups = [GROUPS] if kind == "group_norm" else []
        return [typed(x, dtype), *groups, typed(w, dtype), typed(b, dtype), EPS]

    def backward(dtype):
        _, mean, rstd, *_ = PAIRS[kind][0](*forward(np.float64))
        return [typed(a, dtype) for a in (g, x, mean, rstd, w)]

    arguments = forward if kind == name else backward
    made = {dtype: arguments(dtype) for dtype in (np.float32, np.float64)}
    return lambda dtype: (made[dtype], {})


def adam_arguments(_):
    """A million parameters, some steps on; fresh copies, for they are written."""
    p, g, m, v = np.random.default_rng(0).standard_normal((4, 10**6)).astype(np.float32)
    start = p, g, 0.1 * m, 0.01 * v * v
    return lambda dtype: ([a.astype(dtype) for a in start], ADAM)


def arguments_of(name):
    """The maker of a kernel's arguments."""
    if name == "adam_step":
        return adam_arguments(name)
    return norm_arguments(name) if "_norm" in name else pointwise_arguments(name)


def kernel_lines() -> str:
    """The table of all kernels but the convolutions."""
    text = heading("kernel", "error", "of the plain", "in float64", "time to plain")
    for name in PAIRS:
        if name not in CONVOLUTIONS:
            fast, plain, double, times = judged(name, arguments_of(name))
            cells = (f"{e:.1e}" for e in (fast, plain, double))
            text += line(f"`{name}`", *cells, f"{times:.2f}")
    return text


# -- convolutions ----------------------------------------------------------------------


def passes(layer, dtype):
    """{pass: (algorithm, function)} of a layer, on numbers that float32 can hold."""
    rng = np.random.default_rng(0)
    x, w = layer.arrays(rng)
    return layer.passes(*(a.astype(dtype) for a in (x, w, layer.gradient(rng))))


def conv_line(label, layer, kind, exact, worst) -> str:
    """One layer and pass; the largest error of its algorithm goes into `worst`."""
    algorithm, fast = passes(layer, np.float32)[kind]
    name = algorithm.__name__.rpartition(".")[2]

    def plain():
        with use("reference"):
            return fast()

    errors = error(fast(), exact), error(plain(), exact)
    worst[name] = max(worst.get(name, 0.0), errors[0])
    direct = ""
    if algorithm is winograd:
        with winograd.switched_off():
            direct = f"{error(passes(layer, np.float32)[kind][1](), exact):.1e}"
    cells = (f"{e:.1e}" for e in errors)
    return line(label, kind, name, *cells, direct, f"{ratio(fast, plain):.2f}")


def conv_lines() -> tuple[str, str]:
    """The table of layers, and that of algorithms with their largest errors."""
    worst = {}
    text = heading(
        "layer", "pass", "algorithm", "error", "of the plain", "direct", "time to plain"
    )
    for name, layer in LAYERS.items():
        with use("reference"):
            exact = {k: call() for k, (_, call) in passes(layer, np.float64).items()}
        for kind, value in exact.items():
            label = f"{name}: {layer}" if kind == "fwd" else ""
            text += conv_line(label, layer, kind, value, worst)
    largest = heading("algorithm", "what it is", "when", "largest error")
    for name, (what, when) in ALGORITHMS.items():
        told = f"{worst[name]:.1e}" if name in worst else "see [gpu.md](gpu.md)"
        largest += line(f"`{name}`", what, when, told)
    return largest, text


ALGORITHMS = {
    "conv_im2col": (
        "every patch a row of a matrix, a block of images at a time; one product",
        "groups, dilation; weight gradients; the input gradient for 1 or 2 channels",
    ),
    "conv_gather": (
        "each element of the columns, and each pixel of a gradient, fetches what "
        "belongs there; one product",
        "every convolution on CuPy",
    ),
    "conv_mec": (
        "only the rows of a filter laid out, its columns slid along; an input "
        "gradient is one small convolution for each phase of the stride",
        "all other outputs and input gradients; the weight gradient for 1 or 2 "
        "channels",
    ),
    "conv_pointwise": (
        "one product over the channels",
        "1x1 filters without padding",
    ),
    "winograd": (
        "F(4x4, 3x3): 36 products for a 4x4 tile instead of 144",
        "3x3, stride 1, float32, 16 channels and filters or more, tiles at least "
        "half filled",
    ),
}


# -- the page --------------------------------------------------------------------------


def line(*cells) -> str:
    """One line of a table in markdown."""
    return "| " + " | ".join(cells) + " |\n"


def heading(*cells) -> str:
    """The head of a table."""
    return line(*cells) + "|---" * len(cells) + "|\n"


TEXT = """# Kernels

What costs time is computed by a fast kernel in `tinygen/kernels/`. Beside each stands
its plain definition, a few lines of NumPy, which is the one to read; the tests hold the
two equal on every sample. To run the definitions instead, of all kernels at once:

```pycon
>>> import numpy as np
>>> import tinygen as tg
>>> from tinygen import functional as F, kernels
>>> rng = np.random.default_rng(0)
>>> x = tg.tensor(rng.standard_normal((2, 16, 8, 8)), dtype="float32")
>>> w = tg.tensor(rng.standard_normal((16, 16, 3, 3)), dtype="float32")
>>> fast = F.conv2d(x, w, padding=1)
>>> with kernels.use("reference"):
...     plain = F.conv2d(x, w, padding=1)
>>> bool(abs(fast.data - plain.data).max() < 4e-6 * abs(plain.data).max())
True

```

Which kernel computes what follows from shapes and dtype alone, never from the values:
a run repeats itself bit by bit.

Errors here are the largest difference to the definition in float64, relative to the
largest number of the result; times are processor times relative to the definition, both
in float32 with one thread. Measured with numpy {version} by
`python tests/benchmarks/kernel_errors.py`, which writes this page. Against PyTorch:
[benchmarks.md](benchmarks.md).

## Convolutions

{algorithms}
The one that rounds more than a sum has to is Winograd's: its transforms multiply by
numbers of different size, and much cancels. With the points 0, ±3/4, ±3/2 instead of
the usual 0, ±1, ±2 it is a few times as far off as a direct sum, not twelve times.
`tinygen/kernels/winograd.py` tells how it works. float64 always takes a direct path, so
gradient checks never meet it; float32 takes one within
`with tinygen.kernels.winograd.switched_off():`, whose error is in the column "direct".

Batch {batch}, images with their channels last in memory; the pass "dx" is the gradient
for the images, "dw" that for the filters. The plain definition walks over the taps of
the filter with one product each; it adds the pixels of a weight gradient up one after
another, which rounds more than the fast kernels do.

{layers}
## Norms, activations, losses, Adam

Computed in place, in blocks that stay in the processor's cache; a backward pass is one
formula and not the graph of many. Images of {images} with their channels last; Adam on
a million parameters. The column "in float64" is the difference of the two there.

{kernels}"""


def main() -> None:
    """Measure everything and write the page."""
    algorithms, layers = conv_lines()
    found = {"algorithms": algorithms, "layers": layers, "kernels": kernel_lines()}
    images = "x".join(map(str, IMAGES))
    about = {"version": np.__version__, "batch": BATCH, "images": images}
    PAGE.write_text(TEXT.format(**about, **found))


if __name__ == "__main__":
    main()
