"""A run that was stopped and continued is the run that never stopped, bit for bit."""

import signal
import subprocess
import sys
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
import short_runs
from short_runs import looking_at, short
from toys import Toy

from tinygen import files, plot
from tinygen.errors import ConfigError, IntegrityError
from tinygen.recipes import ALL, RECIPES
from tinygen.recipes.trained import trained
from tinygen.train import checkpoint, loop
from tinygen.train.loop import train
from tinygen.train.run import Run


@pytest.fixture(autouse=True, scope="module")
def plain_style():
    """Pictures are compared with those of a new process: no style of other tests."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield


@pytest.fixture
def quick_figures(monkeypatch):
    """Figures as empty files, few samples in pictures: as in `short_runs`."""
    save = lambda path, draw, size=(): files.write(path, b"")
    monkeypatch.setattr(plot, "save_figure", save)
    monkeypatch.setattr(loop, "SHOWN_IMAGES", short_runs.DRAWN)


SHORT, NAMES = short_runs.__file__, [recipe.name for recipe in ALL]


def contents(folder):
    """All that a run wrote and that does not depend on the clock or the place."""
    found = checkpoint.load(checkpoint.find(folder))
    run = Run(folder)
    return {
        "step": found.step,
        "config": found.config,
        "tensors": {name: array.tobytes() for name, array in found.tensors.items()},
        "log": [row | {"seconds": 0} for row in run.log.rows()],
        "evaluation": run.evaluation.lines(),
        "pictures": {
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*.png")
        },
    }


def stopping(recipe, step):
    """The recipe with a Ctrl-C in the middle of the step."""
    inner = recipe.train_step

    def train_step(batch, k, rng):
        if k == step:
            signal.raise_signal(signal.SIGINT)
        return inner(batch, k, rng)

    recipe.train_step = train_step
    return recipe


def stop_and_go(make, folder, step):
    """Train, stop in the middle of `step`, and go on with new objects."""
    result = train(stopping(make(), step), folder, progress=False)
    assert (result.step, result.signal) == (step + 1, signal.SIGINT)
    assert checkpoint.load(checkpoint.find(folder)).step == step + 1
    return train(make(), folder, resume=True, progress=False)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight")
    train(Toy(), folder, progress=False)
    return contents(folder)


@pytest.mark.parametrize("step", [0, 4, 9, 13])
def test_stopped_at_any_step(step, straight, tmp_path):
    stop_and_go(Toy, tmp_path / "run", step)
    assert contents(tmp_path / "run") == straight


def test_stopped_at_every_step(straight, tmp_path):
    for step in range(20):
        folder = tmp_path / "run"
        first = {"overwrite": True} if step == 0 else {"resume": True}
        folder.mkdir(exist_ok=True)
        train(stopping(Toy(), step), folder, progress=False, **first)
    assert contents(tmp_path / "run") == straight


def test_a_signal_in_the_last_step_is_too_late(tmp_path):
    result = train(stopping(Toy(), 19), tmp_path / "run", progress=False)
    assert (result.step, result.signal) == (20, None)


def test_continued_in_a_new_process(straight, tmp_path, start):
    folder = tmp_path / "run"
    train(stopping(Toy(), 6), folder, progress=False)
    process = start("train", "toy", "--out", folder, "--resume")
    out, error = process.communicate()
    assert process.returncode == 0, error
    assert "20 steps done" in out
    assert contents(folder) == straight


def stopped_moved_and_resumed(steps, stop, folder):
    """Every recipe, straight on and in two processes with the folder moved between.

    -> the names of those that differ
    """
    for name in NAMES:
        make = lambda name=name: short(name, **looking_at(steps))
        train(make(), folder / "straight" / name, progress=False)
        begun = train(stopping(make(), stop), folder / "begun" / name, progress=False)
        assert (begun.step, begun.signal) == (stop + 1, signal.SIGINT)
    (folder / "begun").rename(folder / "moved")
    command = [sys.executable, str(SHORT), str(steps), str(folder / "moved"), *NAMES]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    both = [
        (name, contents(folder / "straight" / name), contents(folder / "moved" / name))
        for name in NAMES
    ]
    return [name for name, straight, moved in both if straight != moved]


def test_every_recipe_stopped_within_an_epoch(tmp_path, quick_figures):
    """Epochs have two steps: the run stops in the second of three, in its middle."""
    assert stopped_moved_and_resumed(5, 2, tmp_path) == []


@pytest.mark.slow
def test_every_recipe_for_longer(tmp_path, quick_figures):
    assert stopped_moved_and_resumed(30, 6, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_recipe_as_it_comes(name, tmp_path):
    kind = RECIPES[name]
    config = kind.Config(steps=3, log_every=1, sample_every=3, save_every=3)
    train(kind(config), tmp_path / "a", progress=False)
    stop_and_go(lambda: kind(config), tmp_path / "b", 1)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize("name", sorted(NAMES))
def test_looking_changes_nothing_in_any_recipe(name, tmp_path, quick_figures):
    """Neither parameters, optimisers, averages nor losses of it."""
    found = []
    for every in (1, 99):
        folder = tmp_path / f"every {every}"
        how = {"sample_every": every, "save_every": every, "log_every": 1}
        train(short(name, steps=3, **how), folder, progress=False)
        found.append(contents(folder))
    for part in ("tensors", "log"):
        assert found[0][part] == found[1][part]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_best_state_is_chosen_by_a_number_that_is_measured(name):
    """Every recipe that measures held-out data says by which number."""
    recipe = short(name)
    measured = recipe.measure()
    assert recipe.best in measured if measured else not recipe.best


def test_a_crash_between_two_checkpoints_loses_no_row_and_doubles_none(
    straight, tmp_path
):
    class Crash(Exception):
        pass

    recipe = Toy()
    inner = recipe.train_step

    def crash(batch, k, rng):
        if k == 13:  # rows 12 and the picture of 10 are written, the state of 10 saved
            raise Crash
        return inner(batch, k, rng)

    recipe.train_step = crash
    with pytest.raises(Crash):
        train(recipe, tmp_path / "run", progress=False)
    with open(tmp_path / "run" / "log.csv", "a") as file:
        file.write("15,0.1,")  # half a row
    train(Toy(), tmp_path / "run", resume=True, progress=False)
    assert contents(tmp_path / "run") == straight


def test_a_finished_run_can_be_continued_with_more_steps(straight, tmp_path):
    folder = tmp_path / "run"
    train(Toy(Toy.Config(steps=10)), folder, progress=False)
    assert train(Toy(Toy.Config(steps=10)), folder, resume=True).step == 10
    train(Toy(), folder, resume=True, progress=False)
    found = contents(folder)
    assert found["tensors"] == straight["tensors"]
    assert Run(folder).read_config()["options"]["steps"] == 20


def test_what_may_not_change(tmp_path):
    folder = tmp_path / "run"
    train(Toy(Toy.Config(steps=5)), folder, progress=False)
    other = Toy.Config(steps=8, lr=0.5, batch_size=8, sample_every=4)
    message = r"batch_size was 16, now 8, lr was 0.05, now 0.5. Fix: .*--allow-changed"
    with pytest.raises(ConfigError, match=message):
        train(Toy(other), folder, resume=True)
    with pytest.raises(ConfigError, match=r"contents was .*moons.* now .*ring"):
        train(Toy(Toy.Config(data="ring")), folder, resume=True, allow_changed=["data"])
    with pytest.raises(ConfigError, match=r"unknown option 'lrr'. Fix: 'lr'"):
        train(Toy(other), folder, resume=True, allow_changed=["lrr"])
    assert Run(folder).read_config()["options"]["lr"] == 0.05
    allowed = ("lr", "batch_size")
    result = train(
        Toy(other), folder, resume=True, allow_changed=allowed, progress=False
    )
    assert result.step == 8
    assert Run(folder).read_config()["options"]["lr"] == 0.5
    assert train(Toy(other), folder, resume=True, progress=False).step == 8


def test_a_damaged_checkpoint_and_the_one_before_it(straight, tmp_path):
    folder = tmp_path / "run"
    train(Toy(), folder, progress=False)
    path = checkpoint.find(folder)
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    with pytest.raises(IntegrityError, match=r"step_000020.* Fix: delete it; the ch"):
        train(Toy(), folder, resume=True)
    path.unlink()
    train(Toy(), folder, resume=True, progress=False)
    assert contents(folder) == straight


def test_another_version_is_mentioned(tmp_path, capfd):
    folder = tmp_path / "run"
    train(Toy(Toy.Config(steps=2)), folder, progress=False)
    config = Run(folder).config
    config.write_text(config.read_text().replace(np.__version__, "1.0.0"))
    train(Toy(Toy.Config(steps=3)), folder, resume=True)
    assert "begun with" in capfd.readouterr().err


def test_a_trained_recipe_draws_what_the_run_drew(tmp_path):
    recipe = Toy()
    train(recipe, tmp_path / "run", progress=False)
    again = trained(tmp_path / "run")
    assert again.config == recipe.config
    assert np.array_equal(again.draw(9), recipe.draw(9))
    before = trained(checkpoint.saved(tmp_path / "run" / "checkpoints")[0])
    assert not np.array_equal(before.draw(9), recipe.draw(9))
    assert replace(again.config, device="cpu") == trained(tmp_path / "run").config
