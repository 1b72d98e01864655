# %% [markdown] tags=["head"]
# # Solutions to chapter 15
#
# Try first: `hint("15.E2")` says less than this page.

# %% tags=["setup"]
import math

import numpy as np

from tinygen.course import check

# %% [markdown] tags=["sol-15-1"]
# **15.1** $p(x,y)=0.05\,p(x|y)$, $q(x,y)=0.2\,p(x|y)$, so $D^*=\frac{0.05}{0.25}=\frac15$ on every image of the class, though each is
# perfect. The push on $G$ is the same for all images of the class: without a slope along $x$ it does no harm here. But the ratio is no longer that of the
# images. Ask for labels as often as the data have them; our recipe takes those of the batch itself.

# %% tags=["sol-15-1"]
check("15.E1", 0.05 / (0.05 + 0.2))

# %% [markdown] tags=["sol-15-2"]
# **15.2** Shuffled labels are independent of the images: $p(x,y)=p(x)\,p(y)$. So $\ell^*=\log\frac{p(x)\,p(y)}{q(x)\,q(y|x)}$; it is 0 everywhere when
# $q(x)=p(x)$ *and* $q(y|x)=p(y)$. $D$ punishes every dependence of the image on the label, so here, and only here, $G$ does learn
# to *ignore* it. That is not what a blind $D$ does: it neither rewards nor punishes.


# %% tags=["sol-15-2"]
def shuffled_logit(px, py, qx, qyx):
    return math.log(px / qx) + math.log(py / qyx)


check("15.E2", shuffled_logit)

# %% [markdown] tags=["sol-15-3"]
# **15.3** With $e=(1-t)/9=0.00156$: $a=(a'-e)/(t-e)=0.9127$. Only if mistakes do fall evenly; on bad digits a classifier errs more
# than on real ones, so do not make too much of the third digit.

# %% tags=["sol-15-3"]
e = (1 - 0.986) / 9
check("15.E3", (0.9 - e) / (0.986 - e))

# %% [markdown] tags=["sol-15-4"]
# **15.4** $10\cdot100$ in the embedding and $100\cdot6272$ new weights in the layer: 628,200. All they can do is what a table of $10\cdot6272$ biases
# can (next exercise), a tenth.

# %% tags=["sol-15-4"]
check("15.E4", 10 * 100 + 100 * 6272)

# %% [markdown] tags=["sol-15-5"]
# **15.5** Cut $W=(W_1\,|\,W_2)$. Then $W\binom z{e_y}=W_1z+W_2e_y$, and the second term does not depend on $z$: a bias for each class.


# %% tags=["sol-15-5"]
def bias_of(W, e):
    W, e = np.asarray(W), np.asarray(e)
    return list(W[:, len(e) :] @ e)


check("15.E5", bias_of)

# %% [markdown] tags=["sol-15-6"]
# **15.6** $\sqrt{0.1\cdot0.9/500}=0.0134$: between 0.073 and 0.127. That is the error of *judging one generator*. But each training ends
# with another renaming, and those differ more: of a random renaming one label is right on average, with a standard deviation of 1,
# which is 0.1 in accuracy.

# %% tags=["sol-15-6"]
error = math.sqrt(0.1 * 0.9 / 500)
check("15.E6", (0.1 - 2 * error, 0.1 + 2 * error))

# %% [markdown] tags=["sol-15-7"]
# **15.7** A renaming without a fixed point: $\sum_{k=0}^{10}(-1)^k/k!=0.36788$, $1/e$ to seven digits. So a blind conditional GAN may well score 0 %, far
# "below chance"; that proves as little as 10 %.

# %% tags=["sol-15-7"]
check("15.E7", sum((-1) ** k / math.factorial(k) for k in range(11)))

# %% [markdown] tags=["sol-15-8"]
# **15.8** Open. Make images with a generator whose weights you mix by hand: read `cgan.G.embedding.weight`, and of every norm
# `gamma` and `beta`; put the mixed row in the place of one label's row. Report the classifier's probabilities of both classes along the way, for
# several $z$, and with averaged weights.
