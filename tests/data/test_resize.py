"""Resizing stored images: against Pillow, and against what must hold of any filter."""

import numpy as np
import pytest
from PIL import Image

from tinygen import data
from tinygen.data.resize import recoloured, resized, weights
from tinygen.errors import ShapeError

BICUBIC = Image.Resampling.BICUBIC


def by_pillow(image, size):
    """In floats, so that nothing is rounded between the two directions."""
    image = Image.fromarray(image.astype(np.float32))
    return np.asarray(image.resize((size, size), BICUBIC))


@pytest.mark.parametrize("size", [5, 13, 24, 26, 32, 64])
def test_the_same_as_pillows_bicubic(size):
    images = np.random.default_rng(0).integers(0, 256, (4, 1, 25, 25), np.uint8)
    images[:2] = data.load("faces").train.images[:2]
    ours = resized(images, size)[:, 0].astype(int)
    theirs = np.stack([by_pillow(image[0], size) for image in images])
    # 0.5 is the rounding to whole numbers; beyond it only what float32 loses
    assert abs(ours - theirs.clip(0, 255)).max() < 0.5 + 1e-3


def test_weights_sum_to_one_and_mirror():
    for before, after in [(25, 32), (32, 25), (7, 64), (64, 7), (1, 9), (9, 1)]:
        w = weights(before, after)
        assert w.shape == (after, before)
        assert np.allclose(w.sum(1), 1, atol=1e-6)
        assert np.allclose(w, w[::-1, ::-1], atol=1e-6)


def test_plain_images_stay_plain_and_the_same_size_is_no_copy():
    images = np.full((2, 3, 9, 9), 77, np.uint8)
    assert (resized(images, 31) == 77).all() and (resized(images, 2) == 77).all()
    assert resized(images, 9) is images


def test_blocks_change_nothing(monkeypatch):
    images = np.random.default_rng(1).integers(0, 256, (7, 3, 10, 10), np.uint8)
    size, grey = resized(images, 6), recoloured(images, grey=True)
    monkeypatch.setattr("tinygen.data.resize.BLOCK", 1)
    assert np.array_equal(resized(images, 6), size)
    assert np.array_equal(recoloured(images, grey=True), grey)


def test_grey_and_rgb():
    pixels = np.random.default_rng(2).integers(0, 256, (5, 3, 4, 4), np.uint8)
    grey = recoloured(pixels, grey=True)
    exact = np.tensordot([0.299, 0.587, 0.114], pixels, (0, 1))
    assert grey.shape == (5, 1, 4, 4) and abs(grey[:, 0] - exact).max() <= 0.5 + 1e-9
    back = recoloured(grey, grey=False)
    assert back.shape == pixels.shape and (back == grey).all()
    assert np.array_equal(recoloured(back, grey=True), grey)
    assert recoloured(pixels, grey=False) is pixels


def test_only_squares():
    with pytest.raises(ShapeError, match=r"4 x 5 are not square. Fix:"):
        resized(np.zeros((1, 1, 4, 5), np.uint8), 8)
