"""Whatever fails at whatever moment of a save, no state that was saved is lost.

Saves are made to fail at every call of the system and after so many bytes, by a full
disk, a broken one and Ctrl-C; then processes that save all the time are killed.
"""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from toys import Toy

from tinygen import files
from tinygen.errors import CheckpointError
from tinygen.train import checkpoint

ERRORS = {
    "ENOSPC": lambda: OSError(errno.ENOSPC, "No space left on device"),
    "EIO": lambda: OSError(errno.EIO, "Input/output error"),
    "Ctrl-C": KeyboardInterrupt,
}
KILLER = Path(__file__).with_name("kill_saves.py")


class System:
    """What `tinygen.files` calls, failing at call number `at`, or after some bytes.

    after : the call does its work first, as when Ctrl-C comes a moment later
    """

    name, O_RDONLY = os.name, os.O_RDONLY

    def __init__(self, error, at=-1, *, after=False, size=None):
        self.error, self.at, self.after, self.size = error, at, after, size
        self.calls = []

    def call(self, name, work, *arguments, **settings):
        self.calls.append(name)
        fails = len(self.calls) - 1 == self.at
        if fails and not self.after:
            raise self.error()
        result = work(*arguments, **settings)
        if fails:
            raise self.error()
        return result

    def open_file(self, path, mode):
        return File(self, path, mode)

    def __getattr__(self, name):
        return lambda *given, **how: self.call(name, getattr(os, name), *given, **how)


class File(io.FileIO):
    """An open file of the system above."""

    def __init__(self, system, path, mode):
        self.system = system
        try:
            system.call("open file", super().__init__, path, mode)
        except BaseException:
            self.close()  # as the system does for a process that ends
            raise

    def write(self, content):
        return self.system.call("write", self.some, content)

    def some(self, content):
        size = self.system.size
        if size is None:
            return super().write(content)
        super().write(content[:size])
        raise self.system.error()

    def flush(self):
        return self.system.call("flush", super().flush)


@pytest.fixture(scope="module")
def recipes():
    """Step -> a toy after so many steps."""
    found = {}
    for step in (3, 6, 9, 12):
        recipe = found[step] = Toy()
        for k in range(step):
            recipe.train_step(recipe.data.batch(k), k, recipe.streams(k))
    return found


@pytest.fixture(scope="module")
def states(recipes):
    return {step: checkpoint.state(recipe) for step, recipe in recipes.items()}


def check_whole(run, states, least):
    """Every checkpoint is the state that it says it is, and the newest is no older."""
    found = [checkpoint.load(path) for path in checkpoint.saved(run / "checkpoints")]
    for one in found:
        wanted = states[one.step]
        assert one.tensors.keys() == wanted.keys()
        for name, array in one.tensors.items():
            assert np.array_equal(array, wanted[name])
    assert found and found[-1].step >= least
    names = {p.name for p in (run / "checkpoints").iterdir()}
    assert not [name for name in names if name.endswith(files.TEMPORARY)]


def attempt(run, recipes, states, monkeypatch, system):
    """Three states are saved, the fourth save fails."""
    with monkeypatch.context() as patch:
        patch.setattr(files, "os", system)
        patch.setattr(files, "open", system.open_file, raising=False)
        patch.setattr(Path, "unlink", unlink_of(system, Path.unlink))
        try:
            checkpoint.save(run, recipes[12], 12)
            failed = False
        except (CheckpointError, KeyboardInterrupt):
            failed = True
    check_whole(run, states, 9)
    return failed


def unlink_of(system, work):
    return lambda path, *given, **how: system.call("unlink", work, path, *given, **how)


def ready(run, recipes):
    for old in checkpoint.saved(run / "checkpoints"):
        old.unlink()
    for step in (3, 6, 9):
        checkpoint.save(run, recipes[step], step)


@pytest.fixture
def calls(tmp_path, recipes, states, monkeypatch):
    """The calls of a save that succeeds."""
    ready(tmp_path, recipes)
    system = System(None)
    assert not attempt(tmp_path, recipes, states, monkeypatch, system)
    return system.calls


def test_a_save_makes_these_calls_in_this_order(calls):
    assert calls == [
        "open file",
        "write",
        "flush",
        "fsync",
        "flush",  # as the file is closed
        "replace",
        "open",
        "fsync",
        "close",
        "unlink",
    ]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_at_every_call(calls, error, after, tmp_path, recipes, states, monkeypatch):
    for at, call in enumerate(calls):
        ready(tmp_path, recipes)
        system = System(ERRORS[error], at, after=after)
        failed = attempt(tmp_path, recipes, states, monkeypatch, system)
        assert failed or call == "unlink", f"{call} failed unnoticed"


def at_bytes(error, count, tmp_path, recipes, states, monkeypatch):
    ready(tmp_path, recipes)
    size = checkpoint.saved(tmp_path / "checkpoints")[-1].stat().st_size
    for length in np.linspace(0, size - 1, count).astype(int):
        system = System(ERRORS[error], size=int(length))
        assert attempt(tmp_path, recipes, states, monkeypatch, system)


@pytest.mark.parametrize("error", ERRORS)
def test_after_some_bytes(error, tmp_path, recipes, states, monkeypatch):
    at_bytes(error, 16, tmp_path, recipes, states, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("error", ERRORS)
def test_after_many_bytes(error, tmp_path, recipes, states, monkeypatch):
    at_bytes(error, 160, tmp_path, recipes, states, monkeypatch)


def killed(times, folder):
    """How many saves were interrupted by SIGKILL, of processes killed so often."""
    command = [sys.executable, str(KILLER), str(times), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    kills, interrupted = map(int, done.stdout.split())
    assert kills == times
    return interrupted


def test_killed_at_random_times(tmp_path):
    killed(12, tmp_path)


@pytest.mark.slow
def test_killed_at_200_random_times(tmp_path):
    assert killed(200, tmp_path) >= 5  # of them in the middle of a write
