"""Step sizes as functions of the step number, 0, 1, 2, ...

Each gives a factor; the step size is the base times it:

    optimizer.lr = config.lr * cosine(step, config.steps)

They remember nothing, so a run that is resumed at step k goes on exactly as it would
have.
"""

import math

from tinygen.errors import ConfigError


def constant(step: int) -> float:
    """Always 1."""
    return 1.0


def linear(step: int, steps: int, end: float = 0.0) -> float:
    """On a line from 1 at step 0 to `end` at `steps`, where it stays."""
    _check(steps=steps)
    return 1 + (end - 1) * min(step / steps, 1.0)


def cosine(step: int, steps: int, end: float = 0.0) -> float:
    """Half a cosine wave from 1 at step 0 to `end` at `steps`, where it stays.

    end + (1 - end) * (1 + cos(pi * step / steps)) / 2
    Source: Loshchilov & Hutter, arXiv 1608.03983, equation 5.
    """
    _check(steps=steps)
    return end + (1 - end) * (1 + math.cos(math.pi * min(step / steps, 1.0))) / 2


def step_decay(step: int, every: int, gamma: float = 0.1) -> float:
    """Times gamma after every so many steps: gamma**(step // every)."""
    _check(every=every)
    return gamma ** (step // every)


def warmup(step: int, steps: int) -> float:
    """1/steps, 2/steps, ..., reaching 1 in the last of `steps` steps; then 1.

    steps : 0 for no warm-up
    Source: Goyal et al., arXiv 1706.02677, section 2.2.
    """
    return min((step + 1) / steps, 1.0) if steps > 0 else 1.0


def warmup_cosine(step: int, steps: int, warmup_steps: int, end: float = 0.0) -> float:
    """`warmup` for the first warmup_steps, then `cosine` over the rest of `steps`.

    Raises ConfigError unless warmup_steps < steps.
    """
    _check(steps_after_warmup=steps - warmup_steps)
    if step < warmup_steps:
        return warmup(step, warmup_steps)
    return cosine(step - warmup_steps, steps - warmup_steps, end)


def _check(**lengths) -> None:
    for name, length in lengths.items():
        if length < 1:
            raise ConfigError(f"schedule: {name}={length}. Fix: at least 1")
