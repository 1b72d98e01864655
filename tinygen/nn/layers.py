"""Layers that have parameters, and those that contain or reshape.

Sizes are explicit and first weights are drawn from `rng`, a numpy.random.Generator.
Names, argument order, weight layouts and first weights are PyTorch's.
"""

import math
from collections.abc import Mapping

from tinygen import functional as F
from tinygen import init
from tinygen.creation import ones, tensor, zeros
from tinygen.errors import ConfigError, ShapeError
from tinygen.nn.activations import LeakyReLU
from tinygen.nn.module import Module
from tinygen.ops.linear import linear_leaky_relu


class Identity(Module):
    """y = x."""

    def forward(self, x):
        return x


class Linear(Module):
    """y = x @ weight.T + bias.

    x : (..., in_features)      weight : (out_features, in_features)
    -> (..., out_features)
    First weights and biases are uniform in +-1/sqrt(in_features).
    Raises ShapeError if the last axis of x is not in_features.
    """

    def __init__(
        self, in_features: int, out_features: int, bias=True, *, rng, dtype="float32"
    ):
        check_sizes(self, in_features=in_features, out_features=out_features)
        bound = 1 / math.sqrt(in_features)
        shape = (out_features, in_features)
        draw = lambda shape: init.uniform(shape, -bound, bound, rng=rng, dtype=dtype)
        self.weight = tensor(draw(shape), requires_grad=True)
        self.bias = tensor(draw(shape[:1]), requires_grad=True) if bias else None

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)

    def extra_repr(self):
        out_features, in_features = self.weight.shape
        bias = self.bias is not None
        return f"in_features={in_features}, out_features={out_features}, bias={bias}"


class Embedding(Module):
    """Rows of a table: weight[indices].

    indices : integers in [0, num_embeddings)      -> (..., embedding_dim)
    First rows are N(0, 1).  Raises IndexOutOfRange.
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, *, rng, dtype="float32"
    ):
        check_sizes(self, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        table = init.normal((num_embeddings, embedding_dim), rng=rng, dtype=dtype)
        self.weight = tensor(table, requires_grad=True)

    def forward(self, indices):
        return F.embedding(indices, self.weight)

    def extra_repr(self):
        return "{}, {}".format(*self.weight.shape)


class LayerNorm(Module):
    """y = (x - mean) / sqrt(var + eps) * weight + bias over the last axes.

    normalized_shape : sizes of the axes, or one size      weight, bias : of that shape
    Source: Ba, Kiros & Hinton, arXiv 1607.06450.
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype="float32",
    ):
        one = isinstance(normalized_shape, int)
        shape = (normalized_shape,) if one else tuple(normalized_shape)
        self.normalized_shape, self.eps = shape, eps
        affine = elementwise_affine
        self.weight = ones(shape, requires_grad=True, dtype=dtype) if affine else None
        both = affine and bias
        self.bias = zeros(shape, requires_grad=True, dtype=dtype) if both else None

    def forward(self, x):
        shape, eps = self.normalized_shape, self.eps
        return F.layer_norm(x, shape, self.weight, self.bias, eps)

    def extra_repr(self):
        affine = self.weight is not None
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={affine}"


class Sequential(Module):
    """One layer after another: Sequential(a, b)(x) = b(a(x)).

    layers : modules, named "0", "1", ..., or one dict of them with names
    """

    def __init__(self, *layers: Module | Mapping[str, Module]):
        named = len(layers) == 1 and isinstance(layers[0], Mapping)
        self._layers = dict(layers[0] if named else _numbered(layers))
        for name, layer in self._layers.items():
            if not isinstance(layer, Module):
                raise ConfigError(
                    f"Sequential: layer {name} is {layer!r:.60}, no Module. "
                    "Fix: a layer such as nn.ReLU()"
                )

    def fields(self):
        return self._layers

    def forward(self, x):
        layers = list(self._layers.values())
        while layers:
            layer = layers.pop(0)
            if layers and _merge(layer, layers[0]):
                slope = layers.pop(0).negative_slope
                x = linear_leaky_relu(x, layer.weight, layer.bias, slope)
            else:
                x = layer(x)
        return x

    def __len__(self):
        return len(self._layers)

    def __iter__(self):
        return iter(self._layers.values())

    def __getitem__(self, index):
        """The layer at an index, or a Sequential of a slice of them."""
        layers = list(self)[index]
        return Sequential(*layers) if isinstance(index, slice) else layers


def _merge(layer: Module, following: Module) -> bool:
    """Whether two layers are computed as one: a pass over memory fewer."""
    return (
        type(layer) is Linear
        and type(following) is LeakyReLU
        and layer.bias is not None
        and 0 < following.negative_slope <= 1
    )


def _numbered(layers) -> list:
    return [(str(i), layer) for i, layer in enumerate(layers)]


class Flatten(Module):
    """Make one axis of the axes from start_axis to end_axis."""

    def __init__(self, start_axis: int = 1, end_axis: int = -1):
        self.start_axis, self.end_axis = start_axis, end_axis

    def forward(self, x):
        first, last = self.start_axis % x.ndim, self.end_axis % x.ndim
        sizes = math.prod(x.shape[first : last + 1])
        return x.reshape((*x.shape[:first], sizes, *x.shape[last + 1 :]))

    def extra_repr(self):
        return f"start_axis={self.start_axis}, end_axis={self.end_axis}"


class Unflatten(Module):
    """Make axes of the given sizes of one axis: the inverse of `Flatten`.

    Raises ShapeError if the sizes do not multiply to the size of the axis.
    """

    def __init__(self, axis: int, sizes: tuple[int, ...]):
        self.axis, self.sizes = axis, tuple(sizes)

    def forward(self, x):
        axis = self.axis % x.ndim
        if math.prod(self.sizes) != x.shape[axis]:
            raise ShapeError(
                f"Unflatten: axis {axis} of {x.shape} does not split into "
                f"{self.sizes}. Fix: sizes whose product is {x.shape[axis]}"
            )
        return x.reshape((*x.shape[:axis], *self.sizes, *x.shape[axis + 1 :]))

    def extra_repr(self):
        return f"axis={self.axis}, sizes={self.sizes}"


def check_sizes(layer: Module, **sizes) -> None:
    """Refuse sizes that are not positive integers, naming layer and size."""
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ConfigError(
                f"{type(layer).__name__}: {name}={size!r}. Fix: a positive integer"
            )
