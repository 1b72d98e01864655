"""Chapter 14: each equation by a second route that shares no code with the first."""

import itertools
import math

import numpy as np
import pytest

from chapters.tools.book import definitions
from tinygen import tensor
from tinygen.models.gan import Discriminator


@pytest.fixture
def code():
    return definitions(14)


def cheapest(a, b, way):
    """The least mean way of all pairings."""
    pairings = itertools.permutations(b)
    return min(sum(map(way, a, chosen)) for chosen in pairings) / len(a)


def test_14_1(code):
    draws = np.random.default_rng(0)
    a, b = draws.normal(0.3, 1.0, 6), draws.normal(0.1, 2.0, 6)
    exact = cheapest(a, b, lambda s, t: abs(s - t))
    assert code["by_sorting"](a, b) == pytest.approx(exact, rel=1e-12)
    assert code["by_critic"](a, b) == pytest.approx(exact, rel=1e-12)
    points, scores = code["best_critic"](a, b)
    assert np.abs(np.diff(scores) / np.diff(points)).max() <= 1 + 1e-12


def entropy(shares):
    """In nats."""
    return -sum(s * math.log(s) for s in shares if s)


def test_14_2(code):
    heights = (0.1, 0.25, 0.5, 0.6, 0.9)
    for theta in (-0.7, 0.0, 0.3, 2.6):
        p, q = [(0.0, y) for y in heights], [(theta, y) for y in heights]
        exact = cheapest(p, q, math.dist)
        union = sorted({*p, *q})
        shares = [[side.count(x) / 5 for x in union] for side in (p, q)]
        mixed = [(s + t) / 2 for s, t in zip(*shares, strict=True)]
        jsd = entropy(mixed) - entropy(shares[0]) / 2 - entropy(shares[1]) / 2
        assert code["line_distances"](theta) == pytest.approx((exact, jsd), abs=1e-12)
        assert code["by_points"](theta, 5) == pytest.approx(
            (exact, exact, jsd), abs=1e-12
        )


def simpson(f, n=400):
    """The integral of f from 0 to 1."""
    inner = sum((4 if k % 2 else 2) * f(k / n) for k in range(1, n))
    return (f(0) + inner + f(1)) / (3 * n)


def test_14_3(code):
    x, y = np.array([0.9, -2.2, 0.4]), np.array([-1.3, 0.7, 1.6])
    fine = lambda t: (math.sqrt(sum((t * x + (1 - t) * y) ** 2)) - 1) ** 2
    exact = simpson(fine)
    draws = 40_000
    real, fake = np.tile(x, (draws, 1)), np.tile(y, (draws, 1))
    found = code["bowl_penalty"](real, fake, np.random.default_rng(1))
    spread = math.sqrt(simpson(lambda t: (fine(t) - exact) ** 2) / draws)
    assert spread < 0.005 * exact
    assert abs(found - exact) < 4 * spread
    alphas = np.linspace(0, 1, 2001)
    loops = code["bowl_by_loops"](real[:2001], fake[:2001], alphas)
    assert loops == pytest.approx(exact, rel=2e-3)


def searched(theta, weight, pieces=4):
    """Slopes of a piecewise linear critic: minus gain plus fine, made least."""
    slopes = [0.3, 2.0, 1.1, 0.9]
    width = abs(theta) / pieces
    loss = lambda s: -sum(s) * width + weight * sum((v - 1) ** 2 for v in s) / pieces
    step = 1.0
    while step > 1e-10:
        better = False
        for i, sign in itertools.product(range(pieces), (-1, 1)):
            other = [v + sign * step * (j == i) for j, v in enumerate(slopes)]
            if loss(other) < loss(slopes):
                slopes, better = other, True
        step = step if better else step / 2
    return slopes, sum(slopes) * width


def test_14_4(code):
    for theta, weight in ((1.7, 3.0), (-0.6, 0.2)):
        slopes, gain = searched(theta, weight)
        for found in (
            code["best_slope"](theta, weight),
            code["by_newton"](theta, weight),
        ):
            assert [found[0]] * 4 == pytest.approx(slopes, rel=1e-6)
            assert found[1] == pytest.approx(gain, rel=1e-6)


def fine_by_complex_steps(W, a, x):
    """(|g| - 1)^2 of D = a . tanh(W x); g_k = Im D(x + i h e_k) / h."""
    h = 1e-30
    steps = x + 1j * h * np.eye(len(x))
    g = [(a @ np.tanh(W @ point)).imag / h for point in steps]
    return (math.hypot(*g) - 1) ** 2


def test_14_5(code):
    draws = np.random.default_rng(2)
    W, a, x = draws.normal(size=(4, 3)), draws.normal(size=4), draws.normal(size=3)
    exact, h = np.zeros_like(W), 1e-3
    for place in np.ndindex(*W.shape):
        at = lambda t, place=place: fine_by_complex_steps(moved(W, place, t), a, x)
        near, far = at(h) - at(-h), at(2 * h) - at(-2 * h)
        exact[place] = (8 * near - far) / (12 * h)
    for found in (code["by_chain"](W, a, x), code["by_double_backward"](W, a, x)):
        np.testing.assert_allclose(found, exact, rtol=1e-7, atol=1e-9)


def moved(W, place, t):
    """W with t added at one place."""
    other = W.copy()
    other[place] += t
    return other


def test_14_6(code):
    draws = np.random.default_rng(3)
    W = draws.normal(size=(4, 2)) * [1.0, 3.0]
    angle = np.linspace(0, math.pi, 20_001)
    stretch = np.linalg.norm(W @ [np.cos(angle), np.sin(angle)], axis=0).max()
    assert code["largest"](W) == pytest.approx(stretch, rel=1e-7)
    D = Discriminator((2,), 8, rng=draws)
    D = D.astype("float64")
    steep = measured(D, draws)
    assert steep.max() <= code["steepest"](D)
    D = code["bounded"](D, draws)
    for _ in range(100):
        D(tensor(draws.normal(size=(2, 2))))
    assert measured(D, draws).max() <= 1 + 1e-6


def measured(D, draws):
    """Slopes of D along 300 random directions at random points, by differences."""
    x, v = draws.normal(size=(300, 2)), draws.normal(size=(300, 2))
    v *= 1e-6 / np.linalg.norm(v, axis=1, keepdims=True)
    D.eval()
    rise = D(tensor(x + v)).data - D(tensor(x - v)).data
    D.train()
    return np.abs(rise[:, 0]) / 2e-6


def test_14_7(code):
    d, c = np.array([0.7, -1.9, 0.02, 0.4, -0.3]), 0.05
    corners = [c * np.array(signs) for signs in itertools.product((-1, 1), repeat=5)]
    inside = np.random.default_rng(4).uniform(-c, c, (2000, 5))
    best = max(corners, key=lambda w: w @ d)
    assert (inside @ d).max() < best @ d
    for weights, gain in (code["best_clipped"](d, c), code["by_climbing"](d, c)):
        assert list(weights) == pytest.approx(list(best), rel=1e-12)
        assert gain == pytest.approx(best @ d, rel=1e-12)
    assert np.linalg.norm(best) == pytest.approx(c * math.sqrt(5), rel=1e-12)
