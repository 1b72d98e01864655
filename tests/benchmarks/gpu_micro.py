"""Small measurements of a card: what launches, products, copies and convolutions cost.

They answer, one by one, what the design had to assume.  Every figure is a number, a
list, or the error that came in its place.
"""

import platform
import time
from collections.abc import Callable

import gpu_steps
import numpy as np

import tinygen as tg
from tinygen import backend
from tinygen import functional as F
from tinygen.kernels import cublas
from tinygen.kernels.pixels import picked

torch = gpu_steps.torch
SCALAR = "float32"
RAW = """
extern "C" __global__ void plain(const float* x, float* y, int n) {
    int i = blockIdx.x * 128 + threadIdx.x;
    if (i < n) y[i] = x[i];
}"""


class Card:
    """The device and a clock.  dry : the stand-in, with tiny sizes."""

    def __init__(self, dry: bool):
        self.xp, self.dry = backend.module("cuda"), dry
        self.found: dict = {}

    def size(self, real: int, dry: int) -> int:
        """A size, small in a dry run."""
        return dry if self.dry else real

    def timed(self, call: Callable, repeats: int = 200, wait=None) -> list[float]:
        """[microseconds to launch, microseconds in all] of a call."""
        wait = wait or self.xp.cuda.Device().synchronize
        repeats = 2 if self.dry else repeats
        for _ in range(3):
            call()
        wait()
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        launched = time.perf_counter()
        wait()
        done = time.perf_counter()
        return [round((t - start) / repeats * 1e6, 2) for t in (launched, done)]

    def note(self, name: str, measure: Callable) -> None:
        """Keep what is measured; an error is kept as text."""
        try:
            self.found[name] = measure()
        except Exception as error:  # a figure less, not a run less
            self.found[name] = f"{type(error).__name__}: {str(error)[:100]}"


def about(card: Card) -> dict:
    """Card, driver, versions, date."""
    xp, found = card.xp, {"date": time.strftime("%Y-%m-%d")}
    found |= {"python": platform.python_version(), "numpy": np.__version__}
    found["cupy"], found["card"], found["driver"] = xp.__version__, "the stand-in", ""
    if not card.dry:
        runtime = xp.cuda.runtime
        found["card"] = runtime.getDeviceProperties(0)["name"].decode()
        found["driver"] = f"CUDA {runtime.driverGetVersion()}"
        found["runtime"] = f"CUDA {runtime.runtimeGetVersion()}"
    if gpu_steps.there_is_torch():
        found["torch"] = torch.__version__
    return found


def bandwidth(card: Card) -> None:
    """Reading and writing a gigabyte, GB/s."""
    a = card.xp.ones(card.size(2**28, 2**10), SCALAR)
    b = card.xp.empty_like(a)
    per = lambda: round(2 * a.nbytes / card.timed(lambda: card.xp.copyto(b, a), 20)[1])
    card.note("copy, bytes read and written per microsecond", per)


def overhead(card: Card) -> None:
    """What one small op costs: to launch, and in all."""
    xp = card.xp
    x, y = xp.ones((64, 64), SCALAR), xp.ones((64, 64), SCALAR)
    stack, index = xp.ones((8, 64, 64), SCALAR), xp.arange(32)
    raw = xp.RawKernel(RAW, "plain")
    t, u = tg.ones((64, 64), device="cuda"), tg.ones((64, 64), device="cuda")
    calls = {
        "x + y": lambda: x + y,
        "x * 2.0": lambda: x * 2.0,
        "multiply(x, 2.0)": lambda: xp.multiply(x, 2.0),
        "add, out=": lambda: xp.add(x, y, out=x),
        "exp": lambda: xp.exp(x),
        "where": lambda: xp.where(x > 0, x, x * 0.2),
        "RawKernel": lambda: raw((32,), (128,), (x, y, np.int32(4096))),
        "sum(0)": lambda: x.sum(axis=0),
        "var(0)": lambda: x.var(axis=0),
        "x @ y": lambda: x @ y,
        "x @ y.T": lambda: x @ y.T,
        "stack @ stack": lambda: stack @ stack,
        "stack @ stack.T": lambda: stack @ stack.swapaxes(1, 2),
        "stack @ x": lambda: stack @ x,
        "einsum": lambda: xp.einsum("ij,jk->ik", x, y),
        "x[index]": lambda: x[index],
        "add.at": lambda: xp.add.at(x, index, 1.0),
        "empty": lambda: xp.empty((64, 64), SCALAR),
        "reshape": lambda: x.reshape(4096),
        "float(x[0, 0])": lambda: float(x[0, 0]),
        "tinygen leaky_relu": lambda: F.leaky_relu(t, 0.2),
        "tinygen x + y": lambda: t + u,
        "tinygen matmul": lambda: t @ u,
    }
    for name, call in calls.items():
        card.note(f"microseconds, {name}", lambda call=call: card.timed(call))
    if gpu_steps.there_is_torch():
        a = torch.ones(64, 64, device="cuda")
        leaky = lambda: torch.nn.functional.leaky_relu(a, 0.2)
        theirs = {"x + y": lambda: a + a, "x * 2": lambda: a * 2, "exp": a.exp}
        theirs |= {"x @ y": lambda: a @ a, "sum(0)": lambda: a.sum(0)}
        for name, call in {**theirs, "leaky_relu": leaky}.items():
            wait = torch.cuda.synchronize
            measure = lambda call=call, wait=wait: card.timed(call, 200, wait)
            card.note(f"microseconds, torch {name}", measure)


def products(card: Card) -> None:
    """TFLOP/s and error of large products; whether TF32 reaches a batch of them."""
    xp, n = card.xp, card.size(8192, 64)
    rng = np.random.default_rng(0)
    a, b = (xp.asarray(rng.standard_normal((n, n), SCALAR)) for _ in range(2))
    exact = a[:64].astype("float64") @ b.astype("float64")

    def fast(x, y, multiplied):
        rate = 2 * n**3 / card.timed(lambda: multiplied(x, y), 10)[1] / 1e6
        off = multiplied(x, y)[:64].astype("float64") - exact
        return [round(rate, 1), float((off**2).sum() / (exact**2).sum()) ** 0.5]

    matmul = lambda x, y: x @ y
    card.note("product, TFLOP/s and error", lambda: fast(a, b, matmul))
    product = cublas.Product(xp, xp.cuda.get_current_stream())
    card.note("product by ctypes, TFLOP/s and error", lambda: fast(a, b, product))
    half = [x.astype("float16") for x in (a, b)]
    card.note("product float16, TFLOP/s and error", lambda: fast(*half, matmul))
    blocks = a.reshape(n // 64, 64, n), xp.ones((n // 64, n, 64), SCALAR)
    batch = lambda: card.timed(lambda: xp.matmul(*blocks), 10)[1]
    card.note("batch of products, microseconds", batch)


def captures(card: Card) -> None:
    """What a stream takes while it is captured, and what a replay costs."""
    xp = card.xp
    stream, pool = xp.cuda.Stream(non_blocking=True), xp.cuda.MemoryPool()
    x = xp.ones((256, 256), SCALAR)

    def captured(call):
        xp.cuda.Device().synchronize()
        with stream, xp.cuda.using_allocator(pool.malloc):
            stream.begin_capture()
            try:
                call()
            finally:
                graph = stream.end_capture()
            return card.timed(lambda: graph.launch(stream), 200, stream.synchronize)

    with stream:
        product = cublas.Product(xp, stream)
        product(x, x)
    card.note("capture of CuPy's product", lambda: captured(lambda: x @ x))
    stream = xp.cuda.Stream(non_blocking=True)  # the other may be spoilt
    with stream:
        product = cublas.Product(xp, stream)
        product(x, x)
    chain = lambda: product(product(x, x), x)
    card.note("replay of two products by ctypes", lambda: captured(chain))


def transfers(card: Card) -> None:
    """Images to the device: sent as floats, or picked from bytes that lie there."""
    xp, n = card.xp, card.size(10000, 200)
    host = np.ones((128, 3, 64, 64), SCALAR)
    there = xp.empty(host.shape, SCALAR)
    send = lambda: card.timed(lambda: there.set(host), 20)
    card.note("6.3 MB sent, microseconds", send)
    images = xp.zeros((n, 3, 32, 32), "uint8")
    places = np.random.default_rng(0).integers(0, n, 128)
    pick = lambda: picked(images, xp.asarray(places))
    card.note("128 images picked, microseconds", lambda: card.timed(pick, 50))


def convolutions(card: Card) -> None:
    """A convolution, the part of it that gathers columns, and PyTorch's."""
    from tinygen.kernels import conv_gather
    from tinygen.kernels.conv_layout import Geometry

    sizes = [(128, 64, 32, 128, 4, 2, 1), (128, 128, 16, 256, 4, 2, 1)]
    sizes = (
        [(2, 3, 8, 4, 4, 2, 1)] if card.dry else [*sizes, (128, 64, 32, 64, 3, 1, 1)]
    )
    for N, C, side, K, k, stride, padding in sizes:
        x = card.xp.ones((N, C, side, side), SCALAR)
        w = card.xp.ones((K, C, k, k), SCALAR)
        geometry = Geometry((k, k), (stride,) * 2, (padding,) * 2, (1, 1), 1)
        name = f"{N} x {C} x {side} x {side}, {K} of {k} x {k}, stride {stride}"
        whole = lambda x=x, w=w, g=geometry: conv_gather.conv2d(x, w, g)
        part = lambda x=x, g=geometry: conv_gather.im2col(x, g)
        card.note(f"convolution {name}", lambda call=whole: card.timed(call, 20))
        card.note(f"its columns {name}", lambda call=part: card.timed(call, 20))
        if gpu_steps.there_is_torch():
            there = [torch.ones(*a.shape, device="cuda") for a in (x, w)]
            torch.backends.cudnn.allow_tf32 = gpu_steps.TF32
            call = lambda a=there, s=stride, p=padding: torch.nn.functional.conv2d(
                *a, None, s, p
            )
            wait = torch.cuda.synchronize
            measure = lambda call=call, wait=wait: card.timed(call, 20, wait)
            card.note(f"torch convolution {name}", measure)


PARTS = bandwidth, overhead, products, captures, transfers, convolutions
