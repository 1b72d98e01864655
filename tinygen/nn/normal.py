"""Normalisation layers for images, plain and conditional, and spectral norm."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from tinygen import functional as F
from tinygen import init
from tinygen.backend import given, xp_of
from tinygen.backend import module as arrays_of
from tinygen.creation import ones, zeros
from tinygen.kernels.gemm import matmul as product
from tinygen.nn.conv import ConvTranspose2d
from tinygen.nn.layers import Embedding, Linear
from tinygen.nn.module import Module


class BatchNorm2d(Module):
    """Normalise each channel over the batch; remember running statistics for eval.

    x : (N, num_features, H, W)      weight, bias : (num_features,)
    momentum : the part of a new batch in the running statistics; None for the mean of
        all batches
    track_running_stats : False to use the batch's statistics in eval mode too
    Source: Ioffe & Szegedy, arXiv 1502.03167.
    """

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        *,
        dtype="float32",
    ):
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        shape = (num_features,)
        self.weight = ones(shape, requires_grad=True, dtype=dtype) if affine else None
        self.bias = zeros(shape, requires_grad=True, dtype=dtype) if affine else None
        xp, tracked = arrays_of(), track_running_stats
        self.running_mean = xp.zeros(shape, dtype) if tracked else None
        self.running_var = xp.ones(shape, dtype) if tracked else None
        self.num_batches_tracked = np.zeros((), "int64") if tracked else None

    def forward(self, x):
        momentum = self.momentum
        if self.training and self.running_mean is not None:
            given(self.count)
            if momentum is None:
                momentum = 1.0 / int(self.num_batches_tracked)
        running = self.running_mean, self.running_var
        settings = self.training, momentum, self.eps
        return F.batch_norm(x, *running, self.weight, self.bias, *settings)

    def count(self) -> None:
        """One batch more."""
        self.num_batches_tracked += 1

    def extra_repr(self):
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class BatchNorm1d(BatchNorm2d):
    """The same for x (N, num_features) or (N, num_features, L)."""


@contextmanager
def standing_statistics(module: Module, run: Callable[[], object]) -> Iterator[None]:
    """Within the block batch norm in `module` has the statistics of one pass.

    run : passes one large batch through the module; it is called once, in train mode.
    For weights that were not trained themselves, such as averaged ones, the running
    statistics are those of other weights.  Afterwards all is as it was.
    Source: standing statistics, Brock, Donahue & Simonyan, arXiv 1809.11096.
    """
    norms = [
        part
        for part in module.modules()
        if isinstance(part, BatchNorm2d) and part.running_mean is not None
    ]
    names = "running_mean", "running_var", "num_batches_tracked", "momentum", "training"
    before = [{name: getattr(norm, name) for name in names} for norm in norms]
    try:
        for norm in norms:
            norm.running_mean = norm.running_mean.copy()
            norm.running_var = norm.running_var.copy()
            norm.num_batches_tracked = norm.num_batches_tracked.copy()
            norm.momentum, norm.training = 1.0, True
        if norms:
            run()
        for norm in norms:
            norm.training = False
        yield
    finally:
        for norm, fields in zip(norms, before, strict=True):
            vars(norm).update(fields)


class GroupNorm(Module):
    """Normalise groups of channels of each sample.  Source: arXiv 1803.08494."""

    def __init__(
        self, num_groups, num_channels, eps=1e-5, affine=True, *, dtype="float32"
    ):
        self.num_groups, self.eps = num_groups, eps
        shape = (num_channels,)
        self.weight = ones(shape, requires_grad=True, dtype=dtype) if affine else None
        self.bias = zeros(shape, requires_grad=True, dtype=dtype) if affine else None

    def forward(self, x):
        return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


class InstanceNorm2d(Module):
    """Normalise each channel of each sample.  Source: arXiv 1607.08022.

    x : (N, num_features, H, W)      weight, bias : (num_features,)
    momentum, track_running_stats : as BatchNorm2d has them, of the images' means
    """

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=False,
        track_running_stats=False,
        *,
        dtype="float32",
    ):
        self.eps, self.momentum, shape = eps, momentum, (num_features,)
        self.weight = ones(shape, requires_grad=True, dtype=dtype) if affine else None
        self.bias = zeros(shape, requires_grad=True, dtype=dtype) if affine else None
        xp, tracked = arrays_of(), track_running_stats
        self.running_mean = xp.zeros(shape, dtype) if tracked else None
        self.running_var = xp.ones(shape, dtype) if tracked else None
        self.num_batches_tracked = np.zeros((), "int64") if tracked else None

    def forward(self, x):
        running = self.running_mean, self.running_var
        own = self.training or self.running_mean is None
        settings = own, self.momentum, self.eps
        return F.instance_norm(x, *running, self.weight, self.bias, *settings)


class ConditionalBatchNorm2d(Module):
    """Batch norm with a scale and a shift for each class.

    x : (N, num_features, H, W)      labels : (N,) integers in [0, num_classes)
    Starts as plain batch norm: gamma = 1, beta = 0.  Equation [CBN-1].
    """

    def __init__(self, num_features, num_classes, eps=1e-5, momentum=0.1):
        self.norm = BatchNorm2d(num_features, eps, momentum, affine=False)
        self.gamma = ones((num_classes, num_features), requires_grad=True)
        self.beta = zeros((num_classes, num_features), requires_grad=True)

    def forward(self, x, labels):
        gamma = F.embedding(labels, self.gamma)
        beta = F.embedding(labels, self.beta)
        return F.modulated(self.norm(x), gamma, beta)


class AdaIN(Module):
    """Instance norm with scale 1 + a and shift b, (a, b) a linear map of a style.

    x : (N, num_features, H, W)      style : (N, style_features)
    Source: Huang & Belongie, arXiv 1703.06868; Karras et al., arXiv 1812.04948.
    """

    def __init__(self, style_features, num_features, *, rng):
        self.style = Linear(style_features, 2 * num_features, rng=rng)

    def forward(self, x, style):
        both = self.style(style)
        channels = x.shape[1]
        gamma, beta = both[:, :channels] + 1.0, both[:, channels:]
        return F.adaptive_instance_norm(x, gamma, beta)


class SpectralNorm(Module):
    """A layer whose weight is divided by its largest singular value.

    sigma = u^T W v, with u, v from one step of power iteration in each training pass,
    kept in eval mode: constants for gradients of any order.  W is the weight as a
    matrix with one row for each output channel (as PyTorch's: of a transposed
    convolution axis 1 of the weight).
    layer : with a `weight`, such as Linear or Conv2d
    Source: Miyato et al., arXiv 1802.05957, algorithm 1.  Eq. (14.6).
    """

    def __init__(self, layer: Module, eps: float = 1e-12, *, rng):
        self.layer, self.eps = layer, eps
        matrix = self.matrix().data
        start = rng.standard_normal(len(matrix), dtype=np.float32)
        start = (start / np.linalg.norm(start)).astype(matrix.dtype)
        self.u = xp_of(matrix).asarray(start)
        self.v = self._unit(matrix.T @ self.u)

    def matrix(self):
        """The layer's weight, (outputs, all else)."""
        weight = self.layer.weight
        if isinstance(self.layer, ConvTranspose2d):
            weight = weight.swapaxes(0, 1)
        return weight.reshape(weight.shape[0], -1)

    def forward(self, x):
        weight, matrix = self.layer.weight, self.matrix()
        if self.training:
            self._iterate(matrix.data)
        sigma = (self.u @ (matrix @ self.v)).sum()
        whole, self.layer.weight = weight, weight / sigma
        try:
            return self.layer(x)
        finally:
            self.layer.weight = whole

    def _iterate(self, matrix) -> None:
        """v = W^T u / |W^T u|, then u = W v / |W v|."""
        self.v = self._unit(product(matrix.T, self.u))
        self.u = self._unit(product(matrix, self.v))

    def _unit(self, vector):
        return vector / (xp_of(vector).linalg.norm(vector) + self.eps)


class ClassProjection(Module):
    """What a projection discriminator adds to its logit: <embedding(label), features>.

    features : (N, D)      labels : (N,)      -> (N, 1)
    The embedding starts as N(0, 1/D), so that the product is about as large as one
    feature: from N(0, 1) the class would drown the image, and a GAN's generator then
    draws one image for each class.
    Source: Miyato & Koyama, arXiv 1802.05637, equation 3.  Eq. (15.3), Eq. (15.7).
    """

    def __init__(self, num_classes, num_features, *, rng):
        self.embedding = Embedding(num_classes, num_features, rng=rng)
        weight = self.embedding.weight
        weight.assign(init.normal(weight.shape, 0.0, num_features**-0.5, rng=rng))

    def forward(self, features, labels):
        return (self.embedding(labels) * features).sum(1, True)
