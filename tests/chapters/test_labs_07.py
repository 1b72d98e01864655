"""Chapter 7: the failure lab still fails without its cure, and where the cure ends."""

import numpy as np
import pytest

import tinygen as tg
from chapters.tools.book import definitions
from tinygen import nn


@pytest.fixture(scope="module")
def code():
    return definitions(7)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_train_mode_judges_an_image_by_its_company(code, seed):
    net = code["of_batches_of"](64, nn.BatchNorm1d, 150, seed)
    x, y = code["held8"], code["small"].test.labels
    by_class = np.argsort(y, kind="stable")
    mixed = np.random.default_rng(seed).permutation(len(y))
    right = {}
    for mode in ("eval", "train"):  # train mode last: it writes running statistics
        for name, places in (("mixed", mixed), ("sorted", by_class)):
            getattr(net, mode)()
            right[mode, name] = code["accuracy"](net, x[places], y[places], 20)
    assert right["eval", "sorted"] == right["eval", "mixed"] > 0.9
    assert right["train", "mixed"] > 0.8
    assert right["train", "sorted"] < 0.6


def test_of_two_images_only_signs_get_through(code):
    net = code["of_batches_of"](2, nn.BatchNorm1d, 50)
    with tg.no_grad():
        hidden = net[1](net[0](tg.tensor(code["x8"][:2]))).numpy()
    hidden = (hidden - net[1].bias.data) / net[1].weight.data
    assert np.median(abs(hidden)) == pytest.approx(1, abs=0.01)
    assert np.allclose(hidden[0], -hidden[1], atol=1e-4)


def test_layer_norm_does_not_see_brightness(code):
    layer, x = nn.LayerNorm(64), code["x8"][:20]
    bright, dim = layer(tg.tensor(x)), layer(tg.tensor(0.2 * x - 0.5))
    assert abs((bright - dim).data).max() < 0.01
