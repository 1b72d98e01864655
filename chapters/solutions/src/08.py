# %% [markdown] tags=["head"]
# # Solutions to chapter 8
#
# Try first: `hint("8.E3")` says less than this page.

# %% tags=["setup"]
import itertools

import numpy as np

from tinygen.course import check

# %% [markdown] tags=["sol-8-1"]
# **8.1** What is not kept is lost: $2+1=3$, of 16 in all.

# %% tags=["sol-8-1"]
check("8.E1", 2 + 1)

# %% [markdown] tags=["sol-8-2"]
# **8.2** Add up from the largest, and find the first place that reaches the share. Indices count from 0, axes from 1.


# %% tags=["sol-8-2"]
def enough(values, share):
    kept = np.cumsum(values) / np.sum(values)
    return int(np.argmax(kept >= share)) + 1


check("8.E2", enough)

# %% [markdown] tags=["sol-8-3"]
# **8.3** $v v^\top x=a^2u_1(u_1^\top x)$. With $t=u_1^\top x$, of variance $\lambda_1$: $\mathbb E(t-a^2t)^2=\lambda_1(1-a^2)^2$. The minimum is at $a=\pm1$: tied weights
# must have length 1, and with several columns must be orthonormal. That is one condition that untied weights are free of.


# %% tags=["sol-8-3"]
def tied_error(lam, a):
    return lam * (1 - a**2) ** 2


check("8.E3", tied_error)

# %% [markdown] tags=["sol-8-4"]
# **8.4** Along a kept axis the error is $\lambda s^2/(\lambda+s^2)=\lambda-\lambda^2/(\lambda+s^2)$, along another it is $\lambda$. What is gained,
# $\lambda^2/(\lambda+s^2)$, grows with $\lambda$, so the first $m$ are kept.


# %% tags=["sol-8-4"]
def narrow_wiener(values, m, s):
    values = np.asarray(values)
    return values.sum() - (values[:m] ** 2 / (values[:m] + s**2)).sum()


check("8.E4", narrow_wiener)

# %% [markdown] tags=["sol-8-5"]
# **8.5** $100{,}480+2{,}064+2{,}176+101{,}136=205{,}856$. Nearly all are at the two ends: they have to be, for every pixel.

# %% tags=["sol-8-5"]
layers = [784, 128, 16, 128, 784]
check("8.E5", sum(a * b + b for a, b in itertools.pairwise(layers)))

# %% [markdown] tags=["sol-8-6"]
# **8.6** 0. Decoder(x, code) = x is allowed, and the code is ignored. The objective as printed has learned nothing when it is
# fulfilled. With the comma and the $x$ taken out it is Eq. (8.1), and the minimum (for linear ones) 3 + 2 + 1 = 6.

# %% tags=["sol-8-6"]
check("8.E6", 0.0)

# %% [markdown] tags=["sol-8-7"]
# **8.7** Each number is $(a+b)/2$ with variance $(1+1)/4$; $m$ of them give $m/2$. Codes of many dimensions lie near a sphere of radius
# $\sqrt m$, and the middle of a straight walk is inside, where no code is.


# %% tags=["sol-8-7"]
def halfway(m):
    return m / 2


check("8.E7", halfway)

# %% [markdown] tags=["sol-8-8"]
# **8.8** The classifier was only ever asked *which* digit, and has to choose. It has never seen a grey cloud, and where it has seen
# nothing its logits may be anything. Its confidence compares drawings of one kind; across kinds it says little. One would
# measure how its *features* are distributed for real images and for drawn ones, and how far drawn ones lie from all real ones:
# chapter 10.
