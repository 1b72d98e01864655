"""Chapter 12: each equation by a second route that shares no code with the first."""

import math

import numpy as np
import pytest

from chapters.tools.book import definitions
from tinygen.models.objectives import generator_loss, generator_loss_minimax

LOGITS = (-5.3, -1.7, 0.4, 3.1)


@pytest.fixture
def code():
    return definitions(12)


def difference(f, x, h=1e-4):
    """f'(x), with an error of order h^4."""
    near, far = f(x + h) - f(x - h), f(x + 2 * h) - f(x - 2 * h)
    return (8 * near - far) / (12 * h)


def sigmoid(t):
    return 1 / (1 + math.exp(-t))


def test_12_1(code):
    for ell in LOGITS:
        exact = difference(lambda t: math.log1p(-sigmoid(t)), ell)
        for found in code["minimax_slope"](ell):
            assert found == pytest.approx(exact, rel=1e-9)


def test_12_2(code):
    for ell in LOGITS:
        exact = difference(lambda t: math.log1p(math.exp(-t)), ell)
        for found in code["other_slope"](ell):
            assert found == pytest.approx(exact, rel=1e-9)


def test_12_3(code):
    for ell in (-30.0, *LOGITS, 30.0):
        assert code["grad_ratio"](ell) == pytest.approx(math.exp(ell), rel=1e-12)


def log_gauss(x, mean, std):
    return -(((x - mean) / std) ** 2) / 2 - math.log(std * math.sqrt(2 * math.pi))


def simpson(f, low=-16.0, high=16.0, n=1200):
    """The integral of f."""
    h = (high - low) / n
    inner = sum((4 if k % 2 else 2) * f(low + k * h) for k in range(1, n))
    return (f(low) + inner + f(high)) * h / 3


def twice_jsd(data, model):
    """2 JSD of two Gaussians."""

    def both(x):
        p, q = math.exp(log_gauss(x, *data)), math.exp(log_gauss(x, *model))
        log = lambda a: a * math.log(2 * a / (p + q)) if a > 0 else 0.0
        return log(p) + log(q)

    return simpson(both)


def kl(model, data):
    """KL of two Gaussians in closed form."""
    (m, s), (n, t) = model, data
    return math.log(t / s) + (s**2 + (m - n) ** 2) / (2 * t**2) - 0.5


def test_12_4(code):
    data, model = (0.3, 1.1), (1.2, 0.8)
    log_p = lambda x: code["log_normal"](x, *data)
    changed = lambda k, t: tuple(t if i == k else v for i, v in enumerate(model))
    for k in (0, 1):
        jsd = difference(lambda t, k=k: twice_jsd(data, changed(k, t)), model[k], 0.01)
        own = difference(lambda t, k=k: kl(changed(k, t), data), model[k], 0.01)
        road_one = code["push"](generator_loss_minimax, log_p, *model)[k]
        road_two = code["push"](generator_loss, log_p, *model)[k]
        assert road_one == pytest.approx(jsd, rel=1e-5)
        assert road_two == pytest.approx(own - jsd, rel=1e-5)
    found = code["divergences"](log_p, *model)
    exact = twice_jsd(data, model), kl(model, data)
    assert found[:2] == pytest.approx(exact, rel=1e-8)
    assert found[2] == pytest.approx(exact[1] - exact[0], rel=1e-8)


def by_hand(theta, psi, saturating, gamma):
    """The velocities, written out."""
    D = sigmoid(psi * theta)
    return (D if saturating else 1 - D) * psi, -D * theta - gamma * psi


def test_12_5(code):
    for gamma in (0.0, 0.37):
        for loss in (generator_loss, generator_loss_minimax):
            saturating = loss is generator_loss_minimax
            at = (0.7, -1.3)
            expected = by_hand(*at, saturating, gamma)
            found = code["velocity"](*at, loss, gamma)
            assert list(found) == pytest.approx(expected, rel=1e-10)
            for row in (0, 1):
                settings = saturating, gamma
                f = lambda a, b, r=row, s=settings: by_hand(a, b, *s)[r]
                by_theta = difference(lambda t, f=f: f(t, 0.0), 0.0)
                by_psi = difference(lambda t, f=f: f(0.0, t), 0.0)
                found = code["jacobian"](gamma)[row]
                assert list(found) == pytest.approx([by_theta, by_psi], abs=1e-9)


def played(theta, psi, h, turns, gamma=0.0):
    """One step of the game."""
    _, move = by_hand(theta, psi, False, gamma)
    new = psi + h * move
    forward, _ = by_hand(theta, new if turns else psi, False, gamma)
    return theta + h * forward, new


def test_12_6(code):
    for h in (0.13, 0.6):
        theta, psi = 1e-9, 0.0
        for _ in range(200):
            theta, psi = played(theta, psi, h, False)
        rate = (math.hypot(theta, psi) / 1e-9) ** (1 / 200)
        assert code["growth"](h, False) == pytest.approx(rate, rel=1e-7)
        farthest = [0.0, 0.0]
        theta, psi = 1e-9, 0.0
        for k in range(2000):
            theta, psi = played(theta, psi, h, True)
            farthest[k // 1000] = max(farthest[k // 1000], math.hypot(theta, psi))
        rate = (farthest[1] / farthest[0]) ** (1 / 1000)
        assert code["growth"](h, True) == pytest.approx(rate, rel=1e-5)
        for turns in (False, True):
            second = played(0.3e-7, -0.8e-7, h, turns)
            moved = code["one_step"](h, turns) @ (0.3e-7, -0.8e-7)
            assert list(moved) == pytest.approx(list(second), rel=1e-7, abs=0)


def test_12_7(code):
    h = 0.23
    for gamma in (0.4, 1.6):
        step = lambda theta, psi, gamma=gamma: played(theta, psi, h, False, gamma)
        matrix = [
            [
                difference(lambda t, r=row, step=step: step(t, 0.0)[r], 0.0),
                difference(lambda t, r=row, step=step: step(0.0, t)[r], 0.0),
            ]
            for row in (0, 1)
        ]
        pair = code["r1_eigenvalues"](h, gamma)
        assert pair.sum() == pytest.approx(np.trace(matrix), rel=1e-9)
        assert pair.prod() == pytest.approx(np.linalg.det(matrix), rel=1e-9)
    for psi in (0.6, -2.3):
        assert code["penalty"](psi) == pytest.approx(psi**2 / 2, rel=1e-12)
