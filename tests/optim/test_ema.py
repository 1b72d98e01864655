"""Averages of weights: the closed form, applying and restoring, the state."""

import numpy as np
import pytest

import tinygen as tg
from tinygen import nn
from tinygen.ema import EMA
from tinygen.errors import CheckpointError, ConfigError, GraphError


class Counted(nn.Module):
    """A layer and a buffer beside it."""

    def __init__(self, dtype="float64"):
        rng = np.random.default_rng(0)
        self.layer = nn.Linear(3, 2, rng=rng, dtype=dtype)
        self.scale = tg.tensor(np.array(2.0, dtype), requires_grad=True)
        self.seen = np.zeros(4)

    def forward(self, x):
        return self.layer(x) * self.scale


def move(network, k):
    """Other values in every parameter."""
    for i, p in enumerate(network.parameters()):
        p.assign(np.asarray(np.sin(np.arange(p.size) + 7 * k + i)).reshape(p.shape))


def test_closed_form():
    """average_k = d^k x_0 + (1 - d) sum_j d^(k-j) x_j."""
    network, d, k = Counted(), 0.8, 12
    ema = EMA(network, d)
    history = [[p.data.copy() for p in network.parameters()]]
    for j in range(1, k + 1):
        move(network, j)
        history.append([p.data.copy() for p in network.parameters()])
        ema.update()
    for i, average in enumerate(ema.averages.values()):
        expected = d**k * history[0][i] + (1 - d) * sum(
            d ** (k - j) * history[j][i] for j in range(1, k + 1)
        )
        np.testing.assert_allclose(average, expected, rtol=1e-12)


def test_warm_up():
    network = Counted()
    ema = EMA(network, 0.9, warmup=True)
    decays = []
    for _ in range(200):
        decays.append(ema.current_decay())
        ema.update()
    assert decays[:3] == [1 / 10, 2 / 11, 3 / 12]
    assert decays[79:] == [80 / 89] + [0.9] * 120


def test_parameters_that_do_not_move_are_their_own_average():
    network = Counted("float32")
    ema = EMA(network, 0.999)
    for _ in range(10):
        ema.update()
    for average, p in zip(ema.averages.values(), network.parameters(), strict=True):
        np.testing.assert_array_equal(average, p.data)
        assert average.dtype == np.float32


def test_blocks_change_nothing(monkeypatch):
    found = []
    for block in (2, 65536):
        monkeypatch.setattr("tinygen.optim.flat.BLOCK", block)
        network = Counted()
        ema = EMA(network, 0.5)
        move(network, 1)
        ema.update()
        found.append(ema.state_dict())
    for name, array in found[0].items():
        np.testing.assert_array_equal(array, found[1][name])


def test_applied_and_restored():
    network = Counted()
    ema = EMA(network, 0.5)
    move(network, 1)
    ema.update()
    own = [p.data for p in network.parameters()]
    nodes = [p.node for p in network.parameters()]
    x = tg.ones((1, 3), dtype="float64")
    y = network(x).detach().numpy()
    with ema.applied() as same:
        assert same is network
        for name, p in network.named_parameters():
            np.testing.assert_array_equal(p.data, ema.averages[name])
        assert not np.allclose(network(x).detach().numpy(), y)
    pairs = zip(network.parameters(), own, nodes, strict=True)
    assert all(p.data is data and p.node is node for p, data, node in pairs)


def test_restored_after_an_error():
    network = Counted()
    own = [p.data for p in network.parameters()]
    with pytest.raises(KeyboardInterrupt), EMA(network, 0.5).applied():
        raise KeyboardInterrupt
    pairs = zip(network.parameters(), own, strict=True)
    assert all(p.data is data for p, data in pairs)


def test_a_graph_of_the_averages_does_not_outlive_them():
    network = Counted()
    with EMA(network, 0.5).applied():
        loss = network(tg.ones((1, 3), dtype="float64")).sum()
    with pytest.raises(GraphError, match="changed after the forward pass"):
        loss.backward()


def test_buffers_are_the_networks_own():
    network = Counted()
    ema = EMA(network, 0.5)
    network.seen += 1
    ema.update()
    assert list(ema.averages) == ["scale", "layer.weight", "layer.bias"]
    with ema.applied():
        np.testing.assert_array_equal(network.seen, np.ones(4))


def test_state_round_trip():
    network = Counted()
    ema = EMA(network, 0.5)
    for k in range(3):
        move(network, k)
        ema.update()
    fresh = EMA(Counted(), 0.5)
    fresh.load_state_dict(ema.state_dict())
    assert fresh.updates == 3
    for name, array in ema.state_dict().items():
        np.testing.assert_array_equal(array, fresh.state_dict()[name])
    fresh.state_dict()["average.scale"][...] = 0.0
    assert fresh.averages["scale"] != 0.0


def test_a_state_that_does_not_fit_changes_nothing():
    ema = EMA(Counted(), 0.5)
    before = ema.state_dict()
    for change in (
        {"average.scale": np.zeros(2)},
        {"average.other": np.zeros(2)},
        {"updates": np.zeros(2, int)},
    ):
        with pytest.raises(CheckpointError, match=next(iter(change))):
            ema.load_state_dict(before | change)
        for name, array in ema.state_dict().items():
            np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_impossible_decay(decay):
    with pytest.raises(ConfigError, match="decay="):
        EMA(Counted(), decay)
