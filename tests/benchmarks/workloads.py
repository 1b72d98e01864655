"""The work that is timed: one training step of each network, in both libraries."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import tinygen as tg
from tinygen import functional as F
from tinygen import nn, optim
from tinygen.models import dcgan, objectives

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
    real = np.random.default_rng(1).random((64, 784), dtype=np.float32)
    return _gan_step_tinygen(G, D, real)


def _gan_step_tinygen(G, D, real):
    """D's step and G's step as the recipes take them."""
    optimizers = [
        optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (G, D)
    ]
    real, z = tg.tensor(real), tg.tensor(_numbers(64, 100))

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

    step.networks = [G, D]
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


# -- W3: the third document's DCGAN at 28x28, batch 64 -----------------------------


def _dcgan_tinygen():
    rng = np.random.default_rng(0)
    G = dcgan.Generator(100, (1, 28, 28), rng=rng)
    D = dcgan.Discriminator((1, 28, 28), rng=rng)
    return _gan_step_tinygen(G, D, np.tanh(_numbers(64, 1, 28, 28)))


def _dcgan_torch(memory_format=None):
    t = torch.nn
    G = t.Sequential(
        t.Linear(100, 128 * 7 * 7),
        t.ReLU(),
        t.Unflatten(1, (128, 7, 7)),
        t.ConvTranspose2d(128, 64, 4, 2, 1),
        t.BatchNorm2d(64),
        t.ReLU(),
        t.ConvTranspose2d(64, 1, 4, 2, 1),
        t.Tanh(),
    )
    D = t.Sequential(
        t.Conv2d(1, 32, 4, 2, 1),
        t.LeakyReLU(0.2),
        t.Conv2d(32, 64, 4, 2, 1),
        t.BatchNorm2d(64),
        t.LeakyReLU(0.2),
        t.Conv2d(64, 128, 4, 2, 1),
        t.BatchNorm2d(128),
        t.LeakyReLU(0.2),
        t.Flatten(),
        t.Linear(128 * 3 * 3, 1),
    )
    real = torch.tanh(torch.randn(64, 1, 28, 28))
    if memory_format is not None:
        G, D, real = (x.to(memory_format=memory_format) for x in (G, D, real))
    return _gan_step_torch(G, D, real, torch.randn(64, 100))


# -- W4: small U-Net, noise prediction at 32x32, batch 32 -------------------------


class _Residual(nn.Module):
    def __init__(self, channels, filters, rng):
        self.conv1 = nn.Conv2d(channels, filters, 3, 1, 1, rng=rng)
        self.norm1 = nn.GroupNorm(8, filters)
        self.time = nn.Linear(128, filters, rng=rng)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, rng=rng)
        self.norm2 = nn.GroupNorm(8, filters)
        same = channels == filters
        self.skip = None if same else nn.Conv2d(channels, filters, 1, rng=rng)

    def forward(self, x, t):
        h = F.silu(self.norm1(self.conv1(x)))
        h = h + self.time(t).reshape(len(x), -1, 1, 1)
        h = F.silu(self.norm2(self.conv2(h)))
        return h + (x if self.skip is None else self.skip(x))


class _UNet(nn.Module):
    def __init__(self, rng):
        conv, up = nn.Conv2d, nn.ConvTranspose2d
        self.time = nn.Linear(64, 128, rng=rng)
        self.enter = conv(1, 32, 3, 1, 1, rng=rng)
        self.r1 = _Residual(32, 32, rng)
        self.down1 = conv(32, 64, 4, 2, 1, rng=rng)
        self.r2 = _Residual(64, 64, rng)
        self.down2 = conv(64, 128, 4, 2, 1, rng=rng)
        self.r3 = _Residual(128, 128, rng)
        self.up2 = up(128, 64, 4, 2, 1, rng=rng)
        self.r4 = _Residual(128, 64, rng)
        self.up1 = up(64, 32, 4, 2, 1, rng=rng)
        self.r5 = _Residual(64, 32, rng)
        self.leave = conv(32, 1, 3, 1, 1, rng=rng)

    def forward(self, x, t):
        t = F.silu(self.time(t))
        a = self.r1(self.enter(x), t)
        b = self.r2(self.down1(a), t)
        c = self.r3(self.down2(b), t)
        d = self.r4(tg.concatenate([self.up2(c), b], 1), t)
        e = self.r5(tg.concatenate([self.up1(d), a], 1), t)
        return self.leave(e)


def _unet_tinygen():
    model = _UNet(np.random.default_rng(0))
    optimizer = optim.Adam(model.parameters(), lr=2e-4)
    x, noise, t = (tg.tensor(_numbers(*s)) for s in _UNET_SHAPES)

    def step():
        optimizer.zero_grad()
        F.mse_loss(model(x, t), noise).backward()
        optimizer.step()

    step.networks = [model]
    return step


_UNET_SHAPES = ((32, 1, 32, 32), (32, 1, 32, 32), (32, 64))


def _unet_torch(memory_format=None):
    t, f = torch.nn, torch.nn.functional

    class Residual(t.Module):
        def __init__(self, a, b):
            super().__init__()
            self.c1, self.g1 = t.Conv2d(a, b, 3, padding=1), t.GroupNorm(8, b)
            self.c2, self.g2 = t.Conv2d(b, b, 3, padding=1), t.GroupNorm(8, b)
            self.t = t.Linear(128, b)
            self.skip = t.Identity() if a == b else t.Conv2d(a, b, 1)

        def forward(self, x, time):
            h = f.silu(self.g1(self.c1(x))) + self.t(time)[:, :, None, None]
            return f.silu(self.g2(self.c2(h))) + self.skip(x)

    class UNet(t.Module):
        def __init__(self):
            super().__init__()
            self.time, self.enter = t.Linear(64, 128), t.Conv2d(1, 32, 3, padding=1)
            self.r1, self.r2 = Residual(32, 32), Residual(64, 64)
            self.r3, self.r4 = Residual(128, 128), Residual(128, 64)
            self.r5 = Residual(64, 32)
            self.d1, self.d2 = t.Conv2d(32, 64, 4, 2, 1), t.Conv2d(64, 128, 4, 2, 1)
            self.u2 = t.ConvTranspose2d(128, 64, 4, 2, 1)
            self.u1 = t.ConvTranspose2d(64, 32, 4, 2, 1)
            self.leave = t.Conv2d(32, 1, 3, padding=1)

        def forward(self, x, time):
            time = f.silu(self.time(time))
            a = self.r1(self.enter(x), time)
            b = self.r2(self.d1(a), time)
            c = self.r3(self.d2(b), time)
            d = self.r4(torch.cat([self.u2(c), b], 1), time)
            return self.leave(self.r5(torch.cat([self.u1(d), a], 1), time))

    model, (x, noise, time) = UNet(), (torch.randn(*s) for s in _UNET_SHAPES)
    if memory_format is not None:
        model, x = (v.to(memory_format=memory_format) for v in (model, x))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-4)

    def step():
        optimizer.zero_grad()
        f.mse_loss(model(x, time), noise).backward()
        optimizer.step()

    return step


def _channels_last(build):
    """The same PyTorch network with its other memory layout, a second baseline."""
    return lambda: build(torch.channels_last)


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

    step.networks = [model]
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
    "W3": Workload(
        "DCGAN step, third document, 28x28, batch 64",
        {
            "tinygen": _dcgan_tinygen,
            "torch": _dcgan_torch,
            "channels_last": _channels_last(_dcgan_torch),
        },
    ),
    "W4": Workload(
        "U-Net step 32/64/128, 32x32, batch 32",
        {
            "tinygen": _unet_tinygen,
            "torch": _unet_torch,
            "channels_last": _channels_last(_unet_torch),
        },
    ),
    "W5": Workload(
        "chain of 1,000 small ops, forward + backward",
        {"tinygen": _chain_tinygen, "torch": _chain_torch},
        inner=5,
    ),
}
