# %% [markdown] tags=["head"]
# # Solutions to chapter 12
#
# Try first: `hint("12.E2")` says less than this page.

# %% tags=["setup"]
import math

import numpy as np

from tinygen.course import check

# %% [markdown] tags=["sol-12-1"]
# **12.1** Of Eq. (11.1) only the second term has $G$ in it: $\frac1m\sum\log(1-D(G(z)))$. The printed $-\frac1m\sum\log D$ is the
# non-saturating loss: not $V$, not a part of $V$, and larger by $-\ell$ at every sample. With it the game has no common value
# that one wants large and the other small.


# %% tags=["sol-12-1"]
def part_of_V(D):
    return sum(math.log(1 - d) for d in D) / len(D)


check("12.E1", part_of_V)

# %% [markdown] tags=["sol-12-2"]
# **12.2** $(1-\sigma)/\sigma=e^{-\ell}=e^3\approx20$.

# %% tags=["sol-12-2"]
check("12.E2", math.exp(3))

# %% [markdown] tags=["sol-12-3"]
# **12.3** $-\log(1-0.99)=4.6$, large; and its slope by the logit is $\sigma(\ell)=0.99$, nearly the largest there is. $D$ is wrong and
# hears it. The sentence has it reversed: $\log(1-D)$ is near 0 with no slope where $D\approx0$, and the one who suffers is
# the *generator*. And a perfect generator makes $D=\frac12$, not 1 (chapter 11, P3).

# %% tags=["sol-12-3"]
check("12.E3", (-math.log(0.01), 0.99))

# %% [markdown] tags=["sol-12-4"]
# **12.4** $-\sigma(\ell)$ inside, and *exactly* 0 outside: a clamped number is a constant. In our first run the mean logit
# passes $\log10^{-5}=-11.5$ at about 1,500 steps: from there on $G$ hears nothing at all, from neither loss. The
# library takes $\log$ of a sigmoid as one operation, exact at every logit, and needs no clamp.


# %% tags=["sol-12-4"]
def clamped_slope(logit):
    D = 1 / (1 + math.exp(-logit))
    return -D if 1e-5 < D < 1 - 1e-5 else 0.0


check("12.E4", clamped_slope)

# %% [markdown] tags=["sol-12-5"]
# **12.5** $V=-\psi\theta$: $\psi$ moves by $-h\theta$ and $\theta$ by $h\psi$, a quarter turn of full length. The eigenvalues of $I+hJ$
# are $1\pm ih$, of modulus $\sqrt{1+h^2}$: it leaves the goal *faster*. Another distance does not cure the circling.


# %% tags=["sol-12-5"]
def wasserstein_growth(h):
    return math.sqrt(1 + h**2)


check("12.E5", wasserstein_growth)

# %% [markdown] tags=["sol-12-6"]
# **12.6** $2\,\mathrm{JSD}=\int p\log\frac pm+q\log\frac qm$. So $\mathrm{KL}(q\|p)-2\,\mathrm{JSD}=\int q\log\frac qp-q\log\frac qm-p\log\frac pm
# =\int q\log\frac mp+p\log\frac mp=2\int m\log\frac mp$. With $q=2p$ on one half: $m=\frac32p$ there and $\frac12p$ on the other, so
# $2\,\mathrm{KL}(m\|p)=2(\frac34\log\frac32+\frac14\log\frac12)=0.262$, and $2\,\mathrm{JSD}=0.431$. Losing half of the modes costs road two little more than half of
# what it costs road one. (The second run ended on one of two peaks: these are its two divergences.)

# %% tags=["sol-12-6"]
p, q = np.array([0.5, 0.5]), np.array([1.0, 1e-300])
m = (p + q) / 2
two_kl = 2 * np.sum(m * np.log(m / p))
two_jsd = np.sum(p * np.log(p / m)) + np.sum(q * np.log(q / m))
print(two_kl, two_jsd, np.sum(q * np.log(q / p)) - two_jsd)
check("12.E6", (two_kl, two_jsd))

# %% [markdown] tags=["sol-12-7"]
# **12.7** For $\gamma<1$, $|\lambda|^2=(1-\frac{h\gamma}2)^2+\frac{h^2}4(1-\gamma^2)=1-h\gamma+\frac{h^2}4$, below 1 while $h<4\gamma$: 1.2. The friction must be in
# proportion to the step; with none, no step is small enough.

# %% tags=["sol-12-7"]
check("12.E7", 4 * 0.3)
for h in (1.15, 1.25):
    matrix = np.eye(2) + h * np.array([[0, 0.5], [-0.5, -0.3]])
    print(h, abs(np.linalg.eigvals(matrix)).max())

# %% [markdown] tags=["sol-12-8"]
# **12.8** The mean of $\sin^2\cos^2$ is $\frac18$. Gain $\frac{h^2}4r^2$, friction $h\frac{r^4}8$: equal at $r^2=2h$. A ring of radius
# $\sqrt{2h}$: it shrinks with the step, but slowly; a step 100 times smaller is a ring 10 times smaller. (One reason
# why GANs calm down when the learning rate decays.)


# %% tags=["sol-12-8"]
def ring(h):
    return math.sqrt(2 * h)


check("12.E8", ring)
for h in (0.3, 0.1, 0.03):
    theta, psi, far = 1.0, 0.0, []
    for _ in range(20_000):
        D = 1 / (1 + math.exp(-psi * theta))
        theta, psi = theta + h * (1 - D) * psi, psi - h * D * theta
        far.append(theta**2 + psi**2)
    print(h, "radius", math.sqrt(np.mean(far[10_000:])), "promised", ring(h))
