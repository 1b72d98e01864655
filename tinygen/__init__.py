"""tinygen: generative models from scratch, on NumPy or CuPy.

>>> import tinygen as tg
>>> x = tg.tensor([1.0, 2.0], requires_grad=True)
>>> (x**2).sum().backward()
>>> x.grad
tensor([2., 4.])
"""

from tinygen import errors as errors
from tinygen.backend import device, get_device, rng, set_device
from tinygen.creation import full, ones, randn, tensor, zeros
from tinygen.engine import Tensor, grad
from tinygen.ops import *
from tinygen.ops import __all__ as _ops
from tinygen.recording import no_grad

__version__ = "0.1.0"
__all__ = [
    "Tensor",
    "device",
    "errors",
    "full",
    "get_device",
    "grad",
    "no_grad",
    "ones",
    "randn",
    "rng",
    "set_device",
    "tensor",
    "zeros",
    *_ops,
]
