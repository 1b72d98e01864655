"""Activations and dropout as layers; the functions are in `tinygen.functional`."""

from tinygen import functional as F
from tinygen.errors import ConfigError
from tinygen.nn.module import Module


class ReLU(Module):
    """max(x, 0)."""

    def forward(self, x):
        return F.relu(x)


class LeakyReLU(Module):
    """x where x > 0, else negative_slope * x."""

    def __init__(self, negative_slope: float = 0.01):
        self.negative_slope = negative_slope

    def forward(self, x):
        return F.leaky_relu(x, self.negative_slope)

    def extra_repr(self):
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """x where x > 0, else alpha * (e**x - 1)."""

    def __init__(self, alpha: float = 1.0):
        self.alpha = alpha

    def forward(self, x):
        return F.elu(x, self.alpha)

    def extra_repr(self):
        return f"alpha={self.alpha}"


class GELU(Module):
    """x * P(z <= x), z ~ N(0, 1); approximate="tanh" is faster, within 5e-4."""

    def __init__(self, approximate: str = "none"):
        self.approximate = approximate

    def forward(self, x):
        return F.gelu(x, self.approximate)

    def extra_repr(self):
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """x * sigmoid(x)."""

    def forward(self, x):
        return F.silu(x)


class Softplus(Module):
    """log(1 + e**x)."""

    def forward(self, x):
        return F.softplus(x)


class Sigmoid(Module):
    """1 / (1 + e**-x)."""

    def forward(self, x):
        return F.sigmoid(x)


class Tanh(Module):
    """tanh(x)."""

    def forward(self, x):
        return F.tanh(x)


class Softmax(Module):
    """e**x / sum(e**x) along an axis."""

    def __init__(self, axis: int = -1):
        self.axis = axis

    def forward(self, x):
        return F.softmax(x, self.axis)

    def extra_repr(self):
        return f"axis={self.axis}"


class LogSoftmax(Module):
    """x - log(sum(e**x)) along an axis, in nats."""

    def __init__(self, axis: int = -1):
        self.axis = axis

    def forward(self, x):
        return F.log_softmax(x, self.axis)

    def extra_repr(self):
        return f"axis={self.axis}"


class Dropout(Module):
    """In training zero each element with probability p, scale the rest by 1/(1 - p).

    Its randomness is set from outside, for each step anew, by `set_rng`; so a step is
    a function of its number and a run can be resumed exactly.
    Raises ConfigError in training if `rng` was never set.
    """

    def __init__(self, p: float = 0.5):
        if not 0 <= p <= 1:
            raise ConfigError(f"Dropout: p={p}. Fix: a probability in [0, 1]")
        self.p, self.rng = p, None

    def forward(self, x):
        if self.training and self.p > 0 and self.rng is None:
            raise ConfigError(
                "Dropout: training needs randomness. Fix: nn.set_rng(network, "
                "tinygen.rng(seed, 'dropout', step)) in every step, or network.eval()"
            )
        return F.dropout(x, self.p, self.training, rng=self.rng)

    def extra_repr(self):
        return f"p={self.p}"


def set_rng(module: Module, rng) -> None:
    """Give every Dropout in the module this numpy.random.Generator to draw from."""
    for part in module.modules():
        if isinstance(part, Dropout):
            part.rng = rng
