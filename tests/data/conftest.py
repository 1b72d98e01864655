"""Data from outside is kept in a folder of the test's own."""

import pytest


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The folder that `tinygen.data.home()` gives in this test."""
    folder = tmp_path / "home of data"
    monkeypatch.setenv("TINYGEN_DATA", str(folder))
    return folder
