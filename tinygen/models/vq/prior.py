"""A model of codes: each is guessed from those before it, row after row.

    log p(codes) = sum_i log p(code_i | code_0 .. code_{i-1})

A small transformer that sees only what came before.  It is exact: a probability for
every grid of codes, and they sum to one.
"""

import numpy as np

from tinygen import functional as F
from tinygen import init, nn
from tinygen.backend import given, to_device, to_host, xp_of
from tinygen.creation import tensor
from tinygen.engine import Tensor
from tinygen.errors import ShapeError
from tinygen.ops.elementwise import values


class Block(nn.Module):
    """Attention to what came before, then two dense layers; each beside a short cut."""

    def __init__(self, width, heads, dropout, *, rng):
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, rng=rng)
        self.wide = nn.Linear(width, 4 * width, rng=rng)
        self.narrow = nn.Linear(4 * width, width, rng=rng)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        length = x.shape[1]
        mask = lambda: np.tril(np.ones((length, length), bool))
        earlier = given(mask, device=x.device)  # (L, L)
        x = x + self.drop(self.attention(self.before(x), mask=earlier))
        return x + self.drop(self.narrow(F.gelu(self.wide(self.after(x)))))


class CodePrior(nn.Module):
    """p(codes) of `length` codes, each one of `size`.

    In training it drops numbers: give it randomness in every step by `nn.set_rng`.

    Source of the blocks: Radford et al. 2019 (layer norms come first).
    """

    def __init__(self, size, length, width=64, blocks=2, heads=4, dropout=0.1, *, rng):
        self.size, self.length = size, length
        self.tokens = nn.Embedding(size + 1, width, rng=rng)  # the last: nothing yet
        self.tokens.weight.assign(init.normal((size + 1, width), 0.0, 0.1, rng=rng))
        self.places = tensor(
            init.normal((length, width), 0.0, 0.1, rng=rng), requires_grad=True
        )
        self.blocks = [Block(width, heads, dropout, rng=rng) for _ in range(blocks)]
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, size, rng=rng)

    def forward(self, before):
        """Logits of the codes after a start and `before` (N, L-1): (N, L, size)."""
        before = values(before)
        start = xp_of(before).full((len(before), 1), self.size, before.dtype)
        known = xp_of(before).concatenate([start, before], 1)
        x = self.tokens(Tensor(known)) + self.places[: known.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.out(self.norm(x))

    def log_prob(self, codes):
        """log p(codes) of each grid, nats: (N, ...) integers -> (N,).

        Raises ShapeError unless there are `length` codes in each.
        """
        flat = values(codes).reshape(len(codes), -1)
        if flat.shape[1] != self.length:
            raise ShapeError(
                f"log_prob: {flat.shape[1]} codes each, x {codes.shape}, but the prior "
                f"is of {self.length}. Fix: grids of {self.length} codes"
            )
        logits = self(flat[:, :-1]).reshape(-1, self.size)
        nats = F.cross_entropy(logits, Tensor(flat.reshape(-1)), "none")
        return -nats.reshape(len(flat), self.length).sum(1)

    def sample(self, n: int, *, rng):
        """(n, length) codes, drawn one after another, each given those before it."""
        codes = np.zeros((n, 0), np.int64)
        for _ in range(self.length):
            device = self.places.device
            logits = to_host(self(to_device(codes, device))[:, -1].data)
            p = np.exp(logits - logits.max(1, keepdims=True)).cumsum(1)  # (n, size)
            u = rng.random((n, 1)) * p[:, -1:]
            drawn = (p < u).sum(1)
            codes = np.concatenate([codes, drawn[:, None]], 1)
        return codes
