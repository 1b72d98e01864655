"""Bugs in convolution, normalisation, attention and losses."""

from bugs.table import plant, sample

CONV = "ops/conv.py"
LOSS = "functional/loss.py"
IMPORT = "from tinygen.ops.reduce import "

# -- convolution -------------------------------------------------------------------

plant(
    "31 convolution: the filter is not flipped back",
    CONV,
    "        g, w, input_size=x.shape[2:], geometry=geometry",
    "        g, w[:, :, ::-1, ::-1], input_size=x.shape[2:], geometry=geometry",
    sample("conv2d-1"),
)
plant(
    "33 dilation ignored in the gradient of the filter",
    CONV,
    "        x, g, w.shape[2:], geometry\n",
    "        x, g, w.shape[2:], geometry._replace(dilation=(1, 1))\n",
    sample("conv2d-5"),
)
plant(
    "34 transposed convolution: output_padding ignored",
    "functional/conv.py",
    "(taps - 1) + e + 1",
    "(taps - 1) + 1",
    sample("conv_transpose2d-3"),
)
plant(
    "35 pooling: the last of several equal pixels",
    "functional/pool.py",
    ".argmax(2)  # of",
    "[:, :, ::-1].argmax(2) * -1 + len(place) - 1  # of",
    sample("max_pool2d-5"),
)

# -- normalisation and attention ---------------------------------------------------

plant(
    "28 eps outside the root, in the definition",
    "ops/norm.py",
    "sqrt(mean(square(deviation), axes, True) + eps)",
    "(sqrt(mean(square(deviation), axes, True)) + eps)",
    sample("layer_norm-1"),
)
plant(
    "28 eps outside the root, in the kernel",
    "kernels/norm.py",
    "1.0 / np.sqrt((out * out) @ average + eps)",
    "1.0 / (np.sqrt((out * out) @ average) + eps)",
    sample("layer_norm-1"),
)
plant(
    "36 the mean is taken for a constant",
    "ops/norm.py",
    "deviation = x - mean(x, axes, True)",
    "deviation = x - mean(getattr(x, 'data', x), axes, True)",
    sample("layer_norm-1"),
)
plant(
    "36 batch norm backward: the mean of g is not taken away",
    "kernels/norm.py",
    "-gbias / len(rows)\n",
    "0.0 * gbias\n",
    sample("batch_norm-1"),
)
plant(
    "40 attention: scaled by d, not by its root",
    "functional/attention.py",
    "1 / math.sqrt(query.shape[-1])",
    "1 / query.shape[-1]",
    sample("scaled_dot_product_attention-1"),
)
plant(
    "40 attention: the mask is transposed",
    "functional/attention.py",
    "where(values(attn_mask), scores, -math.inf)",
    "where(values(attn_mask).swapaxes(-1, -2), scores, -math.inf)",
    sample("scaled_dot_product_attention-2"),
)

# -- losses ------------------------------------------------------------------------

plant(
    "41 cross-entropy: mean over samples and classes",
    LOSS,
    "return _reduced(-picked, reduction)",
    "return _reduced(-picked / log_probs.shape[1], reduction)",
    sample("cross_entropy-1"),
)
plant(
    "41 label smoothing: the given share is not reduced",
    LOSS,
    "(1 - label_smoothing) * loss +",
    "loss +",
    sample("cross_entropy-8"),
)
plant(
    "42 binary cross-entropy: sign of the targets' gradient",
    "ops/losses.py",
    "targets=lambda g, y, logits, targets: -g * logits,",
    "targets=lambda g, y, logits, targets: g * logits,",
    sample("bce_with_logits-1"),
)
plant(
    "53 divergence: mean over the latents",
    LOSS,
    "return 0.5 * sum(terms, -1)",
    "return 0.5 * mean_of(terms, -1)",
    sample("kl_diagonal_gaussians-1"),
    more=((IMPORT, IMPORT + "mean as mean_of, "),),
)
plant(
    "55 divergence: summed over the batch and spread again",
    LOSS,
    "return 0.5 * sum(terms, -1)",
    "return 0.5 * sum(terms) + 0.0 * sum(terms, -1)",
    sample("kl_diagonal_gaussians-1"),
)
plant(
    "57 Gaussian likelihood without its constant",
    LOSS,
    "(scaled + log_variance + math.log(2 * math.pi))",
    "(scaled + log_variance)",
    sample("gaussian_nll-1"),
)
