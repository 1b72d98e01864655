"""Raw-array kernels: arrays in, arrays out, each beside the plain definition it equals.

Within `with kernels.use("reference"):` the definitions run, which are the ones to read.
"""

from tinygen.kernels.select import use

__all__ = ["use"]
