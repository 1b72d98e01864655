"""Samples of every op and public function, one file for each family."""

from tinygen.testing.samples import (
    activation,
    conv,
    elementwise,
    index,
    linear,
    loss,
    normal,
    pool,
    reduce,
    shape,
)
