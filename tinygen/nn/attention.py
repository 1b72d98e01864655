"""Attention of several heads, over sequences or over the pixels of an image."""

from tinygen import functional as F
from tinygen.errors import ConfigError, ShapeError
from tinygen.nn.layers import Linear
from tinygen.nn.module import Module


class MultiheadAttention(Module):
    """Self-attention in `num_heads` parts of the width.

    x : (N, L, embed_dim)      mask : (L, L) or (N, 1, L, L) booleans -> as x
    Source: Vaswani et al., arXiv 1706.03762, section 3.2.2.
    """

    def __init__(self, embed_dim: int, num_heads: int, *, rng):
        if num_heads < 1 or embed_dim % num_heads:
            raise ConfigError(
                f"MultiheadAttention: {num_heads} heads for width {embed_dim}. "
                "Fix: a number of heads that divides the width"
            )
        self.num_heads = num_heads
        self.qkv = Linear(embed_dim, 3 * embed_dim, rng=rng)
        self.out = Linear(embed_dim, embed_dim, rng=rng)

    def forward(self, x, mask=None):
        n, length, width = x.shape
        parts = self.qkv(x).reshape(n, length, 3, self.num_heads, -1)
        parts = parts.transpose(2, 0, 3, 1, 4)  # (3, N, heads, L, width/heads)
        y = F.scaled_dot_product_attention(parts[0], parts[1], parts[2], mask)
        return self.out(y.transpose(0, 2, 1, 3).reshape(n, length, width))


class ImageAttention(Module):
    """Every pixel looks at every other: x + attention(x).

    x : (N, channels, H, W)
    """

    def __init__(self, channels: int, num_heads: int = 1, *, rng):
        self.attention = MultiheadAttention(channels, num_heads, rng=rng)

    def forward(self, x):
        if x.ndim != 4:
            raise ShapeError(f"ImageAttention: got {x.shape}. Fix: (N, C, H, W)")
        n, c, h, w = x.shape
        pixels = x.reshape(n, c, h * w).swapaxes(1, 2)
        return x + self.attention(pixels).swapaxes(1, 2).reshape(n, c, h, w)
