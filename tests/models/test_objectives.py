"""Every objective against what is known of its optimum (M8, M9)."""

import numpy as np
import pytest

import tinygen as tg
from tinygen import functional as F
from tinygen import nn
from tinygen.models import objectives
from tinygen.models.objectives import OBJECTIVES, gradient_penalty, r1_penalty
from tinygen.recipes.gan import RingGAN

rng = np.random.default_rng(0)
P, Q = (rng.dirichlet(np.full(7, 3.0)) for _ in "pq")  # on seven points


def tensor(x, requires_grad=False):
    return tg.tensor(np.asarray(x, np.float64), requires_grad)


def expected(loss, table):
    """E_p of what a loss makes of real scores, plus E_q of fake: D(x_i) = table[i]."""
    constant, total = tensor(np.zeros(1)), 0.0
    for i in range(7):
        score = table[i : i + 1]
        real_part = loss(score, constant) - loss(constant, constant)
        fake_part = loss(constant, score) - loss(constant, constant)
        total = total + P[i] * real_part + Q[i] * fake_part
    return total


@pytest.mark.parametrize(
    ("loss", "best"),
    [
        (objectives.least_squares_discriminator, P / (P + Q)),
        (objectives.discriminator_loss, np.log(P / Q)),
    ],
)
def test_the_best_discriminator_is_stationary(loss, best):
    """Least squares: p / (p + q), with a = 0 and b = 1; logistic: log(p / q)."""
    table = tensor(best, requires_grad=True)
    (slope,) = tg.grad(expected(loss, table), [table])
    assert abs(slope.numpy()).max() < 1e-15
    (away,) = tg.grad(expected(loss, table + 0.1), [table])
    assert (away.numpy() > 1e-6).all()


def test_the_best_hinge_discriminator_is_the_sign_of_p_minus_q():
    loss, best = objectives.hinge_discriminator, np.sign(P - Q)
    least = expected(loss, tensor(best)).item()
    for i in range(7):
        for change in (-0.1, 0.1, -0.5 * best[i], -2 * best[i]):
            other = best.copy()
            other[i] += change
            assert expected(loss, tensor(other)).item() > least + 1e-6


def linear(weight):
    """The critic x -> w.x."""
    return lambda x: F.linear(x, weight.reshape(1, -1))


def test_the_penalised_linear_critic_reaches_its_closed_form():
    """min over w of -w.d + lambda (|w| - 1)^2 is at w = (1 + |d|/2 lambda) d/|d|."""
    shift, weight = np.array([1.2, -0.7, 0.4]), tensor([0.3, 0.1, 0.1], True)
    fake = rng.standard_normal((16, 3))
    real = tensor(fake + shift)
    fake = tensor(fake)
    draws = np.random.default_rng(1)
    for _ in range(4000):
        critic = linear(weight)
        loss = objectives.wasserstein_discriminator(critic(real), critic(fake))
        penalty = gradient_penalty(critic, real, fake, rng=draws)
        (g,) = tg.grad(loss + 10.0 * penalty, [weight])
        weight.assign(weight.data - 0.01 * g.data)
    norm = np.linalg.norm(shift)
    best = (1 + norm / 20) * shift / norm
    np.testing.assert_allclose(weight.data, best, atol=1e-8)


def test_the_penalty_is_per_sample_and_on_the_segment():
    """For D(x) = |x|^2/2 the slope at x_hat is x_hat itself."""
    real, fake = (tensor(rng.standard_normal((5, 2, 3))) for _ in "rf")
    judge = lambda x: (x * x).sum((1, 2)).reshape(-1, 1) * 0.5
    value = gradient_penalty(judge, real, fake, rng=np.random.default_rng(2)).item()
    alpha = np.random.default_rng(2).random((5, 1, 1))
    between = alpha * real.data + (1 - alpha) * fake.data
    norms = np.sqrt((between**2).sum((1, 2)))
    assert value == pytest.approx(((norms - 1) ** 2).mean(), rel=1e-10)


def test_the_penalties_are_finite_at_slope_zero_and_r1_is_half_the_square():
    flat = tensor(np.zeros(3), requires_grad=True)
    x = tensor(rng.standard_normal((4, 3)))
    penalty = gradient_penalty(linear(flat), x, x, rng=np.random.default_rng(3))
    (g,) = tg.grad(penalty, [flat])
    assert np.isfinite(g.numpy()).all() and penalty.item() == pytest.approx(1, abs=1e-5)
    weight = tensor([3.0, -4.0, 0.0], requires_grad=True)
    x = tensor(x.data, requires_grad=True)
    penalty = r1_penalty(linear(weight)(x), x)
    assert penalty.item() == pytest.approx(12.5)
    (g,) = tg.grad(penalty, [weight])
    np.testing.assert_allclose(g.numpy(), weight.data)


def test_second_order_of_the_penalties_by_differences():
    net = nn.Sequential(
        nn.Linear(3, 5, rng=rng), nn.Tanh(), nn.Linear(5, 1, rng=rng)
    ).astype("float64")
    real, fake = (tensor(rng.standard_normal((4, 3))) for _ in "rf")
    weight = next(net.parameters())
    direction = rng.standard_normal(weight.shape)
    start = weight.data.copy()

    def value(t):
        weight.assign(start + t * direction)
        draws = np.random.default_rng(4)
        x = tensor(real.data, requires_grad=True)
        penalty = gradient_penalty(net, real, fake, rng=draws)
        return penalty + r1_penalty(net(x), x)

    (g,) = tg.grad(value(0.0), [weight])
    h = 2e-4
    near, far = value(h) - value(-h), value(2 * h) - value(-2 * h)
    numeric = (8 * near - far).item() / (12 * h)
    assert (g.data * direction).sum() == pytest.approx(numeric, rel=1e-7)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_trains_the_ring(name):
    options = {"gp": 10.0, "d_steps": 2} if name == "wasserstein" else {}
    config = RingGAN.Config(objective=name, batch_size=32, lr_d=1e-3, **options)
    recipe = RingGAN(config)
    for step in range(3):
        losses = recipe.train_step(recipe.data.batch(step), step, recipe.streams(step))
        assert all(np.isfinite(loss.item()) for loss in losses.values())
