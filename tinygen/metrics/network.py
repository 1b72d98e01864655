"""The network whose features the measurements compare."""

from tinygen import functional as F
from tinygen import nn

CLASSES = 10
FEATURES = 64
WIDTHS = (16, 32, 64, 64)  # channels after each convolution
STRIDES = (1, 2, 2, 1)  # 28 -> 28 -> 14 -> 7 -> 7


class DigitNet(nn.Module):
    """Four 3x3 convolutions, an average over the image, and a linear head.

    (N, 1, 28, 28) - 16x28x28 - 32x14x14 - 64x7x7 - 64x7x7 - mean: 64 - 10 logits
    Each convolution is followed by batch norm and relu.
    """

    def __init__(self, *, rng):
        before = (1, *WIDTHS[:-1])
        self.convs = [
            nn.Conv2d(c, k, 3, stride, 1, bias=False, rng=rng)
            for c, k, stride in zip(before, WIDTHS, STRIDES, strict=True)
        ]
        self.norms = [nn.BatchNorm2d(width) for width in WIDTHS]
        self.head = nn.Linear(FEATURES, CLASSES, rng=rng)

    def features(self, x):
        """What the head sees: (N, 64), none negative."""
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = F.relu(norm(conv(x)))
        return x.mean((2, 3))

    def forward(self, x):
        """The logits of the ten digits."""
        return self.head(self.features(x))
