"""Images, filters and settings that do not fit: the error says which would."""

import re

import numpy as np
import pytest

import tinygen as tg
from tinygen import functional as F
from tinygen import nn
from tinygen.errors import ConfigError, ShapeError
from tinygen.models import dcgan


def ones(*shape):
    return tg.ones(shape)


def rng():
    return np.random.default_rng(0)


def refusal(call) -> str:
    """The message of the error that a call must raise."""
    with pytest.raises((ShapeError, ConfigError)) as caught:
        call()
    text = str(caught.value)
    assert text.count("Fix: ") == 1
    return text


# -- each call and the remedy it names -----------------------------------------------

CALLS = {
    "channels differ": (
        lambda: F.conv2d(ones(2, 1, 8, 8), ones(4, 3, 3, 3)),
        r"conv2d: expects 3 channels .* got 1 in \(2, 1, 8, 8\).*made for 1$",
    ),
    "channels differ, transposed": (
        lambda: F.conv_transpose2d(ones(2, 5, 8, 8), ones(3, 2, 3, 3)),
        r"conv_transpose2d: expects 3 channels .* got 5 in \(2, 5, 8, 8\)",
    ),
    "channels last": (
        lambda: F.conv2d(ones(2, 28, 28, 3), ones(4, 3, 3, 3)),
        r"x\.transpose\(0, 3, 1, 2\)",
    ),
    "channels last, transposed": (
        lambda: F.conv_transpose2d(ones(2, 8, 8, 3), ones(3, 2, 3, 3)),
        r"x\.transpose\(0, 3, 1, 2\)",
    ),
    "channels last in one dimension": (
        lambda: F.conv1d(ones(2, 9, 3), ones(4, 3, 2)),
        r"conv1d: .*x\.transpose\(0, 2, 1\)",
    ),
    "channels last in batch norm": (
        lambda: nn.BatchNorm2d(3)(ones(2, 8, 8, 3)),
        r"batch_norm: x \(2, 8, 8, 3\).*x\.transpose\(0, 3, 1, 2\)",
    ),
    "channels last in group norm": (
        lambda: nn.GroupNorm(4, 12)(ones(2, 8, 8, 12)),
        r"group_norm: x \(2, 8, 8, 12\).*x\.transpose\(0, 3, 1, 2\)",
    ),
    "one image alone": (
        lambda: F.conv2d(ones(3, 8, 8), ones(4, 3, 3, 3)),
        r"x \(3, 8, 8\).*Fix: x \(N, C, H, W\)",
    ),
    "filter too large": (
        lambda: F.conv2d(ones(1, 3, 5, 2), ones(4, 3, 3, 6), padding=1),
        r"filter \(3, 6\).*images \(5, 2\) padded by \(1, 1\).*"
        r"images of at least \(1, 4\), padding of at least \(1, 2\), "
        r"or a filter of at most \(7, 4\)$",
    ),
    "dilated filter too large": (
        lambda: F.conv2d(ones(1, 1, 6, 6), ones(1, 1, 3, 3), dilation=3),
        r"images of at least \(7, 7\), padding of at least \(1, 1\), "
        r"or a filter of at most \(2, 2\)$",
    ),
    "filter too large in one dimension": (
        lambda: F.conv1d(ones(1, 3, 4), ones(2, 3, 9)),
        r"padding of at least \(3,\)",
    ),
    "window too large": (
        lambda: F.max_pool2d(ones(1, 1, 2, 5), 3),
        r"window \(3, 3\).*images \(2, 5\).*images of at least \(3, 3\)",
    ),
    "patch too large": (
        lambda: F.unfold(ones(1, 1, 2, 5), 3),
        r"unfold: window \(3, 3\).*padding of at least \(1, 0\)",
    ),
    "more padding than filter": (
        lambda: F.conv_transpose2d(ones(1, 1, 2, 2), ones(1, 1, 3, 3), padding=3),
        r"\(1, 1, 2, 2\).*gives size \(-2, -2\).*padding of at most \(1, 1\)$",
    ),
    "batch of one": (
        lambda: nn.BatchNorm1d(4)(ones(1, 4)),
        r"1 value per channel \(x \(1, 4\)\).*a batch of 2 or more",
    ),
    "batch of one with one pixel": (
        lambda: nn.ConditionalBatchNorm2d(4, 10)(ones(1, 4, 1, 1), tg.tensor([3])),
        r"1 value per channel \(x \(1, 4, 1, 1\)\)",
    ),
    "one pixel in instance norm": (
        lambda: nn.InstanceNorm2d(4)(ones(9, 4, 1, 1)),
        r"instance_norm: .*1 value per channel \(x \(9, 4, 1, 1\)\)",
    ),
    "groups of one value": (
        lambda: F.group_norm(ones(9, 4, 1, 1), 4),
        r"1 value per group \(x \(9, 4, 1, 1\), 4 groups\)",
    ),
    "groups that do not divide": (
        lambda: F.conv2d(ones(1, 6, 8, 8), ones(9, 2, 3, 3), groups=5),
        r"groups=5 does not divide 6 channels and 9 filters. Fix: one of \[1, 3\]$",
    ),
    "groups that do not divide the filters": (
        lambda: F.conv2d(ones(1, 6, 8, 8), ones(5, 2, 3, 3), groups=3),
        r"groups=3 does not divide 6 channels and 5 filters. Fix: one of \[1\]$",
    ),
    "groups that do not divide in a layer": (
        lambda: nn.ConvTranspose2d(6, 4, 3, groups=4, rng=rng()),
        r"groups=4 does not divide 6 and 4",
    ),
    "groups that do not divide in a norm": (
        lambda: nn.GroupNorm(8, 12)(ones(1, 12, 3, 3)),
        r"8 groups of 12 channels. Fix: one of \[1, 2, 3, 4, 6, 12\]$",
    ),
    "channels that do not shuffle": (
        lambda: nn.PixelShuffle(2)(ones(1, 10, 3, 3)),
        r"10 channels of x \(1, 10, 3, 3\) for factor 2. Fix: 8 or 12 channels",
    ),
    "pixels that do not shuffle": (
        lambda: nn.PixelUnshuffle(4)(ones(1, 1, 28, 30)),
        r"images \(28, 30\).*Fix: \(28, 32\), as by tinygen.pad\(x, .*\(0, 2\)\)\)$",
    ),
    "columns that do not fold": (
        lambda: nn.Fold((8, 8), 2, stride=2)(ones(1, 12, 9)),
        r"columns \(1, 12, 9\); images \(8, 8\) have 16 patches of 4 pixels.*"
        r"\(N, C\*4, 16\)$",
    ),
    "nothing left of a small image": (
        lambda: F.interpolate(ones(1, 1, 3, 5), scale_factor=0.25),
        r"scale_factor=0.25 of images \(3, 5\) gives size \(0, 1\).*at least 0.3333",
    ),
    "a fractional stride": (
        lambda: nn.Conv2d(3, 4, 3, 0.5, rng=rng())(ones(1, 3, 8, 8)),
        r"stride=0.5. Fix: an integer >= 1",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_refused_with_the_remedy(name):
    call, words = CALLS[name]
    text = refusal(call)
    assert re.search(words, text), text


# -- the remedies help ---------------------------------------------------------------


def two_sizes(text, name):
    """The pair of numbers after a name in a message."""
    return tuple(map(int, re.search(rf"{name} \((-?\d+), (-?\d+)\)", text).groups()))


@pytest.mark.parametrize("padding", [0, 1, (0, 3)])
@pytest.mark.parametrize("dilation", [1, 2, (3, 1)])
@pytest.mark.parametrize("size", [(1, 1), (2, 7), (5, 3)])
def test_every_size_that_a_large_filter_asks_for_is_the_least_that_fits(
    size, dilation, padding
):
    """As named it fits; one less along an axis that did not fit is refused again."""
    taps = (9, 11)
    how = {"dilation": dilation, "padding": padding}
    run = lambda size, taps, **more: F.conv2d(
        ones(1, 1, *size), ones(1, 1, *taps), **{**how, **more}
    )
    text = refusal(lambda: run(size, taps))
    images = two_sizes(text, "images of at least")
    border = two_sizes(text, "padding of at least")
    most = two_sizes(text, "filter of at most")
    assert run(images, taps).shape[2:] == (1, 1)
    assert min(run(size, taps, padding=border).shape) >= 1
    assert min(run(size, most).shape) >= 1
    for axis in (0, 1):
        less, more = np.eye(2, dtype=int)[axis], most[axis] + 1
        if images[axis] > 1:
            refusal(lambda less=less: run(tuple(images - less), taps))
        wider = (more, most[1]) if axis == 0 else (most[0], more)
        refusal(lambda wider=wider: run(size, wider))
        if border[axis] > np.broadcast_to(padding, 2)[axis]:
            narrow = tuple(int(b) for b in border - less)
            refusal(lambda narrow=narrow: run(size, taps, padding=narrow))


def test_the_padding_that_a_transposed_convolution_allows_is_the_most():
    x, w = ones(1, 1, 2, 5), ones(1, 1, 4, 3)
    call = lambda padding: F.conv_transpose2d(x, w, stride=2, padding=padding)
    most = two_sizes(refusal(lambda: call(7)), "padding of at most")
    assert call(most).shape[2:] == (2, 1)
    for axis in (0, 1):
        more = tuple(int(p) for p in most + np.eye(2, dtype=int)[axis])
        refusal(lambda more=more: call(more))


@pytest.mark.parametrize("groups", range(1, 13))
def test_the_groups_that_are_named_work(groups):
    x = lambda: ones(1, 12, 3, 3)
    layer = lambda n: nn.Conv2d(12, 8, 3, groups=n, rng=rng())(x())
    norm = lambda n: F.group_norm(x(), n)
    for call, allowed in ((layer, (1, 2, 4)), (norm, (1, 2, 3, 4, 6, 12))):
        if groups in allowed:
            assert call(groups).shape[0] == 1
        else:
            refusal(lambda call=call: call(groups))


# -- odd sizes through nets of stride 2 ----------------------------------------------


def test_an_odd_size_that_stride_2_halves_comes_back_by_output_padding():
    down = nn.Conv2d(1, 1, 3, 2, 1, rng=rng())
    for size in (7, 8):
        low = down(ones(1, 1, size, size))
        assert low.shape[2:] == (4, 4)
        up = nn.ConvTranspose2d(1, 1, 3, 2, 1, size % 2 == 0, rng=rng())
        assert up(low).shape[2:] == (size, size)


def test_a_short_cut_of_an_odd_size_names_the_axis_and_output_padding():
    """What a U-Net of stride 2 does to images of 9 x 8."""
    x = ones(2, 3, 9, 8)
    low = nn.Conv2d(3, 3, 4, 2, 1, rng=rng())(x)
    up = nn.ConvTranspose2d(3, 3, 4, 2, 1, rng=rng())(low)
    text = refusal(lambda: tg.concatenate([up, x], 1))
    assert re.search("axis 2 is 8 in array 0 and 9 in array 1", text)
    assert re.search("crop to 8 or pad to 9.*output_padding=1", text)


def test_a_discriminator_says_for_how_many_features_its_head_was_made():
    D = dcgan.Discriminator((1, 28, 28), rng=rng())
    text = refusal(lambda: D(ones(2, 1, 33, 33)))
    assert "expects last axis 1152, got 2048 in (2, 2048)" in text


@pytest.mark.parametrize("size", [25, 27, 50, 3])
def test_a_generator_refuses_sizes_that_doubling_cannot_reach(size):
    text = refusal(lambda: dcgan.Generator(8, (1, size, size), rng=rng()))
    assert f"images of {size} x {size} cannot be reached by doubling" in text
