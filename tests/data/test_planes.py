"""Plane distributions: densities integrate to 1, and samples follow them."""

import numpy as np
import pytest

from tinygen.backend import rng
from tinygen.data import plane
from tinygen.errors import ConfigError, DataError, ShapeError

SHAPES = {
    "ring": {"std": 0.05},
    "grid": {"std": 0.2},
    "moons": {},
    "swiss-roll": {},
}


def lattice(target, margin=8.0):
    """Points half a std apart that cover the density, and the area of each.

    The error of the trapezoidal sum is about exp(-2 pi^2 * 4) = 1e-34.
    """
    step = target.std / 2
    low = target.nodes.min(axis=0) - margin * target.std
    high = target.nodes.max(axis=0) + margin * target.std
    axes = [np.arange(a, b, step) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    return points, step**2


@pytest.mark.parametrize(("name", "settings"), SHAPES.items())
def test_density_integrates_to_1_and_samples_follow_it(name, settings):
    target = plane(name, **settings)
    points, area = lattice(target)
    log_p = target.log_density(points)
    mass = np.exp(log_p) * area
    assert mass.sum() == pytest.approx(1, abs=1e-10)
    mean = (mass * log_p).sum()  # minus the differential entropy
    std = np.sqrt((mass * (log_p - mean) ** 2).sum())
    n = 4000
    x = target.sample(n, rng=rng(1, "plane"))
    assert x.shape == (n, 2) and x.dtype == np.float32
    z = (target.log_density(x).mean() - mean) / (std / np.sqrt(n))
    assert abs(z) < 5
    centre = mass @ points
    spread = np.sqrt(mass @ (points - centre) ** 2)
    assert (abs(x.mean(axis=0) - centre) < 5 * spread / np.sqrt(n)).all()


@pytest.mark.parametrize(("name", "modes"), [("ring", 8), ("grid", 25)])
def test_mixtures_as_published(name, modes):
    target = plane(name)
    assert target.std == {"ring": 0.01, "grid": 0.05}[name]
    if name == "ring":
        angle = np.arctan2(*target.modes.T[::-1]) % (2 * np.pi)
        assert np.allclose(np.linalg.norm(target.modes, axis=1), 1)
        assert np.allclose(angle, np.arange(8) * np.pi / 4)
    else:
        assert sorted(map(tuple, target.modes)) == [
            (i, j) for i in range(-4, 5, 2) for j in range(-4, 5, 2)
        ]
    # separate Gaussians: E log p = -(log K + 1 + log 2 pi std^2), std of log p is 1
    exact = -(np.log(modes) + 1 + np.log(2 * np.pi * target.std**2))
    n = 20000
    log_p = target.log_density(target.sample(n, rng=rng(2)))
    assert abs(log_p.mean() - exact) * np.sqrt(n) < 5
    at_centre = target.log_density(target.modes[:1])[0]
    assert at_centre == pytest.approx(exact + 1, abs=1e-12)


@pytest.mark.parametrize("name", ["moons", "swiss-roll"])
def test_curve_density_is_its_integral(name):
    """Against 400,000 midpoints a curve: on the curve, at its ends, and off it."""
    target = plane(name)
    u = (np.arange(400_000) + 0.5) / 400_000
    if name == "moons":
        c, s = np.cos(np.pi * u), np.sin(np.pi * u)
        curve = np.concatenate([np.stack([c, s], 1), np.stack([1 - c, 0.5 - s], 1)])
    else:
        t = 1.5 * np.pi * (1 + 2 * u)
        curve = np.stack([t * np.cos(t), t * np.sin(t)], 1) / 5
    points = np.array([curve[0], curve[-1], curve[1234], [0, 0], [0.3, 0.2], [2, -1]])
    var = target.std**2
    for point, log_p in zip(points, target.log_density(points), strict=True):
        squared = ((curve - point) ** 2).sum(axis=1)
        nearest = squared.min()
        exact = np.log(np.exp((nearest - squared) / (2 * var)).mean())
        exact += -nearest / (2 * var) - np.log(2 * np.pi * var)
        assert log_p == pytest.approx(exact, abs=1e-8)


@pytest.mark.parametrize("name", ["moons", "swiss-roll"])
@pytest.mark.parametrize(("far", "tolerance"), [(0, 1e-12), (10, 1e-12), (20, 1e-8)])
def test_quadrature_has_converged(name, far, tolerance, monkeypatch):
    coarse = plane(name)
    monkeypatch.setattr("tinygen.data.planes.NODES", 48)
    fine = plane(name)
    x = coarse.nodes[::7] + np.array([0, far * coarse.std])
    assert np.abs(coarse.log_density(x) - fine.log_density(x)).max() < tolerance


def test_sampling_is_reproducible_and_std_is_a_setting():
    first = plane("moons", std=0.02).sample(100, rng=rng(3))
    assert np.array_equal(first, plane("moons", std=0.02).sample(100, rng=rng(3)))
    assert plane("ring", radius=2, modes=3).modes.shape == (3, 2)
    assert np.allclose(np.linalg.norm(plane("ring", radius=2).modes, axis=1), 2)
    assert plane("moons").modes is None
    assert plane("grid").sample(0, rng=rng(0)).shape == (0, 2)
    assert plane("grid").log_density(np.empty((0, 2))).shape == (0,)


def test_far_away_the_log_density_is_finite():
    assert np.isfinite(plane("ring").log_density([[1e6, -1e6]])).all()


def test_errors_name_the_remedy():
    with pytest.raises(DataError, match=r"'rings'. Fix: use 'ring', or another of"):
        plane("rings")
    for name in ("ring", "moons"):
        for std in (0, -1, float("nan"), float("inf")):
            with pytest.raises(ConfigError, match=rf"{name}: std=.*Fix: 0 < std"):
                plane(name, std=std)
    with pytest.raises(ConfigError, match=r"0 Gaussians. Fix:"):
        plane("grid", side=0)
    with pytest.raises(ConfigError, match=r"rng is int. Fix: rng=tinygen"):
        plane("ring").sample(3, rng=0)
    with pytest.raises(ShapeError, match=r"\(2,\). Fix: give \(N, 2\)"):
        plane("ring").log_density([0.0, 1.0])
