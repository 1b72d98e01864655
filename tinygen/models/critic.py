"""What can be done to any discriminator: spectral norm, minibatch std, clipping.

The functions here change a network that is already built, so that each serves dense and
convolutional discriminators alike.
"""

from collections.abc import Callable

from tinygen import nn
from tinygen.backend import xp_of
from tinygen.errors import ConfigError, ShapeError
from tinygen.ops import broadcast_to, concatenate, mean, sqrt, square

WITH_WEIGHT = nn.Linear | nn.Embedding | nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d


def replace_parts(holder, change: Callable[[nn.Module], nn.Module]) -> None:
    """Put change(part) in the place of every part of a module, the inner ones first.

    holder : a Module, or a list or dict within one, which is searched too
    """
    items = holder.fields() if isinstance(holder, nn.Module) else holder
    keys = range(len(items)) if isinstance(items, list) else list(items)
    for key in keys:
        part = items[key]
        if isinstance(part, nn.Module | list | dict):
            replace_parts(part, change)
        if isinstance(part, nn.Module):
            items[key] = change(part)


def normalise_spectra(D: nn.Module, *, rng) -> None:
    """Divide the weight of each layer of D by its largest singular value.

    Linear layers are then 1-Lipschitz, and so is a dense D if what is between them is.
    The singular value of a convolution is that of its filters as a matrix, which bounds
    its slope only up to a factor; batch norm undoes it, so leave that out.
    Source: Miyato et al., arXiv 1802.05957, section 2.1.  Eq. (14.6).
    """

    def wrapped(part):
        return nn.SpectralNorm(part, rng=rng) if isinstance(part, WITH_WEIGHT) else part

    replace_parts(D, wrapped)


def minibatch_std(x, eps: float = 1e-8):
    """Append one feature that tells how different the samples of a batch are.

    y = [x, s],   s = mean_f sqrt(var_n(x[n,f]) + eps)

    x : (N, F), or (N, F, H, W), of which s is the mean over all f, h, w
    -> (N, F+1), or (N, F+1, H, W): the same number s everywhere in the new feature
    The variance is biased, over the whole batch, which a generator that has collapsed
    to few modes cannot make large.  Raises ShapeError for x of fewer than two axes.
    Source: Karras et al., arXiv 1710.10196, section 3.  Differs: the authors' code
    takes groups of 4 samples; here, as in the text, the group is the batch.
    Eq. (13.6).
    """
    if x.ndim < 2:
        raise ShapeError(f"minibatch_std: x {x.shape}. Fix: x (N, F) or (N, F, H, W)")
    deviation = x - mean(x, 0, True)
    std = mean(sqrt(mean(square(deviation), 0) + eps))
    shape = (x.shape[0], 1, *x.shape[2:])
    return concatenate([x, broadcast_to(std, shape)], 1)


class MinibatchStdHead(nn.Module):
    """A linear layer that also sees the minibatch standard deviation of its input.

    x : (N, in_features)      -> (N, out_features)
    """

    def __init__(self, in_features: int, out_features: int, *, rng):
        self.linear = nn.Linear(in_features + 1, out_features, rng=rng)

    def forward(self, x):
        """The layer on x with `minibatch_std` appended."""
        return self.linear(minibatch_std(x))


def show_minibatch_std(D: nn.Module, *, rng) -> None:
    """Give the last linear layer of D, its head, the minibatch std of its features.

    The head is made anew, with first weights from `rng`.
    Raises ConfigError if D has no linear layer.
    """
    heads = [part for part in D.modules() if isinstance(part, nn.Linear)]
    if not heads:
        raise ConfigError(
            f"{type(D).__name__} has no linear layer to show the minibatch std to. "
            "Fix: minibatch_std=false"
        )
    out_features, in_features = heads[-1].weight.shape
    head = MinibatchStdHead(in_features, out_features, rng=rng)
    replace_parts(D, lambda part: head if part is heads[-1] else part)


def clip_weights(D: nn.Module, bound: float) -> None:
    """Bound every parameter to [-bound, bound].

    w = min(max(w, -bound), bound)

    Source: Arjovsky, Chintala & Bottou, arXiv 1701.07875, algorithm 1 (bound 0.01).
    Eq. (14.7).
    """
    for p in D.parameters():
        p.assign(xp_of(p.data).clip(p.data, -bound, bound))
