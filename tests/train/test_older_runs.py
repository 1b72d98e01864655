"""Runs from before an option was there, or whose data moved, go on as they were."""

import json

import numpy as np
import pytest
from PIL import Image
from toys import Toy, ToyImages

from tinygen.errors import ConfigError
from tinygen.recipes.trained import trained
from tinygen.train import checkpoint, tensorfile
from tinygen.train.loop import train
from tinygen.train.run import Run

YOUNGER = "image_size", "color", "bad_files"  # options that the first runs did not have


def make_older(folder):
    """Take the younger options out of a run's config.json and of its checkpoints."""
    config = Run(folder).config
    about = json.loads(config.read_text())
    for name in YOUNGER:
        del about["options"][name]
    config.write_text(json.dumps(about))
    for path in checkpoint.saved(folder / checkpoint.FOLDER):
        tensors, facts = tensorfile.read(path)
        options = json.loads(facts["config"])
        kept = {key: value for key, value in options.items() if key not in YOUNGER}
        tensorfile.write(path, tensors, facts | {"config": json.dumps(kept)})


def newest(folder):
    found = checkpoint.load(checkpoint.find(folder))
    return {name: array.tobytes() for name, array in found.tensors.items()}


def test_a_run_from_before_an_option_goes_on(tmp_path):
    train(ToyImages(ToyImages.Config(steps=20)), tmp_path / "a", progress=False)
    train(ToyImages(ToyImages.Config(steps=10)), tmp_path / "b", progress=False)
    make_older(tmp_path / "b")
    options = Run(tmp_path / "b").config_of(ToyImages).parsed({"steps": "20"})
    train(ToyImages(options), tmp_path / "b", resume=True, progress=False)
    assert newest(tmp_path / "a") == newest(tmp_path / "b")
    make_older(tmp_path / "b")
    assert trained(tmp_path / "b").config.color == "auto"


def test_an_option_that_was_not_there_cannot_be_changed(tmp_path):
    train(Toy(Toy.Config(steps=5)), tmp_path / "run", progress=False)
    make_older(tmp_path / "run")
    other = Toy.Config(steps=8, color="grey")
    with pytest.raises(ConfigError, match=r"resume: color was auto, now grey. Fix:"):
        train(Toy(other), tmp_path / "run", resume=True)
    allowed = {"allow_changed": ("color",), "progress": False}
    assert train(Toy(other), tmp_path / "run", resume=True, **allowed).step == 8


def test_the_same_images_in_another_place_are_the_same_data(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYGEN_DATA", str(tmp_path / "home of data"))
    place = tmp_path / "pictures"
    place.mkdir()
    rng = np.random.default_rng(0)
    for i in range(25):
        pixels = rng.integers(0, 256, (9, 9, 3), np.uint8)
        Image.fromarray(pixels).save(place / f"{i}.png")

    def config(steps):
        return ToyImages.Config(steps=steps, data=str(place), image_size=8)

    train(ToyImages(config(10)), tmp_path / "run", progress=False)
    place = place.rename(tmp_path / "moved")
    train(ToyImages(config(12)), tmp_path / "run", resume=True, progress=False)
    Image.new("RGB", (9, 9)).save(place / "3.png")
    with pytest.raises(ConfigError, match="contents was sha256"):
        train(ToyImages(config(14)), tmp_path / "run", resume=True)
