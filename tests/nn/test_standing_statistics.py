"""Batch statistics for weights that were not trained themselves."""

import numpy as np
import pytest

import tinygen as tg
from tinygen import nn


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def network(rng):
    return nn.Sequential(
        nn.Conv2d(2, 3, 3, rng=rng), nn.BatchNorm2d(3), nn.Conv2d(3, 5, 1, rng=rng)
    )


def test_within_the_block_the_output_is_normalised_by_one_pass(rng):
    net = network(rng)
    x = tg.tensor(rng.standard_normal((7, 2, 5, 11)), dtype="float32")
    with nn.standing_statistics(net, lambda: net(x)):
        net[1].weight.assign(2 * np.ones(3, "float32"))
        inside = net[1](net[0](x)).detach().numpy()
    assert np.allclose(inside.mean((0, 2, 3)), 0, atol=1e-5)
    assert np.allclose(inside.std((0, 2, 3), ddof=1), 2, rtol=1e-4)


def test_afterwards_everything_is_as_it_was(rng):
    net = network(rng)
    x = tg.tensor(rng.standard_normal((7, 2, 5, 11)), dtype="float32")
    net(x)
    norm = net[1]
    before = {name: array.copy() for name, array in net.named_buffers()}
    fields = norm.momentum, norm.training
    for training in (True, False):
        norm.training = training
        fields = norm.momentum, norm.training
        with nn.standing_statistics(net, lambda: net(3 * x)):
            assert not norm.training
            assert not np.allclose(norm.running_var, before["1.running_var"])
        assert (norm.momentum, norm.training) == fields
        for name, array in net.named_buffers():
            np.testing.assert_array_equal(array, before[name])


def test_without_batch_norm_nothing_is_run(rng):
    def refuse():
        raise AssertionError("a pass for nothing")

    with nn.standing_statistics(nn.Linear(3, 2, rng=rng), refuse):
        pass
