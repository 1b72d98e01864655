"""What the documents print wrongly, each shown wrong by a run: docs/errata.md."""

import re
from pathlib import Path

import numpy as np
import pytest

import tinygen as tg
from tinygen import functional as F
from tinygen import nn
from tinygen.data import load, to_float
from tinygen.errors import ShapeError, TinygenError
from tinygen.models import dcgan, gan, objectives
from tinygen.models.diffusion.ideal import IdealDenoiser
from tinygen.models.diffusion.process import diffuse
from tinygen.models.diffusion.schedule import linear_schedule
from tinygen.models.vae import bound
from tinygen.testing.probe import random

PAGE = Path(__file__).parents[2] / "docs" / "errata.md"


def logits(seed, n=500):
    """Of real and fake samples, by a D that is not the best one."""
    rng = random(seed)
    return tg.tensor(rng.normal(0.6, 1.1, n)), tg.tensor(rng.normal(-0.4, 0.9, n))


def slope(loss, x):
    """dloss/dx as an array."""
    x = tg.tensor(x, requires_grad=True)
    return tg.grad(loss(x), [x])[0].numpy()


def test_e1_the_value_is_minus_one_loss_not_the_sum_of_two():
    real, fake = logits(1)
    value = objectives.value(real, fake).item()
    of_d = objectives.discriminator_loss(real, fake).item()
    assert of_d == pytest.approx(-value, rel=1e-12)
    for of_g in (objectives.generator_loss, objectives.generator_loss_minimax):
        assert abs(of_d + of_g(fake).item() - value) > 0.5
    minimax = objectives.generator_loss_minimax(fake).item()
    only_real = -F.logsigmoid(real).mean().item()  # what is left of the sum
    assert of_d + minimax == pytest.approx(only_real, rel=1e-12)


def test_e2_d_lowers_its_error_and_g_raises_it():
    real, fake = logits(2)
    error = lambda fake: objectives.discriminator_loss(real, fake)
    by_d, by_g = slope(error, fake), slope(objectives.generator_loss, fake)
    assert (by_d > 0).all() and (by_g < 0).all()
    step = lambda g: error(tg.tensor(fake.numpy() - 0.1 * g / abs(g).max())).item()
    assert step(by_d) < error(fake).item() < step(by_g)


def test_e3_a_decoder_that_sees_x_needs_no_code():
    x = to_float(load("digits").train.images[:200]).reshape(200, -1).astype(float)
    x = x - x.mean(0)
    _, sizes, right = np.linalg.svd(x, full_matrices=False)
    for k in (0, 2, 8):
        code = x @ right[:k].T  # the best linear code of k numbers
        cheat = np.concatenate([x, code], 1)
        for inputs, unexplained in ((cheat, 0.0), (code, (sizes[k:] ** 2).sum())):
            weights = np.linalg.lstsq(inputs, x, rcond=None)[0]
            error = ((inputs @ weights - x) ** 2).sum()
            assert error == pytest.approx(unexplained, rel=1e-9, abs=1e-9)


def test_e4_losses_that_never_ask_the_discriminator():
    rng = tg.rng(0, "e4")
    g = gan.Generator(8, (1, 6, 6), 16, output="sigmoid", rng=rng)
    d = gan.Discriminator((1, 6, 6), 16, rng=rng)
    fake = (g(tg.randn((32, 8), rng=rng)) + 1.0) * 0.5
    printed = -tg.log(fake).mean()  # cross-entropy of labels 1 against pixels
    of_d = tg.grad(printed, list(d.parameters()), allow_unused=True)
    assert all(part is None for part in of_d)
    pixels = tg.tensor(np.full((3, 4), 0.3))
    for _ in range(200):  # where it leads, whatever the data are: white
        pixels = tg.tensor(pixels.numpy().clip(1e-3, 1 - 1e-3))
        pixels = pixels - 0.2 * slope(lambda p: -tg.log(p).mean(), pixels)
    assert (pixels.numpy() > 0.99).all()


def test_e5_a_decoded_mean_leaves_the_width_to_the_divergence_alone():
    rng = random(5)
    mean, log_variance = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    decode, x = rng.normal(size=(3, 6)), rng.normal(size=(4, 6))
    centre, width = (tg.tensor(v, requires_grad=True) for v in (mean, log_variance))
    printed = ((centre @ decode - x) ** 2).sum()
    assert tg.grad(printed, [centre, width], allow_unused=True)[1] is None
    z = centre + tg.exp(0.5 * width) * rng.normal(size=(4, 3))
    drawn = ((z @ decode - x) ** 2).sum()
    assert abs(tg.grad(drawn, [width])[0].numpy()).min() > 1e-4
    for _ in range(100):  # so by the divergence every posterior becomes as wide as p(z)
        log_variance = log_variance + 0.5 * (1 - np.exp(log_variance))
    assert np.exp(log_variance) == pytest.approx(1.0, abs=1e-9)


def test_e5_the_mean_over_latents_divides_the_weight_by_their_number():
    rng, latents = random(6), 20
    mean, log_variance = (tg.tensor(rng.normal(size=(5, latents))) for _ in range(2))
    each = 0.5 * (mean**2 + tg.exp(log_variance) - 1.0 - log_variance)
    right = F.kl_diagonal_gaussians(mean, log_variance, mean * 0.0, mean * 0.0)
    assert each.sum().item() / 5 == pytest.approx(right.mean().item(), rel=1e-12)
    assert each.mean().item() * latents == pytest.approx(right.mean().item(), rel=1e-12)


def test_e6_an_autoencoder_with_that_term_only_shrinks_its_codes():
    code = random(7).normal(size=(6, 4))
    printed = lambda code: (
        0.5 * (code**2 + 1.0 - 1.0 - 0.0)
    ).mean()  # width 1, as in E5
    assert slope(printed, code) == pytest.approx(code / code.size, rel=1e-12)


def test_e7_the_printed_head_does_not_fit():
    d = dcgan.Discriminator((1, 28, 28), rng=tg.rng(0, "e7"))
    assert d.head.weight.shape == (1, 128 * 3 * 3)
    features, rng = tg.randn((2, 128, 3, 3), rng=tg.rng(1, "e7")), tg.rng(2, "e7")
    printed = nn.Linear(128 * 4 * 4, 1, rng=rng)
    with pytest.raises(ShapeError, match="1152"):
        printed(features.reshape(2, -1))


def test_e8_a_range_gives_the_real_images_away():
    rng = tg.rng(0, "e8")
    real = load("mnist").train.images[:64]
    g = dcgan.Generator(100, (1, 28, 28), rng=rng)
    fake = g(tg.randn((64, 100), rng=rng)).detach().numpy()
    darkest = fake.reshape(64, -1).min(1)
    assert (darkest < 0).all() and (
        real / 255.0
    ).min() == 0.0  # told apart by one pixel
    scaled = to_float(real)
    assert scaled.min() == -1.0 and scaled.max() == 1.0


def test_e9_a_generator_left_in_the_graph_costs_and_gives_nothing():
    rng = tg.rng(0, "e9")
    g, d = (
        gan.Generator(8, (1, 6, 6), 16, rng=rng),
        gan.Discriminator((1, 6, 6), 16, rng=rng),
    )
    z, real = tg.randn((16, 8), rng=rng), tg.randn((16, 1, 6, 6), rng=rng)
    found = {}
    for detached in (True, False):
        fake = g(z).detach() if detached else g(z)
        loss = objectives.discriminator_loss(d(real), d(fake))
        for parameter in (*g.parameters(), *d.parameters()):
            parameter.grad = None
        loss.backward()
        found[detached] = [p.grad.numpy().copy() for p in d.parameters()]
        wasted = [p.grad is not None for p in g.parameters()]
        assert all(wasted) is not detached and any(wasted) is not detached
    for a, b in zip(found[True], found[False], strict=True):
        assert np.array_equal(a, b)


def test_e10_both_halves_of_a_vae_want_the_same_and_those_of_a_gan_do_not():
    rng = random(10)
    encode, decode = rng.normal(size=(6, 2)) / 3, rng.normal(size=(2, 6)) / 3
    x, noise = rng.normal(size=(8, 6)), rng.normal(size=(8, 2))

    def loss(encode, decode):
        mean = tg.tensor(x) @ encode
        error = (((mean + noise * 0.5) @ decode - x) ** 2).sum(1)
        return (error + 0.5 * (mean**2).sum(1)).mean()

    now = loss(tg.tensor(encode), tg.tensor(decode)).item()
    by_encoder = encode - 0.01 * slope(lambda e: loss(e, tg.tensor(decode)), encode)
    by_decoder = decode - 0.01 * slope(lambda d: loss(tg.tensor(encode), d), decode)
    assert loss(tg.tensor(by_encoder), tg.tensor(decode)).item() < now
    assert loss(tg.tensor(encode), tg.tensor(by_decoder)).item() < now
    real, fake = logits(10)  # and G's step raises D's loss: test_e2
    of_d = slope(lambda f: objectives.discriminator_loss(real, f), fake)
    assert (of_d * slope(objectives.generator_loss, fake) < 0).all()


def test_e11_the_bound_as_a_loss_drives_the_reconstruction_away():
    terms = bound.Terms(tg.tensor([-3.0, -5.0]), tg.tensor([[0.5, 0.2], [0.1, 0.4]]))
    assert bound.loss(terms).item() == pytest.approx(-terms.elbo.mean().item())
    x = np.array([0.3, -0.8])
    log_likelihood = lambda mean: -0.5 * ((mean - x) ** 2).sum()
    away = x + 0.1
    for _ in range(50):  # "minimise E[log p] - KL", as printed
        away = away - 0.5 * slope(log_likelihood, away)
    assert abs(away - x).min() > 1e6


def test_e12_an_index_into_the_batch_is_no_layer():
    rng = random(12)
    features = rng.normal(size=(1, 5, 4, 4))  # what a network of layers returns
    with pytest.raises(IndexError):
        features[2]
    two = rng.normal(size=(2, 5, 16))
    printed = two.reshape(10, 16) @ two.reshape(10, 16).T
    right = np.einsum("ncp,ndp->ncd", two, two)
    assert printed.shape == (10, 10)  # products of one image with the other among them
    assert printed[:5, :5] == pytest.approx(right[0]) and abs(printed[:5, 5:]).max() > 1


def test_e13_a_function_overwritten_by_its_result():
    dis_loss = lambda logits: F.softplus(-logits).mean()
    steps = 0
    with pytest.raises((TypeError, TinygenError)):
        for _ in range(2):
            dis_loss = dis_loss(tg.tensor([0.4, -1.1]))
            steps += 1
    assert steps == 1


def test_e14_diffusion_is_a_regression_with_a_best_answer():
    rng, schedule = random(14), linear_schedule(100)
    points = np.array([[-1.0], [1.5]])
    ideal = IdealDenoiser(schedule, points)
    which, noise = rng.integers(0, 2, 4000), rng.normal(size=(4000, 1))
    t = np.full(4000, 60)
    x = diffuse(schedule, tg.tensor(points[which]), t, tg.tensor(noise))
    found = ideal.guess(x, t).noise.numpy()
    error = lambda guess: ((guess - noise) ** 2).mean()
    for shift in (-0.1, 0.1):
        assert error(found) < error(found + shift)
        assert error(found) < error(found * (1 + shift))


def test_e15_the_generators_loss_is_not_the_value():
    real, fake = logits(15)
    by_loss = slope(objectives.generator_loss, fake)
    by_value = slope(lambda f: objectives.value(real, f), fake)
    assert abs(objectives.generator_loss(fake).item()) > 0.1
    assert by_value / by_loss == pytest.approx(np.exp(fake.numpy()), rel=1e-9)


def test_the_page_and_these_tests_are_the_same_list():
    here = Path(__file__).read_text(encoding="utf-8")
    told = set(re.findall(r"`(test_e\d+_\w+)`", PAGE.read_text(encoding="utf-8")))
    assert told == set(re.findall(r"def (test_e\d+_\w+)", here))
