"""Samples of another shape than a model was made for, refused with what would fit."""

from tinygen.errors import ShapeError


def check_shape(x, shape) -> None:
    """Raise ShapeError unless x is (N, *shape), and say how to change samples.

    A dense layer alone would only count pixels, a convolution only channels.
    """
    if x.shape[1:] != tuple(shape):
        raise ShapeError(
            f"samples {x.shape[1:]} for a model of {tuple(shape)}, x is {x.shape}. "
            f"Fix: {fix(x.shape[1:], tuple(shape))}"
        )


def flattened(x, shape):
    """x (N, *shape) as (N, D), for a dense network; the error of `check_shape`."""
    check_shape(x, shape)
    return x.reshape(x.shape[0], -1)


def fix(given, wanted) -> str:
    """How to make samples of one shape those of another."""
    if len(given) != 3 or len(wanted) != 3:
        return f"x.reshape(-1, {', '.join(map(str, wanted))}) if only the axes differ"
    if given[0] != wanted[0]:
        grey = wanted[0] == 1
        return f"tinygen.data.resize.recoloured(images, grey={grey}), or such a model"
    return f"tinygen.data.resize.resized(images, {wanted[1]}), or a model of that size"
