# %% [markdown] tags=["head"]
# # Solutions to chapter 13
#
# Try first: `hint("13.E2")` says less than this page.

# %% tags=["setup"]
import math

import numpy as np

import tinygen as tg
from tinygen import tensor
from tinygen.course import check
from tinygen.models.critic import minibatch_std
from tinygen.models.dcgan import Discriminator, Generator
from tinygen.models.objectives import discriminator_loss

# %% [markdown] tags=["sol-13-1"]
# **13.1** 28 → 14 → 7 → 3 by Eq. (13.1), as $\lfloor(7+2-4)/2\rfloor+1=3$: the last row and column of the 7 are seen by no
# filter's start. $128\cdot3\cdot3=1152$. As printed, erratum E7, the first forward pass stops with an error, so the listing
# cannot have been run.

# %% tags=["sol-13-1"]
side = 28
for _ in range(3):
    side = (side + 2 - 4) // 2 + 1
check("13.E1", 128 * side**2)

# %% [markdown] tags=["sol-13-2"]
# **13.2** $b/127.5-1$: black becomes $-1$, white 1, where tanh ends; `data.to_float` does it. Erratum E8. A $G$ of the printed listing
# *could* learn to stay above 0, but its tanh is steepest there, just where most of the pixels, the black ones, must be exactly 0; at
# $\pm1$ tanh is flat and holds them. And until it has learnt it, $D$ need not look at a single digit.


# %% tags=["sol-13-2"]
def prepared(byte):
    return byte / 127.5 - 1


check("13.E2", prepared)

# %% [markdown] tags=["sol-13-3"]
# **13.3** Not at all: $\partial L_D/\partial w_D$ needs $D$'s activations on the samples, not where the samples came from. As
# printed the step costs $g$ (draw) $+\,2d$ ($D$ on two batches) $+\,4d$ (back through $D$) $+\,2g$ (back through $G$, for gradients that are thrown
# away at the next `zero_grad`, if it is remembered): $2g/(3g+6d)=37\,\%$. Erratum E9. The gradients are those of the same
# numbers in the same order, so they agree to the last bit.


# %% tags=["sol-13-3"]
def undetached(g, d):
    return 0, 2 * g / (3 * g + 6 * d)


check("13.E3", undetached)
print(undetached(7.25, 2.88))

# %% tags=["sol-13-3"]
rng = tg.rng(0, "13.3")
G = Generator(8, (1, 28, 28), 4, rng=rng)
D = Discriminator((1, 28, 28), 4, normalize=False, rng=rng)
z, real = tg.randn((8, 8), rng=rng), tg.randn((8, 1, 28, 28), rng=rng)
found = {}
for told, cut in (("detached", lambda x: x.detach()), ("as printed", lambda x: x)):
    for parameter in (*G.parameters(), *D.parameters()):
        parameter.grad = None
    discriminator_loss(D(real), D(cut(G(z)))).backward()
    found[told] = [p.grad.numpy().copy() for p in D.parameters()]
    print(told, "gradients of G:", sum(p.grad is not None for p in G.parameters()))
print(all(map(np.array_equal, *found.values())))

# %% [markdown] tags=["sol-13-4"]
# **13.4** $H=\log6$, so $\log24-\log6=\log4=1.386$ nats.

# %% tags=["sol-13-4"]
check("13.E4", math.log(24 / 6))

# %% [markdown] tags=["sol-13-5"]
# **13.5** $m^2/(2\log2)=160000/1.386\approx115{,}000$. A *lower* bound in truth: if images are not equally likely, pairs come sooner.

# %% tags=["sol-13-5"]
check("13.E5", 400**2 / (2 * math.log(2)))

# %% [markdown] tags=["sol-13-6"]
# **13.6** Ring: variance ½ in both coordinates, so 0.707. At 0° and 180°: 1 and 0, mean ½. At 45° and 225°: both coordinates are $\pm0.707$, so
# 0.707 again, the same as the whole ring. One number per batch can be satisfied by two modes. In our lab it was not: $D$'s 64 features see more than two
# coordinates, and the step-by-step chase passes through better places first.

# %% tags=["sol-13-6"]
angles = {
    "ring": np.arange(8) * 45,
    "0, 180": np.array([0, 180]),
    "45, 225": np.array([45, 225]),
}
spreads = []
for told, degrees in angles.items():
    turn = np.radians(degrees)
    x = tensor(np.stack([np.cos(turn), np.sin(turn)], axis=1))
    spreads.append(minibatch_std(x).data[0, -1])
    print(f"{told:8} {spreads[-1]:.4f}")
check("13.E6", tuple(spreads))

# %% [markdown] tags=["sol-13-7"]
# **13.7** $\varphi=2\pi/160$. At $d=0.999$ the averaged samples lie 0.025 radii from the centre: nowhere near any mode. Averaged weights
# cure circling around a good point; they make the average of eight bad ones, where there are no data at all. For this, the ring run
# of this chapter has no averaging.


# %% tags=["sol-13-7"]
def from_centre(decay, period):
    turn = 2 * math.pi / period
    return (1 - decay) / math.sqrt(1 - 2 * decay * math.cos(turn) + decay**2)


check("13.E7", from_centre)
print(from_centre(0.999, 160))

# %% [markdown] tags=["sol-13-8"]
# **13.8** Open. We found the border between a fifth and a half of $G$'s step size; what to report is modes at several
# seeds, over time, not at the end only: a clump that is just passing between two modes counts as none.
