"""Hypothesis strategies: shapes that broadcast, indices, axes, random graphs.

The only module that needs hypothesis; nothing else of the library imports it.
"""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

LAYOUTS = {
    "C": lambda x: x,
    "F": np.asfortranarray,
    "negative": lambda x: np.flip(np.flip(x).copy()),
    "sliced": lambda x: np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x,
}


def smooth_floats(low: float = -2.0, high: float = 2.0, avoid=(), distance=0.05):
    """Numbers in [low, high], at least `distance` away from kinks; no subnormals."""
    numbers = st.floats(low, high, allow_subnormal=False, width=64)
    return numbers.filter(lambda x: all(abs(x - kink) >= distance for kink in avoid))


@st.composite
def arrays(draw, shape=None, low=-2.0, high=2.0, dtype="float64"):
    """A float array of a shape (drawn if None), in any layout, perhaps read-only."""
    if shape is None:
        shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    seed = draw(st.integers(0, 2**32 - 1))
    x = np.random.default_rng(seed).uniform(low, high, shape).astype(dtype)
    x = draw(st.sampled_from(list(LAYOUTS.values())))(x)
    x.flags.writeable = draw(st.booleans())
    return x


def broadcastable_shapes(count: int = 2):
    """`count` shapes that broadcast, and the shape of the result."""
    return hnp.mutually_broadcastable_shapes(
        num_shapes=count, max_dims=4, min_side=0, max_side=5
    )


@st.composite
def axes(draw, ndim: int):
    """None, one axis or several of an array, counted from either end."""
    kind = draw(st.sampled_from(["none", "one", "several"] if ndim else ["none"]))
    if kind == "none":
        return None
    count = 1 if kind == "one" else draw(st.integers(1, ndim))
    chosen = draw(st.permutations(range(ndim)))[:count]
    chosen = tuple(i - ndim * draw(st.booleans()) for i in chosen)
    return chosen[0] if kind == "one" else chosen


def basic_indices(shape):
    """Numbers, slices, None and an ellipsis."""
    return hnp.basic_indices(shape, allow_newaxis=True)


@st.composite
def advanced_indices(draw, shape):
    """Integer arrays with duplicates, or a mask, mixed with slices."""
    if draw(st.booleans()):
        return draw(hnp.arrays(bool, shape))
    parts, length = [], draw(st.integers(1, 6))
    for n in shape:
        if draw(st.booleans()):
            whole = st.lists(st.integers(-n, n - 1), min_size=length, max_size=length)
            parts.append(np.array(draw(whole)))
        else:
            parts.append(draw(st.slices(n)))
    return tuple(parts)


@st.composite
def logits_and_labels(draw, most_classes: int = 7):
    """Logits (N, K) and labels (N,) that fit."""
    n, k = draw(st.integers(1, 5)), draw(st.integers(1, most_classes))
    labels = draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n))
    return draw(arrays((n, k))), np.array(labels)


@st.composite
def conv_settings(draw):
    """Shapes of images and filters and the settings of a possible convolution."""
    groups = draw(st.integers(1, 3))
    size, stride, padding, dilation = (
        draw(st.tuples(st.integers(least, most), st.integers(least, most)))
        for least, most in ((1, 3), (1, 3), (0, 2), (1, 2))
    )
    spans = zip(size, padding, dilation, strict=True)
    least = [max(1, d * (k - 1) + 1 - 2 * p) for k, p, d in spans]
    image = tuple(n + draw(st.integers(0, 4)) for n in least)
    channels, filters = (groups * draw(st.integers(1, 3)) for _ in "cf")
    x = (draw(st.integers(1, 3)), channels, *image)
    w = (filters, channels // groups, *size)
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return x, w, how


@dataclass(frozen=True)
class Step:
    """One instruction of a random program: an operation on earlier values."""

    name: str
    operands: tuple[int, ...]


UNARY = ("tanh", "sin", "sigmoid", "transpose", "mean")
BINARY = ("add", "subtract", "multiply", "matmul")


@st.composite
def programs(draw, most: int = 40, leaves: int = 3):
    """Straight-line programs on square matrices: values used often, once, or never.

    Values 0 .. leaves-1 are the inputs; step k computes value leaves + k.
    """
    steps = []
    for k in range(draw(st.integers(5, most))):
        name = draw(st.sampled_from(UNARY + BINARY))
        earlier = st.integers(0, leaves + k - 1)
        count = 1 if name in UNARY else 2
        steps.append(Step(name, tuple(draw(earlier) for _ in range(count))))
    return tuple(steps)
