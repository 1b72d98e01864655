# %% [markdown] tags=["head"]
# # Solutions to chapter 21
#
# Try first: `hint("21.E2")` says less than this page.

# %% tags=["setup"]
import math
from statistics import NormalDist

import matplotlib.pyplot as plt
import numpy as np

from tinygen import data
from tinygen.course import check
from tinygen.models.diffusion.editing import inpaint
from tinygen.models.diffusion.ideal import IdealDenoiser
from tinygen.models.diffusion.samplers import Sampler
from tinygen.models.diffusion.schedule import cosine_schedule

# %% [markdown] tags=["sol-21-1"]
# **21.1** The noisy pixel is $N(\sqrt{0.36},\,1-0.36)$: mean 0.6, standard deviation 0.8. $\Phi(-0.75)=0.227$.

# %% tags=["sol-21-1"]
check("21.E1", NormalDist(0.6, 0.8).cdf(0))

# %% [markdown] tags=["sol-21-2"]
# **21.2** $x=\sqrt{\bar\alpha}\,x_0+\sqrt{1-\bar\alpha}\,\varepsilon$ has variance 1 and covariance $\sqrt{1-\bar\alpha}$ with $\varepsilon$. So $\varepsilon^*=\sqrt{1-\bar\alpha}\,x$, and what is left is
# $1-(1-\bar\alpha)=\bar\alpha$. A loss that stands still has reached its floor, or the network's limit; there is nobody to be balanced
# with, and no $D$ (erratum E14). In a GAN the generator's loss has no such floor that could be told beforehand: it depends on $D$.


# %% tags=["sol-21-2"]
def least_loss(alpha_bar):
    return alpha_bar


check("21.E2", least_loss)
own = np.random.default_rng(0)
x0, noise = own.standard_normal((2, 200_000))
x = math.sqrt(0.3) * x0 + math.sqrt(0.7) * noise
print("best line at 0.3:", np.mean((noise - np.mean(noise * x) * x) ** 2))

# %% [markdown] tags=["sol-21-3"]
# **21.3** The logit of 1 is $\frac{-(x-a)^2+(x+a)^2}{2b^2}=\frac{2ax}{b^2}$, with $a=\sqrt{\bar\alpha}$, $b^2=1-\bar\alpha$. The mean is $2\sigma(\ell)-1=\tanh\frac{ax}{b^2}$: steep late in the
# reverse walk, where it decides; flat early.


# %% tags=["sol-21-3"]
def two_points(x, alpha_bar):
    return math.tanh(math.sqrt(alpha_bar) * x / (1 - alpha_bar))


check("21.E3", two_points)

# %% [markdown] tags=["sol-21-4"]
# **21.4** $\bar\alpha_t=0.98\cdot0.5=0.49$, $\mathrm{SNR}_{t-1}=1$, $\mathrm{SNR}_t=0.961$: $\frac12(1/0.961-1)=0.0204$. And with this factor it is a term of the *bound on
# the negative* log-likelihood; the ELBO is minus the sum (erratum E11 is that sign, of a VAE).

# %% tags=["sol-21-4"]
check("21.E4", 0.5 * (0.51 / 0.49 - 1))

# %% [markdown] tags=["sol-21-5"]
# **21.5** $\sqrt{\bar\alpha}\,x_t-\sqrt{1-\bar\alpha}\,v=\bar\alpha\,x_0+(1-\bar\alpha)\,x_0=x_0$; the noise cancels. From a guess of the *noise* one divides by
# $\sqrt{\bar\alpha}$, near $T$ by almost 0, and any error explodes.


# %% tags=["sol-21-5"]
def image_of(x, v, alpha_bar):
    return math.sqrt(alpha_bar) * x - math.sqrt(1 - alpha_bar) * v


check("21.E5", image_of)

# %% [markdown] tags=["sol-21-6"]
# **21.6** At $\bar\alpha_T\approx0$ all $r_k$ are equal and $\hat x_0$ is the mean image; one step of Eq. (21.5) to $s=0$ returns $\hat x_0$. Brightness:
# $\frac13(-0.2-0.5-0.5)=-0.4$. It is the first row of the picture of steps.

# %% tags=["sol-21-6"]
check("21.E6", (-0.2 - 0.5 - 0.5) / 3)

# %% [markdown] tags=["sol-21-7"]
# **21.7** $\log\text{width}=(1+w)\log s-w\log r$, so $s^{1+w}/r^w$: $0.125$ for $s=\frac12$, $r=1$, $w=2$, where the tilted density has 0.316. Precisions
# mix in the density, *logarithms of widths* on the way. If $s=r$ both say $s$. Guided samples are narrower than the formula of Eq. (21.7)
# promises, and farther out: their mean is 1.5, not 1.2.


# %% tags=["sol-21-7"]
def guided_width(s, r, w):
    return s ** (1 + w) / r**w


check("21.E7", guided_width)

# %% [markdown] tags=["sol-21-8"]
# **21.8** With the ideal denoiser the half that is left chooses training images, and the other half is theirs. Kept half and filled half were never
# one image, so the jump between them is larger than in digits. A run with 100 digits and 20 steps (put `net` in the place of `machine`):
#
# | | repeats | distance to what was there | right class | jump at the seam (digits: 0.63) |
# |---|---|---|---|---|
# | net | 1 | 3.8 | 0.53 | 0.64 |
# | net | 10 | 3.2 | 0.66 | 0.56 |
# | ideal | 1 | 3.7 | 0.49 | 0.69 |
# | ideal | 10 | 3.2 | 0.72 | 0.67 |
#
# Repeats help both. The net makes the smoother picture, the copier is no worse at guessing: halves of digits repeat themselves. A half
# that nobody wrote gets from the copier the nearest neighbour's other half, and from the net strokes that go on.

# %% tags=["sol-21-8"]
digits = data.load("digits")
machine = IdealDenoiser(cosine_schedule(), data.to_float(digits.train.images))
images, mask = data.to_float(digits.test.images[:10]), np.zeros((8, 8), bool)
mask[:, 4:] = True
filled = inpaint(machine, images, mask, Sampler(steps=20), rng=own, repeats=3).data
hidden = np.where(mask, -0.2, images)
rows = np.concatenate([images, hidden, filled]).reshape(3, 10, 8, 8)
figure, axes = plt.subplots(figsize=(5, 1.8))
axes.imshow(rows.transpose(0, 2, 1, 3).reshape(24, 80), cmap="gray"), axes.axis("off")
apart = np.sqrt(((filled - images) ** 2).sum((1, 2, 3)))
print("distance to what was there:", apart.round(1))
