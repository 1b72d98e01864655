# %% [markdown] tags=["head"]
# # Solutions to chapter 1
#
# Try first: `hint("1.E2")` says less than this page.

# %% tags=["setup"]
import math

from tinygen import ops
from tinygen.course import check, show

# %% [markdown] tags=["sol-1-1"]
# **1.1** The right point is $x+h$, the left one is $x$ itself, and they are $h$ apart.


# %% tags=["sol-1-1"]
def forward(f, x, h):
    return (f(x + h) - f(x)) / h


check("1.E1", forward)

# %% [markdown] tags=["sol-1-2"]
# **1.2** The sum of errors is $E(h)=\frac{h}{2}|f''|+\frac{2u}{h}|f|$. Its derivative
# $\frac12|f''|-\frac{2u}{h^2}|f|$ is zero where $h^2=4u|f/f''|$. At that step $E=2\sqrt{u|f f''|}$, about $10^{-8}$: the
# central difference, at its own best step, reaches $10^{-10}$.


# %% tags=["sol-1-2"]
def best_forward_step(f, f2, u):
    return 2 * math.sqrt(u * abs(f / f2))


check("1.E2", best_forward_step)
print(best_forward_step(math.e, math.e, 2.0**-53))

# %% [markdown] tags=["sol-1-3"]
# **1.3** At every round a path chooses the left or the right argument: $2^{10}=1024$ paths. Every edge has
# slope 1, so each path contributes a product of 1, and the sum counts them.

# %% tags=["sol-1-3"]
check("1.E3", 2**10)

# %% [markdown] tags=["sol-1-4"]
# **1.4** $\tanh'x=1-\tanh^2x$, and $\tanh x$ is the result $y$. The library's
# rule `tanh_slope(g, y)` is this very line; it has a name so that a GPU makes one kernel of it.


# %% tags=["sol-1-4"]
def tanh_rule(g, y, x):
    return g * (1 - y * y)


check("1.E4", tanh_rule)
show(ops.tanh)

# %% [markdown] tags=["sol-1-5"]
# **1.5** The product rule. Forward mode starts with $\dot x_i=1$ for one input at a time: $n$ sweeps for $n$
# inputs. Backward starts at the one output: one sweep for all inputs. A network has a million
# inputs (its weights) and one output (its loss).


# %% tags=["sol-1-5"]
def dual_multiply(left, right):
    (a, da), (b, db) = left, right
    return a * b, a * db + da * b


check("1.E5", dual_multiply)

# %% [markdown] tags=["sol-1-6"]
# **1.6** $u e/h$ with $u=2^{-53}=1.1\cdot10^{-16}$; truncation, $10^{-24}e/6$, does not count.

# %% tags=["sol-1-6"]
answer = 2.0**-53 * math.e / 1e-12
check("1.E6", answer)
print(answer)

# %% [markdown] tags=["sol-1-7"]
# **1.7** $(|h|-|-h|)/2h=0$ for every $h$, and the library says 0 too. But $|x|$ has *no* slope at 0: from the right it is
# 1, from the left −1, and every number between is a subgradient. Differences give 0 by symmetry, for
# a maximum of two equal numbers they would give ½ and ½: agreement there proves nothing, and
# `tinygen.testing.gradcheck` reports NONDIFFERENTIABLE instead of a pass.

# %% tags=["sol-1-7"]
show(ops.abs)
