"""How samples came out of the noise, as a moving picture."""

from pathlib import Path

import numpy as np

from tinygen import files, plot
from tinygen.errors import ConfigError
from tinygen.models.diffusion.film import bounded

SHOWN = 16  # images of a film
FRAMES = 60  # of it, at most
INCHES, DPI = (4, 4), 80  # of a film of points


def filmed(recipe, n: int, path: str, **asked) -> np.ndarray:
    """n samples as `recipe.draw` gives them; their film goes to `path`."""
    if not hasattr(recipe, "filmed"):
        raise ConfigError(
            f"recipe {recipe.name} draws in one step. Fix: leave --film out, or a run "
            "of ddpm"
        )
    images = recipe.kind == "images"
    film, samples = recipe.filmed(n, keep=SHOWN if images else None, **asked)
    frames = film.frames(samples / recipe.scale, FRAMES)
    if images:
        save(path, [grid(bounded(x)) for x in frames])
    else:
        target = recipe.data.test().x.numpy()
        save(path, [dots(recipe.scale * x, target) for x in frames])
    return samples


def grid(images) -> np.ndarray:
    """Images side by side: (H, W) if they are grey, else (H, W, 3), uint8."""
    pixels = plot.image_grid(images)
    return pixels[..., 0] if images.shape[1] == 1 else pixels


def dots(points, target) -> np.ndarray:
    """Points in the plane before those of the data."""
    from tinygen.course.animation import drawing

    draw = lambda figure: plot.scatter(figure, points, target)
    return drawing(draw, INCHES, DPI)


def save(path: str, frames) -> None:
    """Write an animated PNG, which needs Pillow."""
    try:
        from tinygen.course.animation import apng
    except ImportError as error:
        raise ConfigError(
            "a film needs Pillow. Fix: pip install 'tinygen[images]'"
        ) from error
    files.write(Path(path), apng(frames))
