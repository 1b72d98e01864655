"""Chapter 2: the failure labs still fail without their cure, and are cured by it."""

import numpy as np
import pytest

from chapters.tools.book import definitions


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_bias_that_learned_the_batch(seed):
    """Without the sum b grows to the batch and fits it; with one image all is well."""
    fit, rng = definitions(2)["fit"], np.random.default_rng(seed)
    batch = rng.uniform(size=(16, 5))
    friend, cured = fit(batch, summed=False), fit(batch, summed=True)
    assert friend.shape == (16, 5) and np.abs(friend - batch).max() < 1e-9
    assert cured.shape == (1, 5) and cured[0] == pytest.approx(batch.mean(axis=0))
    for summed in (False, True):
        assert fit(batch[:1], summed).shape == (1, 5)


@pytest.mark.parametrize("in_place, handed", [(True, 4.0), (False, 1.0)])
def test_the_gradient_that_changed_afterwards(in_place, handed):
    g = np.ones(3)
    arrivals = [("a", g), ("b", g), ("a", 3 * np.ones(3))]
    total = definitions(2)["collect"](arrivals, in_place)
    assert total["a"].tolist() == [4.0] * 3
    assert total["b"].tolist() == [handed] * 3
