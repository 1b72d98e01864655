"""Samples of normalisation, embeddings and attention."""

import math

import numpy as np

from tinygen import functional as F
from tinygen.errors import ConfigError, DTypeError, IndexOutOfRange, ShapeError
from tinygen.ops import norm
from tinygen.testing.registry import A, Sample, bad, declare
from tinygen.testing.samples.activation import log_normalized

FUSED = {"rtol": 1e-12, "rtol_reason": "mean and variance in another order of summing"}
EMPTY = "no mean of an empty batch"


def standard(x, axes, eps):
    """Zero mean and unit (biased) variance over some axes."""
    deviation = x - x.mean(axes, keepdims=True)
    variance = (deviation * deviation).mean(axes, keepdims=True)
    return deviation / np.sqrt(variance + eps)


def scaled(y, weight, bias, shape=None):
    """y * weight + bias, where there are such."""
    fit = lambda v: v if shape is None else v.reshape(shape)
    y = y if weight is None else y * fit(weight)
    return y if bias is None else y + fit(bias)


def per_channel(x):
    """The shape in which (C,) meets (N, C, ...)."""
    return (-1,) + (1,) * (x.ndim - 2)


# -- layer norm --------------------------------------------------------------------


def layer(x, weight=None, bias=None, eps=1e-5, ndim=1):
    """Standard over the last axes."""
    return scaled(standard(x, tuple(range(-ndim, 0)), eps), weight, bias)


declare(
    norm.layer_norm,
    layer,
    [
        Sample(A(3, 5), A(5), A(5)),
        Sample(A(3, 5)),
        Sample(A(3, 5), A(5), None),
        Sample(A(3, 5), None, A(5)),
        Sample(A(2, 3, 5), A(3, 5), A(3, 5), ndim=2),
        Sample(A(7), A(7), A(7)),
        Sample(A(5), A(5), None),
        Sample(A(2, 3, 5), A(5), A(5), eps=0.5),
        Sample(A(0, 5), A(5), A(5)),
    ],
    analytic=True,
    **FUSED,
)
declare(
    F.layer_norm,
    lambda x, shape, weight=None, bias=None, eps=1e-5: layer(
        x, weight, bias, eps, np.ndim(np.zeros(shape))
    ),
    [
        Sample(A(3, 5), 5, A(5), A(5)),
        Sample(A(2, 3, 5), (3, 5), A(3, 5), A(3, 5), eps=0.5),
        Sample(A(2, 3, 5), (5,)),
        Sample(A(0, 5), 5),
    ],
    name="F.layer_norm",
    analytic=True,
    errors=(bad(A(3, 5), 3, error=ShapeError, match=r"\(3,\)"),),
    **FUSED,
)

# -- batch, group and instance norm ------------------------------------------------


def batch(x, weight=None, bias=None, eps=1e-5):
    """Standard over all but the channels."""
    y = standard(x, (0, *range(2, x.ndim)), eps)
    return scaled(y, weight, bias, per_channel(x))


def group(x, weight=None, bias=None, groups=1, eps=1e-5):
    """Standard over the channels of a group and the pixels."""
    grouped = x.reshape(len(x), groups, x[:1].size // groups if len(x) else 1)
    y = standard(grouped, (2,), eps).reshape(x.shape)
    return scaled(y, weight, bias, per_channel(x))


IMAGES = A(5, 3, 2, 2)
declare(
    norm.batch_norm,
    batch,
    [
        Sample(IMAGES, A(3), A(3)),
        Sample(IMAGES),
        Sample(IMAGES, A(3), None),
        Sample(A(7, 3), A(3), A(3)),
        Sample(A(2, 3, 5), A(3), A(3), eps=0.5),
    ],
    analytic=True,
    exempt=EMPTY,
    **FUSED,
)
declare(
    norm.group_norm,
    group,
    [
        Sample(A(2, 6, 3), A(6), A(6), groups=2),
        Sample(A(2, 6, 2, 2), A(6), A(6), groups=3),
        Sample(A(2, 3, 2, 2), groups=3),
        Sample(A(5, 6), A(6), A(6), groups=2, eps=0.5),
        Sample(A(0, 6, 2), A(6), A(6), groups=2),
    ],
    analytic=True,
    **FUSED,
)


def by_statistics(x, mean, var, weight=None, bias=None, training=False, eps=1e-5):
    """F.batch_norm: by the running statistics, or the batch's."""
    if training or mean is None:
        return batch(x, weight, bias, eps)
    shape = per_channel(x)
    y = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
    return scaled(y, weight, bias, shape)


VARIANCES = A(3, low=0.5)
declare(
    F.batch_norm,
    by_statistics,
    [
        Sample(IMAGES, None, None, A(3), A(3), True),
        Sample(IMAGES, None, None),
        Sample(IMAGES, A(3), VARIANCES, A(3), A(3)),
        Sample(IMAGES, A(3), VARIANCES),
        Sample(A(7, 3), A(3), VARIANCES, A(3), A(3), eps=0.5),
    ],
    name="F.batch_norm",
    constants=(1, 2),
    exempt=EMPTY,
    errors=(
        bad(A(1, 3), None, None, training=True, error=ShapeError, match="1 value"),
        bad(IMAGES, None, None, A(2), error=ShapeError, match=r"\(2,\)"),
    ),
    **FUSED,
)
declare(
    F.group_norm,
    lambda x, groups, weight=None, bias=None, eps=1e-5: group(
        x, weight, bias, groups, eps
    ),
    [Sample(A(2, 6, 2, 2), 3, A(6), A(6)), Sample(A(2, 6, 2, 2), 2, eps=0.5)],
    name="F.group_norm",
    exempt=EMPTY,
    errors=(
        bad(A(2, 6, 2, 2), 4, error=ConfigError, match=r"\[1, 2, 3, 6\]"),
        bad(A(2, 6, 1, 1), 6, error=ShapeError, match="1 value per group"),
        bad(A(2, 5, 5, 6), 5, A(6), A(6), error=ShapeError, match="transpose"),
    ),
    **FUSED,
)


def by_image_statistics(
    x, mean=None, var=None, weight=None, bias=None, own=True, eps=1e-5
):
    """F.instance_norm: by each image's statistics, or the running ones."""
    if own:
        return group(x, weight, bias, x.shape[1], eps=eps)
    return by_statistics(x, mean, var, weight, bias, eps=eps)


declare(
    F.instance_norm,
    by_image_statistics,
    [
        Sample(A(2, 3, 2, 2), None, None, A(3), A(3)),
        Sample(A(2, 3, 5), eps=0.5),
        Sample(A(2, 3, 5), A(3), VARIANCES, A(3), A(3), False),
    ],
    constants=(1, 2),
    exempt=EMPTY,
    errors=(
        bad(A(2, 3, 1, 1), error=ShapeError, match="variance of 1 value"),
        bad(A(2, 3, 5), None, None, A(2), error=ShapeError, match=r"\(2,\)"),
    ),
    **FUSED,
)


def pair_per_sample(y, gamma, beta):
    """y * gamma + beta with (N, C) against (N, C, ...)."""
    shape = gamma.shape + (1,) * (y.ndim - 2)
    return y * gamma.reshape(shape) + beta.reshape(shape)


STYLED = [Sample(IMAGES, A(5, 3), A(5, 3)), Sample(A(2, 3, 5), A(2, 3), A(2, 3))]
UNFIT = (bad(IMAGES, A(3, 5), A(5, 3), error=ShapeError, match=r"\(3, 5\)"),)
declare(F.modulated, pair_per_sample, STYLED, errors=UNFIT, exempt=EMPTY)
declare(
    F.adaptive_instance_norm,
    lambda x, gamma, beta: pair_per_sample(group(x, groups=x.shape[1]), gamma, beta),
    STYLED,
    errors=UNFIT,
    exempt=EMPTY,
    **FUSED,
)
declare(
    F.conditional_batch_norm,
    lambda x, gamma, beta: pair_per_sample(batch(x), gamma, beta),
    STYLED,
    errors=UNFIT,
    exempt=EMPTY,
    **FUSED,
)
declare(
    F.normalize,
    lambda x, axis=1, eps=1e-12: (
        x / np.maximum(np.sqrt((x * x).sum(axis, keepdims=True)), eps)
    ),
    [
        Sample(A(3, 5)),
        Sample(A(2, 3, 5), axis=-1),
        Sample(A(2, 3, 5), axis=0),
        Sample(A(0, 5)),
        Sample(A(3, 5), eps=100.0),
        Sample(np.zeros((2, 3)), extreme=True),
    ],
    errors=(bad(A(3, 5), p=1.0, error=DTypeError, match=r"p=1\.0"),),
)

# -- embeddings --------------------------------------------------------------------

WORDS = np.array([[4, 0], [4, 4], [1, 3]])
declare(
    F.embedding,
    lambda indices, weight: weight[indices],
    [
        Sample(WORDS, A(5, 3)),
        Sample(WORDS[0], A(5, 3)),
        Sample(np.array(2), A(5, 3)),
        Sample(WORDS.astype(np.uint8), A(5, 1)),
        Sample(WORDS[:0], A(5, 3)),
    ],
    linear=True,
    errors=(
        bad(WORDS, A(4, 3), error=IndexOutOfRange, match="index 4 at position 0"),
        bad(WORDS - 1, A(5, 3), error=IndexOutOfRange, match="index -1 at position 1"),
        bad(WORDS.astype(float), A(5, 3), error=DTypeError, match="float64"),
    ),
)


def waves(steps, width, max_period=10000.0):
    """Cosines and sines of t f_i."""
    half = width // 2
    angles = steps[:, None] * np.exp(-math.log(max_period) * np.arange(half) / half)
    return np.concatenate([np.cos(angles), np.sin(angles)], 1)


declare(
    F.time_embedding,
    waves,
    [Sample(np.arange(7), 6), Sample(np.arange(3), 2, max_period=100.0)],
    rtol=1e-6,
    rtol_reason="computed in float64, returned in float32",
    exempt="no step has no embedding",
    errors=(bad(np.arange(3), 5, error=ShapeError, match="width 5"),),
)

# -- attention ---------------------------------------------------------------------

CAUSAL = np.tril(np.ones((3, 3), bool))
HOLES = np.array([[True, False, True, True, False]] * 3)


def attended(query, key, value, attn_mask=None, is_causal=False, scale=None):
    """softmax(q k^T scale + mask) v."""
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = np.einsum("...le,...se->...ls", query, key) * scale
    if attn_mask is not None and attn_mask.dtype != bool:
        scores = scores + attn_mask
    elif attn_mask is not None or is_causal:
        seen = np.tri(*scores.shape[-2:]) if is_causal else attn_mask
        scores = np.where(seen, scores, -1e300)
    return np.exp(log_normalized(scores)) @ value


declare(
    F.scaled_dot_product_attention,
    attended,
    [
        Sample(A(3, 2), A(5, 2), A(5, 7)),
        Sample(A(3, 2), A(3, 2), A(3, 5), CAUSAL),
        Sample(A(2, 3, 2), A(2, 5, 2), A(2, 5, 1), attn_mask=HOLES),
        Sample(A(2, 1, 3, 2), A(2, 2, 5, 2), A(2, 2, 5, 3), scale=0.3),
        Sample(A(3, 2), A(5, 2), A(5, 3), A(3, 5)),
        Sample(A(2, 3, 2), A(2, 5, 2), A(2, 5, 3), is_causal=True),
        Sample(A(0, 3, 2), A(0, 5, 2), A(0, 5, 3)),
    ],
    errors=(
        bad(
            A(3, 2),
            A(3, 2),
            A(3, 5),
            CAUSAL,
            is_causal=True,
            error=ConfigError,
            match=r"is_causal and a mask \(3, 3\)",
        ),
        bad(A(3, 2), A(5, 3), A(5, 7), error=ShapeError, match="one width"),
        bad(A(3, 2), A(5, 2), A(7, 2), error=ShapeError, match="many keys"),
    ),
)
