"""Helpers for tests of runs."""

import subprocess
import sys
from pathlib import Path

import pytest

TOYS = Path(__file__).with_name("toys.py")


@pytest.fixture
def start():
    """start("train", "toy", ...): the command line with the toys, as a process."""
    processes = []

    def start(*words):
        command = [sys.executable, str(TOYS), *map(str, words)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()
