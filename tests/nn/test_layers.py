"""Layers: what they compute, first weights, randomness, errors."""

import inspect

import numpy as np
import pytest

import tinygen as tg
from tinygen import functional as F
from tinygen import nn
from tinygen.errors import ConfigError, IndexOutOfRange, ShapeError

X = tg.tensor(np.linspace(-3, 3, 24).reshape(2, 3, 4))

FUNCTIONS = [
    (nn.ReLU(), F.relu),
    (nn.LeakyReLU(), lambda x: F.leaky_relu(x, 0.01)),
    (nn.LeakyReLU(0.3), lambda x: F.leaky_relu(x, 0.3)),
    (nn.ELU(0.7), lambda x: F.elu(x, 0.7)),
    (nn.GELU(), F.gelu),
    (nn.GELU("tanh"), lambda x: F.gelu(x, "tanh")),
    (nn.SiLU(), F.silu),
    (nn.Softplus(), F.softplus),
    (nn.Sigmoid(), F.sigmoid),
    (nn.Tanh(), F.tanh),
    (nn.Softmax(1), lambda x: F.softmax(x, 1)),
    (nn.LogSoftmax(1), lambda x: F.log_softmax(x, 1)),
    (nn.Identity(), lambda x: x),
]


@pytest.mark.parametrize(
    ("layer", "function"), FUNCTIONS, ids=[repr(layer) for layer, _ in FUNCTIONS]
)
def test_activations_are_their_functions(layer, function):
    np.testing.assert_array_equal(layer(X).data, function(X).data)
    assert list(layer.parameters()) == []


def test_linear():
    layer = nn.Linear(4, 5, rng=tg.rng(0), dtype="float64")
    expected = X.data @ layer.weight.data.T + layer.bias.data
    np.testing.assert_allclose(layer(X).data, expected, rtol=1e-14)
    plain = nn.Linear(4, 5, bias=False, rng=tg.rng(0), dtype="float64")
    assert plain.bias is None
    np.testing.assert_allclose(plain(X).data, expected - layer.bias.data, rtol=1e-12)
    with pytest.raises(ShapeError, match=r"expects last axis 4, got 5 in \(2, 5\)"):
        layer(tg.ones((2, 5), dtype="float64"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_first_weights_are_uniform_as_pytorchs(dtype):
    from scipy import stats

    layer = nn.Linear(400, 300, rng=tg.rng(5), dtype=dtype)
    for values in (layer.weight.data.ravel(), layer.bias.data):
        assert values.dtype == dtype and np.abs(values).max() <= 0.05
        assert stats.kstest(values / 0.05, stats.uniform(-1, 2).cdf).pvalue > 1e-6


def test_the_same_rng_gives_the_same_weights_in_both_types():
    one, two = (nn.Linear(9, 4, rng=tg.rng(1), dtype=t) for t in ("float32", "float64"))
    np.testing.assert_array_equal(one.weight.data, two.weight.data.astype("float32"))


def test_layers_that_draw_ask_for_rng():
    for make in (nn.Linear, nn.Embedding):
        parameter = inspect.signature(make).parameters["rng"]
        assert parameter.kind is parameter.KEYWORD_ONLY
        assert parameter.default is parameter.empty


@pytest.mark.parametrize("sizes", [(0, 3), (3, -1), (2.0, 3), ("3", 3)])
def test_impossible_sizes(sizes):
    for make in (nn.Linear, nn.Embedding):
        with pytest.raises(ConfigError, match="Fix: a positive integer"):
            make(*sizes, rng=tg.rng(0))


def test_embedding():
    from scipy import stats

    layer = nn.Embedding(500, 40, rng=tg.rng(0))
    assert stats.kstest(layer.weight.data.ravel(), "norm").pvalue > 1e-6
    indices = tg.tensor([[3, 499], [0, 3]])
    np.testing.assert_array_equal(layer(indices).data, layer.weight.data[indices.data])
    assert repr(layer) == "Embedding(500, 40)"
    with pytest.raises(IndexOutOfRange):
        layer(np.array([500]))


@pytest.mark.parametrize("affine", [True, False])
def test_layer_norm(affine):
    layer = nn.LayerNorm((3, 4), elementwise_affine=affine, dtype="float64")
    y = layer(X).data
    np.testing.assert_allclose(y.mean((1, 2)), 0, atol=1e-14)
    variance = X.data.var((1, 2))
    np.testing.assert_allclose(y.var((1, 2)), variance / (variance + 1e-5), rtol=1e-12)
    names = [name for name, _ in layer.named_parameters()]
    assert names == (["weight", "bias"] if affine else [])
    assert nn.LayerNorm(4).normalized_shape == (4,)
    assert nn.LayerNorm(4, bias=False).bias is None


def test_flatten_and_unflatten():
    assert nn.Flatten()(X).shape == (2, 12)
    assert nn.Flatten(0, 1)(X).shape == (6, 4)
    assert nn.Flatten(-2)(X).shape == (2, 12)
    np.testing.assert_array_equal(nn.Unflatten(1, (3, 4))(nn.Flatten()(X)).data, X.data)
    assert nn.Unflatten(-1, (2, 2))(X).shape == (2, 3, 2, 2)
    with pytest.raises(ShapeError, match=r"axis 2 of \(2, 3, 4\) does not split into"):
        nn.Unflatten(-1, (3, 2))(X)
    assert nn.Flatten()(tg.ones((0, 3, 4))).shape == (0, 12)


# -- sequential ----------------------------------------------------------------------


def test_sequential_chains_and_can_be_indexed():
    layers = [nn.ReLU(), nn.Tanh(), nn.Flatten()]
    network = nn.Sequential(*layers)
    np.testing.assert_array_equal(network(X).data, layers[2](layers[1](F.relu(X))).data)
    assert len(network) == 3 and list(network) == layers and network[-1] is layers[2]
    assert list(network[:2]) == layers[:2] and isinstance(network[:2], nn.Sequential)
    np.testing.assert_array_equal(nn.Sequential()(X).data, X.data)


def test_sequential_with_names():
    network = nn.Sequential({"inner": nn.Linear(4, 2, rng=tg.rng(0)), "act": nn.ReLU()})
    assert list(network.state_dict()) == ["inner.weight", "inner.bias"]


def test_sequential_takes_modules_only():
    with pytest.raises(ConfigError, match=r"layer 1 is .*no Module"):
        nn.Sequential(nn.ReLU(), F.relu)


# -- dropout --------------------------------------------------------------------------


def test_dropout_is_a_function_of_the_rng_that_was_set():
    network = nn.Sequential(nn.Dropout(0.3), nn.Sequential(nn.Dropout(0.5)))
    ones = tg.ones((200, 200))
    draws = []
    for step in (4, 5, 4):
        nn.set_rng(network, tg.rng(0, "dropout", step))
        draws.append(network(ones).data)
    np.testing.assert_array_equal(draws[0], draws[2])
    assert not np.array_equal(draws[0], draws[1])
    kept = (draws[0] != 0).mean()
    assert abs(kept - 0.35) < 5 * np.sqrt(0.35 * 0.65 / ones.size)
    np.testing.assert_allclose(draws[0][draws[0] != 0], 1 / 0.35, rtol=1e-6)


def test_dropout_does_nothing_after_training_and_needs_randomness_before():
    layer = nn.Dropout()
    with pytest.raises(ConfigError, match=r"nn\.set_rng"):
        layer(X)
    assert layer.eval()(X) is X
    assert nn.Dropout(0.0)(X) is X


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_impossible_dropout(p):
    with pytest.raises(ConfigError, match="a probability"):
        nn.Dropout(p)
