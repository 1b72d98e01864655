"""The fast convolutions against their definition, each other and PyTorch."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conv_samples import SAMPLES, Case, assert_close, expected, frozen

from tinygen.kernels import (
    conv,
    conv_im2col,
    conv_layout,
    conv_mec,
    conv_pointwise,
    conv_reference,
    winograd,
    workspace,
)
from tinygen.kernels.select import PAIRS, use

TOLERANCE = {np.float32: 4e-6, np.float64: 1e-12}
DTYPES = list(TOLERANCE)
every_sample = pytest.mark.parametrize("name", SAMPLES)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)

LAYOUTS = {
    "as given": lambda a: a,
    "channels last": lambda a: conv_layout.nchw(conv_layout.nhwc(a)),
    "fortran": np.asfortranarray,
    "strided": lambda a: np.repeat(np.repeat(a, 2, 1), 3, 3)[:, ::2, :, ::3],
    "backwards": lambda a: a[::-1, :, ::-1].copy()[::-1, :, ::-1],
}


# ------------------------------------------------------------ equal to the definition


@every_dtype
@pytest.mark.parametrize("layout", LAYOUTS)
@every_sample
def test_equals_reference(name, layout, dtype):
    results = Case(name, dtype).by(conv, LAYOUTS[layout])
    assert all(a.dtype == dtype for a in results)
    assert_close(results, expected(name), TOLERANCE[dtype])


@every_dtype
@every_sample
def test_every_algorithm_equals_reference(name, dtype):
    case = Case(name, dtype)
    for algorithm in case.algorithms():
        results = case.by_algorithm(algorithm)
        assert all(a.dtype == dtype for a in results)
        assert_close(results, expected(name), TOLERANCE[dtype])


@pytest.mark.parametrize("block", [1, 100, 1000])
@every_sample
def test_blocks_of_any_size(name, block, monkeypatch):
    """Images cut anywhere give the same: the block sizes are about speed alone."""
    case = Case(name, np.float32)
    for module in (conv_im2col, conv_mec):
        monkeypatch.setattr(module, "BLOCK", block)
        monkeypatch.setattr(module, "LARGE_ROWS", 1 + block // 100)
    monkeypatch.setattr(conv_mec, "FEWEST_ROWS", 2)
    monkeypatch.setattr(conv_mec, "ENOUGH_ROWS", 3)
    monkeypatch.setattr(conv_layout, "SMALL_PRODUCT", 10 * block)
    monkeypatch.setattr(conv_mec, "SMALL_PRODUCT", 10 * block)
    monkeypatch.setattr(winograd, "BLOCK", 100 * block)
    for algorithm in case.algorithms():
        assert_close(case.by_algorithm(algorithm), expected(name), 4e-6)


def test_mixed_dtypes_give_the_larger():
    case, single = Case("plain"), Case("plain", np.float32)
    y = conv.conv2d(single.x, case.w, **case.settings)
    assert y.dtype == np.float64
    assert_close([y], expected("plain")[:1], 1e-12)


def test_pairs_are_declared():
    for name in ("conv2d", "conv2d_input_grad", "conv2d_weight_grad"):
        assert PAIRS[name][0] is getattr(conv_reference, name)
    case = Case("plain", np.float32)
    with use("reference"):
        results = case.by(conv)
    for result, exact in zip(results, case.by(conv_reference), strict=True):
        assert np.array_equal(result, exact)


# ------------------------------------------------------------ each other's adjoint


@every_sample
def test_adjoint(name):
    """<y, conv2d(x, w)> is one number, whichever slot is filled last."""
    case = Case(name)
    y, gx, gw = case.by(conv)
    numbers = [np.vdot(case.g, y), np.vdot(case.x, gx), np.vdot(case.w, gw)]
    scale = np.linalg.norm(case.g) * np.linalg.norm(y)
    assert np.ptp(numbers) <= 1e-12 * scale


# ------------------------------------------------------------ the rule


def rule(name, dtype=np.float32):
    """The algorithms chosen for y, gx and gw of a sample."""
    case = Case(name, dtype)
    return (
        conv.output_algorithm(case.x, case.w, case.geometry),
        conv.input_grad_algorithm(case.g, case.w, case.size, case.geometry),
        conv.weight_grad_algorithm(case.x, case.g, case.geometry),
    )


RULE = {
    "groups": (conv_im2col, conv_im2col, conv_im2col),
    "dilation": (conv_im2col, conv_im2col, conv_im2col),
    "1x1, strides": (conv_pointwise, conv_pointwise, conv_pointwise),
    "1x1, padding": (conv_mec, conv_mec, conv_im2col),
    "3x3, whole tiles": (winograd, winograd, winograd),
    "3x3, cut tiles": (winograd, winograd, winograd),
    "one channel": (conv_mec, conv_im2col, conv_mec),
    "two channels": (conv_mec, conv_im2col, conv_mec),
    "plain": (conv_mec, conv_mec, conv_im2col),
    "large filters": (conv_mec, conv_mec, conv_im2col),
}


@pytest.mark.parametrize("name", RULE)
def test_rule(name):
    assert rule(name) == RULE[name]


def test_float64_is_direct():
    assert rule("3x3, whole tiles", np.float64) == (conv_mec, conv_mec, conv_im2col)


# ------------------------------------------------------------ memory


@every_sample
def test_results_are_new_and_stay(name):
    """No result shares memory with an argument, with scratch or with a later result."""
    case, other = Case(name, np.float32), Case(name, np.float32)
    other.x, other.w, other.g = (frozen(-2 * a) for a in (case.x, case.w, case.g))
    results = case.by(conv)
    before = [a.copy() for a in results]
    again = other.by(conv)
    arguments = (case.x, case.w, case.g)
    scratch = tuple(workspace._buffers.by_purpose.values())
    for result, copy in zip(results, before, strict=True):
        assert np.array_equal(result, copy)
        assert not any(
            np.shares_memory(result, a) for a in (*arguments, *scratch, *again)
        )


@every_sample
def test_images_are_channels_last_in_memory(name):
    y, gx, _ = Case(name, np.float32).by(conv)
    for image in (y, gx):
        assert image.transpose(0, 2, 3, 1).flags.c_contiguous
        assert image.flags.writeable


def test_threads_do_not_share_scratch():
    names = ["plain", "3x3, whole tiles", "groups", "one channel"] * 8
    with ThreadPoolExecutor(4) as pool:
        results = pool.map(lambda name: Case(name, np.float32).by(conv), names)
    for name, result in zip(names, results, strict=True):
        assert_close(result, expected(name), 4e-6)


# ------------------------------------------------------------ PyTorch


@every_sample
def test_equals_torch(name):
    torch = pytest.importorskip("torch")
    case = Case(name)
    x, w, g = (torch.tensor(a) for a in (case.x, case.w, case.g))
    *slide, groups = case.settings.values()
    theirs = torch.nn.functional.conv2d(x, w, None, *slide, groups)
    backward = torch.ops.aten.convolution_backward
    nothing = [0, 0]
    gx, gw, _ = backward(
        g, x, w, None, *slide, False, nothing, groups, [True, True, False]
    )
    theirs = [a.numpy() for a in (theirs, gx, gw)]
    assert_close(case.by(conv), theirs, 1e-12)


@pytest.mark.parametrize("output_padding", [(0, 0), (1, 0), (1, 2)])
@pytest.mark.parametrize("groups", [1, 2])
def test_input_grad_is_conv_transpose2d(output_padding, groups):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 4, 5, 3)), rng.standard_normal((4, 3, 4, 3))
    stride, padding = (2, 3), (1, 2)
    theirs = torch.nn.functional.conv_transpose2d(
        torch.tensor(x),
        torch.tensor(w),
        None,
        stride,
        padding,
        output_padding,
        groups,
    )
    ours = conv.conv2d_input_grad(
        x,
        w,
        input_size=tuple(theirs.shape[2:]),
        stride=stride,
        padding=padding,
        dilation=(1, 1),
        groups=groups,
    )
    assert_close([ours], [theirs.numpy()], 1e-12)
