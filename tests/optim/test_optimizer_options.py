"""Options of the optimisers, the errors about them, and their state."""

import math

import numpy as np
import pytest
from optimizer_tools import give, parameter, small_network, train

import tinygen as tg
from tinygen import optim
from tinygen.engine import Tensor
from tinygen.errors import CheckpointError, ConfigError

ALL = [optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop]


# -- options ---------------------------------------------------------------------------


def test_groups_have_options_of_their_own():
    p, q = parameter(1.0), parameter(1.0)
    groups = [{"params": [p]}, {"params": q, "lr": 0.5}]
    optimizer = optim.SGD(groups, lr=0.25)
    give(p, 1.0)
    give(q, 1.0)
    optimizer.step()
    assert (p.item(), q.item()) == (0.75, 0.5)
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.5]
    optimizer.lr = 0.125
    assert [group["lr"] for group in optimizer.param_groups] == [0.125, 0.125]


def test_lr_can_be_set():
    p = parameter(1.0)
    optimizer = optim.SGD([p], lr=1.0)
    for lr in (0.5, 0.0, 0.25):
        optimizer.lr = lr
        give(p, 1.0)
        optimizer.step()
        assert optimizer.lr == lr
    assert p.item() == 0.25
    for lr in (-1.0, math.nan, math.inf, "0.1"):
        with pytest.raises(ConfigError, match="lr="):
            optimizer.lr = lr


def test_defaults_are_pytorchs():
    torch = pytest.importorskip("torch")
    for make in ALL:
        ours = make([parameter(1.0)]).param_groups[0]
        theirs = getattr(torch.optim, make.__name__)([torch.zeros(1)]).defaults
        for option, value in ours.items():
            assert option == "params" or theirs[option] == value


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("lr", [0.0, -1e-3, math.nan, math.inf, None, "fast", True])
def test_impossible_lr(make, lr):
    with pytest.raises(ConfigError, match=r"lr=.*Fix"):
        make([parameter(1.0)], lr=lr)


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (optim.Adam, {"betas": (0.9, 1.0)}),
        (optim.Adam, {"betas": (-0.1, 0.9)}),
        (optim.Adam, {"betas": (math.nan, 0.9)}),
        (optim.Adam, {"betas": 0.9}),
        (optim.AdamW, {"eps": -1.0}),
        (optim.AdamW, {"weight_decay": -1.0}),
        (optim.SGD, {"momentum": -0.1}),
        (optim.SGD, {"nesterov": True}),
        (optim.SGD, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}),
        (optim.RMSprop, {"alpha": 1.0}),
        (optim.RMSprop, {"momentum": math.nan}),
    ],
)
def test_impossible_options(make, options):
    with pytest.raises(ConfigError, match="Fix"):
        make([parameter(1.0)], **options)
    with pytest.raises(ConfigError, match="Fix"):
        make([{"params": [parameter(1.0)], **options}])


@pytest.mark.parametrize("make", ALL)
def test_no_parameters_and_duplicates(make):
    p = parameter(1.0)
    for empty in ([], [{"params": []}], iter(())):
        with pytest.raises(ConfigError, match="no parameters"):
            make(empty)
    for twice in ([p, p], [{"params": [p]}, {"params": [p]}]):
        with pytest.raises(ConfigError, match="twice"):
            make(twice)


@pytest.mark.parametrize(
    "wrong", [np.zeros(3), 3.0, tg.tensor([1, 2]), parameter(1.0) * 2.0]
)
def test_what_cannot_be_trained(wrong):
    with pytest.raises(ConfigError, match="cannot be trained"):
        optim.SGD([wrong])


def test_unknown_option_of_a_group():
    with pytest.raises(ConfigError, match=r"unknown options \['beta'\].*betas"):
        optim.Adam([{"params": [parameter(1.0)], "beta": 0.5}])


# -- state ---------------------------------------------------------------------------


@pytest.mark.parametrize("make", ALL)
def test_state_survives_a_file(make, tmp_path):
    from safetensors.numpy import load_file, save_file

    network = small_network()
    optimizer = make(network.parameters(), 1e-3)
    train(network, optimizer)
    save_file(optimizer.state_dict(), tmp_path / "state.safetensors")
    fresh = make(small_network().parameters(), 1e-3)
    fresh.load_state_dict(load_file(tmp_path / "state.safetensors"))
    for name, array in optimizer.state_dict().items():
        np.testing.assert_array_equal(array, fresh.state_dict()[name])


def test_a_state_dict_is_a_copy():
    network = small_network()
    optimizer = optim.Adam(network.parameters())
    train(network, optimizer, 1)
    before = optimizer.state_dict()
    kept = {name: array.copy() for name, array in before.items()}
    train(network, optimizer, 1)
    for name, array in before.items():
        np.testing.assert_array_equal(array, kept[name])


def bad_states(good):
    yield "missing", {k: v for k, v in good.items() if k != "2.exp_avg"}
    yield "unexpected", good | {"9.exp_avg": np.zeros(3)}
    yield "another shape", good | {"0.exp_avg": np.zeros((3, 5), "float32")}
    yield "another shape", good | {"0.exp_avg": np.zeros((5, 3), "complex64")}
    yield "step is 1.5", good | {"3.step": np.array(1.5)}
    yield "step is nan", good | {"3.step": np.array(np.nan)}


def test_a_state_that_does_not_fit_changes_nothing():
    network = small_network()
    optimizer = optim.Adam(network.parameters())
    train(network, optimizer)
    good = optimizer.state_dict()
    for message, state in bad_states({k: v + 1 for k, v in good.items()}):
        with pytest.raises(CheckpointError, match=message):
            optimizer.load_state_dict(state)
        for name, array in optimizer.state_dict().items():
            np.testing.assert_array_equal(array, good[name])


def test_a_state_of_another_kind_of_optimizer_is_refused():
    network = small_network()
    state = optim.SGD(network.parameters(), 0.1, momentum=0.9).state_dict()
    with pytest.raises(CheckpointError, match="missing"):
        optim.Adam(network.parameters()).load_state_dict(state)


@pytest.mark.parametrize("make", [optim.Adam, optim.AdamW, optim.RMSprop])
def test_pytorchs_state_goes_on_here(make):
    torch = pytest.importorskip("torch")
    ours = [parameter(1.0, 2.0), parameter(3.0)]
    theirs = [torch.nn.Parameter(torch.tensor(p.data.copy())) for p in ours]
    optimizer = getattr(torch.optim, make.__name__)(theirs, lr=0.01)
    continued = make(ours, lr=0.01)
    for step in range(6):
        if step == 3:
            state = {
                f"{i}.{name}": value.numpy()
                for i, one in optimizer.state_dict()["state"].items()
                for name, value in one.items()
            }
            continued.load_state_dict(state)
            for p, q in zip(ours, theirs, strict=True):
                p.assign(q.detach().numpy().copy())
        for p, q in zip(ours, theirs, strict=True):
            g = np.cos(np.arange(p.size) + step)
            p.grad, q.grad = Tensor(g), torch.tensor(g)
        optimizer.step()
        if step >= 3:
            continued.step()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-13)
