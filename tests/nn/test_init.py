"""First weights have the variances and shapes that their papers state."""

import math

import numpy as np
import pytest
from scipy import stats

import tinygen as tg
from tinygen import init, nn
from tinygen.errors import ConfigError, ShapeError

DENSE, FILTERS = (300, 400), (64, 32, 7, 7)

UNIFORM = {
    "uniform": (lambda s, r: init.uniform(s, -2.0, 2.0, rng=r), lambda i, o: 2.0),
    "kaiming": (
        lambda s, r: init.kaiming_uniform(s, rng=r),
        lambda i, o: math.sqrt(6 / i),
    ),
    "kaiming sqrt 5": (
        lambda s, r: init.kaiming_uniform(s, math.sqrt(5), rng=r),
        lambda i, o: 1 / math.sqrt(i),
    ),
    "kaiming relu, fan out": (
        lambda s, r: init.kaiming_uniform(s, 0, "fan_out", "relu", rng=r),
        lambda i, o: math.sqrt(6 / o),
    ),
    "xavier": (
        lambda s, r: init.xavier_uniform(s, 5 / 3, rng=r),
        lambda i, o: 5 / 3 * math.sqrt(6 / (i + o)),
    ),
}
NORMAL = {
    "normal": (lambda s, r: init.normal(s, 0.0, 0.02, rng=r), lambda i, o: 0.02),
    "kaiming": (
        lambda s, r: init.kaiming_normal(s, rng=r),
        lambda i, o: math.sqrt(2 / i),
    ),
    "kaiming tanh, fan out": (
        lambda s, r: init.kaiming_normal(s, 0, "fan_out", "tanh", rng=r),
        lambda i, o: 5 / 3 / math.sqrt(o),
    ),
    "xavier": (
        lambda s, r: init.xavier_normal(s, rng=r),
        lambda i, o: math.sqrt(2 / (i + o)),
    ),
}


def assert_variance(x, variance, fourth):
    """|z| < 5 for mean and variance; fourth : the fourth moment over variance**2."""
    n = x.size
    assert abs(x.mean()) < 5 * math.sqrt(variance / n)
    assert abs(x.var() / variance - 1) < 5 * math.sqrt((fourth - 1) / n)


@pytest.mark.parametrize("shape", [DENSE, FILTERS], ids=["dense", "filters"])
@pytest.mark.parametrize("name", UNIFORM)
def test_uniform_draws(name, shape):
    draw, bound = UNIFORM[name]
    x = draw(shape, tg.rng(0, name)).astype("float64")
    b = bound(*init.fans(shape))
    assert x.shape == shape and x.size >= 1e5 and np.abs(x).max() <= b * (1 + 1e-6)
    assert_variance(x, b * b / 3, 9 / 5)
    assert stats.kstest(x.ravel() / b, stats.uniform(-1, 2).cdf).pvalue > 1e-6


@pytest.mark.parametrize("shape", [DENSE, FILTERS], ids=["dense", "filters"])
@pytest.mark.parametrize("name", NORMAL)
def test_normal_draws(name, shape):
    draw, std = NORMAL[name]
    x = draw(shape, tg.rng(0, name)).astype("float64")
    s = std(*init.fans(shape))
    assert x.shape == shape
    assert_variance(x, s * s, 3)
    assert stats.kstest(x.ravel() / s, "norm").pvalue > 1e-6


@pytest.mark.parametrize("shape", [(5, 9), (9, 5), (6, 6), (4, 3, 2, 2), (20, 3, 2, 2)])
def test_orthogonal(shape):
    w = init.orthogonal(shape, 2.0, rng=tg.rng(0), dtype="float64")
    matrix = w.reshape(shape[0], -1)
    matrix = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    np.testing.assert_allclose(matrix @ matrix.T, 4 * np.eye(len(matrix)), atol=1e-12)


def test_orthogonal_is_uniform_over_rotations():
    """The first element of a uniform orthogonal 3 x 3 matrix is uniform in [-1, 1]."""
    rng = tg.rng(0)
    first = [init.orthogonal((3, 3), rng=rng)[0, 0] for _ in range(2000)]
    assert stats.kstest(first, stats.uniform(-1, 2).cdf).pvalue > 1e-6


def test_fans_are_pytorchs():
    assert init.fans((3, 5)) == (5, 3)
    assert init.fans((8, 2, 3, 4)) == (24, 96)
    torch = pytest.importorskip("torch")
    theirs = torch.nn.init._calculate_fan_in_and_fan_out
    for shape in (DENSE, FILTERS, (4, 3, 2)):
        assert init.fans(shape) == theirs(torch.zeros(shape))
    with pytest.raises(ShapeError, match="two axes"):
        init.fans((3,))


def test_gains_are_pytorchs():
    torch = pytest.importorskip("torch")
    for name in init.GAINS:
        assert init.gain(name) == pytest.approx(torch.nn.init.calculate_gain(name))
    for slope in (0.0, 0.01, 0.2):
        theirs = torch.nn.init.calculate_gain("leaky_relu", slope)
        assert init.gain("leaky_relu", slope) == pytest.approx(theirs)


def test_the_variance_stays_through_a_relu_network():
    """He et al.'s claim: E[h^2] neither grows nor fades over 20 layers."""
    rng = tg.rng(0)
    h = rng.standard_normal((256, 300))
    for _ in range(20):
        h = np.maximum(h, 0) @ init.kaiming_normal((300, 300), rng=rng).T
    assert 0.3 < h.var() < 3


def test_zeros_and_constant():
    np.testing.assert_array_equal(init.zeros((2, 3)), np.zeros((2, 3), "float32"))
    x = init.constant((2,), 1.5, dtype="float64")
    assert x.dtype == np.float64 and (x == 1.5).all()


def test_unknown_names():
    with pytest.raises(ConfigError, match="mode 'fan'"):
        init.kaiming_normal((2, 2), mode="fan", rng=tg.rng(0))
    with pytest.raises(ConfigError, match="nonlinearity 'rely'"):
        init.kaiming_normal((2, 2), nonlinearity="rely", rng=tg.rng(0))


def test_apply_reaches_parameters_of_a_name_and_kind():
    rng = tg.rng(0)
    network = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.LayerNorm(4), nn.ReLU())
    weight = network[0].weight
    init.apply(
        network, lambda s: init.constant(s, 0.5, dtype="float64"), kind=nn.Linear
    )
    init.apply(network, init.zeros, "bias")
    assert network[0].weight is weight and weight.dtype == np.float32
    assert (weight.data == 0.5).all() and (network[0].bias.data == 0).all()
    assert (network[1].weight.data == 1).all()
