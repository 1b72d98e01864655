"""The update rules: Adam, AdamW, SGD, RMSprop.

Options, their order and defaults are PyTorch's; the formulas are in `kernels.adam`.
"""

from collections.abc import Iterable

from tinygen.errors import ConfigError
from tinygen.kernels.adam import adam_numbers, adam_step, rmsprop_step, sgd_step
from tinygen.optim.optimizer import Optimizer, at_least_zero, require


class Adam(Optimizer):
    """Steps of the size lr, scaled per element by a running mean of the gradient.

    m = beta1 m + (1 - beta1) g,      v = beta2 v + (1 - beta2) g^2
    p = p - lr m_hat / (sqrt(v_hat) + eps),    x_hat = x / (1 - beta^step)

    betas : in [0, 1)      weight_decay : w, g + w p takes the place of g
    Source: Kingma & Ba, arXiv 1412.6980, algorithm 1.
    """

    decoupled = False

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def check(self, group):
        super().check(group)
        name, betas = type(self).__name__, group["betas"]
        require(name, group, "eps", at_least_zero, "a number >= 0")
        pair = isinstance(betas, (tuple, list)) and len(betas) == 2
        if not pair or not all(0 <= beta < 1 for beta in betas):
            raise ConfigError(f"{name}: betas={betas}. Fix: two numbers in [0, 1)")

    def state_names(self, group):
        return ("exp_avg", "exp_avg_sq")

    def numbers(self, step, group):
        return adam_numbers(step, **self.settings(group))

    def settings(self, group):
        """The options, by the names that the formula has for them."""
        return {
            "lr": group["lr"],
            "beta1": group["betas"][0],
            "beta2": group["betas"][1],
            "eps": group["eps"],
            "weight_decay": group["weight_decay"],
            "decoupled": self.decoupled,
        }

    def update(self, p, g, state, step, numbers, group):
        moments = state["exp_avg"], state["exp_avg_sq"]
        settings = self.settings(group)
        adam_step(p, g, *moments, step=step, numbers=numbers, **settings)


class AdamW(Adam):
    """Adam whose weight decay is apart from the gradient: p shrinks by 1 - lr w.

    Source: Loshchilov & Hutter, arXiv 1711.05101, algorithm 2.
    """

    decoupled = True

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ):
        super().__init__(params, lr, betas, eps, weight_decay)


class SGD(Optimizer):
    """Stochastic gradient descent: p = p - lr g, with momentum if wanted.

    buf = momentum buf + (1 - dampening) g,  but buf = g in the first step
    p = p - lr buf;   with nesterov   p = p - lr (g + momentum buf)

    weight_decay : w, g + w p takes the place of g
    Source: Sutskever et al., ICML 2013, in PyTorch's form, where lr multiplies buf.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ):
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
        )

    def check(self, group):
        super().check(group)
        require("SGD", group, "momentum", at_least_zero, "a number >= 0")
        require("SGD", group, "dampening", lambda d: d <= 1, "a number <= 1")
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise ConfigError(
                f"SGD: nesterov with momentum={group['momentum']} and "
                f"dampening={group['dampening']}. Fix: momentum > 0, dampening=0"
            )

    def state_names(self, group):
        return ("momentum_buffer",) if group["momentum"] else ()

    def update(self, p, g, state, step, numbers, group):
        sgd_step(
            p,
            g,
            state.get("momentum_buffer"),
            step=step,
            lr=numbers[0],
            momentum=group["momentum"],
            dampening=group["dampening"],
            nesterov=group["nesterov"],
            weight_decay=group["weight_decay"],
        )


class RMSprop(Optimizer):
    """Steps scaled per element by a running mean of the squared gradient.

    v = alpha v + (1 - alpha) g^2,      m = alpha m + (1 - alpha) g
    d = g / (sqrt(v) + eps),   centered d = g / (sqrt(v - m^2) + eps)
    p = p - lr d,   with momentum  buf = momentum buf + d,  p = p - lr buf

    weight_decay : w, g + w p takes the place of g
    Source: Hinton, Coursera lecture 6e, 2012; centered: Graves, arXiv 1308.0850.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ):
        super().__init__(
            params,
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
        )

    def check(self, group):
        super().check(group)
        require("RMSprop", group, "alpha", lambda a: 0 <= a < 1, "a number in [0, 1)")
        require("RMSprop", group, "eps", at_least_zero, "a number >= 0")
        require("RMSprop", group, "momentum", at_least_zero, "a number >= 0")

    def state_names(self, group):
        names = ["square_avg"]
        names += ["grad_avg"] if group["centered"] else []
        names += ["momentum_buffer"] if group["momentum"] else []
        return tuple(names)

    def update(self, p, g, state, step, numbers, group):
        rmsprop_step(
            p,
            g,
            state["square_avg"],
            state.get("grad_avg"),
            state.get("momentum_buffer"),
            lr=numbers[0],
            alpha=group["alpha"],
            eps=group["eps"],
            momentum=group["momentum"],
            centered=group["centered"],
            weight_decay=group["weight_decay"],
        )
