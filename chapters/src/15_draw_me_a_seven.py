# %% [markdown] tags=["head"]
# # 15. Draw me a seven?
#
# **Minutes:** 2, quick run under 1. **Data:** MNIST (28×28).
# **Uses:** chapters 3, 7, 10, 11, 13. **Adds to tinygen:** the labels in `tinygen/models/dcgan.py`,
# `ConditionalBatchNorm2d` and `ClassProjection` of `tinygen/nn/normal.py`, the recipe `cgan`.
#
# So far the generator draws what it likes. Now it is *asked*: it gets a label with its noise, and is to draw that
# class. It is easy to give a network a label; the question is who makes it *mean* anything. We ask what the best
# discriminator of pairs is, find that it has two parts, build the second as one inner product, and
# see what a generator does with a label that nobody checks. Not what most people expect.
#
# 本章概要：条件生成对抗网络让生成器按标签作画。最优判别器的对数几率分成两部分：像不像，与标签配不配；
# 后者就是一个内积（投影）。若判别器看不到标签，生成器并不忽略它，而是把它当作噪声随意使用。

# %% tags=["setup"]
import itertools
import math

import matplotlib.pyplot as plt
import numpy as np

from tinygen import data, init, metrics, nn, no_grad, tensor
from tinygen.course import animate, chapter, check, predict
from tinygen.course import same, score, show, steps
from tinygen.models.dcgan import Discriminator
from tinygen.models.objectives import optimal_discriminator, value
from tinygen.recipes.dcgan import ConditionalGAN

rng = chapter(15)

# %% [markdown] tags=["click"]
# ## The picture
#
# A conditional GAN (条件生成对抗网络), narrow so that it trains in a minute: 24 channels before the last stage where
# the recipe has 64, batches of 32. Each row is a class, asked for by its label; each column is *one* $z$.


# %% tags=["def"]
SMALL = {"latent": 32, "batch_size": 32, "lr": 1e-3, "ema": 0.99}


def train(recipe, count, look=lambda step: None):
    """`count` steps; look(step) before each and after the last."""
    for step in range(count):
        look(step)
        batch = recipe.data.batch(step)
        recipe.train_step(batch, step, recipe.streams(step))
    look(count)
    return recipe


def asked(recipe, labels, seed=0, copies=1):
    """An image for each label; the z are repeated `copies` times, in turns."""
    noise = np.random.default_rng(seed).standard_normal((len(labels) // copies, 32))
    z = tensor(np.tile(np.float32(noise), (copies, 1)))
    with no_grad(), recipe.averaged():
        return recipe.generate(z, tensor(np.asarray(labels))).data


def sheet(x, rows=10):
    """Images (N, 1, 28, 28) as one, `rows` of them below each other."""
    x = data.to_uint8(x).reshape(rows, -1, 28, 28)
    return x.transpose(0, 2, 1, 3).reshape(28 * rows, -1)


# %% tags=["click"]
count, film = steps(1000, 2), []
looks = {int(count * (i / 15) ** 2) for i in range(16)}
in_rows = np.repeat(np.arange(10), 10)


def look(step):
    if step in looks:
        film.append(sheet(asked(cgan, in_rows, copies=10)))


cgan = ConditionalGAN(ConditionalGAN.Config(width=24, **SMALL))
train(cgan, count, look)
animate(film, milliseconds=300, scale=1.6)

# %% [markdown]
# *What to see:* at first all rows are alike, then classes come out of the blobs one by one, 0 and 1 before
# the rest. Within a column the digits tend to be thick or thin together: $z$ has become the hand that writes.

# %% [markdown] tags=["recall"]
# ## Recall
#
# * **R1** (chapter 11) At a point $p=0.3$ and $q=0.1$. $D^*$?
# * **R2** (chapter 13) KL from uniform of 500 even labels of 10 classes, nearly?
# * **R3** (chapter 7) Batch norm (批归一化) in training, scale 2, shift $-1$. The mean of its output in each channel?

# %% tags=["recall"]
check("15.R1", None)
check("15.R2", None)
check("15.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# Two images, ◯ and |, and two labels, 0 and 1, each asked for half of the time. Data: ◯ with 0, | with 1, always. Generator: ◯ or | by a
# coin, whatever the label. A discriminator that sees *images* only: both kinds are as frequent in data as in samples, $D=\frac12$, it
# has nothing to say. One that sees *pairs*: (◯, 0) is data with $\frac12$, sample with $\frac14$, so $D^*=\frac23$; and (◯, 1) is never
# data: $D^*=0$. The generator is perfect for the first and caught by the second.

# %% tags=["byhand"]
p = np.array([[0.5, 0.0], [0.0, 0.5]])  # image by label
q = np.full((2, 2), 0.25)
print("images:", optimal_discriminator(p.sum(1), q.sum(1)))
print("pairs: ", optimal_discriminator(p, q).round(3).tolist())

# %% [markdown] tags=["eq-15-1"]
# ## The value of pairs
#
# Write the label $y$ behind a bar everywhere: $D(x|y)$, $G(z|y)$. Data are pairs; for a sample a label is drawn first, as
# often as in the data. Sorted by labels, the value is a mean of values:
#
# $$
# V(D,G)=\sum_yp(y)\,V_y,\qquad V_y=\mathbb E_{x|y}\log D(x|y)+\mathbb E_z\log(1-D(G(z|y)|y))\qquad\text{(15.1)}
# $$
#
# So this is one game for each class, weighted by how frequent the class is: ten GANs of chapter 11 which share their weights.


# %% tags=["code-15-1"]
def by_class(real_logits, fake_logits, labels):
    """The value as a mean of the values of the classes.  Eq. (15.1)."""
    total = 0.0
    for y in np.unique(labels):
        own = labels == y
        V_y = value(tensor(real_logits[own]), tensor(fake_logits[own])).item()
        total += own.mean() * V_y
    return total


# %% tags=["same-15-1"]
labels = rng.integers(3, size=50)
real, fake = rng.normal(1, 2, (50, 1)), rng.normal(-1, 2, (50, 1))
same(
    "15.1",
    by_classes=by_class(real, fake, labels),
    by_all_at_once=value(tensor(real), tensor(fake)).item(),
)

# %% [markdown] tags=["eq-15-2"]
# ## What the best D of pairs says
#
# Of pairs, too, $D^*=p/(p+q)$, Eq. (11.2), with $p(x,y)$ and $q(x,y)$. Its logit, by $p(x,y)=p(x)\,p(y|x)$, is a sum of two:
#
# $$
# \ell^*(x,y)=\log\frac{p(x,y)}{q(x,y)}=\log\frac{p(x)}{q(x)}+\log\frac{p(y|x)}{q(y|x)}\qquad\text{(15.2)}
# $$
#
# *Is it like data?* and *does the label fit?* The first is all that a $D$ without labels can say.


# %% tags=["code-15-2"]
def best_logit(p, q):
    """Of tables p, q (images, labels).  Eq. (15.2)."""
    D = optimal_discriminator(p, q)
    return np.log(D) - np.log(1 - D)


def two_parts(p, q):
    """How real the image is, and how well the label fits.  Eq. (15.2)."""
    px, qx = p.sum(axis=1, keepdims=True), q.sum(axis=1, keepdims=True)
    return np.log(px / qx), np.log((p / px) / (q / qx))


# %% tags=["same-15-2"]
p, q = rng.random((4, 3)), rng.random((4, 3))
p, q = p / p.sum(), q / q.sum()
real_part, label_part = two_parts(p, q)
same("15.2", by_ratio=best_logit(p, q), by_two_parts=real_part + label_part)

# %% [markdown] tags=["eq-15-3"]
# ## Projection
#
# Let $\varphi(x)$ be features and both $p(y|x)$ and $q(y|x)$ a softmax of them (chapter 3), with weights $u_y$ and $v_y$. The normalisers do not
# depend on $y$, so the label's part is $(u_y-v_y)^\top\varphi$ and something of $x$ alone. One vector $e_y=u_y-v_y$ for each class is
# enough; $\ell(x,y)=w^\top\varphi+b+e_y^\top\varphi$. Between two labels
#
# $$
# \ell(x,y)-\ell(x,y')=(e_y-e_{y'})^\top\varphi(x)=\log\frac{p(y|x)}{p(y'|x)}-\log\frac{q(y|x)}{q(y'|x)}\qquad\text{(15.3)}
# $$
#
# This is the **projection** (投影) discriminator: the label enters by an inner product, at the very end.


# %% tags=["code-15-3"]
def by_projection(phi, u, v, labels):
    """What the library adds to the logit, with embeddings u - v.  Eq. (15.3)."""
    project = nn.ClassProjection(*u.shape, rng=np.random.default_rng(0))
    project.embedding.weight.assign(np.float32(u - v))
    return project(tensor(np.float32(phi)), tensor(labels)).data[:, 0]


def by_odds(phi, u, v, labels, others):
    """The log-odds of a label against another: of data, less of samples.  Eq. (15.3)."""
    n, gap = np.arange(len(phi)), 0.0
    for weights, sign in ((u, 1), (v, -1)):
        scores = phi @ weights.T
        chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        gap = gap + sign * np.log(chances[n, labels] / chances[n, others])
    return gap


# %% tags=["same-15-3"]
u, v, phi = (rng.standard_normal((n, 5)) for n in (4, 4, 3))
label, other = np.array([0, 3, 2]), np.array([1, 1, 0])
gap = by_projection(phi, u, v, label) - by_projection(phi, u, v, other)
same(
    "15.3",
    rtol=1e-5,
    by_projection=gap,
    by_odds=by_odds(phi, u, v, label, other),
)

# %% [markdown] tags=["eq-15-4"]
# ## In the generator
#
# $G$ gets the label twice. An embedding (嵌入) beside $z$: to the first layer that is a bias for each class (exercise
# 15.5). And at every later stage **conditional batch norm**, with a scale and a shift for each class:
#
# $$
# x'_{nkhw}=\gamma_{y_n,k}\,\frac{x_{nkhw}-\mu_k}{\sqrt{s_k^2+\epsilon}}+\beta_{y_n,k}\qquad\text{(15.4)}
# $$
#
# $\mu_k$ and $s_k^2$ are those of the whole batch, all classes together. A normalisation within each class would give every class the
# same mean, and undo what the layer before has learnt of it.


# %% tags=["code-15-4"]
def conditional_norm(x, labels, gamma, beta, eps=1e-5):
    """In plain numbers.  Eq. (15.4)."""
    mean, variance = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    spread = lambda a: a[..., None, None]
    normal = (x - spread(mean)) / np.sqrt(spread(variance) + eps)
    return spread(gamma[labels]) * normal + spread(beta[labels])


def by_layer(x, labels, gamma, beta):
    """The same by the library.  Eq. (15.4)."""
    layer = nn.ConditionalBatchNorm2d(gamma.shape[1], len(gamma))
    layer.gamma.assign(np.float32(gamma)), layer.beta.assign(np.float32(beta))
    return layer(tensor(np.float32(x)), tensor(labels)).data


# %% tags=["same-15-4"]
x, labels = rng.normal(2, 3, (6, 2, 3, 3)), np.array([0, 2, 1, 1, 2, 0])
gamma, beta = rng.normal(1, 1, (3, 2)), rng.normal(0, 1, (3, 2))
same(
    "15.4",
    rtol=1e-4,
    by_formula=conditional_norm(x, labels, gamma, beta),
    by_library=by_layer(x, labels, gamma, beta),
)

# %% [markdown] tags=["eq-15-5"]
# ## If D is blind to labels
#
# Then its logit is $\log p(x)/q(x)$, and nobody would notice if the labels had other names. Let $M_{yc}$ be the share of class $c$ among
# the samples asked for as $y$. Every renaming $\pi$ of the labels gives a generator that is just as good for $D$; over all of them
# the mean accuracy (准确率) is
#
# $$
# \frac1{K!}\sum_\pi\frac1K\sum_yM_{\pi(y)\,y}=\frac1K\qquad\text{(15.5)}
# $$
#
# whatever $M$ is: a label is asked for under each name equally often, and the rows of $M$ sum to 1.


# %% tags=["code-15-5"]
def accuracy(M):
    """Share of samples that are of the class asked for, each asked as often."""
    return np.trace(M) / len(M)


def mean_accuracy(M):
    """The same under every renaming of the labels, averaged.  Eq. (15.5)."""
    names = list(itertools.permutations(range(len(M))))
    return np.mean([accuracy(M[list(name)]) for name in names])


# %% tags=["same-15-5"]
M = rng.random((4, 4)) ** 3
M /= M.sum(axis=1, keepdims=True)
same("15.5", by_all_renamings=mean_accuracy(M), by_formula=1 / 4)

# %% [markdown] tags=["eq-15-6"]
# ## The judge errs too
#
# We judge by the classifier of chapter 7, which is right for a share $t=0.986$ of real digits. If its mistakes fall evenly on the other classes, a true
# accuracy $a$ is seen as
#
# $$
# a'=a\,t+(1-a)\,\frac{1-t}{K-1}\qquad\text{(15.6)}
# $$
#
# A perfect generator gets $t$, not 1. With $N$ samples there is a standard error of $\sqrt{a'(1-a')/N}$ besides.


# %% tags=["code-15-6"]
def seen_accuracy(a, t, K=10):
    """What a classifier that is right with t makes of a true accuracy a.  Eq. (15.6)."""
    return a * t + (1 - a) * (1 - t) / (K - 1)


def judged(M, t):
    """Accuracy after the classifier: M times its own confusions.  Eq. (15.6)."""
    K = len(M)
    confusion = np.full((K, K), (1 - t) / (K - 1))
    np.fill_diagonal(confusion, t)
    return accuracy(M @ confusion)


# %% tags=["same-15-6"]
by_formula = seen_accuracy(accuracy(M), 0.986, K=4)
same("15.6", by_formula=by_formula, by_matrices=judged(M, 0.986))

# %% [markdown] tags=["eq-15-7"]
# ## How loud is the label at the start?
#
# Embeddings are random at first. With entries of variance $s^2$ the label's part of the logit has
#
# $$
# \mathbb E\,(e_y^\top\varphi)^2=s^2\,|\varphi|^2\qquad\text{(15.7)}
# $$
#
# An embedding's usual $s=1$ gives it the length of $\varphi$: hundreds of features speak at once, before $D$ has seen an image. tinygen
# starts with $s^2=1/F$ for $F$ features, so that it is as large as one typical feature.


# %% tags=["code-15-7"]
def loudness(phi, s):
    """Mean square of the label's part at the start.  Eq. (15.7)."""
    return s**2 * (phi**2).sum()


def loudness_seen(phi, classes, own):
    """The same by the library, over many classes.  Eq. (15.7)."""
    project = nn.ClassProjection(classes, len(phi), rng=own)
    many = np.tile(np.float32(phi), (classes, 1))
    return (project(tensor(many), tensor(np.arange(classes))).data ** 2).mean()


# %% tags=["same-15-7"]
phi = rng.standard_normal(50)
same(
    "15.7",
    rtol=0.05,  # 20,000 classes: a standard error of 1 %
    by_formula=loudness(phi, 50**-0.5),
    by_library=loudness_seen(phi, 20_000, rng),
)

# %% [markdown] tags=["predict"]
# ## Predictions
#
# P1: accuracy of the narrow cgan as the classifier sees it. P2: the mean over all 3,628,800 renamings of *its* labels: by Eq.
# (15.5) no need to try them. Then $D$ is made blind, $G$ keeps its labels. P3: accuracy, by Eq. (15.5) with a wide interval: only
# three seeds. P4, what most expect: "the label does nothing, so $G$ *ignores* it". Then each label gives the same mixture of classes, and the most frequent
# class of a label has about as much as the most frequent of all, 0.1 to 0.25. P5: $z$ is the hand: the ink of two classes drawn with the same $z$ is
# correlated.

# %% tags=["predict"]
right = predict("15.P1", "accuracy, narrow cgan", between=(0.7, 0.95))
renamed = predict("15.P2", "its mean over all renamings", 0.1, rtol=1e-9)
blind = predict("15.P3", "accuracy, D blind", between=(0.02, 0.22))
ignored = predict(
    "15.P4", "a label's most frequent class, D blind", between=(0.1, 0.25)
)
hand = predict("15.P5", "correlation of ink, same z", sign=1)

# %% [markdown] tags=["build"]
# ## The same in tinygen

# %% tags=["build"]
show(nn.ConditionalBatchNorm2d)
show(nn.ClassProjection)
show(Discriminator.forward)

# %% [markdown] tags=["run"]
# ## Run: asked and judged

# %% tags=["def"]
IN_TURN = np.arange(1000) % 10


def confusion(x, labels):
    """M[y, c]: of the samples asked for as y, the share that is seen as c."""
    M = np.zeros((10, 10))
    np.add.at(M, (labels, metrics.classifier().predict(x)), 1)
    return M / M.sum(axis=1, keepdims=True)


def together(x, copies=10):
    """Mean correlation of the ink of two classes drawn with the same z."""
    ink = x.mean(axis=(1, 2, 3)).reshape(copies, -1)  # class, z
    pairs = np.corrcoef(ink)
    return (pairs.sum() - copies) / (copies * (copies - 1))


# %% tags=["run"]
x = asked(cgan, IN_TURN, seed=1)
M = confusion(x, IN_TURN)
right.measure(accuracy(M))
renamed.measure(M.sum() / 100)
hand.measure(together(asked(cgan, np.repeat(np.arange(10), 100), copies=10)))
error = 2 * math.sqrt(accuracy(M) * (1 - accuracy(M)) / 1000)
print(f"accuracy {accuracy(M):.3f} +- {error:.3f}; of each class", np.diag(M).round(2))
figure, (left, middle) = plt.subplots(1, 2, figsize=(6, 2.9))
left.imshow(M, vmin=0, vmax=1, cmap="Blues")
left.set(xlabel="seen as", ylabel="asked for", title="samples")
test = data.load("mnist").test
real = confusion(data.to_float(test.images), test.labels)
middle.imshow(real, vmin=0, vmax=1, cmap="Blues")
middle.set(xlabel="seen as", ylabel="is", title="held-out digits")
for axes in (left, middle):
    axes.grid(False), axes.set_xticks(range(10)), axes.set_yticks(range(10))

# %% [markdown]
# *What to see:* a dark diagonal at the left, darker at the right. What falls beside it is mostly a *bad*
# digit, not a good one of another class.
#
# ## Run: a discriminator that sees no labels
#
# The generator is as before, with embedding and conditional norm. Three seeds each, 400 steps, narrower: 16 channels.


# %% tags=["def"]
class Blind(ConditionalGAN):
    """The same, with a D that never sees a label."""

    def networks(self, rng):
        G, _ = super().networks(rng)
        return G, Discriminator(self.data.shape, self.config.width // 2, rng=rng)

    def judge(self, x, labels):
        return self.D(x)


# %% tags=["run"]
arms, tables = {"blind": Blind, "projection": ConditionalGAN}, {}
for told, kind in arms.items():
    tables[told] = []
    for seed in range(3):
        recipe = kind(kind.Config(width=16, seed=seed, **SMALL))
        table = lambda r=recipe: confusion(asked(r, IN_TURN[:500]), IN_TURN[:500])
        path = []
        train(
            recipe,
            steps(400, 2),
            lambda step, f=table, path=path: step % 100 or path.append(f()),
        )
        tables[told].append(path)
    if told == "blind":
        sample = asked(recipe, in_rows, copies=10)
last = [path[-1] for path in tables["blind"]]
blind.measure([accuracy(M) for M in last])
reason = (
    "D cannot tell, so G may do with the label what it likes, and it likes to use it: "
)
reason += "ten more numbers of noise."
ignored.measure([M.max(axis=1).mean() for M in last], missed=reason)
print("most frequent class of all:", np.round([M.mean(axis=0).max() for M in last], 2))

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: it draws every digit but the one you asked for
#
# **Symptom.** All ten classes are there and the samples are as good as ever, but they are not the classes that were asked for.
# Suspects: (a) the classifier that judges is wrong; (b) the label does not reach $G$'s layers; (c) $D$ does not see it.
#
# **One number:** how much the most frequent class of a label has. **One picture:** the confusions, and ten samples of each label.

# %% tags=["lab"]
figure, axes = plt.subplots(1, 4, figsize=(6.6, 2.1), width_ratios=(1, 1, 1, 1.3))
for place, M, seed in zip(axes, last, range(3), strict=False):
    place.imshow(M, vmin=0, vmax=1, cmap="Blues")
    place.set(xlabel="seen as", title=f"blind, seed {seed}")
    place.set_xticks([0, 5, 9]), place.set_yticks([0, 5, 9]), place.grid(False)
axes[0].set_ylabel("asked for")
axes[3].imshow(sheet(sample)), axes[3].axis("off")
axes[3].set_title("seed 2, a row a label")
for told, paths in tables.items():
    M = [path[-1] for path in paths]
    print(f"{told:10} right {np.round([accuracy(m) for m in M], 2)}", end="  ")
    print(f"most frequent {np.round([m.max(axis=1).mean() for m in M], 2)}")

# %% [markdown] tags=["lab"]
# *What to see:* dark cells off the diagonal. A row of samples is *one* kind of shape, over and over: each label has its
# own, and which is chance.
#
# So the label does reach $G$: not (b). The judge is right on 98.6 % of real digits: not (a). It is (c), Eq. (15.2): without
# labels $D$ has the first part only. $G$ is free to call a seven "3". The cure is the second part:
#
# ```diff
# - logits = head(features)
# + logits = head(features) + project(features, labels)     # Eq. (15.3)
# ```

# %% tags=["lab"]
figure, axes = plt.subplots(figsize=(5, 2.8))
for color, (told, paths) in enumerate(tables.items()):
    for k, path in enumerate(paths):
        line = 100 * np.arange(len(path)), [accuracy(M) for M in path]
        axes.plot(*line, color=f"C{1 - color}", label=None if k else told)
axes.axhline(0.1, color="k", ls=":", lw=1, label="1/10, Eq. (15.5)")
axes.set(xlabel="steps", ylabel="share as asked for", ylim=(0, 1))
axes.legend(loc="upper left", fontsize=8)

# %% [markdown] tags=["lab"]
# *What to see:* blue leaves the dotted line at once and goes on rising; orange stays about it.
#
# **Where the cure fails.** With the label too loud. The same with embeddings of variance 1, Eq. (15.7):


# %% tags=["lab"]
class Loud(ConditionalGAN):
    """The same, with the usual first embeddings N(0, 1) in the projection."""

    def networks(self, rng):
        G, D = super().networks(rng)
        weight = D.project.embedding.weight
        weight.assign(init.normal(weight.shape, 0.0, 1.0, rng=rng))
        return G, D


loud = train(Loud(Loud.Config(width=16, **SMALL)), steps(400, 2))
x = asked(loud, IN_TURN[:500])
print("as asked for", accuracy(confusion(x, IN_TURN[:500])).round(3))
figure, axes = plt.subplots(figsize=(2.6, 2.6))
axes.imshow(sheet(asked(loud, in_rows, copies=10))), axes.axis("off")

# %% [markdown] tags=["lab"]
# *What to see:* each label has one picture, whatever $z$, and it is hardly a digit. $D$ has begun by listening to the labels alone,
# $G$ by pleasing ten random vectors; that is mode collapse (模式坍塌) within each class.

# %% [markdown] tags=["ex-15-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("15.E1")` helps, `solution("15.E1")` tells.
#
# **Exercise 15.1** ○ The generator is perfect: q(x|y) = p(x|y). But in the data a class has the share 0.05, and samples are
# asked for with the share 0.2. What is the best D on images of this class?

# %% tags=["try-15-1"]
check("15.E1", None)

# %% [markdown] tags=["ex-15-2"]
# **Exercise 15.2** ● *Shuffled labels.* By a mistake the labels of the *data* are shuffled before training. Write the best logit for a pair, from
# $p(x)$, $p(y)$, $q(x)$, $q(y|x)$. What will a generator learn to do with labels?


# %% tags=["try-15-2"]
def shuffled_logit(px, py, qx, qyx):
    return None


check("15.E2", shuffled_logit)

# %% [markdown] tags=["ex-15-3"]
# **Exercise 15.3** ○ A classifier is right on 0.986 of real digits, its mistakes fall evenly on the other 9 classes. It finds 0.9 of the samples to
# be as asked for. What is the true accuracy?

# %% tags=["try-15-3"]
check("15.E3", None)

# %% [markdown] tags=["ex-15-4"]
# **Exercise 15.4** ○ The document's $G$ begins with a layer from 100 numbers to 6272. An embedding of 10 classes in 100 numbers is put beside $z$.
# How many parameters more?

# %% tags=["try-15-4"]
check("15.E4", None)

# %% [markdown] tags=["ex-15-5"]
# **Exercise 15.5** ● The first layer is $W$ of shape (outputs, 2 · latent), applied to $z$ and the embedding $e_y$ behind it. Show that the
# label is a bias, and write it.


# %% tags=["try-15-5"]
def bias_of(W, e):
    return None


check("15.E5", bias_of)

# %% [markdown] tags=["ex-15-6"]
# **Exercise 15.6** ○ Blind D, accuracy 0.1 in truth. You judge 500 samples. Which interval, two standard errors wide on each side, should the
# measured accuracy fall in? Give the pair. (Our three seeds spread farther: say why.)

# %% tags=["try-15-6"]
check("15.E6", None)

# %% [markdown] tags=["ex-15-7"]
# **Exercise 15.7** ● A blind generator has ended with exactly one class for each of 10 labels, all different, by chance. How probable is it that not one label is right?

# %% tags=["try-15-7"]
check("15.E7", None)

# %% [markdown] tags=["ex-15-8"]
# **Exercise 15.8** ◆ Walk from one class to another: a straight line between the two embeddings *and* the two rows of every `gamma` and
# `beta` of `cgan.G`. Then with the embedding alone, and with the norms alone. Which of the two carries the class?

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept** for later chapters: the logit of pairs has two parts; a label means only what somebody checks; projection; conditional norm;
# accuracy beside the judge's own.
#
# **Not shown:** an auxiliary classifier in $D$; captions in place of labels; the full network, which `tinygen train cgan` trains in four minutes: 96 % as
# asked for, and better digits than without labels (docs/dcgan.md).

# %% [markdown] tags=["src"]
# ## Sources
#
# * Eq. (15.1): M. Mirza, S. Osindero, arXiv 1411.1784, Eq. 2.
# * Eq. (15.2), (15.3): T. Miyato, M. Koyama, arXiv 1802.05637, Eq. 1 to 3; they write $y$ as a one-hot vector.
# * Eq. (15.4): V. Dumoulin, J. Shlens, M. Kudlur, arXiv 1610.07629, Eq. 5 (for instances); H. de Vries et al., arXiv
#   1707.00683 (for batches). The document 002, section 3.3, breaks off here.
# * Eq. (15.5) to (15.7): our computations. The first weights of projection differ from the paper's code, for the reason shown.
