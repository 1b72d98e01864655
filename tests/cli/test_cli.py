"""The command line: what it prints, what it writes, how it fails."""

import os
import shlex
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
from matplotlib.image import imread

import tinygen as tg
from tinygen.data import describe
from tinygen.data.home import home
from tinygen.recipes import RECIPES
from tinygen.train.run import Run

table = import_module("tinygen.testing.table")  # the function has the same name
QUICK = ("--steps", 4, "--set", "sample_every=9")


def one_line(error):
    """The last line of stderr, once it is the only one and no traceback."""
    lines = [line for line in error.splitlines() if not line.startswith("toy: ")]
    assert len(lines) == 1 and lines[0].startswith("tinygen: "), error
    assert "Traceback" not in error
    return lines[0]


def test_list(tinygen):
    code, out, _ = tinygen("list")
    assert code == 0
    listed = [line.split()[0] for line in out.splitlines()]
    assert listed == list(RECIPES) and {"ae", "gan", "gan-ring", "toy"} <= set(listed)
    code, out, _ = tinygen("list", "toy")
    assert code == 0
    assert "lr                       0.05  step size (a number, above 0)" in out
    assert "widths                    4,2" in out


def test_version_and_help(tinygen):
    assert tinygen("--version")[:2] == (0, f"tinygen {tg.__version__}\n")
    code, out, _ = tinygen("--help")
    assert code == 0
    for command in ("list", "train", "sample", "data", "gradcheck"):
        assert command in out
    assert tinygen("train", "--help")[0] == 0


def test_data_list(tinygen, monkeypatch, tmp_path):
    monkeypatch.setenv("TINYGEN_DATA", str(tmp_path))
    code, out, _ = tinygen("data", "list")
    assert code == 0
    *lines, folders, kept = out.splitlines()
    assert [line.split()[0] for line in lines] == [row.name for row in describe()]
    assert "to be downloaded, 12 MB" in out and "--data ./" in folders
    assert str(home()) in kept


def test_data_download_says_what_to_do(tinygen, monkeypatch, tmp_path):
    monkeypatch.setenv("TINYGEN_DATA", str(tmp_path))
    code, _, error = tinygen("data", "download", "mnits-full")
    assert code == 4 and "Fix: use 'mnist-full'" in error
    assert tinygen("data", "download")[0] == tinygen("data", "list", "x")[0] == 2
    code, _, error = tinygen("train", "toy-images", "--data", "kmnist")
    assert code == 4 and "Fix: tinygen data download kmnist; or on a comp" in error
    code, _, error = tinygen("train", "toy-images", "--data", "celeba")
    assert code == 2 and "img_align_celeba.zip" in error


def test_train_then_the_command_that_it_prints(tinygen):
    code, out, error = tinygen("train", "toy-images", *QUICK)
    assert code == 0
    assert "4 steps done, samples in runs/toy-images/samples.png" in out
    command = shlex.split(out.splitlines()[-1])
    assert command == ["tinygen", "sample", "runs/toy-images", "-n", "64"]
    assert "step 4 of 4" in error
    code, out, _ = tinygen(*command[1:])
    assert code == 0 and out == "64 samples in runs/toy-images/grid.png\n"
    height, width, _ = imread("runs/toy-images/grid.png").shape
    assert (height, width) == (402, 402)  # 8 rows of 48 pixels, gaps of 2


def test_options_from_flags_and_set(tinygen):
    flags = ("--batch-size", 8, "--seed", 5, "--data", "ring", "--device", "cpu")
    code, _, _ = tinygen(
        "train", "toy", *QUICK, *flags, "--set", "lr=0.01", "--set", "save-every=2"
    )
    assert code == 0
    options = Run("runs/toy").read_config()["options"]
    wanted = {"batch_size": 8, "seed": 5, "data": "ring", "lr": 0.01, "save_every": 2}
    assert options.items() >= wanted.items()


def test_the_command_in_config_json_repeats_the_run(tinygen):
    tinygen("train", "toy", *QUICK, "--set", "lr=0.3", "--out", "my run")
    command = shlex.split(Run("my run").read_config()["command"])
    command[command.index("my run")] = "again"
    code, _, _ = tinygen(*command[1:])
    assert code == 0
    options = [Run(name).read_config()["options"] for name in ("my run", "again")]
    assert options[0] == options[1]
    logs = [Run(name).log.rows() for name in ("my run", "again")]
    assert [row | {"seconds": 0} for row in logs[0]] == [
        row | {"seconds": 0} for row in logs[1]
    ]


def test_samples_as_arrays(tinygen):
    tinygen("train", "toy-images", *QUICK)
    drawn = {}
    for seed in ("0", "0", "1"):
        name = f"{len(drawn)}.npz"
        words = ("-n", 10, "--out", name, "--seed", seed)
        assert tinygen("sample", "runs/toy-images", *words)[0] == 0
        with np.load(name, allow_pickle=False) as archive:
            assert archive.files == ["images"]
            drawn[name] = archive["images"]
    a, b, c = drawn.values()
    assert a.shape == (10, 1, 8, 8) and a.dtype == np.float32
    assert abs(a).max() <= 1
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_samples_of_the_plane_and_of_one_checkpoint(tinygen):
    tinygen("train", "toy", *QUICK)
    checkpoint = "runs/toy/checkpoints/step_000000.safetensors"
    for place, name in (("runs/toy", "new.npz"), (checkpoint, "old.npz")):
        assert tinygen("sample", place, "-n", 7, "--out", name)[0] == 0
    with np.load("new.npz") as new, np.load("old.npz") as old:
        assert new["points"].shape == old["points"].shape == (7, 2)
        assert not np.array_equal(new["points"], old["points"])
    assert tinygen("sample", checkpoint)[1].endswith("checkpoints/grid.png\n")


def test_resume_takes_the_options_of_the_run(tinygen):
    tinygen("train", "toy", *QUICK, "--set", "lr=0.3")
    code, out, _ = tinygen("train", "toy", "--resume", "--steps", 6)
    assert code == 0 and "6 steps done" in out
    assert Run("runs/toy").read_config()["options"]["lr"] == 0.3
    code, _, error = tinygen("train", "toy", "--resume", "--set", "lr=0.2")
    assert code == 2 and "lr was 0.3, now 0.2" in one_line(error)
    code, _, error = tinygen("train", "toy-images", "--resume", "--out", "runs/toy")
    assert code == 2 and "a run of toy, not of toy-images" in one_line(error)


def test_a_folder_that_is_not_empty(tinygen):
    tinygen("train", "toy", *QUICK)
    code, _, error = tinygen("train", "toy", *QUICK)
    assert code == 2
    assert "--resume" in one_line(error) and "--overwrite" in error
    assert tinygen("train", "toy", *QUICK, "--overwrite")[0] == 0


USAGE = {
    ("train", "toyy"): "unknown recipe 'toyy'. Fix: 'toy'; all of them: ",
    ("train", "zzzz"): "unknown recipe 'zzzz'. Fix: one of ae, ",
    ("list", "gan-rong"): "Fix: 'gan-ring'",
    ("train", "toy", "--data", "rign"): "'rign'. Fix: use 'ring'",
    ("train", "toy-images", "--data", "ring"): "of kind 'images'",
    ("train", "toy", "--steps", "many"): "steps: 'many' is not a whole number",
    ("train", "toy", "--seed", "-1"): "seed: -1 is not",
    ("train", "toy", "--device", "tpu"): "one of cpu, cuda",
    ("train", "toy", "--set", "lr"): "--set 'lr' has no '='. Fix: --set lr=VALUE",
    ("train", "toy", "--set", "ir=3"): "unknown option 'ir'. Fix: 'lr'",
    ("train", "toy", "--set", "steps=3", "--steps", "3"): "steps is given twice",
    ("train", "toy", "--resume"): "no run in runs/toy: runs/toy/config.json is missing",
    ("sample", "x", "-n", "0"): "-n 0: nothing to draw. Fix: -n 64",
    ("sample", "x", "--out", "grid.jpg"): "unknown ending. Fix: .png or .npz",
}


@pytest.mark.parametrize("words", USAGE, ids=" ".join)
def test_wrong_usage_is_one_line_and_exit_2(tinygen, words, tmp_path):
    code, out, error = tinygen(*words)
    assert (code, out) == (2, "")
    assert USAGE[words] in one_line(error)
    assert list(tmp_path.iterdir()) == []


GRAMMAR = {
    (): "arguments are required: COMMAND. Fix: see `tinygen --help`",
    ("tarin",): "unknown command 'tarin'. Fix: 'train'; all of them: list, ",
    ("data", "lisst"): "unknown action 'lisst'. Fix: 'list'",
    ("train", "toy", "--stepz", 3): "unknown option '--stepz'. Fix: '--steps'; all",
    ("train", "toy", "--over"): "unknown option '--over'. Fix: '--overwrite'",
    ("train", "toy", "--step=3"): "unknown option '--step'. Fix: '--steps'",
    ("--debg", "list"): "unknown option '--debg'. Fix: '--debug'",
    ("list", "toy", "more"): "'more' is one word too many. Fix: leave it out",
    ("sample", "x", "-n", "many"): "-n: invalid int value: 'many'. Fix: see `tinygen s",
    ("train", "toy", "--steps"): "--steps: expected one argument. Fix: see `tinygen t",
    ("train", "toy", "--out", "a\0b"): "a NUL byte",
    ("gradcheck", "softmx"): "no samples for 'softmx'. Fix: 'softmax'; others are",
    ("train", "toy", "--resume", "--allow-changed", "lrr"): "no run in runs/toy",
}


@pytest.mark.parametrize("words", GRAMMAR, ids=repr)
def test_what_the_grammar_does_not_know(tinygen, words):
    code, _, error = tinygen(*words)
    assert code == 2 and GRAMMAR[words] in one_line(error)
    assert error.endswith(" [TG-CONFIG]\n")


def test_gradcheck_of_one_op(tinygen):
    code, out, _ = tinygen("gradcheck", "softmax")
    assert code == 0 and out.splitlines()[0].startswith("op or function")
    assert "PASS" in out and "FAIL" not in out and out.endswith(" checks, passed\n")
    code, _, error = tinygen("gradcheck", "softmx")
    assert code == 2 and "softmx" in one_line(error)


def test_gradcheck_says_what_failed(tinygen, monkeypatch):
    found = [("good", "PASS"), ("bad", "FAIL")]
    rows = [table.Row(name, 1, 20, 1e-9, 1e-8, 0.1, verdict) for name, verdict in found]
    monkeypatch.setattr(table, "rows", lambda name: iter(rows))
    code, out, _ = tinygen("gradcheck")
    assert code == 1 and out.endswith("40 checks, FAILED: bad\n")


def test_a_loss_that_is_nan_is_exit_3(tinygen):
    code, _, error = tinygen("train", "toy", *QUICK, "--set", "nan_at=2")
    assert code == 3
    assert "step 3: loss second is not finite" in one_line(error)
    assert tinygen("sample", "runs/toy")[0] == 0


def test_checkpoints_that_are_missing_or_damaged_are_exit_4(tinygen, tmp_path):
    code, _, error = tinygen("sample", "runs/nowhere")
    assert code == 4 and "no checkpoint" in one_line(error)
    (tmp_path / "w.pt").write_bytes(b"\x80\x04N.")
    code, _, error = tinygen("sample", "w.pt")
    assert code == 4 and "never loads them" in one_line(error)
    tinygen("train", "toy", *QUICK)
    path = tmp_path / "runs/toy/checkpoints/step_000004.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    for words in (("sample", "runs/toy"), ("train", "toy", "--resume", "--steps", 5)):
        code, _, error = tinygen(*words)
        assert code == 4 and "is damaged" in one_line(error)
    code, _, error = tinygen(
        "sample", path.with_name("step_000000.safetensors"), "--out", "missing/x.npz"
    )
    assert code == 4 and "missing" in one_line(error)


def test_devices_and_memory_are_exit_5(tinygen, monkeypatch):
    def absent(device=None):
        raise tg.errors.DeviceError("device 'cuda' needs CuPy. Fix: device 'cpu'")

    monkeypatch.setattr(tg.backend, "_load_cupy", absent)
    code, _, error = tinygen("train", "toy", "--device", "cuda")
    assert code == 5 and "needs CuPy" in one_line(error)
    code, _, error = tinygen("train", "toy", *QUICK, "--batch-size", 10**15)
    assert code == 5 and "out of memory" in one_line(error) and "--batch-size" in error


def test_debug_shows_where(tinygen):
    for words in (("--debug", "train", "toyy"), ("train", "toyy", "--debug")):
        with pytest.raises(tg.errors.ConfigError):
            tinygen(*words)


def test_arrays_that_no_memory_holds(tinygen):
    for size in (2**58, 2**62, 10**30):
        words = ("--batch-size", size, "--out", f"run-{size}")
        code, _, error = tinygen("train", "toy", *QUICK, *words)
        assert code == 5 and "out of memory" in one_line(error)


def test_a_name_that_is_no_text(tmp_path):
    words = ["train", "gan-ring", "--steps", "1", "--set", "sample_every=9", "--out"]
    command = [sys.executable, "-m", "tinygen", *words, b"run-\xff"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert b"run-\xff/samples.png" in done.stdout
    assert os.listdir(os.fsencode(tmp_path)) == [b"run-\xff"]


def test_list_is_quick_and_module_runs():
    code = (
        "import sys; from tinygen.cli import main; main(['list']); "
        "print([m for m in ('matplotlib', 'cupy', 'tqdm') if m in sys.modules])"
    )
    python = [sys.executable, "-c", code]
    out = subprocess.run(python, capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "[]"
    python = [sys.executable, "-m", "tinygen", "train", "nothing"]
    done = subprocess.run(python, capture_output=True, text=True)
    assert done.returncode == 2 and "unknown recipe" in one_line(done.stderr)


def test_a_pipe_that_nobody_reads_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "tinygen", "data", "list"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
