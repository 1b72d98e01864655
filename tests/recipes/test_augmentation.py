"""What the convolutional GANs do to real images before D sees them."""

import numpy as np

import tinygen as tg
from tinygen import data
from tinygen.recipes.dcgan import DCGAN, flipped, shifted
from tinygen.train.source import open_data


def images(n=64, side=6):
    return np.random.default_rng(0).random((n, 2, side, side)).astype(np.float32)


def test_half_of_the_images_are_mirrored_left_to_right():
    x = images(400)
    y = flipped(x, tg.rng(0))
    kept = (y == x).all((1, 2, 3))
    mirrored = (y == x[..., ::-1]).all((1, 2, 3))
    assert (kept ^ mirrored).all()
    assert 160 < mirrored.sum() < 240  # 200, std 10


def test_images_move_by_at_most_so_many_pixels_and_repeat_their_border():
    x = images(300)
    y = shifted(x, 1, tg.rng(1))
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    windows = [padded[:, :, i : i + 6, j : j + 6] for i in range(3) for j in range(3)]
    same = np.stack([(y == w).all((1, 2, 3)) for w in windows])
    assert (same.sum(0) == 1).all()
    assert (same.sum(1) > 15).all()  # each of the nine moves: 33, std 5.4


def test_faces_are_mirrored_and_digits_are_not():
    assert data.load("faces").symmetric and not data.load("mnist").symmetric
    small = {"width": 2, "batch_size": 16}
    for name, flip, expected in [
        ("faces", "auto", True),
        ("faces", "no", False),
        ("mnist", "auto", False),
        ("mnist", "yes", True),
    ]:
        recipe = DCGAN(DCGAN.Config(data=name, flip=flip, shift=0, **small))
        batch = recipe.data.batch(0)
        seen = recipe.augmented(batch, recipe.streams(0)).x.data
        assert recipe.flips() == expected
        assert np.array_equal(seen, batch.x.data) != expected


def test_faces_become_32_by_32_and_other_sizes_are_kept():
    recipe = DCGAN(DCGAN.Config(data="faces", width=2))
    assert recipe.data.shape == (1, 32, 32) == recipe.draw(2).shape[1:]
    assert DCGAN(DCGAN.Config(width=2)).data.shape == (1, 28, 28)
    asked = DCGAN(DCGAN.Config(data="faces", width=2, image_size=48, color="rgb"))
    assert asked.draw(1).shape == (1, 3, 48, 48)
    plain = open_data("faces", "images", batch_size=8, seed=0)
    assert plain.shape == (1, 25, 25)
