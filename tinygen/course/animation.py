"""Moving pictures that every viewer of notebooks shows: PNG files with several frames.

An animated PNG needs neither ffmpeg nor JavaScript; a viewer that cannot animate shows
the last frame, the finished picture.
"""

import io
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from tinygen.course.say import in_notebook, picture
from tinygen.course.session import quick
from tinygen.errors import ShapeError

SPREAD = 17  # 16 grey levels compress far better than 256: 0, 17, ..., 255


def animate(frames, *, milliseconds: int = 120, hold: int = 1500, scale: int = 1):
    """Show frames as an animated PNG.

    frames : a list of (H, W) or (H, W, 3) uint8 arrays of one shape
    hold : how long the last frame stays, in milliseconds
    scale : shown so many times larger
    """
    png = apng(frames, milliseconds=milliseconds, hold=hold)
    picture(png, width=int(np.shape(frames[0])[1] * scale))


def apng(frames, *, milliseconds: int = 120, hold: int = 1500) -> bytes:
    """The bytes of an animated PNG; its default image is the last frame."""
    frames = [np.asarray(frame) for frame in frames]
    for frame in frames:
        if frame.dtype != np.uint8 or frame.shape != frames[0].shape:
            raise ShapeError(
                f"a frame is {frame.dtype} {frame.shape}, the first {frames[0].shape}. "
                "Fix: uint8 frames of one shape"
            )
    images = [_image(frame) for frame in frames]
    buffer = io.BytesIO()
    durations = [milliseconds] * (len(images) - 1) + [hold]
    images[-1].save(
        buffer,
        format="PNG",
        save_all=True,
        default_image=True,
        append_images=images,
        duration=[hold, *durations],
        loop=0,
        optimize=True,
    )
    return buffer.getvalue()


def _image(frame: np.ndarray) -> Image.Image:
    if frame.ndim == 2:
        return Image.fromarray((frame // 16 * SPREAD).astype(np.uint8))
    return Image.fromarray((frame[..., :3] // 8 * 255.0 / 31).astype(np.uint8))


def drawn(draw: Callable, count: int, size=(4.8, 3.2), dpi: int = 90) -> list:
    """Frames drawn by matplotlib: draw(figure, i) for i = 0 .. count - 1.

    A quick run draws the first and the last only.
    """
    wanted = {0, count - 1} if quick() else range(count)
    return [drawing(lambda f, i=i: draw(f, i), size, dpi) for i in sorted(wanted)]


def drawing(draw: Callable[[Figure], None], size=(4.8, 3.2), dpi: int = 90):
    """What draw(figure) draws, as an (H, W, 3) uint8 array."""
    figure = Figure(figsize=size, dpi=dpi)
    draw(figure)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def explore(draw: Callable, *, size=(2.2, 2.2), dpi: int = 90, **choices: Sequence):
    """A film strip of draw(figure, value) for every value, and perhaps a slider.

    choices : one name and its values, w=[0, 1, 3, 7]
    The strip is what a stored notebook keeps; the slider needs ipywidgets and a live
    kernel, and is left out where a chapter is built.
    """
    ((name, values),) = choices.items()

    def titled(figure, value):
        draw(figure, value)
        figure.suptitle(f"{name} = {value}", fontsize=9)

    frames = [drawing(lambda f, v=v: titled(f, v), size, dpi) for v in values]
    strip = np.concatenate(frames, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(strip).save(buffer, format="PNG", optimize=True)
    picture(buffer.getvalue(), width=strip.shape[1])
    if _has_reader():
        _slider(name, values, frames)


def _has_reader() -> bool:
    """Whether somebody is at the notebook who could move a slider."""
    import os

    return in_notebook() and "TINYGEN_BUILD" not in os.environ


def _slider(name, values, frames) -> None:
    try:
        from ipywidgets import SelectionSlider, interact
    except ImportError:
        return
    show = lambda value: Image.fromarray(frames[list(values).index(value)])
    interact(show, value=SelectionSlider(options=list(values), description=name))
