"""What a sampler saw on its way: kept, and drawn as a strip of pictures or as paths."""

import numpy as np

from tinygen.backend import to_host
from tinygen.ops.elementwise import values

FRAMES = 9  # columns of a strip


class Film:
    """Call it as a sampler's `watch`: it keeps t, x_t and the guess of x_0.

    keep : samples of the batch, the first ones; all if left out
    times : the t, from the noisiest      noisy, guessed : (N, ...) arrays, one each t
    """

    def __init__(self, keep: int | None = None):
        self.keep = keep
        self.times: list[int] = []
        self.noisy: list[np.ndarray] = []
        self.guessed: list[np.ndarray] = []

    def __call__(self, t: int, x, guess) -> None:
        self.times.append(t)
        self.noisy.append(np.array(to_host(values(x)[: self.keep])))
        self.guessed.append(np.array(to_host(values(guess.x0)[: self.keep])))

    def chosen(self, count: int = FRAMES) -> list[int]:
        """Places of at most `count` evenly spread times, first and last included."""
        last = len(self.times) - 1
        places = np.linspace(0, last, min(count, last + 1))
        return [int(place) for place in places.round()]

    def frames(self, finished, count: int) -> list[np.ndarray]:
        """x_t at `count` times and the finished samples: (N, ...) arrays."""
        last = np.asarray(to_host(values(finished)[: self.keep]))
        return [*(self.noisy[place] for place in self.chosen(count)), last]


def bounded(x: np.ndarray) -> np.ndarray:
    """Noisy images within [-1, 1], for showing: smaller as a whole, then clipped."""
    return np.clip(x / max(1.0, abs(x).max() / 3), -1, 1)


def draw_strip(figure, film: Film, finished, rows: int = 3) -> None:
    """Images on a figure: x_t over the guess of x_0, from noise to the samples."""
    places = film.chosen()
    axes = figure.subplots(2 * rows, len(places) + 1, squeeze=False)
    for row in range(rows):
        for column, place in enumerate(places):
            _show(axes[2 * row, column], film.noisy[place][row])
            _show(axes[2 * row + 1, column], film.guessed[place][row])
            if row == 0:
                axes[0, column].set_title(f"t = {film.times[place]}", fontsize=8)
        _show(axes[2 * row, -1], finished[row])
        axes[2 * row + 1, -1].set_axis_off()
    axes[0, -1].set_title("sample", fontsize=8)
    figure.suptitle("each pair: the noisy image, and the guess of what is behind it")


def _show(axis, image) -> None:
    pixels = np.clip(image.transpose(1, 2, 0) / 2 + 0.5, 0, 1)
    axis.imshow(pixels.squeeze(), cmap="gray", vmin=0, vmax=1)
    axis.set_axis_off()


def draw_paths(figure, film: Film, finished, target, paths: int = 40) -> None:
    """Points on a figure: the ways of some from noise to where they end."""
    axes = figure.subplots()
    axes.set_aspect("equal")
    axes.plot(*target.T, ".", color="0.85", markersize=2, label="data")
    ways = np.stack([*film.noisy, finished])[:, :paths]  # (times, paths, 2)
    axes.plot(ways[..., 0], ways[..., 1], color="tab:blue", linewidth=0.6, alpha=0.7)
    axes.plot(*ways[0].T, ".", color="tab:orange", markersize=4, label="noise")
    axes.plot(*ways[-1].T, ".", color="black", markersize=4, label="samples")
    axes.legend(loc="upper right")
