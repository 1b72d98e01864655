"""What a discriminator and a generator minimise, as functions of logits.

Where D(x) = sigmoid(logit), a logit is log-odds that x is real, and the losses are
written with log D = -softplus(-logit) and log(1 - D) = -softplus(logit), exact for any
logit; these are in nats.  The others take the logit itself as the score D(x).  All are
means over the batch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from tinygen import functional as F
from tinygen.backend import given, xp_of
from tinygen.engine import Tensor, grad
from tinygen.errors import ConfigError
from tinygen.ops import mean, sqrt, square, sum
from tinygen.ops.losses import softplus_mean


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
    real = softplus_mean(real_logits, -1.0)
    if smooth:
        real = (1.0 - smooth) * real + smooth * softplus_mean(real_logits)
    loss = real + softplus_mean(fake_logits)
    return loss * 0.5 if half else loss


def discriminator_loss_together(logits, *, half=False):
    """`discriminator_loss` of N real and N fake samples that D judged in one batch.

    L_D = 2 E[softplus(s logit)],  s = -1 for real samples, 1 for fake ones

    logits : (2N, 1), the real ones first.  One pass through D instead of two, where D
    judges every sample alone.  Equation [GAN-2].
    """
    x = logits.data
    loss = softplus_mean(logits, sign=halves(xp_of(x), len(x) // 2, x.dtype.name))
    return loss if half else 2.0 * loss


@cache
def halves(xp, n: int, dtype: str):
    """(2n, 1): n times -1, then n times 1."""
    return xp.asarray(np.repeat([-1.0, 1.0], n)[:, None].astype(dtype))


def generator_loss(fake_logits):
    """L_G = -E_z[log D(G(z))]: non-saturating, d/dlogit = -(1 - D).

    Not minus the value: with it the game is not zero-sum [E1, E15].
    Source: arXiv 1406.2661, section 3.  Equation [GAN-3].
    """
    return softplus_mean(fake_logits, -1.0)


def generator_loss_minimax(fake_logits):
    """L_G = E_z[log(1 - D(G(z)))]: G's part of V; it saturates, d/dlogit = -D.

    Where D wins, D -> 0 and with it the gradient: e**logit times the one of
    `generator_loss`, since D / (1 - D) = e**logit.
    Source: arXiv 1406.2661, equation 1.  Equation [GAN-4].
    """
    return -softplus_mean(fake_logits)


def least_squares_discriminator(real_logits, fake_logits, *, smooth=0.0, half=False):
    """1/2 E_x[(D(x) - b)^2] + 1/2 E_z[(D(G(z)) - a)^2], a = 0, b = 1, D the logit.

    The best D is (b p + a q) / (p + q).  smooth : b = 1 - smooth
    Source: Mao et al., arXiv 1611.04076, equations 2 and 9.
    """
    real, fake = square(real_logits - (1.0 - smooth)), square(fake_logits)
    loss = 0.5 * (mean(real) + mean(fake))
    return loss * 0.5 if half else loss


def least_squares_generator(fake_logits):
    """1/2 E_z[(D(G(z)) - c)^2] with c = 1.  Source: arXiv 1611.04076, equation 9."""
    return 0.5 * mean(square(fake_logits - 1.0))


def hinge_discriminator(real_logits, fake_logits, *, smooth=0.0, half=False):
    """E_x[max(0, 1 - smooth - D(x))] + E_z[max(0, 1 + D(G(z)))]; D is the logit.

    The best D is 1 where p > q and -1 where p < q.
    Source: Lim & Ye, arXiv 1705.02894; Miyato et al., arXiv 1802.05957, equation 16.
    """
    real, fake = F.relu(1.0 - smooth - real_logits), F.relu(1.0 + fake_logits)
    loss = mean(real) + mean(fake)
    return loss * 0.5 if half else loss


def wasserstein_discriminator(real_logits, fake_logits, *, smooth=0.0, half=False):
    """E_z[D(G(z))] - E_x[D(x)]: minus the distance, if D is 1-Lipschitz.

    To be used with a gradient penalty (option `gp`), or with clipped weights (`clip`):
    then it is minus a multiple of the distance.  There are no labels to smooth.
    Source: Arjovsky, Chintala & Bottou, arXiv 1701.07875, equation 2.  Eq. (14.1).
    """
    loss = mean(fake_logits) - mean(real_logits)
    return loss * 0.5 if half else loss


def score_generator(fake_logits):
    """-E_z[D(G(z))]: what the hinge and the Wasserstein generator minimise.

    Source: arXiv 1802.05957, equation 17; arXiv 1701.07875, algorithm 1.
    """
    return -mean(fake_logits)


def gradient_penalty(judge, real, fake, *, rng):
    """E[(|dD/dx at x_hat| - 1)^2],  x_hat = alpha x + (1 - alpha) G(z).

    judge : x -> logits      real, fake : (N, ...)      rng : draws alpha
    alpha : one number U[0, 1] for each sample; the norm is over a whole sample
    The norm is taken with a floor of 1e-12 under the root: finite at slope 0.
    Source: Gulrajani et al., arXiv 1704.00028, equation 3.  Eq. (14.3), its optimum
    Eq. (14.4), its gradient Eq. (14.5).
    """
    shape = (len(real), *(1 for _ in real.shape[1:]))
    draw = lambda: rng.random(shape, dtype=real.dtype)
    alpha = given(draw, device=real.device)
    between = Tensor(alpha * real.data + (1 - alpha) * fake.data)
    between.requires_grad = True
    (slope,) = grad(sum(judge(between)), [between], create_graph=True)
    squares = sum(square(slope), tuple(range(1, slope.ndim)))
    return mean(square(sqrt(squares + 1e-12) - 1.0))


def r1_penalty(real_logits, real):
    """1/2 E_x |d logit / dx|^2 at data x: D is to be flat where the data are.

    real : (N, ...), with requires_grad, from which real_logits (N, 1) were computed.
    Its own gradient is a second derivative of D.
    Source: Mescheder, Geiger & Nowozin, arXiv 1801.04406, equation 9.  Eq. (12.7).
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
    "least-squares": Objective(least_squares_discriminator, least_squares_generator),
    "hinge": Objective(hinge_discriminator, score_generator),
    "wasserstein": Objective(wasserstein_discriminator, score_generator),
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
