"""Samplers, guidance and editing against distributions whose best denoiser is known."""

import numpy as np
import pytest

import tinygen as tg
from tinygen import data
from tinygen.errors import ConfigError, IndexOutOfRange, ShapeError
from tinygen.models.diffusion.editing import inpaint, redraw
from tinygen.models.diffusion.film import Film, bounded, draw_paths, draw_strip
from tinygen.models.diffusion.guidance import Guided
from tinygen.models.diffusion.ideal import IdealDenoiser
from tinygen.models.diffusion.parametrise import guess
from tinygen.models.diffusion.process import kernel, posterior
from tinygen.models.diffusion.samplers import (
    Sampler,
    ancestral_step,
    ddim_step,
    sample,
    walk,
)
from tinygen.models.diffusion.schedule import cosine_schedule, linear_schedule
from tinygen.plot import save_figure

LINEAR, COSINE = linear_schedule(), cosine_schedule(200)
both_schedules = pytest.mark.parametrize(
    "s", (LINEAR, COSINE), ids=("linear", "cosine")
)


def rng(seed=0):
    return np.random.default_rng(seed)


def float64(shape, seed=0):
    return tg.randn(shape, rng=rng(seed), dtype="float64")


def gaussian(s, std, mean=0.0):
    """The best denoiser of N(mean, std^2) in one dimension."""
    return IdealDenoiser(s, np.array([[mean]]), std)


def free(kind="ddim", steps=10, **options):
    """A sampler that clips nothing."""
    return Sampler(kind, steps, clip=False, **options)


def digits(count=60):
    """Some training images, float64."""
    return data.to_float(data.load("digits").train.images[:count], "float64")


# -- the best denoiser ----------------------------------------------------------


def mixture():
    points, weights = float64((3, 2), 5).data, np.array([0.5, 0.2, 0.3])
    return IdealDenoiser(LINEAR, points, 0.4, weights)


@pytest.mark.parametrize("t", (1, 30, 400, 1000))
def test_the_best_noise_is_the_score_of_the_noisy_density(t):
    """noise = -b grad log p_t(x), the gradient by the engine; Tweedie for x0."""
    best = mixture()
    x = float64((6, 2), 1)
    x.requires_grad = True
    a, b = LINEAR.signal(t), LINEAR.noise(t)
    variance = a**2 * 0.4**2 + b**2
    apart = x.reshape(6, 1, 2) - a * best.points
    terms = np.log([0.5, 0.2, 0.3]) - (apart * apart).sum(2) / (2 * variance)
    (score,) = tg.grad(tg.logsumexp(terms, 1).sum(), [x])
    found = best.guess(tg.Tensor(x.data), t)
    np.testing.assert_allclose(found.noise.data, -b * score.data, atol=1e-10)
    tweedie = (x.data + b**2 * score.data) / a
    np.testing.assert_allclose(found.x0.data, tweedie, atol=1e-10)


def test_each_sample_may_have_its_own_time_and_class():
    points, labels = float64((4, 2), 5).data, np.array([0, 0, 1, 1])
    best = IdealDenoiser(LINEAR, points, 0.1, labels=labels)
    x, t = float64((3, 2)), np.array([10, 500, 900])
    found = best.guess(x, t, np.array([1, 0, 1])).x0.data
    for i, (time, c) in enumerate(zip(t, (1, 0, 1), strict=True)):
        alone = IdealDenoiser(LINEAR, points[labels == c], 0.1)
        one = alone.guess(x[i : i + 1], int(time)).x0.data
        np.testing.assert_allclose(found[i : i + 1], one, atol=1e-12)


def test_no_class_is_the_last_label_as_it_is_of_a_network():
    points, x = float64((4, 2), 5).data, float64((3, 2))
    best = IdealDenoiser(LINEAR, points, 0.1, labels=[0, 0, 1, 1])
    mixed = best.guess(x, 500, [2, 0, 2]).x0.data
    without, of_0 = best.guess(x, 500).x0.data, best.guess(x, 500, [0, 0, 0]).x0.data
    np.testing.assert_array_equal(mixed[[0, 2]], without[[0, 2]])
    np.testing.assert_array_equal(mixed[1], of_0[1])


# -- DDIM -----------------------------------------------------------------------


@both_schedules
@pytest.mark.parametrize("std", (0.3, 2.0))
def test_ddim_on_a_gaussian_multiplies_by_the_product_of_its_factors(s, std):
    sampler, x, factor = free(steps=7), float64((5, 1)), 1.0
    for t, before in sampler.pairs(s):
        ab, ab_s = s.alpha_bars[t], s.alpha_bars[before]
        noise = np.sqrt(1 - ab) / (ab * std**2 + 1 - ab)
        x0 = (1 - np.sqrt(1 - ab) * noise) / np.sqrt(ab)
        factor *= np.sqrt(ab_s) * x0 + np.sqrt(1 - ab_s) * noise
    found = walk(gaussian(s, std), x, sampler.pairs(s), sampler, rng=rng())
    np.testing.assert_allclose(found.data, factor * x.data, rtol=1e-11)


def test_the_error_of_ddim_halves_when_its_steps_double():
    """The flow that it follows takes x_T to x_T std / (std of x_T), exactly."""
    s, std, x = LINEAR, 0.5, float64((1, 1))
    exact = std / np.sqrt(s.alpha_bars[-1] * std**2 + 1 - s.alpha_bars[-1])
    errors = []
    for steps in (25, 50, 100, 200):
        sampler = free(steps=steps)
        end = walk(gaussian(s, std), x, sampler.pairs(s), sampler, rng=rng())
        errors.append(abs(end.item() / x.item() - exact))
    ratios = np.divide(errors[:-1], errors[1:])
    assert (ratios > 1.85).all() and (ratios < 2.1).all()


@both_schedules
@pytest.mark.parametrize("steps", (1, 2, 9, [1, 5, 40, 200]))
@pytest.mark.parametrize("kind, eta", (("ddim", 0), ("ddim", 0.7), ("ancestral", 0)))
def test_of_one_point_every_sampler_gives_that_point(s, steps, kind, eta):
    mean = 0.8 * np.sin(np.arange(12.0)).reshape(1, 3, 2, 2)
    denoiser = IdealDenoiser(s, mean)
    for clip in (True, False):
        sampler = Sampler(kind, steps, eta, clip=clip)
        x = sample(denoiser, (4, 3, 2, 2), sampler, rng=rng())
        np.testing.assert_allclose(x.data, np.repeat(mean, 4, 0), atol=2e-6)
    x = walk(denoiser, float64((4, 3, 2, 2)), sampler.pairs(s), sampler, rng=rng())
    np.testing.assert_allclose(x.data, np.repeat(mean, 4, 0), atol=1e-12)


def test_of_training_images_ddim_gives_training_images():
    images = digits()
    sampler, x = Sampler(steps=50), float64((30, 1, 8, 8))
    denoiser = IdealDenoiser(LINEAR, images)
    x = walk(denoiser, x, sampler.pairs(LINEAR), sampler, rng=rng()).data
    apart = abs(x[:, None] - images).max(axis=(2, 3, 4))  # (30, 60)
    assert apart.min(1).max() < 1e-9
    assert len(set(apart.argmin(1))) > 10


# -- ancestral, and what it shares with DDIM -------------------------------------


@both_schedules
def test_ddim_with_eta_1_is_ancestral_with_the_small_variance(s):
    x, noise = float64((4, 3)), float64((4, 3), 1)
    for t, before in ((s.T, s.T - 1), (150, 100), (2, 1), (1, 0)):
        found = guess("x0", s, 0.3 * x + 0.1, x, t)
        one = ddim_step(s, found, before, t, 1.0, noise)
        other = ancestral_step(s, x, found, before, t, "small", noise)
        np.testing.assert_allclose(one.data, other.data, atol=1e-11)


@pytest.mark.parametrize("eta", (0.0, 0.4, 1.0))
def test_ddim_has_the_right_marginal_for_every_eta(eta):
    """From the true x_0 and noise its x_s is N(sqrt(ab_s) x_0, (1 - ab_s) I)."""
    t, s = 700, 300
    found = guess("noise", LINEAR, float64((1, 1)), float64((1, 1), 1), t)
    still = ddim_step(LINEAR, found, s, t, eta, 0 * found.noise)
    moved = ddim_step(LINEAR, found, s, t, eta, 0 * found.noise + 1)
    sigma = (moved - still).item()
    rest = (still - LINEAR.signal(s) * found.x0).item() / found.noise.item()
    assert sigma**2 + rest**2 == pytest.approx(1 - LINEAR.alpha_bars[s], rel=1e-12)
    small = posterior(LINEAR, s, t).variance
    assert sigma**2 == pytest.approx(eta**2 * small, rel=1e-9, abs=1e-20)


def variance_of_samples(s, sampler, repeats=1):
    """V <- c^2 V + sigma^2, which does not end at quite the data's variance 0.25.

    repeats : each step so often, the noise of it added again in between
    """
    V = 1.0
    for t, before in sampler.pairs(s):
        a, ab = s.signal(t), s.alpha_bars[t]
        x0 = a * 0.25 / (ab * 0.25 + 1 - ab)  # the best guess of x_0 is x0 x_t
        of_x0, of_xt, small = posterior(s, before, t)
        left = ab / s.alpha_bars[before]
        sigma2 = (small if sampler.variance == "small" else 1 - left) if before else 0
        for again in reversed(range(repeats if before else 1)):
            V = (of_x0 * x0 + of_xt) ** 2 * V + sigma2
            V = left * V + 1 - left if again else V
    return V


@both_schedules
@pytest.mark.parametrize("variance", ("small", "large"))
@pytest.mark.parametrize("steps", (10, 60))
def test_the_variance_of_ancestral_samples_follows_its_recursion(s, variance, steps):
    sampler, n = free("ancestral", steps, variance=variance), 20000
    V = variance_of_samples(s, sampler)
    x = sample(gaussian(s, 0.5), (n, 1), sampler, rng=rng()).data
    assert abs(x.var() / V - 1) < 5 * np.sqrt(2 / n)
    assert abs(x.mean()) < 5 * np.sqrt(V / n)


def test_all_steps_of_the_ancestral_sampler_come_close_to_the_data():
    """Small and large variance differ less with more steps (Ho et al., 3.2)."""
    for steps, most in ((100, 0.05), (1000, 0.005)):
        for variance in ("small", "large"):
            sampler = free("ancestral", steps, variance=variance)
            assert abs(variance_of_samples(LINEAR, sampler) - 0.25) < most


@pytest.mark.parametrize("kind", ("ddim", "ancestral"))
def test_nothing_random_enters_where_nothing_should(kind):
    """The last step draws nothing, DDIM with eta 0 never."""
    x, found = float64((2, 2)), gaussian(LINEAR, 1.0)
    found = IdealDenoiser(LINEAR, np.zeros((1, 2)), 1.0).guess(x, 30)
    sampler = Sampler(kind, 10)
    ends = [sampler.step(LINEAR, x, found, 0, 30, rng=rng(k)).data for k in (0, 1)]
    np.testing.assert_array_equal(*ends)
    middle = [sampler.step(LINEAR, x, found, 9, 30, rng=rng(k)).data for k in (0, 1)]
    assert np.array_equal(*middle) == (kind == "ddim")


def test_samples_keep_the_type_and_repeat_themselves():
    denoiser = IdealDenoiser(COSINE, digits(5))
    sampler = Sampler("ancestral", 5)
    ends = [sample(denoiser, (3, 1, 8, 8), sampler, rng=rng(k)) for k in (4, 4, 5)]
    assert ends[0].dtype == np.float32 and abs(ends[0].data).max() <= 1
    np.testing.assert_array_equal(ends[0].data, ends[1].data)
    assert not np.array_equal(ends[0].data, ends[2].data)


# -- guidance -------------------------------------------------------------------


class TwoGaussians:
    """N(1, s2) for a class, N(-0.5, s2) without."""

    classes, schedule = 10, LINEAR

    def guess(self, x, t, labels=None):
        return gaussian(LINEAR, 0.6, -0.5 if labels is None else 1.0).guess(x, t)


@pytest.mark.parametrize("w", (0.0, 1.0, 3.5, -1.0))
@pytest.mark.parametrize("kind", ("ddim", "ancestral"))
def test_guidance_moves_the_gaussian_by_w_times_the_difference(w, kind):
    sampler, x, labels = free(kind), float64((9, 1)), np.zeros(9, int)
    pairs = list(sampler.pairs(LINEAR))
    guided = Guided(TwoGaussians(), w)
    found = walk(guided, x, pairs, sampler, rng=rng(), labels=labels)
    moved = gaussian(LINEAR, 0.6, 1.0 + w * 1.5)
    wanted = walk(moved, x, pairs, sampler, rng=rng())
    np.testing.assert_allclose(found.data, wanted.data, atol=1e-12)


def test_guidance_of_nothing_is_the_model_without_classes():
    x = float64((3, 1))
    found, wanted = Guided(TwoGaussians(), 4.0).guess(x, 9), TwoGaussians().guess(x, 9)
    np.testing.assert_array_equal(found.x0.data, wanted.x0.data)


# -- editing --------------------------------------------------------------------


@pytest.mark.parametrize("kind", ("ddim", "ancestral"))
def test_the_missing_quarter_of_a_training_image_is_found(kind):
    """With the best denoiser, what is kept tells which image it is."""
    images = digits()
    denoiser, mask = IdealDenoiser(LINEAR, images), np.zeros((8, 8), bool)
    mask[6:] = True
    damaged = np.where(mask, 0.3, images[:8])
    sampler = Sampler(kind, 20)
    found = inpaint(denoiser, damaged, mask, sampler, rng=rng(), repeats=3).data
    np.testing.assert_array_equal(found[..., :6, :], images[:8, :, :6])
    np.testing.assert_allclose(found, images[:8], atol=1e-6)


def test_what_is_kept_has_the_noise_of_its_time():
    """N(sqrt(ab) image, 1 - ab), the same as all around it."""
    image, film, mask = np.full((20000, 2), 0.5), Film(), np.array([True, False])
    denoiser = IdealDenoiser(LINEAR, np.zeros((1, 2)), 0.5)
    inpaint(denoiser, image, mask, free(), rng=rng(), repeats=2, watch=film)
    for t, x in zip(film.times[1:], film.noisy[1:], strict=True):
        b = LINEAR.noise(t)
        apart = x[:, 1] - LINEAR.signal(t) * 0.5
        assert abs(apart.mean()) < 5 * b / np.sqrt(20000)
        assert abs(apart.var() / b**2 - 1) < 5 * np.sqrt(2 / 20000)


def test_repeated_steps_keep_the_variance():
    """Where all is drawn anew, the noise added again is as the recursion says."""
    n, mask = 20000, np.ones((1,), bool)
    image, sampler = np.full((n, 1), 7.0), free("ancestral", 10)
    found = inpaint(gaussian(LINEAR, 0.5), image, mask, sampler, rng=rng(), repeats=3)
    V = variance_of_samples(LINEAR, sampler, repeats=3)
    assert abs(found.data.var() / V - 1) < 5 * np.sqrt(2 / n)
    assert abs(found.data.mean()) < 5 * np.sqrt(V / n)


def test_a_mask_of_nothing_changes_nothing_and_steps_are_seen_once():
    images, film = digits(3), Film()
    denoiser, mask = IdealDenoiser(LINEAR, images), np.zeros((8, 8), bool)
    sampler = Sampler(steps=4)
    found = inpaint(denoiser, images[::-1].copy(), mask, sampler, rng=rng(), watch=film)
    np.testing.assert_array_equal(found.data, images[::-1])
    assert film.times == [1000, 750, 500, 250]


def test_a_little_noise_keeps_the_image_and_much_forgets_it():
    images = digits()
    denoiser, sampler = IdealDenoiser(LINEAR, images), Sampler(steps=20)
    little = redraw(denoiser, images[:9], 0.1, sampler, rng=rng()).data
    np.testing.assert_allclose(little, images[:9], atol=1e-6)
    other = redraw(denoiser, images[:9], 1.0, sampler, rng=rng()).data
    assert (abs(other - images[:9]).max(axis=(1, 2, 3)) > 0.5).sum() > 6


def test_the_strength_is_the_share_of_steps():
    denoiser, film = IdealDenoiser(LINEAR, digits(4)), Film()
    redraw(denoiser, digits(4), 0.3, Sampler(steps=10), rng=rng(), watch=film)
    assert film.times == [300, 200, 100]
    film, mask = Film(), np.ones((8, 8), bool)
    options = {"rng": rng(), "strength": 0.2, "watch": film}
    inpaint(denoiser, digits(4), mask, Sampler(steps=10), **options)
    assert film.times == [200, 100]


def test_of_what_is_drawn_anew_nothing_is_known():
    """At strength 1 the covered part of the image has no influence at all."""
    images, mask = digits(4), np.ones((8, 8), bool)
    denoiser = IdealDenoiser(linear_schedule(21), images)
    found = [
        inpaint(denoiser, image, mask, Sampler(steps=3), rng=rng()).data
        for image in (images, -images)
    ]
    np.testing.assert_array_equal(*found)


# -- films ----------------------------------------------------------------------


def test_a_film_shows_every_step_and_ends_with_the_samples(tmp_path):
    film, denoiser = Film(keep=2), IdealDenoiser(COSINE, digits(5))
    x = sample(denoiser, (3, 1, 8, 8), Sampler(steps=12), rng=rng(), watch=film)
    assert film.times == [200 * k // 12 for k in range(12, 0, -1)]
    assert film.chosen(4) == [0, 4, 7, 11] and film.chosen(99) == list(range(12))
    frames = film.frames(x, 5)
    assert len(frames) == 6 and frames[0] is film.noisy[0]
    assert abs(bounded(frames[0])).max() <= 1 < abs(frames[0]).max()
    np.testing.assert_array_equal(frames[-1], x.data[:2])
    np.testing.assert_allclose(film.guessed[-1], x.data[:2], atol=1e-6)
    save_figure(tmp_path / "strip.png", lambda f: draw_strip(f, film, x.numpy(), 1))


def test_paths_of_points_are_drawn(tmp_path):
    film, denoiser = Film(), mixture()
    x = sample(denoiser, (50, 2), free(), rng=rng(), watch=film).numpy()
    draw = lambda figure: draw_paths(figure, film, x, denoiser.points)
    save_figure(tmp_path / "paths.png", draw)
    assert (tmp_path / "paths.png").stat().st_size > 1000


# -- what cannot be -------------------------------------------------------------

IMAGE, MASK = np.zeros((2, 1, 8, 8)), np.ones((8, 8), bool)


def edited(image=IMAGE, mask=MASK, sampler=None, **options):
    denoiser, sampler = IdealDenoiser(LINEAR, digits(3)), sampler or Sampler(steps=2)
    return inpaint(denoiser, image, mask, sampler, rng=rng(), **options)


REFUSED = {
    "kind": (lambda: Sampler("euler"), ConfigError, "'euler'. Fix: one of ddim"),
    "eta": (lambda: Sampler(eta=-0.1), ConfigError, "eta -0.1. Fix: 0"),
    "eta 2": (lambda: Sampler(eta=1.5), ConfigError, "eta 1.5"),
    "eta nan": (lambda: Sampler(eta=np.nan), ConfigError, "eta nan"),
    "eta of": (lambda: Sampler("ancestral", eta=0.5), ConfigError, "Fix: the sampler"),
    "variance": (lambda: Sampler(variance="learned"), ConfigError, "small, large"),
    "steps": (
        lambda: sample(mixture(), (2, 2), Sampler(steps=2000), rng=rng()),
        ConfigError,
        "2000 sampling steps of 1000. Fix: 1 to 1000",
    ),
    "guidance": (
        lambda: Guided(mixture(), 2.0),
        ConfigError,
        "guidance 2.0 of a model without classes. Fix: ",
    ),
    "class": (
        lambda: IdealDenoiser(LINEAR, digits(2), labels=[0, 1]).guess(
            float64((1, 1, 8, 8)), 5, np.array([3])
        ),
        IndexOutOfRange,
        "class 3 of 2",
    ),
    "guidance nan": (
        lambda: Guided(TwoGaussians(), np.nan),
        ConfigError,
        "guidance nan. Fix: a number",
    ),
    "guidance inf": (lambda: Guided(TwoGaussians(), np.inf), ConfigError, "inf"),
    "a class without points": (
        lambda: IdealDenoiser(LINEAR, digits(2), labels=[0, 2]),
        ConfigError,
        "no point of class 1 of 3. Fix: ",
    ),
    "labels of other points": (
        lambda: IdealDenoiser(LINEAR, digits(2), labels=[0, 1, 1]),
        ShapeError,
        r"labels \(3,\) for 2 samples",
    ),
    "times": (
        lambda: mixture().guess(float64((2, 2)), [4, 5, 6]),
        ShapeError,
        r"times \(3,\) for 2 samples",
    ),
    "shape": (
        lambda: mixture().guess(float64((2, 3)), 4),
        ShapeError,
        r"IdealDenoiser of \(2,\)",
    ),
    "no points": (
        lambda: IdealDenoiser(LINEAR, np.zeros((0, 2))),
        ConfigError,
        "0 points",
    ),
    "mask of numbers": (
        lambda: edited(mask=np.ones((8, 8))),
        ConfigError,
        "Fix: mask > 0.5",
    ),
    "mask's shape": (
        lambda: edited(mask=np.ones((7, 8), bool)),
        ShapeError,
        r"\(7, 8\) for images \(2, 1, 8, 8\). Fix: \(8, 8\)",
    ),
    "repeats": (lambda: edited(repeats=0), ConfigError, "0 repeats"),
    "strength": (lambda: edited(strength=0), ConfigError, "strength 0. Fix: above 0"),
    "redraw": (
        lambda: redraw(mixture(), np.zeros((1, 2)), 1.2, Sampler(), rng=rng()),
        ConfigError,
        "strength 1.2",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_refused_by_name(what):
    call, error, message = REFUSED[what]
    with pytest.raises(error, match=message):
        call()


def test_a_step_forth_has_its_kernels_variance():
    """The part of `inpaint` that adds noise again goes from s to t."""
    factor, variance = kernel(LINEAR, 100, 400)
    ratio = LINEAR.alpha_bars[400] / LINEAR.alpha_bars[100]
    assert (factor**2, variance) == pytest.approx((ratio, 1 - ratio))
