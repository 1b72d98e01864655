"""State dicts: copies, all or nothing, and the same in PyTorch."""

import re

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tinygen as tg
from tinygen import nn
from tinygen.errors import CheckpointError


class Normed(nn.Module):
    """Parameters, buffers in several places, and parts."""

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        self.mean = rng.standard_normal(3).astype("float32")
        self.count = np.array(seed)
        self.layer = nn.Linear(3, 2, rng=rng)
        self.many = [rng.standard_normal(2), {"deep": rng.standard_normal(1)}]


def assert_same(state, other):
    assert list(state) == list(other)
    for name, array in state.items():
        np.testing.assert_array_equal(array, other[name], strict=True)


def test_names_and_copies():
    module = Normed()
    state = module.state_dict()
    names = ["mean", "count", "many.0", "many.1.deep", "layer.weight", "layer.bias"]
    assert list(state) == names
    for array in state.values():
        array[...] = 7
    assert not any((array == 7).any() for array in module.state_dict().values())


def test_round_trip_through_a_file(tmp_path):
    one, two = Normed(1), Normed(2)
    save_file(one.state_dict(), tmp_path / "x.safetensors")
    assert two.load_state_dict(load_file(tmp_path / "x.safetensors")) == ([], [])
    assert_same(one.state_dict(), two.state_dict())


def test_the_module_does_not_keep_the_arrays_that_it_was_given():
    module, state = Normed(1), Normed(2).state_dict()
    module.load_state_dict(state)
    before = module.state_dict()
    for array in state.values():
        array[...] = 0
    assert_same(module.state_dict(), before)


def test_tensors_and_other_floats_are_taken_but_not_integers_for_floats():
    module = Normed()
    weight = np.arange(6.0).reshape(2, 3)
    module.load_state_dict({"layer.weight": tg.tensor(weight)}, strict=False)
    np.testing.assert_array_equal(module.layer.weight.data, weight)
    assert module.layer.weight.dtype == np.float32
    with pytest.raises(CheckpointError, match=r"count \(float64\(\) given, int64\(\)"):
        module.load_state_dict({"count": np.array(1.5)}, strict=False)


def test_what_is_lenient_when_not_strict():
    module, other = Normed(1), Normed(2)
    state = {"mean": other.mean, "foreign": np.zeros(1)}
    missing, unexpected = module.load_state_dict(state, strict=False)
    assert "layer.weight" in missing and "mean" not in missing
    assert unexpected == ["foreign"]
    np.testing.assert_array_equal(module.mean, other.mean)
    with pytest.raises(CheckpointError, match="another shape"):
        module.load_state_dict({"mean": np.zeros(4)}, strict=False)


BAD = {
    "1 missing: mean": lambda s: {k: v for k, v in s.items() if k != "mean"},
    "1 unexpected: foreign": lambda s: s | {"foreign": np.zeros(1)},
    r"1 of another shape: layer.weight \(float32\(3, 2\) given, float32\(2, 3\)": (
        lambda s: s | {"layer.weight": s["layer.weight"].T}
    ),
    "3 missing: .*; 3 unexpected: ": (
        lambda s: {k.replace("layer", "l").replace("mean", "m"): s[k] for k in s}
    ),
    "6 missing": lambda s: {},
}


@pytest.mark.parametrize("message", BAD)
def test_a_state_that_does_not_fit_changes_nothing(message):
    module = Normed(1)
    state = module.state_dict()
    arrays = [p.data for p in module.parameters()]
    with pytest.raises(CheckpointError, match=f"load_state_dict: .*{message}.*Fix: "):
        module.load_state_dict(BAD[message](Normed(2).state_dict()))
    assert_same(module.state_dict(), state)
    assert all(p.data is a for p, a in zip(module.parameters(), arrays, strict=True))


def test_an_error_lists_ten_names_and_counts_the_rest():
    rng = np.random.default_rng(0)
    network = nn.Sequential(*(nn.Linear(1, 1, rng=rng) for _ in range(7)))
    with pytest.raises(CheckpointError) as info:
        network.load_state_dict({})
    assert re.search("14 missing: .* and 4 more", str(info.value))
    assert str(info.value).count(".weight") + str(info.value).count(".bias") == 10


# -- PyTorch -------------------------------------------------------------------------


def ours(dtype="float32", seed=0):
    rng = np.random.default_rng(seed)
    linear = lambda i, o, bias=True: nn.Linear(i, o, bias, rng=rng, dtype=dtype)
    return nn.Sequential(
        nn.Flatten(),
        linear(12, 8),
        nn.LayerNorm(8, dtype=dtype),
        nn.LeakyReLU(0.2),
        nn.Sequential(linear(8, 8), nn.ELU(), linear(8, 8, bias=False), nn.GELU()),
        nn.Sequential(nn.SiLU(), nn.Softplus(), nn.GELU("tanh"), nn.Tanh()),
        linear(8, 6),
        nn.Unflatten(1, (2, 3)),
        nn.LogSoftmax(-1),
    )


def theirs(torch, dtype="float32"):
    t = torch.nn
    network = t.Sequential(
        t.Flatten(),
        t.Linear(12, 8),
        t.LayerNorm(8),
        t.LeakyReLU(0.2),
        t.Sequential(t.Linear(8, 8), t.ELU(), t.Linear(8, 8, bias=False), t.GELU()),
        t.Sequential(t.SiLU(), t.Softplus(), t.GELU("tanh"), t.Tanh()),
        t.Linear(8, 6),
        t.Unflatten(1, (2, 3)),
        t.LogSoftmax(-1),
    )
    return network.to(getattr(torch, dtype))


def outputs(torch, network, other, dtype):
    x = np.random.default_rng(3).standard_normal((5, 3, 4)).astype(dtype)
    return network(tg.tensor(x)).detach().numpy(), other(torch.tensor(x)).detach()


@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-6), ("float64", 1e-12)])
def test_a_file_saved_here_loads_there_and_back(dtype, rtol, tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file as load_torch
    from safetensors.torch import save_file as save_torch

    network, other = ours(dtype), theirs(torch, dtype)
    save_file(network.state_dict(), tmp_path / "ours.safetensors")
    other.load_state_dict(load_torch(tmp_path / "ours.safetensors"))
    y, expected = outputs(torch, network, other, dtype)
    np.testing.assert_allclose(y, expected.numpy(), rtol=rtol, atol=rtol)

    other = theirs(torch, dtype)
    save_torch(other.state_dict(), tmp_path / "theirs.safetensors")
    assert list(network.state_dict()) == list(other.state_dict())
    network.load_state_dict(load_file(tmp_path / "theirs.safetensors"))
    y, expected = outputs(torch, network, other, dtype)
    np.testing.assert_allclose(y, expected.numpy(), rtol=rtol, atol=rtol)


def test_an_embedding_loads_there(tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file as load_torch

    table, other = nn.Embedding(5, 3, rng=tg.rng(0)), torch.nn.Embedding(5, 3)
    save_file(table.state_dict(), tmp_path / "x.safetensors")
    other.load_state_dict(load_torch(tmp_path / "x.safetensors"))
    indices = np.array([[1, 4], [0, 1]])
    expected = other(torch.tensor(indices)).detach().numpy()
    np.testing.assert_array_equal(table(indices).detach().numpy(), expected)


def test_the_text_is_pytorchs():
    torch = pytest.importorskip("torch")
    part = lambda t, **rng: t.Sequential(
        t.Linear(2, 3, **rng),
        t.LeakyReLU(0.2),
        t.ELU(),
        t.GELU(),
        t.Linear(3, 1, **rng),
    )
    assert repr(part(nn, rng=tg.rng(0))) == repr(part(torch.nn))
