"""Raw-array kernels: arrays in, arrays out, each beside the plain definition it equals.

with kernels.use("reference"):      # run the definitions, which are to be read
    ...
"""

from tinygen.kernels.select import use

__all__ = ["use"]
