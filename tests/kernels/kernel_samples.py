"""Arrays of every kind that a kernel must take, and differences to hold it against."""

import numpy as np

from tinygen.kernels.select import use

DTYPES = ("float32", "float64")
TOLERANCE = {
    "float32": {"rtol": 2e-5, "atol": 2e-6},
    "float64": {"rtol": 1e-12, "atol": 1e-14},
}


def numbers(rng, shape, dtype="float64"):
    """Standard normal numbers, kept away from 0, where a relu has its kink."""
    x = rng.standard_normal(shape)
    return np.asarray(x + np.copysign(0.05, x)).astype(dtype)


def cotangent(rng, shape):
    """Random signs times U(0.5, 1): no entry near 0, so none goes untested."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 1.0, shape)


LAYOUTS = {
    "0-d": lambda x: x[0, 0, 0, 0].reshape(()),
    "empty": lambda x: x[:0],
    "one": lambda x: x[:1, 0, 0, 0],
    "prime": lambda x: x[0, 0, 0, :7],
    "matrix": lambda x: x[:, :, 0, 0],
    "images": lambda x: x,
    "channels last": lambda x: x.transpose(0, 3, 1, 2),
    "strided": lambda x: x[::2, 1:, ::-1, ::3],
    "above a block": lambda x: x.reshape(x.shape[0] * x.shape[1], -1),
    "above a block, odd": lambda x: x.ravel()[:-1],
    "above a block, strided": lambda x: np.stack([x, x], -1)[..., 0],
    "above a block, channels last": lambda x: x.transpose(0, 3, 1, 2),
}


def layouts(rng, count, dtype):
    """(name, `count` arrays of one layout) for every layout."""
    for name, view in LAYOUTS.items():
        shape = (13, 17, 19, 23) if "above" in name else (4, 3, 5, 8)
        yield name, [view(numbers(rng, shape, dtype)) for _ in range(count)]


def plain(kernel, *arguments, **settings):
    """The result of the definition that the kernel is a faster equal of."""
    with use("reference"):
        return kernel(*arguments, **settings)


def strides_in_memory(x):
    """The axes longer than 1, from the slowest in memory to the fastest."""
    axes = [i for i in range(x.ndim) if x.shape[i] > 1]
    return sorted(axes, key=lambda i: -abs(x.strides[i]))


def five_point(f, x, step=1e-3):
    """f'(x) for f element by element, with an error of order step^4."""
    near, far = f(x + step) - f(x - step), f(x + 2 * step) - f(x - 2 * step)
    return (8 * near - far) / (12 * step)


def directional(f, x, direction, step=1e-3):
    """The derivative of the array f(x) along a direction, five points again."""
    return five_point(lambda t: f(x + t * direction), 0.0, step)
