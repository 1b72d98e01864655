# %% [markdown] tags=["head"]
# # 7. Why does normalising help, and when does it lie?
#
# **Minutes:** 1, quick run under 1. **Data:** MNIST (28×28), digits (8×8).
# **Uses:** chapters 1 to 6. **Adds to tinygen:** `tinygen/nn/normal.py`, and the classifier that measures
# (`tinygen/metrics/network.py`, `digit_classifier.py`, `train_classifier.py`).
#
# Chapter 4 chose the first weights so that signals keep their size. Here a layer sees to it at every step. That lets us
# take larger steps, and makes weights behave oddly. It also ties the images of a batch together: a network that is right for 986 of
# 1,000 digits, left in the wrong mode, is right for 145 when they come in another order. We build that network: the later chapters measure with it.
#
# 本章概要：批归一化如何计算、如何求导，为何权重长度不再重要。训练本书的测量工具（数字分类器）。
# 训练模式与评估模式的差别：同样的图像换个顺序，准确率从 98.6% 降到 14.5%。

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np

import tinygen as tg
from tinygen import data, init, nn, optim
from tinygen import functional as F
from tinygen.course import animate, chapter, check, drawn, predict
from tinygen.course import same, score, show, steps
from tinygen.kernels import norm_reference
from tinygen.metrics import train_classifier
from tinygen.metrics.digit_classifier import Classifier, classifier
from tinygen.metrics.jitter import jittered
from tinygen.metrics.network import DigitNet
from tinygen.nn.normal import standing_statistics

rng = chapter(7)
small, large = data.load("digits"), data.load("mnist")
x8, held8 = (data.to_float(s.images).reshape(-1, 64) for s in (small.train, small.test))
x28, held28 = data.to_float(large.train.images), data.to_float(large.test.images)
labels8, labels28 = small.train.labels, large.train.labels

# %% [markdown] tags=["click"]
# ## The picture
#
# A batch of three numbers is a point in space. Take away its mean, and it lies in a plane; divide by its standard deviation, and it
# lies on a circle. That is normalising. We move the batch (left): shift it, stretch it, then change it in earnest.


# %% tags=["def"]
PLANE = np.array([[1, -1, 0], [1, 1, -2]]) / np.sqrt([[2], [6]])
pull = np.array([1.0, 0.2, -0.4])  # what the loss sends back


def batch_at(i):
    """Three numbers: shifted for 8 frames, stretched for 8, turned for 12."""
    shift, stretch = min(i, 8) / 2 - 2, 0.5 + np.clip(i - 8, 0, 8) / 8
    angle = 2.2 + np.clip(i - 16, 0, 12) / 12 * 4
    return shift + stretch * np.array([math.cos(angle), math.sin(angle)]) @ PLANE


# %% tags=["click"]
def circle(figure, i):
    left, right = figure.subplots(1, 2, width_ratios=[1.1, 1])
    x = batch_at(i)
    there = (x - x.mean()) / x.std()
    back = (pull - pull.mean() - there * (pull @ there) / 3) / x.std()
    left.scatter(x, [0, 0, 0], c=["C0", "C1", "C2"], s=60)
    left.axvline(x.mean(), color="0.6", ls=":")
    left.set(
        xlim=(-4, 4), yticks=[], xlabel="three numbers", title=f"std {x.std():.2f}"
    )
    right.add_patch(plt.Circle((0, 0), math.sqrt(3), fill=False, color="0.7"))
    place = PLANE @ there
    right.plot(*place, "ko")
    for arrow, color in ((pull, "0.6"), (back, "tab:red")):
        as_it_is = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.015}
        right.quiver(*place, *(PLANE @ arrow), color=color, **as_it_is)
    right.set(xlim=(-3.4, 3.4), ylim=(-3.4, 3.4), aspect="equal", title="normalised")
    right.set(xlabel="first direction", ylabel="second")


animate(drawn(circle, 29, size=(6.2, 3)), milliseconds=180)

# %% [markdown]
# *What to see:* shift and stretch do nothing on the right. Grey is the gradient that comes from above, red what is handed down: always along the circle,
# for other directions change nothing, and the longer the closer the numbers lie together.

# %% [markdown] tags=["recall"]
# ## Recall
#
# * **R1** (chapter 4) Which $n s^2$ keeps a signal's mean square through ReLU layers?
# * **R2** (chapter 6) Weights of a convolution from 1 to 16 channels with 3×3 taps, no biases?
# * **R3** (chapter 2) A bias (C,) was added to (N, C). Its gradient is the sum of $\bar y$ over which axis? (`"N"` or `"C"`)

# %% tags=["recall"]
check("7.R1", None)
check("7.R2", None)
check("7.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# A batch of eight numbers: 2, 4, 4, 4, 5, 5, 7, 9. Mean 5, variance 4. Normalised: −1.5, −0.5, −0.5, −0.5, 0, 0, 1, 2. Ten times the numbers, plus 3, gives the
# same. Let the loss be the last of them, 2. What would it gain if the 9 grew? Nearly nothing: the mean and the standard deviation grow too. Of a slope
# of ½ there is left $\frac12(1-\frac18-2\cdot\frac28)=0.1875$.

# %% tags=["byhand"]
eight = np.array([2.0, 4, 4, 4, 5, 5, 7, 9])
print((eight - eight.mean()) / eight.std())
last = lambda x: (x[-1] - x.mean()) / x.std()
print((last(eight + 1e-6 * np.eye(8)[-1]) - last(eight)) / 1e-6)

# %% [markdown] tags=["eq-7-1"]
# ## Batch normalisation
#
# **Batch normalisation** (批归一化), for each channel (通道) of its own: mean $\mu$ and variance (方差) $v$ over all images of the batch and all pixels, then a scale and
# a shift that are learned, so that nothing is lost that is needed.
#
# $$
# \hat x=\frac{x-\mu}{\sqrt{v+\epsilon}},\qquad y=\gamma\,\hat x+\beta\qquad\text{(7.1)}
# $$
#
# $\epsilon=10^{-5}$ keeps a constant channel from 0/0. $v$ is the plain mean of squares, over $n$ and not $n-1$.


# %% tags=["code-7-1"]
def normalised(x, eps=1e-5):
    """(N, C, ...) -> each channel with mean 0 and variance 1 over the batch.  Eq. (7.1)."""
    over = (0, *range(2, x.ndim))
    mean, var = x.mean(over, keepdims=True), x.var(over, keepdims=True)
    return (x - mean) / np.sqrt(var + eps)


def batch_norm(x, gamma, beta, eps=1e-5):
    """The same by the library, with its scale and shift (C,).  Eq. (7.1)."""
    gamma, beta = tg.tensor(gamma), tg.tensor(beta)
    return F.batch_norm(tg.tensor(x), None, None, gamma, beta, True, eps=eps).numpy()


# %% tags=["same-7-1"]
x, gamma, beta = rng.normal(3, 2, (6, 4, 5, 5)), rng.normal(size=4), rng.normal(size=4)
of_channel = lambda v: v[:, None, None]
same(
    "7.1",
    by_formula=of_channel(gamma) * normalised(x) + of_channel(beta),
    by_library=batch_norm(x, gamma, beta),
)

# %% [markdown] tags=["eq-7-2"]
# ## Backward
#
# $x_i$ moves $\hat x_i$, and by way of $\mu$ and $v$ *every* $\hat x_j$ of the batch. All together:
#
# $$
# \bar x=\frac{\gamma}{\sqrt{v+\epsilon}}\Big(\bar y-\mathbb E\,\bar y-\hat x\;\mathbb E[\bar y\,\hat x]\Big)\qquad\text{(7.2)}
# $$
#
# Two directions are taken out of the gradient (梯度): "all up together" and "all further apart". The loss cannot feel either, as the picture showed.
# What is taken out is not wasted: $n\,\mathbb E\,\bar y$ and $n\,\mathbb E[\bar y\hat x]$ are the gradients of $\beta$ and $\gamma$.


# %% tags=["code-7-2"]
def backward(g, x, gamma=1.0, eps=1e-5):
    """dL/dx of one channel's (n,) or of columns (n, C), from g = dL/dy.  Eq. (7.2)."""
    x_hat = (x - x.mean(0)) / np.sqrt(x.var(0) + eps)
    left = g - g.mean(0) - x_hat * (g * x_hat).mean(0)
    return gamma / np.sqrt(x.var(0) + eps) * left


# %% tags=["same-7-2"]
x, g, gamma = rng.normal(3, 2, (7, 2)), rng.normal(size=(7, 2)), np.array([0.7, -1.9])
leaf = tg.tensor(x, requires_grad=True)
out = F.batch_norm(leaf, None, None, tg.tensor(gamma), None, True)
(by_autograd,) = tg.grad(out, [leaf], tg.tensor(g))
same("7.2", by_formula=backward(g, x, gamma), by_autograd=by_autograd)

# %% [markdown] tags=["eq-7-3"]
# ## Without a batch
#
# What is the mean of a batch of one? In use, in *eval mode*, the layer takes **running statistics** (滑动统计量) instead: moving averages
# (滑动平均) that were kept during training, the variance without bias,
#
# $$
# r\leftarrow(1-\alpha)\,r+\alpha\,\frac{n}{n-1}v_B\qquad\text{(7.3)}
# $$
#
# and $\mu$ likewise, without the factor. With $\alpha=0.1$ the last ten batches count most.


# %% tags=["code-7-3"]
def remembered(running, seen, alpha=0.1):
    """Running variance after one more batch (n, C).  Eq. (7.3)."""
    n = len(seen)
    return (1 - alpha) * running + alpha * n / (n - 1) * seen.var(0)


def running_of(batches, alpha=0.1):
    """Running mean and variance that the library keeps of (n, C) batches.  Eq. (7.3)."""
    mean, var = np.zeros(batches[0].shape[1]), np.ones(batches[0].shape[1])
    for seen in batches:
        F.batch_norm(tg.tensor(seen), mean, var, training=True, momentum=alpha)
    return mean, var


# %% tags=["same-7-3"]
batches, r = rng.normal(2, 3, (5, 4, 1)), 1.0
for seen in batches:
    r = remembered(r, seen)
same("7.3", by_formula=r, by_library=running_of(batches)[1])

# %% [markdown] tags=["eq-7-4"]
# ## Over what?
#
# One formula, and a whole family by what the mean is taken over. **Group normalisation** (组归一化) never looks at another image: its set is
# one image $i$ and a group $k$ of channels.
#
# $$
# \hat x_{ic}=\frac{x_{ic}-\mu_{ik}}{\sqrt{v_{ik}+\epsilon}},\qquad\mu_{ik}=\frac1{|k|HW}\sum_{c\in k}\sum_{\text{pixels}}x_{ic}\qquad\text{(7.4)}
# $$
#
# One group with all channels is **layer normalisation** (层归一化), each channel its own group is instance normalisation, chapter 17's tool for style.


# %% tags=["code-7-4"]
def in_groups(x, groups, eps=1e-5):
    """(N, C, H, W), normalised for each image and each group of channels.  Eq. (7.4)."""
    n, c, h, w = x.shape
    parts = x.reshape(n, groups, c // groups * h * w)
    left = parts - parts.mean(2, keepdims=True)
    return (left / np.sqrt(parts.var(2, keepdims=True) + eps)).reshape(x.shape)


def group_norm(x, groups):
    """The same by the library.  Eq. (7.4)."""
    return F.group_norm(tg.tensor(x), groups).numpy()


# %% tags=["same-7-4"]
x = rng.normal(1, 2, (3, 6, 4, 4))
same("7.4", by_formula=in_groups(x, 2), by_library=group_norm(x, 2))
alone = np.concatenate([normalised(x[i : i + 1]) for i in range(3)])
same("7.4", channels_alone=in_groups(x, 6), batches_of_one=alone)

# %% [markdown] tags=["eq-7-5"]
# ## The length of the weights means nothing
#
# Let $f$ be a layer $xW$ with batch norm after it. Twice the weights give twice the sums, and the layer takes it away ($\epsilon$ aside). So for every $a>0$
#
# $$
# f(aW)=f(W),\qquad\langle W,\bar W\rangle=0,\qquad\bar W(aW)=\frac1a\,\bar W(W)\qquad\text{(7.5)}
# $$
#
# The gradient is at right angles to the weights, and is *smaller* for longer ones. (Differentiate the first by $a$, and by $W$.)


# %% tags=["code-7-5"]
def slope_at(W, x, g):
    """dL/dW (P, C) of L = sum g * f(W), with eps = 0.  Eq. (7.5)."""
    return x.T @ backward(g, x @ W, eps=0.0)


# %% tags=["same-7-5"]
W, x, g = rng.normal(size=(5, 3)), rng.normal(size=(9, 5)), rng.normal(size=(9, 3))
same("7.5", of_triple=slope_at(3 * W, x, g), third_of_slope=slope_at(W, x, g) / 3)
print("<W, slope> for each unit:", (W * slope_at(W, x, g)).sum(0))

# %% [markdown] tags=["eq-7-6"]
# ## A step that shortens itself
#
# By Pythagoras: a step at right angles always makes the weights longer. And only the direction of $W$ counts, which turns the less the longer $W$ is:
#
# $$
# |W_{t+1}|^2=|W_t|^2+\eta^2|\bar W_t|^2,\qquad\eta_{\text{eff}}=\frac{\eta}{|W|^2}\qquad\text{(7.6)}
# $$
#
# Take too large a step, and the weights grow until it is small enough. This is one reason why batch norm forgives large learning rates
# (学习率).


# %% tags=["code-7-6"]
def grown(square, slope_square, lr):
    """|W|^2 after a step of plain descent.  Eq. (7.6)."""
    return square + lr**2 * slope_square


def effective(lr, square):
    """The step for weights of length 1 that turns them as far.  Eq. (7.6)."""
    return lr / square


# %% tags=["same-7-6"]
w, g, lr = W[:, :1], g[:, :1], 0.4
unit = lambda v: v / np.linalg.norm(v)
after = w - lr * slope_at(w, x, g)
short = unit(w) - effective(lr, (w**2).sum()) * slope_at(unit(w), x, g)
squares = (w**2).sum(), (slope_at(w, x, g) ** 2).sum()
same("7.6", by_pythagoras=grown(*squares, lr), by_a_step=(after**2).sum())
same("7.6", long_weights=unit(after), unit_weights=unit(short))

# %% [markdown] tags=["eq-7-7"]
# ## The smallest batch
#
# Two numbers $x_1,x_2$, half their distance $d=\frac12(x_1-x_2)$. Mean in the middle, variance $d^2$:
#
# $$
# \hat x_1=\frac{d}{\sqrt{d^2+\epsilon}}=-\hat x_2\;\longrightarrow\;\pm1\qquad\text{(7.7)}
# $$
#
# Which of the two is larger is all that gets through. Not by how much, and not how large they are.


# %% tags=["code-7-7"]
def of_two(first, second, eps=1e-5):
    """The first of two numbers, after batch norm of both.  Eq. (7.7)."""
    d = (first - second) / 2
    return d / np.sqrt(d**2 + eps)


# %% tags=["same-7-7"]
pair = np.array([[5.3], [5.2]])
same("7.7", by_formula=of_two(5.3, 5.2), by_batch_norm=normalised(pair)[0, 0])
print([f"{of_two(a, 5.2):.4f}" for a in (5.21, 5.3, 8.0, 800.0)])

# %% [markdown] tags=["predict"]
# ## Predictions
#
# P1: of a gradient inside the classifier, how much lies along the two directions of Eq. (7.2)? P2: a convolution before a batch norm, 200 steps; Eq. (7.6) says how long
# its weights are at the end, from the gradients alone. P3: the same network with and without batch norm, each at the best of six step sizes: the ratio of their losses. P4: the
# book's classifier was trained for 2,480 steps; a tenth of them gives which accuracy (准确率) on 1,000 held-out digits? P5 is a common belief: the order of a test set does not matter. We leave the finished classifier in train mode by
# mistake and show it 1,000 digits, 50 at a time, sorted by class or mixed.

# %% tags=["predict"]
gone = predict("7.P1", "gradient along 1 and x-hat, as cosines", 0.0, atol=1e-10)
length = predict("7.P2", "|W|^2 measured over Eq. (7.6)", 1.0, rtol=1e-3)
ratio = predict("7.P3", "best loss with batch norm over without", between=(0.0, 0.5))
tenth = predict("7.P4", "accuracy after 248 steps", between=(0.93, 0.985))
order = predict("7.P5", "train mode: sorted minus mixed", between=(-0.02, 0.02))

# %% [markdown] tags=["build"]
# ## The same in tinygen
#
# All layers of the family go backward through the same three lines; only the axes differ. The network below measures in chapters 8 to 22.

# %% tags=["build"]
show(norm_reference.normalized_grad)
show(DigitNet)

# %% [markdown] tags=["run"]
# ## Run: step sizes
#
# Three convolutions and a dense layer, three seeds, plain descent from He's start, 200 steps; batch norm or nothing after each convolution. No biases before batch norm: the mean
# takes them away again.


# %% tags=["def"]
class Plain(nn.Module):
    """Nothing, in the place of a normalisation."""

    def __init__(self, channels):
        self.channels = channels

    def forward(self, x):
        return x


class SmallNet(nn.Module):
    """28x28 - 8x14x14 - 16x7x7 - 16x7x7 - mean - 10, `norm` after each convolution."""

    def __init__(self, norm, rng):
        sizes = [(1, 8, 4, 2, 1), (8, 16, 4, 2, 1), (16, 16, 3, 1, 1)]
        bias = norm is Plain
        self.convs = [nn.Conv2d(*size, bias=bias, rng=rng) for size in sizes]
        for conv in self.convs:
            conv.weight.assign(
                init.kaiming_normal(conv.weight.shape, nonlinearity="relu", rng=rng)
            )
        self.norms = [norm(size[1]) for size in sizes]
        self.head = nn.Linear(16, 10, rng=rng)

    def forward(self, x):
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = F.relu(norm(conv(x)))
        return self.head(x.mean((2, 3)))


# %% tags=["def"]
def trained(net, x, y, count, lr, *, batch=64, seed=0, kind=optim.SGD):
    """Losses of `count` steps; net is left in train mode."""
    downhill, draw, losses = (
        kind(net.parameters(), lr=lr),
        np.random.default_rng(seed),
        [],
    )
    for _ in range(count):
        some = draw.choice(len(x), batch, replace=False)
        downhill.zero_grad()
        loss = F.cross_entropy(net.train()(tg.tensor(x[some])), tg.tensor(y[some]))
        loss.backward()
        downhill.step()
        losses.append(loss.item())
    return losses


def accuracy(net, x, y, batch=None):
    """The share that is right, a batch at a time, in the mode that net is in."""
    parts = range(0, len(x), batch or len(x))
    with tg.no_grad():
        said = [net(tg.tensor(x[i : i + (batch or len(x))])).numpy() for i in parts]
    return float((np.concatenate(said).argmax(1) == y).mean())


# %% tags=["run"]
rates, count = np.array([0.01, 0.03, 0.1, 0.3, 1.0, 3.0]), steps(200, 4)
last = {}
for name, norm in (("nothing", Plain), ("batch norm", nn.BatchNorm2d)):
    last[name] = np.empty((3, len(rates)))
    for seed, k in np.ndindex(3, len(rates)):
        net = SmallNet(norm, tg.rng(7, "small", seed))
        with np.errstate(all="ignore"):
            losses = trained(net, x28, labels28, count, rates[k], seed=seed)
        last[name][seed, k] = np.mean(losses[-20:])
best = {name: np.nanmin(found, axis=1) for name, found in last.items()}
ratio.measure(best["batch norm"] / best["nothing"])
print({name: losses.round(3).tolist() for name, losses in best.items()})

figure, ax = plt.subplots(figsize=(5, 2.8))
for name, found in last.items():
    ax.loglog(rates, np.nanmean(found, axis=0), "o-", label=name)
ax.axhline(math.log(10), color="0.5", ls=":")
ax.set(xlabel="step size", ylabel="loss, steps 181 to 200 (nats)")
ax.legend()

# %% [markdown]
# *What to see:* with short steps both learn next to nothing in 200. Then batch norm takes off, and is best at 3, where the network without it is back at
# log 10 (dotted).
#
# Now the weights of the second convolution, step by step, against what Eq. (7.6) makes of the gradients.

# %% tags=["run"]
net = SmallNet(nn.BatchNorm2d, tg.rng(7, "small"))
weight, lengths = net.convs[1].weight, []
expected = [float((weight.data.astype(float) ** 2).sum())]
downhill, draw = optim.SGD(net.parameters(), lr=1.0), np.random.default_rng(0)
for _ in range(count):
    some = draw.choice(len(x28), 64, replace=False)
    downhill.zero_grad()
    loss = F.cross_entropy(net(tg.tensor(x28[some])), tg.tensor(labels28[some]))
    loss.backward()
    slopes = np.asarray(weight.grad, float)
    expected.append(grown(expected[-1], (slopes**2).sum(), 1.0))
    downhill.step()
    lengths.append(float((weight.data.astype(float) ** 2).sum()))
length.measure(lengths[-1] / expected[-1])
figure, ax = plt.subplots(figsize=(5, 2.6))
ax.plot(expected[1:], color="0.75", lw=4, label="Eq. (7.6)")
ax.plot(lengths, label="measured")
ax.set(xlabel="step", ylabel="squared length of the weights")
ax.legend()

# %% [markdown]
# *What to see:* one line on the other. The squared length more than doubles, from 33 to 74, and the effective step is halved by itself. The jumps are
# single large gradients.

# %% [markdown] tags=["run"]
# ## Run: the measuring instrument
#
# `DigitNet` learns to tell digits apart; later we want less its answers than the 64 numbers before them. They know what
# matters in a digit and ignore the rest. It was trained by the function below on the 4,000 training digits, moved and turned a little each time
# (data augmentation, 数据增强), and is frozen. We repeat a tenth of it.

# %% tags=["run"]
show(train_classifier.train)
young = train_classifier.train(seed=0, steps=steps(248, 3))
tenth.measure(train_classifier.accuracy(Classifier(young)))

judge, truth = classifier(), large.test.labels
said = judge.probabilities(held28).argmax(1)
share = (said == truth).mean()
margin = 2 * math.sqrt(share * (1 - share) / len(truth))
print(f"the finished one: {share:.3f}, two standard errors {margin:.3f}")
wrong = np.flatnonzero(said != truth)[:10]
moved = jittered(np.repeat(x28[:1], 10, axis=0), rng=np.random.default_rng(0))
figure, axes = plt.subplots(2, 10, figsize=(7, 1.9))
for ax, image in zip(axes.ravel(), [*moved, *held28[wrong]], strict=True):
    ax.imshow(image[0], cmap="gray")
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
for ax, i in zip(axes[1], wrong, strict=True):
    ax.set_title(f"{truth[i]}, said {said[i]}", fontsize=7)

# %% [markdown]
# *What to see:* above, ten forms of one training digit, as it is learned. Below, ten of the fourteen that the instrument gets wrong: some of them no reader would get. (The third and
# the ninth look like one hand, but are two images; so are the fourth and the tenth.)
# Of 1,000 digits 98.6 % are right, give or take 0.7: what it says of other sets cannot be more certain.
#
# Now P1: the gradient of the loss at the second batch norm, in a network that has learned nothing yet. Of its
# 12,544 numbers for each channel the two directions are a small part, at most 1 and 4 %: the part that would be wasted. And P5: the order of the digits.

# %% tags=["run"]
network = DigitNet(rng=tg.rng(7, "fresh"))
sums = network.convs[1](
    F.relu(network.norms[0](network.convs[0](tg.tensor(held28[:64]))))
)
out = entry = tg.tensor(network.norms[1](sums).detach().numpy(), requires_grad=True)
for conv, norm in zip(network.convs[2:], network.norms[2:], strict=True):
    out = F.relu(norm(conv(F.relu(out))))
loss = F.cross_entropy(network.head(out.mean((2, 3))), tg.tensor(truth[:64]))
columns = lambda a: a.transpose(0, 2, 3, 1).reshape(-1, 32).astype(float)
g, x = columns(tg.grad(loss, [entry])[0].numpy()), columns(sums.detach().numpy())
leaf = tg.tensor(x, requires_grad=True)
out = F.batch_norm(leaf, None, None, None, None, True, eps=0.0)
taken = tg.grad(out, [leaf], tg.tensor(g))[0].numpy()
directions = np.ones_like(x), normalised(x, eps=0.0)
cosine = lambda a, b: (a * b).sum(0) / np.sqrt((a**2).sum(0) * (b**2).sum(0))
gone.measure(max(np.abs(cosine(taken, d)).max() for d in directions))
print("before:", *(f"{np.abs(cosine(g, d)).max():.2f}" for d in directions))
# %% tags=["run"]
sorted_, mixed = np.argsort(truth, kind="stable"), rng.permutation(1000)
by_order = []
for places in (sorted_, mixed):
    left_in_train_mode = classifier().network.train()
    by_order.append(accuracy(left_in_train_mode, held28[places], truth[places], 50))
order.measure(
    by_order[0] - by_order[1],
    missed="in train mode each batch is measured against itself. Fifty sevens have the mean and the "
    "variance of fifty of anything, and what they have in common is taken away.",
)

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: right, until they are sorted
#
# **Symptom.** A classifier that got 986 of 1,000 digits right gets 145 right, with the same weights and the same digits, sorted by class. Suspects: (a) it has overfitted to an
# order; (b) the batches are too small; (c) each image is judged by the company it keeps. Vote first.
#
# **One number** for each: mixed in batches of the same size (b), sorted in eval mode (a). Three orders of the mixed ones:

# %% tags=["lab"]
print(
    "eval mode, sorted:",
    accuracy(classifier().network, held28[sorted_], truth[sorted_], 50),
)
for seed in range(3):
    places = np.random.default_rng(seed).permutation(1000)
    network = classifier().network.train()
    print("train mode, mixed:", accuracy(network, held28[places], truth[places], 50))
spoilt = classifier().network.train()
print("train mode, sorted:", accuracy(spoilt, held28[sorted_], truth[sorted_], 50))
print(
    "eval mode afterwards, mixed:", accuracy(spoilt.eval(), held28[mixed], truth[mixed])
)

sevens = held28[truth == 7]
figure, ax = plt.subplots(figsize=(5, 2.4))
with tg.no_grad():
    for k, mode in enumerate(("eval", "train")):
        network = getattr(classifier().network, mode)()
        answers = network(tg.tensor(sevens)).numpy().argmax(1)
        counts = np.bincount(answers, minlength=10)
        ax.bar(np.arange(10) + 0.4 * k - 0.2, counts, 0.4, label=f"{mode} mode")
ax.set(xlabel="what it says of 100 sevens", ylabel="digits", xticks=range(10))
ax.legend()

# %% [markdown] tags=["lab"]
# *What to see:* in eval mode a hundred sevens are a hundred sevens. Shown together in train mode, they are anything, most often twos. It is (c), Eq. (7.1). The cure is one word:
#
# ```diff
# - network = load_classifier()
# + network = load_classifier().eval()
# ```
#
# (Looking in train mode also wrote new running statistics, Eq. (7.3). All digits were in them, so here they still serve.)
#
# **Where the cure fails.** In training there is no eval mode. Train with batches of *two*: by Eq. (7.7) each unit learns from signs only, and in eval mode it
# meets numbers that it has never seen. Better statistics, from one pass over all the data, help little. Layer norm does not look at the batch, but it
# has a blind spot of its own: it takes from each image what the image has for itself, brightness and contrast.


# %% tags=["def"]
def dense(norm, rng):
    """64-64-64-10 with `norm` and ReLU."""
    layers = []
    for _ in range(2):
        layers += [nn.Linear(64, 64, rng=rng), norm(64), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(64, 10, rng=rng))


def of_batches_of(batch, norm, count, seed=0):
    """A network for small digits, trained with batches of that size."""
    net = dense(norm, tg.rng(7, "dense", seed))
    trained(net, x8, labels8, count, 2e-3, batch=batch, seed=seed, kind=optim.Adam)
    return net


# %% tags=["lab"]
everything = tg.tensor(x8)
for norm, name in (
    (nn.BatchNorm1d, "batch norm"),
    (nn.LayerNorm, "layer norm"),
    (Plain, "nothing"),
):
    for batch, count in ((2, 2000), (64, 300)):
        told = []
        for seed in range(3):
            net = of_batches_of(batch, norm, steps(count, 3), seed)
            told.append([accuracy(net.eval(), held8, small.test.labels)])
            with standing_statistics(net, lambda net=net: net(everything)):
                told[-1].append(accuracy(net, held8, small.test.labels))
        eval_, standing = np.mean(told, axis=0)
        print(
            f"{name:10} batches of {batch:2}: {eval_:.3f}, better statistics {standing:.3f}"
        )
layer = nn.LayerNorm(64)
bright, dim = layer(tg.tensor(x8[:50])), layer(tg.tensor(0.2 * x8[:50] - 0.5))
print(
    "largest difference, bright and dim:", np.abs((bright - dim).detach().numpy()).max()
)

# %% [markdown] tags=["ex-7-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("7.E1")` helps, `solution("7.E1")` tells.
#
# **Exercise 7.1** ○ A channel of a batch is 3, 5, 7, 9. Batch norm in train mode, γ = 2, β = -1, without ε. What becomes of the 9?

# %% tags=["try-7-1"]
check("7.E1", None)

# %% [markdown] tags=["ex-7-2"]
# **Exercise 7.2** ● Running statistics start at some $r_0$. Which share of $r_0$ is still in them after $t$ batches?


# %% tags=["try-7-2"]
def share_left(alpha, t):
    return None


check("7.E2", share_left)

# %% [markdown] tags=["ex-7-3"]
# **Exercise 7.3** ● In eval mode batch norm after a layer $xW+b$ is a multiplication and an addition: put them into the layer. From $W$ (P, C), and $b$, $\gamma$, $\beta$, running mean $m$ and variance
# $r$, each (C,), and $\epsilon$, give the new $W$ and $b$.


# %% tags=["try-7-3"]
def merged(W, b, gamma, beta, m, r, eps):
    return None


check("7.E3", merged)

# %% [markdown] tags=["ex-7-4"]
# **Exercise 7.4** ○ Activations (32, 64, 7, 7), group norm with 8 groups. How many means are computed?

# %% tags=["try-7-4"]
check("7.E4", None)

# %% [markdown] tags=["ex-7-5"]
# **Exercise 7.5** ○ `DigitNet` has 16, 32, 64 and 64 channels, each normalised. How many *learned* numbers do the four batch norms have?

# %% tags=["try-7-5"]
check("7.E5", None)

# %% [markdown] tags=["ex-7-6"]
# **Exercise 7.6** ○ A discriminator (chapter 11) begins with batch norm. A feature of real images has mean 0.2, of generated ones 0.7, the variance is 0.25 for both. Real and generated come in *two batches*, train mode.
# How far apart are the two means after the layer (without ε, γ = 1)?

# %% tags=["try-7-6"]
check("7.E6", None)

# %% [markdown] tags=["ex-7-7"]
# **Exercise 7.7** ● Weight decay takes $2\eta\lambda|W|^2$ off $|W|^2$ in each step, and by (7.5) $|\bar W|=c/|W|$. At which $|W|$ do decay and Eq. (7.6) balance?


# %% tags=["try-7-7"]
def resting_length(lr, decay, c):
    return None


check("7.E7", resting_length)

# %% [markdown] tags=["ex-7-8"]
# **Exercise 7.8** ◆ DCGAN draws all first weights from $\mathcal N(0,0.02^2)$ (exercise 4.7). Explain by Eq. (7.5) why the forward pass does not care, and by (7.5) and (7.6) what it does to the first
# steps. Which layers of a DCGAN have no batch norm, and what then?

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept** for later chapters: the family and its axes; train mode and eval mode; scale invariance; `classifier()`, its 64 features and its 98.6 %.
#
# **Not shown:** the noise of batch statistics as a regulariser; whether "internal covariate shift" explains anything (Santurkar et al. say no); normalising
# weights instead (spectral norm, chapter 14); conditional batch norm [CBN-1] (chapter 15).

# %% [markdown] tags=["src"]
# ## Sources
#
# * Eq. (7.1) to (7.3): S. Ioffe and C. Szegedy, arXiv 1502.03167, algorithms 1 and 2; (7.2) is their six lines put together.
# * Eq. (7.4): Y. Wu and K. He, arXiv 1803.08494, their Eq. 7; J. Ba et al., arXiv 1607.06450.
# * Eq. (7.5), (7.6): T. van Laarhoven, arXiv 1706.05350, who also has the resting length of exercise 7.7, to leading order.
# * S. Santurkar et al., arXiv 1805.11604. The lab's small batches: S. Ioffe, arXiv 1702.03275.
