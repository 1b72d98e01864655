"""Bugs in layers for images, in what their errors say, and in the width of numbers."""

from bugs.table import plant, sample

BATCH = "functional/batch.py"
CONV = "functional/conv.py"
RESAMPLE = "functional/resample.py"
LAYERS = "tests/nn/test_image_layers.py::test_layers_agree_with_pytorch"
SECOND = "tests/nn/test_second_order.py"
BAD_INPUT = "tests/ops/test_conv_bad_inputs.py"
FLOAT32 = (
    "tests/recipes/test_float32.py::test_every_node_of_two_training_steps_is_float32"
)

# -- pooling and resampling --------------------------------------------------------

plant(
    "pooling: dilation of the rows forgotten",
    "functional/pool.py",
    "rows = xp.arange(U)[:, None] * dilation[0] + ",
    "rows = xp.arange(U)[:, None] + ",
    sample("max_pool2d-6"),
    sample("unfold-3"),
)
plant(
    "interpolation by a factor: the ratio of the sizes in its place",
    RESAMPLE,
    "place = np.clip((at + 0.5) / factor - 0.5, 0, None)",
    "place = np.clip((at + 0.5) * n / count - 0.5, 0, None)",
    sample("interpolate-8"),
    f"{LAYERS}[True-upsample by a fraction, bilinear]",
)
plant(
    "interpolation: half a pixel off",
    RESAMPLE,
    "place = np.clip((at + 0.5) / factor - 0.5, 0, None)",
    "place = np.clip(at / factor, 0, None)",
    sample("interpolate-4"),
    f"{LAYERS}[False-upsample, bilinear]",
)
plant(
    "interpolation: corners that are not corners",
    RESAMPLE,
    "place = at * ((n - 1) / max(1, count - 1))",
    "place = at * (n / max(1, count))",
    sample("interpolate-5"),
    f"{LAYERS}[True-upsample, corners]",
)

# -- norms -------------------------------------------------------------------------

plant(
    "instance norm: the running variance is biased",
    BATCH,
    "settings = momentum, pixels / (pixels - 1)",
    "settings = momentum, 1.0",
    f"{LAYERS}[True-instance norm, tracking]",
)
plant(
    "instance norm in eval mode by the image's own statistics",
    BATCH,
    "if not use_input_stats and running_mean is not None:",
    "if False:",
    f"{LAYERS}[False-instance norm, tracking]",
    sample("instance_norm-3"),
)
plant(
    "batch norm, mean of all batches: one batch too many",
    "nn/normal.py",
    "momentum = 1.0 / int(self.num_batches_tracked)",
    "momentum = 1.0 / (1 + int(self.num_batches_tracked))",
    f"{LAYERS}[True-batch norm, mean of all]",
)
plant(
    "spectral norm: u and v move in eval mode",
    "nn/normal.py",
    "        if self.training:\n            self._iterate(matrix.data)",
    "        if True:\n            self._iterate(matrix.data)",
    f"{SECOND}::test_spectral_norm_agrees_with_pytorch_to_the_second_order",
)
plant(
    "spectral norm of a transposed convolution: a row for each input",
    "nn/normal.py",
    "            weight = weight.swapaxes(0, 1)\n",
    "            weight = weight\n",
    f"{SECOND}::test_spectral_norm_takes_a_row_for_each_output_as_pytorch",
)
plant(
    "batch norm, second derivative: the mean in it is a constant",
    "ops/norm.py",
    "    deviation = x - mean(x, axes, True)\n"
    "    return deviation / sqrt(mean(square(deviation), axes, True) + eps)",
    "    deviation = x - mean(getattr(x, 'data', x), axes, True)\n"
    "    return deviation / sqrt(mean(square(deviation), axes, True) + eps)",
    f"{SECOND}::test_first_and_second_derivatives[train-BatchNorm2d]",
    f"{SECOND}::test_first_and_second_derivatives[train-GroupNorm]",
)
plant(
    "convolution, derivative of its weight gradient by g: twice",
    "ops/conv.py",
    "y=lambda g, _, x, y, kernel_size, geometry: conv2d(x, g, geometry=geometry),\n",
    "y=lambda g, _, x, y, kernel_size, geometry: 2.0 * conv2d(\n"
    "        x, g, geometry=geometry\n"
    "    ),\n",
    f"{SECOND}::test_first_and_second_derivatives[train-Conv2d]",
    sample("conv2d_weight_grad-1"),
)

# -- attention ---------------------------------------------------------------------

plant(
    "attention: causal to the past",
    "functional/attention.py",
    "return xp.tril(",
    "return xp.triu(",
    sample("scaled_dot_product_attention-6"),
)
plant(
    "attention: a mask of numbers is taken for one of booleans",
    "functional/attention.py",
    "scores = scores + attn_mask",
    "scores = where(values(attn_mask) != 0, scores, -math.inf)",
    sample("scaled_dot_product_attention-5"),
)
plant(
    "attention of several heads: the numbers of the heads are mixed",
    "nn/attention.py",
    "        heads = x.reshape(n, length, self.num_heads, width // self.num_heads)\n"
    "        return heads.transpose(0, 2, 1, 3)",
    "        heads = x.reshape(n, length, width // self.num_heads, self.num_heads)\n"
    "        return heads.transpose(0, 3, 1, 2)",
    "tests/nn/test_image_layers.py::"
    "test_attention_of_several_heads_has_pytorchs_weights[0]",
)

# -- what errors say ---------------------------------------------------------------

plant(
    "too large a filter: padding on one side alone",
    CONV,
    "border = tuple(max(p, -((n - c) // 2))",
    "border = tuple(max(p, c - n)",
    f"{BAD_INPUT}::test_refused_with_the_remedy[filter too large]",
    f"{BAD_INPUT}::test_every_size_that_a_large_filter_asks_for_is_the_least_that_fits",
)
plant(
    "too large a filter: dilation forgotten in the largest that fits",
    CONV,
    "most = tuple((n + 2 * p - 1) // d + 1",
    "most = tuple(n + 2 * p",
    f"{BAD_INPUT}::test_refused_with_the_remedy[dilated filter too large]",
)
plant(
    "groups: the divisors of the channels alone",
    CONV,
    "both = gcd(channels, filters)",
    "both = channels",
    f"{BAD_INPUT}::test_refused_with_the_remedy[groups that do not divide]",
)
plant(
    "channels last: not recognised",
    CONV,
    "if x.shape[-1] == channels:",
    "if x.shape[-1] == 0:",
    f"{BAD_INPUT}::test_refused_with_the_remedy[channels last]",
    f"{BAD_INPUT}::test_refused_with_the_remedy[channels last in one dimension]",
)

# -- the width of numbers ----------------------------------------------------------

plant(
    "batch norm keeps its statistics in float64",
    "ops/norm.py",
    "y, center, rstd, var = norm.batch_norm(x, weight, bias, eps)\n",
    "y, center, rstd, var = norm.batch_norm(x, weight, bias, eps)\n"
    "    rstd = rstd.astype('float64')\n",
    f"{FLOAT32}[dcgan-]",
)
plant(
    "averaged weights are float64",
    "ema.py",
    "self.averages = {name: p.data.copy() for",
    "self.averages = {name: p.data.astype('float64') for",
    f"{FLOAT32}[dcgan-]",
)
plant(
    "Adam's state is float64",
    "optim/flat.py",
    "self.state = {name: zeros(self.values) for",
    "self.state = {name: zeros(self.values, 'float64') for",
    f"{FLOAT32}[gan-]",
)
