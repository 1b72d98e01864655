"""The vocabulary: vectors that follow, like k-means, what the encoder says."""

import numpy as np

from tinygen import backend, nn
from tinygen.backend import xp_of
from tinygen.engine import Tensor
from tinygen.errors import ConfigError, ShapeError
from tinygen.functional import mse_loss
from tinygen.functional.normal import check_range
from tinygen.kernels.gemm import matmul
from tinygen.ops.elementwise import values


class Codebook(nn.Module):
    """`size` vectors of `width` numbers, each the running mean of what chose it.

    counts_k <- decay * counts_k + (1 - decay) * n_k
    sums_k   <- decay * sums_k + (1 - decay) * (sum of the z that chose k)
    vectors_k = sums_k / counts_k

    With decay = 0 one update is one step of Lloyd's k-means algorithm.
    Source: arXiv 1711.00937, appendix A.1, equations 6 to 8.  Differs: no Laplace
    smoothing of the counts; a vector that nobody chooses stays where it is.
    """

    def __init__(self, size: int, width: int, decay: float = 0.99, *, rng):
        if not 0 <= decay < 1:
            raise ConfigError(f"Codebook: decay={decay}. Fix: a number in [0, 1)")
        draw = rng.standard_normal((size, width)).astype(np.float32)
        self.vectors = backend.to_device(draw, backend.get_device())  # (K, D)
        self.sums = self.vectors.copy()
        self.counts = xp_of(self.vectors).ones(size, np.float32)
        self.decay = decay

    @property
    def size(self) -> int:
        """How many vectors there are."""
        return len(self.vectors)

    def nearest(self, z):
        """The number of the vector nearest to each z (..., D): integers (...)."""
        z = values(z)
        if z.shape[-1] != self.vectors.shape[1]:
            raise ShapeError(
                f"Codebook: z {z.shape}, vectors of {self.vectors.shape[1]} numbers. "
                f"Fix: z of shape (..., {self.vectors.shape[1]})"
            )
        scores = matmul(z, self.vectors.T) - 0.5 * (self.vectors**2).sum(1)
        return scores.argmax(-1)

    def look_up(self, codes):
        """The vectors of codes (...): (..., D).

        Raises IndexOutOfRange, but on a GPU looks at none: it would have to wait.
        """
        codes = values(codes)
        check_range("Codebook", "code", codes, self.size)
        return Tensor(self.vectors[codes])

    def update(self, z, codes) -> None:
        """Move the vectors towards the z (N, D) that chose them, codes (N,)."""
        z, xp = values(z), xp_of(self.vectors)
        chosen = (codes[:, None] == xp.arange(self.size)).astype(z.dtype)  # (N, K)
        share = 1 - self.decay
        self.counts = self.decay * self.counts + share * chosen.sum(0)
        self.sums = self.decay * self.sums + share * matmul(chosen.T, z)
        used = self.counts > 1e-6
        counts = xp.where(used, self.counts, 1.0)[:, None]
        means = (self.sums / counts).astype(self.vectors.dtype)
        self.vectors = xp.where(used[:, None], means, self.vectors)

    def revive(self, z, least: float, *, rng) -> None:
        """Put vectors chosen fewer than `least` times a batch on some z.

        z : (N, D), what the encoder said of a batch
        Without it a vector that starts far from all z is never chosen and never moves.
        Source: Dhariwal et al., arXiv 2005.00341, section 3.1.
        """
        z, xp = values(z), xp_of(self.vectors)
        draw = lambda: rng.choice(len(z), self.size, replace=self.size > len(z))
        chosen = z[backend.given(draw)]  # for each that may need it
        dead = self.counts < least
        self.vectors = xp.where(dead[:, None], chosen, self.vectors)
        self.sums = xp.where(dead[:, None], chosen, self.sums)
        self.counts = xp.where(dead, 1.0, self.counts)


def straight_through(z, quantised):
    """The values of `quantised` with the gradient of z: dL/dz = dL/dquantised.

    Source: arXiv 1711.00937, section 3.2.
    """
    return z + (quantised - z.detach()).detach()


def commitment_loss(z, quantised):
    """Mean of (z - sg[e])^2: keeps the encoder near the vectors that it chooses.

    Source: arXiv 1711.00937, equation 3, last term.
    """
    return mse_loss(z, quantised.detach())


def perplexity(codes, size: int) -> float:
    """exp of the entropy of the codes' frequencies: how many are in use, 1 to size."""
    counts = np.bincount(backend.to_host(values(codes)).ravel(), minlength=size)
    p = counts[counts > 0] / counts.sum()
    return float(np.exp(-(p * np.log(p)).sum()))
