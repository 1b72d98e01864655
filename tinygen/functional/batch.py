"""Batch, group and instance normalisation under PyTorch's names."""

from math import prod

from tinygen.backend import xp_of
from tinygen.errors import ConfigError, ShapeError
from tinygen.kernels.norm_fused import tracked
from tinygen.ops import norm
from tinygen.ops.elementwise import values
from tinygen.ops.shape import reshape


def _channels(name, x, *vectors) -> None:
    """Refuse vectors that do not have one number for each channel of x."""
    for v in vectors:
        if x.ndim < 2 or (v is not None and v.shape != x.shape[1:2]):
            shape = None if v is None else v.shape
            fix = "x (N, C, ...) and vectors (C,)"
            if x.ndim == 4 and shape == x.shape[3:]:
                fix = "x.transpose(0, 3, 1, 2): channels come second"
            raise ShapeError(
                f"{name}: x {x.shape}, a vector of shape {shape}. Fix: {fix}"
            )


def batch_norm(
    x,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, per channel.

    x : (N, C, ...)      running_mean, running_var, weight, bias : (C,) or None
    training : mean and (biased) var are the batch's, and the running ones, arrays, are
        written: running = (1 - momentum) * running + momentum * batch, with the
        unbiased variance; otherwise mean and var are the running ones
    Raises ShapeError for one value per channel in training: its variance is 0.
    Source: Ioffe & Szegedy, arXiv 1502.03167, algorithms 1 and 2.
    Eq. (7.1), Eq. (7.3).
    """
    _channels("batch_norm", x, running_mean, running_var, weight, bias)
    if not training and running_mean is not None:
        return _by_running(x, running_mean, running_var, weight, bias, eps)
    count = x.size // x.shape[1]
    if count < 2:
        raise ShapeError(
            f"batch_norm: the variance of 1 value per channel (x {x.shape}) is 0. "
            "Fix: a batch of 2 or more, drop_last=True, or eval()"
        )

    def observe(mean, var):
        settings = momentum, count / (count - 1)
        _run(running_mean, running_var, mean, var, *settings)

    observed = observe if training and running_mean is not None else None
    return norm.batch_norm(x, weight, bias, eps, observed)


def _run(running_mean, running_var, mean, var, momentum, correction) -> None:
    """running = (1 - momentum) * running + momentum * new, in place.

    correction : from the biased variance to the unbiased one
    """
    running = running_mean, running_var
    tracked(*running, mean, var, momentum, correction, out=running)


def _by_running(x, mean, var, weight, bias, eps):
    """Subtract and divide by constants: one multiplication and one addition."""
    shape = (-1, *(1 for _ in x.shape[2:]))
    scale = 1.0 / xp_of(var).sqrt(var + eps)
    scale = scale if weight is None else weight * scale
    shift = -mean * scale if bias is None else bias - mean * scale
    return x * reshape(scale, shape) + reshape(shift, shape)


def group_norm(x, num_groups: int, weight=None, bias=None, eps: float = 1e-5):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, per sample and channel group.

    x : (N, C, ...)      weight, bias : (C,) or None
    Raises ConfigError if the groups do not divide the channels; ShapeError for groups
    of one value, whose variance is 0.
    Source: Wu & He, arXiv 1803.08494.  Eq. (7.4).
    """
    _channels("group_norm", x, weight, bias)
    channels = x.shape[1]
    if num_groups < 1 or channels % num_groups:
        divisors = [g for g in range(1, channels + 1) if channels % g == 0]
        raise ConfigError(
            f"group_norm: {num_groups} groups of {channels} channels. "
            f"Fix: one of {divisors}"
        )
    if prod(x.shape[1:]) == num_groups:
        raise ShapeError(
            f"group_norm: the variance of 1 value per group (x {x.shape}, "
            f"{num_groups} groups) is 0. Fix: fewer groups, or images of 2 x 2 or more"
        )
    return norm.group_norm(x, weight, bias, num_groups, eps)


def instance_norm(
    x,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, per sample and channel.

    x : (N, C, ...)      running_mean, running_var, weight, bias : (C,) or None
    use_input_stats : mean and (biased) var are those of each image, and the running
        ones, arrays, are written as batch_norm does, with the mean over the samples;
        otherwise they are the running ones
    Raises ShapeError for images of one pixel, whose variance is 0.
    Source: Ulyanov, Vedaldi & Lempitsky, arXiv 1607.08022.
    """
    _channels("instance_norm", x, running_mean, running_var, weight, bias)
    if not use_input_stats and running_mean is not None:
        return _by_running(x, running_mean, running_var, weight, bias, eps)
    pixels = prod(x.shape[2:])
    if pixels == 1:
        raise ShapeError(
            f"instance_norm: the variance of 1 value per channel (x {x.shape}) is 0. "
            "Fix: images of 2 x 2 or more"
        )
    if use_input_stats and running_mean is not None:
        images = values(x).reshape(*x.shape[:2], pixels)
        seen = images.mean((0, 2)), images.var(2).mean(0)
        settings = momentum, pixels / (pixels - 1)
        _run(running_mean, running_var, *seen, *settings)
    return norm.group_norm(x, weight, bias, x.shape[1], eps)


def conditional_batch_norm(
    x, gamma, beta, running_mean=None, running_var=None, training=False, **settings
):
    """Batch norm whose scale and shift belong to a condition: one pair per sample.

    y[n] = gamma(c[n]) * (x[n] - mean) / sqrt(var + eps) + beta(c[n])

    x : (N, C, H, W)      gamma, beta : (N, C)
    Source: Dumoulin et al., arXiv 1610.07629; de Vries et al., arXiv 1707.00683.
    Equation [CBN-1].
    """
    y = batch_norm(x, running_mean, running_var, training=training, **settings)
    return modulated(y, gamma, beta)


def adaptive_instance_norm(x, gamma, beta, eps: float = 1e-5):
    """Instance norm whose scale and shift are a style: one pair per sample.

    y[n] = gamma[n] * (x[n] - mean[n]) / sqrt(var[n] + eps) + beta[n]

    x : (N, C, H, W)      gamma, beta : (N, C)
    Source: Huang & Belongie, arXiv 1703.06868, equation 8.
    """
    return modulated(instance_norm(x, eps=eps), gamma, beta)


def modulated(y, gamma, beta):
    """y * gamma + beta with one number per sample and channel.

    y : (N, C, ...)      gamma, beta : (N, C)
    """
    shape = (*y.shape[:2], *(1 for _ in y.shape[2:]))
    if gamma.shape != y.shape[:2] or beta.shape != y.shape[:2]:
        raise ShapeError(
            f"modulated: x {y.shape}, gamma {gamma.shape}, beta {beta.shape}. "
            f"Fix: gamma and beta of shape {y.shape[:2]}"
        )
    return y * reshape(gamma, shape) + reshape(beta, shape)
