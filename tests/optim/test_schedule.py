"""Step sizes are functions of the step alone."""

import math

import pytest

from tinygen import schedule
from tinygen.errors import ConfigError


def test_values_at_the_ends_and_in_the_middle():
    assert schedule.cosine(0, 100) == 1.0
    assert schedule.cosine(50, 100) == pytest.approx(0.5, abs=1e-15)
    assert schedule.cosine(100, 100) == 0.0
    assert schedule.cosine(25, 100, 0.2) == pytest.approx(
        0.2 + 0.8 * (1 + math.sqrt(0.5)) / 2, rel=1e-15
    )
    assert schedule.linear(25, 100) == 0.75
    assert schedule.linear(100, 100, 0.1) == pytest.approx(0.1, rel=1e-15)
    assert [schedule.step_decay(k, 2, 0.5) for k in range(5)] == [1, 1, 0.5, 0.5, 0.25]
    assert [schedule.warmup(k, 4) for k in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert schedule.warmup(0, 0) == schedule.constant(7) == 1.0


def test_they_stay_at_their_end():
    for k in (100, 101, 10**9):
        assert schedule.cosine(k, 100, 0.3) == pytest.approx(0.3, rel=1e-15)
        assert schedule.linear(k, 100, 0.3) == pytest.approx(0.3, rel=1e-15)


def test_warm_up_then_cosine():
    factors = [schedule.warmup_cosine(k, 10, 4, 0.1) for k in range(12)]
    assert factors[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert factors[4:10] == [schedule.cosine(k, 6, 0.1) for k in range(6)]
    assert factors[10:] == [pytest.approx(0.1)] * 2
    assert schedule.warmup_cosine(3, 10, 0) == schedule.cosine(3, 10)


@pytest.mark.parametrize("steps", [0, -3])
def test_impossible_lengths(steps):
    for call in (
        lambda: schedule.cosine(1, steps),
        lambda: schedule.linear(1, steps),
        lambda: schedule.step_decay(1, steps),
        lambda: schedule.warmup_cosine(1, 5 + steps, 5),
    ):
        with pytest.raises(ConfigError, match="Fix: at least 1"):
            call()


def pytorch_factors(make, steps=30):
    """What PyTorch's scheduler makes of a step size of 1."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(torch.optim.lr_scheduler, optimizer)
    factors = []
    for _ in range(steps):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return factors


def test_pytorchs_cosine():
    expected = pytorch_factors(lambda s, o: s.CosineAnnealingLR(o, 30, 0.1))
    found = [schedule.cosine(k, 30, 0.1) for k in range(30)]
    assert found == pytest.approx(expected, rel=1e-12)


def test_pytorchs_step_and_linear():
    expected = pytorch_factors(lambda s, o: s.StepLR(o, 7, 0.3))
    found = [schedule.step_decay(k, 7, 0.3) for k in range(30)]
    assert found == pytest.approx(expected, rel=1e-12)
    expected = pytorch_factors(lambda s, o: s.LinearLR(o, 1.0, 0.2, 20))
    found = [schedule.linear(k, 20, 0.2) for k in range(30)]
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_pytorchs_warm_up_and_cosine():
    def make(s, optimizer):
        first = s.LinearLR(optimizer, 1 / 5, 1.0, 4)
        return s.SequentialLR(
            optimizer, [first, s.CosineAnnealingLR(optimizer, 25)], [5]
        )

    expected = pytorch_factors(make)
    found = [schedule.warmup_cosine(k, 30, 5) for k in range(30)]
    assert found == pytest.approx(expected, rel=1e-12)
