"""Changing a picture: fill in a part of it, or draw it anew from half-way noise."""

from tinygen.backend import is_array
from tinygen.engine import Tensor
from tinygen.errors import ConfigError, ShapeError
from tinygen.models.diffusion.process import diffuse, kernel
from tinygen.models.diffusion.samplers import Sampler, normal_like, walk
from tinygen.ops.elementwise import values, where


def inpaint(
    denoiser,
    image,
    mask,
    sampler: Sampler,
    *,
    rng,
    labels=None,
    strength=1.0,
    repeats=10,
    watch=None,
):
    """Images that are `image` where the mask is False, and drawn to fit where True.

    At every step the kept part is replaced by the image with as much noise as belongs
    there; then, to let the two parts settle with each other, the step is taken back by
    adding noise and done again.

    image : (N, C, H, W) in [-1, 1]      mask : booleans that broadcast to it
    strength : as in `redraw`; at 1 nothing is kept of what the mask covers
    repeats : how often each step is done; 1 leaves seams, 10 hardly any
    Raises ConfigError, ShapeError for what cannot be.
    Source: Lugmayr et al., arXiv 2201.09865, algorithm 1, jump length 1.  Differs: the
    mask is True for what is drawn anew, and steps may be left out.
    """
    mask = checked_mask(mask, image)
    if repeats < 1:
        raise ConfigError(f"inpaint: {repeats} repeats. Fix: 1 or more, such as 10")
    schedule, pairs = denoiser.schedule, last_pairs(sampler, denoiser, strength)
    image = as_tensor(image)
    x = noise = normal_like(image, rng)
    if strength < 1:
        x = diffuse(schedule, image, pairs[0][0], noise)
    for t, s in pairs:
        for again in reversed(range(repeats if s else 1)):
            found = sampler.look(denoiser, x, t, labels)
            if watch is not None and not again:
                watch(t, x, found)
            new = sampler.step(schedule, x, found, s, t, rng=rng)
            kept = diffuse(schedule, image, s, normal_like(x, rng)) if s else image
            x = where(mask, new, kept)
            if again:
                factor, variance = (float(f) for f in kernel(schedule, s, t))
                x = factor * x + variance**0.5 * normal_like(x, rng)
    return x


def checked_mask(mask, image):
    """The mask as booleans; ShapeError unless it broadcasts to the image."""
    mask = values(mask)
    if not is_array(mask) or mask.dtype != bool:
        raise ConfigError("mask is not of booleans. Fix: mask > 0.5")
    shape = (1,) * (image.ndim - mask.ndim) + mask.shape
    if len(shape) != image.ndim or any(
        m not in (1, n) for m, n in zip(shape, image.shape, strict=True)
    ):
        raise ShapeError(
            f"mask {mask.shape} for images {image.shape}. Fix: {image.shape[2:]}"
        )
    return mask


def redraw(
    denoiser, image, strength, sampler: Sampler, *, rng, labels=None, watch=None
):
    """Images drawn from `image` with noise: strokes like it, details new.

    strength : above 0 to 1, the share of the sampler's steps that are done; little
        keeps the picture, 1 keeps nothing of it but what alpha_bar_T leaves
    Raises ConfigError for a strength outside (0, 1].
    Source: Meng et al., SDEdit, arXiv 2108.01073, algorithm 1.
    """
    pairs, image = last_pairs(sampler, denoiser, strength), as_tensor(image)
    x = diffuse(denoiser.schedule, image, pairs[0][0], normal_like(image, rng))
    return walk(denoiser, x, pairs, sampler, rng=rng, labels=labels, watch=watch)


def last_pairs(sampler: Sampler, denoiser, strength) -> list[tuple[int, int]]:
    """The share `strength` of the sampler's steps (t, s), the last of them."""
    if not 0 < strength <= 1:
        raise ConfigError(f"strength {strength}. Fix: above 0, at most 1, such as 0.5")
    pairs = list(sampler.pairs(denoiser.schedule))
    return pairs[len(pairs) - max(1, round(strength * len(pairs))) :]


def as_tensor(image) -> Tensor:
    """Images as a tensor, where they are."""
    return image if isinstance(image, Tensor) else Tensor(image)
