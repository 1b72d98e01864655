"""Convolutional GAN: layers that enlarge make images, layers that shrink judge them.

Third source document (28x28):  G: 100 - 128x7x7 - 64x14x14 - 1x28x28, transposed
convolutions k4 s2 p1;  D: 1 - 32x14x14 - 64x7x7 - 128x3x3 - 1, convolutions k4 s2 p1.
Its head takes 128*3*3 = 1152 numbers, not the printed 128*4*4 [E7], and it needs real
images in [-1, 1], where the generator's tanh ends [E8].

Second document: each enlargement is an upsampling by 2 and a 3x3 convolution instead.

Source: Radford, Metz & Chintala, arXiv 1511.06434; upsampling: Odena, Dumoulin & Olah,
Deconvolution and checkerboard artifacts, Distill 2016.
"""

import math

from tinygen import functional as F
from tinygen import init, nn
from tinygen.errors import ConfigError
from tinygen.ops import concatenate, tanh

STARTS = range(4, 9)  # the sizes that a generator may start from


def stages_of(shape) -> int:
    """How often a generator doubles its first, smallest image; 28 = 7*2*2.

    Raises ConfigError unless both sides are 4 to 8 times the same power of two.
    """
    for stages in range(1, 8):
        sides = [side / 2**stages for side in shape[1:]]
        if all(side in STARTS for side in sides):
            return stages
    raise ConfigError(
        f"images of {shape[1]} x {shape[2]} cannot be reached by doubling. "
        "Fix: image_size=28, 32, 48 or 64, or another of 4 to 8 times a power of two"
    )


def reachable(side: int) -> int:
    """The side itself if images of side x side can be made, else a power of two above.

    >>> reachable(28), reachable(25), reachable(100)
    (28, 32, 128)
    """
    try:
        stages_of((1, side, side))
    except ConfigError:
        return max(8, 1 << (side - 1).bit_length())
    return side


def small_normal_weights(module, *, rng) -> None:
    """Convolution weights from N(0, 0.02), batch norm's from N(1, 0.02).

    Source: arXiv 1511.06434, section 4, and its authors' code.
    """
    for part in module.modules():
        weight = getattr(part, "weight", None)
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            part.weight.assign(init.normal(weight.shape, 0.0, 0.02, rng=rng))
        elif isinstance(part, nn.BatchNorm2d) and weight is not None:
            part.weight.assign(init.normal(weight.shape, 1.0, 0.02, rng=rng))


class Enlarge(nn.Module):
    """Twice the height and width, Eq. (13.1): (N, C, H, W) -> (N, K, 2H, 2W).

    how : "transposed" (convolution k4 s2 p1) or "upsample" (and a 3x3 convolution)
    """

    def __init__(self, channels, filters, how="transposed", *, rng):
        self.how = how
        if how == "transposed":
            self.conv = nn.ConvTranspose2d(channels, filters, 4, 2, 1, rng=rng)
        else:
            self.conv = nn.Conv2d(channels, filters, 3, 1, 1, rng=rng)

    def forward(self, x):
        """The enlarged images."""
        if self.how == "upsample":
            x = F.interpolate(x, scale_factor=2)
        return self.conv(x)


class Generator(nn.Module):
    """z (N, latent) -> images (N, C, H, W) in [-1, 1].

    width : channels before the last stage, doubled for each stage before it
    classes : 0, or the number of labels: then batch norm is conditional [CBN-1] and an
        embedding of the label is appended to z [CGAN-1]
    """

    def __init__(self, latent, shape, width=64, how="transposed", classes=0, *, rng):
        stages = stages_of(shape)
        widths = [width * 2 ** (stages - 1 - i) for i in range(stages)]
        self.first = widths[0], shape[1] >> stages, shape[2] >> stages
        self.embedding = nn.Embedding(classes, latent, rng=rng) if classes else None
        inputs = 2 * latent if classes else latent
        self.dense = nn.Linear(inputs, math.prod(self.first), rng=rng)
        outs = [*widths[1:], shape[0]]
        self.enlarge = [
            Enlarge(i, o, how, rng=rng) for i, o in zip(widths, outs, strict=True)
        ]
        self.norms = [
            nn.ConditionalBatchNorm2d(o, classes) if classes else nn.BatchNorm2d(o)
            for o in outs[:-1]
        ]
        small_normal_weights(self, rng=rng)

    def forward(self, z, labels=None):
        """G(z), or G(z | labels)."""
        conditions = () if self.embedding is None else (labels,)
        if self.embedding is not None:
            z = concatenate([z, self.embedding(labels)], 1)
        x = F.relu(self.dense(z)).reshape(-1, *self.first)
        for enlarge, norm in zip(self.enlarge[:-1], self.norms, strict=True):
            x = F.relu(norm(enlarge(x), *conditions))
        return tanh(self.enlarge[-1](x))


class Discriminator(nn.Module):
    """Images (N, C, H, W) -> logits (N, 1); sizes by Eq. (13.1).

    width : channels after the first convolution, doubled by each of the next
    normalize : batch norm after all convolutions but the first, as the document has it
    classes : 0, or the number of labels: then the logit gets <embedding(label),
        features> added (projection; arXiv 1802.05637)
    """

    def __init__(self, shape, width=32, classes=0, normalize=True, *, rng):
        channels, size = shape[0], shape[1:]
        self.convs, self.norms = [], []
        filters = width
        while min(size) >= 6 or not self.convs:
            self.convs.append(nn.Conv2d(channels, filters, 4, 2, 1, rng=rng))
            if len(self.convs) > 1:
                norm = nn.BatchNorm2d(filters) if normalize else nn.Identity()
                self.norms.append(norm)
            size = [side // 2 for side in size]
            channels, filters = filters, 2 * filters
        features = channels * math.prod(size)
        self.head = nn.Linear(features, 1, rng=rng)
        self.project = (
            nn.ClassProjection(classes, features, rng=rng) if classes else None
        )
        small_normal_weights(self, rng=rng)

    def features(self, x):
        """What the head sees: (N, features)."""
        x = F.leaky_relu(self.convs[0](x), 0.2)
        for conv, norm in zip(self.convs[1:], self.norms, strict=True):
            x = F.leaky_relu(norm(conv(x)), 0.2)
        return x.reshape(x.shape[0], -1)

    def forward(self, x, labels=None):
        """The logit of D(x), or of D(x | labels)."""
        features = self.features(x)
        logits = self.head(features)
        return (
            logits if self.project is None else logits + self.project(features, labels)
        )
