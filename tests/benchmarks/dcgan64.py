"""The DCGAN of its paper, 64x64 in colour: one training step in tinygen and in PyTorch.

G: 100 - 512x4x4 - 256x8x8 - 128x16x16 - 64x32x32 - 3x64x64, and D the other way, all
convolutions 4x4 without bias, batch norm but at the ends, Adam 2e-4 (0.5, 0.999).
Source: Radford, Metz & Chintala, arXiv 1511.06434; layers as in its PyTorch example.
"""

import numpy as np

import tinygen as tg
from tinygen import nn, optim
from tinygen.models import objectives

try:
    import torch
except ImportError:
    torch = None

WIDTHS = 8, 4, 2, 1  # channels of the hidden layers, in multiples of `width`


def layers_of(kinds, latent, width):
    """G and D as lists of layers; kinds : the classes of either library, by name."""
    convT, conv, norm, relu, leaky, tanh = kinds
    widths = [latent, *(width * k for k in WIDTHS), 3]
    G, D = [], []
    for k in range(5):
        G.append(convT(widths[k], widths[k + 1], *((4, 1, 0) if k == 0 else (4, 2, 1))))
        G += [norm(widths[k + 1]), relu()] if k < 4 else [tanh()]
    down = [3, *(width * k for k in reversed(WIDTHS)), 1]
    for k in range(5):
        D.append(conv(down[k], down[k + 1], *((4, 1, 0) if k == 4 else (4, 2, 1))))
        D += [norm(down[k + 1])] if 0 < k < 4 else []
        D += [leaky()] if k < 4 else []
    return G, D


def tinygen_step(batch=128, width=64, latent=100, device="cuda", rng=None):
    """A function that takes one step of D and one of G."""
    rng = np.random.default_rng(0) if rng is None else rng
    filters = {"bias": False, "rng": rng}
    kinds = (
        lambda *sizes: nn.ConvTranspose2d(*sizes, **filters),
        lambda *sizes: nn.Conv2d(*sizes, **filters),
        nn.BatchNorm2d,
        nn.ReLU,
        lambda: nn.LeakyReLU(0.2),
        nn.Tanh,
    )
    with tg.device(device):
        G, D = (nn.Sequential(*layers) for layers in layers_of(kinds, latent, width))
        real = tg.tensor(rng.standard_normal((batch, 3, 64, 64)).astype("float32"))
        z = tg.tensor(rng.standard_normal((batch, latent, 1, 1)).astype("float32"))
    g, d = (optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in (G, D))

    def step():
        fake = G(z)
        d.zero_grad()
        loss_D = objectives.discriminator_loss(D(real), D(fake.detach()))
        loss_D.backward()
        d.step()
        g.zero_grad()
        with nn.frozen(D):
            loss_G = objectives.generator_loss(D(fake))
            loss_G.backward()
        g.step()
        return {"D": loss_D, "G": loss_G}

    step.optimizers, step.networks = [d, g], [G, D]
    return step


def torch_step(batch=128, width=64, latent=100, device="cuda"):
    """The same as PyTorch users write it, eager."""
    t = torch.nn
    kinds = (
        lambda *sizes: t.ConvTranspose2d(*sizes, bias=False),
        lambda *sizes: t.Conv2d(*sizes, bias=False),
        t.BatchNorm2d,
        lambda: t.ReLU(True),
        lambda: t.LeakyReLU(0.2, True),
        t.Tanh,
    )
    G, D = (
        t.Sequential(*layers).to(device) for layers in layers_of(kinds, latent, width)
    )
    real = torch.randn(batch, 3, 64, 64, device=device)
    z = torch.randn(batch, latent, 1, 1, device=device)
    g, d = (torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in (G, D))
    bce = t.functional.binary_cross_entropy_with_logits
    ones = torch.ones(batch, 1, 1, 1, device=device)

    def step():
        fake = G(z)
        d.zero_grad()
        (bce(D(real), ones) + bce(D(fake.detach()), 0 * ones)).backward()
        d.step()
        g.zero_grad()
        bce(D(fake), ones).backward()
        g.step()

    return step
