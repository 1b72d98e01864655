"""What a discriminator and a generator minimise, as functions of logits.

D(x) = sigmoid(logit): a logit is log-odds that x is real, so every loss here is written
with log D = -softplus(-logit) and log(1 - D) = -softplus(logit), which are exact for
any logit.  All losses are means over the batch, in nats.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tinygen import functional as F
from tinygen.engine import grad
from tinygen.errors import ConfigError
from tinygen.ops import mean, square, sum


def value(real_logits, fake_logits):
    """V(D, G) = E_x[log D(x)] + E_z[log(1 - D(G(z)))], which D maximises.

    Source: Goodfellow et al., arXiv 1406.2661, equation 1.  Equation [GAN-1].
    """
    return mean(F.logsigmoid(real_logits)) + mean(F.logsigmoid(-fake_logits))


def discriminator_loss(real_logits, fake_logits, *, smooth=0.0, half=False):
    """L_D = -E_x[log D(x)] - E_z[log(1 - D(G(z)))] = -V(D, G).

    smooth : one-sided label smoothing, real images count as real with 1 - smooth
    half : halve the loss, as the third source document does; the minimiser is the same
    Source: arXiv 1406.2661; smoothing: Salimans et al., arXiv 1606.03498, section 3.4.
    Equation [GAN-2].
    """
    real = F.logsigmoid(real_logits)
    if smooth:
        real = (1.0 - smooth) * real + smooth * F.logsigmoid(-real_logits)
    loss = -mean(real) - mean(F.logsigmoid(-fake_logits))
    return loss * 0.5 if half else loss


def generator_loss(fake_logits):
    """L_G = -E_z[log D(G(z))]: non-saturating, d/dlogit = -(1 - D).

    Not minus the value: with it the game is not zero-sum [E1, E15].
    Source: arXiv 1406.2661, section 3.  Equation [GAN-3].
    """
    return -mean(F.logsigmoid(fake_logits))


def generator_loss_minimax(fake_logits):
    """L_G = E_z[log(1 - D(G(z)))]: G's part of V; it saturates, d/dlogit = -D.

    Where D wins, D -> 0 and with it the gradient: e**logit times the one of
    `generator_loss`, since D / (1 - D) = e**logit.
    Source: arXiv 1406.2661, equation 1.  Equation [GAN-4].
    """
    return mean(F.logsigmoid(-fake_logits))


def r1_penalty(real_logits, real):
    """1/2 E_x |d logit / dx|^2 at data x: D is to be flat where the data are.

    real : (N, ...), with requires_grad, from which real_logits (N, 1) were computed.
    Its own gradient is a second derivative of D.
    Source: Mescheder, Geiger & Nowozin, arXiv 1801.04406, equation 9.
    """
    (slope,) = grad(sum(real_logits), [real], create_graph=True)
    return sum(square(slope)) * (0.5 / len(real))


@dataclass(frozen=True)
class Objective:
    """A pair of losses: discriminator(real, fake, ...) and generator(fake)."""

    discriminator: Callable
    generator: Callable


OBJECTIVES = {
    "non-saturating": Objective(discriminator_loss, generator_loss),
    "minimax": Objective(discriminator_loss, generator_loss_minimax),
}


def objective(name: str) -> Objective:
    """The pair of losses of that name; ConfigError lists the names."""
    if name not in OBJECTIVES:
        raise ConfigError(f"objective {name!r}. Fix: one of {', '.join(OBJECTIVES)}")
    return OBJECTIVES[name]


def optimal_discriminator(p, q):
    """D*(x) = p(x) / (p(x) + q(x)): the best D against fixed p (data) and q (model).

    Source: arXiv 1406.2661, proposition 1.  Equation [GAN-5].
    """
    return p / (p + q)
