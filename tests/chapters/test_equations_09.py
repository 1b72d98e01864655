"""Chapter 9: each equation by a second route that shares no code with the first."""

import itertools
import math

import numpy as np
import pytest

from chapters.tools.book import definitions
from tinygen import ops, randn, rng, tensor
from tinygen.models.vae import bound
from tinygen.models.vae.linear import linear_vae


@pytest.fixture
def code():
    return definitions(9)


def random(number):
    return np.random.default_rng([9, number])


def log_normal(x, mean, std):
    """log N(x; mean, std^2), of one number or of arrays."""
    return -0.5 * ((x - mean) / std) ** 2 - np.log(std) - 0.5 * math.log(2 * math.pi)


def weights_of(vae):
    """Decoder's W and b, encoder's matrix, bias and std, as plain arrays."""
    decoder, encoder = vae.decoder.layer, vae.encoder
    std = np.exp(encoder.log_variance.data / 2)
    of = lambda layer: (layer.weight.data, layer.bias.data)
    return *of(decoder), *of(encoder.mean), std


def test_9_1(code):
    """Integrals over a grid of two codes."""
    vae = linear_vae(3, 2, 0.8, rng=random(1))
    vae.encoder.log_variance.assign(np.array([-0.7, 0.4]))
    x = random(2).normal(size=(2, 3))
    W, b, A, a, std = weights_of(vae)
    line, cell = np.linspace(-12, 12, 601, retstep=True)
    z = np.stack(np.meshgrid(line, line, indexing="ij"), -1)
    for row, elbo, gap in zip(
        x, code["elbo"](vae, x), code["gap"](vae, x), strict=True
    ):
        prior = log_normal(z, 0.0, 1.0).sum(-1)
        decoded = log_normal(row, z @ W.T + b, 0.8).sum(-1)
        guess = log_normal(z, A @ row + a, std).sum(-1)
        evidence = np.log(np.exp(prior + decoded).sum() * cell**2)
        bounded = (np.exp(guess) * (decoded + prior - guess)).sum() * cell**2
        assert elbo == pytest.approx(bounded, rel=1e-8)
        assert gap == pytest.approx(evidence - bounded, rel=1e-7)


def test_9_2(code):
    """Differences of an integral over z itself, with another f."""
    z, cell = np.linspace(-25, 25, 20001, retstep=True)
    f = np.tanh(z) + 0.3 * z**2

    def average(mean, std):
        return (np.exp(log_normal(z, mean, std)) * f).sum() * cell

    found = code["slopes"](lambda z: ops.tanh(z) + 0.3 * z * z, -0.6, 0.7, count=90)
    h = 1e-5
    by_mean = (average(-0.6 + h, 0.7) - average(-0.6 - h, 0.7)) / (2 * h)
    by_std = (average(-0.6, 0.7 + h) - average(-0.6, 0.7 - h)) / (2 * h)
    assert found == pytest.approx((by_mean, by_std), rel=1e-6)


def test_9_3(code):
    """An integral for each number of the code, and their sum."""
    mean = np.array([[0.7, -1.6, 0.2], [2.1, 0.4, -0.9]])
    log_variance = np.array([[-1.2, 0.8, -3.1], [0.3, -0.6, 1.4]])
    z, cell = np.linspace(-25, 25, 50001, retstep=True)
    found = code["cost"](mean, log_variance), code["cost_by_draws"](mean, log_variance)
    for n in range(2):
        total = 0.0
        for m, l in zip(mean[n], log_variance[n], strict=True):
            log_q, log_p = log_normal(z, m, math.exp(l / 2)), log_normal(z, 0.0, 1.0)
            total += (np.exp(log_q) * (log_q - log_p)).sum() * cell
        assert found[0][n] == pytest.approx(total, rel=1e-8)
        assert found[1][n] == pytest.approx(total, rel=1e-8)


def test_9_4(code):
    """Loops over images, pixels and numbers."""
    own, N, P, D = random(4), 3, 7, 4
    costs, kl = own.random((N, P)) + 0.1, own.random((N, D)) + 0.1
    found = bound.Terms(tensor(-costs.sum(1)), tensor(kl))
    of_pixels = sum(costs[n, p] for n in range(N) for p in range(P)) / (N * P)
    of_numbers = sum(kl[n, d] for n in range(N) for d in range(D)) / (N * D)
    wrong = code["mean_of_both"](found, P).item()
    assert wrong == pytest.approx(of_pixels + of_numbers, rel=1e-12)
    beta = code["hidden_beta"](P, D)
    whole = sum(costs.sum(1)[n] + 7 / 4 * kl.sum(1)[n] for n in range(N)) / N
    assert bound.loss(found, beta).item() == pytest.approx(whole, rel=1e-12)
    assert code["as_written_out"](found, P).item() == pytest.approx(whole / P)
    assert wrong == pytest.approx(whole / P, rel=1e-12)


def test_9_5(code):
    """Climbing from random W and s by differences, densities by the determinant."""
    own = random(5)
    x = own.normal(size=(40, 3)) * (1.7, 0.6, 0.9) + (0.3, -0.2, 1.0)
    x = x @ np.linalg.qr(own.normal(size=(3, 3)))[0]
    off = x - x.mean(axis=0)
    S = off.T @ off / len(x)

    def height(theta):
        C = np.outer(theta[:3], theta[:3]) + math.exp(theta[3]) * np.eye(3)
        logs = math.log(np.linalg.det(C)) + 3 * math.log(2 * math.pi)
        return -0.5 * (logs + np.trace(np.linalg.inv(C) @ S))

    theta, h = own.normal(size=4), 1e-5
    for _ in range(400):
        slope = [
            (height(theta + e) - height(theta - e)) / (2 * h) for e in h * np.eye(4)
        ]
        theta = theta + 0.3 * np.array(slope)
    for route in ("best_by_eigenvalues", "best_by_rows"):
        value, variance = code[route](x, 1)
        assert value == pytest.approx(height(theta), rel=1e-7)
        assert variance == pytest.approx(math.exp(theta[3]), rel=1e-3)


def least(f, low, high):
    """Where f is least, by golden section."""
    shrink = (math.sqrt(5) - 1) / 2
    for _ in range(60):
        a, b = high - shrink * (high - low), low + shrink * (high - low)
        low, high = (low, b) if f(a) < f(b) else (a, high)
    return (low + high) / 2


def kl_by_search(eigenvalue, beta, s2):
    """The loss of one pixel minimised over w; for each w, a and v by golden section."""

    def loss(w, a, v):
        wrong = eigenvalue * (1 - w * a) ** 2 + w**2 * v
        cost = eigenvalue * a**2 + v - 1 - math.log(v)
        return wrong / (2 * s2) + beta * cost / 2

    def guess(w):
        a = least(lambda a: loss(w, a, 1.0), 0, 3)
        return a, least(lambda v: loss(w, a, v), 1e-3, 1.5)

    w = least(lambda w: loss(w, *guess(w)), 0, 2)
    a, v = guess(w)
    return 0.5 * (eigenvalue * a**2 + v - 1 - math.log(v))


def test_9_6(code):
    """Three settings, in the second of which nothing is left."""
    for case in [(0.7, 1.0, 0.3), (0.3, 3.0, 0.2), (1.4, 2.5, 0.2)]:
        kl = kl_by_search(*case)
        for route in ("by_rule", "by_turns"):
            assert code[route](*case) == pytest.approx(kl, rel=1e-4, abs=1e-6)


def means_over_draws(code):
    """The chapter's L_K of the same noise, in plain numbers."""
    vae = linear_vae(2, 2, 0.7, rng=random(9))
    x = random(10).normal(size=(3, 2))
    found = code["bounds"](vae, x, 4, 2, rng(0, "9.7"))
    own, expected = rng(0, "9.7"), np.zeros(3)
    for _ in range(2):
        noise = randn((4, 3, 2), rng=own, dtype="float64")
        logs = bound.log_weights(vae, tensor(x), noise).data
        for n in range(3):
            mean = sum(math.exp(logs[k, n]) for k in range(4)) / 4
            expected[n] += math.log(mean) / 2
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_9_7(code):
    """The weights in plain numbers; L_1, L_2 and L_3 by enumerating fair draws."""
    means_over_draws(code)
    vae = linear_vae(2, 1, 0.7, rng=random(7))
    vae.encoder.log_variance.assign(np.array([-0.4]))
    x = random(8).normal(size=(2, 2))
    W, b, A, a, std = weights_of(vae)
    nodes, shares = np.polynomial.hermite_e.hermegauss(24)
    shares = shares / shares.sum()
    for row, found in zip(x, code["log_mean_weight"](vae, x), strict=True):
        z = (A @ row + a)[0] + std[0] * nodes
        logs = log_normal(z, 0.0, 1.0) - log_normal(z, (A @ row + a)[0], std[0])
        logs = logs + log_normal(row, np.outer(z, W[:, 0]) + b, 0.7).sum(1)
        C = W @ W.T + 0.49 * np.eye(2)
        off = row - b
        square = off @ np.linalg.inv(C) @ off
        truth = -0.5 * (math.log(np.linalg.det(C)) + square) - math.log(2 * math.pi)
        assert found == pytest.approx(truth, rel=1e-6)
        levels = [expected_bound(logs, shares, K) for K in (1, 2, 3)]
        assert levels == sorted(levels) and levels[2] < truth
        noise = tensor(np.tile(nodes[:, None, None], (1, 1, 1)))
        weights = bound.log_weights(vae, tensor(row[None]), noise).data[:, 0]
        np.testing.assert_allclose(weights, logs, rtol=1e-9)


def expected_bound(logs, shares, K):
    """E log of the mean of K weights, each log-weight with its share."""
    total = 0.0
    for chosen in itertools.product(range(len(logs)), repeat=K):
        share = math.prod(shares[k] for k in chosen)
        if share > 1e-12:
            mean = sum(math.exp(logs[k]) for k in chosen) / K
            total += share * math.log(mean)
    return total
