"""The work that is timed: one training step of each network, in both libraries."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import tinygen as tg
from tinygen import functional as F
from tinygen import nn, optim
from tinygen.models import objectives

try:
    import torch
except ImportError:
    torch = None


@dataclass(frozen=True)
class Workload:
    """A named piece of work: `steps()` gives a callable for each library."""

    what: str
    build: dict[str, Callable]
    inner: int = 1  # calls in one measurement, for short steps

    def steps(self) -> dict[str, Callable]:
        """library -> a function that does the work once."""
        return {
            name: build()
            for name, build in self.build.items()
            if torch is not None or name == "tinygen"
        }


def _numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


# -- W1: dense GAN, G 100-128-128-784 and D 784-128-128-1, batch 64, Adam ----------


def _dense_gan_tinygen():
    rng = np.random.default_rng(0)
    linear = lambda i, o: nn.Linear(i, o, rng=rng)
    leaky = lambda: nn.LeakyReLU(0.2)
    G = nn.Sequential(
        linear(100, 128),
        leaky(),
        linear(128, 128),
        leaky(),
        linear(128, 784),
        nn.Sigmoid(),
    )
    D = nn.Sequential(
        linear(784, 128), leaky(), linear(128, 128), leaky(), linear(128, 1)
    )
    optimizers = [
        optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (G, D)
    ]
    real = tg.tensor(np.random.default_rng(1).random((64, 784), dtype=np.float32))
    z = tg.tensor(_numbers(64, 100))

    def step():
        fake = G(z)
        optimizers[1].zero_grad()
        loss = objectives.discriminator_loss(D(real), D(fake.detach()))
        loss.backward()
        optimizers[1].step()
        optimizers[0].zero_grad()
        with nn.frozen(D):
            objectives.generator_loss(D(fake)).backward()
        optimizers[0].step()

    return step


def _dense_gan_torch():
    t = torch.nn
    G = t.Sequential(
        t.Linear(100, 128),
        t.LeakyReLU(0.2),
        t.Linear(128, 128),
        t.LeakyReLU(0.2),
        t.Linear(128, 784),
        t.Sigmoid(),
    )
    D = t.Sequential(
        t.Linear(784, 128),
        t.LeakyReLU(0.2),
        t.Linear(128, 128),
        t.LeakyReLU(0.2),
        t.Linear(128, 1),
    )
    real = torch.rand(64, 784)
    return _gan_step_torch(G, D, real, torch.randn(64, 100))


def _gan_step_torch(G, D, real, z):
    """D's step and G's step as PyTorch users write them."""
    g, d = (
        torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999))
        for net in (G, D)
    )
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    ones, zeros = torch.ones(len(z), 1), torch.zeros(len(z), 1)

    def step():
        fake = G(z)
        d.zero_grad()
        (bce(D(real), ones) + bce(D(fake.detach()), zeros)).backward()
        d.step()
        g.zero_grad()
        bce(D(fake), ones).backward()
        g.step()

    return step


# -- W2: dense VAE 784-400-20-400-784, batch 128, Adam ----------------------------


class _VAE(nn.Module):
    def __init__(self, rng):
        self.hidden = nn.Linear(784, 400, rng=rng)
        self.mean = nn.Linear(400, 20, rng=rng)
        self.log_variance = nn.Linear(400, 20, rng=rng)
        self.decode = nn.Linear(20, 400, rng=rng)
        self.logits = nn.Linear(400, 784, rng=rng)

    def loss(self, x, noise):
        h = F.relu(self.hidden(x))
        mean, log_variance = self.mean(h), self.log_variance(h)
        z = mean + noise * tg.exp(0.5 * log_variance)
        logits = self.logits(F.relu(self.decode(z)))
        rec = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        return rec + F.kl_diagonal_gaussians(mean, log_variance).sum()


def _vae_tinygen():
    model = _VAE(np.random.default_rng(0))
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    x = tg.tensor(np.random.default_rng(1).random((128, 784), dtype=np.float32))
    noise = tg.tensor(_numbers(128, 20))

    def step():
        optimizer.zero_grad()
        model.loss(x, noise).backward()
        optimizer.step()

    return step


def _vae_torch():
    t, f = torch.nn, torch.nn.functional
    hidden, mean_of, log_of = t.Linear(784, 400), t.Linear(400, 20), t.Linear(400, 20)
    decode, logits_of = t.Linear(20, 400), t.Linear(400, 784)
    parts = t.ModuleList([hidden, mean_of, log_of, decode, logits_of])
    optimizer = torch.optim.Adam(parts.parameters(), lr=1e-3)
    x, noise = torch.rand(128, 784), torch.randn(128, 20)

    def step():
        optimizer.zero_grad()
        h = torch.relu(hidden(x))
        mean, log_variance = mean_of(h), log_of(h)
        z = mean + noise * torch.exp(0.5 * log_variance)
        logits = logits_of(torch.relu(decode(z)))
        rec = f.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kl = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
        (rec + kl).backward()
        optimizer.step()

    return step


# -- W5: a chain of 1,000 small ops, forward and backward -------------------------


def _chain_tinygen():
    a = tg.ones(4, requires_grad=True)
    b = tg.full(4, 1.0001, requires_grad=True)
    g = tg.ones(4)

    def step():
        y = a
        for _ in range(500):
            y = y * b
            y = y + b
        y.backward(g)

    return step


def _chain_torch():
    a = torch.ones(4, requires_grad=True)
    b = torch.full((4,), 1.0001, requires_grad=True)
    g = torch.ones(4)

    def step():
        y = a
        for _ in range(500):
            y = y * b
            y = y + b
        y.backward(g)

    return step


WORKLOADS = {
    "W1": Workload(
        "dense GAN step, 100-128-128-784, batch 64",
        {"tinygen": _dense_gan_tinygen, "torch": _dense_gan_torch},
        inner=10,
    ),
    "W2": Workload(
        "dense VAE step, 784-400-20-400-784, batch 128",
        {"tinygen": _vae_tinygen, "torch": _vae_torch},
        inner=5,
    ),
    "W5": Workload(
        "chain of 1,000 small ops, forward + backward",
        {"tinygen": _chain_tinygen, "torch": _chain_torch},
        inner=5,
    ),
}
