"""tinygen sample and edit on diffusion runs, and what they refuse."""

import json
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.image import imread, imsave
from PIL import Image, ImageSequence

from tinygen.recipes import RECIPES
from tinygen.train import loop

SMALL = {"steps": 1, "batch_size": 16, "sampling_steps": 3}


def trained(folder, name="ddpm-class", **options):
    """A run of one step on 8x8 digits."""
    kind = RECIPES[name]
    if kind.kind == "images":
        options = {"data": "digits", "widths": (8, 8), "patch": 1, **options}
    loop.train(kind(kind.Config(**SMALL, **options)), folder, progress=False)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A conditional run."""
    from tinygen import files, plot

    with pytest.MonkeyPatch.context() as patch:
        nothing = lambda path, draw, size=(): files.write(path, b"")
        patch.setattr(plot, "save_figure", nothing)
        return trained(tmp_path_factory.mktemp("runs") / "class")


def drawn(tinygen, run, *words):
    code, _, error = tinygen("sample", run, "-n", 3, "--out", "x.npz", *words)
    assert code == 0, error
    return np.load("x.npz")["images"]


def test_every_option_of_sampling_arrives(tinygen, run):
    plain = drawn(tinygen, run, "--class", 7)
    assert plain.shape == (3, 1, 8, 8)
    assert np.array_equal(plain, drawn(tinygen, run, "--class", 7, "--steps", 3))
    for words in (
        ("--steps", 5),
        ("--sampler", "ancestral", "--steps", 3),
        ("--eta", 0.5),
        ("--guidance", 3),
        ("--seed", 9),
    ):
        assert not np.array_equal(plain, drawn(tinygen, run, "--class", 7, *words))
    small, large = (
        drawn(tinygen, run, "--sampler", "ancestral", "--steps", 3, "--variance", v)
        for v in ("small", "large")
    )
    assert not np.array_equal(small, large)


def test_evaluate_takes_the_options_and_keeps_them(tinygen, tmp_path):
    mnist = {"data": "mnist", "patch": 2}
    place = trained(tmp_path / "mnist", **mnist)
    words = ("-n", 100, "--steps", 2, "--guidance", 0.5)
    code, out, error = tinygen("evaluate", place, *words)
    assert code == 0 and "class as asked" in out and "test bits/dim" in out, error
    found = json.loads((place / "evaluation.json").read_text())
    assert (found["n"], found["steps"], found["guidance"]) == (100, 2, 0.5)
    code, _, error = tinygen("evaluate", place, "--steps", 5000)
    assert code == 2 and "5000 sampling steps of 1000" in error


def frames(path):
    """How many frames an animated PNG has, but for the still one, and its size.

    Each frame differs from the one before it.
    """
    with Image.open(path) as image:
        shown = [
            np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(image)
        ]
        assert all((a != b).any() for a, b in pairwise(shown[1:]))
        return image.n_frames - 1, image.size


def test_a_film_of_the_samples_that_are_drawn(tinygen, run, tmp_path):
    plain = drawn(tinygen, run)
    assert np.array_equal(plain, drawn(tinygen, run, "--film", "film.png"))
    assert frames("film.png") == (4, (102, 102))  # 3 steps and the end
    plane = trained(tmp_path / "plane", "ddpm-plane")
    words = ("-n", 5, "--film", "film.png", "--steps", 2, "--out", "x.npz")
    assert tinygen("sample", plane, *words)[0] == 0
    assert frames("film.png") == (3, (320, 320))
    code, _, error = tinygen("sample", run, "--film", "film.gif")
    assert code == 2 and "unknown ending. Fix: .png" in error
    assert tinygen("train", "toy", "--steps", 1, "--out", "toy")[0] == 0
    code, _, error = tinygen("sample", "toy", "--film", "film.png")
    assert code == 2 and "draws in one step" in error


@pytest.fixture
def picture(tmp_path):
    """A picture of 16x16 and a mask whose right half is white."""
    image = np.random.default_rng(0).random((16, 16))
    imsave("image.png", image, cmap="gray", vmin=0, vmax=1)
    mask = np.zeros((16, 16))
    mask[:, 8:] = 1
    imsave("mask.png", mask, cmap="gray", vmin=0, vmax=1)
    return "--image", "image.png"


def test_filling_in_keeps_what_is_not_masked(tinygen, run, picture):
    words = ("--mask", "mask.png", "--repeats", 2, "-n", 2, "-o", "x.npz")
    code, out, error = tinygen("edit", run, *picture, *words)
    assert code == 0 and out == "2 edits in x.npz\n", error
    found = np.load("x.npz")["images"]
    assert found.shape == (2, 1, 8, 8)
    assert np.array_equal(found[0, :, :, :4], found[1, :, :, :4])
    assert not np.array_equal(found[0, :, :, 4:], found[1, :, :, 4:])


def test_edits_as_a_picture_behind_the_original(tinygen, run, picture):
    for words, tiles in (((), 3), (("--mask", "mask.png", "--strength", 0.5), 4)):
        options = ("-n", 2, "--class", 7, "--guidance", 2, "--sampler", "ancestral")
        code, _, error = tinygen("edit", run, *picture, *options, "--steps", 4, *words)
        assert code == 0, error
        height, width, _ = imread(run / "edit.png").shape
        columns, rows = {3: (2, 2), 4: (2, 2)}[tiles]
        assert (height, width) == (rows * 50 + 2, columns * 50 + 2)


def test_the_strength_says_how_much_is_kept(tinygen, run, picture):
    ends = []
    for strength in (0.01, 1.0):
        words = ("--strength", strength, "--steps", 100, "-n", 2, "-o", "x.npz")
        assert tinygen("edit", run, *picture, *words)[0] == 0
        ends.append(np.load("x.npz")["images"])
    assert abs(ends[0][0] - ends[0][1]).max() < 0.3 < abs(ends[1][0] - ends[1][1]).max()


REFUSED = {
    "--steps 2000": "2000 sampling steps of 1000. Fix: 1 to 1000",
    "--steps 0": "0 sampling steps of 1000",
    "--eta -0.1": "eta -0.1. Fix: 0",
    "--eta nan": "eta nan",
    "--sampler euler": "sampler 'euler'. Fix: one of ddim, ancestral",
    "--sampler ancestral --eta 1": "eta 1.0 of ancestral",
    "--variance huge": "variance 'huge'. Fix: one of small, large",
    "--guidance nan": "guidance nan. Fix: a number",
    "--guidance inf": "guidance inf. Fix: a number",
    "--class 10": "class 10 of digits. Fix: one of 0..9",
    "--class -1": "class -1 of digits",
}
EDIT = {
    "-n 0": "-n 0: nothing to draw",
    "-o x.jpg": "unknown ending",
    "--repeats 3": "Fix: --mask FILE",
    "--repeats 0 --mask mask.png": "--repeats 0. Fix: 1 or more",
    "--strength 0": "strength 0.0. Fix: above 0",
    "--strength 1.5": "strength 1.5",
    "--class 10": "class 10 of digits",
    "--mask black.png": "nothing in it is white",
}


@pytest.mark.parametrize("words", REFUSED)
def test_sampling_that_cannot_be_is_one_line_and_exit_2(tinygen, run, words):
    code, out, error = tinygen("sample", run, *words.split())
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert REFUSED[words] in error


@pytest.mark.parametrize("words", EDIT)
def test_editing_that_cannot_be_is_one_line_and_exit_2(tinygen, run, picture, words):
    imsave("black.png", np.zeros((4, 4)), cmap="gray", vmin=0, vmax=1)
    code, out, error = tinygen("edit", run, *picture, *words.split())
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert EDIT[words] in error


def test_files_that_are_missing_or_no_pictures_are_exit_4(tinygen, run, picture):
    code, _, error = tinygen("edit", run, "--image", "nothing.png")
    assert code == 4 and "nothing.png" in error
    with open("text.png", "w") as file:
        file.write("no picture")
    code, _, error = tinygen("edit", run, *picture, "--mask", "text.png")
    assert code == 4 and "text.png" in error
    assert tinygen("edit", "runs/nowhere", *picture)[0] == 4


def test_recipes_that_do_not_take_an_option_say_so(tinygen, run, picture, tmp_path):
    plain = trained(tmp_path / "plain", "ddpm")
    code, _, error = tinygen("sample", plain, "--guidance", 2)
    assert code == 2 and "recipe ddpm samples without guidance" in error
    code, _, error = tinygen("sample", plain, "--class", 2)
    assert code == 2 and "draws no class" in error
    code, _, error = tinygen("edit", plain, *picture, "--guidance", 2)
    assert code == 2 and "without guidance" in error
    code, _, error = tinygen("train", "toy", "--steps", 1, "--out", "toy")
    assert code == 0
    code, _, error = tinygen("sample", "toy", "--steps", 5)
    assert code == 2 and "recipe toy samples without steps (steps 5)" in error
    code, _, error = tinygen("edit", "toy", *picture)
    assert code == 2 and "recipe toy edits no pictures" in error


def test_the_plane_has_samplers_and_no_pictures_to_edit(tinygen, picture, tmp_path):
    plane = trained(tmp_path / "plane", "ddpm-plane")
    words = ("--sampler", "ancestral", "--steps", 4, "--out", "x.npz")
    assert tinygen("sample", plane, "-n", 6, *words)[0] == 0
    assert np.load("x.npz")["points"].shape == (6, 2)
    code, _, error = tinygen("edit", plane, *picture)
    assert code == 2 and "edits no pictures" in error


def test_a_loss_that_explodes_is_exit_3_and_the_run_can_be_drawn_from(tinygen):
    words = ("--steps", 300, "--set", "lr=1e30", "--set", "warmup=0")
    code, _, error = tinygen("train", "ddpm-plane", *words, "--out", "run")
    assert code == 3 and "is not finite" in error
    assert tinygen("sample", "run", "-n", 4)[0] == 0


def test_more_sampling_steps_than_steps_of_noise_are_refused_before_training(tinygen):
    words = ("--set", "timesteps=30")
    code, _, error = tinygen("train", "ddpm-8x8", *words)
    assert code == 2 and "sampling_steps 50 of timesteps 30. Fix: " in error
