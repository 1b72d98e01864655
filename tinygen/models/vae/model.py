"""The model: an encoder that says where z may be, a decoder that makes x of z."""

from typing import NamedTuple

from tinygen import nn
from tinygen.backend import xp_of
from tinygen.creation import randn
from tinygen.engine import Tensor
from tinygen.errors import ShapeError
from tinygen.models.vae.latent import between
from tinygen.ops import exp, stack
from tinygen.ops.elementwise import values


class Posterior(NamedTuple):
    """q(z|x) = N(mean, exp(log_variance)): both (N, D)."""

    mean: Tensor
    log_variance: Tensor

    def at(self, noise):
        """z = mean + std * noise, so that gradients reach mean and std.

        noise : (..., N, D) of N(0, I)      -> as noise
        std is exp(log_variance / 2); decoding `mean` alone trains no distribution [E5].
        Source: Kingma & Welling, arXiv 1312.6114, section 2.4.  Equation [VAE-4].
        """
        if noise.shape[-2:] != self.mean.shape:
            raise ShapeError(
                f"noise {noise.shape} for codes {self.mean.shape}. "
                "Fix: noise (N, D), or (K, N, D) for K draws of each code"
            )
        return self.mean + exp(0.5 * self.log_variance) * noise


class VAE(nn.Module):
    """q(z|x) from the encoder, p(x|z) from decoder and likelihood, p(z) = N(0, I).

    encoder : (x, labels) -> (N, 2*latent), means beside log-variances
    decoder : (z, labels) -> what the likelihood asks for, (N, *shape of an image)
    labels : (N,) integers of a conditional VAE, p(x|z,c) and q(z|x,c); else None
    """

    def __init__(self, encoder, decoder, likelihood, latent: int):
        self.encoder, self.decoder = encoder, decoder
        self.likelihood, self.latent = likelihood, latent

    def encode(self, x, labels=None) -> Posterior:
        """q(z|x) of images (N, C, H, W)."""
        both = self.encoder(x, labels)
        return Posterior(both[:, : self.latent], both[:, self.latent :])

    def decode(self, z, labels=None):
        """What the decoder says of z (N, D), or (K, N, D) for K draws of each."""
        if z.shape[-1] != self.latent or z.ndim not in (2, 3):
            raise ShapeError(
                f"decode: z {z.shape}, but this model has {self.latent} latents. "
                f"Fix: z of shape (N, {self.latent})"
            )
        if z.ndim == 2:
            return self.decoder(z, labels)
        draws, n, _ = z.shape
        if labels is not None:
            labels = Tensor(xp_of(values(labels)).tile(values(labels), draws))
        outputs = self.decoder(z.reshape(draws * n, self.latent), labels)
        return outputs.reshape(draws, n, *outputs.shape[1:])

    def images(self, z, labels=None):
        """E[x|z], in [-1, 1]."""
        return self.likelihood.mean(self.decode(z, labels)).clip(-1.0, 1.0)

    def reconstruct(self, x, labels=None):
        """E[x|z] at the mean of q(z|x)."""
        return self.images(self.encode(x, labels).mean, labels)

    def interpolate(self, a, b, steps: int = 8, labels=None):
        """From image a to image b on the line between their codes.

        a, b : (N, C, H, W)      -> (steps, N, C, H, W), the ends reconstructed
        Raises ConfigError for fewer than two steps, ShapeError for unlike numbers of a
        and b.
        """
        ends = self.encode(a, labels).mean, self.encode(b, labels).mean
        return stack([self.images(z, labels) for z in between(*ends, steps)])

    def sample(self, n: int, *, rng, labels=None):
        """n images: E[x|z] for z ~ N(0, I)."""
        return self.images(randn((n, self.latent), rng=rng), labels)
