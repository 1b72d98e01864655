"""The VQ-VAE's parts against k-means, closed forms and enumeration."""

import itertools

import numpy as np
import pytest

import tinygen as tg
from tinygen import nn
from tinygen.errors import ConfigError, DTypeError, IndexOutOfRange, ShapeError
from tinygen.models.vae.likelihood import Bernoulli
from tinygen.models.vq.codebook import (
    Codebook,
    commitment_loss,
    perplexity,
    straight_through,
)
from tinygen.models.vq.model import VQVAE
from tinygen.models.vq.prior import CodePrior


def codebook(size=4, width=3, decay=0.99, seed=0):
    book = Codebook(size, width, decay, rng=tg.rng(seed))
    for name in ("vectors", "sums", "counts"):  # exactness is claimed
        setattr(book, name, getattr(book, name).astype(np.float64))
    return book


def vectors(n=40, width=3, seed=1):
    return tg.rng(seed).standard_normal((n, width))


def test_the_nearest_vector_is_nearest():
    book, z = codebook(), vectors()
    distances = np.linalg.norm(z[:, None] - book.vectors, axis=2)
    assert np.array_equal(book.nearest(z), distances.argmin(1))
    grid = z.reshape(2, 4, 5, 3)
    assert np.array_equal(book.nearest(tg.tensor(grid)).ravel(), book.nearest(z))


# -- M23 -----------------------------------------------------------------------------


def test_the_gradient_passes_straight_through():
    z = tg.tensor(vectors(), requires_grad=True)
    book = codebook()
    quantised = book.look_up(book.nearest(z))
    weight = tg.tensor(vectors(seed=2))
    passed = straight_through(z, quantised)
    np.testing.assert_allclose(passed.detach().data, quantised.data, atol=1e-15)
    (gradient,) = tg.grad((passed * weight).sum(), [z])
    assert np.array_equal(gradient.data, weight.data)


def test_of_a_bent_decoder_too_the_gradients_are_the_same():
    """dL/dz at the encoder is dL/dq at the decoder, wherever the decoder is bent."""
    z = tg.tensor(vectors(), requires_grad=True)
    book = codebook()
    q = tg.tensor(book.look_up(book.nearest(z)).data, requires_grad=True)
    decoder = lambda v: (v * v * v + v).sum()
    (by_z,) = tg.grad(decoder(straight_through(z, q.detach())), [z])
    (by_q,) = tg.grad(decoder(q), [q])
    np.testing.assert_allclose(by_z.data, by_q.data, rtol=1e-14)


def test_the_commitment_gradient_is_that_of_a_spring():
    z = tg.tensor(vectors(), requires_grad=True)
    book = codebook()
    quantised = book.look_up(book.nearest(z))
    (gradient,) = tg.grad(0.25 * commitment_loss(z, quantised), [z])
    expected = 2 * 0.25 * (z.data - quantised.data) / z.size
    np.testing.assert_allclose(gradient.data, expected, atol=1e-12)


def test_without_memory_the_update_is_a_step_of_lloyds_algorithm():
    book, z = codebook(decay=0.0), vectors()
    book.vectors[3] = 100.0  # nobody's
    before = book.vectors.copy()
    codes = book.nearest(z)
    book.update(z, codes)
    for k in range(3):
        np.testing.assert_allclose(book.vectors[k], z[codes == k].mean(0), atol=1e-12)
    assert np.array_equal(book.vectors[3], before[3])


def test_the_update_is_a_mean_with_forgetting():
    book, decay = codebook(decay=0.9), 0.9
    counts, sums = np.ones(4), book.vectors.copy()
    for seed in range(5):
        z = vectors(seed=seed)
        codes = book.nearest(z)
        book.update(z, codes)
        for k in range(4):
            counts[k] = decay * counts[k] + 0.1 * (codes == k).sum()
            sums[k] = decay * sums[k] + 0.1 * z[codes == k].sum(0)
    np.testing.assert_allclose(book.vectors, sums / counts[:, None], atol=1e-12)


def fitted_to_clusters(least):
    """Error and perplexity of 8 clusters; all vectors begin far away."""
    rng = tg.rng(3)
    centres = 5 * rng.standard_normal((8, 3))
    book = codebook(16, decay=0.9)
    book.vectors[:] += 50.0
    for _ in range(60):
        z = centres[rng.integers(0, 8, 64)] + 0.1 * rng.standard_normal((64, 3))
        book.update(z, book.nearest(z))
        book.revive(z, least, rng=rng)
    codes = book.nearest(z)
    return ((book.vectors[codes] - z) ** 2).mean(), perplexity(codes, 16)


def test_vectors_that_nobody_chooses_are_put_where_they_are_needed():
    error, used = fitted_to_clusters(least=0.5)
    assert used > 7 and error < 1  # of a variance of 25
    error, used = fitted_to_clusters(least=0.0)
    assert used < 6 and error > 2


def test_nothing_is_revived_that_is_in_use():
    book, z = codebook(decay=0.0), vectors(400)
    book.update(z, book.nearest(z))
    before = book.vectors.copy()
    book.revive(z, 1.0, rng=tg.rng(0))
    assert np.array_equal(book.vectors, before)


def test_perplexity_counts_the_codes_in_use():
    assert perplexity(np.zeros(10, int), 8) == 1
    assert perplexity(np.arange(8), 8) == pytest.approx(8)
    assert perplexity(np.arange(16) % 4, 8) == pytest.approx(4)


# -- the prior: exact, and blind to what comes later ----------------------------------


def prior(size=3, length=4, **options):
    options = {"width": 8, "blocks": 2, "heads": 2, "dropout": 0.0, **options}
    return CodePrior(size, length, rng=tg.rng(4), **options)


def test_probabilities_of_all_grids_sum_to_one():
    every = np.array(list(itertools.product(range(3), repeat=4)))
    log_prob = prior().log_prob(every).detach().data.astype(np.float64)
    assert np.exp(log_prob).sum() == pytest.approx(1, abs=1e-6)  # float32


def test_no_code_sees_itself_or_a_later_one():
    model, codes = prior(length=5), np.array([[0, 1, 2, 1, 0]])
    logits = model(codes[:, :-1]).detach().data
    for place in range(4):
        changed = codes.copy()
        changed[0, place] = (changed[0, place] + 1) % 3
        other = model(changed[:, :-1]).detach().data
        same = logits[0, : place + 1], other[0, : place + 1]
        np.testing.assert_allclose(*same, atol=1e-6)
        assert abs(other[0, place + 1] - logits[0, place + 1]).max() > 1e-4


def test_samples_come_as_often_as_they_are_probable():
    model = prior(2, 3)
    model.eval()
    every = np.array(list(itertools.product(range(2), repeat=3)))
    with tg.no_grad():
        p = np.exp(model.log_prob(every).data)
        drawn = model.sample(4000, rng=tg.rng(5))
    seen = np.bincount(drawn @ [4, 2, 1], minlength=8) / 4000
    error = np.sqrt(p * (1 - p) / 4000)
    assert (abs(seen - p) < 5 * error + 1e-9).all()
    assert 2 * p.min() < p.max() < 0.6


def test_dropout_is_of_training_only():
    model, codes = prior(dropout=0.5), np.array([[0, 1, 2, 1]])
    log_prob = lambda: model.log_prob(codes).item()
    nn.set_rng(model, tg.rng(6))
    assert log_prob() != log_prob()
    model.eval()
    assert log_prob() == log_prob()


# -- the whole ------------------------------------------------------------------------


def whole():
    return VQVAE((1, 8, 12), Bernoulli(), 5, 3, 4, rng=tg.rng(7))


def test_shapes():
    model, x = whole(), tg.randn((2, 1, 8, 12), rng=tg.rng(8)).clip(-1, 1)
    codes = model.encode(x)
    assert codes.shape == (2, 2, 3) and codes.dtype.kind == "i"
    assert model.reconstruct(x).shape == x.shape
    assert model.interpolate(x, x, 3).shape == (3, 2, 1, 8, 12)


def test_every_network_learns_from_one_loss():
    model, x = whole(), tg.randn((2, 1, 8, 12), rng=tg.rng(9)).clip(-1, 1)
    loss, log_likelihood, z, codes = model.learn_step(x, 0.25)
    assert log_likelihood.shape == (2,) and z.shape == (12, 3)
    assert np.array_equal(model.codebook.nearest(z), codes.ravel())
    loss.backward()
    assert all(abs(p.grad.data).max() > 0 for p in model.parameters())


def test_bad_input():
    model = whole()
    with pytest.raises(ConfigError, match=r"8 x 10.*Fix:"):
        VQVAE((1, 8, 10), Bernoulli(), rng=tg.rng(0))
    with pytest.raises(ShapeError, match=r"vectors of 3 numbers.*Fix:"):
        model.codebook.nearest(np.zeros((2, 4), np.float32))
    with pytest.raises(IndexOutOfRange, match=r"code 5 at position 1 .*Fix:"):
        model.images(np.array([[[0, 5, 1], [0, 0, 0]]]))
    with pytest.raises(ShapeError, match=r"codes \(1, 3, 3\). Fix: \(N, 2, 3\)"):
        model.images(np.zeros((1, 3, 3), int))
    with pytest.raises(DTypeError, match=r"codes are float64.*Fix:"):
        model.images(np.zeros((1, 2, 3)))
    x = tg.zeros((2, 1, 8, 12))
    with pytest.raises(ShapeError, match=r"\(1, 8, 11\) for a model of \(1, 8, 12\)"):
        model.encode(x[..., :11])
    with pytest.raises(ShapeError, match=r"interpolate: from .*Fix:"):
        model.interpolate(x[:1], x, 3)
    with pytest.raises(ConfigError, match=r"steps=1.*Fix:"):
        model.interpolate(x, x, 1)
    with pytest.raises(ConfigError, match=r"decay=1.*Fix:"):
        Codebook(4, 3, 1.0, rng=tg.rng(0))
