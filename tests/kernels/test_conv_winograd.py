"""Winograd's method: the identity, the choice of points, when it is taken."""

import numpy as np
import pytest
from conv_samples import Case, assert_close

from tinygen.kernels import conv, conv_im2col, conv_mec, winograd
from tinygen.kernels.conv_layout import Geometry

TEXTBOOK = (0, 1, -1, 2, -2)
THREE = Geometry((3, 3), (1, 1), (1, 1), (1, 1), 1)


@pytest.mark.parametrize("points", [winograd.POINTS, TEXTBOOK])
def test_identity_in_one_dimension(points):
    """A.T [(G f) * (B.T d)] is the four sums that f makes along d."""
    rng = np.random.default_rng(0)
    signal, taps = rng.standard_normal(6), rng.standard_normal(3)
    tile, filters, sums = winograd.transforms(points, 4, 3)
    result = sums @ ((filters @ taps) * (tile @ signal))
    assert np.allclose(result, np.correlate(signal, taps), rtol=0, atol=1e-13)


def test_textbook_matrices():
    """At the textbook's points the construction gives the textbook's B.T."""
    tile, _, _ = winograd.transforms(TEXTBOOK, 4, 3)
    first, second = [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0]
    assert np.allclose(tile[:2], [first, second])


def test_matrices_are_exact_in_float32():
    for matrix, rounded in zip(
        winograd.transforms(winograd.POINTS, 4, 3)[::2],
        winograd.matrices()[::2],
        strict=True,
    ):
        assert np.array_equal(matrix, rounded)


@pytest.fixture(scope="module")
def layer():
    """A layer of 64 channels, and its three maps in float64."""
    case = Case("plain")
    rng = np.random.default_rng(0)
    draw = lambda *shape: rng.standard_normal(shape, "float32")
    case.size, case.geometry, case.kernel_size = (16, 16), THREE, (3, 3)
    case.settings = dict(zip(case.settings, THREE[1:], strict=True))
    case.x, case.w = draw(4, 64, 16, 16), draw(64, 64, 3, 3)
    case.g = draw(4, 64, 16, 16)
    return case, case.by(conv, lambda a: a.astype(np.float64))


def test_precision(layer):
    case, exact = layer
    assert_close(case.by(conv), exact, 3e-6)
    with winograd.switched_off():
        assert_close(case.by(conv), exact, 2e-6)


def test_switched_off(layer):
    case, _ = layer
    chosen = lambda: (
        conv.output_algorithm(case.x, case.w, THREE),
        conv.weight_grad_algorithm(case.x, case.g, THREE),
    )
    assert chosen() == (winograd, winograd)
    with pytest.raises(ZeroDivisionError), winograd.switched_off():
        assert chosen() == (conv_mec, conv_im2col)
        raise ZeroDivisionError
    assert chosen() == (winograd, winograd)


@pytest.mark.parametrize(
    ("suits", "change"),
    [
        (True, {}),
        (True, {"padding": (0, 2)}),
        (False, {"kernel_size": (3, 1)}),
        (False, {"stride": (2, 1)}),
        (False, {"dilation": (1, 2)}),
        (False, {"groups": 2}),
    ],
)
def test_suits_geometry(suits, change):
    geometry = THREE._replace(**change)
    assert winograd.suits(geometry, 16, 16, (8, 8), np.float32) is suits


def test_suits_sizes():
    suits = lambda C, K, size, dtype: winograd.suits(THREE, C, K, size, dtype)
    assert suits(16, 16, (7, 7), np.float32)
    assert not suits(15, 64, (8, 8), np.float32)
    assert not suits(64, 15, (8, 8), np.float32)
    assert not suits(64, 64, (5, 5), np.float32)  # 39 % of its tiles
    assert not suits(64, 64, (8, 8), np.float64)
