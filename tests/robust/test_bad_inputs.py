"""The list of bad inputs: each is refused by name, and nothing else has changed.

Rows are in rows_tensors.py and rows_runs.py.  The number of a row is that of the list
that the project was designed with; what is not an error but a behaviour, or needs a
process, a server or a GPU, is tested where ELSEWHERE says.
"""

import os
import re

import numpy as np
import pytest
from rows_runs import RUNS
from rows_tensors import TENSORS

import tinygen as tg
from tinygen import files, plot, recording
from tinygen.errors import TinygenError

ROWS = {
    **{name: (lambda _, f=row[0]: f(), *row[1:]) for name, row in TENSORS.items()},
    **RUNS,
}
LIST = {  # every number of the list, whose numbering has gaps
    *(1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 15, 16, 17, 18, 20, 21, 23, 24, 25, 26, 28),
    *(29, 30, 32, 33, 34, 35, 37, 38, 39, 41, 42, 43, 44, 45, 46, 48, 49, 50, 51, 53),
    *(54, 55, 56, 58, 59, 60, 62, 63, 65, 66, 67, 68, 70, 71, 72, 74, 75, 76, 78, 79),
    *(80, 81, 82, 83, 84, 86, 87, 89, 90, 91, 92, 94, 95, 97, 98, 99, 101, 102),
}
ELSEWHERE = {
    38: "huge logits are finite: tests/engine/test_engine_bad_inputs.py",
    45: "a warning: tests/train/test_not_finite.py",
    48: "Ctrl-C: tests/train/test_signals.py",
    49: "SIGTERM: tests/train/test_signals.py",
    56: "CuPy without a GPU: tests/cuda/test_devices.py",
    72: "a wrong sum: tests/data/test_download.py",
    74: "a home that cannot be made: tests/data/test_folder.py",
    75: "an interrupted download: tests/data/test_download.py",
    76: "two downloads at once: tests/data/test_download.py",
    79: "text: there are no data of text yet",
    80: "text: there are no data of text yet",
    81: "text: there are no data of text yet",
    86: "names like paths are keys: tests/train/test_checkpoint.py",
    91: "a checkpoint knows no device: tests/cuda/test_recipes_on_cuda.py",
    92: "a warning: tests/train/test_checkpoint.py",
}
GPU = pytest.mark.skipif(os.path.exists("/dev/nvidia0"), reason="there is a GPU")


def test_every_number_of_the_list_is_somewhere():
    numbers = {int(name.split()[0]) for name in ROWS if name[0].isdigit()}
    assert not numbers & set(ELSEWHERE)
    assert numbers | set(ELSEWHERE) == LIST


def surroundings():
    """What an error must leave as it was."""
    return recording.on, tg.get_device(), np.geterr(), os.getcwd()


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=GPU if n.startswith("55") else ()) for n in ROWS]
)
def test_refused(name, tmp_path, monkeypatch):
    call, kind, pattern = ROWS[name]
    monkeypatch.chdir(tmp_path)
    figures = lambda path, draw, size=(): files.write(path, b"")  # which take long
    monkeypatch.setattr(plot, "save_figure", figures)
    before = surroundings()
    with pytest.raises(kind) as caught:
        call(tmp_path)
    text = str(caught.value)
    assert re.search(pattern, text, re.DOTALL), text
    assert "Fix:" in text
    assert surroundings() == before
    assert not list(tmp_path.rglob("*.tmp")), "a file that is half written"
    if kind is not ImportError:  # the one that comes before there are errors of ours
        assert isinstance(caught.value, TinygenError)
        assert type(caught.value).code.startswith("TG-")
