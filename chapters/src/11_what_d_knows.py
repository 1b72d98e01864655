# %% [markdown] tags=["head"]
# # 11. What does the discriminator know?
#
# **Minutes:** under 1, quick run under 1. **Data:** MNIST (the ink of each digit), digits (8×8).
# **Uses:** chapters 1, 3, 10. **Adds to tinygen:** `value`, `discriminator_loss` and
# `optimal_discriminator` of `tinygen/models/objectives.py`, the networks of `tinygen/models/gan.py`.
#
# Two networks play a game: a generator (生成器) makes samples, a discriminator (判别器) tells
# them from data. Here the generator stands still, and we ask what the discriminator can learn. The
# answer is one function, $\log p/q$; all that an adversarial model ever hears about the data comes
# through it. We compute it, watch a network find it, use it, and see what it cannot say.
#
# 本章概要：生成器不动，判别器最多能学到什么？最优判别器 D*=p/(p+q)，其 logit 是密度比的对数，其价值是 JS 散度。
# 逐一用两条路验证，再看它不知道什么：距离。

# %% tags=["setup"]
import math
from statistics import NormalDist

import matplotlib.pyplot as plt
import numpy as np

from tinygen import data, nn, ops, optim, plot, tensor
from tinygen.course import animate, chapter, check, drawn, predict
from tinygen.course import same, score, show, steps
from tinygen.models.gan import Discriminator, Generator
from tinygen.models.objectives import discriminator_loss, generator_loss
from tinygen.models.objectives import optimal_discriminator, value

rng = chapter(11)

# %% [markdown] tags=["click"]
# ## The picture
#
# Take one number of each MNIST image: its **ink**, the mean brightness, in standard units. Its
# density is $p$. A generator that writes too heavily makes ink $q=N(1,1)$. A small network $D$ sees
# numbers of both kinds and says how probable it is that one is real.


# %% tags=["def"]
BLUR = 0.25  # p is the ink of a random image plus N(0, BLUR^2): a density we know


def log_normal(x, mean, std):
    """log N(x; mean, std^2)."""
    return -0.5 * ((x - mean) / std) ** 2 - np.log(std * math.sqrt(2 * math.pi))


def log_ink(x, ink):
    """log p at points x: the mean of a Gaussian around the ink of every image."""
    each = log_normal(x[:, None], ink, BLUR)
    return np.logaddexp.reduce(each, axis=1) - math.log(len(ink))


def logits_at(D, x):
    """The logits of D at the numbers x, in float64."""
    return D(tensor(np.float32(x[:, None]))).data[:, 0].astype(float)


def learn(D, adam, real, fake):
    """One step of D: real (N, ...) against fake (N, ...).  -> L_D"""
    adam.zero_grad()
    loss = discriminator_loss(D(tensor(np.float32(real))), D(tensor(np.float32(fake))))
    loss.backward()
    adam.step()
    return loss.item()


# %% tags=["click"]
images = data.load("mnist").train.images.mean(axis=(1, 2, 3))
ink = (images - images.mean()) / images.std()
grid = np.linspace(-5, 7, 401)
p, q = np.exp(log_ink(grid, ink)), np.exp(log_normal(grid, 1.0, 1.0))
draw_ink = lambda n: rng.choice(ink, (n, 1)) + BLUR * rng.standard_normal((n, 1))
draw_heavy = lambda n: 1.0 + rng.standard_normal((n, 1))

D = Discriminator((1,), 32, rng=rng)
adam, seen = optim.Adam(D.parameters(), lr=3e-3), []
for step in range(steps(400, 8)):
    if step in (0, 1, 2, 4, 6, 8, 11, 15, 20, 28, 40, 60, 90, 140, 200, 300, 399):
        seen.append((step, logits_at(D, grid)))
    learn(D, adam, draw_ink(256), draw_heavy(256))


def climbing(figure, i):
    step, logits = seen[min(i, len(seen) - 1)]
    axes = figure.subplots()
    axes.fill_between(grid, p, alpha=0.25, color="tab:blue", label="p: real ink")
    axes.fill_between(grid, q, alpha=0.25, color="tab:orange", label="q: heavy ink")
    axes.plot(grid, p / (p + q), "k:", label="p / (p + q)")
    axes.plot(grid, 1 / (1 + np.exp(-logits)), color="tab:red", label=f"D, step {step}")
    axes.set(xlim=(-3, 5), ylim=(0, 1.02), xlabel="ink, standard units")
    axes.set_ylabel("density; probability")
    axes.legend(loc="upper right", fontsize=8)


animate(drawn(climbing, 17, size=(5.6, 3)), milliseconds=260)

# %% [markdown]
# *What to see:* the red curve begins flat at ½ and climbs onto the dotted one, which the network was
# never shown. At both ends, where there is next to nothing to see, it does not get there.

# %% [markdown] tags=["recall"]
# ## Recall
#
# * **R1** (chapter 3) A classifier says ½ for every image, of two classes. Its cross-entropy, in nats?
# * **R2** (chapter 3) Cross-entropy is entropy plus KL. Which of the two can a model not change?
#   (`"entropy"` or `"KL"`)
# * **R3** (chapter 10) The Fréchet distance of $N(0,1)$ and $N(2,1)$, as our library gives it (a number).

# %% tags=["recall"]
check("11.R1", None)
check("11.R2", None)
check("11.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# A world of two images, *light* and *dark*. Of the data, ¾ are light; of the samples, ¼. You see a
# light one; both sources are equally likely. Odds are 3 : 1 that it is real, so say $D=\frac34$; for a
# dark one say $\frac14$. The mean of $\log D$ over data plus the mean of $\log(1-D)$ over samples is
# $2(\frac34\log\frac34+\frac14\log\frac14)=-1.1247$. Who always says ½ gets $2\log\frac12=-1.3863$.

# %% tags=["byhand"]
data_light, samples_light, D_light, D_dark = 3 / 4, 1 / 4, 3 / 4, 1 / 4
real = data_light * math.log(D_light) + (1 - data_light) * math.log(D_dark)
fake = samples_light * math.log(1 - D_light)
fake += (1 - samples_light) * math.log(1 - D_dark)
print(real + fake, 2 * math.log(1 / 2))

# %% [markdown] tags=["eq-11-1"]
# ## The game
#
# This mean is the **value** (价值函数) of the game. $D$ wants it large: its loss is minus the value. $G$
# wants it small. With $q$ the density of $G(z)$,
#
# $$
# V(D,G)=\mathbb E_{x\sim p}[\log D(x)]+\mathbb E_{x\sim q}[\log(1-D(x))]=-L_D\qquad\text{(11.1)}
# $$
#
# The network gives a **logit** $\ell$, and $D=\sigma(\ell)$. So $\log D=-\log(1+e^{-\ell})$ and
# $\log(1-D)=-\log(1+e^{\ell})$, exact for every $\ell$. We write $V$ twice: for probabilities (the cells of a
# fine grid), and for a batch, by the library.


# %% tags=["code-11-1"]
def V(logits, log_p, log_q):
    """The value, for log-probabilities of data and samples.  Eq. (11.1)."""
    real = np.exp(log_p) * np.logaddexp(0, -logits)
    fake = np.exp(log_q) * np.logaddexp(0, logits)
    return -np.sum(real) - np.sum(fake)


def of_batch(real_logits, fake_logits):
    """V and L_D of a batch, by the library.  Eq. (11.1)."""
    real, fake = tensor(np.float64(real_logits)), tensor(np.float64(fake_logits))
    return value(real, fake).item(), discriminator_loss(real, fake).item()


# %% tags=["same-11-1"]
logits = np.array([0.4, -1.2, 2.5])
counts = np.array([5, 2, 3]), np.array([1, 7, 2])  # how often of ten each x comes
by_batch, loss = of_batch(*(np.repeat(logits, n) for n in counts))
same(
    "11.1",
    by_probabilities=V(logits, *(np.log(n / 10) for n in counts)),
    by_batch=by_batch,
    by_minus_the_loss=-loss,
)

# %% [markdown] tags=["eq-11-2"]
# ## The best discriminator
#
# What $D$ says at one $x$ binds it nowhere else. So maximise $p\log D+q\log(1-D)$ at each $x$ alone: the
# slope $p/D-q/(1-D)$ is zero at
#
# $$
# D^*(x)=\frac{p(x)}{p(x)+q(x)}\qquad\text{(11.2)}
# $$
#
# This is Bayes' rule for the coin that chose between data and samples: the posterior
# probability of *real*.


# %% tags=["code-11-2"]
def best_D(log_p, log_q):
    """The best D at each x, against fixed densities.  Eq. (11.2)."""
    return optimal_discriminator(np.exp(log_p), np.exp(log_q))


# %% tags=["same-11-2"]
fine = np.linspace(1e-6, 1 - 1e-6, 2_000_001)
searched = [fine[(a * np.log(fine) + b * np.log1p(-fine)).argmax()] for a, b in
            [(0.7, 0.2), (0.05, 1.3)]]  # fmt: skip
same(
    "11.2",
    rtol=1e-6,
    by_formula=best_D(np.log([0.7, 0.05]), np.log([0.2, 1.3])),
    by_search=searched,
)

# %% [markdown] tags=["eq-11-3"]
# ## What it is worth
#
# Let $m=\frac12(p+q)$. Then $D^*=p/2m$ and $1-D^*=q/2m$, so each logarithm is one of a ratio to $m$, less
# $\log 2$. The value is then twice the **Jensen–Shannon divergence** (JS散度), less $\log 4$:
#
# $$
# V(D^*,G)=-\log4+2\,\mathrm{JSD},\qquad \mathrm{JSD}=\tfrac12\mathrm{KL}(p\|m)+\tfrac12\mathrm{KL}(q\|m)\qquad\text{(11.3)}
# $$
#
# JSD is the *information*, in nats, that one look at $x$ gives about the coin.


# %% tags=["code-11-3"]
def jensen_shannon(log_p, log_q):
    """JSD in nats, of log-probabilities.  Eq. (11.3)."""
    log_m = np.logaddexp(log_p, log_q) - math.log(2)
    real = np.sum(np.exp(log_p) * (log_p - log_m))
    fake = np.sum(np.exp(log_q) * (log_q - log_m))
    return real / 2 + fake / 2


def two_normals(distance, std=1.0, reach=20.0, cells=8001):
    """x and log-probabilities of its cells: N(-d/2, std^2) and N(d/2, std^2)."""
    x, width = np.linspace(-reach, reach, cells, retstep=True)
    centres = -distance / 2, distance / 2
    return x, *(log_normal(x, c, std) + math.log(width) for c in centres)


# %% tags=["same-11-3"]
worlds = [two_normals(d) for d in (0, 1, 3)]
best_logits = lambda log_p, log_q: np.log(best_D(log_p, log_q) / best_D(log_q, log_p))
same(
    "11.3",
    by_the_best_D=[V(lp - lq, lp, lq) for _, lp, lq in worlds],
    by_divergence=[-math.log(4) + 2 * jensen_shannon(lp, lq) for _, lp, lq in worlds],
)
x, lp, lq = two_normals(1, reach=4)
print("with the grid cut at 4:", V(lp - lq, lp, lq))

# %% [markdown]
# Gaussians at distance 0, 1 and 3. The last line is a warning to all who check such numbers: a grid
# that ends at $\pm4$ looks generous, but each density still has $2\cdot10^{-4}$ of its mass outside, and the
# fifth digit is gone.

# %% [markdown] tags=["eq-11-4"]
# ## What it knows
#
# Undo the sigmoid in Eq. (11.2): what is left in the logit is the **density ratio** (密度比).
#
# $$
# \ell^*(x)=\log\frac{D^*(x)}{1-D^*(x)}=\log\frac{p(x)}{q(x)}\qquad\text{(11.4)}
# $$
#
# Nothing of $p$ alone: where $q$ is zero too, $D$ learns nothing. For two Gaussians it is a parabola,
# $\frac12(\frac{x-\mu_q}{s_q})^2-\frac12(\frac{x-\mu_p}{s_p})^2+\log\frac{s_q}{s_p}$, and a straight line if $s_p=s_q$.


# %% tags=["code-11-4"]
def gaussian_logit(x, mean_p, std_p, mean_q, std_q):
    """The best logit between N(mean_p, std_p^2) and N(mean_q, std_q^2).  Eq. (11.4)."""
    from_q, from_p = (x - mean_q) / std_q, (x - mean_p) / std_p
    return from_q**2 / 2 - from_p**2 / 2 + np.log(std_q / std_p)


# %% tags=["same-11-4"]
x = np.array([-1.7, 0.3, 2.2])
best = best_D(log_normal(x, -0.4, 0.8), log_normal(x, 0.9, 1.9))
same(
    "11.4",
    by_parabola=gaussian_logit(x, -0.4, 0.8, 0.9, 1.9),
    by_undoing_the_sigmoid=np.log(best / (1 - best)),
)

# %% [markdown] tags=["eq-11-5"]
# ## Any discriminator is a witness
#
# $D^*$ has the largest value there is, so every other $D$ shows a lower one, and its loss is a lower bound
# on the divergence. The upper bound: one look cannot tell more than the coin had, $\log 2$.
#
# $$
# \log2-\tfrac12L_D\;\le\;\mathrm{JSD}(p\|q)\;\le\;\log 2\qquad\text{(11.5)}
# $$
#
# The left side holds for the *expected* loss, not for that on samples which $D$ has learned. See P5.


# %% tags=["code-11-5"]
def witnessed(loss):
    """The divergence that a discriminator's loss proves, in nats.  Eq. (11.5)."""
    return math.log(2) - loss / 2


# %% tags=["same-11-5"]
x, lp, lq = two_normals(1)
same(
    "11.5",
    by_the_loss_of_the_best_D=witnessed(-V(lp - lq, lp, lq)),
    by_definition=jensen_shannon(lp, lq),
)
for told, boldness in (("a coin", 0), ("half as bold", 0.5), ("twice as bold", 2)):
    proof = witnessed(-V(boldness * (lp - lq), lp, lq))
    print(f"{told:14} proves {proof:.4f} nats")

# %% [markdown] tags=["eq-11-6"]
# ## What a worse one loses
#
# How far below? At $x$ there is a coin that shows *real* with probability $D^*$, and $D$ is a model of it: by
# chapter 3, a model's extra cross-entropy is a KL. Summed over data and samples,
#
# $$
# V(D^*,G)-V(D,G)=\int(p+q)\,\Big[D^*\log\frac{D^*}{D}+(1-D^*)\log\frac{1-D^*}{1-D}\Big]\,dx\qquad\text{(11.6)}
# $$
#
# The bracket is never negative and zero only at $D=D^*$: Eq. (11.2) again, now with no calculus. And
# $p+q$ says *where* $D$ has to be right: where data or samples are.


# %% tags=["code-11-6"]
def shortfall(logits, log_p, log_q):
    """What logits lose against the best ones, in nats, as a mean KL.  Eq. (11.6)."""
    best = log_p - log_q
    log_real = np.logaddexp(0, -logits) - np.logaddexp(0, -best)  # log D*/D
    log_fake = np.logaddexp(0, logits) - np.logaddexp(0, best)
    D = 1 / (1 + np.exp(-best))
    weight = np.exp(log_p) + np.exp(log_q)
    return np.sum(weight * (D * log_real + (1 - D) * log_fake))


# %% tags=["same-11-6"]
same(
    "11.6",
    by_mean_KL=shortfall(0.6 * x + 0.2, lp, lq),
    by_two_values=V(lp - lq, lp, lq) - V(0.6 * x + 0.2, lp, lq),
)

# %% [markdown] tags=["eq-11-7"]
# ## What one can do with it
#
# If $\ell$ is $\log p/q$, then $e^{\ell}$ turns means over samples into means over *data*, which nobody sampled:
#
# $$
# \mathbb E_{x\sim q}\big[e^{\ell^*(x)}f(x)\big]=\mathbb E_{x\sim p}[f(x)]\qquad\text{(11.7)}
# $$
#
# With a trained $D$ the weights are only nearly right, so we divide by their sum. The weight is the *odds*
# $D/(1-D)$, not $D$.


# %% tags=["code-11-7"]
def reweighted(f, logits):
    """The mean of f over the data, from samples and D's logits there.  Eq. (11.7)."""
    weights = np.exp(logits - np.max(logits))  # a common factor cancels
    return np.sum(weights * f) / np.sum(weights)


# %% tags=["same-11-7"]
sample = [NormalDist(0.5, 1).inv_cdf((k + 0.5) / 50_000) for k in range(50_000)]
sample = np.array(sample)  # 50,000 samples, evenly placed
same(
    "11.7",
    rtol=2e-3,
    by_weighing_samples=reweighted(sample**2, gaussian_logit(sample, -0.5, 1, 0.5, 1)),
    by_closed_form=(-0.5) ** 2 + 1,
)

# %% [markdown] tags=["predict"]
# ## Predictions
#
# P1: a logistic $D$ with the features 1, $x$, $x^2$ is trained on $p=N(0,1)$ against $q=N(1,2^2)$: by Eq.
# (11.4) the weight of $x^2$ must become $\frac12(\frac14-1)$. P2: how many nats below $D^*$ will the network of the
# first picture end, fully trained? P3: now let the generator be *perfect*, $q=p$. Many a text says that $D$ is
# then fooled and calls the samples real: $D\approx1$. We put that down. P4: heavy ink has mean 1, the
# data 0; weighed by the trained $D$, samples should give the mean of the data. P5: $D$ learns 100 digits against
# 100 *other real digits*. The divergence is 0. On fresh digits, is what Eq. (11.5) "proves" above 0 or below?

# %% tags=["predict"]
curved = predict("11.P1", "weight of x^2 in a trained logit", -0.375, rtol=1e-9)
short = predict("11.P2", "nats below the best D", between=(0, 0.005))
fooled = predict("11.P3", "D at samples of a perfect G", between=(0.9, 1.0))
moved = predict("11.P4", "mean ink of weighed samples", between=(-0.1, 0.1))
fresh = predict("11.P5", "divergence 'proved' on fresh digits", sign=-1)

# %% [markdown] tags=["build"]
# ## The same in tinygen
#
# The losses, as every adversarial model of this book uses them, and the documents' network.

# %% tags=["build"]
show(discriminator_loss)
show(optimal_discriminator)
show(Discriminator)

# %% [markdown] tags=["run"]
# ## Run: a parabola, and the ink of digits
#
# P1 has a loss that is convex in three weights; Newton's method (chapter 5 has the slower ones)
# needs ten steps on the grid. Then the network, three seeds.

# %% tags=["run"]
x = np.linspace(-30, 30, 12001)
cell = math.log(x[1] - x[0])
lp, lq = log_normal(x, 0, 1) + cell, log_normal(x, 1, 2) + cell
features, w = np.stack([np.ones_like(x), x, x**2], axis=1), np.zeros(3)
for _ in range(12):
    belief = 1 / (1 + np.exp(-features @ w))
    weight = np.exp(lp) + np.exp(lq)
    slope = features.T @ (np.exp(lp) - weight * belief)
    w += np.linalg.solve(
        (features.T * (weight * belief * (1 - belief))) @ features, slope
    )
curved.measure(w[2])


def trained(draw_real, draw_fake, seed, count):
    """A discriminator of numbers after so many steps."""
    D = Discriminator((1,), 32, rng=np.random.default_rng(seed))
    adam = optim.Adam(D.parameters(), lr=3e-3)
    for _ in range(count):
        learn(D, adam, draw_real(256), draw_fake(256))
    return D


# %% tags=["run"]
count, cell = steps(1500, 10), math.log(grid[1] - grid[0])
lp, lq = np.log(p) + cell, np.log(q) + cell
nets = [trained(draw_ink, draw_heavy, seed, count) for seed in range(3)]
short.measure([shortfall(logits_at(D, grid), lp, lq) for D in nets])

sample = draw_heavy(20_000)[:, 0]
moved.measure([reweighted(sample, logits_at(D, sample)) for D in nets])

perfect = [trained(draw_ink, draw_ink, seed, count) for seed in range(3)]
sample = draw_ink(20_000)[:, 0]
fooled.measure(
    [np.mean(1 / (1 + np.exp(-logits_at(D, sample)))) for D in perfect],
    missed="a perfect generator does not fool D, it leaves it without evidence: p = q "
    "makes D* = 1/2 everywhere. D = 1 at a sample means p >> q there.",
)

# %% tags=["run"]
heavy = draw_heavy(20_000)[:, 0]
logits = logits_at(nets[0], heavy)
figure, (left, right) = plt.subplots(1, 2)
left.plot(grid, np.log(p / q), "k:", label="log p/q")
for D, told in zip(nets, ("a trained D", None, None), strict=True):
    left.plot(grid, logits_at(D, grid), color="tab:red", lw=0.8, label=told)
left.set(xlim=(-4, 6), ylim=(-8, 8), xlabel="ink, standard units", ylabel="logit")
left.legend()
bins = np.linspace(-4, 5, 46)
right.hist(heavy, bins, density=True, alpha=0.35, color="tab:orange", label="samples")
right.hist(
    heavy, bins, weights=np.exp(logits), density=True, histtype="step",
    color="tab:red", label="weighed by D",
)  # fmt: skip
right.plot(grid, p, "k:", label="p")
right.set(xlim=(-4, 5), ylim=(0, 0.56), xlabel="ink, standard units")
right.set_ylabel("density")
right.legend(loc="upper right")

# %% [markdown]
# *What to see:* left, three networks on $\log p/q$ where there is ink, and each its own way outside: there
# $p+q$ in Eq. (11.6) is nothing. Right, orange samples become the data's density by weights
# alone. At the left end the steps are rough: few samples carry large weights (exercise 11.7).

# %% [markdown] tags=["run"]
# ## Run: a discriminator that learns by heart
#
# Digits against digits: 100 train as "real", 100 others as "fake". $D$ is the dense network on 8×8 pixels.
# We note Eq. (11.5) on these 200 and on 1,200 fresh ones.

# %% tags=["run"]
digits = data.to_float(data.load("digits").train.images)
curves = []
for seed in range(3):
    own = np.random.default_rng(seed)
    order = own.permutation(len(digits))[:1400]
    known, new = digits[order[:200]], tensor(digits[order[200:]])
    D = Discriminator(digits.shape[1:], 64, rng=own)
    adam, curve = optim.Adam(D.parameters(), lr=1e-3), []
    for _ in range(steps(200, 4)):
        logits = D(new)
        told = discriminator_loss(logits[:600], logits[600:]).item()
        curve.append((witnessed(learn(D, adam, known[:100], known[100:])),
                      witnessed(told)))  # fmt: skip
    curves.append(curve)
fresh.measure([curve[-1][1] for curve in curves])

# %% tags=["run"]
figure, axes = plt.subplots(figsize=(5, 2.8))
for curve, told in zip(curves, (True, False, False), strict=True):
    by_heart, on_fresh = np.transpose(curve)
    axes.plot(by_heart, color="C0", label="on the 200 it learned" if told else None)
    axes.plot(on_fresh, color="C1", label="on fresh digits" if told else None)
axes.axhline(0, color="k", ls=":", label="the truth: 0")
axes.set(xlabel="step", ylabel="log 2 - L_D / 2 (nats)", ylim=(-1.8, 0.8))
axes.legend()

# %% [markdown]
# *What to see:* blue rises to $\log2$, the most there is: $D$ is right about all it knows. Orange falls: on
# fresh digits it is sure and wrong. Both sets have the same density. A discriminator of finite data
# knows *names*, not densities, unless it is kept from it; this is why GANs on few images fail.

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: the generator that no data reach
#
# **Symptom.** Both losses fall to 0 as if trained well, and every sample is a white square.
# Suspects: (a) the step size is too large; (b) $D$ is too strong; (c) $G$'s loss does not contain $D$.
#
# This is one of the documents' own listings (ours to referee): cross-entropy of the label 1 against
# the *pixels* of the fake. **One number:** the change of $G$'s loss when $D$ is replaced by another.


# %% tags=["lab"]
def printed(D, fake):
    return -ops.mean(ops.log((fake + 1) / 2 + 1e-7))  # pixels as probabilities


def called(D, fake):
    return generator_loss(D(fake))


def play(loss_of, seed, count):
    """A GAN of 8x8 digits.  -> 12 samples, how much another D changes G's loss"""
    own = np.random.default_rng(seed)
    G = Generator(16, (1, 8, 8), 64, rng=own)
    D, other = (Discriminator((1, 8, 8), 64, rng=own) for _ in "ab")
    adams = [
        optim.Adam(net.parameters(), lr=1e-3, betas=(0.5, 0.999)) for net in (G, D)
    ]
    noise = lambda n: tensor(np.float32(own.standard_normal((n, 16))))
    for _ in range(count):
        fake = G(noise(64))
        learn(D, adams[1], digits[own.integers(len(digits), size=64)], fake.data)
        adams[0].zero_grad()
        with nn.frozen(D):
            loss_of(D, fake).backward()
        adams[0].step()
    fake = G(noise(12))
    return fake.data, abs(loss_of(D, fake).item() - loss_of(other, fake).item())


# %% tags=["lab"]
rows = []
for loss_of in (printed, called):
    played = [play(loss_of, seed, steps(1200, 3)) for seed in range(3)]
    rows.append(played[0][0])
    print(f"{loss_of.__name__:8} another D changes G's loss by",
          *(f"{change:.3g}" for _, change in played), " mean pixel",
          *(f"{made.mean():.2f}" for made, _ in played))  # fmt: skip
print(f"mean pixel of the data {digits.mean():.2f}")
figure, axes = plt.subplots(figsize=(6, 1.9))
axes.imshow(plot.image_grid(np.concatenate([*rows, digits[:12]]), 12))
axes.set(xticks=[], yticks=[25, 75, 125], yticklabels=["printed", "called", "data"])
axes.grid(False)

# %% [markdown] tags=["lab"]
# *What to see:* white squares; then strokes, some of them digits; then data.
#
# The change is exactly 0: (c). $D$ learned, and nobody asked it. By Eq. (11.4) all that is known
# about $p$ sits in $\ell$; a loss without $\ell$ has no way to the data. Its optimum is $\log 1$: white.
#
# ```diff
# -    loss_G = cross_entropy(ones, fake)
# +    loss_G = cross_entropy(ones, D(fake))
# ```
#
# **Where the cure fails.** Connected is not enough. If $D$ is sure, what reaches $G$ may be nothing:
# the next lab, and chapter 12.

# %% [markdown] tags=["lab"]
# ## Failure lab: the perfect discriminator
#
# **Symptom.** The loss of D is 0 and stays 0, whether the samples lie near the data or far away.
# Suspects: (a) $D$ learned its samples by heart; (b) its logits overflow; (c) the divergence itself is flat.
#
# Two narrow Gaussians, $s=0.1$, at distances 1 to 4. **One number:** JSD by Eq. (11.3), in which there is
# no network at all. The cure to be tried: add noise $N(0,1)$ to data *and* samples.

# %% tags=["lab"]
distances = [1.0, 2.0, 3.0, 4.0]


def proved(noise, distance, seed):
    """What a trained D proves, on fresh samples."""
    own = np.random.default_rng(seed)
    spread = math.hypot(0.1, noise)
    real = lambda n: -distance / 2 + spread * own.standard_normal((n, 1))
    fake = lambda n: distance / 2 + spread * own.standard_normal((n, 1))
    D = trained(real, fake, seed, steps(150, 2))
    return witnessed(of_batch(*(logits_at(D, r(4000)[:, 0]) for r in (real, fake)))[1])


figure, axes = plt.subplots(figsize=(5, 2.8))
for noise, told in ((0.0, "as they are"), (1.0, "with noise")):
    d = np.linspace(0, 5, 101)
    exact = [jensen_shannon(*two_normals(t, math.hypot(0.1, noise))[1:]) for t in d]
    (line,) = axes.plot(d, exact, label=f"JSD, {told}")
    found = [[proved(noise, t, seed) for t in distances] for seed in range(3)]
    axes.plot(distances, np.transpose(found), "o", ms=4, color=line.get_color())
    print(f"{told:12}", *(f"{v:.4f}" for v in np.mean(found, axis=0)))
axes.set(xlabel="distance of the samples from the data", ylabel="nats", ylim=(0, 0.75))
axes.legend()

# %% [markdown] tags=["lab"]
# *What to see:* lines are exact, dots are trained discriminators, three seeds. Blue jumps to $\log 2$ and is flat:
# from distance 1 to 4 nothing changes. Orange rises all the way.
#
# It is (c). By Eq. (11.5) JSD ends at $\log2$, and it is there as soon as one look decides. Better
# training makes it worse: the perfect $D$ knows *that* the samples are false, and not *how far*. In one line:
#
# ```diff
# -    logits = D(x)
# +    logits = D(x + noise)        # data and samples alike
# ```
#
# **Where the cure fails.** Noise hides what is finer than itself, so in the end it must go; and at a distance of
# 16 noise widths the second curve is flat too ($10^{-15}$ below $\log2$). Chapter 14 changes the distance instead.

# %% [markdown] tags=["ex-11-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("11.E1")` helps, `solution("11.E1")` tells.
#
# **Exercise 11.1** ○ *Referee.* A lecture prints V = L_D + L_G, with L_G = -E log D(G(z)). A discriminator
# answers D = 0.8 to everything. How much larger is the right side than the left, in nats?

# %% tags=["try-11-1"]
check("11.E1", None)

# %% [markdown] tags=["ex-11-2"]
# **Exercise 11.2** ● A batch has a share π of data and $1-\pi$ of samples, and the loss is the mean over the whole
# batch. Which $D$ is best?


# %% tags=["try-11-2"]
def best_with_prior(p, q, prior):
    return None


check("11.E2", best_with_prior)

# %% [markdown] tags=["ex-11-3"]
# **Exercise 11.3** ● *One-sided label smoothing*: data count as real with $1-s$ only, samples as fake
# wholly. Derive the best $D$. (Where $p$ is nearly 0, is it near 0 too? Would it be with two-sided smoothing?)


# %% tags=["try-11-3"]
def best_when_smoothed(p, q, s):
    return None


check("11.E3", best_when_smoothed)

# %% [markdown] tags=["ex-11-4"]
# **Exercise 11.4** ● *f-GAN.* Let $D$ give a number $T(x)$ and maximise $\mathbb E_p[T]-\mathbb E_q[e^{T-1}]$. Derive the best
# $T(x)$, and which divergence the maximum is.


# %% tags=["try-11-4"]
def best_T(p, q):
    return None


check("11.E4", best_T)

# %% [markdown] tags=["ex-11-5"]
# **Exercise 11.5** ○ *Referee.* A document says: training "maximises D's error, that is, D's ability to tell
# apart". The two halves cannot both be. What does training $D$ do with $D$'s error, and what does training
# $G$ do with it? Answer a pair of `"lowers"` and `"raises"`.

# %% tags=["try-11-5"]
check("11.E5", None)

# %% [markdown] tags=["ex-11-6"]
# **Exercise 11.6** ● Two Gaussians of std 1 lie 1.5 apart, data and samples equally likely. How often,
# at least, is any discriminator wrong?

# %% tags=["try-11-6"]
check("11.E6", None)

# %% [markdown] tags=["ex-11-7"]
# **Exercise 11.7** ● Weights $w=e^{\ell^*}$ make $n$ samples worth only $n/\mathbb E_q[w^2]$. Two Gaussians of std 1 lie
# 2 apart. Of 10000 weighed samples, how many count?

# %% tags=["try-11-7"]
check("11.E7", None)

# %% [markdown] tags=["ex-11-8"]
# **Exercise 11.8** ◆ Show $D$ *two* independent samples at once, both real or both false. Which logit is best?
# Is the divergence larger? A generator makes perfect images, but only half of all there are: how often is the best $D$
# wrong with one look, how often with two?

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept** for later chapters: $D^*=p/(p+q)$; a logit is $\log p/q$; $L_D=2\log2-2\,\mathrm{JSD}$ at best, so
# $L_D=2\log 2=1.386$ is what a *perfect generator* leaves, and $L_D=0$ is a perfect discriminator; any
# discriminator on fresh samples is a witness.
#
# **Not shown:** a generator that moves (chapter 12); what a network in high dimensions can be: Eq. (11.2) lets $D$ be
# any function, and no network is.

# %% [markdown] tags=["src"]
# ## Sources
#
# * Eq. (11.1): I. Goodfellow et al., *Generative adversarial nets*, arXiv 1406.2661, Eq. 1. Eq. (11.2): their
#   proposition 1. Eq. (11.3): their theorem 1; they write JSD with the same halves.
# * Eq. (11.4), (11.7): M. Sugiyama et al., *Density ratio estimation in machine learning*, 2012, chapter 4.
# * Eq. (11.5): S. Nowozin et al., *f-GAN*, arXiv 1606.00709, Eq. 4, for this divergence (exercise 11.4: their
#   table 2). Eq. (11.6) is chapter 3's $\mathrm{CE}=\mathrm H+\mathrm{KL}$ at each $x$; the statement is ours.
# * The perfect discriminator, and noise against it: M. Arjovsky and L. Bottou, arXiv 1701.04862, theorems 2.1 to 2.4
#   and section 3. P3: the same reversed sentence is in a well-known textbook (d2l-en, pull request 459).
# * Exercises 11.1 and 11.5 and the first lab: errata E1, E2, E4 of the documents this library follows.
