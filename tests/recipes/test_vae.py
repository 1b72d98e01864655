"""Recipes of VAEs: what they see, what they refuse, what they learn and draw."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import tinygen as tg
from tinygen.errors import ConfigError, NonFiniteError
from tinygen.metrics.digit_classifier import classifier
from tinygen.recipes.trained import trained as trained_run
from tinygen.recipes.vae import BetaVAE, ConditionalVAE, ConvVAE, DenseVAE
from tinygen.recipes.vqvae import VQVAERecipe
from tinygen.train.loop import train

ALL = DenseVAE, ConvVAE, BetaVAE, ConditionalVAE, VQVAERecipe


def made(kind, **options):
    return kind(kind.Config(**options))


def trained(kind, steps, **options):
    recipe = made(kind, **options)
    for k in range(steps):
        recipe.train_step(recipe.data.batch(k), k, recipe.streams(k))
    return recipe


def seen(recipe, step):
    rng = lambda stream: tg.rng(0, stream, step)
    return recipe.seen(recipe.data.batch(step), step, rng).data


def test_pixels_are_drawn_anew_or_once_or_left_grey():
    epoch = 4000 // 64
    drawn, fixed, grey = (made(DenseVAE, pixels=p) for p in ("drawn", "fixed", "grey"))
    for recipe in (drawn, fixed):
        assert set(np.unique(seen(recipe, 0))) == {-1, 1}
    assert np.array_equal(seen(grey, 0), grey.data.batch(0).x.data)
    order = [recipe.data.loader.order for recipe in (drawn, fixed)]
    place = int(np.flatnonzero(order[1](1)[: epoch * 64] == order[1](0)[0])[0])
    later = epoch + place // 64
    again = {r: seen(r, later)[place % 64] for r in (drawn, fixed)}
    assert np.array_equal(again[fixed], seen(fixed, 0)[0])  # the same image
    assert not np.array_equal(again[drawn], seen(drawn, 0)[0])


def test_a_fixed_image_is_that_image_in_black_and_white():
    recipe = made(DenseVAE, pixels="fixed")
    grey, found = recipe.data.batch(3).x.data, seen(recipe, 3)
    assert (found[grey == -1] == -1).all() and (found[grey == 1] == 1).all()


def test_the_held_out_images_are_the_same_for_every_seed():
    first, other = (made(DenseVAE, seed=s) for s in (0, 1))
    x = [r.held_out(r.data.test()).data for r in (first, other)]
    assert np.array_equal(*x) and set(np.unique(x[0])) == {-1, 1}
    gaussian = made(DenseVAE, likelihood="gaussian")
    test = gaussian.data.test()
    assert np.array_equal(gaussian.held_out(test).data, test.x.data)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"importance": 5, "beta": 2.0}, "importance=5 with beta=2"),
        ({"importance": 5, "free_bits": 0.1}, "no divergence to weigh"),
        ({"likelihood": "gaussian", "pixels": "fixed"}, "gaussian is of grey ones"),
    ],
)
def test_options_that_do_not_go_together(options, words):
    with pytest.raises(ConfigError, match=rf"{words}.*Fix:"):
        made(DenseVAE, **options)


def test_a_warm_up_begins_without_the_divergence():
    """At step 0 of many the loss is nearly -log p(x|z) alone: KL grows at first."""
    early = trained(DenseVAE, 100, data="digits", warmup=10**6)
    plain = trained(DenseVAE, 100, data="digits")
    assert early.measure()["test KL"] > 2 * plain.measure()["test KL"]


def test_a_warm_up_moves_the_weight_of_the_divergence():
    up = made(DenseVAE, data="digits", warmup=100, beta=2.0)
    down = made(DenseVAE, data="digits", warmup=100, beta_start=6.0)
    plain = made(DenseVAE, data="digits", beta=3.0)
    for recipe, first, middle, last in ((up, 0.02, 1, 2), (down, 5.95, 3.5, 1)):
        found = [recipe.beta(step) for step in (0, 49, 99, 5000)]
        assert found == pytest.approx([first, middle, last, last])
    assert plain.beta(0) == plain.beta(9) == 3


def test_every_option_trains():
    for options in (
        {"importance": 3},
        {"free_bits": 0.2},
        {"likelihood": "gaussian"},
        {"likelihood": "gaussian", "std": 0.3},
        {"activation": "leaky-relu", "hidden": (128,), "latent": 2},
        {"pixels": "grey", "ema": 0.0, "shift": 1},
    ):
        recipe = trained(DenseVAE, 2, data="digits", **options)
        assert all(np.isfinite(list(recipe.measure().values())))


@pytest.mark.parametrize("kind", ALL)
def test_every_picture_is_drawn(kind):
    two = {"latent": 2} if hasattr(kind.Config, "latent") else {}
    recipe = made(kind, **two)
    pictures = recipe.pictures()
    assert {"reconstructions", "interpolations"} <= set(pictures)
    assert ("plane" in pictures) == (bool(two) and not recipe.conditional)
    for draw in pictures.values():
        figure = Figure()
        draw(figure)
        assert any(part.get_axes() for part in (figure, *figure.subfigs))


def ignorant(recipe):
    """Nats of held-out images if pixels were independent, as bright as on average."""
    train = recipe.data.train.images.mean(0) / 255
    p = np.clip(train, 1e-3, 1 - 1e-3)
    white = recipe.held_out(recipe.data.test()).data > 0
    return -np.where(white, np.log(p), np.log(1 - p)).sum((1, 2, 3)).mean()


def test_a_short_training_raises_the_bound_far_above_that_of_ignorance():
    recipe = trained(DenseVAE, 400, data="digits")
    found = recipe.measure()
    assert found["test nats"] < ignorant(recipe) - 1.5
    assert found["test nats, K=20"] < found["test nats"]
    assert 1 < found["test KL"] < 15


def test_codes_stand_still_when_they_have_been_learnt():
    recipe = made(VQVAERecipe, learn=1, batch_size=8)
    state = lambda: recipe.model.state_dict()
    recipe.train_step(recipe.data.batch(0), 0, recipe.streams(0))
    before = state()
    losses = recipe.train_step(recipe.data.batch(1), 1, recipe.streams(1))
    assert set(losses) == {"prior nats"}
    assert all(np.array_equal(x, before[name]) for name, x in state().items())


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_is_not_finite_is_told_and_loses_nothing(tmp_path):
    recipe = made(DenseVAE, data="digits", lr=1e4, steps=50, sample_every=50)
    with pytest.raises(NonFiniteError, match=r"step \d: .*Fix: a smaller step size"):
        train(recipe, tmp_path, progress=False)
    found = trained_run(tmp_path)
    assert np.isfinite(found.draw(2)).all()


@pytest.mark.slow
def test_the_class_that_is_asked_for_is_drawn():
    recipe = trained(ConditionalVAE, 3000, warmup=1500)
    asked = np.arange(500) % 10
    recognised = classifier().probabilities(recipe.draw(500)).argmax(1)
    assert (recognised == asked).mean() > 0.85
    sevens = classifier().probabilities(recipe.draw(100, label=7)).argmax(1)
    assert (sevens == 7).mean() > 0.9


@pytest.mark.slow
def test_the_vq_vae_uses_its_codes_and_knows_their_order():
    recipe = trained(VQVAERecipe, 600, learn=400)
    found = recipe.measure()
    assert found["perplexity"] > 15
    assert found["test nats"] - found["given codes"] < 0.9 * 49 * np.log(32)
