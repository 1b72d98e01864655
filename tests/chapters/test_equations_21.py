"""Chapter 21: each equation by a second route that shares no code with the first."""

import math

import numpy as np
import pytest

from chapters.tools.book import definitions
from tinygen.models.diffusion.schedule import linear_schedule

LINEAR = linear_schedule()


@pytest.fixture
def code():
    return definitions(21)


def beta(t):
    """beta_t of the linear schedule, from its formula."""
    return 1e-4 + (t - 1) * (0.02 - 1e-4) / 999


def left(t):
    """alpha_bar_t, by logarithms."""
    return math.exp(math.fsum(math.log1p(-beta(i)) for i in range(1, t + 1)))


def test_21_1(code):
    for t in (1, 2, 137, 1000):
        for route in (code["added_up"], code["at_once"]):
            factor, variance = route(LINEAR, t)
            assert factor == pytest.approx(math.sqrt(left(t)), rel=1e-9)
            assert variance == pytest.approx(1 - left(t), rel=1e-9)


def backwards(t, x, x0):
    """Mean and variance of x_(t-1) by adding precisions."""
    before, b = left(t - 1), beta(t)
    of_prior, of_likelihood = 1 / (1 - before), (1 - b) / b
    variance = 1 / (of_prior + of_likelihood)
    mean = of_prior * math.sqrt(before) * x0 + of_likelihood * x / math.sqrt(1 - b)
    return variance * mean, variance


def test_21_2(code):
    for t in (40, 250, 900):
        exact = backwards(t, 0.6, -1.3)
        found = code["looking_back"](LINEAR, t, 0.6, -1.3)
        assert list(found) == pytest.approx(exact, rel=1e-9)
    found = code["by_bayes"](LINEAR, 250, 0.6, -1.3)
    assert list(found) == pytest.approx(backwards(250, 0.6, -1.3), rel=1e-7)


def kl_on_a_grid(mean, other, variance):
    """KL of two Gaussians of one variance, by Simpson's rule."""
    s, total, n = math.sqrt(variance), 0.0, 400
    h = 16 * s / n
    for k in range(n + 1):
        x = mean - 8 * s + k * h
        p = math.exp(-((x - mean) ** 2) / (2 * variance))
        log = ((x - other) ** 2 - (x - mean) ** 2) / (2 * variance)
        total += (1 if k in (0, n) else 4 if k % 2 else 2) * p * log
    return total * h / 3 / (s * math.sqrt(2 * math.pi))


def test_21_3(code):
    off = np.array([0.4, -0.7])
    for t in (30, 400, 950):
        exact = 0.0
        for d in off:
            mean, variance = backwards(t, 0.2, 0.0)
            exact += kl_on_a_grid(mean, backwards(t, 0.2, d)[0], variance)
        assert code["divergence"](LINEAR, t, off) == pytest.approx(exact, rel=1e-7)
        of_noise = left(t) / (1 - left(t)) * (off**2).sum()
        found = code["bound_weight"](LINEAR, t) * of_noise
        assert found == pytest.approx(exact, rel=1e-7)


def place(code, t):
    """a, b of the chapter's cosine schedule."""
    left = code["S"].alpha_bars[t]
    return math.sqrt(left), math.sqrt(1 - left)


def test_21_4(code):
    t, points, x = 420, [0.7, -1.6, 0.1], 0.45
    a, b = place(code, t)
    shares = [math.exp(-((x - a * y) ** 2) / (2 * b * b)) for y in points]
    noises = [(x - a * y) / b for y in points]
    exact = sum(s * e for s, e in zip(shares, noises, strict=True)) / sum(shares)
    points = np.array(points)[:, None]
    found = code["noise_by_score"](points, np.array([[x]]), t)
    assert found.item() == pytest.approx(exact, rel=1e-9)
    # the loss: x_t on a fine grid, its density, what of the noise it leaves open
    best, wrong = 0.0, 0.0
    for x in np.linspace(-7, 7, 1401):
        shares = [math.exp(-((x - a * y) ** 2) / (2 * b * b)) / 2 for y in (-1, 1)]
        noises = [(x - a * y) / b for y in (-1, 1)]
        mean = sum(s * e for s, e in zip(shares, noises, strict=True)) / sum(shares)
        for s, e in zip(shares, noises, strict=True):
            weight = s * 0.01 / (b * math.sqrt(2 * math.pi))
            best += weight * (e - mean) ** 2
            wrong += weight * (e - 0.3 * x) ** 2
    pair = np.array([[-1.0], [1.0]])
    found = code["expected_loss"](lambda x: code["noise_by_score"](pair, x, t), t)
    assert found == pytest.approx(best, rel=1e-6)
    found = code["expected_loss"](lambda x: 0.3 * x, t)
    assert found == pytest.approx(wrong, rel=1e-6)
    assert best < wrong


def test_21_5(code):
    x, x0, z = 0.8, -0.3, 1.7
    array = lambda v: np.array([[v]])
    for s, t in ((200, 201), (150, 600)):
        (a_s, b_s), (a_t, b_t) = place(code, s), place(code, t)
        noise = (x - a_t * x0) / b_t
        added = 1 - (a_t / a_s) ** 2
        for eta in (0.0, 0.6, 1.0):
            std = eta * math.sqrt(added) * b_s / b_t
            exact = a_s * x0 + math.sqrt(b_s**2 - std**2) * noise + std * z
            found = code["ddim"](s, t, array(x), array(x0), eta, array(z)).item()
            assert found == pytest.approx(exact, rel=1e-9)
        found = code["ancestral"](s, t, array(x), array(x0), array(z)).item()
        assert found == pytest.approx(exact, rel=1e-9)  # eta was 1


def log_density(points, x, t, code):
    """log p_t(x) but for a constant, in plain floats."""
    a, b = place(code, t)
    logs = [
        -sum((u - a * v) ** 2 for u, v in zip(x, y, strict=True)) / (2 * b * b)
        for y in points
    ]
    return max(logs) + math.log(math.fsum(math.exp(v - max(logs)) for v in logs))


def slope_of_log(points, x, t, code, h=1e-4):
    """Its gradient, by differences of order h^4."""
    found = []
    for k in range(len(x)):
        at = lambda d, k=k: log_density(
            points, [u + d * (i == k) for i, u in enumerate(x)], t, code
        )
        found.append((8 * (at(h) - at(-h)) - at(2 * h) + at(-2 * h)) / (12 * h))
    return np.array(found)


def test_21_6(code):
    own, t = np.random.default_rng(6), 560
    images, x = 0.7 * own.standard_normal((5, 3)), own.standard_normal(3)
    a, b = place(code, t)
    exact = (x + b * b * slope_of_log(images, x, t, code)) / a  # Tweedie's formula
    assert code["ideal"](images, x[None], t)[0] == pytest.approx(exact, rel=1e-8)
    assert code["ideal_by_loops"](images, x, t) == pytest.approx(exact, rel=1e-8)


def test_21_7(code):
    own, t, w = np.random.default_rng(7), 480, 1.7
    points, classes = own.standard_normal((6, 2)), np.array([1, 0, 1, 2, 0, 1])
    x = own.standard_normal(2)
    _, b = place(code, t)
    of_class = slope_of_log(points[classes == 1], x, t, code)
    exact = -b * ((1 + w) * of_class - w * slope_of_log(points, x, t, code))
    for route in (code["guided"], code["tilted"]):
        found = route(points, classes, x[None], t, 1, w)[0]
        assert found == pytest.approx(exact, rel=1e-8)
