# %% [markdown] tags=["head"]
# # Solutions to chapter 5
#
# Try first: `hint("5.E2")` says less than this page.

# %% tags=["setup"]
import math

import numpy as np

from tinygen import data
from tinygen.course import check

# %% [markdown] tags=["sol-5-1"]
# **5.1** $2/40=0.05$.

# %% tags=["sol-5-1"]
check("5.E1", 2 / 40)

# %% [markdown] tags=["sol-5-2"]
# **5.2** $\rho^n=10^{-3}$ gives $n=\log1000/\log\frac{\kappa+1}{\kappa-1}$, about $3.45\,\kappa$ for large $\kappa$.


# %% tags=["sol-5-2"]
def steps_needed(kappa):
    return math.log(1e3) / math.log((kappa + 1) / (kappa - 1))


check("5.E2", steps_needed)
print(steps_needed(100))

# %% [markdown] tags=["sol-5-3"]
# **5.3** The gradient is $\lambda w+dw$: decay adds $d$ to every curvature. The flat directions profit most.


# %% tags=["sol-5-3"]
def decayed_growth(eta, curvature, d):
    return abs(1 - eta * (curvature + d))


check("5.E3", decayed_growth)

# %% [markdown] tags=["sol-5-4"]
# **5.4** $m$ and $\sqrt v$ are both 100 times larger: the step does not change. Plain descent would leap 100 times as far.

# %% tags=["sol-5-4"]
check("5.E4", 1.0)

# %% [markdown] tags=["sol-5-5"]
# **5.5** At rest $v=\beta v+g$, so $v=g/(1-\beta)$: ten times as long for $\beta=0.9$. So a step size that suited plain descent is divided by ten.


# %% tags=["sol-5-5"]
def long_run(beta):
    return 1 / (1 - beta)


check("5.E5", long_run)

# %% [markdown] tags=["sol-5-6"]
# **5.6** $z=-1$ in Eq. (5.3): $1+(1+\beta-\eta\lambda)+\beta=0$, so $\eta=2(1+\beta)/\lambda$: nearly twice the limit without.


# %% tags=["sol-5-6"]
def momentum_limit(curvature, beta):
    return 2 * (1 + beta) / curvature


check("5.E6", momentum_limit)

# %% [markdown] tags=["sol-5-7"]
# **5.7** In a purely quadratic loss one step would end it. But the true loss has third derivatives: the first step leaves an error of second
# order, $10^{-12}$ of it in *other* directions, and those are flat, with growth close to 1. From then on they are all that is measured.

# %% tags=["sol-5-7"]
images = data.load("digits").train.images.reshape(-1, 64) / 255.0
x = np.pad(images, ((0, 0), (0, 1)), constant_values=1)
values, vectors = np.linalg.eigh(x.T @ x / len(x))
w, sizes = 1e-6 * vectors[:, -1:] * np.linspace(-1, 1, 10), []
for _ in range(11):
    sizes.append(np.linalg.norm(w))
    p = np.exp(x @ w)
    p /= p.sum(1, keepdims=True)
    w = w - 10 / values[-1] * x.T @ (p - 0.1) / len(x)
print("first step", sizes[1] / sizes[0], " later", sizes[-1] / sizes[-2])
