"""The parts that the convolution kernels share: layout, blocks, borders, scratch."""

import numpy as np
import pytest

from tinygen.kernels import workspace
from tinygen.kernels.conv_layout import (
    arranged,
    frame,
    inside,
    nchw,
    nhwc,
    row_blocks,
    small_rows,
)


def numbered(*shape):
    return np.arange(1.0, 1 + np.prod(shape)).reshape(shape)


def test_nhwc_copies_once():
    x = numbered(2, 3, 4, 5)
    inner = nhwc(x)
    assert inner.shape == (2, 4, 5, 3) and inner.flags.c_contiguous
    assert np.array_equal(nchw(inner), x)
    assert np.shares_memory(nhwc(nchw(inner)), inner)


@pytest.mark.parametrize("filters", [1, 16, 17, 40])
@pytest.mark.parametrize("axes", [(2, 3, 1, 0), (3, 2, 0, 1), (0, 2, 3, 1)])
def test_arranged(filters, axes):
    w = numbered(filters, 3, 2, 5)[:, ::-1]
    result = arranged(w, *axes)
    assert result.flags.c_contiguous
    assert np.array_equal(result, w.transpose(axes))


@pytest.mark.parametrize("images", [0, 1, 5])
@pytest.mark.parametrize("rows", [1, 7, 12])
@pytest.mark.parametrize("most", [0, 1, 5, 7, 13, 24, 1000])
def test_row_blocks_cover_every_row_once(images, rows, most):
    seen = np.zeros((images, rows), int)
    for block in row_blocks(images, rows, most):
        assert 0 < seen[block].size <= max(1, most)
        assert block[1] == slice(0, rows) or seen[block].shape[0] == 1
        seen[block] += 1
    assert np.all(seen == 1)


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("origin", range(-9, 9))
def test_inside(origin, step):
    count, size = 4, 5
    within = [i for i in range(count) if 0 <= origin + i * step < size]
    lo, hi = inside(origin, step, count, size)
    assert list(range(lo, hi)) == within and 0 <= lo <= hi <= count


@pytest.mark.parametrize("left", [-9, -2, 0, 3, 9])
@pytest.mark.parametrize("top", [-9, -1, 0, 2, 9])
def test_frame(top, left):
    x = numbered(2, 4, 5, 3)
    out = frame(x, (top, left), np.full((2, 6, 7, 3), np.nan))
    padded = np.pad(x, ((0, 0), (20, 20), (20, 20), (0, 0)))
    assert np.array_equal(out, padded[:, 20 + top :, 20 + left :][:, :6, :7])


def test_small_rows():
    assert small_rows(1000, 10_000, 14) == 100  # the largest below 1e6 / 1e4
    assert small_rows(63, 32768, 14) == 21  # of 3 7 21, at most 30
    assert small_rows(64, 1_000_000, 14) == 64  # none is small: all at once
    assert small_rows(61, 32768, 14) == 61  # a prime
    assert small_rows(0, 1_000_000, 14) == 1


def test_scratch_is_reused_and_bounded():
    first = workspace.scratch("test", (3, 5), np.float64)
    first[...] = 7
    assert np.shares_memory(first, workspace.scratch("test", (4,), np.float32))
    assert not np.shares_memory(first, workspace.scratch("other", (4,), np.float32))
    large = workspace.scratch("test", (workspace.KEPT_BYTES + 1,), np.uint8)
    assert not np.shares_memory(first, large)
    kept = workspace._buffers.by_purpose
    assert max(buffer.nbytes for buffer in kept.values()) <= workspace.KEPT_BYTES
    del kept["test"]
