"""The loop: what a run leaves behind, and what it says when something is wrong."""

import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from toys import Toy, ToyImages

import tinygen as tg
from tinygen import files, plot
from tinygen.errors import CheckpointError, ConfigError, NonFiniteError, ShapeError
from tinygen.train import checkpoint, loop
from tinygen.train.loop import train
from tinygen.train.progress import Progress
from tinygen.train.run import Run
from tinygen.train.stop import Stop

QUICK = {"steps": 6, "sample_every": 100, "save_every": 2}


@pytest.fixture(autouse=True)
def quick_figures(monkeypatch):
    """Figures as empty files; tests/train/test_resume.py and test_plot.py draw them."""
    save = lambda path, draw, size=(): files.write(path, b"")
    monkeypatch.setattr(plot, "save_figure", save)


def toy(**options):
    return Toy(Toy.Config(**{**QUICK, **options}))


def test_what_a_run_holds(tmp_path):
    recipe = ToyImages()
    result = train(recipe, tmp_path / "run", progress=False)
    assert (result.step, result.signal) == (20, None)
    found = {str(p.relative_to(tmp_path / "run")) for p in tmp_path.rglob("*.*")}
    pictures = {f"step_{step:06d}.png" for step in (0, 10, 20)}
    assert found == {
        ".lock",
        "config.json",
        "log.csv",
        "evaluation.csv",
        "curves.png",
        "samples.png",
        "checkpoints/step_000015.safetensors",
        "checkpoints/step_000020.safetensors",
        *(f"samples/{name}" for name in pictures),
        *(f"pictures/bars/{name}" for name in pictures),
    }
    rows = Run(tmp_path / "run").log.rows()
    assert [row["step"] for row in rows] == [3, 6, 9, 12, 15, 18, 20]
    assert list(rows[0]) == ["step", "seconds", "first", "second", "lr net"]
    assert result.losses["first"] == pytest.approx(rows[-1]["first"], rel=1e-8)
    assert [row["step"] for row in Run(tmp_path / "run").evaluation.rows()] == [
        0,
        10,
        20,
    ]


def test_config_json_repeats_the_run(tmp_path):
    recipe = toy(lr=0.125, seed=3, widths=(1, 2), forget=True)
    train(recipe, tmp_path / "a b", progress=False)
    about = json.loads((tmp_path / "a b" / "config.json").read_text())
    assert about["options"] == recipe.config.to_dict()
    assert about["versions"]["numpy"] == np.__version__
    assert about["data"] == recipe.data.fingerprint
    command = about["command"]
    assert command.startswith(f"tinygen train toy --out '{tmp_path}/a b' --set ")
    for part in ("seed=3", "lr=0.125", "widths=1,2", "forget=true"):
        assert f"--set {part}" in command
    assert "device" not in command


class Judged(Toy):
    """A toy whose held-out number is lowest at step 4."""

    best = "distance"

    def evaluate(self, batch, *, rng):
        return {"distance": abs(int(self.model.calls[0]) - 4)}


def test_the_best_state_is_kept(tmp_path):
    recipe = Judged(Judged.Config(**{**QUICK, "steps": 8, "sample_every": 2}))
    train(recipe, tmp_path / "run", progress=False)
    places = tmp_path / "run" / "checkpoints"
    assert sorted(path.name for path in places.iterdir()) == [
        "best.safetensors",
        "step_000006.safetensors",
        "step_000008.safetensors",
    ]
    best = checkpoint.load(places / "best.safetensors")
    assert best.step == 4 and best.tensors["model.net.calls"] == [4]
    assert checkpoint.load(checkpoint.find(tmp_path / "run")).step == 8


def test_the_best_of_a_run_that_was_stopped(tmp_path):
    config = {**QUICK, "sample_every": 1}
    for steps in (5, 6, 7):
        more = {"resume": True} if steps > 5 else {}
        recipe = Judged(Judged.Config(**{**config, "steps": steps}))
        train(recipe, tmp_path / "run", progress=False, **more)
    best = checkpoint.load(tmp_path / "run" / "checkpoints" / "best.safetensors")
    assert best.step == 4


def test_what_counts_as_better():
    nan = float("nan")
    for values in ([1.0], [2.0, 1.0], [nan, 1.0], [1.0, nan, 0.5]):
        assert loop.improved(values), values
    for values in ([], [None], [1.0, 1.0], [1.0, 2.0], [1.0, nan], [float("inf")]):
        assert not loop.improved(values), values


def test_looking_changes_nothing(tmp_path):
    often = {"sample_every": 1, "save_every": 1, "log_every": 1}
    rarely = {"sample_every": 99, "save_every": 99, "log_every": 99}
    states = []
    for name, every in (("often", often), ("rarely", rarely)):
        recipe = toy(steps=3, **every)
        train(recipe, tmp_path / name, progress=False)
        states.append(checkpoint.state(recipe))
    for name, array in states[0].items():
        assert np.array_equal(array, states[1][name]), name


def test_drawing_is_a_function_of_the_seed_and_restores_every_mode():
    recipe = ToyImages()
    recipe.model.eval()
    a, b, c = recipe.draw(5), recipe.draw(5, seed=0), recipe.draw(5, seed=1)
    assert np.array_equal(a, b) and not np.array_equal(a, c)
    assert a.shape == (5, 1, 8, 8) and a.dtype == np.float32 and abs(a).max() <= 1
    assert recipe.model.training is False
    recipe.model.train()
    recipe.draw(2)
    assert recipe.model.training is True and tg.exp(recipe.model.mean).requires_grad
    assert recipe.model.calls == 0


def test_samples_of_another_shape(monkeypatch):
    recipe = Toy()
    monkeypatch.setattr(recipe, "sample", lambda n, rng: np.zeros((n, 3)))
    with pytest.raises(ShapeError, match=r"sample\(4\) gave \(4, 3\). Fix: .*\(4, 2\)"):
        recipe.draw(4)


def test_a_loss_that_is_nan_stops_the_run_and_keeps_the_last_good_state(tmp_path):
    with pytest.raises(NonFiniteError) as caught:
        train(toy(nan_at=4), tmp_path / "run", progress=False)
    for part in ("step 5: loss second", "second nan", "last read first", "step_000004"):
        assert part in str(caught.value)
    found = checkpoint.load(checkpoint.find(tmp_path / "run"))
    assert found.step == 4
    checkpoint.check_finite(found.tensors, 4)


def test_where_reading_is_a_wait_losses_are_read_when_they_are_logged(tmp_path):
    recipe = toy(nan_at=3, log_every=3, save_every=9)
    run, bar = Run(tmp_path), Progress("toy", 6, wanted=False)
    bar.start(0)
    training = loop.Training(recipe, run, 0, bar, Stop())
    training.cheap_to_read = False  # as on a GPU
    with pytest.raises(NonFiniteError, match="step 4: loss second is"):
        training.run_on()
    assert [row["step"] for row in run.log.rows()] == [3]


def test_a_loss_with_several_elements(tmp_path, monkeypatch):
    recipe = toy()
    monkeypatch.setattr(recipe, "train_step", lambda *_: {"all": tg.zeros((3,))})
    with pytest.raises(ShapeError, match=r"loss all has shape \(3,\). Fix:"):
        train(recipe, tmp_path / "run", progress=False)


def test_a_parameter_without_gradient_is_named(tmp_path, capfd):
    train(toy(forget=True), tmp_path / "forgets")
    assert "no gradient in the first step for net.unused" in capfd.readouterr().err
    train(toy(), tmp_path / "does-not")
    assert "gradient" not in capfd.readouterr().err


def test_folders_that_are_refused(tmp_path):
    train(toy(), tmp_path / "run", progress=False)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "run").rglob("*")}
    with pytest.raises(ConfigError, match=r"not empty.*Fix: --resume .*--overwrite"):
        train(toy(), tmp_path / "run")
    with pytest.raises(ConfigError, match=r"at once. Fix:"):
        train(toy(), tmp_path / "run", resume=True, overwrite=True)
    assert before == {p: p.stat().st_mtime_ns for p in (tmp_path / "run").rglob("*")}
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"it is a file. Fix: choose another"):
        train(toy(), tmp_path / "file")
    for place in (tmp_path / "file" / "x", "/proc/run"):
        with pytest.raises(ConfigError, match=r"cannot write to .* Fix:"):
            train(toy(), place)


def test_overwriting_removes_what_a_run_wrote_and_nothing_else(tmp_path):
    run = tmp_path / "run"
    train(toy(steps=7), run, progress=False)
    (run / "notes.txt").write_text("mine")
    train(toy(), run, overwrite=True, progress=False)
    assert (run / "notes.txt").read_text() == "mine"
    names = [path.name for path in checkpoint.saved(run / "checkpoints")]
    assert names == ["step_000004.safetensors", "step_000006.safetensors"]
    assert [row["step"] for row in Run(run).log.rows()] == [3, 6]
    other = tmp_path / "photos"
    other.mkdir()
    (other / "cat.png").touch()
    with pytest.raises(ConfigError, match=r"holds no run, only cat.png. Fix:"):
        train(toy(), other, overwrite=True)
    assert (other / "cat.png").exists()


def test_nothing_to_resume(tmp_path):
    with pytest.raises(ConfigError, match=r"no run in .*config.json is missing. Fix:"):
        train(toy(), tmp_path / "run", resume=True)
    assert not (tmp_path / "run").exists()
    run = Run(tmp_path / "run")
    run.folder.mkdir()
    run.write_config(toy())
    with pytest.raises(ConfigError, match=r"nothing to resume: .*checkpoints. Fix:"):
        train(toy(), run.folder, resume=True)
    for text in ("{", "[]", '{"recipe": 3, "options": []}', "\xff"):
        run.config.write_text(text, encoding="latin-1")
        with pytest.raises(ConfigError, match=r"config.json.* Fix: repair"):
            run.read_config()


def test_one_process_per_folder(tmp_path):
    run = Run(tmp_path / "run")
    with run.locked(), pytest.raises(ConfigError, match=r"in use by process \d+ on "):
        train(toy(), run.folder)
    train(toy(), run.folder, progress=False)


def test_a_save_that_fails_is_told_and_tried_again(tmp_path, monkeypatch, capfd):
    write, fails = files.write, iter([False, True, False, False])

    def sometimes(path, content):
        if path.suffix == ".safetensors" and next(fails):
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(files, "write", sometimes)
    train(toy(), tmp_path / "run")
    error = capfd.readouterr().err
    assert "warning: cannot save" in error and "training goes on" in error
    names = [path.name for path in checkpoint.saved(tmp_path / "run" / "checkpoints")]
    assert names == ["step_000004.safetensors", "step_000006.safetensors"]


def test_a_last_save_that_fails_is_an_error(tmp_path, monkeypatch):
    fails = iter([False, False, False, True])
    write = files.write

    def sometimes(path, content):
        if path.suffix == ".safetensors" and next(fails):
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(files, "write", sometimes)
    with pytest.raises(CheckpointError, match=r"cannot save .*step_000006"):
        train(toy(), tmp_path / "run", progress=False)
    names = [path.name for path in checkpoint.saved(tmp_path / "run" / "checkpoints")]
    assert names == ["step_000002.safetensors", "step_000004.safetensors"]


def test_a_row_that_does_not_fit_on_the_disk_goes_with_the_next(tmp_path):
    import resource

    log = loop.Run(tmp_path).log
    log.append({"step": 1, "a": 0.1})
    size = log.path.stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 3, before[1]))
    try:
        with pytest.raises(OSError):
            log.append({"step": 2, "a": 0.2})
        assert log.path.stat().st_size == size
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    log.append({"step": 3, "a": 1 / 3})
    assert [row["step"] for row in log.rows()] == [1, 2, 3]
    assert np.float32(log.rows()[-1]["a"]) == np.float32(1 / 3)
    with open(log.path, "a") as file:
        file.write("4,0.")  # a crash
    assert len(log.rows()) == 3
    log.keep(2)
    assert log.path.read_text() == "step,a\n1,0.1\n2,0.2\n"


def test_rows_are_on_the_disk_before_the_checkpoint_behind_them(tmp_path, monkeypatch):
    """After a power cut the log reaches as far as the newest checkpoint."""
    synced, fsync = [], os.fsync

    def noting(handle):
        synced.append(Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noting)
    train(toy(steps=3, log_every=1, save_every=3), tmp_path / "run", progress=False)
    last = max(i for i, name in enumerate(synced) if name.startswith(".step_000003"))
    assert "log.csv" in synced[last - 2 : last]
    assert "evaluation.csv" in synced[last - 2 : last]


def test_a_log_that_a_power_cut_left_full_of_zeros(tmp_path):
    log = Run(tmp_path).log
    for step in (1, 2, 3):
        log.append({"step": step, "a": 0.5})
    with open(log.path, "r+b") as file:
        file.seek(-6, 2)
        file.write(bytes(6))
    assert [row["step"] for row in log.rows()] == [1, 2]
    log.keep(2)
    assert log.path.read_text() == "step,a\n1,0.5\n2,0.5\n"


def test_rows_with_names_that_are_new(tmp_path):
    """As of a recipe that learns in two phases, each with losses of its own."""
    log = Run(tmp_path).log
    log.append({"step": 1, "a": 1.0})
    log.append({"step": 2, "b": 2.0, "a": 0.5})
    log.append({"step": 3, "b": 3.0})
    assert log.path.read_text() == "step,a,b\n1,1,\n2,0.5,2\n3,,3\n"
    assert log.rows()[0] == {"step": 1, "a": 1} and log.rows()[2] == {"step": 3, "b": 3}
    again = Run(tmp_path).log
    again.keep(2)
    again.append({"step": 3, "c": 1.5})
    assert again.path.read_text() == "step,a,b,c\n1,1,,\n2,0.5,2,\n3,,,1.5\n"
    assert again.rows()[1] == {"step": 2, "a": 0.5, "b": 2}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_in_a_terminal_and_ten_lines_elsewhere(tmp_path, monkeypatch):
    for stream, name in ((Terminal(), "terminal"), (io.StringIO(), "pipe")):
        monkeypatch.setattr(sys, "stderr", stream)
        train(toy(steps=50), tmp_path / name)
        text = stream.getvalue()
        if name == "terminal":
            assert "steps/s" in text and "\r" in text and "first 0." in text
        else:
            lines = text.splitlines()
            assert len(lines) == 10 and "\r" not in text
            assert lines[4].startswith("toy: step 25 of 50, first ")
            assert lines[4].endswith(" s left")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    train(toy(), tmp_path / "silent", progress=False)
    assert sys.stderr.getvalue() == ""


def test_a_run_on_the_default_device_leaves_it_as_it_was(tmp_path):
    train(toy(), tmp_path / "run", progress=False)
    assert tg.get_device() == "cpu"
