# %% [markdown] tags=["head"]
# # 9. When is the code a distribution?
#
# **Minutes:** 2, quick run under 1. **Data:** digits (8×8), MNIST (28×28).
# **Uses:** chapters 1, 3, 5, 8. **Adds to tinygen:** `tinygen/models/vae/`, `kl_diagonal_gaussians`,
# the recipes of `tinygen/recipes/vae.py`.
#
# An autoencoder gives each image a point. Between the points it knows nothing, so it cannot draw. A variational
# autoencoder gives each image a *cloud*, and pays for every cloud that is not like all others. We derive what it pays,
# solve a case of it exactly, predict how many of its numbers it will use, and then
# plant the three mistakes that are printed in documents and notebooks. One of them looks harmless.
#
# 本章概要：变分自编码器给每幅图一个分布而不是一个点。证据下界等于对数似然减去 KL；线性情形可精确求解，
# 并可预言哪些潜变量会坍缩。再演示三个常见错误：KL 求平均、两处求平均、解码均值。

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np

from tinygen import data, grad, no_grad, ops, optim, randn, tensor, zeros
from tinygen.course import animate, chapter, check, drawn, predict
from tinygen.course import same, score, show, steps
from tinygen.functional import kl_diagonal_gaussians
from tinygen.models.vae import bound
from tinygen.models.vae.latent import plane_grid
from tinygen.models.vae.linear import kl_of_directions, linear_vae, log_marginal
from tinygen.models.vae.linear import maximum_likelihood, set_true_posterior
from tinygen.models.vae.model import Posterior
from tinygen.recipes.vae import DenseVAE
from tinygen.schedule import cosine

rng = chapter(9)

# %% [markdown] tags=["click"]
# ## The picture
#
# A variational autoencoder (变分自编码器, VAE) whose code is two numbers, $z$. Left, what its decoder (解码器) makes of every place of the
# plane; right, where its encoder (编码器) puts 200 held-out digits, as clouds: an ellipse is one standard deviation. The dashed
# circles are those of $N(0,I)$, from which we shall draw. (`ema` and `averaged`: a mean of the weights of the last steps, which
# chapter 13 explains; you can do without it here.)


# %% tags=["def"]
def train(recipe, count, look=lambda step: None):
    """`count` steps; look(step) before each and after the last."""
    for step in range(count):
        look(step)
        recipe.train_step(recipe.data.batch(step), step, recipe.streams(step))
    look(count)
    return recipe


def sheet(x, rows):
    """Images (N, 1, H, W) in [-1, 1] as one, `rows` of them below each other."""
    side = x.shape[-1]
    x = data.to_uint8(x).reshape(rows, -1, side, side)
    return x.transpose(0, 2, 1, 3).reshape(side * rows, -1)


def shot(recipe):
    """The plane decoded, and the clouds of held-out digits: mean, std, label."""
    x, labels = recipe.some()[0][:200], recipe.data.held_out.labels[:200]
    with no_grad(), recipe.averaged() as model:
        q = model.encode(x)
        images = sheet(model.images(tensor(plane_grid(12))).data, 12)
    return images, q.mean.data, np.exp(0.5 * q.log_variance.data), labels


# %% tags=["def"]
TURN = np.linspace(0, 2 * math.pi, 25)


def clouds(axes, mean, std, labels):
    """An ellipse for each image, of its class's colour; N(0, I) as dashed circles."""
    for m, s, y in zip(mean, std, labels, strict=True):
        ring = m[0] + s[0] * np.cos(TURN), m[1] + s[1] * np.sin(TURN)
        axes.plot(*ring, color=plt.cm.tab10(int(y)), lw=0.6)
    for radius in (1, 2):
        axes.plot(radius * np.cos(TURN), radius * np.sin(TURN), "k--", lw=1)
    axes.set(xlim=(-4, 4), ylim=(-4, 4), aspect="equal")
    axes.set(xlabel="first number of z", ylabel="second")


def plane(figure, i):
    """Frame i of the film."""
    left, right = figure.subplots(1, 2)
    step, (images, *ellipses) = film[i]
    left.imshow(images), left.axis("off")
    left.set_title(f"step {step}: decoded")
    clouds(right, *ellipses)


# %% tags=["click"]
count, film = steps(2500, 2), []
looks = {int(count * (i / 11) ** 2) for i in range(12)}
flat = DenseVAE(DenseVAE.Config(latent=2, hidden=(200,), ema=0.98, lr=3e-3))
train(flat, count, lambda step: step in looks and film.append((step, shot(flat))))
animate(drawn(plane, len(film), size=(6.4, 3.2), dpi=80), milliseconds=400)

# %% [markdown]
# *What to see:* at first all clouds are the unit circle. Then they leave it and shrink, push each other aside, one colour after another, and
# stay together in one heap, somewhat wider than $N(0,I)$: with two numbers there is not room for all. At the left there is a
# digit nearly everywhere: no holes to fall into, only borders where one digit turns into the next.

# %% [markdown] tags=["recall"]
# ## Recall
#
# * **R1** (chapter 3) A model has the cross-entropy 2.5 nats, the data have the entropy 2.1. The KL from data to model?
# * **R2** (chapter 3) A sigmoid says 0.8 for a pixel to be white; it is black. What does that cost, in nats?
# * **R3** (chapter 8) The covariance of images has the eigenvalues 5, 3, 1, 1. With a code of 2 numbers, what is the least mean
#   squared error, summed over pixels?

# %% tags=["recall"]
check("9.R1", None)
check("9.R2", None)
check("9.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# An image of one pixel. Its code is drawn from the prior (先验) $N(0,1)$, the pixel is $x=2z+$ noise of variance 1. So $x\sim N(0,5)$,
# and for $x=1$, $\log p(x)=-\frac12(\log2\pi+\log5+\frac15)=-1.824$. Now pretend that this integral is too hard, and *guess* where $z$ was: $q=N(0,1)$,
# no idea. On average over the guess the pixel has $\log p(x|z)=-\frac12(\log2\pi+1+4)=-3.419$. The guess cost nothing, KL to the prior is 0. That
# is a bound, and a poor one: 1.595 too low. The true posterior (后验) is $N(0.4,0.2)$; guess that, and it is exact.

# %% tags=["byhand"]
for told, mean, variance in (("no idea", 0.0, 1.0), ("the posterior", 0.4, 0.2)):
    likelihood = -(math.log(2 * math.pi) + (1 - 2 * mean) ** 2 + 4 * variance) / 2
    cost = (mean**2 + variance - 1 - math.log(variance)) / 2
    print(f"{told:14} {likelihood:.3f} - {cost:.3f} = {likelihood - cost:.3f}")
print("log p(x)", round(-(math.log(2 * math.pi) + math.log(5) + 1 / 5) / 2, 3))

# %% [markdown] tags=["eq-9-1"]
# ## How good is a guess?
#
# $\log p(x)$ is hard: an integral over all codes. For *any* $q(z|x)$, $p(x)=p(x|z)\,p(z)/p(z|x)$ holds at every $z$; take logarithms, add
# and subtract $\log q$, and average over $q$:
#
# $$
# \log p(x)=\underbrace{\mathbb E_q[\log p(x|z)]-\mathrm{KL}(q(z|x)\|p(z))}_{\mathrm{ELBO}}+\mathrm{KL}(q(z|x)\|p(z|x))\qquad\text{(9.1)}
# $$
#
# The **evidence lower bound** (证据下界, ELBO) has only what we can compute, and lies below by exactly what $q$ is wrong. Raise
# it, and you raise $\log p$ or improve the guess. Encoder and decoder want the same number: there is no adversary, though one of the documents speaks of one.
#
# All three terms are known if decoder and noise are linear and Gaussian. There $\log p(x|z)$ is a square in
# $z$. If the code has $D$ numbers, $2D$ fair draws are then as good as infinitely many.


# %% tags=["def"]
def fair_draws(n, latent):
    """(2D, n, D) noise with mean 0 and covariance I exactly: squares average right."""
    points = math.sqrt(latent) * np.concatenate([np.eye(latent), -np.eye(latent)])
    return tensor(np.repeat(points[:, None], n, axis=1))


# %% tags=["code-9-1"]
def gap(vae, x):
    """KL(q || true posterior) of each row of x, for a linear decoder.  Eq. (9.1)."""
    W, b = vae.decoder.layer.weight.data, vae.decoder.layer.bias.data
    precision = np.eye(vae.latent) + W.T @ W / vae.likelihood.std**2
    q = vae.encode(tensor(x))
    variance = np.exp(q.log_variance.data)
    off = q.mean.data - np.linalg.solve(precision, W.T @ (x - b).T).T / (
        vae.likelihood.std**2
    )
    square = (off @ precision * off).sum(1) + variance @ np.diag(precision)
    logs = np.linalg.slogdet(precision)[1] + np.log(variance).sum(1)
    return 0.5 * (square - vae.latent - logs)


def elbo(vae, x):
    """The bound of each row, by the library.  Eq. (9.1)."""
    return bound.terms(vae, tensor(x), fair_draws(len(x), vae.latent)).elbo.data


# %% tags=["same-9-1"]
toy, x = linear_vae(4, 2, 0.7, rng=rng), rng.standard_normal((3, 4))
layer = toy.decoder.layer
same(
    "9.1",
    by_bound_and_gap=elbo(toy, x) + gap(toy, x),
    by_density_of_x=log_marginal(x, layer.weight.data, layer.bias.data, 0.7**2),
)
print("of which the gap is", gap(toy, x).round(3))

# %% [markdown] tags=["eq-9-2"]
# ## A slope through a draw
#
# To train the guess we need the slope of an average over $q=N(\mu,s^2)$ by $\mu$ and $s$ themselves. Draw the noise first; then $z$ is a
# plain function, and the chain rule does the rest. That is the **reparameterisation** (重参数化):
#
# $$
# z=\mu+s\,\varepsilon,\quad s=e^{\frac12\log s^2},\qquad\frac{\partial}{\partial(\mu,s)}\,\mathbb E_q[f(z)]=\mathbb E_{\varepsilon\sim N(0,1)}\big[f'(z)\,(1,\varepsilon)\big]\qquad\text{(9.2)}
# $$
#
# The network gives $\log s^2$, any number; mind the half. For $f=e^z$ the average is $e^{\mu+s^2/2}$ and both slopes are known.


# %% tags=["code-9-2"]
def slopes(f, mean, std, count=60):
    """d/dmean and d/dstd of E f(z), through the draws of the library.  Eq. (9.2)."""
    noise, weights = np.polynomial.hermite_e.hermegauss(count)
    weights = weights / weights.sum()  # count fair draws, for smooth f
    m = tensor(np.float64([[mean]]), requires_grad=True)
    log_variance = tensor(np.float64([[2 * math.log(std)]]), requires_grad=True)
    z = Posterior(m, log_variance).at(tensor(noise[:, None, None]))
    average = ops.sum(f(z)[:, 0, 0] * tensor(weights))
    by_mean, by_log = grad(average, [m, log_variance])
    return by_mean.item(), by_log.item() * 2 / std


# %% tags=["same-9-2"]
whole = math.exp(0.3 + 0.8**2 / 2)
same("9.2", by_draws=slopes(ops.exp, 0.3, 0.8), by_closed_form=(whole, 0.8 * whole))

# %% [markdown] tags=["eq-9-3"]
# ## What a cloud costs
#
# With $q=N(\mu,\operatorname{diag}s^2)$ and prior $N(0,I)$ the logarithm of their ratio is a square again:
#
# $$
# \mathrm{KL}(q\|p)=-\tfrac12\sum_{j=1}^{D}\big(1+\log s_j^2-\mu_j^2-s_j^2\big)\qquad\text{(9.3)}
# $$
#
# A *sum* over the numbers of the code: information adds. 0 if and only if $\mu=0,s=1$, "I know nothing of this
# image". To know a number to one part in ten costs $\log 10=2.3$ nats, nearly.


# %% tags=["code-9-3"]
def cost(mean, log_variance):
    """KL(N(mean, var) || N(0, I)) of each row, in nats, by the library.  Eq. (9.3)."""
    return kl_diagonal_gaussians(tensor(mean), tensor(log_variance)).data


def cost_by_draws(mean, log_variance):
    """The mean of log q(z) - log p(z) over fair draws from q.  Eq. (9.3)."""
    noise = fair_draws(*mean.shape).data
    z = mean + np.exp(log_variance / 2) * noise
    return 0.5 * (z**2 - noise**2 - log_variance).sum(2).mean(0)


# %% tags=["same-9-3"]
mean, log_variance = rng.normal(0, 2, (4, 3)), rng.normal(-1, 1, (4, 3))
same(
    "9.3",
    by_formula=cost(mean, log_variance),
    by_draws=cost_by_draws(mean, log_variance),
)

# %% [markdown] tags=["eq-9-4"]
# ## Sums and means
#
# The loss is minus the ELBO. Some weigh its second part, $R+\beta\,\mathrm{KL}$ with $R=-\mathbb E_q\log p(x|z)$: a $\beta$-VAE. Many do so without
# knowing: a loss function that takes the *mean* over everything divides $R$ by the number of pixels $P$ and KL by $D$.
#
# $$
# \frac RP+\frac1D\sum_j\mathrm{KL}_j=\frac1P\Big(R+\beta\sum_j\mathrm{KL}_j\Big),\qquad\beta=\frac PD\qquad\text{(9.4)}
# $$
#
# A published notebook does that with 784 pixels and 200 numbers, and calls it a VAE (exercise 9.3). If only the KL is averaged,
# as in one of our documents, $\beta=1/D$.


# %% tags=["code-9-4"]
def mean_of_both(found, pixels):
    """What two calls of mean() make of the parts of the bound.  Eq. (9.4)."""
    return found.kl.mean() - found.log_likelihood.mean() / pixels


def hidden_beta(pixels, latent):
    """The weight of the KL that nobody wrote.  Eq. (9.4)."""
    return pixels / latent


def as_written_out(found, pixels):
    """The same as one loss, by the library.  Eq. (9.4)."""
    return bound.loss(found, hidden_beta(pixels, found.kl.shape[1])) / pixels


# %% tags=["same-9-4"]
found = bound.terms(toy, tensor(x), randn((5, 3, 2), rng=rng, dtype="float64"))
same(
    "9.4",
    by_means=mean_of_both(found, 4).item(),
    by_hidden_beta=as_written_out(found, 4).item(),
)

# %% [markdown] tags=["eq-9-5"]
# ## The case that can be solved
#
# Linear decoder, $x=Wz+b$ plus noise of variance $s^2$ in each of $P$ pixels. Then $p(x)=N(b,WW^\top+s^2I)$: principal component analysis
# (主成分分析) that is a density. With $m$ numbers in the code, the highest mean over images has the $m$ largest eigenvalues $\lambda_j$ of the
# covariance in it, as in chapter 8, and the noise gets what is left over ($s^2$ is from here on that of the pixels, not of a cloud):
#
# $$
# \max\,\overline{\log p(x)}=-\tfrac12\Big[P\log2\pi+P+\sum_{j\le m}\log\lambda_j+(P-m)\log s^2\Big],\quad s^2=\frac1{P-m}\sum_{j>m}\lambda_j\qquad\text{(9.5)}
# $$


# %% tags=["code-9-5"]
def best_by_eigenvalues(x, m):
    """The highest mean log p of rows x with m latents, and s^2.  Eq. (9.5)."""
    P = x.shape[1]
    eigenvalues = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]
    left = eigenvalues[m:].mean()
    logs = np.log(eigenvalues[:m]).sum() + (P - m) * math.log(left)
    return -0.5 * (P * math.log(2 * math.pi) + P + logs), left


def best_by_rows(x, m):
    """The same by the library, as a mean over the densities of rows.  Eq. (9.5)."""
    best = maximum_likelihood(x, m)
    return best.log_likelihood, best.variance


# %% tags=["same-9-5"]
pixels = data.load("digits").train.images.reshape(-1, 64) / 255.0
same(
    "9.5",
    by_eigenvalues=best_by_eigenvalues(pixels, 8),
    by_rows=best_by_rows(pixels, 8),
)

# %% [markdown] tags=["eq-9-6"]
# ## Which numbers die
#
# Now hold $s^2$ and weigh the KL with $\beta$. Along one eigenvector the loss is that of one pixel with variance $\lambda$. Solve for the
# encoder $\mu=ax$ and its variance $v$, then for the decoder's $w$: fixed points (不动点) $w^2=\lambda-\beta s^2$, or $w=0$ if that is negative. So
#
# $$
# \mathrm{KL}_j=\begin{cases}\frac12\log\dfrac{\lambda_j}{\beta s^2}&\lambda_j>\beta s^2\\0&\text{else: the number dies}\end{cases}\qquad\text{(9.6)}
# $$
#
# A dead number has $q=p$: it says nothing. This is **posterior collapse** (后验坍缩), and here it is *right*: to describe that
# direction would cost more than it brings. A wrong $\beta$ kills by the same rule.


# %% tags=["code-9-6"]
def by_turns(eigenvalue, beta, s2, rounds=3000):
    """KL of one direction: encoder and decoder each set to its best.  Eq. (9.6)."""
    w = 1.0
    for _ in range(rounds):
        a = w / (w**2 + beta * s2)  # the encoder: mean a x, variance v
        v = beta * s2 / (w**2 + beta * s2)
        w = eigenvalue * a / (eigenvalue * a**2 + v)  # the decoder: w z
    return 0.5 * (eigenvalue * a**2 + v - 1 - math.log(v))


def by_rule(eigenvalue, beta, s2):
    """The same in closed form, by the library.  Eq. (9.6)."""
    return kl_of_directions([eigenvalue], beta, s2)[0]


# %% tags=["same-9-6"]
cases = [(0.5, 1, 0.1), (0.5, 3, 0.1), (2.0, 0.3, 0.4), (0.2, 4, 0.1)]
same(
    "9.6",
    atol=1e-9,
    by_turns=[by_turns(*case) for case in cases],
    by_rule=[by_rule(*case) for case in cases],
)

# %% [markdown] tags=["eq-9-7"]
# ## A better bound for the same guess
#
# The ELBO averages a logarithm. Weigh draws from $q$ and average *first*: $w=p(x|z)\,p(z)/q(z|x)$ has the mean $p(x)$ whatever
# $q$ is; with $K$ draws
#
# $$
# \mathbb E_q[w]=p(x),\qquad\mathrm{ELBO}=L_1\le L_K=\mathbb E\log\frac1K\sum_{k=1}^Kw_k\le L_{K+1}\le\log p(x)\qquad\text{(9.7)}
# $$
#
# This is importance sampling (重要性采样). It asks how good the *model* is, with less of how poor the guess.


# %% tags=["code-9-7"]
def log_mean_weight(vae, x, count=40):
    """log E[w] of rows x, one latent: count fair draws, for smooth w.  Eq. (9.7)."""
    noise, weights = np.polynomial.hermite_e.hermegauss(count)
    draws = tensor(np.tile(noise[:, None, None], (1, len(x), 1)))
    logs = bound.log_weights(vae, tensor(x), draws).data
    return np.log((np.exp(logs) * (weights / weights.sum())[:, None]).sum(0))


def bounds(vae, x, K, rounds, rng):
    """L_K of each row, over so many rounds of K draws.  Eq. (9.7)."""
    found = 0.0
    for _ in range(rounds):
        noise = randn((K, len(x), vae.latent), rng=rng, dtype=x.dtype.name)
        weights = bound.log_weights(vae, tensor(x), noise)
        found = found + bound.importance_bound(weights).data / rounds
    return found


# %% tags=["same-9-7"]
toy, x = linear_vae(3, 1, 0.9, rng=rng), rng.standard_normal((3, 3))
layer = toy.decoder.layer
truth = log_marginal(x, layer.weight.data, layer.bias.data, 0.9**2)
same("9.7", by_weights=log_mean_weight(toy, x), by_density=truth)
for K in (1, 5, 50):
    print(f"L_{K:<3} {bounds(toy, x, K, 600 // K, rng).round(3)}")
print("log p", truth.round(3))

# %% [markdown] tags=["predict"]
# ## Predictions
#
# P1: a linear VAE of the digits with 8 numbers, its encoder the true posterior: its ELBO must be Eq. (9.5), to the last digit. P2: one with 16
# numbers and $s^2=0.1$, trained from random weights: how many survive? Twelve eigenvalues are above 0.1.
#
# Then VAEs of MNIST, 20 numbers, each with one mistake. P3: the KL *averaged* over the 20. "A factor in front; and Adam does not care
# for factors": the code should hold as many nats as that of the right loss. P4: the *mean* is decoded, no draw. Then only
# the KL speaks of $s$; which $s$ does it want? P5: both parts averaged, Eq. (9.4) with 784/20. How many numbers survive?

# %% tags=["predict"]
solved = best_by_eigenvalues(pixels, 8)[0]
exact = predict("9.P1", "ELBO of a solved linear VAE, nats", solved, rtol=1e-9)
alive = predict("9.P2", "of 16 numbers in use, s² = 0.1", between=(11.5, 12.5))
harmless = predict("9.P3", "nats of KL, averaged : right", between=(0.9, 1.1))
width = predict("9.P4", "std of q, the mean decoded", between=(0.97, 1.03))
dead = predict("9.P5", "of 20 numbers in use, both averaged", between=(0, 0.5))

# %% [markdown] tags=["build"]
# ## The same in tinygen
#
# The draw, the two parts, the loss. They are all there is; networks come from chapter 8.

# %% tags=["build"]
show(Posterior)
show(bound.terms)
show(bound.loss)

# %% [markdown] tags=["run"]
# ## Run: the case that can be solved
#
# The loss of a linear VAE asks only for mean and covariance of the data. So we train on 128 rows that have those of the
# 1,442 digits, with fair draws: no randomness but the first weights.


# %% tags=["def"]
def trained(rows, latent, s2, count, seed=0):
    """KL of each latent of a linear VAE, after so many steps of Adam, largest first."""
    vae = linear_vae(
        rows.shape[1], latent, math.sqrt(s2), rng=np.random.default_rng(seed)
    )
    adam = optim.Adam(vae.parameters(), lr=0.06)
    x, noise = tensor(rows), fair_draws(len(rows), latent)
    for step in range(count):
        adam.lr = 0.06 * cosine(step, count)
        adam.zero_grad()
        bound.loss(bound.terms(vae, x, noise)).backward()
        adam.step()
    return np.sort(bound.terms(vae, x, noise).kl.data.mean(0))[::-1]


def bars(top, low, s2, kl):
    """Eigenvalues with the threshold; below, KL by training and by the rule."""
    j = np.arange(1, len(kl) + 1)
    top.semilogy(j, eigenvalues[: len(kl)], "o", ms=4)
    top.axhline(s2, color="C1", ls="--")
    top.set(title=f"s² = {s2}", ylabel="eigenvalue" if s2 == 0.1 else None)
    low.bar(j, kl, label="trained")
    rule = kl_of_directions(eigenvalues[: len(kl)], 1, s2)
    low.plot(j, rule, "_", color="k", ms=9, label="Eq. (9.6)")
    low.set(xlabel="number", ylim=(0, 1.05))
    low.set_ylabel("KL (nats)" if s2 == 0.1 else None)


# %% tags=["run"]
best = maximum_likelihood(pixels, 8)
vae = linear_vae(64, 8, math.sqrt(best.variance), rng=rng)
vae.decoder.layer.weight.assign(best.directions)
vae.decoder.layer.bias.assign(pixels.mean(0))
set_true_posterior(vae)
exact.measure(elbo(vae, pixels).mean())

eigenvalues, vectors = np.linalg.eigh(np.cov(pixels.T, bias=True))
eigenvalues, vectors = eigenvalues[::-1].clip(0), vectors[:, ::-1]
half = 8 * np.sqrt(eigenvalues) * vectors  # 64 columns; with their negatives
rows = np.concatenate([half, -half], axis=1).T  # 128 of mean 0, the same covariance
figure, axes = plt.subplots(2, 3, figsize=(6.6, 3.6), sharey="row")
for column, s2 in zip(axes.T, (0.1, 0.3, 0.5), strict=True):
    kl = trained(rows, 16, s2, steps(700, 2))
    if s2 == 0.1:
        alive.measure((kl > 0.02).sum())
    bars(*column, s2, kl)
    print(f"s² = {s2}: {(kl > 0.02).sum()} in use, {(eigenvalues > s2).sum()} by rule")
axes[1, 2].legend(fontsize=8)

# %% [markdown]
# *What to see:* what lies below the dashed line has no bar. 12, 4 and 3 survive. Bars end at their black marks, at $s^2=0.1$ a few hundredths off: 700 steps
# are few.
#
# ## Run: four losses
#
# Dense networks 784-200-20-200-784 on black-and-white MNIST, 800 steps, three seeds. All are judged by the *right* bound, on 1,000
# held-out digits.


# %% tags=["def"]
class DecodesTheMean(DenseVAE):
    """The same, but z is the mean."""

    def train_step(self, batch, step, rng):
        """One step with noise 0."""
        x = self.seen(batch, step, rng)
        self.optimizer.zero_grad()
        noise = zeros((1, len(x), self.config.latent))
        bound.loss(bound.terms(self.model, x, noise)).backward()
        self.optimizer.step()
        self.ema.update()


def vae_of(kind=DenseVAE, seed=0, count=800, **options):
    """A narrow VAE of 20 numbers, trained."""
    config = kind.Config(hidden=(200,), ema=0.99, lr=3e-3, seed=seed, **options)
    return train(kind(config), steps(count, 2))


def judged(recipe):
    """By the right bound on held-out digits: nats, KL of each number, mean std of q."""
    x = recipe.some()[0]
    noise = randn((1, len(x), recipe.config.latent), rng=np.random.default_rng(1))
    with no_grad(), recipe.averaged() as model:
        found, q = bound.terms(model, x, noise), model.encode(x)
    std = np.exp(0.5 * q.log_variance.data).mean()
    return -found.elbo.data.mean(), found.kl.data.mean(0), std


# %% tags=["run"]
losses = {
    "right": {},
    "KL averaged": {"beta": 1 / 20},
    "mean decoded": {"kind": DecodesTheMean},
    "both averaged": {"beta": hidden_beta(784, 20)},
}
recipes = {k: [vae_of(seed=s, **v) for s in range(3)] for k, v in losses.items()}
tables = {told: [judged(recipe) for recipe in some] for told, some in recipes.items()}
nats = {told: [kl.sum() for _, kl, _ in table] for told, table in tables.items()}
reason = (
    "Adam does not care for a factor before the whole loss; this one stands before "
)
reason += "one of two parts, and is a beta of 1/20: detail is cheap, so more is stored."
harmless.measure(np.divide(nats["KL averaged"], nats["right"]), missed=reason)
width.measure([std for *_, std in tables["mean decoded"]])
dead.measure([(kl > 0.05).sum() for _, kl, _ in tables["both averaged"]])
for told, table in tables.items():
    minus, kl, std = table[0]
    print(f"{told:13} -ELBO {minus:6.1f}, KL {kl.sum():5.1f} nats, std of q {std:.2f}")

# %%
figure, axes = plt.subplots(1, 3, figsize=(6.6, 2.4))
for place, (told, (recipe, *_)) in zip(axes, recipes.items(), strict=False):
    place.imshow(sheet(recipe.sample(48, rng=np.random.default_rng(3)).data, 6))
    place.set_title(told), place.axis("off")

# %% [markdown]
# *What to see:* the same 48 codes from $N(0,I)$, decoded by three of the four. None draws well after so few steps. At the left about half are
# digits. In the middle there are ghosts, one stroke over another: codes are full of detail and lie far from where we draw. At the right strokes are bold and
# broken; to the eye hardly worse than at the left, but as a *model* of images, which draws its codes, it is the worst of all, by more than the blot of P5.
# Pictures alone would not have told.

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: every digit comes back as the same grey blot
#
# **Symptom.** The loss falls for a few dozen steps and then stands still; every digit is reconstructed as one and the same grey blot, and samples are
# that blot too. Suspects: (a) the decoder is too small; (b) dead units, a wrong step size; (c) a weight that nobody wrote.
#
# **One number:** the KL of the whole code, in nats. **One picture:** reconstructions, and the KL of each number.

# %% tags=["lab"]
figure, (left, right) = plt.subplots(1, 2, figsize=(6.6, 2.6))
wrong, fine = recipes["both averaged"][0], recipes["right"][0]
x = fine.some()[0][:8]
with no_grad():
    three = [x.data, *(r.model.reconstruct(x).data for r in (wrong, fine))]
left.imshow(sheet(np.concatenate(three), 3)), left.axis("off")
left.set_title("held out; both averaged; right")
for told in ("right", "both averaged"):
    kl = np.sort(tables[told][0][1])[::-1]
    right.plot(np.arange(1, 21), kl, "o-", ms=3, label=f"{told}: {kl.sum():.2f} nats")
right.set(
    xlabel="number, most used first", ylabel="KL (nats)", xticks=(1, 5, 10, 15, 20)
)
right.legend(fontsize=8)

# %% [markdown] tags=["lab"]
# *What to see:* at the left, the middle row is a blot for every digit; the row below has digits. At the right, orange lies on zero.
#
# The code says 0.01 nats. The decoder cannot be blamed for what it was not told; and the *same* networks with the same steps work below: not
# (a), not (b). It is (c), Eq. (9.4): two calls of `mean()` make $\beta=784/20=39.2$. By Eq. (9.6) a number then has to bring 39 times what it
# costs. The cure, as a diff:
#
# ```diff
# - loss = bce.mean() + kl.mean()
# + loss = (bce.sum(pixels) + kl.sum(1)).mean()     # a sum over what is one image
# ```

# %% tags=["lab"]
for told in ("both averaged", "right"):
    for seed, (minus, kl, _) in enumerate(tables[told]):
        print(f"{told:13} seed {seed}: -ELBO {minus:.1f}, {(kl > 0.05).sum()} in use")
print("\nfirst aid for the wrong weight:")
for told, options in (
    ("warm-up, 400 steps", {"warmup": steps(400, 1)}),
    ("free bits, 0.5 each", {"free_bits": 0.5}),
):
    minus, kl, _ = judged(vae_of(beta=hidden_beta(784, 20), **options))
    print(f"{told:19}: -ELBO {minus:.1f}, KL {kl.sum():.2f} nats")
print(
    "\ndigits, squared error + KL:", (kl_of_directions(eigenvalues, 1, 0.5) > 0).sum()
)
left_over = best_by_eigenvalues(pixels, 16)[1]
print(f"16 numbers, s² = {left_over:.3f} learnt:", (eigenvalues[:16] > left_over).sum())

# %% [markdown] tags=["lab"]
# **Where the cure fails.** Two medicines are often given for collapse. A *warm-up* raises $\beta$ slowly; but it ends at the
# wrong $\beta$, and the code dies then. *Free bits* charge nothing for the first half nat of each number: the code lives, and the model is
# still far from the right one, 184 nats against 121.
#
# And sums alone do not save you. "Squared error plus KL" has no $s^2$ in it, that is, $s^2=\frac12$: of the
# digits' 64 directions, in brightness from 0 to 1, three are above that, Eq. (9.6). No mean anywhere, and nearly all is dead. Learn $s^2$, as
# Eq. (9.5) does, and all 16 live.

# %% [markdown] tags=["ex-9-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("9.E1")` helps, `solution("9.E1")` tells.
#
# **Exercise 9.1** ○ An encoder answers: mean 0.5, log-variance -2.0, one number. What does this cloud cost, in nats?

# %% tags=["try-9-1"]
check("9.E1", None)

# %% [markdown] tags=["ex-9-2"]
# **Exercise 9.2** ○ *Referee.* A document prints $L_{VAE}=\mathbb E_q[\log p(x|z)]-\mathrm{KL}$ and hands it to a minimiser as a loss. For an image
# the first term is $-90$ nats, KL is 20. Give the pair: the ELBO, and the number that ought to be minimised.

# %% tags=["try-9-2"]
check("9.E2", None)

# %% [markdown] tags=["ex-9-3"]
# **Exercise 9.3** ○ *Referee.* A published notebook adds the mean of the KL over batch and 200 numbers to the mean of the
# cross-entropy over batch and 784 pixels. Which beta does it train with?

# %% tags=["try-9-3"]
check("9.E3", None)

# %% [markdown] tags=["ex-9-4"]
# **Exercise 9.4** ● *The half.* A book decodes $z=\mu+e^{l}\varepsilon$ where the KL takes $e^{l}$ for the *variance*. With a linear decoder $w$ and
# noise $s^2$, the part of the loss with $l$ is $\frac r2e^{2l}+\frac12(e^l-l)$, $r=w^2/s^2$. Which standard deviation of $z$ does it end with? (The right one:
# $1/\sqrt{1+r}$.)


# %% tags=["try-9-4"]
def wrong_width(r):
    return None


check("9.E4", wrong_width)

# %% [markdown] tags=["ex-9-5"]
# **Exercise 9.5** ● *Neither.* A document adds $-\frac12(1+\log s^2-\mu^2-s^2)$ to an *autoencoder*, which decodes $\mu$ and never draws. Let the codes $\mu$ have mean
# 0 and variance $c^2$. With $s$ at its best, what does the term cost on average, as a function of $c$? Then let the decoder multiply by $1/c$, and $c\to0$: what has the term achieved?


# %% tags=["try-9-5"]
def cost_of_scale(c):
    return None


check("9.E5", cost_of_scale)

# %% [markdown] tags=["ex-9-6"]
# **Exercise 9.6** ○ The covariance has the eigenvalues 2.0, 0.9, 0.35, 0.2, 0.06. The decoder is linear, its noise has the variance
# 0.1, and the KL is weighed with 4. How many numbers survive?

# %% tags=["try-9-6"]
check("9.E6", None)

# %% [markdown] tags=["ex-9-7"]
# **Exercise 9.7** ● *The heap.* In the optimum of Eq. (9.6) with $\beta=1$ the cloud of $x$ is $N(ax,v)$. Over all images, $z$ has the
# variance $a^2\lambda+v$. Write the pair: the part of the means $a^2\lambda$, and $v$, from $\lambda$ and $s^2$ ($\lambda>s^2$). What is their sum, and why should it be?


# %% tags=["try-9-7"]
def two_variances(eigenvalue, s2):
    return None


check("9.E7", two_variances)

# %% [markdown] tags=["ex-9-8"]
# **Exercise 9.8** ◆ Train `vae_of(latent=50)`. How many of the 50 are in use, and is the bound better? Is a number that is not in use
# dead, or not yet born? Find an experiment that tells.

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept** for later chapters: log p = ELBO + gap; the draw as $\mu+s\varepsilon$; the KL of Gaussians (diffusion is made of it); a
# direction dies below $\beta s^2$; sums over what is one image, means over images.
#
# **Not shown:** sharp samples. Networks of this size and these few steps draw soft digits, many between two; `tinygen train
# conv-vae` does better (docs/vae.md). Flows and autoregressive priors; discrete codes; $\beta>1$ on purpose, for numbers that mean one
# thing each.

# %% [markdown] tags=["src"]
# ## Sources
#
# * Eq. (9.1) to (9.3): D. Kingma, M. Welling, arXiv 1312.6114, Eq. 1 to 3, section 2.4, appendix B.
# * Eq. (9.4): I. Higgins et al., ICLR 2017 (β); the slip: fastai/course22p2, notebook 29; document 001, section 4.2 (erratum E5).
# * Eq. (9.5): M. Tipping, C. Bishop, J. R. Statist. Soc. B 61 (1999) 611, Eq. 7 and 8.
# * Eq. (9.6): J. Lucas et al., arXiv 1911.02469, section 4 (they have β = 1).
# * Eq. (9.7): Y. Burda, R. Grosse, R. Salakhutdinov, arXiv 1509.00519, theorem 1.
# * Exercise 9.2 is erratum E11 of the documents, 9.5 is E6; "adversarial training" (E10) stands in document 003. 9.4: a Japanese book's
#   `vae.py`, and keras, issue 3283.
