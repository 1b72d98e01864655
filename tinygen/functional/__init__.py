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
