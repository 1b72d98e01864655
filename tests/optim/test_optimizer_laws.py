"""Closed forms of the optimisers, and what a step does to the parameters."""

import numpy as np
import pytest
from optimizer_tools import give, parameter, small_network, train

import tinygen as tg
from tinygen import optim
from tinygen.engine import Tensor
from tinygen.errors import ConfigError, GraphError, ShapeError

ALL = [optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop]


# -- closed forms ---------------------------------------------------------------------


def test_sgd_on_a_quadratic_is_geometric():
    """L = a p^2 / 2: p_k = (1 - lr a)^k p_0."""
    p, lr, a = parameter(3.0, -2.0), 0.1, np.array([0.5, 4.0])
    optimizer = optim.SGD([p], lr)
    for _ in range(30):
        p.grad = Tensor(a * p.data)
        optimizer.step()
    np.testing.assert_allclose(p.data, (1 - lr * a) ** 30 * [3.0, -2.0], rtol=1e-12)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_on_a_quadratic_is_a_linear_recurrence(nesterov):
    """(p, buf) -> M (p, buf) with a fixed matrix M, here its 30th power."""
    p, lr, a, mu = parameter(3.0), 0.1, 0.7, 0.8
    optimizer = optim.SGD([p], lr, mu, nesterov=nesterov)
    for _ in range(30):
        p.grad = Tensor(a * p.data)
        optimizer.step()
    plain = np.array([[1 - lr * a, -lr * mu], [a, mu]])
    ahead = np.array([[1 - lr * a * (1 + mu), -lr * mu * mu], [a, mu]])
    power = np.linalg.matrix_power(ahead if nesterov else plain, 30)
    np.testing.assert_allclose(p.data, (power @ [3.0, 0.0])[:1], rtol=1e-12)


def test_first_step_of_adam_is_lr_times_the_sign():
    g = np.array([1e-3, -5.0, 1e-9, 0.0])
    p = parameter(0.0, 0.0, 0.0, 0.0)
    p.grad = Tensor(g)
    optim.Adam([p], lr=0.01).step()
    np.testing.assert_allclose(p.data, -0.01 * g / (np.abs(g) + 1e-8), rtol=1e-12)


def test_adamw_shrinks_where_there_is_no_gradient_to_follow():
    p = parameter(2.0)
    optimizer = optim.AdamW([p], lr=0.1, weight_decay=0.5)
    for _ in range(4):
        give(p, 0.0)
        optimizer.step()
    np.testing.assert_allclose(p.data, [2.0 * 0.95**4], rtol=1e-14)


def test_first_step_of_rmsprop():
    p = parameter(1.0)
    give(p, 3.0)
    optim.RMSprop([p], lr=0.01, alpha=0.75).step()
    np.testing.assert_allclose(p.data, [1 - 0.01 * 3 / (1.5 + 1e-8)], rtol=1e-14)


# -- views, and who else may change a parameter -------------------------------------


@pytest.mark.parametrize("make", ALL)
def test_every_step_gives_every_parameter_a_new_array_in_one_buffer(make):
    network = small_network()
    optimizer = make(network.parameters(), 1e-3)
    before = [p.data for p in network.parameters()]
    train(network, optimizer, 1)
    after = [p.data for p in network.parameters()]
    assert all(old is not new for old, new in zip(before, after, strict=True))
    buffer = after[0].base
    assert all(new.base is buffer and new.flags.c_contiguous for new in after)


@pytest.mark.parametrize("make", ALL)
def test_a_graph_from_before_the_step_refuses_backward(make):
    network = small_network()
    optimizer = make(network.parameters(), 1e-3)
    x = tg.ones((2, 3))
    loss = network(x).sum()
    train(network, optimizer, 1)
    with pytest.raises(GraphError, match="changed after the forward pass"):
        loss.backward()


def test_making_an_optimizer_changes_no_value():
    network = small_network()
    before = network.state_dict()
    optim.Adam(network.parameters())
    for name, array in network.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_values_assigned_between_steps_are_taken_over():
    p, q = parameter(1.0, 2.0), parameter(3.0)
    optimizer = optim.SGD([p, q], lr=0.5)
    p.assign(np.array([10.0, 20.0]))
    give(p, 2.0, 4.0)
    give(q, 2.0)
    optimizer.step()
    np.testing.assert_array_equal(p.data, [9.0, 18.0])
    np.testing.assert_array_equal(q.data, [2.0])


def test_a_loaded_state_dict_is_trained_on():
    network, other = small_network(0), small_network(1)
    twin = small_network(1)
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    network.load_state_dict(other.state_dict())
    train(network, optimizer)
    train(twin, optim.SGD(twin.parameters(), lr=0.1))
    for a, b in zip(network.parameters(), twin.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)


def test_two_optimizers_of_one_network_take_turns():
    network, twin = small_network(), small_network()
    first, second = (optim.SGD(network.parameters(), lr=0.1) for _ in range(2))
    only = optim.SGD(twin.parameters(), lr=0.1)
    for optimizer in (first, second, first):
        train(network, optimizer, 1)
        train(twin, only, 1)
    for a, b in zip(network.parameters(), twin.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)


def test_parameters_without_gradient_stay_as_they_are():
    p, q, r = parameter(1.0), parameter(2.0), parameter(3.0)
    optimizer = optim.Adam([p, q, r], lr=0.1, weight_decay=0.1)
    give(p, 1.0)
    give(r, 1.0)
    array = q.data
    optimizer.step()
    assert q.data is array
    steps = [int(optimizer.state_dict()[f"{i}.step"]) for i in range(3)]
    assert steps == [1, 0, 1]
    assert p.data[0] != 1 and r.data[0] != 3


def test_a_step_without_any_gradient_does_nothing():
    p = parameter(1.0)
    optim.Adam([p]).step()
    assert p.data[0] == 1.0


def test_gradients_are_only_read():
    p = parameter(1.0, 2.0)
    give(p, 3.0, 4.0)
    g = p.grad.data
    optim.SGD([p], 0.1, momentum=0.9, weight_decay=0.1).step()
    assert p.grad.data is g
    np.testing.assert_array_equal(g, [3.0, 4.0])


def test_float32_and_float64_side_by_side():
    p, q = parameter(1.0, dtype="float32"), parameter(1.0)
    optimizer = optim.Adam([p, q], lr=0.1)
    for _ in range(5):
        give(p, 1.0)
        give(q, 1.0)
        optimizer.step()
    assert p.dtype == np.float32 and q.dtype == np.float64
    np.testing.assert_allclose(p.data, q.data, rtol=1e-6)


def test_float32_stays_float32():
    for make in ALL:
        network = small_network()
        train(network, make(network.parameters(), np.float64(1e-3)))
        assert {p.dtype for p in network.parameters()} == {np.dtype("float32")}


def test_a_network_converted_afterwards_is_refused():
    network = small_network()
    optimizer = optim.Adam(network.parameters())
    network.astype("float64")
    with pytest.raises(ConfigError, match="convert the network first"):
        optimizer.step()


def test_a_gradient_of_another_shape_is_refused_before_anything_changes():
    p, q = parameter(1.0, 2.0), parameter(3.0, 4.0)
    optimizer = optim.SGD([p, q], lr=0.5)
    give(p, 1.0, 1.0)
    give(q, 1.0)
    with pytest.raises(ShapeError, match=r"parameter 1 has shape \(2,\)"):
        optimizer.step()
    np.testing.assert_array_equal(p.data, [1.0, 2.0])
