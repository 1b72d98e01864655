"""Losses over a whole batch, summed where they are computed."""

from tinygen.kernels.fused import averaged, fused


@averaged
def softplus_mean(xp, x, sign):
    """The mean of log(1 + exp(s)) = max(s, 0) + log(1 + exp(-|s|)),  s = sign x."""
    s = sign * x
    return xp.maximum(s, 0.0) + xp.log1p(xp.exp(-abs(s)))


@fused
def softplus_mean_grad(xp, g, x, sign, size):
    """gx = g sign sigmoid(s) / size; size : the number of elements.

    sigmoid(s) = exp(min(s, 0) - log(1 + exp(-|s|))), exact in both tails.
    """
    s = sign * x
    return g * sign / size * xp.exp(xp.minimum(s, 0.0) - xp.log1p(xp.exp(-abs(s))))
