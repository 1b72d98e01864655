"""No recipe's step waits for the device.  That it is right: `test_on_gpu`."""

import pytest
from test_on_gpu import made, stepped

from tinygen.recipes import RECIPES


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
