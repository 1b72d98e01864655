"""Convolution, its derivatives, and theirs: three ops, six rules, every order.

One number, linear in each of its three slots:

    T(x, w, y) = sum y[n,k,i,j] w[k,c,u,v] x[n,c, i*stride + u*dilation - padding, ..]

The slot that is left empty names the op, whose result is dT/dslot:

    y    conv2d(x, w)               (N, K, I, J)
    x    conv2d_input_grad(y, w)    (N, C, H, W), the transposed convolution of y
    w    conv2d_weight_grad(x, y)   (K, C/groups, U, V)

To differentiate, put g into the empty slot and empty the slot you differentiate.

x : (N, C, H, W)      w : (K, C/groups, U, V)      y : (N, K, I, J)
settings: geometry (stride, padding, dilation, groups), and the size of an empty slot,
which the other two do not determine
"""

from typing import NamedTuple

from tinygen.kernels import conv
from tinygen.kernels import conv_layout as layout
from tinygen.op import op
from tinygen.ops.shape import broadcast_to, reshape


class Geometry(NamedTuple):
    """How filters slide over images: pairs are (vertical, horizontal)."""

    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int


@op(keep="x w")
def conv2d(x, w, bias=None, /, geometry=None):
    """y[n,k,i,j] = sum_{c,u,v} w[k,c,u,v] x[n,c, i*stride + u*dilation - padding,.].

    bias : (K,), added to y; or None
    """
    return _biased(conv.conv2d(x, w, **geometry._asdict()), bias)


@op(keep="y w")
def conv2d_input_grad(y, w, bias=None, /, input_size=None, geometry=None):
    """x[n,c,h,l] = sum of w[k,c,u,v] y[n,k,i,j] over the i, j, u, v that meet h, l.

    bias : (C,), added to x; or None
    """
    size = {"input_size": input_size}
    return _biased(conv.conv2d_input_grad(y, w, **size, **geometry._asdict()), bias)


@op
def conv2d_weight_grad(x, y, /, kernel_size, geometry):
    """w[k,c,u,v] = sum_{n,i,j} y[n,k,i,j] x[n,c, i*stride + u*dilation - padding,.]."""
    return conv.conv2d_weight_grad(x, y, kernel_size=kernel_size, **geometry._asdict())


def _biased(y, bias):
    if bias is not None:
        layout.add_bias(y, bias)
    return y


@op(keep="", linear=True)
def channel_sum(x, /):
    """The sum over samples and pixels: (N, C, H, W) -> (C,)."""
    return layout.channel_sum(x)


channel_sum.vjp(x=lambda g, _, x: broadcast_to(reshape(g, (-1, 1, 1)), x.shape))
conv2d.vjp(
    x=lambda g, _, x, w, bias, geometry: conv2d_input_grad(
        g, w, input_size=x.shape[2:], geometry=geometry
    ),
    w=lambda g, _, x, w, bias, geometry: conv2d_weight_grad(
        x, g, w.shape[2:], geometry
    ),
    bias=lambda g, *_, geometry: channel_sum(g),
)
conv2d_input_grad.vjp(
    y=lambda g, _, y, w, bias, input_size, geometry: conv2d(g, w, geometry=geometry),
    w=lambda g, _, y, w, bias, input_size, geometry: conv2d_weight_grad(
        g, y, w.shape[2:], geometry
    ),
    bias=lambda g, *_, input_size, geometry: channel_sum(g),
)
conv2d_weight_grad.vjp(
    x=lambda g, _, x, y, kernel_size, geometry: conv2d_input_grad(
        y, g, input_size=x.shape[2:], geometry=geometry
    ),
    y=lambda g, _, x, y, kernel_size, geometry: conv2d(x, g, geometry=geometry),
)
