"""Relations that need no reference: what must not change when the input does."""

import numpy as np
import pytest
from hypothesis import given

import tinygen as tg
from tinygen import functional as F
from tinygen.testing import adjoint_check, gradcheck
from tinygen.testing import strategies as some
from tinygen.testing.samples.conv import correlate, geometry_of

DRAWS = np.random.default_rng(11)


def drawn(*shape):
    return tg.tensor(DRAWS.uniform(-2, 2, shape), requires_grad=True)


def same(a, b, rtol=1e-12):
    a, b = (t.data if isinstance(t, tg.Tensor) else t for t in (a, b))
    return np.allclose(a, b, rtol=rtol, atol=1e-13)


@pytest.mark.parametrize("shift", [0.5, -300.0, 1e4])
def test_softmax_does_not_see_a_shift(shift):
    x = drawn(3, 5)
    assert same(F.softmax(x), F.softmax(x + shift), 1e-10)
    assert same(F.log_softmax(x), F.log_softmax(x + shift), 1e-10)
    (g,) = tg.grad(F.log_softmax(x), x, DRAWS.uniform(-1, 1, (3, 5)))
    assert same(g.sum(-1), np.zeros(3))


def test_logsumexp_shifts_with_its_input():
    x = drawn(3, 5)
    assert same(tg.logsumexp(x + 7.0, 1), tg.logsumexp(x, 1) + 7.0)


@pytest.mark.parametrize("scale", [3.0, 1e3])
def test_norms_do_not_see_scale_nor_shift(scale):
    x = drawn(4, 6, 3)
    for norm in (
        lambda t: F.layer_norm(t, 3, eps=1e-20),
        lambda t: F.group_norm(t, 2, eps=1e-20),
        lambda t: F.batch_norm(t, training=True, eps=1e-20),
    ):
        assert same(norm(x), norm(x * scale + 5.0), 1e-9)


def test_cross_entropy_under_a_permutation_of_classes():
    x, labels = drawn(7, 5), DRAWS.integers(0, 5, 7)
    order = DRAWS.permutation(5)
    renamed = np.argsort(order)[labels]
    assert same(F.cross_entropy(x, labels), F.cross_entropy(x[:, order], renamed))


@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss])
def test_a_mean_does_not_see_duplicates_and_splits(loss):
    x, t = drawn(4, 3), drawn(4, 3)
    once = loss(x, t)
    assert same(once, loss(tg.concatenate([x, x]), tg.concatenate([t, t])))
    halves = [loss(x[i : i + 2], t[i : i + 2]) for i in (0, 2)]
    assert same(once, 0.5 * (halves[0] + halves[1]))


def test_attention_without_positions_is_equivariant():
    query, key, value = drawn(2, 5, 3), drawn(2, 5, 3), drawn(2, 5, 4)
    order = DRAWS.permutation(5)
    whole = F.scaled_dot_product_attention(query, key, value)
    mixed = F.scaled_dot_product_attention(query[:, order], key, value)
    assert same(mixed, whole[:, order])
    mixed = F.scaled_dot_product_attention(query, key[:, order], value[:, order])
    assert same(mixed, whole)


def test_a_causal_mask_hides_the_future_bit_by_bit():
    query, key, value = drawn(5, 3), drawn(5, 3), drawn(5, 2)
    mask = np.tril(np.ones((5, 5), bool))
    before = F.scaled_dot_product_attention(query, key, value, mask)
    changed = key.data.copy()
    changed[3:] += 1.0
    after = F.scaled_dot_product_attention(query, tg.tensor(changed), value, mask)
    assert np.array_equal(before.data[:3], after.data[:3])
    assert not np.array_equal(before.data[3:], after.data[3:])


def test_circular_convolution_moves_with_its_input():
    x, w = drawn(1, 2, 6, 6), drawn(3, 2, 3, 3)

    def circular(t):
        rows = tg.concatenate([t[:, :, -1:], t, t[:, :, :1]], 2)
        return F.conv2d(tg.concatenate([rows[..., -1:], rows, rows[..., :1]], 3), w)

    moved = circular(tg.roll(x, (2, -1), (2, 3)))
    assert same(moved, tg.roll(circular(x), (2, -1), (2, 3)))


def test_unfold_and_product_is_convolution():
    x, w = drawn(2, 3, 5, 6), drawn(4, 3, 2, 3)
    columns = F.unfold(x, (2, 3), stride=(1, 2))
    y = tg.matmul(w.reshape(4, -1), columns)
    assert same(y.reshape(2, 4, 4, 2), F.conv2d(x, w, stride=(1, 2)))


def test_pixel_shuffle_is_undone():
    x = drawn(2, 8, 3, 5)
    assert same(F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2), x)


def test_divergence_of_equals_is_zero_and_else_positive():
    mean, log_variance = drawn(4, 3), drawn(4, 3)
    same_pair = F.kl_diagonal_gaussians(mean, log_variance, mean, log_variance)
    assert same(same_pair, np.zeros(4))
    other = F.kl_diagonal_gaussians(mean, log_variance, drawn(4, 3), drawn(4, 3))
    assert (other.data > 0).all()


# -- random settings -----------------------------------------------------------------


@given(some.conv_settings())
def test_convolutions_of_any_settings(settings):
    """Forward against the definition, and both gradients as exact adjoints."""
    x_shape, w_shape, how = settings
    x, w = drawn(*x_shape), drawn(*w_shape)
    expected = correlate(x.data, w.data, geometry_of(**how))
    assert same(F.conv2d(x, w, **how), expected)
    adjoint_check(lambda t: F.conv2d(t, w.data, **how), [x])
    adjoint_check(lambda t: F.conv2d(x.data, t, **how), [w])


@given(some.smooth_floats(avoid=(0.0,)))
def test_kinked_functions_away_from_their_kink(value):
    x = tg.tensor(np.array([value]), requires_grad=True)
    for f in (F.relu, F.elu, F.leaky_relu, tg.abs):
        gradcheck(f, [x], contract=False)
