"""What holds for every recipe: it learns, it draws, it repeats itself."""

import numpy as np
import pytest

from tinygen.errors import ConfigError
from tinygen.recipes import RECIPES

SMALL = {"batch_size": 16, "sampling_steps": 3, "patch": 2}  # so that a step is quick


def made(name, **options):
    """A recipe with small options, those of them that it has."""
    kind = RECIPES[name]
    small = {key: value for key, value in SMALL.items() if hasattr(kind.Config, key)}
    return kind(kind.Config(**{**small, **options}))


def trained(name, steps, **options):
    recipe = made(name, **options)
    losses = [
        recipe.train_step(recipe.data.batch(k), k, recipe.streams(k))
        for k in range(steps)
    ]
    return recipe, losses


def arrays(recipe):
    return {
        f"{name}.{key}": value
        for name, module in recipe.modules().items()
        for key, value in module.state_dict().items()
    }


@pytest.fixture(params=RECIPES)
def name(request):
    return request.param


def test_two_steps_move_every_parameter_and_stay_finite(name):
    before = {key: value.copy() for key, value in arrays(made(name)).items()}
    recipe, losses = trained(name, 2)
    for loss in losses:
        assert loss and all(np.isfinite(value.item()) for value in loss.values())
    for key, value in arrays(recipe).items():
        assert np.isfinite(value).all()
        assert (value != before[key]).any(), f"{key} did not move"


def test_everything_stays_float32(name):
    recipe, _ = trained(name, 1)
    floats = {v.dtype.name for v in arrays(recipe).values() if v.dtype.kind == "f"}
    assert floats == {"float32"}


def test_samples_have_the_shape_and_range_of_the_data(name):
    recipe, _ = trained(name, 1)
    samples = recipe.draw(5)
    assert samples.shape == (5, *recipe.data.shape)
    assert samples.dtype == np.float32
    if recipe.kind == "images":
        assert abs(samples).max() <= 1


def test_the_same_seed_gives_the_same_run_and_another_seed_another(name):
    first, again, other = (trained(name, 2, seed=s)[0] for s in (3, 3, 4))
    for key, value in arrays(first).items():
        assert np.array_equal(value, arrays(again)[key])
    assert any(
        not np.array_equal(value, arrays(other)[key])
        for key, value in arrays(first).items()
    )
    assert np.array_equal(first.draw(3), again.draw(3))
    assert not np.array_equal(first.draw(3), other.draw(3))


def test_looking_at_a_run_changes_nothing(name):
    watched, _ = trained(name, 1)
    watched.draw(4)
    watched.measure()
    k = 1
    watched.train_step(watched.data.batch(k), k, watched.streams(k))
    plain, _ = trained(name, 2)
    for key, value in arrays(plain).items():
        assert np.array_equal(value, arrays(watched)[key])


def test_a_class_is_drawn_or_refused(name):
    recipe, _ = trained(name, 2)
    if not recipe.conditional:
        with pytest.raises(ConfigError, match=r"draws no class .*Fix:"):
            recipe.draw(2, label=1)
        return
    assert recipe.draw(2, label=1).shape == (2, *recipe.data.shape)
    assert not np.array_equal(recipe.draw(2, label=1), recipe.draw(2, label=2))
    with pytest.raises(ConfigError, match="class 10 of mnist"):
        recipe.draw(2, label=10)
