"""Random graphs and random indices against a naive evaluator."""

import numpy as np
from hypothesis import given

import tinygen as tg
from tinygen import functional as F
from tinygen.testing import gradcheck, gradgradcheck
from tinygen.testing import strategies as some

N = 3  # matrices (N, N)

RUN = {
    "tanh": tg.tanh,
    "sin": tg.sin,
    "sigmoid": tg.sigmoid,
    "transpose": tg.transpose,
    "mean": lambda a: a.mean(0, True) * tg.ones((N, N), dtype="float64"),
    "add": lambda a, b: 0.5 * (a + b),
    "subtract": lambda a, b: 0.5 * (a - b),
    "multiply": tg.multiply,
    "matmul": lambda a, b: tg.tanh(a @ b),
}


def naive_forward(name, values):
    a, *rest = values
    b = rest[0] if rest else None
    return {
        "tanh": lambda: np.tanh(a),
        "sin": lambda: np.sin(a),
        "sigmoid": lambda: 1 / (1 + np.exp(-a)),
        "transpose": lambda: a.T,
        "mean": lambda: np.broadcast_to(a.mean(0), (N, N)),
        "add": lambda: (a + b) / 2,
        "subtract": lambda: (a - b) / 2,
        "multiply": lambda: a * b,
        "matmul": lambda: np.tanh(a @ b),
    }[name]()


def naive_backward(name, values, g):
    """dL/doperand, written out by hand for each operation."""
    a, *rest = values
    b = rest[0] if rest else None
    y = naive_forward(name, values)
    return {
        "tanh": lambda: [g / np.cosh(a) ** 2],
        "sin": lambda: [g * np.cos(a)],
        "sigmoid": lambda: [g * y * (1 - y)],
        "transpose": lambda: [g.T],
        "mean": lambda: [np.broadcast_to(g.sum(0) / N, (N, N))],
        "add": lambda: [g / 2, g / 2],
        "subtract": lambda: [g / 2, -g / 2],
        "multiply": lambda: [g * b, g * a],
        "matmul": lambda: [(g * (1 - y * y)) @ b.T, a.T @ (g * (1 - y * y))],
    }[name]()


def naive_gradients(program, leaves, seed):
    """Every value's gradient, by going through the instructions backwards."""
    values = list(leaves)
    for step in program:
        values.append(naive_forward(step.name, [values[i] for i in step.operands]))
    grads = [np.zeros((N, N)) for _ in values]
    grads[-1] = seed
    for k in reversed(range(len(program))):
        step = program[k]
        inputs = [values[i] for i in step.operands]
        parts = naive_backward(step.name, inputs, grads[len(leaves) + k])
        for i, part in zip(step.operands, parts, strict=True):
            grads[i] = grads[i] + part
    return values, grads


def run(program, leaves):
    values = list(leaves)
    for step in program:
        values.append(RUN[step.name](*(values[i] for i in step.operands)))
    return values


def matrices(count=3):
    draws = np.random.default_rng(7).uniform(-1, 1, (count, N, N))
    return [tg.tensor(x, requires_grad=True) for x in draws]


@given(some.programs())
def test_every_gradient_of_a_random_graph(program):
    """Leaves and non-leaves, used often, once or never."""
    leaves = matrices()
    values = run(program, leaves)
    seed = np.random.default_rng(1).uniform(-1, 1, (N, N))
    expected, grads = naive_gradients(program, [x.data for x in leaves], seed)
    found = tg.grad(values[-1], values, seed, allow_unused=True, retain_graph=True)
    for y, e, g, h in zip(values, expected, found, grads, strict=True):
        assert np.allclose(y.data, e, rtol=1e-12, atol=1e-14)
        g = np.zeros((N, N)) if g is None else g.data
        assert np.allclose(g, h, rtol=1e-9, atol=1e-13)
    values[-1].backward(seed)
    for x, h in zip(leaves, grads, strict=False):
        got = np.zeros((N, N)) if x.grad is None else x.grad.data
        assert np.allclose(got, h, rtol=1e-9, atol=1e-13)


@given(some.programs(most=12))
def test_random_graphs_to_second_order(program):
    f = lambda *leaves: run(program, leaves)[-1]
    if any(leaf < 3 for step in program for leaf in step.operands):
        gradcheck(f, matrices())
        gradgradcheck(f, matrices(), directions=1)


@given(some.broadcastable_shapes(3))
def test_broadcasting_of_any_shapes(shapes):
    draws = np.random.default_rng(0)
    arrays = [draws.uniform(-1, 1, s) for s in shapes.input_shapes]
    a, b, c = (tg.tensor(x, requires_grad=True) for x in arrays)
    y = a * b + c
    assert y.shape == shapes.result_shape
    seed = draws.uniform(-1, 1, y.shape)
    ones = [np.ones(s) for s in shapes.input_shapes]
    products = [arrays[1] * ones[0], arrays[0] * ones[1], ones[2]]
    for x, factor in zip((a, b, c), products, strict=True):
        (g,) = tg.grad(y, x, seed, retain_graph=True)
        full = np.broadcast_to(factor, y.shape) * seed
        # the same sum in another way: count every element of x by its place
        place = np.broadcast_to(np.arange(x.size).reshape(x.shape), y.shape)
        expected = np.bincount(place.ravel(), full.ravel(), x.size)
        assert np.allclose(g.data.ravel(), expected, rtol=1e-12, atol=1e-14)


@given(some.arrays(shape=(3, 4, 2)), some.basic_indices((3, 4, 2)))
def test_basic_indices(x, index):
    check_index(x, index)


@given(some.arrays(shape=(3, 4, 2)), some.advanced_indices((3, 4, 2)))
def test_advanced_indices_with_duplicates(x, index):
    check_index(x, index)


def check_index(x, index):
    leaf = tg.tensor(x, requires_grad=True)
    y = leaf[index]
    assert np.array_equal(y.data, x[index])
    seed = np.random.default_rng(2).uniform(-1, 1, y.shape)
    (g,) = tg.grad(y, leaf, seed)
    place = np.arange(x.size).reshape(x.shape)[index]
    expected = np.bincount(place.ravel(), seed.ravel(), x.size).reshape(x.shape)
    assert np.allclose(g.data, expected, rtol=1e-13, atol=1e-15)


@given(some.arrays(shape=(3, 2, 4)), some.axes(3))
def test_reductions_over_any_axes(x, axis):
    leaf = tg.tensor(x, requires_grad=True)
    for name in ("sum", "mean", "max", "min", "var"):
        for keepdims in (False, True):
            how = {"axis": axis, "keepdims": keepdims}
            y = getattr(tg, name)(leaf, **how)
            assert np.allclose(y.data, getattr(np, name)(x, **how), rtol=1e-12)
            (g,) = tg.grad(y, leaf, np.ones(y.shape))
            assert g.shape == x.shape
            total = {"sum": x.size, "var": 0.0}.get(name, y.size)
            assert np.isclose(g.data.sum(), total, atol=1e-9)


@given(some.logits_and_labels())
def test_cross_entropy_of_any_labels(pair):
    logits, labels = pair
    leaf = tg.tensor(logits, requires_grad=True)
    loss = F.cross_entropy(leaf, labels)
    (g,) = tg.grad(loss, leaf)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    hot = np.eye(logits.shape[1])[labels]
    assert np.isclose(loss.item(), -np.log((p * hot).sum(1)).mean())
    assert np.allclose(g.data, (p - hot) / len(labels), atol=1e-13)
