# %% [markdown] tags=["head"]
# # Solutions to chapter 2
#
# Try first: `hint("2.E1")` says less than this page.

# %% tags=["setup"]
import numpy as np

from tinygen.course import check

# %% [markdown] tags=["sol-2-1"]
# **2.1** $x_j$ touches every $y_i$, with slope $A_{ij}$. So it collects $\sum_iA_{ij}g_i$: a sum over the *rows*.


# %% tags=["sol-2-1"]
def vjp_by_loops(A, g):
    out = np.zeros(A.shape[1])
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            out[j] += A[i, j] * g[i]
    return out


check("2.E1", vjp_by_loops)

# %% [markdown] tags=["sol-2-2"]
# **2.2** Each $x_{nd}$ moves $m_d$ by $1/N$, whatever $n$: the same row $g/N$ for all $N$. Sum hands back a repeat.


# %% tags=["sol-2-2"]
def mean_rule(g, x):
    return np.broadcast_to(g / len(x), x.shape)


check("2.E2", mean_rule)

# %% [markdown] tags=["sol-2-3"]
# **2.3** Each entry is copied to 64 rows, and every copy has slope 1. This is why the gradient of a bias grows with
# the batch unless the loss is a *mean* over it.

# %% tags=["sol-2-3"]
check("2.E3", 64)

# %% [markdown] tags=["sol-2-4"]
# **2.4** Up by $h$, the maximum rises by $h$. Down by $h$, the two others hold it: no change. So
# $(h-0)/2h=\frac12$, however many tie. Nobody is wrong: there is no slope, and at a tie differences cannot judge a rule.
# The library's check reports such points instead of passing them.

# %% tags=["sol-2-4"]
check("2.E4", 0.5)

# %% [markdown] tags=["sol-2-5"]
# **2.5** $J$ is symmetric, so $J^\top g=p\odot g-p\,(p\cdot g)=p\odot(g-p\cdot g)$. A number for each row, and no
# matrix. If all $g_i$ are equal the result is zero: adding the same to all $x_i$ changes no probability.


# %% tags=["sol-2-5"]
def softmax_rule(g, p):
    return p * (g - np.sum(g * p, axis=-1, keepdims=True))


check("2.E5", softmax_rule)

# %% [markdown] tags=["sol-2-6"]
# **2.6** As if nothing were repeated, $g\,b$ arrives, of shape $(N,D)$. Then $a$ was repeated along axis 1: sum over it.


# %% tags=["sol-2-6"]
def column_rule(g, a, b):
    return (g * b).sum(axis=1, keepdims=True)


check("2.E6", column_rule)

# %% [markdown] tags=["sol-2-7"]
# **2.7** With $W=I$, $W^\top g$ and $Wg$ are equal, and so is $g$ itself: a rule that forgets $W$ passes. With $\bar y=(1,\dots,1)$ a
# rule that puts ones in the place of $\bar y$ passes. With $x=(1,\dots,1)$ the gradient of $W$, $\bar yx^\top$, is a
# table of ones: $x\bar y^\top$ passes, and so does a rule that forgets $x$. Draw $W$, $x$ and $\bar y$ at random, of unequal sizes:
# then each of these is off by about its own size.

# %% tags=["sol-2-7"]
rng = np.random.default_rng(0)
for name, W, g in (
    ("their point", np.eye(3), np.ones(3)),
    ("a random point", *(rng.normal(size=s) for s in ((3, 3), 3))),
):
    wrong = {"W g": W @ g, "g": g, "W^T 1": W.T @ np.ones(3)}
    print(
        name, {k: float(np.abs(v - W.T @ g).max().round(2)) for k, v in wrong.items()}
    )
