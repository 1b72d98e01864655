# %% [markdown] tags=["head"]
# # Solutions to chapter 7
#
# Try first: `hint("7.E3")` says less than this page.

# %% tags=["setup"]
import numpy as np

from tinygen.course import check

# %% [markdown] tags=["sol-7-1"]
# **7.1** Mean 6, variance $(9+1+1+9)/4=5$. $\hat x=3/\sqrt5=1.342$, and $2\cdot1.342-1=1.683$.

# %% tags=["sol-7-1"]
channel = np.array([3.0, 5, 7, 9])
check("7.E1", 2 * (9 - channel.mean()) / channel.std() - 1)

# %% [markdown] tags=["sol-7-2"]
# **7.2** Each batch leaves $1-\alpha$ of what there was: $(1-\alpha)^t$. With $\alpha=0.1$ it is 0.5 % after 50 batches; a run of 30 steps is judged in eval mode by statistics
# that are one part in 24 the start's.


# %% tags=["sol-7-2"]
def share_left(alpha, t):
    return (1 - alpha) ** t


check("7.E2", share_left)

# %% [markdown] tags=["sol-7-3"]
# **7.3** With $c=\gamma/\sqrt{r+\epsilon}$: $(xW+b-m)\,c+\beta=x\,(Wc)+(b-m)\,c+\beta$. For a convolution each filter is multiplied by the $c$ of its channel. A network in use needs
# no batch norm at all.


# %% tags=["sol-7-3"]
def merged(W, b, gamma, beta, m, r, eps):
    scale = gamma / np.sqrt(r + eps)
    return W * scale, (b - m) * scale + beta


check("7.E3", merged)

# %% [markdown] tags=["sol-7-4"]
# **7.4** One for each of 32 images and each of 8 groups: 256, each over $8\cdot49$ numbers. Batch norm would compute 64, each over $32\cdot49$.

# %% tags=["sol-7-4"]
check("7.E4", 32 * 8)

# %% [markdown] tags=["sol-7-5"]
# **7.5** $2\cdot176=352$, of 61,050. The 352 running numbers are kept but not learned: no gradient reaches them.

# %% tags=["sol-7-5"]
check("7.E5", 2 * (16 + 32 + 64 + 64))

# %% [markdown] tags=["sol-7-6"]
# **7.6** 0: each batch has mean 0 afterwards, whatever it was. A generator whose images are all too bright is not found out by this feature. In *one* batch the difference would be
# $0.5/\sqrt{0.25+0.25^2}=0.894$. But then each image is judged by the company it keeps, and a discriminator in front of half a batch of forgeries knows it.

# %% tags=["sol-7-6"]
check("7.E6", 0.0)

# %% [markdown] tags=["sol-7-7"]
# **7.7** $2\eta\lambda|W|^2=\eta^2c^2/|W|^2$ gives $|W|^4=\eta c^2/(2\lambda)$. Then $\eta_{\text{eff}}=\eta/|W|^2=\sqrt{2\eta\lambda}/c$: with batch norm, weight decay does not keep
# the function small; it sets the step.


# %% tags=["sol-7-7"]
def resting_length(lr, decay, c):
    return (lr * c**2 / (2 * decay)) ** 0.25


check("7.E7", resting_length)

# %% [markdown] tags=["sol-7-8"]
# **7.8** By $f(aW)=f(W)$ the signal after each batch norm has the same size for 0.02 as for He's variance. Backward, gradients are larger by $1/a$, and the effective step
# $\eta/|W|^2$ is larger by $1/a^2$: small weights turn quickly at first, and grow until they do not. The generator's last layer and the discriminator's first and last
# have no batch norm: there 0.02 makes the output small, and it has to grow at the pace of the steps. Adam, whose steps do not depend on the gradient's size,
# takes away some of this (chapter 5).
