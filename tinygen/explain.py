"""What to say when something cannot be done: the op, the values, and the fix.

The engine asks these functions to check or to explain, so that its own lines stay
about differentiation.
"""

import inspect

from numpy.exceptions import AxisError

from tinygen import backend
from tinygen.errors import (
    DeviceError,
    DTypeError,
    GraphError,
    IndexOutOfRange,
    NoDerivativeError,
    ShapeError,
    TinygenError,
)


def check_leaf(tensor, requires_grad: bool = False) -> None:
    """Refuse to set requires_grad or grad where that has no meaning."""
    if not tensor.is_leaf:
        raise GraphError(
            f"this tensor was made by {tensor.node.op.name}; requires_grad and grad "
            "can be set only on a leaf. Fix: x.detach()"
        )
    if requires_grad and tensor.dtype.kind != "f":
        raise DTypeError(
            f"{tensor.dtype} cannot carry gradients. "
            "Fix: tensor(x, dtype='float32', requires_grad=True)"
        )


def check_assign(tensor, data):
    """New values on the tensor's device; refused if of another shape or dtype, or for
    a tensor that an op made.
    """
    check_leaf(tensor)
    if not backend.is_array(data):
        raise DTypeError(
            f"assign: got {type(data).__name__}. "
            f"Fix: an array of shape {tensor.shape} and dtype {tensor.dtype}"
        )
    if data.shape != tensor.shape:
        raise ShapeError(
            f"assign: the tensor has shape {tensor.shape}, the new values "
            f"{data.shape}. Fix: reshape them to {tensor.shape}"
        )
    if data.dtype != tensor.dtype:
        raise DTypeError(
            f"assign: the tensor is {tensor.dtype}, the new values {data.dtype}. "
            f"Fix: values.astype('{tensor.dtype}')"
        )
    return backend.to_device(data, tensor.device)


def listed(x) -> list:
    """One thing, or a sequence of them, as a list."""
    return list(x) if isinstance(x, (list, tuple)) else [x]


def tensors(x, what: str) -> list:
    """A Tensor, or a sequence of Tensors, as a list; GraphError for anything else."""
    found = listed(x)
    for i, one in enumerate(found):
        if not hasattr(one, "node"):
            raise GraphError(
                f"grad: {what} {i} is {one!r:.40}, {type(one).__name__}, not a Tensor. "
                "Fix: give the Tensors themselves, not their values"
            )
    return found


def check_grad(outputs, inputs, seeds, reached, allow_unused) -> None:
    """Refuse a call of `grad` that has no answer."""
    for i, y in enumerate(outputs):
        check_history(y, f"output {i}")
    if len(seeds) != len(outputs):
        raise GraphError(
            f"grad: {len(outputs)} outputs but {len(seeds)} grad_outputs. "
            "Fix: give one gradient (or None) for each output"
        )
    unused = []
    for i, x in enumerate(inputs):
        if x.node is None:
            raise GraphError(
                f"grad: input {i} does not require grad. "
                "Fix: make it with tensor(data, requires_grad=True)"
            )
        if x.node not in reached:
            unused.append(i)
    if unused and not allow_unused:
        raise GraphError(
            f"grad: the outputs do not depend on inputs {unused}. "
            "Fix: leave them out, or allow_unused=True to get None for them"
        )


def check_history(output, name: str = "this tensor") -> None:
    """Refuse to differentiate what was not recorded."""
    if output.node is None:
        raise GraphError(
            f"{name} (shape {output.shape}) has no history: it was made under no_grad, "
            "or detached, or no input requires grad. "
            "Fix: tensor(data, requires_grad=True) on an input"
        )


def check_scalar(output) -> None:
    """Refuse to guess dL/dy of a tensor with several elements."""
    check_history(output)
    if output.size != 1:
        raise GraphError(
            f"backward needs a scalar, got shape {output.shape}. "
            "Fix: y.mean().backward(), or y.backward(gradient) with a gradient of "
            f"shape {output.shape}"
        )


def check_seed(output, seed) -> None:
    """Refuse a gradient of another shape or dtype than its output."""
    check_history(output)
    if not backend.is_array(seed.data):
        raise DTypeError(
            f"gradient: got {type(seed.data).__name__}. "
            f"Fix: a tensor or array of shape {output.shape}"
        )
    if seed.shape != output.shape:
        raise ShapeError(
            f"gradient: shape {seed.shape} for an output of shape {output.shape}. "
            f"Fix: pass a gradient of shape {output.shape}"
        )
    if seed.dtype != output.dtype:
        raise DTypeError(
            f"gradient: {seed.dtype} for an output of {output.dtype}. "
            f"Fix: gradient.astype('{output.dtype}')"
        )


def check_unchanged(nodes, steps) -> None:
    """Refuse a graph that was freed, or whose leaves changed since the forward pass."""
    for node in steps:
        if node.saved is None:
            raise GraphError(
                f"the graph of {node.op.name} (shape {node.shape}) was freed by an "
                "earlier backward. Fix: retain_graph=True in that call, or compute the "
                "result again"
            )
    # assign renumbers a leaf, so only one younger than some op can have changed
    changed = {n for n in nodes if n.op is None and steps and n.order > steps[-1].order}
    for node in steps if changed else ():
        for value, parent in zip(node.saved, node.parents, strict=True):
            stale = parent in changed and value is not parent
            if stale and value is not parent.data:
                raise GraphError(
                    f"{node.op.name}: a leaf of shape {parent.shape} was changed after "
                    "the forward pass (by optimizer.step or load_state_dict), and its "
                    "old value is needed. Fix: call backward before the change, or "
                    "compute the result again after it"
                )


def no_derivative(name: str, *_, **__):
    """The rule of an argument that has none."""
    raise NoDerivativeError(
        f"{name} has no derivative for this argument. "
        "Fix: detach it, or write the function with ops that have one"
    )


def mixed_types(op, values) -> DTypeError:
    """float32 meets float64 (or integers meet float32)."""
    types = " and ".join(_described(v) for v in values)
    return DTypeError(
        f"{op.name}: {types} do not mix. Fix: convert one, as in x.astype('float32')"
    )


def check_bytes(name: str, x, weight) -> None:
    """Refuse images of 0..255 where a layer of floats expects them in [-1, 1]."""
    if x.dtype.kind == "u" and weight.dtype.kind == "f":
        raise DTypeError(
            f"{name}: x is {x.dtype}{x.shape}, 0..255 as images are stored, the weight "
            f"{weight.dtype}. Fix: tinygen.data.to_float(x), or x.astype('float32')"
        )


def failure(op, values, settings, error: Exception) -> Exception:
    """The error to raise when an op's forward failed with `error`."""
    call = called(op, values, settings)
    if isinstance(error, TinygenError):
        return type(error)(f"{call}: {str(error).removeprefix(f'{op.name}: ')}")
    arrays = [v for v in values if backend.is_array(v)]
    devices = [backend.device_of(v) for v in arrays]
    if isinstance(error, MemoryError):
        return backend.out_of_memory(call, error, max(devices, default="cpu"))
    try:
        inspect.signature(op.forward).bind(*values, **settings)
    except TypeError as misuse:
        return TypeError(f"{op.name}: {misuse}")
    if len(set(devices)) > 1:
        return DeviceError(
            f"{op.name}: arrays on different devices ({', '.join(devices)}). "
            "Fix: x.to('cuda')"
        )
    kinds = {
        AxisError: ShapeError,
        IndexError: IndexOutOfRange,
        TypeError: DTypeError,
        ValueError: ShapeError,
    }
    kind = next(kinds[k] for k in kinds if isinstance(error, k))
    if op.name == "reshape":
        reason, fix = _misfit(arrays[0], settings["shape"])
    else:
        reason, fix = _reason(op, arrays, error), _fix(arrays)
    return kind(f"{call}: {reason}. Fix: {fix}")


def called(op, values, settings) -> str:
    """A call of an op in words: 'sum(float32(2, 3), axis=1)'."""
    what = ", ".join(_described(v) for v in values)
    given = {k: v for k, v in settings.items() if v is not None}
    extra = "".join(f", {k}={_described(v)}" for k, v in given.items())
    return f"{op.name}({what}{extra})"


def _described(value) -> str:
    if backend.is_array(value):
        return f"{value.dtype}{value.shape}"
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _reason(op, arrays, error) -> str:
    """NumPy's own words, or for broadcasting the axis that does not fit."""
    if "broadcast" not in str(error) or len(arrays) != 2:
        return str(error).strip().rstrip(".")
    matrices = 2 if op.name == "matmul" else 0  # axes that do not broadcast
    a, b = (x.shape[: x.ndim - matrices] for x in arrays)
    for axis in range(-1, -min(len(a), len(b)) - 1, -1):
        m, n = a[axis], b[axis]
        if m != n and 1 not in (m, n):
            return (
                f"shapes {a} and {b} do not broadcast: axis {axis} is {m} against {n}"
            )
    return str(error).strip()


def _misfit(x, shape) -> tuple[str, str]:
    """Why x cannot have another shape, and what could be done."""
    sizes = shape if isinstance(shape, (tuple, list)) else (shape,)
    if sum(n == -1 for n in sizes) > 1:
        return "only one size can be found from the rest", "a single -1"
    known = backend.size_of(n for n in sizes if n != -1)
    rest = " times the -1" if -1 in sizes else ""
    return (
        f"{x.size} elements do not fill {known}{rest}",
        f"sizes whose product is {x.size}",
    )


def _fix(arrays) -> str:
    """A remedy that fits two arrays whose leading axes agree, or a general one."""
    shapes = sorted((x.shape for x in arrays), key=len)
    if len(shapes) == 2 and 0 < len(shapes[0]) < len(shapes[1]):
        short, long = shapes
        if long[: len(short)] == short:
            return f"reshape {short} to {short + (1,) * (len(long) - len(short))}"
    return "check the shapes and settings against help() of this op"
