# %% [markdown] tags=["head"]
# # Solutions to chapter 9
#
# Try first: `hint("9.E2")` says less than this page.

# %% tags=["setup"]
import math

from tinygen.course import check

# %% [markdown] tags=["sol-9-1"]
# **9.1** Eq. (9.3): $-\frac12(1-2-0.25-e^{-2})=\frac12(0.25+0.135+1)=0.693$ nats. Most of it is for being sure (0.568), the mean costs 0.125.

# %% tags=["sol-9-1"]
check("9.E1", 0.5 * (0.5**2 + math.exp(-2) - 1 + 2))

# %% [markdown] tags=["sol-9-2"]
# **9.2** $-90-20=-110$ is the ELBO, a number that is to go *up*. The loss is 110. A minimiser that is handed the printed one lowers
# $\log p(x|z)$ without end: reconstructions run away from the images, and the KL grows.

# %% tags=["sol-9-2"]
check("9.E2", (-90 - 20, 90 + 20))

# %% [markdown] tags=["sol-9-3"]
# **9.3** $R/784+\mathrm{KL}/200=\frac1{784}(R+3.92\,\mathrm{KL})$. The batch is averaged over in both, and cancels.

# %% tags=["sol-9-3"]
check("9.E3", 784 / 200)

# %% [markdown] tags=["sol-9-4"]
# **9.4** With $u=e^l$ the slope by $l$ is $ru^2+\frac u2-\frac12=0$, so $u=\frac{-1/2+\sqrt{1/4+2r}}{2r}$, and that is the standard deviation of $z$.
# At $r=1$: 0.5 in place of 0.707. Clouds are too narrow wherever the code is used; at $r\to0$ both are 1, so a
# test on unused numbers does not see it.


# %% tags=["sol-9-4"]
def wrong_width(r):
    return (-0.5 + math.sqrt(0.25 + 2 * r)) / (2 * r)


check("9.E4", wrong_width)

# %% [markdown] tags=["sol-9-5"]
# **9.5** Nothing else depends on $s$, so $s=1$, and of the term $\mu^2/2$ is left: $c^2/2$ on average. It is a weight decay on codes. A
# decoder that multiplies by $1/c$ makes of small codes what it made of large ones: the cost goes to 0 and nothing is gained, no cloud, no prior
# to draw from. With noise of size $s$ on the code, small codes would drown.


# %% tags=["sol-9-5"]
def cost_of_scale(c):
    return c**2 / 2


check("9.E5", cost_of_scale)

# %% [markdown] tags=["sol-9-6"]
# **9.6** The threshold is $4\cdot0.1=0.4$: 2.0 and 0.9 survive. With $\beta=1$ it were four.

# %% tags=["sol-9-6"]
check("9.E6", sum(value > 4 * 0.1 for value in (2.0, 0.9, 0.35, 0.2, 0.06)))

# %% [markdown] tags=["sol-9-7"]
# **9.7** With $w^2=\lambda-s^2$: $a=w/\lambda$, $a^2\lambda=1-s^2/\lambda$, and $v=s^2/\lambda$. The sum is 1, the variance of the prior. It must be: at the optimum the model's
# $p(x)$ is that of the data and $q$ the true posterior, and posteriors averaged over the data are then the prior. So clouds
# that are sharp have means that spread; codes of the prior land where clouds are.


# %% tags=["sol-9-7"]
def two_variances(eigenvalue, s2):
    return 1 - s2 / eigenvalue, s2 / eigenvalue


check("9.E7", two_variances)

# %% [markdown] tags=["sol-9-8"]
# **9.8** Open. Count numbers with a KL above 0.05 at 1000, 2000, 4000 steps. If the count grows, they were not yet born. Or give a live model a
# dead number by hand: set one number's decoder weights as another's, turned, and train on. If it dies again, the optimum is without it. A
# warm-up helps the unborn, not the dead.
