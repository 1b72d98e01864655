# %% [markdown] tags=["head"]
# # Solutions to chapter 3
#
# Try first: `hint("3.E2")` says less than this page.

# %% tags=["setup"]
import math

import numpy as np

from tinygen.course import check

# %% [markdown] tags=["sol-3-1"]
# **3.1** Each answer costs $\log_2 1/p=\log_24=2$ bits, and logarithms of a product add: $20\cdot2=40$.

# %% tags=["sol-3-1"]
check("3.E1", 20 * math.log2(1 / 0.25))

# %% [markdown] tags=["sol-3-2"]
# **3.2** Softmax of $\ell/T$. As $T\to0$ all goes to the largest logit; as $T\to\infty$ the logits become equal,
# and so do the probabilities.


# %% tags=["sol-3-2"]
def tempered(logits, T):
    grown = np.exp(np.asarray(logits) / T)
    return grown / grown.sum()


check("3.E2", tempered)
for T in (0.1, 1, 10):
    print(T, tempered(np.array([2.0, 1.0, 0.0]), T).round(3))

# %% [markdown] tags=["sol-3-3"]
# **3.3** For a target $t$ that sums to 1 the loss is $\log\sum_je^{\ell_j}-\sum_kt_k\ell_k$, so the slope is $p-t$, with
# $t=(1-a)y+a/K$. It is zero at finite logits: the model is no longer asked to be infinitely sure.


# %% tags=["sol-3-3"]
def smoothed_slope(logits, label, a):
    K = len(logits)
    t = np.full(K, a / K)
    t[label] += 1 - a
    return tempered(logits, 1) - t


check("3.E3", smoothed_slope)

# %% [markdown] tags=["sol-3-4"]
# **3.4** $e^\ell/(e^\ell+e^0)=1/(1+e^{-\ell})=\sigma(\ell)$. The slope is $p-y=\sigma(\ell)-1$: never positive, and near zero only
# where the model is right already. Chapter 12 turns on this line.


# %% tags=["sol-3-4"]
def slope_of_two(l):
    return 1 / (1 + math.exp(-l)) - 1


check("3.E4", slope_of_two)

# %% [markdown] tags=["sol-3-5"]
# **3.5** $\frac12\log\frac{0.5}{0.9}+\frac12\log\frac{0.5}{0.1}=0.511$; the other way round it is $0.368$. The one who averages over $q$ meets
# $p$'s small 0.1 half of the time.

# %% tags=["sol-3-5"]
check("3.E5", 0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1))

# %% [markdown] tags=["sol-3-6"]
# **3.6** The loss is $H(p,q)$ with $p$ the shares of the counts. Only $\mathrm{KL}(p\|q)$ depends on $q$, and it is smallest,
# zero, at $q=p$: the shares themselves. That was the model with ⅔ and ⅓ of the first page.


# %% tags=["sol-3-6"]
def blind(counts):
    return np.asarray(counts) / np.sum(counts)


check("3.E6", blind)

# %% [markdown] tags=["sol-3-7"]
# **3.7** $\log(1+e^{200})=200+\log(1+e^{-200})=200$ to every digit. The probability, $10^{-87}$, was never formed.

# %% tags=["sol-3-7"]
check("3.E7", 200 + math.log1p(math.exp(-200)))

# %% [markdown] tags=["sol-3-8"]
# **3.8** Accuracy is a staircase: a small change of the weights changes no answer, so its slope is zero almost
# everywhere. And the loss can rise with it: two hesitant errors become right while a third, wrong
# already, becomes wrong with conviction. On the right-hand plot of the run the logits times 10 show it at constant accuracy.

# %% tags=["sol-3-8"]
before = -np.log([0.45, 0.45, 0.3])  # probabilities of the right answers of two classes
after = -np.log([0.55, 0.55, 0.01])
print(
    "right", 0, "of 3, loss", before.mean(), "   right", 2, "of 3, loss", after.mean()
)
