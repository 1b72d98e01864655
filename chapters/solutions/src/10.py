# %% [markdown] tags=["head"]
# # Solutions to chapter 10
#
# Try first: `hint("10.E2")` says less than this page.

# %% tags=["setup"]
import numpy as np

from tinygen import metrics
from tinygen.course import check

# %% [markdown] tags=["sol-10-1"]
# **10.1** Of numbers, $\mathrm{tr}(\Sigma_a+\Sigma_b-2(\Sigma_a\Sigma_b)^{1/2})$ is $s_a^2+s_b^2-2s_as_b=(s_a-s_b)^2$.


# %% tags=["sol-10-1"]
def of_numbers(a, b):
    spread = np.std(a, ddof=1) - np.std(b, ddof=1)
    return (np.mean(a) - np.mean(b)) ** 2 + spread**2


check("10.E1", of_numbers)

# %% [markdown] tags=["sol-10-2"]
# **10.2** $2\cdot3.2-3.9=2.5$. The bias was 1.4 at half and 0.7 at all.

# %% tags=["sol-10-2"]
check("10.E2", 2 * 3.2 - 3.9)

# %% [markdown] tags=["sol-10-3"]
# **10.3** All $\lambda=1$: $B=d+\frac12\cdot\frac{d^2+d}2$, and $2B=2d+\frac{d^2+d}2$. For $d=2048$ it is 2.1 million: with 10,000 samples of each a
# perfect generator would be at 210. (Real Inception features are far from uncorrelated with variance 1, and their bias is
# much smaller.)


# %% tags=["sol-10-3"]
def n_times_fd(d):
    return 2 * d + (d * d + d) / 2


check("10.E3", n_times_fd)
print(n_times_fd(2048) / 10_000)

# %% [markdown] tags=["sol-10-4"]
# **10.4** $3.10-0.10-0.02=2.98$ and $3.40-0.50-0.02=2.88$: theirs is better, as far as this goes. ($B$ is that of equal sets, an approximation
# where they differ.) Equal sizes make all this unnecessary.

# %% tags=["sol-10-4"]
check("10.E4", (3.1 - 1000 / 10_000 - 1000 / 50_000, 3.4 - 1000 / 2000 - 1000 / 50_000))

# %% [markdown] tags=["sol-10-5"]
# **10.5** With $k=xy$ the sums are squares: the estimate is $(\bar x-\bar y)^2$, with the mean $s^2/N+s^2/N$. The pairs $i=j$ bring in the bias of
# Eq. (10.2) again.


# %% tags=["sol-10-5"]
def with_diagonal(s, N):
    return 2 * s**2 / N


check("10.E5", with_diagonal)

# %% [markdown] tags=["sol-10-6"]
# **10.6** Every sample lies on a real image, in its ball: precision 1. All distances among samples are 0, so are their radii; only
# the image itself is reached: 1 of 1,000.

# %% tags=["sol-10-6"]
rng = np.random.default_rng(0)
data = rng.standard_normal((1000, 8))
print(metrics.precision_recall(data, np.repeat(data[:1], 1000, axis=0)))
check("10.E6", (1.0, 0.001))

# %% [markdown] tags=["sol-10-7"]
# **10.7** $e^{\log10-0}=10$, the best there is, for ten images; $e^{0-0}=1$. It asks whether the classes are clear and evenly drawn, and no more.

# %% tags=["sol-10-7"]
print(metrics.inception_score(np.tile(np.eye(10), (5, 1))))
check("10.E7", (10.0, 1.0))

# %% [markdown] tags=["sol-10-8"]
# **10.8** Draw from the Gaussian with the same mean and covariance. Real features are never below 0 and lie in ten clusters; the Gaussian's
# are negative at times and lie between. FD is 0 but for Eq. (10.2). Precision sees that they are not among the data; the cubic kernel,
# which looks at third moments too, sees it a little.

# %% tags=["sol-10-8"]
angle = rng.uniform(0, 2 * np.pi, 600)
ring = np.stack([np.cos(angle), np.sin(angle)], 1) + 0.05 * rng.standard_normal(
    (600, 2)
)
blob = rng.multivariate_normal(ring.mean(0), np.cov(ring.T), 600)
print("FD", metrics.frechet_distance(ring, blob))
print(metrics.precision_recall(ring, blob))
print(metrics.kernel_distance(ring, blob))
