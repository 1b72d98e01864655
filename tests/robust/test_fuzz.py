"""Damaged and hostile checkpoints, configs, logs and command lines.

Whatever is in them, there come errors of this library or a sound result, within time
and memory.  Readers of data have the same in tests/data/test_reader_fuzz.py.
"""

import json
import os
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygen import data, files
from tinygen.cli import main
from tinygen.errors import CheckpointError, ConfigError, DownloadError, TinygenError
from tinygen.recipes.trained import trained
from tinygen.train import checkpoint, loop, tensorfile
from tinygen.train.run import Run

sys.path.append(str(Path(__file__).parents[1] / "train"))
from toys import Toy

SECONDS = 5.0  # for one case, on a machine that is busy with other things too
SPACE = 16e6  # bytes for one case; the files have 2 kB


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A run folder with a checkpoint, and the bytes of that."""
    folder = tmp_path_factory.mktemp("run")
    run = Run(folder)
    recipe = Toy()
    run.write_config(recipe)
    return run, checkpoint.save(folder, recipe, 0)


def bounded(call):
    """Call within time and memory; -> the result, or None for an error of ours."""
    tracemalloc.start()
    start = time.process_time()
    try:
        return call()
    except TinygenError as error:
        assert "Fix:" in str(error)
        return None
    finally:
        assert time.process_time() - start < SECONDS
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < SPACE, f"{peak:,.0f} bytes"


@st.composite
def damage(draw, whole):
    """A file with one to three pieces cut out, repeated, overwritten or put in."""
    content = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(content)))
        some = content[place : place + draw(st.integers(1, 60))]
        kind = draw(st.sampled_from(["cut", "end", "twice", "zeros", "bytes", "flip"]))
        new = {
            "cut": b"",
            "end": b"",
            "twice": some * 2,
            "zeros": bytes(len(some)),
            "bytes": draw(st.binary(min_size=1, max_size=9)),
            "flip": bytes(b ^ 1 << draw(st.integers(0, 7)) for b in some[:1])
            + some[1:],
        }[kind]
        content[place : len(content) if kind == "end" else place + len(some)] = new
    return bytes(content)


@given(st.data())
@settings(max_examples=150)
def test_damaged_checkpoints(saved, given):
    run, path = saved
    whole = path.read_bytes()
    damaged = run.folder / "damaged.safetensors"
    damaged.write_bytes(given.draw(damage(whole)))
    found = bounded(lambda: checkpoint.load(damaged))
    if found is not None:  # spaces of the header, say
        good = checkpoint.load(path)
        assert all(np.array_equal(x, good.tensors[k]) for k, x in found.tensors.items())
        assert (found.step, found.config) == (good.step, good.config)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(
        ["mnist", "folder:.", "../..", "/etc/passwd", "\0", "", "toy", "gan"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=6,
)
NAMES = [option.name for option in Toy.Config.options()]


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), ANYTHING))
@settings(max_examples=100)
def test_options_of_somebody_else(saved, options):
    """A sound checkpoint with any options, its sums made anew."""
    run, path = saved
    arrays, facts = tensorfile.read(path)
    hostile = run.folder / "hostile.safetensors"
    known = json.loads(facts["config"]) | options
    tensorfile.write(hostile, arrays, facts | {"config": json.dumps(known)})
    bounded(lambda: trained(hostile))


@given(
    st.dictionaries(
        st.sampled_from(
            ["format", "tinygen", "recipe", "config", "step", "seed", "data"]
        )
        | st.text(max_size=5),
        st.text(max_size=20)
        | st.sampled_from(
            ["9" * 5000, "-1", "[" * 2000, "{}", '{"a":', "toy", "1e999"]
        ),
        min_size=1,
    )
)
@settings(max_examples=150)
def test_facts_of_somebody_else(saved, facts):
    run, path = saved
    arrays, known = tensorfile.read(path)
    hostile = run.folder / "hostile.safetensors"
    tensorfile.write(hostile, arrays, known | facts)
    bounded(lambda: trained(hostile))


def header(**tensors):
    """A safetensors file whose header says anything."""
    text = json.dumps(tensors).encode()
    return len(text).to_bytes(8, "little") + text + bytes(64)


TENSOR = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}


@pytest.mark.parametrize(
    "content",
    [
        header(a=TENSOR | {"shape": [2**62, 2**62]}),
        header(a=TENSOR | {"shape": [-4]}),
        header(a=TENSOR | {"data_offsets": [0, 2**63]}),
        header(a=TENSOR | {"data_offsets": [16, 0]}),
        header(a=TENSOR, b=TENSOR),
        header(a=TENSOR | {"dtype": "O"}),
        header(a="x"),
        header(a=TENSOR, __metadata__={"sha256": 3}),
        header(a=TENSOR, __metadata__=[1]),
        (2**40).to_bytes(8, "little") + b"{",
        b"\xff" * 8 + b"{}",
        (9).to_bytes(8, "little") + b'{"a":[[[[' * 20,
        (60_000).to_bytes(8, "little") + b'{"a":' + b"[" * 59_995,
        b"",
        b"{",
    ],
    ids=range(15),
)
def test_headers_that_lie(content, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    assert bounded(lambda: checkpoint.load(path)) is None


def test_a_large_network_is_refused_before_it_is_made(tmp_path):
    from tinygen.recipes import RECIPES

    kind = RECIPES["gan-ring"]
    path = checkpoint.save(tmp_path, kind(kind.Config(hidden=4)), 0)
    arrays, facts = tensorfile.read(path)
    options = json.loads(facts["config"]) | {"hidden": 30_000}
    tensorfile.write(path, arrays, facts | {"config": json.dumps(options)})
    with pytest.raises(CheckpointError, match=r"larger network .* Fix:"):
        trained(path)
    assert bounded(lambda: trained(path)) is None


@given(st.data())
@settings(max_examples=100)
def test_configs(saved, given):
    """config.json with damage, or of any content."""
    run, _ = saved
    run.write_config(Toy())
    whole = run.config.read_bytes()
    anything = ANYTHING.map(json.dumps).map(str.encode)
    run.config.write_bytes(
        given.draw(damage(whole) | anything | st.binary(max_size=99))
    )
    bounded(lambda: run.config_of(Toy))
    run.write_config(Toy())


def test_a_config_without_end(saved):
    run, _ = saved
    for content in (b"[" * 10**6, b'{"recipe": "' + b"a" * 5 * 10**6):
        run.config.write_bytes(content)
        with pytest.raises(ConfigError, match="cannot be read"):
            run.read_config()
    run.write_config(Toy())


@given(st.data())
@settings(max_examples=40)
def test_logs_that_a_power_cut_damaged(tmp_path_factory, given):
    log = Run(tmp_path_factory.mktemp("log")).log
    for step in range(5):
        log.append({"step": step, "a": 0.1 * step})
    log.path.write_bytes(given.draw(damage(log.path.read_bytes())))
    for row in log.rows():
        assert set(row) and all(isinstance(value, float) for value in row.values())
    log.keep(3)
    log.append({"step": 9, "a": 1.0})
    assert log.rows()[-1] == {"step": 9, "a": 1.0}


# -- the command line ------------------------------------------------------------------

COMMANDS = ["list", "train", "sample", "edit", "evaluate", "data", "gradcheck"]
FLAGS = [
    "--out",
    "--data",
    "--steps",
    "--batch-size",
    "--seed",
    "--device",
    "--set",
    "--resume",
    "--overwrite",
    "--allow-changed",
    "-n",
    "--class",
    "--image",
    "--film",
    "--help",
    "--version",
    "--",
    "-",
]
VALUES = [
    "toy",
    "gan-ring",
    "run",
    "missing",
    "softmx",
    "download",
    "0",
    "-1",
    "3",
    "1e999",
    "nan",
    "9" * 30,
    "lr=0.1",
    "lr=",
    "=3",
    "lr=nan",
    "widths=1,,2",
    "steps=1",
    "ring",
    "../..",
    "/",
    "/dev/null",
    "a\0b",
    "\udcff",
    "a" * 5000,
    "%s {} \n",
    "",
    "--lr=3",
    "\u0663",
]
WORDS = st.sampled_from(COMMANDS + FLAGS + VALUES) | st.text(max_size=6)
LINES = st.lists(WORDS, max_size=7) | st.builds(
    lambda first, rest: [first, *rest],
    st.sampled_from(COMMANDS),
    st.lists(WORDS, max_size=6),
)


@pytest.fixture
def harmless(monkeypatch, tmp_path):
    """Nothing is trained, fetched or checked at length, and all is in one folder."""
    from importlib import import_module

    def refuse(*given, **how):
        raise ConfigError("not in this test. Fix: leave it")

    def fetch(name):
        raise DownloadError(f"{name}: not in this test. Fix: leave it")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loop, "train", refuse)
    monkeypatch.setattr(data, "download", fetch)
    table = import_module("tinygen.testing.table")
    monkeypatch.setattr(table, "rows", lambda name: iter(()))
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(files, "write", refuse)
    return tmp_path


@pytest.mark.slow
def test_many_command_lines(harmless, capfd):
    lines(harmless, capfd, 1500)


def test_command_lines(harmless, capfd):
    lines(harmless, capfd, 120)


def lines(folder, capfd, examples):
    """One message and a code of the list, whatever is typed."""
    codes = set()

    @given(LINES)
    @settings(max_examples=examples)
    def one(words):
        capfd.readouterr()
        start = time.process_time()
        try:
            code = main([word for word in words if word != "--debug"])
        except SystemExit as left:
            code = left.code
            assert not code, words
        error = capfd.readouterr().err
        assert time.process_time() - start < SECONDS, words
        assert code in (0, 1, 2, 4, 5), (words, code)
        codes.add(code)
        said = [line for line in error.split("\n") if line.startswith("tinygen: ")]
        assert len(said) == (code > 1), (words, error)
        assert "Traceback" not in error

    one()
    assert {0, 2} <= codes
    assert os.listdir(folder) == ["run"] and not os.listdir(folder / "run")
