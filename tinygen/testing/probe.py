"""A function of tensors at one point: its values, its gradients, its neighbourhood."""

from collections.abc import Callable

import numpy as np

from tinygen.backend import rng, to_host, xp_of
from tinygen.engine import Tensor, grad
from tinygen.errors import ConfigError, DataError, DTypeError, GraphError


def signed(generator: np.random.Generator, shape) -> np.ndarray:
    """Random signs times U(0.5, 1), independently for each element.

    Not all positive (a softmax has gradient 0 under equal weights), not +-1 (equal
    errors would cancel half the time), and no element near 0, so none goes unchecked.
    """
    sign = generator.choice([-1.0, 1.0], shape)
    return np.asarray(sign * generator.uniform(0.5, 1.0, shape))


class Probe:
    """f at `inputs`, differentiated with respect to the inputs numbered `wrt`.

    The given tensors themselves are moved (and put back), so f may also reach them by
    other ways than its arguments, as a module reaches its parameters.
    """

    def __init__(self, f: Callable, inputs, wrt=None):
        self.f = f
        self.inputs = [_leaf(x) for x in inputs]
        wanted = [i for i, x in enumerate(self.inputs) if _requires_grad(x)]
        self.wrt = wanted if wrt is None else list(wrt)
        _refuse_unusable(self.inputs, self.wrt)
        self.evaluations = 0

    @property
    def arrays(self) -> list[np.ndarray]:
        """The values of the inputs that are differentiated."""
        return [self.inputs[i].data for i in self.wrt]

    def outputs(self) -> list[Tensor]:
        """The floating-point results of f, as a list also if there is one."""
        self.evaluations += 1
        found = self.f(*self.inputs)
        found = list(found) if isinstance(found, (list, tuple)) else [found]
        for y in found:
            if not isinstance(y, Tensor):
                raise GraphError(
                    f"gradcheck: f returned {type(y).__name__}, outside the graph. "
                    "Fix: compute with tinygen functions, and return tensors"
                )
        return [y for y in found if y.dtype.kind == "f"]

    def cotangents(self, generator) -> list:
        """A random dL/dy for each output."""
        ys = self.outputs()
        return [xp_of(y.data).asarray(signed(generator, y.shape)) for y in ys]

    def gradients(self, cotangents, create_graph=False) -> list[Tensor | None]:
        """dL/dx of each wanted input, with L = sum(outputs * cotangents)."""
        pairs = zip(self.outputs(), cotangents, strict=True)
        pairs = [(y, v) for y, v in pairs if y.requires_grad]
        inputs = [self.inputs[i] for i in self.wrt]
        if not pairs:
            return [None for _ in inputs]
        ys, vs = zip(*pairs, strict=True)
        return grad(ys, inputs, vs, create_graph, allow_unused=True)

    def gradient_arrays(self, cotangents) -> list[np.ndarray]:
        """The same as NumPy arrays; zeros for an input that is not connected."""
        found = self.gradients(cotangents)
        return [
            np.zeros(x.shape) if g is None else to_host(g.data)
            for g, x in zip(found, self.arrays, strict=True)
        ]

    def project(self, cotangents) -> float:
        """L = sum(outputs * cotangents)."""
        pairs = zip(self.outputs(), cotangents, strict=True)
        return float(sum((v * y.data).sum() for y, v in pairs))

    def scale(self, cotangents) -> float:
        """sum |outputs * cotangents|: what the rounding errors of L are relative to."""
        pairs = zip(self.outputs(), cotangents, strict=True)
        return float(sum(abs(v * y.data).sum() for y, v in pairs))

    def along(self, i: int, direction, cotangents) -> Callable[[float], float]:
        """s -> L with wanted input i moved by s * direction."""
        x = self.inputs[self.wrt[i]]
        origin = x.data
        direction = xp_of(origin).asarray(direction)

        def phi(s: float) -> float:
            moved = origin + s * direction
            x.assign(xp_of(origin).asarray(moved))
            try:
                return self.project(cotangents)
            finally:
                x.assign(origin)

        return phi


def _requires_grad(x) -> bool:
    return isinstance(x, Tensor) and x.requires_grad


def _leaf(x):
    """x itself, or for a tensor that an op made, a leaf of the same values."""
    if isinstance(x, Tensor) and not x.is_leaf:
        x = x.detach()
        x.requires_grad = True
    return x


def _refuse_unusable(inputs, wrt) -> None:
    """Inputs whose differences would mean nothing."""
    if not wrt:
        raise ConfigError(
            "gradcheck: no input requires grad. "
            "Fix: tensor(data, requires_grad=True, dtype='float64')"
        )
    for i in wrt:
        x = inputs[i]
        if not _requires_grad(x):
            raise ConfigError(
                f"gradcheck: wrt names input {i}, which does not require grad. "
                "Fix: requires_grad=True"
            )
        if x.dtype != np.float64:
            raise DTypeError(
                f"gradcheck needs float64, input {i} is {x.dtype}. "
                "Fix: x.astype('float64')"
            )
        if not bool(xp_of(x.data).isfinite(x.data).all()):
            raise DataError(
                f"gradcheck: input {i} of shape {x.shape} has non-finite values. "
                "Fix: finite ones"
            )
    _refuse_overlap([(i, to_host(inputs[i].data)) for i in wrt])


def _refuse_overlap(arrays) -> None:
    for i, x in arrays:
        strides = zip(x.strides, x.shape, strict=True)
        if x.size > 1 and 0 in [stride for stride, n in strides if n > 1]:
            raise DataError(
                f"gradcheck: elements of input {i} {x.shape} share memory. "
                "Fix: x.copy()"
            )
        for j, other in arrays:
            if i < j and np.may_share_memory(x, other):
                raise DataError(
                    f"gradcheck: inputs {i} {x.shape} and {j} {other.shape} share "
                    "memory. Fix: copy one of them"
                )


def random(seed: int) -> np.random.Generator:
    """The generator of all directions and cotangents of a check."""
    return rng(seed, "gradcheck")
