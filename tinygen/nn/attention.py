"""Attention of several heads, over sequences or pixels, and the embedding of time."""

from tinygen import functional as F
from tinygen import init
from tinygen.creation import tensor, zeros
from tinygen.errors import ConfigError, ShapeError
from tinygen.nn.layers import Linear
from tinygen.nn.module import Module


class MultiheadAttention(Module):
    """Attention in `num_heads` parts of the width; of x to itself, or to others.

    query : (N, L, embed_dim)      key, value : (N, S, embed_dim), query if left out
    mask : booleans (L, S) or (N, 1, L, S), True where a query may look at a key
    -> as query
    Source: Vaswani et al., arXiv 1706.03762, section 3.2.2.  Differs from PyTorch's
    layer, whose weights it has: samples always come first, a mask says what may be seen
    (as in `functional.scaled_dot_product_attention`), and the weights of attention are
    not returned.
    """

    def __init__(self, embed_dim: int, num_heads: int, *, rng, dtype="float32"):
        if num_heads < 1 or embed_dim % num_heads:
            raise ConfigError(
                f"MultiheadAttention: {num_heads} heads for width {embed_dim}. "
                f"Fix: one of {[h for h in range(1, 65) if embed_dim % h == 0]}"
            )
        self.num_heads = num_heads
        weight = init.xavier_uniform((3 * embed_dim, embed_dim), rng=rng, dtype=dtype)
        self.in_proj_weight = tensor(weight, requires_grad=True)
        self.in_proj_bias = zeros((3 * embed_dim,), requires_grad=True, dtype=dtype)
        self.out_proj = Linear(embed_dim, embed_dim, rng=rng, dtype=dtype)
        self.out_proj.bias.assign(init.zeros((embed_dim,), dtype=dtype))

    def forward(self, query, key=None, value=None, mask=None):
        key = query if key is None else key
        value = key if value is None else value
        q, k, v = (
            self.split(part) for part in self.projected(query, key, value)
        )  # (N, heads, L or S, width/heads)
        y = F.scaled_dot_product_attention(q, k, v, mask)
        return self.out_proj(y.transpose(0, 2, 1, 3).reshape(query.shape))

    def projected(self, query, key, value):
        """The three linear maps; of one tensor all in one product."""
        weight, bias, d = self.in_proj_weight, self.in_proj_bias, query.shape[-1]
        cuts = [slice(i * d, (i + 1) * d) for i in range(3)]
        if query is key is value:
            whole = F.linear(query, weight, bias)
            return [whole[..., cut] for cut in cuts]
        return [
            F.linear(x, weight[cut], bias[cut])
            for x, cut in zip((query, key, value), cuts, strict=True)
        ]

    def split(self, x):
        """(N, L, width) -> (N, heads, L, width/heads)."""
        n, length, width = x.shape
        heads = x.reshape(n, length, self.num_heads, width // self.num_heads)
        return heads.transpose(0, 2, 1, 3)


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


class TimeEmbedding(Module):
    """Sines and cosines of step numbers; see `functional.time_embedding`.

    steps : (N,)      -> (N, width) float32
    """

    def __init__(self, width: int, max_period: float = 10000.0):
        self.width, self.max_period = width, max_period

    def forward(self, steps):
        return F.time_embedding(steps, self.width, self.max_period)

    def extra_repr(self):
        return f"{self.width}, max_period={self.max_period}"
