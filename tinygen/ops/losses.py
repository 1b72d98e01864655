"""Losses from logits, fused: those of a VAE's pixels, and of every GAN here."""

from tinygen.kernels import loss, pointwise
from tinygen.op import op
from tinygen.ops.activations import softplus
from tinygen.ops.elementwise import sigmoid
from tinygen.ops.reduce import mean, refuse_empty


@op(keep="logits targets")
def bce_with_logits(logits, targets, /):
    """-t log D - (1 - t) log(1 - D) in nats, elementwise, with D = sigmoid(logits).

    Written max(x, 0) - x t + log(1 + e**-|x|): exact for any logits.
    """
    return pointwise.bce_with_logits(logits, targets)


bce_with_logits.vjp(
    logits=lambda g, y, logits, targets: g * (sigmoid(logits) - targets),
    targets=lambda g, y, logits, targets: -g * logits,
)


@op(keep="logits targets")
def bce_with_logits_mean(logits, targets, /):
    """The mean of `bce_with_logits`, never in memory as a whole."""
    refuse_empty("bce_with_logits_mean", logits, None)
    return pointwise.bce_with_logits_mean(logits, targets)


@op(keep="g logits targets")
def bce_with_logits_mean_grad(g, logits, targets, /):
    """g/size * (sigmoid(logits) - targets): the gradient of the mean by the logits."""
    return pointwise.bce_with_logits_mean_grad(g, logits, targets)


bce_with_logits_mean.vjp(
    logits=lambda g, y, logits, targets: bce_with_logits_mean_grad(g, logits, targets),
    targets=lambda g, y, logits, targets: -logits * (g / logits.size),
)


def _curvature(gg, y, g, logits, targets):
    s = sigmoid(logits)
    return gg * (s - s * s) * (g / logits.size)


bce_with_logits_mean_grad.vjp(
    g=lambda gg, y, g, logits, targets: mean(gg * (sigmoid(logits) - targets)),
    logits=_curvature,
    targets=lambda gg, y, g, logits, targets: -gg * (g / logits.size),
)


def softplus_mean_composite(x, sign):
    """The definition of `softplus_mean`."""
    return mean(softplus(sign * x))


@op(keep="", twin=softplus_mean_composite)
def softplus_mean(x, /, sign=1.0):
    """The mean of log(1 + e**(sign x)), a loss in nats, exact for any x.

    sign : 1 or -1, or an array of them that broadcasts to x
    With logits x of D = sigmoid(x), sign -1 gives -E[log D], and 1 -E[log(1 - D)].
    """
    refuse_empty("softplus_mean", x, None)
    return loss.softplus_mean(x, sign)


@softplus_mean.vjp_joint
def _softplus_mean_grad(g, y, x, *, needs, sign):
    return (loss.softplus_mean_grad(g, x, sign, x.size),)
