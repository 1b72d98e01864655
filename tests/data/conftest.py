"""Data from outside in a folder of the test's own, and small archives of CIFAR."""

import pytest
from made_files import record

from tinygen.data import cifar
from tinygen.data.cifar import TEST, TRAINING


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The folder that `tinygen.data.home()` gives in this test."""
    folder = tmp_path / "home of data"
    monkeypatch.setenv("TINYGEN_DATA", str(folder))
    return folder


@pytest.fixture
def small(monkeypatch):
    """Archives with 2 images in each file; -> the contents of a good one."""
    monkeypatch.setattr(cifar, "IN_BATCH", 2)
    monkeypatch.setattr(cifar, "MOST", 10**6)
    names = (*TRAINING, TEST)
    return {
        name: record(i, 2 * i) + record(i + 1, 2 * i + 1)
        for i, name in enumerate(names)
    }
