"""Images lie on the device as bytes; batches are those of the CPU, bit for bit."""

import numpy as np

from tinygen import backend
from tinygen.recipes import RECIPES
from tinygen.train import source


def made(device, **options):
    kind = RECIPES["gan"]
    return kind(kind.Config(device=device, batch_size=32, **options))


def batches(recipe, steps):
    with backend.device(recipe.config.device):
        return [recipe.data.batch(k) for k in steps]


def test_batches_are_those_of_the_cpu(cuda):
    steps = [0, 1, 200, 5000]  # in later epochs too
    pairs = zip(batches(made("cpu"), steps), batches(made("cuda"), steps), strict=True)
    for here, there in pairs:
        assert there.x.device == there.labels.device == "cuda"
        assert np.array_equal(here.x.numpy(), there.x.numpy())
        assert np.array_equal(here.labels.numpy(), there.labels.numpy())


def test_a_batch_is_one_index_sent_and_two_launches(cuda):
    recipe = made("cuda")
    batches(recipe, [0])
    resident = recipe.data.resident
    assert resident is not None and resident.x.dtype == np.uint8
    cuda.reset()
    with cuda.no_sync():
        batches(recipe, [1])
    assert (cuda.copies, cuda.launched) == (1, 2)  # images, labels


def test_a_data_set_too_large_for_the_device_is_sent_batch_by_batch(cuda, monkeypatch):
    monkeypatch.setattr(source, "MOST_RESIDENT", 1000)
    recipe = made("cuda")
    (batch,) = batches(recipe, [3])
    assert recipe.data.resident is None
    assert np.array_equal(batch.x.numpy(), batches(made("cpu"), [3])[0].x.numpy())
