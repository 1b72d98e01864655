"""Every recipe's step on the device: no waiting in it, and the CPU's numbers out of it.

Without a GPU "cuda" is the strict stand-in, on which nothing mixes with NumPy.
"""

import numpy as np
import pytest

from tinygen import backend
from tinygen.recipes import RECIPES
from tinygen.train import checkpoint

SMALL = {"batch_size": 8, "sampling_steps": 3, "steps": 100}
STEPS = 3


def made(name, device):
    """A recipe with small options, those of them that it has, on a device."""
    kind = RECIPES[name]
    small = {key: value for key, value in SMALL.items() if hasattr(kind.Config, key)}
    return kind(kind.Config(device=device, **small))


def calmed(recipe):
    """The recipe with a larger eps in Adam.

    A bias before a batch norm has a gradient of 0 but for rounding, which Adam divides
    by its own size: without this, two runs of one machine would differ by full steps.
    """
    for optimizer in recipe.optimizers().values():
        for group in optimizer.param_groups:
            group["eps"] = 1e-3
    return recipe


def stepped(recipe, k):
    """The losses of one training step."""
    with backend.device(recipe.config.device):
        return recipe.train_step(recipe.data.batch(k), k, recipe.streams(k))


def state(recipe):
    """Every array that a checkpoint would hold, on the host."""
    parts = {**recipe.modules(), **{f"o{k}": v for k, v in recipe.optimizers().items()}}
    parts |= {f"e{key}": value for key, value in recipe.averages().items()}
    return {
        f"{key}.{name}": value
        for key, part in parts.items()
        for name, value in part.state_dict().items()
    }


def assert_same(found, wanted):
    """Every array, bit for bit."""
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        assert np.array_equal(found[name], array), name


def weights(recipe) -> np.ndarray:
    """All floating-point parameters and buffers as one vector."""
    states = [module.state_dict() for module in recipe.modules().values()]
    arrays = [x for state in states for x in state.values() if x.dtype.kind == "f"]
    return np.concatenate([x.ravel().astype(float) for x in arrays])


def distance(found, wanted) -> float:
    """How far a vector is from another, relatively."""
    return np.linalg.norm(found - wanted) / np.linalg.norm(wanted)


@pytest.fixture(params=RECIPES)
def name(request):
    return request.param


def test_no_step_waits_for_the_device(name, cuda):
    """Losses stay on the device, everything that is drawn goes there."""
    recipe = made(name, "cuda")
    for k in range(2):
        with cuda.no_sync():
            losses = stepped(recipe, k)
    assert all(loss.device == "cuda" for loss in losses.values())
    arrays = [p for m in recipe.modules().values() for p in m.parameters()]
    assert arrays and all(p.device == "cuda" for p in arrays)
    assert cuda.launched > 0


def test_steps_are_those_of_the_cpu(name, cuda):
    """The same weights and order, so the same run: 1e-4 after three steps.

    Of the way that the weights went, a hundredth: a unit that is within rounding of the
    kink of a ReLU may fall on either side, and its pixel's gradient is then another.
    """
    cpu, gpu = (calmed(made(name, device)) for device in ("cpu", "cuda"))
    assert_same(state(gpu), state(cpu))
    start = weights(cpu)
    for k in range(STEPS):
        wanted, found = stepped(cpu, k), stepped(gpu, k)
        for key, loss in wanted.items():
            assert found[key].item() == pytest.approx(loss.item(), rel=1e-4)
    assert distance(weights(gpu), weights(cpu)) < 1e-4
    assert distance(weights(gpu) - start, weights(cpu) - start) < 1e-2


@pytest.mark.parametrize("name", ["gan", "vae"])
def test_a_checkpoint_knows_no_device(name, cuda, tmp_path):
    """Saved on the device, it goes on on the CPU, and back."""
    trained = made(name, "cuda")
    stepped(trained, 0)
    checkpoint.save(tmp_path, trained, 1)
    for device in ("cpu", "cuda"):
        recipe = made(name, device)
        checkpoint.restore(recipe, checkpoint.load(checkpoint.find(tmp_path)))
        assert_same(state(recipe), state(trained))
        for module in recipe.modules().values():
            assert {p.device for p in module.parameters()} == {device}
        stepped(recipe, 1)


@pytest.mark.parametrize("name", ["gan", "vae", "ddpm-plane"])
def test_samples_are_those_of_the_cpu(name, cuda):
    drawn = [made(name, device).draw(4) for device in ("cpu", "cuda")]
    assert np.abs(drawn[0] - drawn[1]).max() < 1e-5
