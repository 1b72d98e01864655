"""Neural-net functions under PyTorch's names, with `axis` for PyTorch's `dim`."""

from tinygen.functional.activation import (
    dropout,
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    logsigmoid,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from tinygen.functional.attention import scaled_dot_product_attention, time_embedding
from tinygen.functional.batch import (
    adaptive_instance_norm,
    batch_norm,
    conditional_batch_norm,
    group_norm,
    instance_norm,
    modulated,
)
from tinygen.functional.conv import conv1d, conv2d, conv_transpose2d
from tinygen.functional.loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    gaussian_nll,
    kl_diagonal_gaussians,
    l1_loss,
    mse_loss,
    nll_loss,
)
from tinygen.functional.normal import embedding, layer_norm, linear, normalize
from tinygen.functional.pool import (
    avg_pool2d,
    fold,
    global_avg_pool2d,
    global_max_pool2d,
    max_pool2d,
    unfold,
)
from tinygen.functional.resample import interpolate, pixel_shuffle, pixel_unshuffle
