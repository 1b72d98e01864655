"""Pooling and patches under PyTorch's names."""

from tinygen.backend import xp_of
from tinygen.errors import ShapeError
from tinygen.functional.conv import conv2d, output_of, pair
from tinygen.ops.elementwise import values
from tinygen.ops.index import getitem, scatter_add
from tinygen.ops.reduce import max, mean
from tinygen.ops.resample import block_sum
from tinygen.ops.shape import pad, reshape


def _window(name, x, kernel_size, stride, padding, dilation=1):
    """The settings as pairs and the number of windows, checked."""
    size = pair("kernel_size", kernel_size, 1)
    stride = pair("stride", size if stride is None else stride, 1)
    padding, dilation = pair("padding", padding, 0), pair("dilation", dilation, 1)
    if x.ndim != 4:
        raise ShapeError(f"{name}: got shape {x.shape}. Fix: images (N, C, H, W)")
    count = output_of(name, "window", x, size, stride, padding, dilation)
    return size, stride, padding, dilation, count


def _check_border(name, padding, size) -> None:
    """Refuse padding of which a whole window could be made."""
    if any(p > u // 2 for p, u in zip(padding, size, strict=True)):
        raise ShapeError(
            f"{name}: padding {padding} is more than half of the window {size}. "
            f"Fix: at most {tuple(u // 2 for u in size)}"
        )


def avg_pool2d(x, kernel_size, stride=None, padding=0):
    """The mean of each window; zeros beyond the border count, as in PyTorch.

    x : (N, C, H, W)      -> (N, C, I, J),  I = (H + 2*padding - U)//stride + 1
    stride : that of the window if left out
    Raises ShapeError if a window exceeds the padded image, or lies in the padding.
    """
    size, stride, padding, _, _ = _window("avg_pool2d", x, kernel_size, stride, padding)
    _check_border("avg_pool2d", padding, size)
    area = size[0] * size[1]
    divides = not (x.shape[2] % size[0] or x.shape[3] % size[1])
    if stride == size and padding == (0, 0) and divides:
        return block_sum(x, size) * (1 / area)
    plain = values(x)
    channels = x.shape[1]
    even = xp_of(plain).full((channels, 1, *size), 1 / area, plain.dtype)
    return conv2d(x, even, None, stride, padding, 1, channels)


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1):
    """The largest of each window; of several equal ones the first takes the gradient.

    x : (N, C, H, W)
    -> (N, C, I, J),  I = (H + 2*padding - dilation*(U - 1) - 1)//stride + 1
    stride : that of the window if left out
    Raises ShapeError if a window exceeds the padded image, or lies in the padding.
    """
    size, stride, padding, dilation, count = _window(
        "max_pool2d", x, kernel_size, stride, padding, dilation
    )
    _check_border("max_pool2d", padding, size)
    if padding != (0, 0):
        borders = ((0, 0), (0, 0), *((p, p) for p in padding))
        x = pad(x, borders, value=-float("inf"))
    place = _patch_places(x, x.shape[3], size, stride, dilation, count)
    flat = reshape(x, (*x.shape[:2], x.shape[2] * x.shape[3]))
    best = values(flat)[:, :, place].argmax(2)  # of (N, C, U*V, I*J), over the window
    xp = xp_of(best)
    chosen = xp.take_along_axis(place[None, None], best[:, :, None], 2)[:, :, 0]
    n, c = xp.arange(x.shape[0])[:, None, None], xp.arange(x.shape[1])[:, None]
    return reshape(getitem(flat, (n, c, chosen)), (*x.shape[:2], *count))


def _patch_places(x, width, size, stride, dilation, count):
    """For each tap of each window, the pixel it sees, as H*W places: (U*V, I*J).

    width : W      x : says which library's array it is
    """
    xp = xp_of(values(x))
    (U, V), (rows_out, columns_out) = size, count
    rows = xp.arange(U)[:, None] * dilation[0] + xp.arange(rows_out) * stride[0]
    columns = xp.arange(V)[:, None] * dilation[1] + xp.arange(columns_out) * stride[1]
    return (rows[:, None, :, None] * width + columns[None, :, None]).reshape(U * V, -1)


def global_avg_pool2d(x):
    """The mean over all pixels: (N, C, H, W) -> (N, C)."""
    _check_pixels("global_avg_pool2d", x)
    return mean(x, (2, 3))


def global_max_pool2d(x):
    """The largest of all pixels: (N, C, H, W) -> (N, C); equal ones share gradient."""
    _check_pixels("global_max_pool2d", x)
    return max(x, (2, 3))


def _check_pixels(name, x) -> None:
    """Refuse what is no image, or has no pixel."""
    if x.ndim != 4 or 0 in x.shape[2:]:
        raise ShapeError(
            f"{name}: got shape {x.shape}. Fix: images (N, C, H, W) of a pixel or more"
        )


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """Every patch that a filter would see, as a column.

    x : (N, C, H, W)      -> (N, C*U*V, I*J)
    """
    size, stride, padding, dilation, count = _window(
        "unfold", x, kernel_size, stride, padding, dilation
    )
    x = pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    place = _patch_places(x, x.shape[3], size, stride, dilation, count)
    flat = reshape(x, (*x.shape[:2], x.shape[2] * x.shape[3]))
    patches = getitem(flat, (slice(None), slice(None), place))
    n, c, taps, windows = patches.shape
    return reshape(patches, (n, c * taps, windows))


def fold(columns, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Add every column back where `unfold` took it from: its adjoint.

    columns : (N, C*U*V, I*J)      output_size : (H, W)      -> (N, C, H, W)
    Raises ShapeError if images of that size have not I*J patches.
    """
    H, W = pair("output_size", output_size, 1)
    model = xp_of(values(columns)).empty((1, 1, H, W), bool)
    (U, V), stride, padding, dilation, count = _window(
        "fold", model, kernel_size, stride, padding, dilation
    )
    taps, patches, (top, left) = U * V, count[0] * count[1], padding
    if columns.ndim != 3 or columns.shape[1] % taps or columns.shape[2] != patches:
        raise ShapeError(
            f"fold: columns {columns.shape}; images {(H, W)} have {patches} patches of "
            f"{taps} pixels. Fix: columns of shape (N, C*{taps}, {patches})"
        )
    n, c = columns.shape[0], columns.shape[1] // taps
    padded = (n, c, H + 2 * top, W + 2 * left)
    place = _patch_places(columns, padded[3], (U, V), stride, dilation, count)
    spread = reshape(columns, (n, c, taps, patches))
    index = (slice(None), slice(None), place)
    flat = scatter_add(spread, index, (n, c, padded[2] * padded[3]))
    image = reshape(flat, padded)
    return image[:, :, top : top + H, left : left + W]
