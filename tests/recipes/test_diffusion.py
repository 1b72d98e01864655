"""What is particular to the diffusion recipes."""

import numpy as np
import pytest

import tinygen as tg
from tinygen.errors import ConfigError, DataError, ShapeError
from tinygen.models.diffusion.film import Film
from tinygen.recipes import RECIPES


def made(name, **options):
    kind = RECIPES[name]
    small = {"batch_size": 16, "sampling_steps": 3}
    if kind.kind == "images":
        small |= {"data": "digits", "widths": (8, 16), "patch": 1}
    return kind(kind.Config(**{**small, **options}))


def after(recipe, steps):
    for k in range(steps):
        losses = recipe.train_step(recipe.data.batch(k), k, recipe.streams(k))
    return losses["mse"].item()


@pytest.mark.parametrize("predict", ("noise", "x0", "v"))
@pytest.mark.parametrize("schedule", ("linear", "cosine"))
def test_every_kind_of_network_learns_the_plane(predict, schedule):
    """Its loss comes near that of the best denoiser there is."""
    options = {"predict": predict, "schedule": schedule, "lr": 3e-3, "hidden": 64}
    recipe = made("ddpm-plane", batch_size=256, ema=0.98, **options)
    before = recipe.measure()
    after(recipe, 300)
    found = recipe.measure()
    assert found["test excess"] < 0.3 * before["test excess"]
    assert found["test mse"] < before["test mse"]


def test_the_excess_of_the_best_denoiser_is_nothing(monkeypatch):
    recipe = made("ddpm-plane")
    best, schedule = recipe.ideal(), recipe.denoiser.schedule
    x0 = recipe.data.test().x / recipe.scale
    rng = lambda: np.random.default_rng(0)
    assert recipe.excess(x0, rng()).item() > 0.1

    def says(x, t, labels=None):
        found = best.guess(x, t)
        a, b = (
            s(t)[:, None].astype("float32") for s in (schedule.signal, schedule.noise)
        )
        return a * found.noise - b * found.x0

    monkeypatch.setattr(recipe.denoiser, "say", says)
    assert recipe.excess(x0, rng()).item() < 1e-9


def test_the_plane_is_scaled_to_unit_variance_and_back():
    recipe = made("ddpm-plane", data="ring")
    x = recipe.data.test().x.numpy()
    assert (x / recipe.scale).std(axis=0).max() == pytest.approx(1, abs=0.1)
    ideal = recipe.ideal()
    recipe.denoiser = ideal
    samples = recipe.draw(500, steps=100)
    np.testing.assert_allclose(samples.std(axis=0), x.std(axis=0), rtol=0.15)


def test_averaged_weights_draw_and_training_goes_on_with_its_own():
    recipe = made("ddpm-8x8")
    after(recipe, 4)
    own = {k: v.copy() for k, v in recipe.net.state_dict().items()}
    drawn = recipe.draw(2)
    assert all(np.array_equal(v, own[k]) for k, v in recipe.net.state_dict().items())
    with recipe.ema.applied():
        averages = {k: v.copy() for k, v in recipe.net.state_dict().items()}
    assert any(not np.array_equal(v, own[k]) for k, v in averages.items())
    recipe.net.load_state_dict(averages)
    recipe.ema = None
    np.testing.assert_array_equal(recipe.draw(2), drawn)


def test_samples_do_not_depend_on_how_many_are_drawn_at_a_time():
    recipe = made("ddpm-class")
    after(recipe, 2)
    asked = {"guidance": 0.5, "eta": 0.0}  # nothing is drawn on the way
    together = recipe.draw(6, **asked)
    recipe.batch = 4
    np.testing.assert_allclose(recipe.draw(6, **asked), together, atol=2e-5)


def test_classes_are_drawn_in_turn_and_guidance_0_is_the_model_itself():
    recipe = made("ddpm-class")
    after(recipe, 3)
    turns = recipe.draw(12, guidance=0.0)
    for n in (0, 1, 11):
        one = recipe.draw(12, guidance=0.0, label=n % 10)
        np.testing.assert_allclose(one[n], turns[n], atol=1e-5)
    asked = recipe.guided(0.0).guess(tg.zeros((2, 1, 8, 8)), 50, tg.tensor([3, 4]))
    plain = recipe.denoiser.guess(tg.zeros((2, 1, 8, 8)), 50, tg.tensor([3, 4]))
    np.testing.assert_array_equal(asked.noise.data, plain.noise.data)
    assert recipe.guided(None).w == recipe.config.guidance


def test_some_labels_are_left_out_in_training():
    recipe = made("ddpm-class", batch_size=512, drop=0.25)
    batch = recipe.data.batch(0)
    seen = recipe.labels(batch, np.random.default_rng(0)).numpy()
    dropped = seen == 10
    assert 0.15 < dropped.mean() < 0.35
    np.testing.assert_array_equal(seen[~dropped], batch.labels.numpy()[~dropped])


def test_a_film_is_of_the_samples_that_are_drawn():
    recipe = made("ddpm-8x8")
    film, samples = recipe.filmed(3, steps=5)
    np.testing.assert_array_equal(samples, recipe.draw(3, steps=5))
    assert film.times == [1000, 800, 600, 400, 200] and isinstance(film, Film)
    with pytest.raises(ConfigError, match="without guidance"):
        recipe.filmed(3, guidance=1.0)


def test_edits_keep_what_is_outside_the_mask_and_repeat_themselves():
    recipe, mask = made("ddpm-class"), np.zeros((8, 8), bool)
    image = recipe.data.test().x.numpy()[0]
    mask[:, :3] = True
    found = recipe.edit(3, image, mask, repeats=2, label=4, seed=5)
    np.testing.assert_array_equal(found[:, :, :, 3:], np.stack([image[:, :, 3:]] * 3))
    again = recipe.edit(3, image, mask, repeats=2, label=4, seed=5)
    np.testing.assert_array_equal(found, again)
    assert not np.array_equal(found, recipe.edit(3, image, mask, repeats=2, label=4))
    assert recipe.edit(2, image).shape == (2, 1, 8, 8)
    assert all(parameter.requires_grad for parameter in recipe.net.parameters())


def test_edits_that_cannot_be_are_refused():
    recipe = made("ddpm-class")
    image = recipe.data.test().x.numpy()[0]
    for label in (10, -1, "7", 7.0, [1, 2]):
        with pytest.raises(ConfigError, match=r"class .* of digits. Fix: one of 0..9"):
            recipe.edit(1, image, label=label)
    with pytest.raises(ConfigError, match=r"0 edits. Fix: n=1"):
        recipe.edit(0, image)
    with pytest.raises(ConfigError, match=r"guidance nan. Fix: "):
        recipe.edit(1, image, guidance=float("nan"))
    with pytest.raises(ShapeError, match=r"image \(8, 8\).*\(1, 8, 8\). Fix: "):
        recipe.edit(1, image[0])
    with pytest.raises(DataError, match=r"no numbers. Fix: "):
        recipe.edit(1, image * np.nan)


def test_the_default_number_of_steps_is_that_of_the_sampler():
    recipe = made("ddpm-8x8", timesteps=60)
    assert recipe.sampler().steps == 3 and recipe.sampler().clip
    assert recipe.sampler("ancestral").steps == 60
    assert (recipe.sampler().eta, recipe.sampler("ancestral").eta) == (1.0, 0.0)
    assert recipe.sampler("ancestral", 7, variance="large").variance == "large"
    assert not made("ddpm-plane").sampler().clip


def test_the_bound_falls_in_training():
    recipe = made("ddpm-8x8", batch_size=64)
    before = recipe.measure()["test bits/dim"]
    after(recipe, 60)
    assert 0 < recipe.measure()["test bits/dim"] < before - 0.2
