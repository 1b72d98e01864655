"""Distributions in the plane whose density is known: a model can be judged exactly.

Each is a set of points (centres of Gaussians, or a curve) blurred by a Gaussian:

p(x) = integral over u of N(x; c(u), std^2 I) du,   u uniform

For a mixture the integral is a finite sum.  Along a curve it is computed by
Gauss-Legendre quadrature on pieces at most 2 std long; that is again a mixture of
Gaussians, many and weighted.  log p is right to 1e-13 within 10 std of the curve, to
1e-9 within 20, and to 2e-5 of its value at 200.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tinygen.data.bundled import unknown
from tinygen.errors import ConfigError, DataError, ShapeError

BLOCK = 2**18  # numbers in one block of (points x nodes), 2 MiB in float64
NODES = 16  # of the quadrature, on each piece of curve at most 2 std long


@dataclass(frozen=True, eq=False)
class Plane:
    """A distribution in the plane: points without noise, plus Gaussian noise.

    p(x) = sum_k weights[k] * N(x; nodes[k], std^2 I)

    points : (n, rng) -> (n, 2), drawn without noise      std : of the noise
    nodes : (K, 2)      weights : (K,), sum 1
    modes : (M, 2) centres, or None where the density has no separate modes
    """

    name: str
    std: float
    points: Callable = field(repr=False)
    nodes: np.ndarray = field(repr=False)
    weights: np.ndarray = field(repr=False)
    modes: np.ndarray | None = field(default=None, repr=False)

    def sample(self, n: int, *, rng: np.random.Generator) -> np.ndarray:
        """Draw n points.

        x = c + std * noise

        -> (n, 2) float32      Raises ConfigError if `rng` is not a NumPy Generator.
        """
        if not isinstance(rng, np.random.Generator):
            raise ConfigError(
                f"{self.name}.sample: rng is {type(rng).__name__}. "
                "Fix: rng=tinygen.backend.rng(seed, 'data')"
            )
        clean = self.points(n, rng)
        return (clean + self.std * rng.standard_normal((n, 2))).astype(np.float32)

    def log_density(self, x) -> np.ndarray:
        """Natural logarithm of the density at each point.

        log p(x) = logsumexp_k(log weights[k] - |x - nodes[k]|^2 / (2 std^2))
                   - log(2 pi std^2)

        x : (N, 2)      -> (N,) float64, nats
        Raises ShapeError unless x is (N, 2).
        """
        x = as_points(x)
        block = max(1, BLOCK // len(self.nodes))
        parts = [self._log_block(x[i : i + block]) for i in range(0, len(x), block)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _log_block(self, x: np.ndarray) -> np.ndarray:
        """`log_density` of so few points that (N, K) numbers fit in the cache."""
        exponent = np.log(self.weights) - distances2(x, self.nodes) / (2 * self.std**2)
        largest = exponent.max(axis=1, keepdims=True)  # (N, 1)
        total = np.exp(exponent - largest).sum(axis=1)
        return largest[:, 0] + np.log(total) - math.log(2 * math.pi * self.std**2)


def distances2(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """(N, K) squared distances between points (N, 2) and centres (K, 2)."""
    dx, dy = (np.subtract.outer(x[:, i], centres[:, i]) for i in (0, 1))
    return dx * dx + dy * dy


def as_points(x) -> np.ndarray:
    """x as float64 (N, 2)."""
    x = np.asarray(x, np.float64)
    if x.ndim != 2 or x.shape[1] != 2:
        raise ShapeError(f"points have shape {x.shape}. Fix: give (N, 2)")
    return x


def check_std(name: str, std: float) -> None:
    """Raise ConfigError unless std is positive and finite."""
    if not 0 < std < math.inf:
        raise ConfigError(f"{name}: std={std!r}. Fix: 0 < std < inf")


def mixture(name: str, centres: np.ndarray, std: float) -> Plane:
    """Gaussians of one std at `centres` (K, 2), equally likely."""
    check_std(name, std)
    if len(centres) == 0:
        raise ConfigError(f"{name}: 0 Gaussians. Fix: ask for at least one")
    weights = np.full(len(centres), 1 / len(centres))

    def points(n, rng):
        return centres[rng.integers(len(centres), size=n)]

    return Plane(name, std, points, centres, weights, centres)


def along(name: str, pieces: list[Callable], std: float) -> Plane:
    """Curves u in [0, 1] -> (n, 2), equally likely, u uniform on each, plus noise."""
    check_std(name, std)
    nodes, weights = zip(*(quadrature(piece, std) for piece in pieces), strict=True)

    def points(n, rng):
        which, u = rng.integers(len(pieces), size=n), rng.random(n)
        choices = np.stack([piece(u) for piece in pieces])  # (pieces, n, 2)
        return choices[which, np.arange(n)]

    every_weight = np.concatenate(weights) / len(pieces)
    return Plane(name, std, points, np.concatenate(nodes), every_weight)


def quadrature(piece: Callable, std: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (K, 2) on a curve and weights (K,), sum 1: Gauss-Legendre in panels."""
    steps = np.diff(piece(np.linspace(0, 1, 1001)), axis=0)
    speed = 1000 * np.linalg.norm(steps, axis=1).max()  # length per unit of u
    panels = math.ceil(speed / (2 * std))
    t, w = np.polynomial.legendre.leggauss(NODES)  # on [-1, 1]
    u = (np.arange(panels)[:, None] + (t + 1) / 2) / panels  # (panels, NODES)
    return piece(u.ravel()), np.tile(w / (2 * panels), panels)


def ring(modes: int = 8, radius: float = 1.0, std: float = 0.01) -> Plane:
    """Gaussians evenly spaced on a circle: a GAN easily misses some of them.

    centre_i = radius * (cos(2 pi i / modes), sin(2 pi i / modes))

    Source: PacGAN, arXiv 1712.04086, the 2D-ring of Table 1; settings of its code.
    """
    angle = 2 * np.pi * np.arange(modes) / modes
    centres = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return mixture("ring", centres, std)


def grid(side: int = 5, spacing: float = 2.0, std: float = 0.05) -> Plane:
    """Gaussians on a square grid around 0; side * side of them.

    centre_ij = spacing * (i - (side-1)/2, j - (side-1)/2)

    Source: PacGAN, arXiv 1712.04086, the 2D-grid of Table 1; settings of its code.
    """
    line = spacing * (np.arange(side) - (side - 1) / 2)
    centres = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    return mixture("grid", centres, std)


def moons(std: float = 0.1) -> Plane:
    """Two half circles, each reaching into the other.

    upper(u) = (cos(pi u), sin(pi u))      lower(u) = (1 - cos(pi u), 1/2 - sin(pi u))

    Source: scikit-learn `make_moons`; std as in the FFJORD experiments
    (arXiv 1810.01367).  Differs: u is random, not evenly spaced.
    """

    def upper(u):
        return np.stack([np.cos(np.pi * u), np.sin(np.pi * u)], axis=-1)

    def lower(u):
        return np.array([1.0, 0.5]) - upper(u)

    return along("moons", [upper, lower], std)


def swiss_roll(std: float = 0.2, scale: float = 0.2) -> Plane:
    """A spiral of one and a half turns.

    c(u) = scale * (t cos t, t sin t),   t = 1.5 pi (1 + 2u)

    Source: scikit-learn `make_swiss_roll` seen from the side; std and scale as in the
    FFJORD experiments (arXiv 1810.01367).
    """

    def spiral(u):
        t = 1.5 * np.pi * (1 + 2 * u)
        return scale * np.stack([t * np.cos(t), t * np.sin(t)], axis=-1)

    return along("swiss-roll", [spiral], std)


PLANES = {"ring": ring, "grid": grid, "moons": moons, "swiss-roll": swiss_roll}


def plane(name: str, **settings) -> Plane:
    """A distribution in the plane by name: "ring", "grid", "moons" or "swiss-roll".

    settings : of the function of that name, e.g. plane("ring", radius=2, std=0.02)
    Raises DataError for an unknown name, ConfigError unless std > 0.

    >>> plane("grid").modes.shape
    (25, 2)
    """
    if name not in PLANES:
        raise DataError(unknown("plane distribution", name, PLANES))
    return PLANES[name](**settings)
