"""Bad inputs to data, runs, checkpoints and the command line.

Each call gets an empty folder, which is also the current one.
"""

import gzip
import io
import os
import pickle
import resource
import struct
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from tinygen import data
from tinygen.backend import check_numpy
from tinygen.cli import run as command
from tinygen.data.formats import read_image
from tinygen.data.idx import read_idx
from tinygen.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    IntegrityError,
    NonFiniteError,
    OutOfMemory,
)
from tinygen.recipes import RECIPES
from tinygen.recipes.trained import trained
from tinygen.train import checkpoint
from tinygen.train.loop import train
from tinygen.train.run import Run

sys.path.append(str(Path(__file__).parents[1] / "train"))
from toys import Toy, ToyImages

QUICK = {"steps": 2, "sample_every": 99, "save_every": 99}


def toy(**options):
    return Toy(Toy.Config(**QUICK | options))


def made(name, **options):
    kind = RECIPES[name]
    return kind(kind.Config(**options))


def begun(folder, recipe=None):
    """A run of two steps; -> its newest checkpoint."""
    train(recipe or toy(), folder, progress=False)
    return checkpoint.find(folder)


def png(size=(8, 8), mode="L"):
    content = io.BytesIO()
    Image.new(mode, size).save(content, "PNG")
    return content.getvalue()


def folder_of(folder, **files):
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return data.open_folder(folder, size=8)


IDX = struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 3, 3) + bytes(18)


@contextmanager
def small_disk(size):
    """Files of at most so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def full_disk(folder):
    recipe = toy()
    checkpoint.save(folder, recipe, 0)
    with small_disk(100):
        checkpoint.save(folder, recipe, 1)


def in_use(folder):
    with Run(folder / "run").locked():
        train(toy(), folder / "run")


def hungry(folder):
    recipe = toy()
    recipe.train_step = lambda *_: np.zeros(2**58)
    train(recipe, folder / "run", progress=False)


def flipped(folder):
    path = begun(folder / "run")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    trained(folder / "run")


def cut(folder):
    path = begun(folder / "run")
    path.write_bytes(path.read_bytes()[:-7])
    trained(folder / "run")


def a_pickle(folder, name="w.pt"):
    (folder / name).write_bytes(pickle.dumps({"w": 1}))
    trained(folder / name)


def objects(folder):
    np.save(folder / "w.npy", np.array([{}], object), allow_pickle=True)
    trained(folder / "w.npy")


def other_architecture(folder):
    found = checkpoint.load(begun(folder / "run"))
    checkpoint.restore(ToyImages(), found)


def resumed(folder, **options):
    begun(folder / "run")
    train(toy(**{"steps": 4, **options}), folder / "run", resume=True)


def odd_config(folder):
    begun(folder / "run")
    path = Run(folder / "run").config
    path.write_text(path.read_text().replace('"lr": 0.05', '"lr": "fast"'))
    Run(folder / "run").config_of(Toy)


def on_a_file(folder):
    (folder / "file").touch()
    train(toy(), folder / "file")


RUNS = {
    "43 a loss that is NaN": (
        lambda folder: train(toy(nan_at=1), folder / "run", progress=False),
        NonFiniteError,
        r"step 2: loss second is not finite \(first .*, second nan; last read first .*"
        r"multiply\(float32\(\), nan\) at toys.py.*step_000000.* is kept",
    ),
    "44 NaN in data": (
        lambda _: data.Loader(np.array([[1.0], [np.nan]]), batch_size=1),
        DataError,
        r"sample 1 holds nan at position \(0,\)",
    ),
    "50 a full disk": (
        full_disk,
        CheckpointError,
        r"cannot save .*step_000001.*bytes needed, [\d,]+ free.*are intact",
    ),
    "51 the folder is a file": (on_a_file, ConfigError, "it is a file"),
    "51 the folder cannot be made": (
        lambda _: train(toy(), "/proc/run"),
        ConfigError,
        "cannot write to /proc/run",
    ),
    "53 two processes": (in_use, ConfigError, rf"in use by process {os.getpid()} on "),
    "54 too little memory": (hungry, OutOfMemory, "batch_size is 16.*--batch-size 8;"),
    "58 no data": (
        lambda _: data.Loader(np.zeros((0, 3)), batch_size=4),
        DataError,
        "0 batches: 0 samples, batch 4",
    ),
    "58 a batch larger than the data": (
        lambda _: data.Loader(np.zeros((10, 3)), batch_size=32, drop_last=True),
        DataError,
        "0 batches: 10 samples, batch 32, drop_last=True",
    ),
    "59 lengths": (
        lambda _: data.Loader(np.zeros((10, 3)), np.zeros(9), batch_size=3),
        DataError,
        r"\[10, 9\]",
    ),
    "63 a side that a network cannot make": (
        lambda _: made("dcgan", image_size=31),
        ConfigError,
        "images of 31 x 31.*28, 32",
    ),
    "65 a bomb": (
        lambda _: read_image(png((9000, 9000)), size=8),
        DataError,
        "9,000 x 9,000 pixels, possible are 1 to 67,108,864",
    ),
    "66 a format that is not read": (
        lambda _: read_image(b"%!PS-Adobe-3.0 EPSF-3.0\n" + bytes(99), size=8),
        DataError,
        "not a PNG, JPEG, WebP, BMP or GIF",
    ),
    "67 a picture that is none": (
        lambda folder: folder_of(folder, **{"a.png": png(), "b.png": png()[:40]}),
        DataError,
        "b.png",
    ),
    "68 a cut IDX": (lambda _: read_idx(IDX[:-1]), IntegrityError, "34 bytes.*33"),
    "70 a cut gzip": (
        lambda _: read_idx(gzip.compress(IDX)[:-9]),
        IntegrityError,
        "damaged: gzip",
    ),
    "71 a page in place of data": (
        lambda _: read_idx(b"<html><body>Please log in</body></html>"),
        DataError,
        "begins with b'<htm'",
    ),
    "78 a gzip bomb": (
        lambda _: read_idx(gzip.compress(IDX + bytes(10**6))),
        IntegrityError,
        "34 bytes",
    ),
    "82 no checkpoint": (
        lambda folder: trained(folder / "nothing"),
        CheckpointError,
        r"no checkpoint .*holds nothing",
    ),
    "83 one flipped bit": (
        flipped,
        IntegrityError,
        r"tensor '.*': sha256 \w{64}, expected \w{64}.*the checkpoint before it",
    ),
    "83 cut short": (cut, IntegrityError, "damaged"),
    "84 a pickle": (a_pickle, CheckpointError, "can run code.*never loads them"),
    "84 a pickle by another name": (
        lambda folder: a_pickle(folder, "w.safetensors"),
        CheckpointError,
        "can run code.*never loads them",
    ),
    "84 an array of objects": (objects, CheckpointError, "never loads them"),
    "87 another architecture": (
        other_architecture,
        CheckpointError,
        r"model.net.mean is float32 \(2,\), here float32 \(64,\)",
    ),
    "90 a changed option": (
        lambda folder: resumed(folder, lr=0.5, batch_size=8),
        ConfigError,
        "batch_size was 16, now 8, lr was 0.05, now 0.5.*--allow-changed",
    ),
    "90 other data": (
        lambda folder: resumed(folder, data="ring"),
        ConfigError,
        "contents was .*moons.* now .*ring",
    ),
    "94 guidance without classes": (
        lambda _: made("ddpm").draw(2, guidance=2.0),
        ConfigError,
        "samples without guidance",
    ),
    "94 a class of a model without": (
        lambda _: made("gan").draw(2, label=1),
        ConfigError,
        "draws no class.*class 1",
    ),
    "94 a class out of range": (
        lambda _: made("cgan").draw(2, label=11),
        ConfigError,
        r"class 11.*0\.\.9",
    ),
    "95 fewer than no samples": (
        lambda _: toy().draw(-1),
        ConfigError,
        "-1 samples",
    ),
    "97 seed -1": (lambda _: toy(seed=-1), ConfigError, "seed: -1"),
    "97 seed 1.5": (lambda _: toy(seed=1.5), ConfigError, "seed: 1.5"),
    "97 seed too large": (lambda _: toy(seed=2**70), ConfigError, str(2**70)),
    "98 unknown recipe": (
        lambda _: command(["train", "dcgna"]),
        ConfigError,
        "'dcgna'. Fix: 'dcgan'",
    ),
    "98 unknown data": (
        lambda _: command(["train", "gan", "--data", "mnits"]),
        ConfigError,
        "'mnits'. Fix: use 'mnist'",
    ),
    "98 unknown option": (
        lambda _: command(["train", "gan", "--stesp", "3"]),
        ConfigError,
        "'--stesp'. Fix: '--steps'",
    ),
    "98 unknown setting": (
        lambda _: command(["train", "gan", "--set", "latnet=3"]),
        ConfigError,
        "'latnet'. Fix: 'latent'",
    ),
    "98 unknown op": (
        lambda _: command(["gradcheck", "softmx"]),
        ConfigError,
        "'softmx'. Fix: 'softmax'",
    ),
    "99 nothing to resume": (
        lambda _: command(["train", "gan", "--resume"]),
        ConfigError,
        "no run in runs/gan: runs/gan/config.json is missing",
    ),
    "101 a config of a wrong type": (
        odd_config,
        ConfigError,
        "option lr: 'fast' is not a number, above 0",
    ),
    "101 an unknown key": (
        lambda _: Toy.Config.from_dict({"batchsize": 3}),
        ConfigError,
        "'batchsize'. Fix: 'batch_size'",
    ),
    "102 an old NumPy": (
        lambda _: check_numpy("1.26.4"),
        ImportError,
        "2.0 or newer, this is 1.26.4",
    ),
}
