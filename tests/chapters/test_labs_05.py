"""Chapter 5: the failure lab still fails without its cure, and is cured by it."""

import pytest

from chapters.tools.book import definitions


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_uncorrected_adam_throws_the_start_away(seed):
    go_on = definitions(5)["go_on"]
    friend, first = go_on(seed, corrected=False)
    cured, one = go_on(seed, corrected=True)
    assert first == pytest.approx(10**0.5, rel=0.01)
    assert one == pytest.approx(1.0, rel=0.01)
    assert max(friend) > 3 * max(cured)
