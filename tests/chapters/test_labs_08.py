"""Chapter 8: the failure lab still fails without its cure, and where the cure ends."""

import numpy as np
import pytest

import tinygen as tg
from chapters.tools.book import definitions
from tinygen.models.autoencoder import Autoencoder


@pytest.fixture(scope="module")
def code():
    return definitions(8)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_drawn_codes_lie_where_no_code_of_an_image_is(code, seed):
    net = Autoencoder((1, 8, 8), 8, 64, rng=tg.rng(88, "lab", seed))
    code["trained"](net, code["x8"], 400, lr=5e-3, seed=seed)
    codes, held = (code["coded"](net, code[name]) for name in ("x8", "held8"))
    draw = np.random.default_rng(seed)
    noise = draw.normal(size=(400, 8))
    real = code["apart"](held, codes).mean()
    drawn = code["apart"](code["like"](codes, noise), codes).mean()
    assert drawn > 1.4 * real
    cured = code["near_codes"](codes, noise, 0.2, draw)
    assert code["apart"](cured, codes).mean() < real
    # where it ends: a small step is a copy, a large one is a hole again
    copied = code["near_codes"](codes, noise, 0.01, draw)
    assert code["apart"](copied, codes).mean() < 0.05 * real
    far = code["near_codes"](codes, noise, 1.0, draw)
    assert code["apart"](far, codes).mean() > 1.2 * real
