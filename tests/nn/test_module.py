"""What a module finds in its attributes, and what it does with it."""

import copy
import gc

import numpy as np
import pytest

import tinygen as tg
from tinygen import nn
from tinygen.errors import GraphError


def linear(i, o, seed=0, **settings):
    return nn.Linear(i, o, rng=np.random.default_rng(seed), **settings)


class Everything(nn.Module):
    """One of each thing that a module can hold."""

    def __init__(self):
        self.first = linear(2, 3)
        self.scale = tg.ones(3, requires_grad=True)
        self.running = np.zeros(3, np.float32)
        self.blocks = [linear(3, 3), nn.ReLU(), [linear(3, 2, bias=False)]]
        self.named = {"a": tg.zeros((), requires_grad=True), "b": nn.Tanh()}
        self.pair = (linear(2, 2), np.ones(2))
        self.nothing, self.size, self.text = None, 3, "text"
        self.number = np.float32(3)
        self._private = tg.ones(7)
        self._hidden = linear(7, 7)

    def forward(self, x):
        return self.first(x) * self.scale


PARAMETERS = [
    "scale",
    "named.a",
    "first.weight",
    "first.bias",
    "blocks.0.weight",
    "blocks.0.bias",
    "blocks.2.0.weight",
    "pair.0.weight",
    "pair.0.bias",
]


def test_the_walk_finds_parameters_in_pytorchs_order():
    module = Everything()
    assert [name for name, _ in module.named_parameters()] == PARAMETERS
    assert dict(module.named_parameters())["blocks.0.bias"] is module.blocks[0].bias
    assert module.num_parameters() == 3 + 1 + 9 + 12 + 6 + 6


def test_the_walk_finds_buffers_and_modules():
    module = Everything()
    assert [name for name, _ in module.named_buffers()] == ["running"]
    assert next(module.buffers()) is module.running
    names = [name for name, _ in module.named_modules()]
    children = ["first", "blocks.0", "blocks.1", "blocks.2.0", "named.b", "pair.0"]
    assert names == ["", *children]
    assert [name for name, _ in module.named_children()] == children
    assert next(iter(module.modules())) is module
    assert next(iter(module.children())) is module.first


def test_shared_parts_are_listed_once():
    class Tied(nn.Module):
        def __init__(self):
            self.encode = linear(3, 3)
            self.decode = linear(3, 3, seed=1)
            self.decode.weight = self.encode.weight
            self.again = self.encode

    module = Tied()
    names = [name for name, _ in module.named_parameters()]
    assert names == ["encode.weight", "encode.bias", "decode.bias"]
    assert [name for name, _ in module.named_modules()] == ["", "encode", "decode"]
    assert "again.weight" in module.state_dict()
    state = {name: array + 1 for name, array in module.state_dict().items()}
    module.load_state_dict(state)
    assert module.decode.weight is module.encode.weight
    np.testing.assert_array_equal(module.decode.weight.data, state["encode.weight"])


def test_train_and_eval_reach_every_part():
    module = Everything()
    assert all(part.training for part in module.modules())
    assert module.eval() is module
    assert not any(part.training for part in module.modules())
    module.first.train()
    assert module.first.training and not module.training
    module.train()
    assert all(part.training for part in module.modules())


def test_requires_grad_and_zero_grad():
    module = Everything()
    x = tg.ones((4, 2))
    module(x).sum().backward()
    assert module.scale.grad is not None and module.first.weight.grad is not None
    assert module.zero_grad() is module
    assert all(p.grad is None for p in module.parameters())
    module.requires_grad_(False)
    assert not module(x).requires_grad
    module.requires_grad_()
    assert all(p.requires_grad for p in module.parameters())


def test_astype_keeps_the_tensors_and_the_integers():
    module = Everything()
    module.count = np.zeros((), "int64")
    before = list(module.parameters())
    module.astype("float64")
    assert all(p is q for p, q in zip(before, module.parameters(), strict=True))
    assert {p.dtype.name for p in module.parameters()} == {"float64"}
    assert module.running.dtype == np.float64 and module.count.dtype == np.int64
    x = tg.ones((4, 2), dtype="float64")
    module(x).sum().backward()
    assert module.scale.grad.dtype == np.float64
    assert module.to("cpu") is module


def test_a_layer_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="Module has no forward"):
        nn.Module()(3)


def test_repr_is_indented():
    network = nn.Sequential(linear(2, 3), nn.Sequential(nn.LeakyReLU(0.2)))
    assert repr(network).splitlines() == [
        "Sequential(",
        "  (0): Linear(in_features=2, out_features=3, bias=True)",
        "  (1): Sequential(",
        "    (0): LeakyReLU(negative_slope=0.2)",
        "  )",
        ")",
    ]


def test_a_copy_shares_nothing():
    module = linear(2, 2)
    twin = copy.deepcopy(module)
    twin.weight.assign(twin.weight.data + 1)
    assert not np.allclose(twin.weight.data, module.weight.data)
    twin(tg.ones((1, 2))).sum().backward()
    assert twin.weight.grad is not None and module.weight.grad is None


# -- frozen ----------------------------------------------------------------------------


def test_no_gradient_reaches_a_frozen_network_but_passes_through_it():
    critic, x = linear(3, 1), tg.ones((2, 3), requires_grad=True)
    nodes = [p.node for p in critic.parameters()]
    with nn.frozen(critic):
        critic(x).sum().backward()
        assert not any(p.requires_grad for p in critic.parameters())
    assert x.grad is not None
    assert [p.node for p in critic.parameters()] == nodes
    assert all(p.grad is None for p in critic.parameters())


def test_gradients_are_there_again_afterwards():
    critic = linear(3, 1)
    critic(tg.ones((2, 3))).sum().backward()
    grads = [p.grad for p in critic.parameters()]
    with nn.frozen(critic):
        assert all(p.grad is None for p in critic.parameters())
    assert all(p.grad is g for p, g in zip(critic.parameters(), grads, strict=True))


def test_a_graph_from_before_reaches_the_same_leaves():
    critic = linear(3, 1)
    loss = critic(tg.ones((2, 3))).sum()
    with nn.frozen(critic):
        pass
    loss.backward()
    assert all(p.grad is not None for p in critic.parameters())


def test_frozen_ends_with_an_error_too_and_can_be_nested():
    one, two = linear(2, 2), linear(2, 2)
    one.bias.requires_grad = False
    with pytest.raises(ZeroDivisionError), nn.frozen(one, two), nn.frozen(one):
        raise ZeroDivisionError
    wanted = [p.requires_grad for p in (*one.parameters(), *two.parameters())]
    assert wanted == [True, False, True, True]


def test_values_assigned_while_frozen_are_noticed():
    critic, x = linear(3, 1), tg.ones((2, 3), requires_grad=True)
    loss = critic(x).sum()
    with nn.frozen(critic):
        critic.weight.assign(critic.weight.data * 2)
    assert critic.weight.node.data is critic.weight.data
    with pytest.raises(GraphError, match="changed after the forward pass"):
        loss.backward()


def test_modules_make_no_reference_cycles():
    gc.collect()
    gc.disable()
    try:
        module = Everything()
        module(tg.ones((4, 2))).sum().backward()
        with nn.frozen(module):
            module.state_dict()
        del module
        assert gc.collect() == 0
    finally:
        gc.enable()
