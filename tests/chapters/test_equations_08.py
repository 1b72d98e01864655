"""Chapter 8: each equation by a second route that shares no code with the first."""

import numpy as np
import pytest

import tinygen as tg
from chapters.tools.book import definitions
from tinygen.models.autoencoder import Autoencoder

SPREAD = np.array([3.0, 2.1, 1.4, 0.6, 0.3, 0.1])  # standard deviations, no two equal


@pytest.fixture(scope="module")
def code():
    return definitions(8)


def cloud(seed, n=70):
    """n points in 6 dimensions, mean not 0, axes that are nobody's pixels."""
    draw = np.random.default_rng(seed)
    turn = np.linalg.qr(draw.normal(size=(6, 6)))[0]
    return draw.normal(size=(n, 6)) * SPREAD @ turn + draw.normal(size=6) * 4


def leaky(v):
    return np.where(v > 0, v, 0.2 * v)


def layers(net):
    """The matrices and biases of a dense autoencoder, one after another."""
    parts = [net.encoder[0], net.encoder[2], net.decoder[0], net.decoder[2]]
    return [
        (p.weight.detach().numpy().astype(float), p.bias.detach().numpy().astype(float))
        for p in parts
    ]


def test_8_1(code):
    draw = np.random.default_rng(81)
    net = Autoencoder((1, 3, 4), 2, 5, rng=tg.rng(81))
    x, seen = draw.uniform(-0.9, 0.9, (2, 3, 1, 3, 4))
    (A, a), (B, b), (C, c), (D, d) = layers(net)
    for given in (x, seen):
        total = 0.0
        for image, target in zip(given.reshape(3, 12), x.reshape(3, 12), strict=True):
            z = B @ leaky(A @ image + a) + b
            out = np.tanh(D @ leaky(C @ z + c) + d)
            total += sum((out[i] - target[i]) ** 2 for i in range(12)) / 12
        found = code["loss_of"](net, x, None if given is x else given).item()
        assert found == pytest.approx(total / 3, rel=1e-5)  # float32


def test_8_2(code):
    x = cloud(82)
    mean, values, axes = code["principal"](x)
    assert mean == pytest.approx([column.sum() / len(x) for column in x.T])
    singular = np.linalg.svd(x - x.mean(0), compute_uv=False)
    assert values == pytest.approx(singular**2 / len(x), rel=1e-10)
    left = x - x.mean(0)
    for j in range(6):  # the power method, and what it found is taken away
        u = np.ones(6)
        for _ in range(2000):
            u = left.T @ (left @ u)
            u /= np.sqrt(u @ u)
        assert np.mean((left @ u) ** 2) == pytest.approx(values[j], rel=1e-8)
        assert abs(u @ axes[:, j]) == pytest.approx(1, rel=1e-8)
        left = left - np.outer(left @ u, u)


def test_8_3(code):
    x = cloud(83)
    mean, values, axes = code["principal"](x)
    U, s, Vt = np.linalg.svd(x - x.mean(0), full_matrices=False)
    for m in (1, 2, 4):
        again = U[:, :m] * s[:m] @ Vt[:m] + x.mean(0)
        assert code["projected"](x, mean, axes, m) == pytest.approx(again, abs=1e-10)
        error = sum(np.sum((again[i] - x[i]) ** 2) for i in range(len(x))) / len(x)
        assert code["lost"](values, m) == pytest.approx(error, rel=1e-10)


def least_error(x, V):
    """Squared error of the best codes for a decoder, by least squares."""
    codes = np.linalg.lstsq(V, x.T, rcond=None)[0]
    return np.sum((x - (V @ codes).T) ** 2) / len(x)


def test_8_4(code):
    x = cloud(84)
    x = x - x.mean(0)
    axes = np.linalg.svd(x)[2].T
    for m in (1, 3):
        start = np.random.default_rng(m).normal(size=(6, m))
        V = code["taking_turns"](x, start)
        wanted = axes[:, :m] @ axes[:, :m].T
        assert code["plane_of"](V) == pytest.approx(wanted, abs=1e-9)
        best = np.sum(np.linalg.svd(x)[1][m:] ** 2) / len(x)
        assert least_error(x, V) == pytest.approx(best, rel=1e-10)
        for nudge in np.random.default_rng(m).normal(size=(5, 6, m)):
            assert least_error(x, V + 0.05 * nudge) > best
    skew = np.random.default_rng(4).normal(size=(6, 2))
    by_qr = np.linalg.qr(skew)[0]
    assert code["plane_of"](skew) == pytest.approx(by_qr @ by_qr.T, abs=1e-12)


def test_8_5(code):
    """The layers' slopes multiplied; tanh's is 1 - y^2, LeakyReLU's 1 or 0.2."""
    net = Autoencoder((1, 3, 4), 2, 7, rng=tg.rng(85))
    x = np.random.default_rng(85).uniform(-1, 1, (1, 1, 3, 4)).astype(np.float32)
    (A, a), (B, b), (C, c), (D, d) = layers(net)
    first = A @ x.ravel() + a
    second = C @ (B @ leaky(first) + b) + c
    out = np.tanh(D @ leaky(second) + d)
    bend = lambda v: np.where(v > 0, 1, 0.2)[:, None]
    encoder = B @ (bend(first) * A)
    decoder = (1 - out**2)[:, None] * D @ (bend(second) * C)
    found = code["jacobian"](net, x)
    assert found == pytest.approx(decoder @ encoder, rel=1e-4, abs=1e-6)  # float32
    singular = np.linalg.svd(found, compute_uv=False)
    assert singular[1] > 1e-3 and singular[2] < 1e-6
    part = code["jacobian"](net.encode, x)
    assert part.shape == (2, 12)
    assert part == pytest.approx(encoder, rel=1e-4, abs=1e-6)


def test_8_6(code):
    x, s = cloud(86), 0.7
    mean, values, axes = code["principal"](x)
    cov = np.cov(x.T, bias=True)
    best = np.linalg.lstsq(cov + s**2 * np.eye(6), cov, rcond=None)[0]
    y = cloud(87, 5)
    wanted = (y - x.mean(0)) @ best + x.mean(0)
    assert code["wiener"](y, mean, values, axes, s) == pytest.approx(wanted, rel=1e-9)
    gap = np.eye(6) - best
    error = np.trace(gap.T @ cov @ gap) + s**2 * np.trace(best.T @ best)
    assert code["wiener_error"](values, s) == pytest.approx(error, rel=1e-9)


def test_8_7(code):
    """Noise +-sqrt(m) along each axis has mean 0 and covariance I, exactly."""
    codes = cloud(88)[:, :4] + 7
    noise = 2.0 * np.concatenate([np.eye(4), -np.eye(4)])
    made = code["like"](codes, noise)
    assert made.mean(0) == pytest.approx(codes.mean(0), rel=1e-10)
    centred = codes - codes.mean(0)
    covariance = sum(np.outer(row, row) for row in centred) / len(codes)
    found = (made - codes.mean(0)).T @ (made - codes.mean(0)) / len(made)
    assert found == pytest.approx(covariance, rel=1e-9, abs=1e-9)
    # the first number depends on the first draw only: L is a lower triangle
    again = code["like"](codes, np.array([[1.0, 0, 0, 0], [1.0, 2, 3, 4]]))
    assert again[0, 0] == pytest.approx(again[1, 0], rel=1e-12)
