"""The VAE that can be solved: a linear decoder, Gaussian pixels.

    p(z) = N(0, I),  p(x|z) = N(W z + b, s^2 I),  so  p(x) = N(b, W W^T + s^2 I)

This is probabilistic principal component analysis.  Where W = U diag(d) with
orthonormal columns U, the true posterior has a diagonal covariance and a mean that is
linear in x, so a linear encoder can be exactly right and the bound is log p(x) itself.

Source: Tipping & Bishop, J. R. Statist. Soc. B 61 (1999) 611; Lucas et al., Don't blame
the ELBO!, arXiv 1911.02469.
"""

from typing import NamedTuple

import numpy as np

from tinygen import nn
from tinygen.creation import zeros
from tinygen.models.vae.likelihood import Gaussian
from tinygen.models.vae.model import VAE
from tinygen.ops import broadcast_to, concatenate


class LinearEncoder(nn.Module):
    """x (N, P) -> (N, 2D): a mean that is linear in x beside one variance for all x."""

    def __init__(self, size, latent, *, rng, dtype="float64"):
        self.mean = nn.Linear(size, latent, rng=rng, dtype=dtype)
        self.log_variance = zeros((latent,), requires_grad=True, dtype=dtype)

    def forward(self, x, labels=None):
        mean = self.mean(x)
        return concatenate([mean, broadcast_to(self.log_variance, mean.shape)], 1)


class LinearDecoder(nn.Module):
    """z (N, D) -> (N, P): W z + b."""

    def __init__(self, size, latent, *, rng, dtype="float64"):
        self.layer = nn.Linear(latent, size, rng=rng, dtype=dtype)

    def forward(self, z, labels=None):
        return self.layer(z)


def linear_vae(size, latent, std=None, *, rng, dtype="float64") -> VAE:
    """A VAE of vectors (N, size) whose encoder and decoder are linear.

    std : of the noise s, None to learn it
    """
    return VAE(
        LinearEncoder(size, latent, rng=rng, dtype=dtype),
        LinearDecoder(size, latent, rng=rng, dtype=dtype),
        Gaussian(std, dtype=dtype),
        latent,
    )


def log_marginal(x, W, b, variance) -> np.ndarray:
    """log N(x; b, W W^T + variance I) of each row of x (N, P): (N,) nats."""
    covariance = W @ W.T + variance * np.eye(len(W))
    deviation = x - b
    logdet = np.linalg.slogdet(2 * np.pi * covariance)[1]
    distance = (deviation * np.linalg.solve(covariance, deviation.T).T).sum(1)
    return -0.5 * (logdet + distance)


def set_true_posterior(vae: VAE) -> None:
    """Make the encoder of a linear VAE exactly right for its decoder.

    z|x ~ N(M^-1 W^T (x - b), s^2 M^-1),  M = W^T W + s^2 I
    The columns of W must be orthogonal, else M^-1 is not diagonal.
    """
    W, b = (vae.decoder.layer.weight.data, vae.decoder.layer.bias.data)
    variance = vae.likelihood.std**2
    inverse = np.linalg.inv(W.T @ W + variance * np.eye(vae.latent))
    vae.encoder.mean.weight.assign(inverse @ W.T)
    vae.encoder.mean.bias.assign(-inverse @ W.T @ b)
    vae.encoder.log_variance.assign(np.log(variance * np.diag(inverse)))


class Best(NamedTuple):
    """The maximum of the likelihood.

    variance : s^2      directions : (P, D) W with orthogonal columns
    log_likelihood : nats, mean over samples
    """

    variance: float
    directions: np.ndarray
    log_likelihood: float


def maximum_likelihood(x, latent: int) -> Best:
    """The best W, s^2 there is, for rows x (N, P).

    s^2 is the mean of the discarded eigenvalues of the covariance; column j of W is
    sqrt(lambda_j - s^2) times the j-th eigenvector.
    Source: Tipping & Bishop 1999, equations 7 and 8.  Eq. (9.5).
    """
    eigenvalues, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    eigenvalues, vectors = eigenvalues[::-1], vectors[:, ::-1]
    variance = float(eigenvalues[latent:].mean())
    W = vectors[:, :latent] * np.sqrt(eigenvalues[:latent] - variance)
    found = log_marginal(x, W, x.mean(0), variance).mean()
    return Best(variance, W, float(found))


def kl_of_directions(eigenvalues, beta: float, variance: float) -> np.ndarray:
    """KL that each direction has at the optimum of the beta-VAE with s^2 fixed, nats.

    KL_j = log(lambda_j / (beta s^2)) / 2  where lambda_j > beta s^2, else 0:
    a direction whose variance is no more than beta s^2 is not worth its cost and
    collapses, q(z_j|x) = p(z_j).  With D latents only the D largest lambda_j count.
    Eq. (9.6).
    """
    return 0.5 * np.log(np.maximum(np.asarray(eigenvalues) / (beta * variance), 1.0))
