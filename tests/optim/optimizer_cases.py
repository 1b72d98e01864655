"""Every optimiser with every option, and a problem that both libraries can run.

Three parameters of shapes (2, 3), (4,) and () in a valley with a steep and a flat side;
the gradients are exact arithmetic on small numbers, so they are the same everywhere.
With gaps the second parameter has no gradient in every third step.
"""

import numpy as np

STEPS = 50
SHAPES = ((2, 3), (4,), ())
SHOWN = (1, 2, 3, 10, 50)  # steps after which the parameters are stored

CASES = {
    "adam": ("Adam", {"lr": 0.01}),
    "adam-betas": ("Adam", {"lr": 0.02, "betas": (0.5, 0.9)}),
    "adam-eps": ("Adam", {"lr": 0.02, "eps": 0.1}),
    "adam-decay": ("Adam", {"lr": 0.02, "weight_decay": 0.3}),
    "adamw": ("AdamW", {"lr": 0.02}),
    "adamw-decay": ("AdamW", {"lr": 0.02, "betas": (0.8, 0.99), "weight_decay": 0.3}),
    "sgd": ("SGD", {"lr": 0.05}),
    "sgd-momentum": ("SGD", {"lr": 0.02, "momentum": 0.9}),
    "sgd-dampening": ("SGD", {"lr": 0.05, "momentum": 0.8, "dampening": 0.4}),
    "sgd-decay": ("SGD", {"lr": 0.05, "weight_decay": 0.3}),
    "sgd-nesterov": ("SGD", {"lr": 0.02, "momentum": 0.9, "nesterov": True}),
    "sgd-nesterov-decay": (
        "SGD",
        {"lr": 0.02, "momentum": 0.7, "weight_decay": 0.2, "nesterov": True},
    ),
    "rmsprop": ("RMSprop", {"lr": 0.01}),
    "rmsprop-alpha": ("RMSprop", {"lr": 0.01, "alpha": 0.8}),
    "rmsprop-eps": ("RMSprop", {"lr": 0.01, "eps": 0.1}),
    "rmsprop-decay": ("RMSprop", {"lr": 0.01, "weight_decay": 0.3}),
    "rmsprop-momentum": ("RMSprop", {"lr": 0.002, "momentum": 0.9}),
    "rmsprop-centered": ("RMSprop", {"lr": 0.01, "centered": True}),
    "rmsprop-all": (
        "RMSprop",
        {
            "lr": 0.002,
            "alpha": 0.9,
            "eps": 1e-4,
            "weight_decay": 0.1,
            "momentum": 0.8,
            "centered": True,
        },
    ),
}
NAMES = [f"{name}{gaps}" for name in CASES for gaps in ("", "/gaps")]


def start(i: int) -> np.ndarray:
    """The first value of parameter i."""
    return _spread(SHAPES[i], 17 * i + 5)


def gradient(i: int, step: int, p: np.ndarray) -> np.ndarray:
    """The gradient of parameter i at value p in step 1, 2, ...: a slope and noise."""
    curvature = 0.1 + 2 * np.abs(_spread(p.shape, 3 * i + 1))
    return curvature * (p - _spread(p.shape, i)) + 0.3 * _spread(p.shape, 31 * step + i)


def has_gradient(name: str, i: int, step: int) -> bool:
    """Whether parameter i takes part in a step of the case."""
    return not (name.endswith("/gaps") and i == 1 and step % 3 == 1)


def _spread(shape, seed: int) -> np.ndarray:
    """Numbers in [-1, 1) without any pattern to speak of."""
    index = np.arange(int(np.prod(shape, dtype=int))) + 101 * seed
    return ((index * index * 7919 + index * 104729) % 1009 / 504.5 - 1).reshape(shape)


def run(name, make, parameters, values, give) -> np.ndarray:
    """Run a case in either library; -> (len(SHOWN), elements of all parameters).

    make(kind, parameters, options) -> the optimiser      values(p) -> its array
    give(p, g) : set its gradient, None for none
    """
    kind, options = CASES[name.split("/")[0]]
    optimizer, rows = make(kind, parameters, options), []
    for step in range(1, STEPS + 1):
        for i, p in enumerate(parameters):
            here = has_gradient(name, i, step)
            give(p, gradient(i, step, values(p)) if here else None)
        optimizer.step()
        if step in SHOWN:
            rows.append(np.concatenate([np.ravel(values(p)) for p in parameters]))
    return np.array(rows)
