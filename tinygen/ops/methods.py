"""Operators and methods of Tensor: each is an op or a function under another name."""

import operator

import numpy as np

from tinygen.backend import device_of, is_array, to_device, to_host
from tinygen.engine import Tensor
from tinygen.errors import GraphError, ShapeError
from tinygen.op import op
from tinygen.ops import elementwise, index, linear, reduce, shape


@op(keep="", linear=True, views=True)
def _to_device(x, /, device, source):
    return to_device(x, device)


_to_device.vjp(x=lambda g, y, x, device, source: _to_device(g, source, device))


def to(self, device):
    """The tensor on `device` ('cpu' or 'cuda'): itself if it is there already."""
    if device == self.device:
        return self
    moved = _to_device(self, device, self.device)
    if self.is_leaf and self.requires_grad:  # a leaf stays a leaf
        moved = moved.detach()
        moved.requires_grad = True
    return moved


def numpy(self) -> np.ndarray:
    """The values as a read-only NumPy array."""
    if self.requires_grad:
        raise GraphError(
            "a tensor that requires grad would silently leave the graph as an array. "
            "Fix: x.detach().numpy()"
        )
    array = to_host(self.data).view()
    array.flags.writeable = False
    return array


def item(self):
    """The value of a one-element tensor as a Python number."""
    if self.size != 1:
        raise ShapeError(
            f"item() needs one element, got shape {self.shape}. Fix: x.mean().item()"
        )
    return self.data.item()


def _array(self, dtype=None, copy=None):
    array = numpy(self)
    return array.copy() if copy else array.astype(dtype or array.dtype, copy=False)


def _bool(self):
    if self.size != 1:
        raise ShapeError(
            f"the truth of {self.size} elements is ambiguous (shape {self.shape}). "
            "Fix: x.data.any() or x.data.all()"
        )
    return bool(self.data)


def _repr(self):
    values = np.array2string(to_host(self.data), separator=", ", prefix="tensor(")
    facts = (
        "" if self.dtype.kind != "f" or self.dtype == "float32" else f", {self.dtype}"
    )
    facts += "" if device_of(self.data) == "cpu" else ", device='cuda'"
    if self.requires_grad:
        made = "requires_grad=True" if self.is_leaf else f"op={self.node.op.name}"
        facts += f", {made}"
    return f"tensor({values}{facts})"


def _setitem(self, *_):
    raise GraphError(
        "tensors do not change in place. Fix: tinygen.where(mask, new, x), or build a "
        "new tensor; for a leaf, x.assign(array)"
    )


def _len(self):
    if not self.ndim:
        raise TypeError("len() of a 0-d tensor")
    return self.shape[0]


def _compare(symbol):
    """A comparison: a tensor of booleans, outside the graph."""

    def compare(self, other):
        if not (isinstance(other, (Tensor, int, float)) or is_array(other)):
            return NotImplemented
        return Tensor(symbol(self.data, elementwise.values(other)))

    return compare


def _reshape(self, *sizes):
    """The same elements in another shape: x.reshape(2, 3) or x.reshape((2, 3))."""
    one = len(sizes) == 1 and not isinstance(sizes[0], int)
    return shape.reshape(self, tuple(sizes[0]) if one else sizes)


def _transpose(self, *axes):
    """The axes in another order; reversed if none is given."""
    if len(axes) == 1 and not isinstance(axes[0], int):
        axes = axes[0] or ()
    return shape.transpose(self, tuple(axes) or None)


Tensor.__add__ = elementwise.add
Tensor.__radd__ = lambda self, other: elementwise.add(other, self)
Tensor.__sub__ = elementwise.subtract
Tensor.__rsub__ = lambda self, other: elementwise.subtract(other, self)
Tensor.__mul__ = elementwise.multiply
Tensor.__rmul__ = lambda self, other: elementwise.multiply(other, self)
Tensor.__truediv__ = elementwise.divide
Tensor.__rtruediv__ = lambda self, other: elementwise.divide(other, self)
Tensor.__pow__ = elementwise.power
Tensor.__rpow__ = lambda self, other: elementwise.power(other, self)
Tensor.__matmul__ = linear.matmul
Tensor.__rmatmul__ = lambda self, other: linear.matmul(other, self)
Tensor.__neg__ = elementwise.negative
Tensor.__pos__ = lambda self: self
Tensor.__abs__ = elementwise.abs
Tensor.__getitem__ = index.getitem
Tensor.__setitem__ = _setitem
Tensor.__gt__ = _compare(operator.gt)
Tensor.__ge__ = _compare(operator.ge)
Tensor.__lt__ = _compare(operator.lt)
Tensor.__le__ = _compare(operator.le)
Tensor.__eq__ = _compare(operator.eq)
Tensor.__ne__ = _compare(operator.ne)
Tensor.__hash__ = object.__hash__
Tensor.__len__ = _len
Tensor.__iter__ = lambda self: (self[i] for i in range(len(self)))
Tensor.__bool__ = _bool
Tensor.__float__ = lambda self: float(item(self))
Tensor.__int__ = lambda self: int(item(self))
Tensor.__repr__ = _repr
Tensor.__array__ = _array
Tensor.numpy = numpy
Tensor.item = item
Tensor.tolist = lambda self: to_host(self.data).tolist()
Tensor.to = to
Tensor.astype = shape.astype
Tensor.T = property(shape.transpose)
Tensor.reshape = _reshape
Tensor.transpose = _transpose
Tensor.swapaxes = shape.swapaxes
Tensor.squeeze = shape.squeeze
Tensor.sum = reduce.sum
Tensor.mean = reduce.mean
Tensor.var = reduce.var
Tensor.max = reduce.max
Tensor.min = reduce.min
Tensor.cumsum = reduce.cumsum
Tensor.clip = elementwise.clip
Tensor.exp = elementwise.exp
Tensor.log = elementwise.log
Tensor.sqrt = elementwise.sqrt
Tensor.tanh = elementwise.tanh
Tensor.abs = elementwise.abs
