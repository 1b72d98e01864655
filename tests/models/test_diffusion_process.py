"""Noise schedules, the Gaussians between any two times, what a network says of them."""

from itertools import pairwise

import numpy as np
import pytest

import tinygen as tg
from tinygen import optim
from tinygen.errors import ConfigError, IndexOutOfRange, ShapeError
from tinygen.models.diffusion import denoiser as D
from tinygen.models.diffusion import parametrise
from tinygen.models.diffusion.process import diffuse, kernel, posterior
from tinygen.models.diffusion.schedule import (
    Schedule,
    cosine_schedule,
    linear_schedule,
    schedule,
)
from tinygen.schedule import cosine


def falling():
    """A schedule of no formula."""
    betas = np.random.default_rng(0).uniform(0.001, 0.2, 60)
    return Schedule("random", np.append(1.0, np.cumprod(1 - betas)))


SCHEDULES = {
    "linear": linear_schedule(),
    "linear 50": linear_schedule(50),
    "cosine": cosine_schedule(),
    "cosine 8": cosine_schedule(8),
    "random": falling(),
}
every_schedule = pytest.mark.parametrize("s", SCHEDULES.values(), ids=SCHEDULES)


def float64(shape, seed=0):
    return tg.randn(shape, rng=np.random.default_rng(seed), dtype="float64")


def test_the_linear_schedule_is_that_of_the_paper():
    s = linear_schedule()
    np.testing.assert_allclose(s.betas[[1, 1000]], [1e-4, 0.02], rtol=1e-9)
    assert np.ptp(np.diff(s.betas[1:])) < 1e-12
    assert s.alpha_bars[1000] == pytest.approx(4.0358e-5, rel=1e-4)


def test_the_cosine_schedule_turns_at_an_even_speed():
    s = cosine_schedule()
    start = np.pi / 2 * 0.008 / 1.008
    angles = np.arccos(np.sqrt(s.alpha_bars) * np.cos(start))
    np.testing.assert_allclose(np.diff(angles[:-1]), np.pi / 2 / 1008, rtol=1e-9)
    assert s.betas[1000] == pytest.approx(0.999)  # as far as the paper lets it go
    assert s.alpha_bars[1000] > 0


@every_schedule
def test_the_marginal_is_what_single_steps_lead_to(s):
    factor, variance = 1.0, 0.0
    for t in range(1, s.T + 1):
        factor *= np.sqrt(1 - s.betas[t])
        variance = (1 - s.betas[t]) * variance + s.betas[t]
        assert factor == pytest.approx(s.signal(t), rel=1e-11)
        assert np.sqrt(variance) == pytest.approx(s.noise(t), rel=1e-11)
    assert s.noise(0) == 0 and s.signal(0) == 1


@every_schedule
def test_kernels_of_skipped_steps_compose(s):
    for a, b, c in ((0, 1, s.T), (1, s.T // 2, s.T), (2, 3, s.T - 1)):
        first, second, both = kernel(s, a, b), kernel(s, b, c), kernel(s, a, c)
        assert both.factor == pytest.approx(first.factor * second.factor, rel=1e-12)
        variance = second.factor**2 * first.variance + second.variance
        assert both.variance == pytest.approx(variance, rel=1e-11)


def conditioned(s, before, t):
    """Mean's coefficients and variance of x_before | x_t, x_0, from their joint."""
    c = np.sqrt(np.prod(1 - s.betas[before + 1 : t + 1]))
    v = 1 - s.alpha_bars[before]
    joint = np.array([[v, c * v], [c * v, 1 - s.alpha_bars[t]]])
    pull = joint[0, 1] / joint[1, 1]
    of_x0 = s.signal(before) - pull * s.signal(t)
    return of_x0, pull, joint[0, 0] - pull * joint[1, 0]


@every_schedule
def test_the_posterior_is_the_joint_conditioned_at_every_time(s):
    for t in range(2, s.T + 1):
        for before in {t - 1, max(1, t - 5), 1}:
            found = posterior(s, before, t)
            np.testing.assert_allclose(found, conditioned(s, before, t), rtol=1e-10)
    np.testing.assert_allclose(posterior(s, 0, 1), (1, 0, 0), atol=1e-15)


def test_diffuse_is_the_marginal_for_each_sample_and_for_tensors_and_arrays():
    s, x0, noise = linear_schedule(), float64((3, 1, 2, 2)), float64((3, 1, 2, 2), 1)
    t = np.array([0, 7, 1000])
    x = diffuse(s, x0, t, noise).numpy()
    for i in range(3):
        a, b = np.sqrt(s.alpha_bars[t[i]]), np.sqrt(1 - s.alpha_bars[t[i]])
        np.testing.assert_allclose(x[i], a * x0.data[i] + b * noise.data[i], atol=1e-15)
        one = diffuse(s, x0.data[i : i + 1], int(t[i]), noise.data[i : i + 1])
        np.testing.assert_array_equal(one[0], x[i])
    assert diffuse(s, x0.astype("float32"), 7, noise.astype("float32")).dtype == "f4"


@pytest.mark.parametrize("kind", parametrise.KINDS)
@every_schedule
def test_each_thing_a_network_may_say_tells_the_others(s, kind):
    t = np.array([1, 2, s.T // 2, s.T - 1])  # at T a division by a tiny number is left
    x0, noise = float64((4, 5)), float64((4, 5), 1)
    x = diffuse(s, x0, t, noise)
    said = parametrise.target(kind, s, x0, noise, t)
    found = parametrise.guess(kind, s, said, x, t)
    np.testing.assert_allclose(found.x0.data, x0.data, atol=1e-11)
    np.testing.assert_allclose(found.noise.data, noise.data, atol=1e-11)


@every_schedule
def test_errors_of_the_three_are_related_by_the_signal_to_noise_ratio(s):
    t = s.T // 3
    x0, noise, wrong = float64((1, 6)), float64((1, 6), 1), float64((1, 6), 2)
    x = diffuse(s, x0, t, noise)
    error = {}
    for kind in parametrise.KINDS:
        said = parametrise.guess("x0", s, x0 + wrong, x, t)
        said = parametrise.target(kind, s, said.x0, said.noise, t)
        right = parametrise.target(kind, s, x0, noise, t)
        error[kind] = ((said - right) ** 2).sum().item()
    snr = s.snr(t)
    assert snr == pytest.approx(s.signal(t) ** 2 / s.noise(t) ** 2, rel=1e-12)
    assert error["noise"] == pytest.approx(snr * error["x0"], rel=1e-10)
    assert error["v"] == pytest.approx((1 + snr) * error["x0"], rel=1e-10)


def test_clipping_keeps_x_t():
    s, x = linear_schedule(), 3 * float64((2, 4))
    found = parametrise.guess("v", s, float64((2, 4), 1), x, 400)
    inside = parametrise.clipped(found, s, x, 400)
    assert abs(found.x0.data).max() > 1 >= abs(inside.x0.data).max()
    again = s.signal(400) * inside.x0.data + s.noise(400) * inside.noise.data
    np.testing.assert_allclose(again, x.data, atol=1e-12)


def test_times_of_a_sampler_are_evenly_spread_and_end_with_T():
    s = linear_schedule()
    assert s.times(4) == [250, 500, 750, 1000]
    assert s.times(1000) == list(range(1, 1001)) and s.times(1) == [1000]
    for steps in (3, 7, 300, 999):
        times = s.times(steps)
        assert len(times) == steps and times[-1] == 1000 and times[0] >= 1
        assert {b - a for a, b in pairwise(times)} <= {1000 // steps, 1000 // steps + 1}
    assert s.times([1, 9, 500]) == [1, 9, 500]


def test_even_times_are_uniform_and_spread():
    t = np.sort(D.even_times(40, 80, rng=np.random.default_rng(0)))
    assert (np.bincount(t, minlength=41)[1:] == 2).all()
    rng = np.random.default_rng(1)
    alone = [int(D.even_times(4, 1, rng=rng)[0]) for _ in range(4000)]
    counts = np.bincount(alone, minlength=5)[1:]
    assert (abs(counts - 1000) < 5 * np.sqrt(4000 * 3 / 16)).all()


@pytest.mark.parametrize("kind", parametrise.KINDS)
def test_the_loss_is_the_mean_square_of_what_a_silent_network_leaves_out(kind):
    s, x0, noise = cosine_schedule(20), float64((6, 3)), float64((6, 3), 1)
    t = np.arange(1, 7)
    silent = D.Denoiser(lambda x, t: 0 * x, s, kind)
    a, b = s.signal(t)[:, None], s.noise(t)[:, None]
    wanted = {"noise": noise.data, "x0": x0.data, "v": a * noise.data - b * x0.data}
    loss = D.denoising_loss(silent, x0, t, noise).item()
    assert loss == pytest.approx((wanted[kind] ** 2).mean(), rel=1e-12)


def test_the_network_sees_x_t_and_its_time():
    s, seen = linear_schedule(), []
    x0, noise, t = float64((2, 3)), float64((2, 3), 1), np.array([3, 900])
    network = lambda x, times: seen.append((x, times)) or x
    D.denoising_loss(D.Denoiser(network, s), x0, t, noise)
    ((x, times),) = seen
    np.testing.assert_array_equal(x.data, diffuse(s, x0, t, noise).data)
    np.testing.assert_array_equal(times, t)


def test_labels_are_dropped_as_often_as_asked():
    labels, rng = tg.tensor(np.arange(10000) % 10), np.random.default_rng(0)
    found = D.with_dropout(labels, 10, 0.2, rng=rng).numpy()
    dropped = found == 10
    assert abs(dropped.mean() - 0.2) < 5 * np.sqrt(0.2 * 0.8 / 10000)
    np.testing.assert_array_equal(found[~dropped], labels.data[~dropped])
    assert found.dtype == labels.data.dtype


def test_a_linear_denoiser_learns_the_best_one_of_a_gaussian():
    """From data of variance 0.25, the factor sqrt(1-ab)/(0.25 ab + 1-ab) at each t."""
    s, rng = cosine_schedule(4), np.random.default_rng(0)
    w = tg.zeros((5,), dtype="float64", requires_grad=True)
    denoiser = D.Denoiser(lambda x, t: w[t].reshape(-1, 1) * x, s)
    optimizer = optim.Adam([w], lr=0.05)
    for step in range(300):
        optimizer.lr = 0.05 * cosine(step, 300)
        x0 = tg.tensor(0.5 * rng.standard_normal((4096, 1)))
        noise = tg.tensor(rng.standard_normal((4096, 1)))
        optimizer.zero_grad()
        t = D.even_times(4, 4096, rng=rng)
        D.denoising_loss(denoiser, x0, t, noise).backward()
        optimizer.step()
    best = s.noise(np.arange(5)) / (0.25 * s.alpha_bars + 1 - s.alpha_bars)
    np.testing.assert_allclose(w.data[1:], best[1:], rtol=0.02)


REFUSED = {
    "time 0": (lambda s: s.checked(0), IndexOutOfRange, "time 0 is outside 1 .. 1000"),
    "time T+1": (lambda s: s.checked([5, 1001]), IndexOutOfRange, "time 1001 .*Fix:"),
    "half": (lambda s: s.checked(0.5), ConfigError, "whole numbers 1 .. 1000"),
    "too many": (lambda s: s.times(1001), ConfigError, "1001 .*1000. Fix: 1 to 1000"),
    "none": (lambda s: s.times(0), ConfigError, "0 sampling steps"),
    "falling": (lambda s: s.times([5, 4]), ConfigError, "do not rise"),
    "nothing": (lambda s: s.times([]), ConfigError, r"Fix: "),
    "name": (lambda s: schedule("sigmoid"), ConfigError, "one of linear, cosine"),
    "short": (lambda s: linear_schedule(20), ConfigError, "T >= 21"),
    "no steps": (lambda s: cosine_schedule(0), ConfigError, "T >= 1"),
    "rising": (
        lambda s: Schedule("odd", np.array([1.0, 0.5, 0.6])),
        ConfigError,
        "every beta above 0",
    ),
    "kind": (
        lambda s: D.Denoiser(None, s, "score"),
        ConfigError,
        "'score'. Fix: one of noise, x0, v",
    ),
    "diffuse": (
        lambda s: diffuse(s, float64((2, 2)), np.array([0, -1]), float64((2, 2))),
        IndexOutOfRange,
        "time -1 is outside 0",
    ),
    "network": (
        lambda s: D.Denoiser(None, s).guess(float64((2, 2)), 1001),
        IndexOutOfRange,
        "time 1001",
    ),
    "signal": (lambda s: s.signal(-1), IndexOutOfRange, "time -1 is outside 0 .. 1000"),
    "noise": (lambda s: s.noise(1001), IndexOutOfRange, "time 1001"),
    "snr": (lambda s: s.snr(1001), IndexOutOfRange, "time 1001"),
    "kernel": (lambda s: kernel(s, -1, 3), IndexOutOfRange, "time -1"),
    "posterior": (lambda s: posterior(s, 1000, 1001), IndexOutOfRange, "time 1001"),
    "back": (lambda s: posterior(s, 5, 4), ConfigError, "from time 5 to 4.*s < t"),
    "nowhere": (
        lambda s: kernel(s, np.array([1, 4]), np.array([2, 4])),
        ConfigError,
        "Fix: to a later time",
    ),
    "target": (
        lambda s: parametrise.target("v", s, float64((2, 2)), float64((2, 2)), 1001),
        IndexOutOfRange,
        "time 1001",
    ),
    "guess": (
        lambda s: parametrise.guess("v", s, float64((2, 2)), float64((2, 2)), -1),
        IndexOutOfRange,
        "time -1",
    ),
    "one noise for all": (
        lambda s: diffuse(s, float64((2, 3)), 5, float64((1, 3))),
        ShapeError,
        r"noise \(1, 3\) for samples \(2, 3\). Fix: ",
    ),
    "times for others": (
        lambda s: D.Denoiser(None, s).guess(float64((2, 2)), [1, 2, 3]),
        ShapeError,
        r"times \(3,\) for 2 samples. Fix: one, or \(2,\)",
    ),
    "half steps": (lambda s: s.times(5.5), ConfigError, "whole numbers 1 .. 1000"),
    "labels": (
        lambda s: D.Denoiser(None, s).guess(float64((2, 2)), 5, np.array([0, 1])),
        ConfigError,
        "knows no classes. Fix: ",
    ),
    "class": (
        lambda s: D.Denoiser(None, s, classes=10).guess(
            float64((2, 2)), 5, np.array([0, 11])
        ),
        IndexOutOfRange,
        r"class 11 of 10, at position 1. Fix: 0 \.\. 9",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_refused_by_name(what):
    call, error, message = REFUSED[what]
    with pytest.raises(error, match=message):
        call(linear_schedule())
