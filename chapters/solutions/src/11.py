# %% [markdown] tags=["head"]
# # Solutions to chapter 11
#
# Try first: `hint("11.E2")` says less than this page.

# %% tags=["setup"]
import math
from statistics import NormalDist

import numpy as np

from tinygen.course import check

# %% [markdown] tags=["sol-11-1"]
# **11.1** $V=\log c+\log(1-c)$, and $L_D=-V$: that alone refutes the sentence unless $L_G=2V$. With
# $L_G=-\log c$ the right side is $-2\log c-\log(1-c)$, larger than $V$ by $-3\log c-2\log(1-c)$. What the lecture may
# have meant: with $L_G=\mathbb E\log(1-D)$ the losses sum to $-\mathbb E_p\log D$, whose part that depends on $G$ is nothing: a
# zero-sum game, up to a term that $G$ cannot move. With $L_G=-\mathbb E\log D$ it is none.

# %% tags=["sol-11-1"]
c = 0.8
check("11.E1", -3 * math.log(c) - 2 * math.log(1 - c))

# %% [markdown] tags=["sol-11-2"]
# **11.2** At one $x$ maximise $\pi p\log D+(1-\pi)q\log(1-D)$. A sum $a\log D+b\log(1-D)$ is largest at $a/(a+b)$. In the
# logit the prior is a constant: $\ell=\log p/q+\log\frac{\pi}{1-\pi}$. A batch with more fakes than data
# moves every logit down by the same amount, and no gradient by $x$ at all.


# %% tags=["sol-11-2"]
def best_with_prior(p, q, prior):
    return prior * p / (prior * p + (1 - prior) * q)


check("11.E2", best_with_prior)

# %% [markdown] tags=["sol-11-3"]
# **11.3** At one $x$: $(1-s)p\log D+(sp+q)\log(1-D)$, so $D=(1-s)p/(p+q)$: never above $1-s$, and 0 where $p$ is 0. With
# two-sided smoothing it would be $((1-s)p+sq)/(p+q)$: where there are only samples it is $s$, a
# plateau on which bad samples are told nothing.


# %% tags=["sol-11-3"]
def best_when_smoothed(p, q, s):
    return (1 - s) * p / (p + q)


check("11.E3", best_when_smoothed)

# %% [markdown] tags=["sol-11-4"]
# **11.4** At one $x$: $pT-qe^{T-1}$ has the slope $p-qe^{T-1}$, zero at $T=1+\log p/q$. Put back:
# $\mathbb E_p[1+\log p/q]-\mathbb E_q[p/q]=\mathrm{KL}(p\|q)$. Another loss, another divergence, and the same knowledge: $\log p/q$.


# %% tags=["sol-11-4"]
def best_T(p, q):
    return 1 + math.log(p / q)


check("11.E4", best_T)

# %% [markdown] tags=["sol-11-5"]
# **11.5** Training $D$ lowers its error: that *is* the ability to tell apart. Training $G$ raises it, at best to ½. The
# sentence gives $D$'s aim and $G$'s aim as one.

# %% tags=["sol-11-5"]
check("11.E5", ("lowers", "raises"))

# %% [markdown] tags=["sol-11-6"]
# **11.6** $\ell^*$ is a straight line that is 0 half way. Data beyond it are taken for samples, and samples before
# it for data: each the tail of a Gaussian from $d/2$ on. In general the smallest error is
# $\frac12(1-\mathrm{TV})$, with $\mathrm{TV}=\frac12\int|p-q|$.

# %% tags=["sol-11-6"]
check("11.E6", NormalDist().cdf(-1.5 / 2))
x = np.linspace(-12, 12, 24001)
p, q = (np.exp(-0.5 * (x - c) ** 2) / math.sqrt(2 * math.pi) for c in (-0.75, 0.75))
print(np.minimum(p, q).sum() * (x[1] - x[0]) / 2, NormalDist().cdf(-0.75))

# %% [markdown] tags=["sol-11-7"]
# **11.7** $w=e^{dx-d^2/2}$ under $q=N(0,1)$, so $\mathbb E_q[w^2]=e^{-d^2}\mathbb E e^{2dx}=e^{-d^2+2d^2}=e^{d^2}$: $10^4e^{-4}=183$. Knowing
# $\log p/q$ perfectly does not help if the samples are not where the data are.

# %% tags=["sol-11-7"]
check("11.E7", 10_000 * math.exp(-4))

# %% [markdown] tags=["sol-11-8"]
# **11.8** For independent pairs the densities are $p(x)p(x')$ and $q(x)q(x')$, so the best logit is
# $\ell^*(x)+\ell^*(x')$, and JSD grows: two looks at the coin tell more than one (but at most $\log2$). If $q=2p$ on one
# half and 0 on the other, an image of the other half is surely real, one of this half looks like a sample. $D$ errs only at
# data of this half: of $p$ they are ½ with one look, ¼ with two; so in ¼ of all cases, and in ⅛. Missing modes are
# what two looks see best; PacGAN (arXiv 1712.04086) builds on that.

# %% tags=["sol-11-8"]
p, q = np.array([0.5, 0.5]), np.array([1.0, 0.0])
for looks in (1, 2, 3):
    pairs = [1.0], [1.0]
    for _ in range(looks):
        pairs = np.outer(pairs[0], p).ravel(), np.outer(pairs[1], q).ravel()
    print(looks, "looks: wrong in", np.minimum(*pairs).sum() / 2)
