"""Attention, and the embedding of time."""

import math

import numpy as np

from tinygen.backend import given, xp_of
from tinygen.engine import Tensor
from tinygen.errors import ConfigError, ShapeError
from tinygen.functional.activation import softmax
from tinygen.ops.elementwise import values, where
from tinygen.ops.linear import matmul
from tinygen.ops.shape import swapaxes


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, *, is_causal: bool = False, scale=None
):
    """softmax(query @ key^T * scale + attn_mask) @ value.

    query : (..., L, E)      key : (..., S, E)      value : (..., S, D)  -> (..., L, D)
    attn_mask : (..., L, S) booleans, True where a query may look at a key, or numbers
        to add to the scores; None for all
    is_causal : query i may look at keys 0 to i alone; instead of a mask
    scale : 1/sqrt(E) if left out
    Raises ShapeError for widths or numbers of keys that differ, ConfigError for both
    kinds of mask.
    Source: Vaswani et al., arXiv 1706.03762, equation 1.
    """
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ShapeError(
            f"attention: query {query.shape}, key {key.shape}, value {value.shape}. "
            "Fix: query and key of one width, as many keys as values"
        )
    if is_causal:
        attn_mask = _causal(query, key, attn_mask)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = matmul(query * scale, swapaxes(key, -1, -2))
    if attn_mask is not None and attn_mask.dtype.kind == "f":
        scores = scores + attn_mask
    elif attn_mask is not None:
        scores = where(values(attn_mask), scores, -math.inf)
    return matmul(softmax(scores, -1), value)


def _causal(query, key, attn_mask):
    """(L, S) booleans: True where the key is not after the query."""
    if attn_mask is not None:
        raise ConfigError(
            f"attention: is_causal and a mask {attn_mask.shape}. "
            "Fix: one of them; numpy.tril makes a causal mask to change"
        )
    xp = xp_of(values(query))
    return xp.tril(xp.ones((query.shape[-2], key.shape[-2]), bool))


def time_embedding(steps, width: int, max_period: float = 10000.0) -> Tensor:
    """Sines and cosines of a step number at `width // 2` frequencies.

    e[n, i] = cos(t[n] f_i), e[n, half + i] = sin(t[n] f_i),
    f_i = max_period**(-i / half),      half = width // 2

    steps : (N,) numbers      -> (N, width) float32
    Raises ShapeError if width is odd.  Source: arXiv 1706.03762, section 3.5, as used
    by Ho et al., arXiv 2006.11239.
    """
    if width < 2 or width % 2:
        raise ShapeError(f"time_embedding: width {width}. Fix: an even number >= 2")
    half = width // 2

    def waves():
        numbers = np.asarray(values(steps), np.float64)
        angles = numbers[:, None] * max_period ** (-np.arange(half) / half)
        return np.concatenate([np.cos(angles), np.sin(angles)], 1).astype(np.float32)

    return Tensor(given(waves))
