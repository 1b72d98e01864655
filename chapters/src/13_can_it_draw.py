# %% [markdown] tags=["head"]
# # 13. Can it draw, and can it draw everything?
#
# **Minutes:** 2, quick run under 1. **Data:** MNIST (28×28), a ring of 8 Gaussians.
# **Uses:** chapters 6, 7, 10, 11, 12. **Adds to tinygen:** `tinygen/models/dcgan.py`, `tinygen/ema.py`,
# `minibatch_std` of `tinygen/models/critic.py`, `tinygen/data/modes.py`.
#
# Chapter 12 moved one number. Now the generator (生成器) is a stack of transposed convolutions and draws digits, in
# twenty seconds. Whether it draws *well* you see; whether it draws *everything* you do not: a
# generator that makes one perfect seven for ever fools the eye, and, as we will find, the loss too. So we learn to
# count modes, make a GAN lose them on purpose, and bring them back.
#
# 本章概要：DCGAN 用转置卷积画数字。画得像不等于画得全：用模态数、类别直方图的 KL、生日问题来清点；
# 再故意让判别器变慢，引发模式坍塌，并用小批量标准差、R1 与更快的判别器来治。

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np

from tinygen import data, grad, metrics, nn, no_grad, tensor
from tinygen.course import animate, chapter, check, drawn, predict
from tinygen.course import same, score, show, steps
from tinygen.data.modes import kl_to_uniform
from tinygen.ema import EMA
from tinygen.models.critic import minibatch_std
from tinygen.models.dcgan import Discriminator, Enlarge
from tinygen.recipes.adversarial import Adversarial
from tinygen.recipes.dcgan import DCGAN
from tinygen.recipes.gan import RingGAN
from tinygen.train import Points

rng = chapter(13)

# %% [markdown] tags=["click"]
# ## The picture
#
# Data are eight small clouds on a ring: eight **modes** (模态). Twice the same two networks play, with the same
# noise and the same losses; at the right the discriminator (判别器) learns with a fifth of the generator's step size.


# %% tags=["def"]
RING = data.plane("ring", std=0.05)


def ring_gan(seed=0, **options):
    """The recipe gan-ring: small networks, both with step size 1e-3 if not told."""
    config = RingGAN.Config(seed=seed, hidden=64, lr=1e-3, ema=0.0, **options)
    return RingGAN(config, Points(RING, batch_size=64, seed=seed))


def learn(recipe, step):
    """One step of D and of G.  -> L_D"""
    batch = recipe.data.batch(step)
    return recipe.train_step(batch, step, recipe.streams(step))["D"].item()


def made(recipe, n, seed=0):
    """n samples, of the same noise at every call."""
    with no_grad():
        return recipe.sample(n, rng=np.random.default_rng(seed)).data


def surface(D, fake):
    """D on a square, and where the samples are pushed: minus the slope of L_G."""
    line = np.linspace(-1.7, 1.7, 48, dtype=np.float32)
    places = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    with no_grad():
        logits = D(tensor(places)).data.reshape(48, 48)
    x = tensor(fake, requires_grad=True)
    (slope,) = grad(ring_gan().losses.generator(D(x)), [x])
    return 1 / (1 + np.exp(-logits)), -slope.data


# %% tags=["click"]
films = {"equal steps": [], "D's steps a fifth": []}
for film, lr_d in zip(films.values(), (1e-3, 2e-4), strict=True):
    recipe = ring_gan(lr_d=lr_d)
    for step in range(steps(640, 2)):
        learn(recipe, step)
        if step >= steps(240, 0) and step % 20 == 0:
            x = made(recipe, 64)
            film.append((step, x, *surface(recipe.D, x)))


def playing(figure, i):
    both = figure.subplots(1, 2, sharey=True)
    for axes, (told, film) in zip(both, films.items(), strict=True):
        step, x, D, push = film[min(i, len(film) - 1)]
        ends = (-1.7, 1.7)
        axes.imshow(
            D, extent=(*ends, *ends), origin="lower", cmap="RdBu", vmin=0.4, vmax=0.6
        )
        axes.plot(*RING.modes.T, "k+", ms=7)
        axes.quiver(*x.T, *push.T, angles="xy", scale=0.2, width=0.004)
        axes.plot(*x.T, ".", color="gold", ms=5, mec="k", mew=0.3)
        axes.set(xlim=ends, ylim=ends, xlabel="x", title=f"{told}, step {step}")
        axes.grid(False)
    both[0].set_ylabel("y")


animate(drawn(playing, 20, size=(5.6, 3), dpi=80), milliseconds=240)

# %% [markdown]
# *What to see:* crosses are the modes, dots are samples, arrows where they are pushed; blue is where $D$ believes. Left, dots
# settle around the crosses. Right, all of them lie on one short line, which swings to where it is blue; the
# blue fades there, and it swings on. At no time is there more than a cross or three. That is **mode collapse** (模式坍塌).

# %% [markdown] tags=["recall"]
# ## Recall
#
# * **R1** (chapter 6) A transposed convolution (转置卷积) of size 4 and stride 2 paints ones. Its brightest inner pixel over
#   its darkest?
# * **R2** (chapter 11) $L_D$ against a perfect generator, with the best $D$?
# * **R3** (chapter 12) $D=0.2$ on a sample. What is the slope of the non-saturating loss by the logit?

# %% tags=["recall"]
check("13.R1", None)
check("13.R2", None)
check("13.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# A generator has drawn 8 digits: `7 1 7 7 1 7 7 7`. Shares $\frac68,\frac28$, and eight classes at 0. Its entropy is
# $-\frac34\log\frac34-\frac14\log\frac14=0.562$: in effect $e^{0.562}=1.75$ classes. The best would be
# $\log10=2.303$. What is missing is 1.740 nats. Each of the digits may be perfect.

# %% tags=["byhand"]
counts = np.bincount([7, 1, 7, 7, 1, 7, 7, 7], minlength=10)
q = counts[counts > 0] / counts.sum()
entropy = -(q * np.log(q)).sum()
print(round(entropy, 3), round(math.exp(entropy), 2), round(math.log(10) - entropy, 3))

# %% [markdown] tags=["eq-13-1"]
# ## Sizes
#
# A filter of side $k$ in steps of $s$ over an image with a border of $p$ fits in so many places; the transposed
# one goes the same way back:
#
# $$
# n\to\Big\lfloor\frac{n+2p-k}{s}\Big\rfloor+1,\qquad n\to(n-1)\,s+k-2p\qquad\text{(13.1)}
# $$
#
# With $k=4$, $s=2$, $p=1$: half, rounded *down*, and twice. DCGAN's generator goes 7 → 14 → 28 and
# ends in tanh, so data must be in $[-1,1]$; its discriminator 28 → 14 → 7 → 3, and a head takes all of the $3\times3$.


# %% tags=["code-13-1"]
def conv_side(side, k=4, s=2, p=1):
    """How many places a filter fits in, along a side.  Eq. (13.1)."""
    return (side + 2 * p - k) // s + 1


def transposed_side(side, k=4, s=2, p=1):
    """The side that a transposed convolution paints.  Eq. (13.1)."""
    return (side - 1) * s + k - 2 * p


def in_library(side, own):
    """How often D shrinks a side, to how many places; what G's Enlarge makes of it."""
    D = Discriminator((1, side, side), 2, rng=own)
    places = D.head.weight.shape[1] // D.convs[-1].weight.shape[0]
    x = tensor(np.ones((1, 3, side, side), np.float32))
    return len(D.convs), places, Enlarge(3, 2, rng=own)(x).shape[2]


# %% tags=["same-13-1"]
shrinks, places, painted = in_library(28, rng)
side = 28
for _ in range(shrinks):
    side = conv_side(side)
same(
    "13.1",
    by_formula=[side**2, transposed_side(28)],
    by_library=[places, painted],
)

# %% [markdown] tags=["eq-13-2"]
# ## Counting modes
#
# On the ring we know where the modes are. A sample is of **high quality** if its nearest centre is within three standard
# deviations $s$; a mode is **covered** if one such sample is there. How many are there of the *data*? Their distance
# $r$ from the centre has $p(r)=\frac r{s^2}e^{-r^2/2s^2}$ in the plane, so
#
# $$
# P(r<w\,s)=1-e^{-w^2/2}\qquad\text{(13.2)}
# $$
#
# and $w=3$ gives 98.9 %: no generator should have more.


# %% tags=["code-13-2"]
def share_near(w):
    """Share of data within w standard deviations of their mode.  Eq. (13.2)."""
    return 1 - math.exp(-(w**2) / 2)


def share_counted(w, points, target):
    """The same, counted by the library.  Eq. (13.2)."""
    return data.modes_covered(points, target, within=w).high_quality


# %% tags=["same-13-2"]
points = RING.sample(100_000, rng=rng)
same(
    "13.2",
    atol=2e-3,
    by_formula=[share_near(w) for w in (1, 2, 3)],
    by_counting=[share_counted(w, points, RING) for w in (1, 2, 3)],
)

# %% [markdown] tags=["eq-13-3"]
# ## How evenly?
#
# Covered is a low bar: one sample is enough. With shares $q_m$ of $K$ modes (or classes that a classifier sees),
#
# $$
# \mathrm{KL}(q\|u)=\sum_m q_m\log(K\,q_m)=\log K-H(q)\qquad\text{(13.3)}
# $$
#
# is 0 if all are equally frequent and $\log K$ if there is one only. It is a **reverse** KL: model first.
# A mode that is missed costs nothing by itself; what the others have too much is counted.


# %% tags=["code-13-3"]
def unevenness(counts):
    """KL of shares from uniform, and log K less their entropy.  Eq. (13.3)."""
    return kl_to_uniform(counts), math.log(len(counts)) - metrics.class_entropy(counts)


# %% tags=["same-13-3"]
by_sum, by_entropy = unevenness(np.array([0, 6, 0, 2, 1]))
same("13.3", by_sum=by_sum, by_entropy=by_entropy)

# %% [markdown] tags=["eq-13-4"]
# ## The floor
#
# Even a perfect generator does not reach 0: counts of $N$ samples scatter. The count of one class is binomial, and means
# add, so the expectation can be summed exactly; by $q\log(Kq)\approx(q-\frac1K)+\frac K2(q-\frac1K)^2$ it is nearly
#
# $$
# \mathbb E\,\mathrm{KL}(\hat q\|u)\approx\frac{K-1}{2N}\qquad\text{(13.4)}
# $$
#
# $K-1$ and not $K$: the shares sum to 1, one of them is not free. For ten digits and $N=1000$: 0.0045 nats.


# %% tags=["code-13-4"]
def floor(K, N):
    """KL from uniform of N samples of a perfect generator, nearly.  Eq. (13.4)."""
    return (K - 1) / (2 * N)


def exact_floor(K, N):
    """The same without the approximation: a sum over binomial counts.  Eq. (13.4)."""
    total = 0.0
    for n in range(1, N + 1):
        ways = math.lgamma(N + 1) - math.lgamma(n + 1) - math.lgamma(N - n + 1)
        chance = math.exp(ways - n * math.log(K) + (N - n) * math.log1p(-1 / K))
        total += chance * n / N * math.log(n / N)
    return math.log(K) + K * total


# %% tags=["same-13-4"]
same("13.4", rtol=0.01, by_floor=floor(10, 1000), by_binomials=exact_floor(10, 1000))

# %% [markdown] tags=["eq-13-5"]
# ## The birthday test
#
# Classes are coarse: ten sevens could be *one* seven. How many different images can $G$ make? If $S$, equally likely, then $m$ of them
# are all different with
#
# $$
# P=\prod_{k=1}^{m-1}\Big(1-\frac kS\Big)\approx e^{-m(m-1)/2S}\qquad\text{(13.5)}
# $$
#
# Half of the batches of $m\approx\sqrt{2S\log2}$ have a pair. Seen the other way: a pair in half the batches of $m$ means
# a support of about $m^2/1.39$. With 23 people and 365 days it is the birthday problem.


# %% tags=["code-13-5"]
def all_differ(m, S):
    """Chance that m draws from S equally likely images are different.  Eq. (13.5)."""
    return math.exp(sum(math.log1p(-k / S) for k in range(1, m)))


def support(m):
    """How many images there are, if half of all batches of m have a pair."""
    return m**2 / (2 * math.log(2))


# %% tags=["same-13-5"]
same(
    "13.5", by_product=all_differ(75, 4000), by_counting=math.perm(4000, 75) / 4000**75
)
print(
    f"{1 - all_differ(23, 365):.4f} of 23 people; {support(75):.0f} images, if m = 75"
)

# %% [markdown] tags=["eq-13-6"]
# ## What D could see
#
# $D$ judges samples one by one: sixty-four times the same perfect seven are 64 perfect sevens. **Minibatch standard
# deviation** shows it the batch: the standard deviation of each feature over the batch, averaged over $F$ features,
# appended to every sample. Variance is within modes plus between their centres $c$:
#
# $$
# s_{\mathrm{batch}}=\frac1F\sum_f\sqrt{s^2+\mathrm{Var}_m(c_{mf})}\qquad\text{(13.6)}
# $$
#
# The ring has $\sqrt{s^2+\frac12}=0.71$ in both coordinates, one mode $s=0.05$.


# %% tags=["code-13-6"]
def spread(centres, s):
    """Minibatch std of clouds of std s around these centres.  Eq. (13.6)."""
    return np.sqrt(s**2 + centres.var(axis=0)).mean()


def spread_seen(centres, s):
    """The same by the library, of four points around each centre.  Eq. (13.6)."""
    corners = s * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    x = (centres[:, None] + corners).reshape(-1, 2)
    return minibatch_std(tensor(x)).data[0, -1]


# %% tags=["same-13-6"]
taken = [RING.modes[:m] for m in (1, 2, 3, 8)]
same(
    "13.6",
    rtol=1e-5,
    by_two_variances=[spread(c, 0.05) for c in taken],
    by_library=[spread_seen(c, 0.05) for c in taken],
)

# %% [markdown] tags=["eq-13-7"]
# ## An average that stands still
#
# Near the goal the players circle (chapter 12), and the last weights are one point of the circle. So samples are
# drawn with a **moving average** (滑动平均) of the weights, $\bar w\leftarrow d\,\bar w+(1-d)\,w$. If $w$ turns by the
# angle $\varphi$ at each step, $\bar w=(1-d)\sum_kd^kw_{t-k}$ is a geometric sum, and
#
# $$
# \frac{|\bar w|}{|w|}=\frac{1-d}{|1-d\,e^{i\varphi}|}\qquad\text{(13.7)}
# $$
#
# Much less than 1 as soon as a turn takes less than about $6/(1-d)$ steps: the average is near the centre, where no step ever was.


# %% tags=["code-13-7"]
def shrinkage(decay, angle):
    """Radius of the averaged weights over that of the weights.  Eq. (13.7)."""
    return (1 - decay) / abs(1 - decay * np.exp(1j * angle))


class Dial(nn.Module):
    """Two weights."""

    def __init__(self, w):
        self.w = tensor(w, requires_grad=True)


def averaged(path, decay):
    """The moving averages along a path of weights, by the library.  Eq. (13.7)."""
    dial = Dial(path[0])
    ema, seen = EMA(dial, decay), []
    for w in path:
        dial.w.assign(w)
        ema.update()
        seen.append(ema.averages["w"].copy())
    return np.array(seen)


# %% tags=["same-13-7"]
turns = 0.3 * np.arange(400)
circle = np.stack([np.cos(turns), np.sin(turns)], axis=1)
same(
    "13.7",
    by_formula=shrinkage(0.9, 0.3),
    by_library=np.hypot(*averaged(circle, 0.9)[-1]),
)

# %% [markdown] tags=["predict"]
# ## Predictions
#
# P1: KL from uniform of 1000 labels drawn at random, by Eq. (13.4). P2: batches of 75 from the 4,000 training digits with a
# pair in them. P3: the smallest GAN of chapter 12 in turns, $h=0.3$, turns by $\arccos(1-h^2/8)$ each step; with $d=0.99$
# its average has the radius (13.7). P4: our small DCGAN draws all classes, unevenly: KL from uniform well above the floor, well below
# the 1.74 of the paragraph above. P5, a common belief: "one sees in the loss when a GAN has lost its modes". Then $L_D$ of the slow
# $D$ is farther from $2\log2$, that of a perfect generator, than that of the fast one.

# %% tags=["predict"]
even = predict("13.P1", "KL of 1000 even labels", between=(0.0042, 0.0048))
pairs = predict("13.P2", "batches of 75 with a pair", between=(0.46, 0.54))
angle = math.acos(1 - 0.3**2 / 8)
centre = predict("13.P3", "radius of the average", shrinkage(0.99, angle), rtol=1e-3)
classes = predict("13.P4", "KL of the DCGAN's classes", between=(0.005, 0.15))
loss_tells = predict("13.P5", "distance from 2 log 2, slow D less fast", sign=1)

# %% [markdown] tags=["build"]
# ## The same in tinygen
#
# One stage of the generator; the discriminator's pass; and the step of *all* our GANs: $D$ on samples cut off from
# $G$ (`detach`), then $G$ through a frozen $D$.

# %% tags=["build"]
show(Enlarge)
show(Discriminator.features)
show(Adversarial.train_step)

# %% [markdown] tags=["run"]
# ## Run: digits
#
# A narrow DCGAN: 24 channels before the last stage where the paper's kind has 64 and more, batches of 32, R1 every eighth
# step, averaged weights. The full recipe, `tinygen train dcgan`, takes five minutes.

# %% tags=["run"]
dcgan = DCGAN(DCGAN.Config(width=24, latent=32, batch_size=32, lr=1e-3, ema=0.99))
film, count = [], steps(1200, 2)
looks = {int(count * (i / 19) ** 2.2) for i in range(20)}
for step in range(count + 1):
    if step in looks:
        grid = data.to_uint8(made(dcgan, 50)).reshape(5, 10, 28, 28)
        film.append(grid.transpose(0, 2, 1, 3).reshape(140, 280))
    if step < count:
        learn(dcgan, step)
animate(film, milliseconds=250, scale=2)

# %% [markdown]
# *What to see:* fifty $z$, the same in every frame. Blobs first, then strokes, then digits; the last frames repair single ones.
# Perhaps half you would read without doubt; others begin as one digit and end as another.

# %% tags=["run"]
seen = metrics.classifier()
images, labels = data.load("mnist").train.images, data.load("mnist").train.labels
x = made(dcgan, 1000, seed=1)
chances = seen.probabilities(x)
counts = metrics.class_histogram(chances.argmax(axis=1))
classes.measure(unevenness(counts)[0])
draws = rng.integers(10, size=(300, 1000))
even.measure([kl_to_uniform(np.bincount(row, minlength=10)) for row in draws])
batches = rng.integers(len(images), size=(2000, 75))
pairs.measure(np.mean([len(set(row)) < 75 for row in batches.tolist()]))

scatter = 2 * math.sqrt(1000 * 0.1 * 0.9)
figure, axes = plt.subplots(figsize=(5.4, 2.6))
axes.bar(range(10), counts, color="C1", label="DCGAN")
axes.axhspan(100 - scatter, 100 + scatter, alpha=0.3, label="a perfect one, 2 s.e.")
axes.set(xlabel="class that the classifier sees", ylabel="of 1000 samples")
axes.set_xticks(range(10)), axes.legend(ncols=2)
print(f"mean confidence {metrics.mean_confidence(chances):.3f}")

# %% [markdown]
# *What to see:* all ten classes are there; some are outside the band. The classifier must choose, though, and
# gives a class to a blot too: a histogram of classes is no measure of quality.
#
# And is there a pair? Among 75 samples we take the two nearest, as the classifier's features see it (chapter 10); the same
# among 75 training digits, all different.


# %% tags=["def"]
def nearest_pair(x):
    """Of images x the two with the nearest features.  -> their places, distance"""
    f = metrics.classifier().features(x).astype(float)
    apart = ((f[:, None] - f) ** 2).sum(axis=-1)
    np.fill_diagonal(apart, np.inf)
    i, j = np.unravel_index(apart.argmin(), apart.shape)
    return i, j, math.sqrt(apart[i, j])


# %% tags=["run"]
figure, axes = plt.subplots(2, 8, figsize=(6.4, 1.9))
real = data.to_float(images[rng.permutation(len(images))[:300]])
for row, source, told in zip(axes, (x, real), ("DCGAN", "data"), strict=True):
    apart = []
    for k in range(4):
        part = source[75 * k : 75 * k + 75]
        i, j, distance = nearest_pair(part)
        apart.append(distance)
        for place, n in zip(row[2 * k : 2 * k + 2], (i, j), strict=True):
            place.imshow(part[n, 0], vmin=-1, vmax=1), place.axis("off")
    print(f"{told}: nearest of 75 at", np.round(apart, 2))
    row[0].set_title(told, loc="left")

# %% [markdown]
# *What to see:* four batches each, their nearest pairs side by side. No two are the same image; of the data the nearest are
# ones, which *are* alike, and nearer than any pair of the DCGAN. No pair in four batches of
# 75: of 4,000 equally likely images that would happen in 6 % of all trials, Eq. (13.5), so there are probably more; that is all that the test can say.
#
# ## Run: a discriminator that is too slow


# %% tags=["def"]
def ring_run(seed, count, every=20, **options):
    """Train on the ring.  -> at every look: shares of modes, D there, covered, L_D"""
    recipe, rows = ring_gan(seed, **options), []
    places = tensor(RING.modes.astype(np.float32))
    losses = []
    for step in range(count):
        losses.append(learn(recipe, step))
        if (step + 1) % every == 0:
            found = data.modes_covered(made(recipe, 500), RING)
            near = found.counts / max(found.counts.sum(), 1)
            with no_grad():
                logits = recipe.D(places).data[:, 0]
            rows.append((near, logits, found.covered, np.mean(losses[-every:])))
    near, logits, covered, loss = map(np.array, zip(*rows, strict=True))
    return {"near": near, "logits": logits, "covered": covered, "L_D": loss}


# %% tags=["run"]
count = steps(1500, 40)
arms = {"equal steps": {"lr_d": 1e-3}, "D's steps a fifth": {"lr_d": 2e-4}}
plays = {
    told: [ring_run(seed, count, **options) for seed in range(3)]
    for told, options in arms.items()
}
figure, (left, right) = plt.subplots(1, 2)
for color, (told, runs) in enumerate(plays.items()):
    for k, run in enumerate(runs):
        look = {"color": f"C{color}", "alpha": 0.8, "lw": 1}
        at = 20 * np.arange(1, len(run["covered"]) + 1)
        left.plot(at, run["covered"], label=None if k else told, **look)
        right.plot(at, run["L_D"], **look)
right.axhline(2 * math.log(2), color="k", ls=":", label="2 log 2")
left.set(xlabel="steps", ylabel="modes covered, of 8", ylim=(-0.3, 8.3))
right.set(xlabel="steps", ylabel="$L_D$ (nats)")
left.legend(loc="center right"), right.legend()
off = [
    [abs(2 * math.log(2) - run["L_D"][len(run["L_D"]) // 2 :].mean()) for run in runs]
    for runs in plays.values()
]
reason = "a D that has lost track of G says 1/2, as if G were perfect."
loss_tells.measure(np.subtract(off[1], off[0]), missed=reason)

# %% [markdown]
# *What to see:* left, blue has all eight modes, orange one to three. Right, judged by the loss alone,
# *orange* is the one that has converged: it lies on the dotted line.

# %% tags=["run"]
theta, psi, path = 0.01, 0.0, []
for _ in range(6000):  # in turns, as in Eq. (12.6)
    psi -= 0.3 / 2 * theta
    theta += 0.3 / 2 * psi
    path.append((theta, psi))
means = averaged(np.array(path), 0.99)
size = lambda w: np.sqrt((w[2000:, 0] ** 2).mean())
centre.measure(size(means) / size(np.array(path)))

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: the clump that swings round the ring
#
# **Symptom.** All samples are alike, each is good, a while later they are alike again and others; the losses stand still at 1.386 and 0.693.
# Suspects: (a) $G$ has too little noise, or is too small, to reach all modes; (b) $D$ is too small to tell them apart; (c) $G$
# moves faster than $D$ can follow.
#
# **One number:** modes that had a third of the samples at *some* time: of 8. **One picture:** who is where,
# and what $D$ says there.

# %% tags=["lab"]
for told, runs in plays.items():
    late = [run["near"][len(run["near"]) // 5 :] for run in runs]
    print(
        f"{told:18} at some time:",
        [int((near > 1 / 3).any(axis=0).sum()) for near in late],
        "largest share, mean:",
        [round(float(near.max(axis=1).mean()), 2) for near in late],
    )
figure, axes = plt.subplots(2, 2, sharex=True, sharey=True, figsize=(6.4, 3.4))
for column, (told, options) in zip(axes.T, arms.items(), strict=True):
    run = ring_run(0, steps(400, 10), 5, **options)
    ends = (0, steps(400, 10), -0.5, 7.5)
    believed = run["logits"] - run["logits"].mean(axis=1, keepdims=True)
    look = {"aspect": "auto", "origin": "lower", "extent": ends}
    column[0].imshow(run["near"].T, vmin=0, vmax=0.7, **look)
    column[1].imshow(believed.T, vmin=-0.15, vmax=0.15, cmap="RdBu", **look)
    column[0].set_title(told)
    column[1].set_xlabel("step")
    [place.grid(False) for place in column]
axes[0, 0].set_ylabel("share of G\nin mode")
axes[1, 0].set_ylabel("logit of D\nless the mean")

# %% [markdown] tags=["lab"]
# *What to see:* above, white is where samples are; below, blue is where $D$ believes most. Right, $G$ is on a blue mode, it turns red under $G$,
# and $G$ is on another, at the far side; a swing takes about a hundred steps. Left, the same begins, and dies out: the shares become grey and even.
#
# The same $G$, with the same noise, gets to every mode in every run, so not (a); $D$ does see where $G$ is, so not (b). It is (c), and the equation is short: $\max_q\mathbb E_q\,\ell=\max_x\ell(x)$. Against a
# $D$ that stands still the best answer is *one point*. Only because $D$ answers at once is there any reason to spread.
#
# ```diff
# - ring_gan(lr_d=2e-4)
# + ring_gan(lr_d=2e-4, minibatch_std=True)    # D sees the batch, Eq. (13.6)
# + ring_gan(lr_d=2e-4, r1=1.0, r1_every=1)    # D is smooth, Eq. (12.7)
# + ring_gan(lr_d=1e-3)                        # D keeps up
# ```

# %% tags=["lab"]
cures = {
    "minibatch std": (3, 2500, {"lr_d": 2e-4, "minibatch_std": True}),
    "R1, weight 1": (3, 1500, {"lr_d": 2e-4, "r1": 1.0, "r1_every": 1}),
    "R1, weight 0.01": (1, 1500, {"lr_d": 2e-4, "r1": 0.01, "r1_every": 1}),
    "minibatch std, D a tenth": (1, 2500, {"lr_d": 1e-4, "minibatch_std": True}),
    "R1, weight 1, D a tenth": (1, 1500, {"lr_d": 1e-4, "r1": 1.0, "r1_every": 1}),
}
figure, axes = plt.subplots(figsize=(6, 3))
for color, (told, (seeds, last, options)) in enumerate(cures.items()):
    runs = [ring_run(seed, steps(last, 60), 60, **options) for seed in range(seeds)]
    print(f"{told:25} at the end", [int(run["covered"][-1]) for run in runs])
    for k, run in enumerate(runs if color < 3 else ()):
        at = 60 * np.arange(1, len(run["covered"]) + 1)
        look = {"color": f"C{(2, 3, 4)[color]}", "lw": 1.2}
        axes.plot(at, run["covered"], label=None if k else told, **look)
axes.set(xlabel="steps", ylabel="modes covered, of 8", ylim=(-0.3, 8.3))
axes.legend(loc="center right")

# %% [markdown] tags=["lab"]
# *What to see:* both cures fill the ring, R1 mostly sooner; with a hundredth of its weight R1 does nothing.
#
# **Where the cure fails.** With $D$'s steps a *tenth* of $G$'s, neither helps within these steps. And the spread of a batch is one
# number: two opposite modes have the same as all eight (exercise 13.6). The cure without such limits is
# the dull one: let $D$ keep up.

# %% [markdown] tags=["ex-13-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("13.E1")` helps, `solution("13.E1")` tells.
#
# **Exercise 13.1** ○ *Referee.* A printed discriminator shrinks three times (k = 4, s = 2, p = 1), has 128 channels then, and ends in
# `Linear(128 * 4 * 4, 1)`. Its images have the side 28. How many inputs must the head have?

# %% tags=["try-13-1"]
check("13.E1", None)

# %% [markdown] tags=["ex-13-2"]
# **Exercise 13.2** ○ *Referee.* The same listing loads images with `ToTensor`, bytes 0..255 to $[0,1]$, and its $G$ ends in tanh. One
# negative pixel gives a sample away. Write what the bytes should become.


# %% tags=["try-13-2"]
def prepared(byte):
    return None


check("13.E2", prepared)

# %% [markdown] tags=["ex-13-3"]
# **Exercise 13.3** ● *Referee.* It also leaves $G$ in the graph while $D$ is updated: no `detach`. In
# multiply-adds for an image $G$'s forward pass costs $g=7.25$ and $D$'s $d=2.88$ million; a backward pass
# costs twice its forward pass. How much do $D$'s gradients change, relative, without `detach`; and which share of the work of $D$'s step is
# wasted? Give the pair, as functions of $g$ and $d$.


# %% tags=["try-13-3"]
def undetached(g, d):
    return None


check("13.E3", undetached)

# %% [markdown] tags=["ex-13-4"]
# **Exercise 13.4** ○ A generator makes 6 of 24 modes, equally often, and nothing else. What is its KL from uniform, in nats?

# %% tags=["try-13-4"]
check("13.E4", None)

# %% [markdown] tags=["ex-13-5"]
# **Exercise 13.5** ● You look at batches of 400 samples; half of them have a pair. About how many images can the generator make?

# %% tags=["try-13-5"]
check("13.E5", None)

# %% [markdown] tags=["ex-13-6"]
# **Exercise 13.6** ● *A D that is fooled.* Points are on a circle of radius 1, $s=0$. Compute the minibatch std of the points for the
# whole ring of 8, for two opposite modes at 0° and 180°, and for two at 45° and 225°. Give the three numbers as a tuple.

# %% tags=["try-13-6"]
check("13.E6", None)

# %% [markdown] tags=["ex-13-7"]
# **Exercise 13.7** ● Suppose a clump runs round the ring once in 160 steps. Samples are drawn with averaged weights,
# $d=0.999$. If the clump's place were a linear function of the weights: how far from the ring's centre, in radii, do the averaged
# samples lie? As a function of both numbers.


# %% tags=["try-13-7"]
def from_centre(decay, period):
    return None


check("13.E7", from_centre)

# %% [markdown] tags=["ex-13-8"]
# **Exercise 13.8** ◆ *Two time scales.* `ring_run(0, 2000, lr_d=...)`: find the slowest $D$ that keeps eight modes. Then make $G$'s
# noise 16 numbers instead of two (`latent=16`): does the border move? And with two steps of $D$ for each of $G$
# (`d_steps=2`)?

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept** for later chapters: sizes; modes, KL from uniform and its floor; averaged weights; the step of all our GANs; a loss
# says nothing about coverage; $D$ must keep up.
#
# **Not shown:** that real DCGANs lose modes for the *same* reason; a mode of a real data set, which nobody can list; unrolled GANs, which let
# $G$ look ahead; losses that make a slow $D$ harmless (chapter 14 tries).

# %% [markdown] tags=["src"]
# ## Sources
#
# * DCGAN: A. Radford, L. Metz, S. Chintala, arXiv 1511.06434. Exercises 13.1 to 13.3 are errata E7, E8, E9 of the documents.
# * Eq. (13.2), (13.3): Z. Lin et al., PacGAN, arXiv 1712.04086, section 4.1 (three numbers; no formula for the first).
# * Eq. (13.4): G. Miller, 1955, the bias of an entropy. Eq. (13.5): S. Arora, Y. Zhang, arXiv 1706.08224: they look at pairs by eye.
# * Eq. (13.6): T. Karras et al., arXiv 1710.10196, section 3; the split into two variances is textbook.
# * Eq. (13.7): our computation; averaging in GANs: Y. Yazıcı et al., arXiv 1806.04498.
# * D and its speed: M. Heusel et al., arXiv 1706.08500 (two time scales); L. Metz et al., arXiv 1611.02163 (the clump that runs round).
