"""The command line in this process, with the toy recipes of tests/train."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent / "train"))


@pytest.fixture
def tinygen(capsys, monkeypatch, tmp_path):
    """tinygen("train", "toy", ...) -> exit code, stdout, stderr; in an empty folder."""
    import toys  # noqa: F401  it registers its recipes

    from tinygen import files, plot
    from tinygen.cli import main

    save = lambda path, draw, size=(): files.write(path, b"")  # figures take long
    monkeypatch.setattr(plot, "save_figure", save)
    monkeypatch.chdir(tmp_path)

    def run(*words):
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as left:
            code = left.code
        out, error = capsys.readouterr()
        return code, out, error

    return run
