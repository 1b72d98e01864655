"""Chapter 10: the failure lab still fails without its cure, and is cured by it."""

import numpy as np
import pytest

from chapters.tools.book import definitions
from tinygen.metrics import frechet_distance


@pytest.mark.parametrize("seed", range(3))
def test_the_copier_beats_fresh_data_until_it_is_asked_for_its_neighbours(seed):
    code, own = definitions(10), np.random.default_rng(seed)
    scales = np.linspace(0.2, 2, 16)
    train, held_out, fresh = scales * own.standard_normal((3, 300, 16))
    copies, fresh = train[:200], fresh[:200]
    usual = [frechet_distance(train, samples) for samples in (copies, fresh)]
    assert usual[0] < 0.5 * usual[1]  # the symptom: better than real
    B = code["bias"](np.diag(scales**2))
    assert usual[0] == pytest.approx(B * (1 / 200 - 1 / 300), rel=0.35)
    assert usual[1] == pytest.approx(B * (1 / 200 + 1 / 300), rel=0.35)
    other = [frechet_distance(held_out, samples) for samples in (copies, fresh)]
    assert other[0] > 0.7 * other[1]  # the cure: no longer better
    assert code["share_near"](copies, train, held_out) == 1
    assert 0.35 < code["share_near"](fresh, train, held_out) < 0.65
