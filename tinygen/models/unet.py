"""U-Net: an image goes down to a few coarse pixels and up again, with short cuts.

Down, each level halves the sides; up, it doubles them, and sees beside what comes from
below what its own level had on the way down.  Every block is told the time, and the
class where there is one, by a scale and a shift of its channels.  At the lowest level,
where pixels are few, all look at all.

Source: Ronneberger, Fischer & Brox, arXiv 1505.04597; with time, group norm and
attention: Ho, Jain & Abbeel, arXiv 2006.11239, appendix B; scale and shift: Nichol &
Dhariwal, arXiv 2102.09672.
"""

from itertools import pairwise

import numpy as np

from tinygen import functional as F
from tinygen import nn
from tinygen.creation import tensor
from tinygen.errors import ConfigError, ShapeError
from tinygen.ops import concatenate, pad

GROUPS = 8  # of channels, in every group norm


class TimeAndClass(nn.Module):
    """What every block is told: (N,) times, and (N,) labels or None -> (N, width).

    classes : 0, or the number of labels; one row more stands for "no label"
    """

    def __init__(self, width, classes=0, *, rng):
        self.width, self.classes = width, classes
        self.first = nn.Linear(width, width, rng=rng)
        self.second = nn.Linear(width, width, rng=rng)
        self.embedding = nn.Embedding(classes + 1, width, rng=rng) if classes else None

    def forward(self, t, labels=None):
        h = self.second(F.silu(self.first(F.time_embedding(t, self.width))))
        if self.embedding is not None:
            h = h + self.embedding(self.rows(len(t), labels))
        elif labels is not None:
            raise ConfigError(
                "labels for a network without classes. Fix: classes=10, or no labels"
            )
        return F.silu(h)

    def rows(self, n, labels):
        """The rows of the table: the labels, or n times that of no label."""
        return tensor(np.full(n, self.classes)) if labels is None else labels


class Block(nn.Module):
    """x + f(x), f two 3x3 convolutions; time and class scale and shift between them.

    f(x) = conv(silu(norm(conv(silu(norm(x)))) * (1 + a) + b)),  (a, b) linear in `told`
    x : (N, channels, H, W)      told : (N, width)      -> (N, filters, H, W)
    """

    def __init__(self, channels, filters, width, *, rng):
        self.norm1 = nn.GroupNorm(GROUPS, channels)
        self.conv1 = nn.Conv2d(channels, filters, 3, 1, 1, rng=rng)
        self.told = nn.Linear(width, 2 * filters, rng=rng)
        self.norm2 = nn.GroupNorm(GROUPS, filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, rng=rng)
        same = channels == filters
        self.skip = nn.Identity() if same else nn.Conv2d(channels, filters, 1, rng=rng)

    def forward(self, x, told):
        h = self.conv1(F.silu(self.norm1(x)))
        both = self.told(told)  # (N, 2*filters)
        a, b = both[:, : h.shape[1]], both[:, h.shape[1] :]
        h = F.modulated(self.norm2(h), 1.0 + a, b)
        return self.skip(x) + self.conv2(F.silu(h))


class UNet(nn.Module):
    """x (N, C, H, W), t (N,), labels (N,) or None -> (N, C, H, W).

    widths : channels at each level, the highest first; multiples of 8
    patch : so many pixels a side become channels at the top, which makes the highest
        level so much smaller; 1 for none
    classes : 0, or the number of labels
    Sides that the levels do not divide are padded with zeros and cropped again.
    Raises ShapeError for images of another shape than it was made for.
    """

    def __init__(self, shape, widths=(32, 64), patch=1, classes=0, *, rng):
        check_widths(widths, patch)
        self.shape, self.patch = tuple(shape), patch
        self.whole = patch * 2 ** (len(widths) - 1)  # sides are multiples of it
        width = 2 * widths[-1]
        pixels = shape[0] * patch**2
        self.told = TimeAndClass(width, classes, rng=rng)
        self.enter = nn.Conv2d(pixels, widths[0], 3, 1, 1, rng=rng)
        self.down = [Block(w, w, width, rng=rng) for w in widths[:-1]]
        steps = list(pairwise(widths))
        self.halve = [nn.Conv2d(i, o, 4, 2, 1, rng=rng) for i, o in steps]
        low = widths[-1]
        self.low1 = Block(low, low, width, rng=rng)
        self.attention_norm = nn.GroupNorm(GROUPS, low)
        heads = 1 if low % 32 else low // 32
        self.attention = nn.MultiheadAttention(low, heads, rng=rng)
        self.low2 = Block(low, low, width, rng=rng)
        self.double = [nn.ConvTranspose2d(o, i, 4, 2, 1, rng=rng) for i, o in steps]
        self.up = [Block(2 * w, w, width, rng=rng) for w in widths[:-1]]
        self.leave_norm = nn.GroupNorm(GROUPS, widths[0])
        self.leave = nn.Conv2d(widths[0], pixels, 3, 1, 1, rng=rng)
        for parameter in self.leave.parameters():
            parameter.assign(0 * parameter.data)  # its first answer is 0

    def forward(self, x, t, labels=None):
        if x.shape[1:] != self.shape:
            raise ShapeError(
                f"UNet made for images {self.shape}, got {x.shape}. "
                f"Fix: (N, {', '.join(map(str, self.shape))})"
            )
        told = self.told(t, labels)
        h = self.enter(F.pixel_unshuffle(self.padded(x), self.patch))
        levels = []
        for block, halve in zip(self.down, self.halve, strict=True):
            levels.append(block(h, told))
            h = halve(levels[-1])
        h = self.low2(self.looked_around(self.low1(h, told)), told)
        ways_up = zip(self.double, self.up, levels, strict=True)
        for double, block, level in reversed(list(ways_up)):
            h = block(concatenate([double(h), level], 1), told)
        h = self.leave(F.silu(self.leave_norm(h)))
        return F.pixel_shuffle(h, self.patch)[:, :, : x.shape[2], : x.shape[3]]

    def looked_around(self, h):
        """h + attention over all its pixels."""
        n, c, height, width = h.shape
        pixels = self.attention_norm(h).reshape(n, c, -1).swapaxes(1, 2)
        return h + self.attention(pixels).swapaxes(1, 2).reshape(n, c, height, width)

    def padded(self, x):
        """x with rows and columns of zeros below and right, as far as needed."""
        down, right = (-side % self.whole for side in x.shape[2:])
        if not (down or right):
            return x
        return pad(x, ((0, 0), (0, 0), (0, down), (0, right)))


def check_widths(widths, patch) -> None:
    """Raise ConfigError unless group norm can take the widths."""
    if not widths or any(w < GROUPS or w % GROUPS for w in widths) or patch < 1:
        raise ConfigError(
            f"UNet: widths {tuple(widths)}, patch {patch}. "
            f"Fix: widths that are multiples of {GROUPS}, patch 1 or 2"
        )
