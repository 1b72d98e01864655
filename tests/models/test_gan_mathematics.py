"""The mathematics of the GAN on densities that are known exactly.

p = N(-1, 1) is the data, q = N(1, 1) the model.  Expectations are sums over a fine grid
(exact to about 1e-14 for such smooth, fast-falling functions), so no test here draws a
sample.
"""

import numpy as np
import pytest

import tinygen as tg
from tinygen import functional as F
from tinygen import nn, optim
from tinygen.models import objectives

GRID = np.linspace(-12.0, 12.0, 2401)
STEP = GRID[1] - GRID[0]


def normal(mean):
    """The density of N(mean, 1) on the grid, times the width of a cell."""
    return np.exp(-0.5 * (GRID - mean) ** 2) / np.sqrt(2 * np.pi) * STEP


P, Q = normal(-1.0), normal(1.0)


def expected_value(logits):
    """V(D, G) = E_p[log D] + E_q[log(1 - D)] of logits (2401,) on the grid. [GAN-1]"""
    return (P * F.logsigmoid(logits)).sum() + (Q * F.logsigmoid(-logits)).sum()


def jensen_shannon():
    """JSD(p || q) in nats, by the same quadrature."""
    m = 0.5 * (P + Q)
    return 0.5 * (P * np.log(P / m)).sum() + 0.5 * (Q * np.log(Q / m)).sum()


def best_logits():
    return np.log(P / Q)


def tensor(x, requires_grad=False):
    return tg.tensor(np.asarray(x, np.float64), requires_grad)


def test_the_optimal_discriminator_is_p_over_p_plus_q():
    D = objectives.optimal_discriminator(P, Q)
    np.testing.assert_allclose(np.log(D / (1 - D)), -2 * GRID, atol=1e-9)
    logits = tensor(best_logits(), requires_grad=True)
    (slope,) = tg.grad(expected_value(logits), [logits])
    assert abs(slope.numpy()).max() < 1e-15  # V is stationary in every D(x)


def test_its_value_is_twice_the_jensen_shannon_divergence_less_log_4():
    value = expected_value(tensor(best_logits())).item()
    assert value == pytest.approx(2 * jensen_shannon() - np.log(4), abs=1e-10)


def test_any_other_discriminator_has_a_smaller_value():
    best = expected_value(tensor(best_logits())).item()
    rng = np.random.default_rng(0)
    for scale in (1e-3, 0.1, 1.0):
        other = best_logits() + scale * rng.standard_normal(GRID.size)
        assert expected_value(tensor(other)).item() < best


def test_training_reaches_the_optimal_discriminator():
    """Logistic D on the feature x: the optimum is logit = -2 x + 0 (see M7)."""
    D = nn.Linear(1, 1, rng=np.random.default_rng(0), dtype="float64")
    adam = optim.Adam(D.parameters(), lr=0.02)
    x = tensor(GRID[:, None])
    for _ in range(1500):
        adam.zero_grad()
        loss = -expected_value(D(x).reshape(-1))
        loss.backward()
        adam.step()
    weight, bias = D.weight.item(), D.bias.item()
    assert weight == pytest.approx(-2.0, abs=1e-3)
    assert bias == pytest.approx(0.0, abs=1e-3)
    assert -loss.item() == pytest.approx(2 * jensen_shannon() - np.log(4), abs=1e-6)


@pytest.mark.parametrize("logit", [-30.0, -5.0, -0.5, 0.0, 0.7, 4.0, 30.0])
def test_the_ratio_of_the_generator_gradients_is_e_to_the_logit(logit):
    """Minimax gives -D, non-saturating -(1 - D): the ratio is D/(1 - D) = e^logit."""
    ell = tensor([[logit]], requires_grad=True)
    (saturating,) = tg.grad(objectives.generator_loss_minimax(ell), [ell])
    (other,) = tg.grad(objectives.generator_loss(ell), [ell])
    assert saturating.item() / other.item() == pytest.approx(
        np.exp(logit), rel=1e-12, abs=0
    )


def test_the_minimax_loss_saturates_and_the_other_does_not():
    """When D wins (logit -20) the minimax gradient is 2e-9, the other's is 1."""
    ell = tensor([[-20.0]], requires_grad=True)
    (saturating,) = tg.grad(objectives.generator_loss_minimax(ell), [ell])
    (other,) = tg.grad(objectives.generator_loss(ell), [ell])
    assert saturating.item() == pytest.approx(-np.exp(-20), rel=1e-8, abs=0)
    assert other.item() == pytest.approx(-1.0, rel=1e-8)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sign", [-1, 1])
def test_losses_are_exact_at_logits_of_ten_thousand(sign, dtype):
    ell = tg.full((3, 1), sign * 1e4, requires_grad=True, dtype=dtype)
    lost, won = (1e4, 0.0) if sign < 0 else (0.0, 1e4)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        G = objectives.generator_loss(ell)
        M = objectives.generator_loss_minimax(ell)
        D = objectives.discriminator_loss(ell, ell)
        (slope,) = tg.grad(G, [ell])
    assert (G.item(), M.item()) == (lost, -won)
    assert D.item() == 1e4
    np.testing.assert_allclose(slope.numpy(), -lost / 1e4 / 3, rtol=1e-6)


def test_half_and_smoothing_of_the_discriminator_loss():
    rng = np.random.default_rng(1)
    real, fake = (tensor(rng.standard_normal((5, 1))) for _ in "rf")
    whole = objectives.discriminator_loss(real, fake).item()
    half = objectives.discriminator_loss(real, fake, half=True).item()
    assert half == pytest.approx(whole / 2, rel=1e-15)
    smooth = objectives.discriminator_loss(real, fake, smooth=0.1).item()
    log_D, log_not_D = F.logsigmoid(real).numpy(), F.logsigmoid(-real).numpy()
    expected = -(0.9 * log_D + 0.1 * log_not_D).mean()
    expected -= F.logsigmoid(-fake).numpy().mean()
    assert smooth == pytest.approx(expected, rel=1e-14)


def test_one_sided_smoothing_makes_the_best_discriminator_0_9_p_over_p_plus_q():
    D = 0.9 * P / (P + Q)
    ell = tensor(np.log(D / (1 - D)), requires_grad=True)
    loss = -(
        0.9 * (P * F.logsigmoid(ell)).sum()
        + 0.1 * (P * F.logsigmoid(-ell)).sum()
        + (Q * F.logsigmoid(-ell)).sum()
    )
    (slope,) = tg.grad(loss, [ell])
    assert abs(slope.numpy()).max() < 1e-15


# -- errata of the source documents -------------------------------------------------


def losses_at(logits):
    """(V, L_D, L_G) of [GAN-1..3] on the known densities."""
    D = -expected_value(logits)
    G = -(Q * F.logsigmoid(logits)).sum()
    return expected_value(logits).item(), D.item(), G.item()


def test_E1_the_value_is_minus_the_discriminator_loss_not_a_sum_of_losses():
    V, L_D, L_G = losses_at(tensor(best_logits()))
    assert pytest.approx(-L_D, abs=1e-14) == V
    assert abs(V - (L_D + L_G)) > 1.0
    assert abs(L_D + L_G) > 1.0  # with [GAN-3] the game is not zero-sum


def test_E2_the_discriminator_minimises_its_error_and_the_generator_raises_it():
    def error(shift, slope):
        """D's probability of error against data p and samples moved by `shift`."""
        wrong_real = P[slope * GRID < 0].sum()
        wrong_fake = normal(1.0 + shift)[slope * GRID > 0].sum()
        return 0.5 * (wrong_real + wrong_fake)

    slope = tensor([-0.5], requires_grad=True)
    (up,) = tg.grad(expected_value(slope * GRID), [slope])
    assert up.item() < 0  # raising V makes the logit steeper: D tells better apart
    shift = tensor([0.0], requires_grad=True)
    for generator in (
        lambda logits: (Q * F.logsigmoid(-logits)).sum(),
        lambda logits: -(Q * F.logsigmoid(logits)).sum(),
    ):
        loss = generator(-0.5 * (tensor(GRID) + shift))  # D at samples moved by it
        (g,) = tg.grad(loss, [shift])
        assert g.item() > 0  # so G moves its samples left, towards the data
    assert error(-0.1, -0.5) > error(0.0, -0.5)


def test_E3_a_decoder_that_sees_x_copies_it_with_an_empty_code():
    rng = np.random.default_rng(2)
    x = tensor(rng.standard_normal((64, 5)))
    honest = nn.Linear(1, 5, rng=rng, dtype="float64")
    cheat = nn.Linear(5 + 1, 5, rng=rng, dtype="float64")
    empty = tg.zeros((64, 1), dtype="float64")  # a code that says nothing
    for model, seen in ((honest, empty), (cheat, tg.concatenate([x, empty], 1))):
        adam = optim.Adam(model.parameters(), lr=0.05)
        for _ in range(600):
            adam.zero_grad()
            F.mse_loss(model(seen), x).backward()
            adam.step()
    spread = float(x.numpy().var(0).mean())
    assert F.mse_loss(cheat(tg.concatenate([x, empty], 1)), x).item() < 1e-6
    assert F.mse_loss(honest(empty), x).item() == pytest.approx(spread, rel=1e-3)


def printed_losses(real, fake):
    """The losses as the second document prints them: labels against pixels. [E4]"""
    ones, zeros = np.ones(real.shape), np.zeros(real.shape)
    cross_entropy = F.binary_cross_entropy_with_logits
    return cross_entropy(real, ones) + cross_entropy(fake, zeros), cross_entropy(
        fake, ones
    )


def test_E4_losses_that_never_call_the_discriminator_teach_nobody():
    rng = np.random.default_rng(3)
    G = nn.Linear(2, 4, rng=rng, dtype="float64")
    D = nn.Linear(4, 1, rng=rng, dtype="float64")
    z, x1, x2 = (tensor(rng.standard_normal((6, n))) for n in (2, 4, 4))
    _, generator = printed_losses(x1, G(z))
    assert tg.grad(generator, list(D.parameters()), allow_unused=True) == [None, None]
    (one,) = tg.grad(printed_losses(x1, G(z))[1], [G.weight])
    (two,) = tg.grad(printed_losses(x2, G(z))[1], [G.weight])
    assert (one.numpy() == two.numpy()).all()  # whatever the data are
    for _ in range(300):
        (g,) = tg.grad(printed_losses(x1, G(z))[1], [G.bias])
        G.bias.assign(G.bias.data - 5.0 * g.data)
    assert (G(z).data > 4).all()  # every pixel goes to white: no digit can come


def test_E15_the_non_saturating_loss_is_not_the_value():
    ell = tensor(best_logits(), requires_grad=True)
    value_part = (Q * F.logsigmoid(-ell)).sum()  # what of V depends on G
    printed = -(Q * F.logsigmoid(ell)).sum()  # -(1/m) sum log D(G(z))
    (a,), (b,) = tg.grad(value_part, [ell]), tg.grad(printed, [ell])
    assert abs(value_part.item() - printed.item()) > 1.0
    ratio = a.numpy() / b.numpy()
    middle = abs(GRID) < 8
    np.testing.assert_allclose(ratio[middle], np.exp(best_logits())[middle], rtol=1e-9)
