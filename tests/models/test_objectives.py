"""Every objective against what is known of its optimum (M8, M9)."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

import tinygen as tg
from tinygen import functional as F
from tinygen import nn
from tinygen.errors import ConfigError
from tinygen.models import objectives
from tinygen.models.critic import clip_weights
from tinygen.models.objectives import OBJECTIVES, gradient_penalty, r1_penalty
from tinygen.recipes.gan import RingGAN

rng = np.random.default_rng(0)
P, Q = (rng.dirichlet(np.full(7, 3.0)) for _ in "pq")  # on seven points


def tensor(x, requires_grad=False):
    return tg.tensor(np.asarray(x, np.float64), requires_grad)


def expected(loss, table, **settings):
    """E_p of what a loss makes of real scores, plus E_q of fake: D(x_i) = table[i]."""
    constant, total = tensor(np.zeros(1)), 0.0
    given = lambda real, fake: loss(real, fake, **settings)
    for i in range(7):
        score = table[i : i + 1]
        real_part = given(score, constant) - given(constant, constant)
        fake_part = given(constant, score) - given(constant, constant)
        total = total + P[i] * real_part + Q[i] * fake_part
    return total


@pytest.mark.parametrize("smooth", [0.0, 0.1])
@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize(
    ("loss", "to_logit"),
    [
        (objectives.least_squares_discriminator, lambda D: D),
        (objectives.discriminator_loss, lambda D: np.log(D / (1 - D))),
    ],
)
def test_training_a_table_reaches_the_best_discriminator(loss, to_logit, half, smooth):
    """Least squares: (p b + q a) / (p + q); logistic: b p / (p + q); a = 0, b = 1 - s.

    Newton's method on D(x_i) = table[i], each x_i by itself, as the loss is a sum.
    """
    table = tensor(np.zeros(7), requires_grad=True)
    for _ in range(12):
        value = expected(loss, table, half=half, smooth=smooth)
        (slope,) = tg.grad(value, [table], create_graph=True)
        (bend,) = tg.grad(slope.sum(), [table])
        table.assign(table.data - slope.data / bend.data)
        assert (bend.numpy() > 0).all()  # so the stationary point is the minimum
    best = to_logit((1 - smooth) * P / (P + Q))
    np.testing.assert_allclose(table.data, best, atol=1e-6)


def test_the_best_hinge_discriminator_is_the_sign_of_p_minus_q():
    loss, best = objectives.hinge_discriminator, np.sign(P - Q)
    least = expected(loss, tensor(best)).item()
    for i in range(7):
        for change in (-0.1, 0.1, -0.5 * best[i], -2 * best[i]):
            other = best.copy()
            other[i] += change
            assert expected(loss, tensor(other)).item() > least + 1e-6


def test_losses_of_the_generators_by_hand():
    """Least squares 1/2 (D - 1)^2, hinge and Wasserstein -D; all fall as D rises."""
    fake = tensor([[3.0], [-1.0]], requires_grad=True)
    values = {"least-squares": 2.0, "hinge": -1.0, "wasserstein": -1.0}
    for name, value in values.items():
        assert objectives.objective(name).generator(fake).item() == pytest.approx(value)
    below = tensor([[0.5], [-1.0]], requires_grad=True)
    for name in OBJECTIVES:
        (g,) = tg.grad(objectives.objective(name).generator(below), [below])
        assert (g.numpy() < 0).all(), name


def test_losses_of_the_discriminators_by_hand():
    real, fake = tensor([[2.0], [0.5]]), tensor([[0.0], [-3.0]])
    values = {
        "least-squares": 0.5 * (1.25 / 2) + 0.5 * 4.5,
        "hinge": 0.25 + 0.5,
        "wasserstein": -1.5 - 1.25,
    }
    for name, value in values.items():
        loss = objectives.objective(name).discriminator
        assert loss(real, fake).item() == pytest.approx(value), name
        assert loss(real, fake, half=True).item() == pytest.approx(value / 2), name


def test_an_unknown_objective_is_refused_with_the_names():
    with pytest.raises(ConfigError, match="Fix: one of non-saturating, minimax"):
        objectives.objective("wgan")


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


def test_the_clipped_linear_critic_reaches_its_closed_form():
    """max over |w_i| <= c of w.d is c |d|_1, at w = c sign(d)."""
    shift, bound = np.array([1.2, -0.7, 0.4]), 0.05
    fake = rng.standard_normal((16, 3))
    real, fake = tensor(fake + shift), tensor(fake)
    D = nn.Linear(3, 1, bias=False, rng=rng, dtype="float64")
    for _ in range(100):
        D.zero_grad()
        loss = objectives.wasserstein_discriminator(D(real), D(fake))
        loss.backward()
        D.weight.assign(D.weight.data - 0.01 * D.weight.grad.data)
        clip_weights(D, bound)
    np.testing.assert_array_equal(D.weight.data, [bound * np.sign(shift)])
    loss = objectives.wasserstein_discriminator(D(real), D(fake)).item()
    assert -loss == pytest.approx(bound * abs(shift).sum(), abs=1e-12)


def best_critic(real, fake):
    """The 1-Lipschitz f with the largest mean f(real) - mean f(fake), on the line.

    f' = sign(F_fake - F_real), with F the distribution functions.
    """
    points = np.sort(np.concatenate([real, fake]))
    below = lambda sample: (sample[:, None] <= points[:-1]).mean(0)
    rises = np.sign(below(fake) - below(real)) * np.diff(points)
    f = np.concatenate([[0.0], np.cumsum(rises)])
    return lambda x: f[np.searchsorted(points, x)]


def test_the_best_critic_on_the_line_gives_the_distance_by_sorting():
    """W_1 = mean |sort(a) - sort(b)|, and minus the loss of the best critic."""
    a, b = rng.standard_normal(40), 0.5 * rng.standard_normal(40) + 0.3
    critic = best_critic(a, b)
    scores = (tensor(critic(x)[:, None]) for x in (a, b))
    loss = objectives.wasserstein_discriminator(*scores).item()
    distance = abs(np.sort(a) - np.sort(b)).mean()
    assert -loss == pytest.approx(distance, abs=1e-12)
    assert distance == pytest.approx(wasserstein_distance(a, b), abs=1e-12)


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
    weights = list(net.parameters())
    starts = [w.data for w in weights]
    directions = [rng.standard_normal(w.shape) for w in weights]

    def value(t):
        for w, start, direction in zip(weights, starts, directions, strict=True):
            w.assign(start + t * direction)
        x = tensor(real.data, requires_grad=True)
        draws = np.random.default_rng(4)
        return gradient_penalty(net, real, fake, rng=draws) + r1_penalty(net(x), x)

    grads = tg.grad(value(0.0), weights, allow_unused=True)  # the last bias: unused
    pairs = zip(grads, directions, strict=True)
    slope = sum((g.data * v).sum() for g, v in pairs if g is not None)
    h = 2e-4
    near, far = value(h) - value(-h), value(2 * h) - value(-2 * h)
    assert slope == pytest.approx((8 * near - far).item() / (12 * h), rel=1e-7)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_trains_the_ring(name):
    options = {"gp": 10.0, "d_steps": 2} if name == "wasserstein" else {}
    config = RingGAN.Config(objective=name, batch_size=32, lr_d=1e-3, **options)
    recipe = RingGAN(config)
    for step in range(3):
        losses = recipe.train_step(recipe.data.batch(step), step, recipe.streams(step))
        assert all(np.isfinite(loss.item()) for loss in losses.values())
