"""Pictures as PNG files: grids of images, points in the plane, curves.

Drawn on figures of their own, never through pyplot, so nothing global changes and no
display is needed.  The same numbers give the same file.
"""

import io
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave

from tinygen import files
from tinygen.data import to_uint8
from tinygen.errors import ShapeError

GAP = 2  # pixels between the images of a grid
GREY = 128
CELL = 48  # pixels; smaller images are enlarged to at least this
DPI = 100
PLAIN = {"Software": None}  # no version number in the file


def image_grid(images, columns: int | None = None) -> np.ndarray:
    """Images side by side, row after row, on grey.

    images : (N, C, H, W) floats in [-1, 1], C is 1 or 3      columns : default, as many
    as make it about square
    -> (height, width, 3) uint8; pixels are enlarged by a whole number
    Raises ShapeError for other shapes.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[1] not in (1, 3) or 0 in images.shape:
        raise ShapeError(
            f"image_grid takes (N, 1 or 3, H, W), got {images.shape}. "
            "Fix: images.reshape(n, 1, height, width)"
        )
    n, _, height, width = images.shape
    columns = min(n, columns or math.ceil(math.sqrt(n)))
    rows = math.ceil(n / columns)
    scale = max(1, math.ceil(CELL / max(height, width)))
    cells = to_uint8(images).transpose(0, 2, 3, 1)  # (N, H, W, C)
    cells = cells.repeat(scale, axis=1).repeat(scale, axis=2)
    high, wide = height * scale + GAP, width * scale + GAP
    grid = np.full((rows * high + GAP, columns * wide + GAP, 3), GREY, np.uint8)
    for i, cell in enumerate(cells):
        top, left = i // columns * high + GAP, i % columns * wide + GAP
        grid[top : top + high - GAP, left : left + wide - GAP] = cell
    return grid


def save_image(path: Path | str, pixels: np.ndarray) -> None:
    """Write (H, W, 3) uint8 as a PNG file."""
    content = io.BytesIO()
    imsave(content, pixels, format="png", metadata=PLAIN)
    files.write(path, content.getvalue())


def save_figure(
    path: Path | str, draw: Callable[[Figure], None], size: tuple = (6, 4)
) -> None:
    """Write what `draw(figure)` draws as a PNG file.

    size : inches across and up, of 100 pixels each
    """
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    draw(figure)
    content = io.BytesIO()
    FigureCanvasAgg(figure).print_png(content, metadata=PLAIN)
    files.write(path, content.getvalue())


def save_samples(path: Path | str, samples, target=None) -> None:
    """Write images as a grid, or (N, 2) points as dots over the points of a target."""
    samples = np.asarray(samples)
    if samples.ndim == 2:
        save_figure(path, lambda figure: scatter(figure, samples, target), (5, 5))
    else:
        save_image(path, image_grid(samples))


def scatter(figure: Figure, points: np.ndarray, target=None) -> None:
    """Draw points (N, 2), in front of those of the target (M, 2)."""
    axes = figure.subplots()
    axes.set_aspect("equal")
    if target is not None:
        axes.plot(*target.T, ".", color="0.8", markersize=3, label="data")
    axes.plot(*points.T, ".", color="tab:blue", markersize=3, label="samples")
    axes.legend(loc="upper right")
    if target is not None:  # the same frame in every picture of a run
        middle = (target.min(axis=0) + target.max(axis=0)) / 2
        half = 0.75 * np.ptp(target, axis=0).max()
        axes.set_xlim(middle[0] - half, middle[0] + half)
        axes.set_ylim(middle[1] - half, middle[1] + half)


def curves(figure: Figure, tables: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    """Draw tables as curves against the step: one panel for each table.

    tables : title -> rows, each with "step" and the values of that step
    """
    tables = {title: rows for title, rows in tables.items() if rows}
    panels = figure.subplots(1, max(1, len(tables)), squeeze=False)[0]
    for axes, (title, rows) in zip(panels, tables.items(), strict=False):
        for name in filter(drawn, dict.fromkeys(name for row in rows for name in row)):
            points = [(row["step"], row[name]) for row in rows if name in row]
            axes.plot(*zip(*points, strict=True), label=name, linewidth=1)
        axes.set_title(title)
        axes.set_xlabel("step")
        axes.grid(alpha=0.3)
        axes.legend()


def drawn(column: str) -> bool:
    """Whether a column of a table is worth a curve."""
    return column not in ("step", "seconds") and not column.startswith("lr ")
