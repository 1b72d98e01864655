# %% [markdown] tags=["head"]
# # Solutions to chapter 14
#
# Try first: `hint("14.E2")` says less than this page.

# %% tags=["setup"]
import math

import numpy as np

from tinygen.course import check

# %% [markdown] tags=["sol-14-1"]
# **14.1** Walk along the line. At each point the share of $a$ already passed less the share of $b$ is what still has to be
# carried across it: $W_1=\int|F_a-F_b|$. For equal lengths this is Eq. (14.1).


# %% tags=["sol-14-1"]
def way(a, b):
    a, b = np.sort(a), np.sort(b)
    points = np.sort(np.concatenate([a, b]))
    passed = lambda list: np.searchsorted(list, points[:-1], "right") / len(list)
    return float(np.sum(np.abs(passed(a) - passed(b)) * np.diff(points)))


check("14.E1", way)

# %% [markdown] tags=["sol-14-2"]
# **14.2** $1+\frac{3}{2\cdot5}=1.3$.

# %% tags=["sol-14-2"]
check("14.E2", 1 + 3.0 / (2 * 5.0))

# %% [markdown] tags=["sol-14-3"]
# **14.3** $f$ is $u$ at the data and $u-|\theta|$ at the samples. $\sigma(u)-\sigma(u-|\theta|)$ is largest, by symmetry, at $u=|\theta|/2$:
# $\sigma(|\theta|/2)-\sigma(-|\theta|/2)=\tanh(|\theta|/4)$. It ends at 1: far away it is flat again. The sigmoid has brought the plain back.


# %% tags=["sol-14-3"]
def gain_of_sigmoid(theta):
    return math.tanh(abs(theta) / 4)


check("14.E3", gain_of_sigmoid)

# %% [markdown] tags=["sol-14-4"]
# **14.4** $3\cdot4=12$, and $1\cdot1=1$. The other singular values do not matter, to the bound.

# %% tags=["sol-14-4"]
check("14.E4", (12.0, 1.0))

# %% [markdown] tags=["sol-14-5"]
# **14.5** Gain $cn\delta$, true distance $\delta\sqrt n$: a factor of $c\sqrt n$, just its slope. For 64 pixels and $c=0.01$ it is 0.08. With two
# hidden layers the factors multiply, and the slope depends on depth and width.


# %% tags=["sol-14-5"]
def factor(n, c):
    return c * math.sqrt(n)


check("14.E5", factor)

# %% [markdown] tags=["sol-14-6"]
# **14.6** $(0-1)^2=1$ and $\max(0,-1)^2=0$. The two-sided penalty fines the very critic that a finished GAN should have.

# %% tags=["sol-14-6"]
check("14.E6", (1.0, 0.0))

# %% [markdown] tags=["sol-14-7"]
# **14.7** $W_1$ of two single numbers is $|x-y|$, and $x-y$ is $N(0,2s^2)$: mean $\sqrt2\,s\sqrt{2/\pi}=2s/\sqrt\pi$. Not 0: it is
# biased, always upwards, like the Fréchet distance of chapter 10. In many dimensions the bias goes away very slowly.


# %% tags=["sol-14-7"]
def mean_of_batches(s):
    return 2 * s / math.sqrt(math.pi)


check("14.E7", mean_of_batches)
draws = np.random.default_rng(0).standard_normal((2, 100_000))
print(np.abs(draws[0] - draws[1]).mean(), mean_of_batches(1))

# %% [markdown] tags=["sol-14-8"]
# **14.8** The slope is $\psi$, at any $x$; the penalty wants $\psi=\pm1$. Then $\theta$ is pushed with full force even at $\theta=0$: it overshoots,
# $\psi$ changes its sign, and so on for ever. With $|g|^2$, which wants the slope 0, it is Eq. (12.7): home.

# %% tags=["sol-14-8"]
for told, wanted in (("slope 1", 1.0), ("slope 0", 0.0)):
    theta, psi, h, weight = 1.0, 0.5, 0.05, 1.0
    far = []
    for _ in range(4000):
        fine = 2 * weight * (abs(psi) - wanted) * np.sign(psi)
        theta, psi = theta + h * psi, psi - h * (theta + fine)
        far.append(math.hypot(theta, psi))
    print(told, "distance from the goal, last 1000 steps: at most", max(far[-1000:]))
