"""Labels of samples, refused where they cannot be meant."""

import numpy as np

from tinygen.backend import device_of, is_array
from tinygen.errors import ConfigError, DTypeError, IndexOutOfRange, ShapeError
from tinygen.ops.elementwise import values


def checked_labels(labels, n: int, classes: int, *, none: bool = False):
    """The labels of n samples as an array (n,) of integers in 0 .. classes - 1.

    labels : Tensor, array or list      none : label `classes` is one too, for no class
    Raises ConfigError where there are no classes, ShapeError, DTypeError,
    IndexOutOfRange; but on a GPU looks at none: the host would wait for it each time.
    """
    if not classes:
        raise ConfigError(
            "labels for a model that knows no classes. Fix: leave them out, or train a "
            "conditional one such as ddpm-class or cvae"
        )
    labels = values(labels)
    labels = labels if is_array(labels) else np.asarray(labels)
    if labels.shape != (n,):
        raise ShapeError(f"labels {labels.shape} for {n} samples. Fix: labels ({n},)")
    if labels.dtype.kind not in "iu":
        raise DTypeError(f"labels are {labels.dtype}. Fix: labels.astype('int64')")
    if device_of(labels) == "cpu":
        outside = np.flatnonzero((labels < 0) | (labels >= classes + none))
        if len(outside):
            raise IndexOutOfRange(
                f"class {labels[outside[0]]} of {classes}, at position {outside[0]}. "
                f"Fix: 0 .. {classes - 1}" + f", or {classes} for none" * none
            )
    return labels
