"""The graph: order, sharing, freeing, staleness."""

import gc
import re
import time
import weakref

import numpy as np
import pytest

import tinygen as tg
from tinygen.engine import Leaf, Tensor
from tinygen.errors import GraphError
from tinygen.ops.activations import relu
from tinygen.testing.graphs import nodes_of


def leaf(*values, dtype="float64"):
    return tg.tensor(np.array(values, dtype), requires_grad=True)


def test_a_long_chain_needs_no_recursion():
    """20,000 ops: forward, backward, and freeing, all in order of their making."""
    x = leaf(1.0, 2.0)
    y, start = x, time.perf_counter()
    for _ in range(20_000):
        y = y + 0.001
    (g,) = tg.grad(y, x, tg.ones(2, dtype="float64"), retain_graph=True)
    assert np.array_equal(g.data, [1.0, 1.0])
    y.backward(tg.ones(2, dtype="float64"))
    assert np.array_equal(x.grad.data, [1.0, 1.0])
    del y, g
    assert time.perf_counter() - start < 5


def test_a_long_chain_at_second_order():
    x = leaf(0.5)
    y = x
    for _ in range(2_000):
        y = y * 1.0
    (g,) = tg.grad(y * y, x, create_graph=True)
    (h,) = tg.grad(g, x)
    assert np.allclose(h.data, 2.0)


@pytest.mark.parametrize("create_graph", [False, True])
def test_the_graph_is_freed_without_the_collector(create_graph):
    """Nothing points back, so the last reference frees everything."""
    gc.disable()
    try:
        gc.collect()
        x = leaf(1.0, 2.0)
        y = tg.tanh(x * x)
        z = (y * y).sum()
        (g,) = tg.grad(z, x, create_graph=create_graph, retain_graph=True)
        watched = [weakref.ref(t) for t in (x, y, z, g)]
        del x, y, z, g
        assert [r() for r in watched] == [None] * 4
        assert gc.collect(0) == 0
    finally:
        gc.enable()


def test_diamond_and_shared_non_leaf():
    """21, not 6: a tensor that two branches use gets the sum of both gradients."""
    x = leaf(3.0)
    a = x * 1.0
    y = a * a + a * 5.0 + (a * 10.0 - a * 0.0)  # dy/dx = 2 a + 5 + 10
    y.backward()
    assert x.grad.item() == 21.0


def test_diamond_with_a_skip_is_visited_once_and_late():
    x = leaf(2.0)
    a = x * 3.0
    late = tg.sin(a)
    y = late * a + a  # a is older than late, yet fed by y directly
    (g,) = tg.grad(y, x)
    assert np.isclose(g.item(), 3 * (np.sin(6.0) + 6.0 * np.cos(6.0) + 1))


def test_same_tensor_twice():
    x = leaf(3.0)
    (g,) = tg.grad(x * x, x)
    assert g.item() == 6.0
    (g,) = tg.grad(x / x, x)
    assert g.item() == 0.0


def test_gradients_add_up_over_backward_calls():
    x = leaf(3.0)
    for expected in (2.0, 4.0, 6.0):
        (x * 2.0).backward()
        assert x.grad.item() == expected
    first = x.grad
    (x * 2.0).backward()
    assert first.item() == 6.0, "a gradient that was handed out must not change"


def test_backward_leaves_intermediate_tensors_without_grad():
    x = leaf(3.0)
    y = x * x
    (y * 2.0).backward()
    assert y.grad is None and x.grad.item() == 12.0


def test_seed_is_not_the_gradient():
    """x.grad has an array of its own, even through ops that pass g on unchanged."""
    x, v = leaf(1.0, 2.0), np.array([1.0, 2.0])
    y = x + 0.0
    y.backward(v)
    assert not np.shares_memory(x.grad.data, v)
    a, b = leaf(1.0), leaf(2.0)
    ga, gb = tg.grad(a + b, [a, b])
    assert not np.shares_memory(ga.data, gb.data)


def test_backward_does_not_add_into_an_array_that_another_may_hold():
    """An addition passes one array on to both sides; what meets there must be new."""
    x, v = leaf(1.0, 2.0), np.array([1.0, 2.0])
    (x + x).backward(v)
    assert np.array_equal(v, [1.0, 2.0]) and np.array_equal(x.grad.data, [2.0, 4.0])
    a, b = leaf(1.0), leaf(1.0)
    older = 2.0 * a
    ga, gb = tg.grad((a + b) + older, [a, b])
    assert (ga.item(), gb.item()) == (3.0, 1.0)


def test_a_freed_graph_refuses_and_says_so():
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(GraphError, match=r"(?s)freed.*Fix: retain_graph=True"):
        y.backward()


def test_retain_graph_and_create_graph_keep_it():
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward(create_graph=True)
    y.backward()
    assert np.array_equal(x.grad.data, 3 * 2 * x.data)
    with pytest.raises(GraphError, match="freed"):
        tg.grad(y, x)


def test_a_part_that_was_freed_is_noticed_from_another_result():
    x = leaf(1.0)
    shared = x * x
    (shared * 2.0).backward()
    with pytest.raises(GraphError, match="freed"):
        (shared * 3.0).backward()


def test_only_the_part_that_is_needed_is_freed():
    x, other = leaf(1.0), leaf(2.0)
    side = other * other
    y = x * x + side
    tg.grad(y, x)
    (g,) = tg.grad(side, other)
    assert g.item() == 4.0


# -- leaves that change ------------------------------------------------------------


def refuses(y) -> str:
    """What backward says against it; nothing if it goes through."""
    try:
        y.backward()
    except GraphError as error:
        return str(error)
    return ""


def test_assign_is_refused_only_if_the_old_value_is_needed():
    x = leaf(1.0, 2.0)
    product, total = (x * x).sum(), (x + x).sum()
    x.assign(np.array([5.0, 6.0]))
    assert not refuses(total)  # an addition needs no values
    assert np.array_equal(x.grad.data, [2.0, 2.0])
    assert re.search(r"multiply.*\(2,\).*changed.*Fix:", refuses(product))


def test_assign_of_a_leaf_that_the_result_does_not_use():
    x, other = leaf(1.0), leaf(2.0)
    y = x * x
    other.assign(np.array([3.0]))
    y.backward()
    assert x.grad.item() == 2.0


def test_assign_before_the_forward_pass():
    x = leaf(1.0)
    x.assign(np.array([4.0]))
    (x * x).backward()
    assert x.grad.item() == 8.0


def test_assign_the_same_array_again_is_no_change():
    x = leaf(1.0)
    y = x * x
    x.assign(x.data)
    y.backward()
    assert x.grad.item() == 2.0


def test_assign_keeps_the_gradient_slot():
    x = leaf(1.0)
    (x * 3.0).backward()
    x.assign(np.array([7.0]))
    (x * 3.0).backward()
    assert x.grad.item() == 6.0 and x.item() == 7.0


# -- what a graph holds ------------------------------------------------------------


def arrays_held(tensor):
    """The arrays in a tensor's graph, leaves apart."""
    nodes = [n for n in nodes_of(tensor) if not isinstance(n, Leaf)]
    held = [a for n in nodes for a in (*n.saved, n.out)]
    return [a for a in held if isinstance(a, np.ndarray)]


@pytest.mark.parametrize(
    ("build", "count"),
    [
        (lambda x: x + x, 0),
        (lambda x: -x, 0),
        (lambda x: x.sum(0), 0),
        (lambda x: x.reshape(-1), 0),
        (lambda x: x.T, 0),
        (lambda x: x[1:], 0),
        (lambda x: tg.concatenate([x, tg.ones((2, 3), dtype="float64")]), 0),
        (lambda x: tg.where(x.data > 0, x, 0.0), 1),
        (lambda x: tg.exp(x), 1),
        (lambda x: tg.tanh(x), 1),
        (lambda x: relu(x), 1),
        (lambda x: x * 2.0, 1),
        (lambda x: x / 2.0, 1),
        (lambda x: x.max(1), 2),
        (lambda x: x @ np.ones((3, 2)), 2),
    ],
)
def test_an_op_keeps_no_more_than_its_rules_need(build, count):
    x = tg.tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    assert len(arrays_held(build(x))) == count


def test_constants_are_not_recorded():
    x = tg.tensor([1.0, 2.0])
    assert (x * x + 1.0).node is None
    y = x * leaf(1.0, 2.0, dtype="float32")
    assert [type(p).__name__ for p in y.node.parents] == ["NoneType", "Leaf"]


def test_detach_and_requires_grad():
    x = leaf(1.0)
    y = x * 2.0
    assert not y.detach().requires_grad and y.detach().data is y.data
    assert x.is_leaf and not y.is_leaf and y.requires_grad
    x.requires_grad = False
    assert (x * 2.0).node is None
    with pytest.raises(GraphError, match=r"(?s)multiply.*Fix: x.detach"):
        y.requires_grad = False


def test_requires_grad_twice_keeps_the_leaf():
    x = leaf(1.0)
    node = x.node
    x.requires_grad = True
    assert x.node is node and isinstance(Tensor(x.data, node), Tensor)
