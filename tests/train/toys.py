"""Two recipes that train in milliseconds, and the command line that knows them.

Toy fits a Gaussian to points of the plane; ToyImages fits one to images.  Options can
make a step slow, a loss NaN, or leave a parameter out.  Run as a script, this file is
`tinygen` with the two recipes added.
"""

import sys
import time
from dataclasses import dataclass

import numpy as np

import tinygen as tg
from tinygen import nn
from tinygen.recipes import RECIPES
from tinygen.train import Recipe, option


class Gaussian(nn.Module):
    """x = mean + std * z, and a count of how often that was computed in training."""

    def __init__(self, size, *, rng):
        self.mean = tg.randn((size,), rng=rng, requires_grad=True)
        self.log_std = tg.zeros((size,), requires_grad=True)
        self.unused = tg.zeros((3,), requires_grad=True)
        self.calls = np.zeros(1, np.int64)

    def forward(self, z, with_unused=True):
        if self.training:
            self.calls = self.calls + 1
        spare = self.unused.sum() * 0.5 if with_unused else 0.0
        return self.mean + tg.exp(self.log_std) * z + spare


class Momentum:
    """Gradient descent with momentum."""

    def __init__(self, parameters, lr):
        self.params, self.lr = list(parameters), lr
        self.velocity = [np.zeros_like(p.data) for p in self.params]

    def parameters(self):
        return self.params

    def step(self):
        for p, v in zip(self.params, self.velocity, strict=True):
            if p.grad is not None:
                v *= 0.9
                v += p.grad.data
                p.assign(p.data - self.lr * v)

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def state_dict(self):
        return {f"velocity.{i}": v for i, v in enumerate(self.velocity)}

    def load_state_dict(self, state):
        self.velocity = [state[f"velocity.{i}"].copy() for i in range(len(state))]


class Average:
    """The average of a parameter over the steps."""

    def __init__(self, parameter):
        self.parameter, self.value = parameter, parameter.data.copy()

    def update(self):
        self.value = 0.9 * self.value + np.float32(0.1) * self.parameter.data

    def state_dict(self):
        return {"value": self.value}

    def load_state_dict(self, state):
        self.value = state["value"].copy()


class Toy(Recipe):
    """Moment matching, with noise in every step."""

    name = "toy"
    summary = "a Gaussian fitted to points"
    kind = "plane"

    @dataclass(frozen=True)
    class Config(Recipe.Config):
        data: str = "moons"
        steps: int = 20
        batch_size: int = 16
        log_every: int = 3
        sample_every: int = 10
        save_every: int = 5
        lr: float = option(0.05, "step size", above=0)
        widths: tuple[int, ...] = option((4, 2), "of nothing")
        slow: float = option(0.0, "seconds that a step waits", least=0)
        nan_at: int = option(-1, "step at which the loss is NaN", least=-1)
        forget: bool = option(False, "leave a parameter out of the loss")

    def build(self, rng):
        self.model = Gaussian(int(np.prod(self.data.shape)), rng=rng)
        self.optimizer = Momentum(self.model.parameters(), lr=self.config.lr)
        self.average = Average(self.model.mean)

    def modules(self):
        return {"net": self.model}

    def optimizers(self):
        return {"net": self.optimizer}

    def averages(self):
        return {"mean": self.average}

    def train_step(self, batch, step, rng):
        time.sleep(self.config.slow)
        x = batch.x.reshape(len(batch.x.data), -1)
        z = tg.tensor(rng("z").standard_normal(x.shape, "float32"))
        fake = self.model(z, not self.config.forget)
        first = tg.square(fake.mean(axis=0) - x.mean(axis=0)).sum()
        second = tg.square(tg.square(fake).mean() - tg.square(x).mean())
        if step == self.config.nan_at:
            second = second * float("nan")
        self.optimizer.zero_grad()
        (first + second).backward()
        self.optimizer.step()
        self.average.update()
        return {"first": first, "second": second}

    def sample(self, n, *, rng):
        size = (n, int(np.prod(self.data.shape)))
        z = tg.tensor(rng.standard_normal(size, "float32"))
        return tg.clip(self.model(z), -3, 3).reshape(n, *self.data.shape)

    def evaluate(self, batch, *, rng):
        return {"distance": tg.square(self.model.mean - rng.random()).sum()}


class ToyImages(Toy):
    """The same for images."""

    name = "toy-images"
    kind = "images"

    @dataclass(frozen=True)
    class Config(Toy.Config):
        data: str = "digits"
        lr: float = 0.001

    def sample(self, n, *, rng):
        return tg.tanh(super().sample(n, rng=rng))

    def pictures(self):
        return {"bars": lambda figure: figure.subplots().bar([0, 1], [1, 2])}


RECIPES |= {recipe.name: recipe for recipe in (Toy, ToyImages)}

if __name__ == "__main__":
    from tinygen.cli import main

    sys.exit(main())
