"""Pictures: right pixels in the right place, the same file every time."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.image import imread

from tinygen import plot
from tinygen.errors import DataError, ShapeError


def test_grid_places_images_row_after_row():
    images = np.linspace(-1, 1, 5, dtype=np.float32).reshape(5, 1, 1, 1)
    images = np.broadcast_to(images, (5, 1, 48, 48))
    grid = plot.image_grid(images, columns=3)
    assert grid.shape == (2 * 50 + 2, 3 * 50 + 2, 3) and grid.dtype == np.uint8
    middles = grid[26::50, 26::50, 0]
    assert middles.tolist() == [[0, 64, 128], [191, 255, plot.GREY]]
    assert (grid[:2] == plot.GREY).all() and (grid[:, 50:52] == plot.GREY).all()


def test_small_images_are_enlarged_in_whole_pixels_and_keep_their_colour():
    image = np.full((1, 3, 8, 5), -1, np.float32)
    image[0, 0] = 1
    grid = plot.image_grid(image)
    assert grid.shape == (8 * 6 + 4, 5 * 6 + 4, 3)
    assert (grid[2:-2, 2:-2] == [255, 0, 0]).all()
    large = plot.image_grid(np.zeros((1, 1, 100, 60), np.float32))
    assert large.shape == (104, 64, 3)


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 2, 8, 8), (0, 1, 8, 8), (2, 1, 0, 8)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ShapeError, match=r"takes \(N, 1 or 3, H, W\), got .* Fix:"):
        plot.image_grid(np.zeros(shape, np.float32))


def test_nan_is_refused():
    with pytest.raises(DataError, match="NaN"):
        plot.image_grid(np.full((1, 1, 8, 8), np.nan, np.float32))


def test_an_image_is_saved_exactly(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    plot.save_image(tmp_path / "x.png", pixels)
    assert np.array_equal(np.rint(imread(tmp_path / "x.png")[..., :3] * 255), pixels)


def test_the_same_numbers_give_the_same_file(tmp_path):
    points = np.random.default_rng(0).standard_normal((50, 2))
    rows = [{"step": s, "seconds": s, "lr G": 1, "D": s**2} for s in range(5)]
    tables = {"losses": rows, "empty": []}
    for name in "ab":
        plot.save_samples(tmp_path / f"{name}1.png", points, points + 1)
        draw = lambda figure: plot.curves(figure, tables)
        plot.save_figure(tmp_path / f"{name}2.png", draw)
    for i in "12":
        a, b = (tmp_path / f"{name}{i}.png" for name in "ab")
        assert a.read_bytes() == b.read_bytes() and len(a.read_bytes()) > 1000


def test_curves_leave_out_time_and_step_sizes():
    figure = plot.Figure()
    rows = [{"step": 1, "seconds": 2, "lr G": 1, "D": 3.0, "G": float("nan")}]
    plot.curves(figure, {"losses": rows, "held-out data": rows, "empty": []})
    assert [axes.get_title() for axes in figure.axes] == ["losses", "held-out data"]
    labels = [line.get_label() for line in figure.axes[0].lines]
    assert labels == ["D", "G"]
    plot.curves(plot.Figure(), {"losses": []})


def test_pyplot_is_never_imported():
    code = "import tinygen.plot, tinygen.train.loop, sys; print('matplotlib.pyplot' in "
    python = [sys.executable, "-c", code + "sys.modules)"]
    out = subprocess.run(python, capture_output=True, text=True, check=True).stdout
    assert out == "False\n"
