"""The evidence lower bound, its variants, and how far below log p(x) it is.

Everything is in nats per image: log-likelihoods are summed over pixels, divergences
over latents, and only images are averaged over.
"""

import math
from typing import NamedTuple

import numpy as np

from tinygen import functional as F
from tinygen.backend import to_host
from tinygen.creation import randn
from tinygen.engine import Tensor
from tinygen.errors import ConfigError, ShapeError
from tinygen.ops import expand_dims, logsumexp, maximum, square
from tinygen.ops import sum as total
from tinygen.recording import no_grad


class Terms(NamedTuple):
    """The two parts of the bound.

    log_likelihood : (N,) E_q[log p(x|z)], by the draws of z that were made
    kl : (N, D) KL(q(z_j|x) || p(z_j)) of each latent, exact
    """

    log_likelihood: Tensor
    kl: Tensor

    @property
    def elbo(self):
        """(N,) nats: E_q[log p(x|z)] - KL, the KL summed over latents.  [VAE-1]"""
        return self.log_likelihood - total(self.kl, 1)


def terms(model, x, noise, labels=None) -> Terms:
    """Both parts of the bound of each image.

    x : (N, C, H, W)      noise : (K, N, D) of N(0, I), K draws of z for each image
    Equations [VAE-1], [VAE-3], [VAE-4].
    """
    posterior, _, log_likelihoods = drawn(model, x, noise, labels)
    each = (expand_dims(part, -1) for part in posterior)  # (N, D, 1): none summed
    return Terms(log_likelihoods.mean(0), F.kl_diagonal_gaussians(*each))


def drawn(model, x, noise, labels=None):
    """q(z|x), draws of z from it, and log p(x|z) of each: Posterior, (K, N, D), (K, N).

    Raises ShapeError unless the noise is (K, N, D).
    """
    if noise.ndim != 3:
        raise ShapeError(f"noise {noise.shape}. Fix: (K, N, D), K draws for each image")
    posterior = model.encode(x, labels)
    z = posterior.at(noise)
    return posterior, z, model.likelihood.log_prob(model.decode(z, labels), x)


def loss(found: Terms, beta: float = 1.0, free_bits: float = 0.0):
    """-E_q[log p(x|z)] + beta * KL, averaged over images: what is minimised.

    beta : above 1 presses harder towards p(z): fewer latents are used, and each tends
        to stand for one thing (Higgins et al. 2017); below 1 during a warm-up
    free_bits : nats that each latent may say of an average image at no cost:
        max(free_bits, KL_j), so that none is pressed to nothing early on
        (Kingma et al., arXiv 1606.04934, appendix C.8)
    With beta = 1 and free_bits = 0 it is -ELBO.  The bound itself is to be maximised;
    one document calls it a loss [E11].  Equation [VAE-2].
    """
    kl = found.kl.mean(0)  # (D,)
    if free_bits:
        kl = maximum(kl, free_bits)
    return beta * total(kl) - found.log_likelihood.mean()


def log_weights(model, x, noise, labels=None):
    """log p(x|z) + log p(z) - log q(z|x) of each draw: (K, N) nats.

    x : (N, C, H, W)      noise : (K, N, D)
    Their mean estimates the ELBO; exp of them estimates p(x) without bias.  Eq. (9.7).
    """
    posterior, z, log_likelihoods = drawn(model, x, noise, labels)
    log_ratio = square(noise) + posterior.log_variance - square(z)  # 2 log p(z)/q(z|x)
    return log_likelihoods + 0.5 * total(log_ratio, -1)


def importance_bound(weights):
    """log of the mean weight: (K, N) log-weights -> (N,) nats.

    L_K = E[log (1/K) sum_k w_k] <= log p(x);  L_1 is the ELBO, and L_K grows with K.
    Source: Burda, Grosse & Salakhutdinov, arXiv 1509.00519, equation 8.  Eq. (9.7).
    """
    return logsumexp(weights, 0) - math.log(weights.shape[0])


def log_evidence(model, x, draws: int = 5000, *, rng, labels=None, rows: int = 2000):
    """log p(x), estimated from below by `draws` importance samples: (N,) float64.

    rows : (draw, image) pairs that are decoded at a time; memory, not the result,
        depends on it, apart from which random number goes where
    """
    if draws < 1:
        raise ConfigError(f"log_evidence: draws={draws}. Fix: 1 or more; 5000 is usual")
    n, found = len(x), []
    size = max(1, rows // n)
    with no_grad():
        for done in range(0, draws, size):
            noise = randn((min(size, draws - done), n, model.latent), rng=rng)
            some = logsumexp(log_weights(model, x, noise.astype(x.dtype), labels), 0)
            found.append(to_host(some.data).astype(np.float64))
    return np.logaddexp.reduce(found, 0) - math.log(draws)
