"""Convolution on a GPU: every element of a matrix fetches its pixel; then one product.

    columns[c,u,v, n,i,j] = x[n, c, i*stride + u*dilation - padding, ..]      "im2col"
    y  = w @ columns          (K, C*U*V) @ (C*U*V, N*I*J)
    gw = g @ columns.T        (K, N*I*J) @ (N*I*J, C*U*V)
    gx = add up, for every pixel, the columns w.T @ g that saw it             "col2im"

Both maps between images and columns *gather*: a thread writes one element and reads
what belongs there, so no two threads add to one place.  Images are (C, N, H, W) in
memory and (N, C, H, W) to the world: filters, images and columns then are the matrices
of the products as they lie, and no launch is spent on moving them.  The products have
two axes, those for which TF32 can be chosen (docs/gpu.md).

x, gx : (N, C, H, W)      g, y : (N, K, I, J)      w, gw : (K, C/groups, U, V)

Source: Chellapilla, Puri and Simard, High performance convolutional neural networks for
document processing, 2006.
"""

import math
from functools import cache

import numpy as np

from tinygen.backend import xp_of
from tinygen.kernels.conv_layout import Geometry
from tinygen.kernels.fused import DEFINITIONS
from tinygen.kernels.gemm import matmul

BLOCK = 2**28  # numbers in the columns of a block of images: 1 GB of float32
SIZES = ("N", "C", "H", "W", "U", "V", "I", "J")  # of images, filters, result
STEPS = ("sh", "sw", "top", "left", "dh", "dw")  # stride, padding, dilation
STRIDES = ("xn", "xc", "xh", "xw")  # of the images, in elements
IM2COL = """
int j = i % J, a = i / J % I, m = i / J / I % N, f = i / J / I / N;
int v = f % V, u = f / V % U, c = f / V / U;
int h = a * sh + u * dh - top, l = j * sw + v * dw - left;
bool inside = h >= 0 && h < H && l >= 0 && l < W;
if (inside) y = x[m * xn + c * xc + h * xh + l * xw]; else y = 0;
"""
COL2IM = """
int l = i % W + left, h = i / W % H + top, m = i / W / H % N, c = i / W / H / N;
int tall = (U - 1) * dh + 1, wide = (V - 1) * dw + 1;
int last_a = min(I, h / sh + 1), last_j = min(J, l / sw + 1);
y = 0;
for (int a = max(0, (h - tall + sh) / sh); a < last_a; ++a) {
    int u = h - a * sh;
    if (u % dh != 0) continue;
    for (int j = max(0, (l - wide + sw) / sw); j < last_j; ++j) {
        int v = l - j * sw;
        if (v % dw != 0) continue;
        y += x[j + J * (a + I * (m + N * (v / dw + V * (u / dh + U * c))))];
    }
}
"""


@cache
def gathering(xp, what: str, dtype: str, sizes: tuple[int, ...]):
    """The kernel "im2col" or "col2im" for arrays of a dtype and these sizes.

    The sizes are constants in it: what divides by them becomes a product, and a launch
    has two arguments instead of twenty.
    """
    body, names, plain = {
        "im2col": (IM2COL, SIZES + STEPS + STRIDES, im2col_plain),
        "col2im": (COL2IM, SIZES + STEPS, col2im_plain),
    }[what]
    numbers = ", ".join(f"{n} = {k}" for n, k in zip(names, sizes, strict=True))
    name, real = f"tinygen_{what}_{len(DEFINITIONS)}", np.dtype(dtype).name
    DEFINITIONS[name] = lambda x: plain(x, *sizes)
    code = f"const int {numbers};\n{body}"
    return xp.ElementwiseKernel(f"raw {real} x", f"{real} y", code, name)


def sizes_of(shape, output_size, geometry: Geometry) -> list[int]:
    """The numbers of SIZES and STEPS for images of a shape (N, C, H, W)."""
    window, stride, padding, dilation, _ = geometry
    return [*shape, *window, *output_size, *stride, *padding, *dilation]


def im2col(x, geometry: Geometry):
    """What the filters see of x (N, C, H, W).  -> (C*U*V, N*I*J)"""
    xp, (N, C, H, W) = xp_of(x), x.shape
    if geometry[:4] == ((1, 1), (1, 1), (0, 0), (1, 1)):
        return matrix(x)
    flat, strides = in_memory(x)
    size = geometry.output_size((H, W))
    columns = xp.empty(
        (C * math.prod(geometry.kernel_size), N * math.prod(size)), x.dtype
    )
    sizes = (*sizes_of(x.shape, size, geometry), *strides)
    return gathering(xp, "im2col", x.dtype.char, sizes)(flat, columns)


def col2im(columns, shape, output_size, geometry: Geometry):
    """Every pixel the sum of the columns that saw it: the adjoint of im2col.

    columns : (C*U*V, N*I*J)      -> (N, C, H, W) = shape
    """
    xp, (N, C, H, W) = xp_of(columns), shape
    if geometry[:4] == ((1, 1), (1, 1), (0, 0), (1, 1)):
        return columns.reshape(C, N, H, W).transpose(1, 0, 2, 3)
    x = xp.empty((C, N, H, W), columns.dtype)
    sizes = tuple(sizes_of(shape, output_size, geometry))
    gathering(xp, "col2im", x.dtype.char, sizes)(columns.reshape(-1), x)
    return x.transpose(1, 0, 2, 3)


def conv2d(x, w, geometry: Geometry):
    """y = w @ columns.  -> (N, K, I, J)"""
    (K, _, U, V), N, groups = w.shape, len(x), geometry.groups
    size = geometry.output_size(x.shape[2:])
    filters = w.reshape(groups, K // groups, w.size // K)
    seen = lambda block: len(range(N)[block])
    parts = [
        product(filters, im2col(x[block], geometry)).reshape(K, seen(block), *size)
        for block in blocks(N, x.shape[1] * U * V * math.prod(size))
    ]
    y = parts[0] if len(parts) == 1 else xp_of(x).concatenate(parts, 1)
    return y.transpose(1, 0, 2, 3)


def conv2d_input_grad(g, w, input_size, geometry: Geometry):
    """gx = col2im(w.T @ g).  -> (N, C, *input_size)"""
    (N, K, *size), (_, c, U, V), groups = g.shape, w.shape, geometry.groups
    filters = w.reshape(groups, K // groups, w.size // K).swapaxes(1, 2)
    parts = []
    for block in blocks(N, groups * c * U * V * math.prod(size)):
        incoming = g[block]
        columns = product(filters, matrix(incoming))
        shape = (len(incoming), groups * c, *input_size)
        parts.append(col2im(columns, shape, size, geometry))
    return parts[0] if len(parts) == 1 else xp_of(g).concatenate(parts, 0)


def conv2d_weight_grad(x, g, geometry: Geometry):
    """gw = g @ columns.T.  -> (K, C/groups, U, V)"""
    (N, K, *size), C, groups = g.shape, x.shape[1], geometry.groups
    (U, V), gw = geometry.kernel_size, None
    for block in blocks(N, C * U * V * math.prod(size)):
        columns, incoming = im2col(x[block], geometry), matrix(g[block])
        columns = columns.reshape(groups, C // groups * U * V, columns.shape[1])
        incoming = incoming.reshape(groups, K // groups, incoming.shape[1])
        part = batched(incoming, columns.swapaxes(1, 2))
        gw = part if gw is None else gw + part
    return gw.reshape(K, C // groups, U, V)


def product(filters, rows):
    """filters (groups, A, B) @ rows (groups*B, M).  -> (groups*A, M)"""
    (groups, A, B), M = filters.shape, rows.shape[1]
    return batched(filters, rows.reshape(groups, B, M)).reshape(groups * A, M)


def batched(a, b):
    """a[p] @ b[p] for every p; of one, a product of two axes, in any order."""
    return matmul(a[0], b[0])[None] if len(a) == 1 else matmul(a, b)


def matrix(x):
    """(N, C, ...) as (C, N * ...): a view if it lies so, else a copy."""
    turned = x.transpose(1, 0, *range(2, x.ndim))
    columns = x.size // max(1, x.shape[1])
    return xp_of(x).ascontiguousarray(turned).reshape(x.shape[1], columns)


def in_memory(x):
    """(x as one axis in the order of its memory, strides of x in elements)."""
    axes = sorted(range(x.ndim), key=lambda a: (-x.strides[a], a))
    turned = x.transpose(axes)
    if not turned.flags.c_contiguous:
        turned = xp_of(x).ascontiguousarray(turned)
    steps = [0] * x.ndim
    for axis, step in zip(axes, turned.strides, strict=True):
        steps[axis] = step // x.itemsize
    return turned.reshape(-1), steps


def blocks(images: int, each: int):
    """Slices of the images whose columns, `each` numbers an image, fit a block."""
    most = max(1, BLOCK // max(1, each))
    return [slice(n, min(n + most, images)) for n in range(0, max(images, 1), most)]


def im2col_plain(x, N, C, H, W, U, V, I, J, sh, sw, top, left, dh, dw, *strides):
    """What the kernel computes, in NumPy.  -> (C, U, V, N, I, J)"""
    steps = [step * x.itemsize for step in strides]
    images = np.lib.stride_tricks.as_strided(x, (N, C, H, W), steps)
    h = np.arange(I) * sh + np.arange(U)[:, None] * dh - top  # (U, I)
    l = np.arange(J) * sw + np.arange(V)[:, None] * dw - left  # (V, J)
    inside = ((h >= 0) & (h < H))[:, :, None, None] & ((l >= 0) & (l < W))
    seen = images[:, :, h.clip(0, H - 1)][..., l.clip(0, W - 1)]  # (N, C, U, I, V, J)
    return np.where(inside, seen, 0).transpose(1, 2, 4, 0, 3, 5)


def col2im_plain(columns, N, C, H, W, U, V, I, J, sh, sw, top, left, dh, dw):
    """What the kernel computes, in NumPy.  -> (C, N, H, W)"""
    columns = columns.reshape(C, U, V, N, I, J)
    tall = max(H + top, (I - 1) * sh + (U - 1) * dh + 1)
    wide = max(W + left, (J - 1) * sw + (V - 1) * dw + 1)
    x = np.zeros((C, N, tall, wide), columns.dtype)
    for u in range(U):
        for v in range(V):
            rows = slice(u * dh, u * dh + (I - 1) * sh + 1, sh)
            x[:, :, rows, v * dw : v * dw + (J - 1) * sw + 1 : sw] += columns[:, u, v]
    return x[:, :, top : top + H, left : left + W]
