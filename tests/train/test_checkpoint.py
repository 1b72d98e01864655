"""Checkpoints: whole or absent, damage noticed, nothing executed, all or nothing."""

import builtins
import errno
import io
import json
import os
import pickle
import resource
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from toys import Toy, ToyImages

import tinygen as tg
from tinygen import files, nn
from tinygen.errors import (
    CheckpointError,
    IntegrityError,
    NonFiniteError,
    TinygenError,
)
from tinygen.train import checkpoint, tensorfile


def advance(recipe, steps, start=0):
    for step in range(start, start + steps):
        recipe.train_step(recipe.data.batch(step), step, recipe.streams(step))
    return recipe


@pytest.fixture(scope="module")
def toy():
    return advance(Toy(), 3)


def same(a, b):
    return a.keys() == b.keys() and all(
        x.dtype == b[k].dtype and np.array_equal(x, b[k]) for k, x in a.items()
    )


def test_a_state_comes_back_bit_for_bit(toy, tmp_path):
    path = checkpoint.save(tmp_path, toy, 3)
    found = checkpoint.load(checkpoint.find(tmp_path))
    assert (found.path, found.recipe, found.step) == (path, "toy", 3)
    assert found.config == toy.config.to_dict()
    assert found.data == toy.data.fingerprint
    other = Toy(Toy.Config(seed=9))
    assert not same(checkpoint.state(other), checkpoint.state(toy))
    checkpoint.restore(other, found)
    assert same(checkpoint.state(other), checkpoint.state(toy))


def test_names_and_any_safetensors_reader(toy, tmp_path):
    arrays = load_file(checkpoint.save(tmp_path, toy, 3))
    assert set(arrays) == {
        "model.net.mean",
        "model.net.log_std",
        "model.net.unused",
        "model.net.calls",
        "optim.net.velocity.0",
        "optim.net.velocity.1",
        "optim.net.velocity.2",
        "ema.mean.value",
    }
    assert arrays["model.net.calls"].tolist() == [3]


@pytest.mark.parametrize("reader", ["numpy", "torch"])
def test_other_readers_find_the_same_numbers(toy, tmp_path, reader):
    pytest.importorskip(reader)
    read = import_module(f"safetensors.{reader}").load_file
    arrays = read(checkpoint.save(tmp_path, toy, 3))
    assert same({k: np.asarray(x) for k, x in arrays.items()}, checkpoint.state(toy))


def test_a_saved_layer_goes_on_in_torch(tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file as load_in_torch

    class One(Toy):
        def build(self, rng):
            super().build(rng)
            self.layer = nn.Linear(3, 2, rng=rng)

        def modules(self):
            return {"one": self.layer}

    recipe, x = One(), np.arange(6.0).reshape(2, 3).astype(np.float32)
    found = load_in_torch(checkpoint.save(tmp_path, recipe, 0))
    other, prefix = torch.nn.Linear(3, 2), "model.one."
    other.load_state_dict(
        {k.removeprefix(prefix): v for k, v in found.items() if k.startswith(prefix)}
    )
    y = other(torch.from_numpy(x)).detach().numpy()
    assert np.allclose(recipe.layer(tg.tensor(x)).detach().numpy(), y, rtol=1e-6)


FROZEN = Path(__file__).with_name("frozen")


def test_this_release_has_its_frozen_file():
    assert (FROZEN / f"tinygen-{tg.__version__}.safetensors").is_file()


@pytest.mark.parametrize("path", sorted(FROZEN.iterdir()), ids=lambda path: path.name)
def test_files_of_every_release_are_read(path):
    """A toy after three steps, once saved by that release; never written again."""
    found = checkpoint.load(path)
    assert (found.recipe, found.step, found.config["seed"]) == ("toy", 3, 0)
    assert found.data.startswith("plane:") and len(found.tensors) == 8
    mean = found.tensors["model.net.mean"]
    assert mean.dtype == np.float32 and mean.tobytes().hex() == "bee7473f72a1a53e"
    assert found.tensors["model.net.calls"].tolist() == [3]
    recipe = Toy(Toy.Config.from_dict(found.config))
    checkpoint.restore(recipe, found)
    assert same(checkpoint.state(recipe), found.tensors)
    advance(recipe, 1, start=3)


def test_nan_in_a_file_of_somebody_else_is_told(toy, tmp_path):
    found = checkpoint.load(checkpoint.save(tmp_path, toy, 3))
    found.tensors["model.net.mean"] = np.full(2, np.nan, np.float32)
    with pytest.warns(RuntimeWarning, match=r"NaN or infinity in model\.net\.mean"):
        checkpoint.restore(Toy(), found)


def test_the_last_two_are_kept(toy, tmp_path):
    for step in (5, 10, 1_000_000, 15):
        checkpoint.save(tmp_path, toy, step)
    kept = [path.name for path in checkpoint.saved(tmp_path / "checkpoints")]
    assert kept == ["step_000015.safetensors", "step_1000000.safetensors"]


def fail(error):
    def failing(*arguments, **settings):
        raise error

    return failing


class FullDisk(io.FileIO):
    """A file on a disk with room for a hundred bytes."""

    def write(self, content):
        super().write(content[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def open_on_full_disk(path, mode="r", *more, **settings):
    opened = FullDisk if mode == "xb" else builtins.open
    return opened(path, mode, *more, **settings)


ERRORS = [
    OSError(errno.ENOSPC, "full"),
    OSError(errno.EIO, "broken"),
    KeyboardInterrupt(),
]


@pytest.mark.parametrize("error", ERRORS, ids=["ENOSPC", "EIO", "Ctrl-C"])
@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_save_that_fails_leaves_the_one_before(
    toy, tmp_path, monkeypatch, call, error
):
    checkpoint.save(tmp_path, toy, 3)
    before = {p.name: p.read_bytes() for p in (tmp_path / "checkpoints").iterdir()}
    with monkeypatch.context() as patch:
        where = files if call == "open" else os
        patch.setattr(where, call, fail(error), raising=False)
        wanted = CheckpointError if isinstance(error, OSError) else KeyboardInterrupt
        with pytest.raises(wanted):
            checkpoint.save(tmp_path, advance(Toy(), 6), 6)
    after = {p.name: p.read_bytes() for p in (tmp_path / "checkpoints").iterdir()}
    assert after == before


def test_the_message_of_a_full_disk(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "open", open_on_full_disk, raising=False)
    with pytest.raises(CheckpointError, match=r"No space.*bytes needed, .* free. Fix:"):
        checkpoint.save(tmp_path, toy, 3)
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_a_file_size_limit_at_any_byte(toy, tmp_path):
    """The system itself stops the write, at 50 places."""
    size = checkpoint.save(tmp_path, toy, 3).stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in np.linspace(0, size - 1, 50).astype(int):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), before[1]))
        try:
            with pytest.raises(CheckpointError, match="cannot save"):
                checkpoint.save(tmp_path, toy, 4)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == [
            "step_000003.safetensors"
        ]
    assert same(
        checkpoint.load(checkpoint.find(tmp_path)).tensors, checkpoint.state(toy)
    )


def test_a_flipped_bit_anywhere_is_noticed_or_harmless(toy, tmp_path):
    path = checkpoint.save(tmp_path, toy, 3)
    sound, good = checkpoint.load(path), path.read_bytes()
    noticed, places = 0, range(0, len(good), 3)
    for place in places:
        bad = bytearray(good)
        bad[place] ^= 1 << place % 8
        path.write_bytes(bad)
        try:
            found = checkpoint.load(path)
        except TinygenError:
            noticed += 1
        else:  # a space between two words of the header
            assert same(found.tensors, sound.tensors)
            assert (found.step, found.config) == (sound.step, sound.config)
    assert noticed >= len(places) - 8


def test_a_flipped_number_names_its_tensor(toy, tmp_path):
    path = checkpoint.save(tmp_path, toy, 3)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    message = r"damaged: tensor '.*': sha256 \w{64}, expected \w{64}. Fix: delete it"
    with pytest.raises(IntegrityError, match=message):
        checkpoint.load(path)


def test_a_shape_that_was_changed_is_noticed(tmp_path):
    path = tmp_path / "x.safetensors"
    tensorfile.write(path, {"a": np.arange(6.0).reshape(2, 3)}, {})
    content = path.read_bytes()
    assert content.count(b"[2,3]") == 1
    path.write_bytes(content.replace(b"[2,3]", b"[3,2]"))
    with pytest.raises(IntegrityError, match="tensor 'a'"):
        tensorfile.read(path)


def test_every_truncation_is_noticed(toy, tmp_path):
    path = checkpoint.save(tmp_path, toy, 3)
    good = path.read_bytes()
    for length in range(0, len(good), 7):
        path.write_bytes(good[:length])
        with pytest.raises(IntegrityError, match="damaged"):
            checkpoint.load(path)
    path.write_bytes(good + b"\0")
    with pytest.raises(IntegrityError):
        checkpoint.load(path)


def test_random_damage_gives_errors_of_tinygen_only(toy, tmp_path):
    path = checkpoint.save(tmp_path, toy, 3)
    good, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(300):
        bad = bytearray(good)
        start, length = rng.integers(len(good)), rng.integers(1, 200)
        kind = rng.integers(3)
        piece = bad[start : start + length]
        bad[start : start + length] = [b"", piece * 2, bytes(len(piece))][kind]
        if bytes(bad) == good:
            continue
        path.write_bytes(bad)
        with pytest.raises(TinygenError):
            checkpoint.load(path)


class Trap:
    """An object whose unpickling would be noticed."""

    def __reduce__(self):
        return (os.mkdir, ("pickle-was-opened",))


@pytest.mark.parametrize("name", ["w.pt", "w.pth", "w.pkl", "w.npy", "w.safetensors"])
def test_pickles_are_refused_unopened(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    if name.endswith("npy"):
        np.save(path, np.array([Trap()]), allow_pickle=True)
    else:
        path.write_bytes(pickle.dumps({"w": Trap()}))
    with pytest.raises(CheckpointError, match=r"never loads them. Fix:"):
        checkpoint.load(checkpoint.find(path))
    assert not (tmp_path / "pickle-was-opened").exists()


def test_a_header_that_claims_too_much_is_refused_before_it_is_read(tmp_path):
    for claimed in (2**62, 2**31, 10**6):
        path = tmp_path / "x.safetensors"
        path.write_bytes(claimed.to_bytes(8, "little") + b'{"a":1}')
        with pytest.raises(IntegrityError, match="15 bytes without a sound header"):
            checkpoint.load(path)


def test_safetensors_of_others(tmp_path):
    path = tmp_path / "x.safetensors"
    save_file({"a": np.zeros(2)}, path)
    with pytest.raises(CheckpointError, match=r"no checkpoint of tinygen. Fix:"):
        checkpoint.load(path)


@pytest.mark.parametrize(
    "facts",
    [
        {"step": "-1"},
        {"step": "three"},
        {"step": "\u0663"},
        {"step": "9" * 5000},
        {"config": "[]"},
        {"config": "{"},
        {"format": "tinygen checkpoint 9"},
        {"more": "x"},
    ],
)
def test_facts_are_read_strictly(facts, toy, tmp_path):
    """A file that somebody made on purpose, with hashes that fit."""
    path = checkpoint.save(tmp_path, toy, 3)
    arrays, known = tensorfile.read(path)
    tensorfile.write(path, arrays, known | facts)
    with pytest.raises((CheckpointError, IntegrityError)):
        checkpoint.load(path)


def test_a_type_that_tinygen_does_not_know(tmp_path):
    path = tmp_path / "x.safetensors"
    tensorfile.write(path, {"a": np.zeros(2, np.float16)}, {})
    with pytest.raises(CheckpointError, match="'a' has type F16"):
        tensorfile.read(path)


def test_names_are_keys_and_never_paths(tmp_path):
    arrays = {"../up": np.zeros(1), "/root": np.ones(2), "a\0b": np.ones(())}
    tensorfile.write(tmp_path / "x.safetensors", arrays, {})
    found, _ = tensorfile.read(tmp_path / "x.safetensors")
    assert same(found, arrays)
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


def test_another_architecture_changes_nothing(toy, tmp_path):
    found = checkpoint.load(checkpoint.save(tmp_path, toy, 3))
    other = ToyImages()
    before = checkpoint.state(other)
    with pytest.raises(CheckpointError) as caught:
        checkpoint.restore(other, found)
    for part in ("different: ", "model.net.mean is float32 (2,), here float32 (64,)"):
        assert part in str(caught.value)
    assert same(checkpoint.state(other), before)
    found.tensors["model.net.extra"] = found.tensors.pop("optim.net.velocity.2")
    with pytest.raises(CheckpointError) as caught:
        checkpoint.restore(Toy(), found)
    for part in ("missing: optim.net.velocity.2", "unexpected: model.net.extra"):
        assert part in str(caught.value)


def test_long_lists_are_counted(toy, tmp_path):
    found = checkpoint.load(checkpoint.save(tmp_path, toy, 3))
    found.tensors.update({f"model.x.{i}": np.zeros(1) for i in range(37)})
    with pytest.raises(CheckpointError, match="and 27 more"):
        checkpoint.restore(Toy(), found)


def test_a_state_that_is_not_finite_is_not_saved(tmp_path):
    recipe = Toy()
    checkpoint.save(tmp_path, recipe, 0)
    recipe.model.mean.assign(np.array([1, np.nan], np.float32))
    with pytest.raises(NonFiniteError, match=r"step 7: 1 of 2 .* model.net.mean"):
        checkpoint.save(tmp_path, recipe, 7)
    assert checkpoint.find(tmp_path).name == "step_000000.safetensors"


def test_nothing_there(tmp_path):
    (tmp_path / "notes.txt").touch()
    message = r"no checkpoint .*holds notes.txt. Fix: name the folder"
    with pytest.raises(CheckpointError, match=message):
        checkpoint.find(tmp_path)
    with pytest.raises(CheckpointError, match=message):
        checkpoint.find(tmp_path / "missing" / "run")


def test_what_a_killed_process_left_is_removed(tmp_path):
    (tmp_path / f".step_000005.safetensors.abcd{files.TEMPORARY}").touch()
    (tmp_path / "step_000005.safetensors").touch()
    files.remove_temporary(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["step_000005.safetensors"]


def test_bytes_of_a_file_stay_readable_by_others(tmp_path):
    files.write(tmp_path / "a", b"x")
    (tmp_path / "b").write_bytes(b"x")
    modes = [(tmp_path / name).stat().st_mode for name in "ab"]
    assert modes[0] == modes[1]


def test_the_config_in_a_checkpoint_is_that_of_the_run(toy, tmp_path):
    _, facts = tensorfile.read(checkpoint.save(tmp_path, toy, 3))
    assert json.loads(facts["config"]) == toy.config.to_dict()
    assert facts["seed"] == "0" and facts["data"].startswith("plane:")
