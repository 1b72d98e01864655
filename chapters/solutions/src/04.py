# %% [markdown] tags=["head"]
# # Solutions to chapter 4
#
# Try first: `hint("4.E2")` says less than this page.

# %% tags=["setup"]
import math

from tinygen import init
from tinygen.course import check

# %% [markdown] tags=["sol-4-1"]
# **4.1** The variance is $2/128$, the standard deviation its root, ⅛.

# %% tags=["sol-4-1"]
check("4.E1", math.sqrt(2 / 128))

# %% [markdown] tags=["sol-4-2"]
# **4.2** Half of the time the number is kept, half of the time it is multiplied by $a$: the mean square becomes
# $\frac12(1+a^2)q$. So $ns^2(1+a^2)/2=1$. The library's `gain("leaky_relu", a)` is the root of $2/(1+a^2)$.


# %% tags=["sol-4-2"]
def leaky_variance(n, a):
    return 2 / ((1 + a * a) * n)


check("4.E2", leaky_variance)
print(leaky_variance(100, 0.2), init.gain("leaky_relu", 0.2) ** 2 / 100)

# %% [markdown] tags=["sol-4-3"]
# **4.3** $ns^2/2=\frac12$ in each layer: $2^{-30}\approx10^{-9}$.

# %% tags=["sol-4-3"]
check("4.E3", 0.5**30)

# %% [markdown] tags=["sol-4-4"]
# **4.4** The variance of a uniform number in $[-a,a]$ is $a^2/3$. From $a^2/3=2/n$ follows $a=\sqrt{6/n}$. Only the variance
# counts in Eq. (4.1), not the shape.


# %% tags=["sol-4-4"]
def he_bound(n):
    return math.sqrt(6 / n)


check("4.E4", he_bound)

# %% [markdown] tags=["sol-4-5"]
# **4.5** One output is a sum of $9C$ products. The number of filters does not enter going up; coming down it would
# ($9K$), if the stride is 1.


# %% tags=["sol-4-5"]
def conv_variance(C, K):
    return 2 / (9 * C)


check("4.E5", conv_variance)

# %% [markdown] tags=["sol-4-6"]
# **4.6** Each layer adds as much as there is: $q\to2q$, and after $L$ layers $2^L$. With $1/\sqrt L$ it is less than $e$.


# %% tags=["sol-4-6"]
def plain_residual(L):
    return 2.0**L


check("4.E6", plain_residual)

# %% [markdown] tags=["sol-4-7"]
# **4.7** A filter sums $128\cdot16=2048$ products: $ns^2/2=2048\cdot0.0004/2=0.41$, so a signal would lose more than half of its mean
# square in each such layer. Batch normalisation divides it away again after each layer: the scale of the weights
# does not matter *there*, which chapter 7 proves.

# %% tags=["sol-4-7"]
print(128 * 16 * 0.02**2 / 2)
