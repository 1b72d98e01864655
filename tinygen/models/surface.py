"""The picture of a discriminator in the plane: its surface, and what it tells G."""

import numpy as np

from tinygen.backend import to_host
from tinygen.creation import tensor
from tinygen.ops import sigmoid
from tinygen.recording import no_grad


def draw_surface(figure, discriminator, real, fake, push, cells: int = 120) -> None:
    """D(x) as colours, data as dots, samples with arrows along -dL_G/dx.

    figure : a matplotlib Figure      real, fake, push : (N, 2)
    """
    reach = 1.3 * max(1.0, float(np.abs(real).max()))
    line = np.linspace(-reach, reach, cells, dtype=np.float32)
    grid = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    with no_grad():
        belief = to_host(sigmoid(discriminator(tensor(grid))).data)
    axes = figure.subplots()
    surface = axes.contourf(
        line, line, belief.reshape(cells, cells), 20, cmap="RdBu", vmin=0, vmax=1
    )
    figure.colorbar(surface, ax=axes, label="D(x): probability that x is real")
    axes.scatter(*real.T, s=4, c="black", label="data")
    axes.scatter(*fake.T, s=8, c="orange", label="G(z)")
    axes.quiver(*fake.T, *push.T, angles="xy", color="orange", width=0.002)
    axes.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach))
    axes.legend(loc="upper right")
