"""Convolution by its definition: three maps that are one number in three ways.

    T(x, w, y) = sum_{n,k,i,j} y[n,k,i,j] sum_{c,u,v} w[k,c,u,v] x[n,c,h,l]
    h = i*stride + u*dilation - padding,    l likewise from j and v,    x = 0 outside

T is linear in each of its three slots, so leaving a slot empty gives a linear map:

    conv2d(x, w)              the empty slot is y    (N, K, I, J)
    conv2d_input_grad(g, w)   the empty slot is x    (N, C, H, W)
    conv2d_weight_grad(x, g)  the empty slot is w    (K, C/groups, U, V)

and each of the three is a derivative of the others.  The second one is also called the
transposed convolution: its w has the layout of PyTorch's ConvTranspose2d, (in,
out/groups, U, V).

All three walk over the taps (u, v) of the filter.  At one tap, a convolution is a
matrix product over channels, between y and every stride-th pixel of the padded x.

stride, padding and dilation are (vertical, horizontal) pairs.  With groups > 1 the
channels split into that many equal parts, and filters of part g see part g of x alone.

Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning,
arXiv:1603.07285.  Machine learning says convolution; mathematics, cross-correlation.
"""

from tinygen.backend import xp_of


def output_size(input_size, kernel_size, stride, padding, dilation):
    """(I, J) of a convolution: I = (H + 2*padding - dilation*(U-1) - 1)//stride + 1."""
    return tuple(
        (size + 2 * p - d * (taps - 1) - 1) // s + 1
        for size, taps, s, p, d in zip(
            input_size, kernel_size, stride, padding, dilation, strict=True
        )
    )


def conv2d(x, w, *, stride, padding, dilation, groups):
    """y[n,k,i,j] = sum_{c,u,v} w[k,c,u,v] x[n,c, i*stride + u*dilation - padding, ..].

    x : (N, C, H, W) images      w : (K, C/groups, U, V) filters      -> (N, K, I, J)
    """
    xp = xp_of(x)
    K, _, U, V = w.shape
    size = output_size(x.shape[2:], (U, V), stride, padding, dilation)
    x = _by_group(_pad(x, padding), 1, groups)  # (N, G, C/G, H', W')
    w = _by_group(w, 0, groups)  # (G, K/G, C/G, U, V)
    y = xp.zeros((len(x), groups, K // groups, *size), xp.result_type(x, w))
    for u in range(U):
        for v in range(V):
            pixels = x[_seen_by((u, v), size, stride, dilation)]
            y += xp.einsum("ngchw,gkc->ngkhw", pixels, w[..., u, v])
    return y.reshape(len(x), K, *size)


def conv2d_input_grad(g, w, *, input_size, stride, padding, dilation, groups):
    """gx[n,c,h,l] = sum of w[k,c,u,v] g[n,k,i,j] over the k,i,j,u,v that read x[h,l].

    g : (N, K, I, J)   w : (K, C/groups, U, V)   input_size : (H, W)  -> (N, C, H, W)

    Pixels that the filters never reach (a stride that does not divide) get zero.
    """
    xp = xp_of(g)
    N, _, *size = g.shape
    _, c, U, V = w.shape
    (H, W), (top, left) = input_size, padding
    g = _by_group(g, 1, groups)  # (N, G, K/G, I, J)
    w = _by_group(w, 0, groups)  # (G, K/G, C/G, U, V)
    padded = (N, groups, c, H + 2 * top, W + 2 * left)
    gx = xp.zeros(padded, xp.result_type(g, w))
    for u in range(U):
        for v in range(V):
            pixels = gx[_seen_by((u, v), size, stride, dilation)]
            pixels += xp.einsum("ngkhw,gkc->ngchw", g, w[..., u, v])
    return gx[..., top : top + H, left : left + W].reshape(N, groups * c, H, W)


def conv2d_weight_grad(x, g, *, kernel_size, stride, padding, dilation, groups):
    """gw[k,c,u,v] = sum_{n,i,j} g[n,k,i,j] x[n,c, i*stride + u*dilation - padding, ..].

    x : (N, C, H, W)   g : (N, K, I, J)   kernel_size : (U, V)  -> (K, C/groups, U, V)
    """
    xp = xp_of(x)
    (_, C, *_), (_, K, *size), (U, V) = x.shape, g.shape, kernel_size
    x = _by_group(_pad(x, padding), 1, groups)  # (N, G, C/G, H', W')
    g = _by_group(g, 1, groups)  # (N, G, K/G, I, J)
    gw = xp.empty((groups, K // groups, C // groups, U, V), xp.result_type(x, g))
    for u in range(U):
        for v in range(V):
            pixels = x[_seen_by((u, v), size, stride, dilation)]
            gw[..., u, v] = xp.einsum("ngkhw,ngchw->gkc", g, pixels)
    return gw.reshape(K, C // groups, U, V)


def _pad(x, padding):
    """x with `padding` zero rows above and below, and zero columns on both sides."""
    top, left = padding
    return xp_of(x).pad(x, ((0, 0), (0, 0), (top, top), (left, left)))


def _by_group(x, axis, groups):
    """x with its channel axis C split into (groups, C/groups)."""
    shape = x.shape
    channels = (groups, shape[axis] // groups)
    return x.reshape(*shape[:axis], *channels, *shape[axis + 1 :])


def _seen_by(tap, size, stride, dilation):
    """The index of the I x J padded pixels that one tap of the filter meets."""
    rows, columns = (
        slice(t * d, t * d + (count - 1) * s + 1, s)
        for t, count, s, d in zip(tap, size, stride, dilation, strict=True)
    )
    return ..., rows, columns
