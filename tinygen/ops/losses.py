"""Binary cross-entropy from logits, fused: the loss of every GAN here."""

from tinygen.kernels import pointwise
from tinygen.op import op
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
