"""Convolutions to a grid of codes and back."""

from tinygen import nn
from tinygen.errors import ConfigError, DTypeError, ShapeError
from tinygen.models.dcgan import Enlarge
from tinygen.models.shapes import check_shape
from tinygen.models.vae.latent import between
from tinygen.models.vq.codebook import Codebook, commitment_loss, straight_through
from tinygen.ops import stack


class Encoder(nn.Module):
    """(N, C, H, W) -> (N, width, H/4, W/4): two convolutions k4 s2, two that stay."""

    def __init__(self, shape, channels, width, *, rng):
        half = channels // 2
        self.layers = nn.Sequential(
            nn.Conv2d(shape[0], half, 4, 2, 1, rng=rng),
            nn.ReLU(),
            nn.Conv2d(half, channels, 4, 2, 1, rng=rng),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, 1, 1, rng=rng),
            nn.ReLU(),
            nn.Conv2d(channels, width, 1, rng=rng),
        )

    def forward(self, x):
        return self.layers(x)


class Decoder(nn.Module):
    """(N, width, H/4, W/4) -> (N, C, H, W)."""

    def __init__(self, shape, channels, width, *, rng):
        half = channels // 2
        self.layers = nn.Sequential(
            nn.Conv2d(width, channels, 3, 1, 1, rng=rng),
            nn.ReLU(),
            Enlarge(channels, half, rng=rng),
            nn.ReLU(),
            Enlarge(half, shape[0], rng=rng),
        )

    def forward(self, z):
        return self.layers(z)


class VQVAE(nn.Module):
    """Encoder, codebook, decoder.

    shape : (C, H, W), both sides multiples of 4      likelihood : as of a VAE
    size, width : of the codebook      channels : of the networks
    grid : (H/4, W/4), the codes of an image
    """

    def __init__(
        self, shape, likelihood, size=64, width=16, channels=64, decay=0.99, *, rng
    ):
        if shape[1] % 4 or shape[2] % 4:
            raise ConfigError(
                f"VQVAE: images of {shape[1]} x {shape[2]}. "
                "Fix: sides that are multiples of 4, such as image_size=28"
            )
        self.shape, self.grid = tuple(shape), (shape[1] // 4, shape[2] // 4)
        self.encoder = Encoder(shape, channels, width, rng=rng)
        self.codebook = Codebook(size, width, decay, rng=rng)
        self.decoder = Decoder(shape, channels, width, rng=rng)
        self.likelihood = likelihood

    def vectors(self, x):
        """What the encoder says of each place: (N, h, w, D)."""
        check_shape(x, self.shape)
        return self.encoder(x).transpose(0, 2, 3, 1)

    def encode(self, x):
        """Images (N, C, H, W) -> codes (N, h, w), integers."""
        return self.codebook.nearest(self.vectors(x))

    def decode(self, quantised):
        """Vectors (N, h, w, D) -> what the likelihood asks for, (N, C, H, W)."""
        return self.decoder(quantised.transpose(0, 3, 1, 2))

    def images(self, codes):
        """E[x|codes] in [-1, 1]; codes (N, h, w) of integers."""
        if codes.shape[1:] != self.grid:
            rows, columns = self.grid
            raise ShapeError(f"codes {codes.shape}. Fix: (N, {rows}, {columns})")
        if codes.dtype.kind not in "iu":
            raise DTypeError(f"codes are {codes.dtype}. Fix: codes.astype('int64')")
        outputs = self.decode(self.codebook.look_up(codes))
        return self.likelihood.mean(outputs).clip(-1.0, 1.0)

    def reconstruct(self, x):
        """E[x|codes of x]."""
        return self.images(self.encode(x))

    def interpolate(self, a, b, steps: int = 8):
        """(steps, N, C, H, W) from a to b: vectors on a line, then the nearest codes.

        Codes have no middle, so what lies between two images may be no image.
        """
        path = between(self.vectors(a), self.vectors(b), steps)
        return stack([self.images(self.codebook.nearest(z)) for z in path])

    def learn_step(self, x, commitment: float):
        """What a training step needs: loss, log-likelihood, vectors, codes.

        loss = -log p(x|codes) / pixels + commitment * |z - sg[e]|^2 / numbers

        Source: arXiv 1711.00937, equation 3, each term a mean, so that `commitment`
        does not depend on sizes.
        """
        z = self.vectors(x)
        codes = self.codebook.nearest(z)
        quantised = self.codebook.look_up(codes)
        outputs = self.decode(straight_through(z, quantised))
        log_likelihood = self.likelihood.log_prob(outputs, x)
        pixels = x.size // len(x)
        loss = -log_likelihood.mean() / pixels
        loss = loss + commitment * commitment_loss(z, quantised)
        flat = z.detach().reshape(-1, z.shape[-1])
        return loss, log_likelihood, flat, codes
