"""Ctrl-C, SIGTERM and SIGKILL from outside, on real processes."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinygen.train import checkpoint
from tinygen.train.run import Run
from tinygen.train.stop import Stop


def wait_for_steps(process, folder, step=3):
    """Until the run has logged so many steps."""
    end = time.monotonic() + 20
    while not any(row["step"] >= step for row in Run(folder).log.rows()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "no progress"
        time.sleep(0.02)


def slow(start, folder, seconds=0.02, *more):
    words = ["--out", folder, "--set", f"slow={seconds}", "--steps", 1000, *more]
    return start("train", "toy", *words)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_prints_the_command_that_resumes(number, start, tmp_path):
    folder = tmp_path / "my run"
    process = slow(start, folder)
    wait_for_steps(process, folder)
    process.send_signal(number)
    out, error = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert "Traceback" not in error and "stopped after step" in error
    step = checkpoint.load(checkpoint.find(folder)).step
    assert f"saved at step {step} of 1000" in out
    command = shlex.split(out.splitlines()[-1])
    assert command == ["tinygen", "train", "toy", "--out", str(folder), "--resume"]
    again = start(*command[1:], "--steps", step + 2)
    assert again.wait() == 0
    assert checkpoint.load(checkpoint.find(folder)).step == step + 2


def test_what_the_first_and_the_second_signal_do():
    for number, error in ((signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, None)):
        stop = Stop()
        stop.ask(number, None)
        assert stop.signal == number
        with pytest.raises(error or SystemExit) as caught:
            stop.ask(number, None)
        assert error or caught.value.code == 143
        assert stop.signal == number


def test_the_second_signal_stops_at_once(start, tmp_path):
    process = slow(start, tmp_path / "run", 30)
    end = time.monotonic() + 20
    while not checkpoint.saved(tmp_path / "run" / "checkpoints"):
        assert time.monotonic() < end
        time.sleep(0.02)
    time.sleep(0.3)  # in the middle of the first step
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=5)
    assert process.returncode == 130
    assert error.splitlines()[-1] == "tinygen: interrupted"
    assert checkpoint.load(checkpoint.find(tmp_path / "run")).step == 0


def test_two_processes_want_one_folder(start, tmp_path):
    folder = tmp_path / "run"
    first = slow(start, folder)
    wait_for_steps(first, folder)
    second = start("train", "toy", "--out", folder, "--resume")
    _, error = second.communicate(timeout=20)
    assert second.returncode == 2
    assert f"in use by process {first.pid} on " in error and "Fix:" in error
    first.kill()  # the lock of a process that died holds nobody up
    first.wait()
    third = start("train", "toy", "--out", folder, "--resume", "--steps", 5)
    assert third.wait(timeout=20) == 0


def test_the_bar_shows_in_a_terminal_that_does_not_tell_its_size(tmp_path):
    """As under `script`, or in a container: a terminal of 0 x 0."""
    master, slave = os.openpty()
    words = ["train", "toy", "--out", str(tmp_path / "run")]
    python = [sys.executable, str(Path(__file__).with_name("toys.py"))]
    process = subprocess.Popen(python + words, stdout=slave, stderr=slave)
    assert process.wait(timeout=20) == 0
    os.close(slave)
    text = os.read(master, 2**16).decode()
    os.close(master)
    assert "20/20" in text and "steps/s, first" in text


def kill_while_saving(start, folder, times):
    """SIGKILL a run that saves after every step, at different moments."""
    for moment in range(times):
        more = ["--resume"] if moment else []
        process = slow(start, folder, 0, "--set", "save_every=1", *more)
        before = checkpoint.saved(folder / "checkpoints")
        end = time.monotonic() + 20
        while checkpoint.saved(folder / "checkpoints") == before:
            assert time.monotonic() < end
            time.sleep(0.001)
        time.sleep(0.0007 * moment)
        process.kill()
        process.wait()
        for path in checkpoint.saved(folder / "checkpoints"):
            checkpoint.load(path)
    step = checkpoint.load(checkpoint.find(folder)).step
    assert (
        start("train", "toy", "--out", folder, "--resume", "--steps", step + 3).wait()
        == 0
    )
    left = [path.name for path in (folder / "checkpoints").iterdir()]
    assert len(left) == 2, left  # what the kills spared is gone, temporary files too


def test_kill_while_saving(start, tmp_path):
    kill_while_saving(start, tmp_path / "run", 4)


@pytest.mark.slow
def test_kill_while_saving_often(start, tmp_path):
    kill_while_saving(start, tmp_path / "run", 100)
