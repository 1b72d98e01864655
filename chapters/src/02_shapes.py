# %% [markdown] tags=["head"]
# # 2. How does a gradient pass through shapes?
#
# **Minutes:** under 1, quick run under 1. **Data:** digits (8×8).
# **Uses:** chapter 1. **Adds to tinygen:** the ops on arrays (`tinygen/ops/shape.py`,
# `tinygen/ops/reduce.py`, `tinygen/ops/linear.py`) and the checks of their gradients
# (`tinygen/testing`).
#
# Chapter 1 handed one number back from one result to its arguments. A network is made of
# arrays (数组) that are repeated, summed, multiplied and reshaped. We find what each of these hands
# back, why the shapes come out right, and why a right *shape* proves nothing.
#
# 本章概要：把第一章的标量求导规则推广到数组：向量–雅可比积、矩阵乘法、广播与求和互为转置、最大值的并列、
# log-sum-exp。并用随机方向检验每条规则，认识“形状对了、数值却错”的故障。

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np

import tinygen as tg
from tinygen import data, ops
from tinygen.course import animate, chapter, check, drawn, predict
from tinygen.course import quick, same, score, show
from tinygen.testing import check_op

rng = chapter(2)

# %% [markdown] tags=["click"]
# ## The picture
#
# A function of arrays has a table of slopes, one for each pair of an output and an input: its
# **Jacobian** (雅可比矩阵). Here are four of them, each filled in by backward passes. One pass, one row.

# %% tags=["click"]
B = rng.standard_normal((4, 2)) / 2
start = rng.standard_normal((3, 4))
MAPS = {
    "add to (1, 4)": (lambda x: x + np.ones((1, 4)), start[:, :1]),
    "@ B": (lambda x: x @ B, start),
    "sum(axis=1)": (lambda x: x.sum(axis=1), start),
    "softmax(axis=1)": (lambda x: tg.exp(x - tg.logsumexp(x, 1, True)), start),
}


def slopes_of(f, x, i):
    """The slopes of output i: one backward pass, one row."""
    x = tg.tensor(x, requires_grad=True)
    (row,) = tg.grad(f(x).reshape(-1)[i], [x])
    return row.numpy().ravel()


def rows_of_slopes(figure, i):
    axes = figure.subplots(1, 4, width_ratios=[2.2, 4, 4, 4])
    for ax, (name, (f, x)) in zip(axes, MAPS.items(), strict=True):
        outputs = f(tg.tensor(x)).size
        table = np.full((outputs, x.size), np.nan)
        for k in range(min(i, outputs)):
            table[k] = slopes_of(f, x, k)
        ax.imshow(table, cmap="RdBu_r", vmin=-0.6, vmax=0.6)
        ax.set(xticks=[], yticks=[], title=name)
        ax.set(xlabel=f"{x.size} inputs", ylabel=f"{outputs} outputs")
        ax.grid(False)


animate(drawn(rows_of_slopes, 13, size=(6.4, 2.6)), milliseconds=350)

# %% [markdown]
# *What to see:* adding copies each input to four outputs, so its columns are full of ones. `sum` is the
# same picture lying on its side: **repeat and sum are transposes of each other**. In `@ B` each row of
# outputs sees only its own row of inputs, by the same small block. In softmax every probability
# pushes its neighbours down (blue).

# %% [markdown] tags=["recall"]
# ## Recall
#
# * **R1** $L=x\cdot x+3x$ at $x=2$. How many paths lead from $x$ to $L$? (a number)
# * **R2** And $\partial L/\partial x$? (a number)
# * **R3** Which step suits a central difference in float64: `1e-5` or `1e-12`? (a number)

# %% tags=["recall"]
check("2.R1", None)
check("2.R2", None)
check("2.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# $a=(1,\,2)$ is added to the column $(10,\,20)^\top$. Both are repeated to $2\times2$:
#
# $$
# y=\begin{pmatrix}11&12\\21&22\end{pmatrix},\qquad\bar y=\begin{pmatrix}1&2\\3&4\end{pmatrix}\ \text{(say)}
# $$
#
# $a_1$ went into $y_{11}$ and $y_{21}$, so it gets $1+3=4$; $a_2$ gets $2+4=6$. The first entry of the column went
# into $y_{11}$ and $y_{12}$: $1+2=3$; the second gets $7$.

# %% tags=["byhand"]
a = tg.tensor([1.0, 2.0], requires_grad=True)
column = tg.tensor([[10.0], [20.0]], requires_grad=True)
print(*tg.grad(a + column, [a, column], tg.tensor([[1.0, 2.0], [3.0, 4.0]])))

# %% [markdown] tags=["eq-2-1"]
# ## Backward is a transpose
#
# Let $L$ depend on $y$, and $y=f(x)$. Write $\bar y$ for the array of slopes $\partial L/\partial y_i$, of the shape
# of $y$. Then each $x_j$ collects from all outputs that it touched:
#
# $$
# \bar x_j=\sum_i\bar y_i\,\frac{\partial y_i}{\partial x_j},\qquad\text{in short}\qquad\bar x=J^{\top}\bar y\qquad\text{(2.1)}
# $$
#
# This is a **vector–Jacobian product** (向量–雅可比积, VJP). The engine never makes $J$: each op knows how to
# multiply by its own $J^\top$. With $\bar y$ all zeros but a one at $i$, the result is row $i$ of $J$.


# %% tags=["code-2-1"]
def pull(f, x, g):
    """One backward pass: J^T g, without making J.  Eq. (2.1)."""
    x = tg.tensor(x, requires_grad=True)
    (gx,) = tg.grad(f(x), [x], tg.tensor(g))
    return gx.numpy()


def jacobian(f, x):
    """All of J: from each output, one backward pass, one row.  Eq. (2.1)."""
    shape = f(tg.tensor(x)).shape
    one_hot = np.eye(math.prod(shape)).reshape(-1, *shape)
    return np.stack([pull(f, x, g).ravel() for g in one_hot])


# %% tags=["same-2-1"]
g, h = rng.standard_normal((3, 4)), 1e-5
soft = MAPS["softmax(axis=1)"][0]
columns = [
    (soft(start + h * e) - soft(start - h * e)).ravel() / (2 * h)
    for e in np.eye(12).reshape(12, 3, 4)
]
same(
    "2.1",
    rtol=1e-9,
    by_backward=pull(soft, start, g).ravel(),
    by_differences=np.array(columns) @ g.ravel(),
)

# %% [markdown] tags=["eq-2-2"]
# ## The product of matrices
#
# $Y=AB$ is $Y_{mn}=\sum_kA_{mk}B_{kn}$. So $A_{mk}$ touches all $Y_{mn}$ of its row, with slopes $B_{kn}$: it collects
# $\sum_n\bar Y_{mn}B_{kn}$. That is a product again, and so is the other:
#
# $$
# \bar A=\bar Y\,B^{\top},\qquad\bar B=A^{\top}\,\bar Y\qquad\text{(2.2)}
# $$
#
# If all sizes differ, the shapes leave no other choice. If $A$ and $B$ are square, they leave several,
# and only one is right.


# %% tags=["code-2-2"]
def matmul_rule(g, a, b):
    """What A @ B hands back to A and to B.  Eq. (2.2)."""
    return g @ b.T, a.T @ g


def matmul_library(g, a, b):
    """The same by the rules of tg.matmul."""
    a, b = (tg.tensor(m, requires_grad=True) for m in (a, b))
    return [m.numpy() for m in tg.grad(tg.matmul(a, b), [a, b], tg.tensor(g))]


# %% tags=["same-2-2"]
a, b, g = (rng.standard_normal(shape) for shape in ((3, 5), (5, 2), (3, 2)))
loops = np.zeros((3, 5))
for m in range(3):
    for k in range(5):
        for n in range(2):
            loops[m, k] += g[m, n] * b[k, n]
same(
    "2.2",
    by_rule=matmul_rule(g, a, b)[0],
    by_library=matmul_library(g, a, b)[0],
    by_loops=loops,
)

# %% [markdown] tags=["eq-2-3"]
# ## Repeat and sum
#
# NumPy repeats an axis of size 1, and puts missing axes in front: **broadcasting** (广播). Let $R(j)$ be the
# places to which element $j$ of $a$ was copied. It touched all of them with slope 1, so it collects
#
# $$
# \bar a_j=\sum_{i\in R(j)}\bar y_i\qquad\text{(2.3)}
# $$
#
# the **sum** over exactly the axes that were repeated. The engine does this in one place for all elementwise
# ops: whenever a gradient arrives with a larger shape than its argument has.


# %% tags=["code-2-3"]
def unbroadcast(g, shape):
    """Sum g over the axes along which an array of that shape was repeated.  Eq. (2.3)."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    return g.sum(axis=ones, keepdims=True)


sum_to = tg.sum_to  # the library's own: an op, with a rule in its turn


# %% [markdown]
# The other route writes broadcasting out as a matrix of zeros and ones: row $i$ has its one at the element
# of $a$ that was copied to place $i$. Then Eq. (2.1) says: multiply by its transpose.

# %% tags=["same-2-3"]
shape, full = (3, 1), (2, 3, 4)
copied = np.broadcast_to(np.arange(3).reshape(shape), full).ravel()
matrix = np.eye(3)[copied]  # (24, 3)
g = rng.standard_normal(full)
same(
    "2.3",
    by_sum=unbroadcast(g, shape),
    by_library=sum_to(g, shape=shape),
    by_matrix=(matrix.T @ g.ravel()).reshape(shape),
)

# %% [markdown] tags=["eq-2-4"]
# ## The largest, and ties
#
# $y=\max_jx_j$ passes on the one that is largest: slope 1 for it, 0 for the others. Where several tie there is
# no slope, and every choice of shares is a *subgradient* (次梯度). tinygen shares equally:
#
# $$
# \bar x_i=\bar y\,\frac{[x_i=y]}{\#\{j:\,x_j=y\}}\qquad\text{(2.4)}
# $$
#
# so that a max-pooling over a white patch has no favourite corner. It is also the limit of a smooth
# maximum, $T\log\sum_je^{x_j/T}$, whose slopes are $e^{x_i/T}/\sum_je^{x_j/T}$, as $T\to0$.


# %% tags=["code-2-4"]
def max_rule(g, y, x):
    """What y = max(x) hands back: equal shares to those that reach y.  Eq. (2.4)."""
    at_top = x == y
    return g * at_top / at_top.sum()


def max_library(x, g):
    """The same by the rule of tg.max."""
    return pull(lambda x: tg.max(x), x, g)


# %% tags=["same-2-4"]
x = np.array([0.3, 0.9, -1.1, 0.9, 0.9])
g = np.array(1.7)
smooth = np.exp((x - 0.9) / 0.01)
same(
    "2.4",
    by_rule=max_rule(g, x.max(), x),
    by_library=max_library(x, g),
    by_smooth_maximum=g * smooth / smooth.sum(),
)

# %% [markdown] tags=["eq-2-5"]
# ## Checking a rule
#
# How do we know that a rule for arrays is right? Comparing every slope costs two runs for each input. A
# single **random direction** (随机方向) $u$ tests them all at once: a step along it changes $L$ by $\bar x\cdot u$.
#
# $$
# r=\frac{\left|\,d-\sum_j\bar x_ju_j\right|}{\sum_j|\bar x_ju_j|},\qquad d=\frac{\bar y\cdot\big(f(x+hu)-f(x-hu)\big)}{2h}\qquad\text{(2.5)}
# $$
#
# Divide by what was *summed*, not by the sum, which may be near zero by chance. And never compare
# with a fixed number: an absolute tolerance of 0.01 passes every gradient that is small, zero too.


# %% tags=["code-2-5"]
def relative_error(f, x, g, gx, rng, h=1e-5):
    """How far gx is from J^T g, along one random direction.  Eq. (2.5)."""
    u = rng.standard_normal(x.shape)
    d = np.sum(g * (f(x + h * u) - f(x - h * u))) / (2 * h)
    return abs(d - np.sum(gx * u)) / np.sum(abs(gx * u))


# %% [markdown]
# For one number and a parabola the difference is exact. A gradient that is a tenth too large must then
# show $r=0.1/1.1$, be it large or tiny.

# %% tags=["same-2-5"]
g, found = np.array(1.3), []
for scale in (1.0, 1e-9):
    f = lambda x, scale=scale: scale * x**2
    too_large = 1.1 * g * scale * 2 * 0.7
    found.append(relative_error(f, np.array(0.7), g, too_large, rng))
same("2.5", rtol=1e-6, by_check=found, by_hand=[0.1 / 1.1, 0.1 / 1.1])

# %% [markdown] tags=["eq-2-6"]
# ## The smooth maximum
#
# The smooth maximum with $T=1$ is the **log-sum-exp** (对数求和指数). Its slopes are positive and add up to
# one, so they are probabilities, the **softmax**:
#
# $$
# \frac{\partial}{\partial x_i}\log\sum_je^{x_j}=\frac{e^{x_i}}{\sum_je^{x_j}}\qquad\text{(2.6)}
# $$
#
# Nearly every loss in this book ends in it. $e^{800}$ is too large for float64; but
# $\log\sum_je^{x_j}=m+\log\sum_je^{x_j-m}$ for every $m$, and with $m=\max_jx_j$ nothing overflows.


# %% tags=["code-2-6"]
def softmax(x):
    """e^x over its sum along the last axis: the slopes of log-sum-exp.  Eq. (2.6)."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def logsumexp_slopes(x):
    """The same by the rule of tg.logsumexp."""
    return pull(lambda x: tg.logsumexp(x, -1), x, np.ones(x.shape[:-1]))


# %% tags=["same-2-6"]
x = np.array([1.7, -0.4, 0.6])
slopes = [
    (math.log(sum(np.exp(x + h * e))) - math.log(sum(np.exp(x - h * e)))) / (2 * h)
    for e in np.eye(3)
]
same(
    "2.6", by_softmax=softmax(x), by_library=logsumexp_slopes(x), by_differences=slopes
)

# %% [markdown] tags=["predict"]
# ## Predictions
#
# P1 is Eq. (2.3) for $(3,1)+(1,4)$. P2 and P3 are about the run below: 1,442 digits $x_{np}$ (image $n$, pixel
# $p$) are explained by one brightness $a_n$ for each image and one picture $b_p$ for all, $x\approx a+b$, by
# descending on $\frac12\sum(x-a-b)^2$. Take half of the mean residual as a step. What is left to learn in $a$ and $b$
# is then halved each time (P2), and the end is known: brightness and picture are means, and what they cannot
# explain (P3) can be computed without any descent.
#
# P4 is what many believe: a wrong rule is found at whatever point one tries. P5: over all the
# library's elementwise ops, reductions, shapes and products, how large is the worst $r$?

# %% tags=["predict"]
x = data.load("digits").train.images.reshape(-1, 64) / 255.0
whole = ((x - x.mean()) ** 2).sum()
by_image = 64 * ((x.mean(1) - x.mean()) ** 2).sum()
by_pixel = len(x) * ((x.mean(0) - x.mean()) ** 2).sum()
print(
    f"explained by brightness {by_image / whole:.3f}, by picture {by_pixel / whole:.3f}"
)

exact = predict(
    "2.P1", "largest difference of a's gradient and row sums", 0, atol=1e-15
)
halved = predict("2.P2", "distance to the optimum, ratio of two steps", 0.5)
unexplained = predict(
    "2.P3", "share left unexplained", 1 - (by_image + by_pixel) / whole
)
caught = predict("2.P4", "error of a transposed rule, at a symmetric matrix", sign=1)
worst = predict("2.P5", "worst relative error of an op", between=(0, 1e-7))

# %% [markdown] tags=["build"]
# ## The same in tinygen
#
# Repeat and sum are two ops, each the other's rule: no third is needed, at any order of derivative.

# %% tags=["build"]
show(ops.broadcast_to)
show(ops.sum_to)
show(ops.max)

# %% [markdown] tags=["run"]
# ## Run: one brightness for each image, one picture for all
#
# No rule is written for this model: `x - a - b` broadcasts, and the gradients come back in the shapes
# of `a` and `b`.

# %% tags=["run"]
a, b = np.zeros((len(x), 1)), np.zeros((1, 64))
best_a, best_b = (
    x.mean(1, keepdims=True) - x.mean(),
    x.mean(0, keepdims=True) - x.mean(),
)
centred = lambda v: v - v.mean()
left, pictures = [], [b]
for _ in range(30):
    ta, tb = (tg.tensor(v, requires_grad=True) for v in (a, b))
    loss = 0.5 * ((tg.tensor(x) - ta - tb) ** 2).sum()
    ga, gb = (v.numpy() for v in tg.grad(loss, [ta, tb]))
    a, b = a - 0.5 * ga / 64, b - 0.5 * gb / len(x)
    errors = centred(a) - best_a, centred(b) - best_b
    left.append([np.linalg.norm(e) for e in errors])
    pictures.append(b)

g = rng.standard_normal((3, 4))
handed = pull(lambda a: a + np.ones((1, 4)), rng.standard_normal((3, 1)), g)
exact.measure(np.abs(handed - g.sum(axis=1, keepdims=True)).max())
halved.measure(left[9][1] / left[8][1])
unexplained.measure(((x - a - b) ** 2).sum() / whole)

# %% tags=["run"]
figure, axes = plt.subplots(1, 5, width_ratios=[2.4, 1, 1, 1, 1], figsize=(6.8, 2.1))
axes[0].semilogy(range(1, 31), left, label=["brightness a", "picture b"])
axes[0].set(xlabel="step", ylabel="distance to optimum")
axes[0].legend()
for ax, k in zip(axes[1:], (1, 2, 5, 30), strict=True):
    ax.imshow(pictures[k].reshape(8, 8), vmin=0, vmax=0.8)
    ax.set(title=f"b, step {k}", xticks=[], yticks=[])
    ax.grid(False)

# %% [markdown]
# *What to see:* two straight lines on a logarithmic axis, one halving a step. The picture is the mean of all digits, a ring
# with a bar: half of the variance is in it, and not one digit is recognisable. One picture for all is a poor model.

# %% [markdown] tags=["run"]
# ## Run: every op
#
# The library declares sample arguments for each of its ops: unequal sizes, axes that repeat, empty arrays,
# ties kept away. `check_op` runs Eq. (2.5), with five points instead of two, at random places in random
# directions, and then all of it again for the second derivative.

# %% tags=["run"]
ELEMENTWISE = "add subtract multiply divide exp log log1p sqrt sin tanh sigmoid erf"
REST = "sum mean max min logsumexp cumsum broadcast_to sum_to transpose reshape matmul"
names = [*ELEMENTWISE.split(), *REST.split()]
names = names[::6] if quick() else names
errors = {n: [r.worst("gradient") or 0.0 for r in check_op(n)] for n in names}
worst.measure(max(max(found) for found in errors.values()))

symmetric = rng.standard_normal((4, 4))
symmetric = symmetric + symmetric.T
general = rng.standard_normal((4, 4))
v, g = rng.standard_normal((2, 4))
transposed = {}
for name, m in (("symmetric", symmetric), ("general", general)):
    f = lambda v, m=m: m @ v
    transposed[name] = float(relative_error(f, v, g, m @ g, rng))  # right: m.T @ g
print(transposed)
caught.measure(
    transposed["symmetric"] > 1e-6,
    missed="at a symmetric matrix M and its transpose are the same numbers, so the "
    "wrong rule is right there. At a general matrix the error is far above 1e-6.",
)

# %% tags=["run"]
figure, ax = plt.subplots(figsize=(6.8, 2.4))
for i, n in enumerate(names):
    ax.semilogy(
        [i] * len(errors[n]), np.maximum(errors[n], 1e-16), ".", color="tab:blue"
    )
ax.axhline(1e-7, color="tab:red", ls=":", label="allowed")
ax.axhline(transposed["general"], color="tab:red", label="transposed rule")
ax.set(ylabel="relative error r", ylim=(1e-17, 1e5))
ax.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
ax.legend(loc="upper left", ncols=2)

# %% [markdown]
# *What to see:* a right rule agrees to ten digits or more (dots at $10^{-16}$: no difference at all), a wrong one to none.
# There is nothing between, so the line may be drawn almost anywhere.

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: the bias that learned the batch
#
# **Symptom.** The training loss falls to zero, far below what the model can explain; on a batch of another size the
# program stops with a shape error.
#
# Suspects: (a) the step is too large; (b) the images to be tested are among those to train on; (c) the picture $b$ is
# no longer one picture. Vote first.
#
# A friend fits one picture $b$ of shape $(1,64)$ to a batch, with a gradient written by hand. $\bar y$ has the
# shape of the batch, and NumPy will subtract it from $b$ without a word. **One number** tells: the size of $b$.


# %% tags=["def"]
def fit(batch, summed, steps=40):
    """One picture for a batch, by descent on the mean of (b - x)^2 / 2."""
    b = np.zeros((1, batch.shape[1]))
    for _ in range(steps):
        g = b - batch  # (N, D): what arrives at b after it was repeated
        if summed:
            g = unbroadcast(g, (1, batch.shape[1])) / len(batch)
        b = b - 0.5 * g
    return b


# %% tags=["lab"]
fitted = {}
for seed in range(3):
    batch = x[np.random.default_rng(seed).choice(len(x), 32, replace=False)]
    for who, summed in (("friend", False), ("cured", True)):
        b = fitted[who] = fit(batch, summed)
        loss, size = 0.5 * ((b - batch) ** 2).mean(), b.size
        print(f"seed {seed} {who}: loss {loss:.1e}, b has {size:4d} numbers", end="; ")
        alone = fit(batch[:1], summed)
        print(f"on a batch of one: {alone.size}")

figure, axes = plt.subplots(1, 5, figsize=(6.4, 1.6))
shown = [*fitted["friend"][:4], fitted["cured"][0]]
for k, (ax, picture) in enumerate(zip(axes, shown, strict=True)):
    ax.imshow(picture.reshape(8, 8), vmin=0, vmax=1)
    ax.set(title="cured" if k == 4 else f"friend b[{k}]", xticks=[], yticks=[])
    ax.grid(False)

# %% [markdown] tags=["lab"]
# *What to see:* the friend's $b$ became 32 pictures, one for each image of the batch: it is (c). By Eq. (2.3) the gradient
# of something that was repeated is a **sum** over the copies. With a batch of one nothing is repeated, and the shape is
# right by accident, which is why the friend's tests passed. The cure:
#
# ```diff
# -        b = b - 0.5 * g
# +        b = b - 0.5 * unbroadcast(g, b.shape) / len(batch)
# ```
#
# **Where the cure fails.** It undoes what the forward pass did, right or wrong. A bias of shape $(8,)$ that was meant for
# the *rows* of an $(8,8)$ image is added to its columns; sizes agree, and every gradient check passes, because
# the gradient of the wrong function is right.

# %% [markdown] tags=["lab"]
# ## Failure lab: the gradient that changed afterwards
#
# **Symptom.** Gradients of sums are right for one argument and too large for the other; which one depends on the
# order of the lines.
#
# Suspects: (a) the rule of `+`; (b) un-broadcasting; (c) two gradients share one array. The rule of `+` hands *the
# same* $\bar y$ to both arguments: no copy, that is why it is fast. Now let $L=\sum(a+b)+3\sum a$. **One number:**
# $\partial L/\partial b$, which is 1.


# %% tags=["def"]
def collect(arrivals, in_place):
    """Sum the gradients that arrive at each name, in the order in which they come."""
    total = {}
    for name, g in arrivals:
        if name not in total:
            total[name] = g
        elif in_place:
            total[name] += g
        else:
            total[name] = total[name] + g
    return total


# %% tags=["lab"]
for seed in range(3):
    for in_place in (True, False):
        size = np.random.default_rng(seed).integers(2, 9)
        g = np.ones(size)
        found = collect([("a", g), ("b", g), ("a", 3 * np.ones(size))], in_place)
        slopes = {name: float(total.mean()) for name, total in found.items()}
        print("in place" if in_place else "anew    ", slopes)

# %% [markdown] tags=["lab"]
# With `+=` the 3 that was meant for $a$ was written into the array that $b$ holds too: it is (c). Eq. (1.5) asks for a sum, not
# for an overwritten array:
#
# ```diff
# -            total[name] += g
# +            total[name] = total[name] + g
# ```
#
# **Where the cure fails.** It protects gradients from the engine, not from you. A rule reads its
# arguments when backward runs; if their memory was changed in between, it reads the new values. So tensors of
# tinygen refuse `x[0] = 1`, and changing a weight between forward and backward raises an error.

# %% [markdown] tags=["ex-2-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("2.E1")` helps, `solution("2.E1")` tells.
#
# **Exercise 2.1** ○ Write the VJP of $y=Ax$ with respect to the vector $x$ with two loops, no `@`, no `.T`.


# %% tags=["try-2-1"]
def vjp_by_loops(A, g):
    return None


check("2.E1", vjp_by_loops)

# %% [markdown] tags=["ex-2-2"]
# **Exercise 2.2** ● $m=$ `x.mean(axis=0)` for $x$ of shape $(N,D)$. What does it hand back? A function of $g$, of shape
# $(D,)$, and $x$.


# %% tags=["try-2-2"]
def mean_rule(g, x):
    return None


check("2.E2", mean_rule)

# %% [markdown] tags=["ex-2-3"]
# **Exercise 2.3** ○ A bias of shape (1, 10) is added to x of shape (64, 10), and L is the sum of all
# entries of the result. What number is in each place of the bias's gradient?

# %% tags=["try-2-3"]
check("2.E3", None)

# %% [markdown] tags=["ex-2-4"]
# **Exercise 2.4** ○ Three of five numbers tie for the maximum. A central difference moves one of the three up and
# down by $h$. Which slope does it find? (Eq. (2.4) says ⅓. Who is wrong?)

# %% tags=["try-2-4"]
check("2.E4", None)

# %% [markdown] tags=["ex-2-5"]
# **Exercise 2.5** ● Let $p=\mathrm{softmax}(x)$ along the last axis. Its Jacobian is $\mathrm{diag}(p)-pp^\top$. Write its VJP as a function of $g$ and
# $p$ (one row or many) that never makes a matrix of that size.


# %% tags=["try-2-5"]
def softmax_rule(g, p):
    return None


check("2.E5", softmax_rule)

# %% [markdown] tags=["ex-2-6"]
# **Exercise 2.6** ● $y=ab$ with $a$ of shape $(N,1)$ and $b$ of shape $(1,D)$, multiplied elementwise. What arrives at $a$, in the shape
# of $a$? A function of $g$, $a$ and $b$.


# %% tags=["try-2-6"]
def column_rule(g, a, b):
    return None


check("2.E6", column_rule)

# %% [markdown] tags=["ex-2-7"]
# **Exercise 2.7** ◆ Referee. "We checked our layer's gradient at $W=I$ and $x=(1,\dots,1)$, with $\bar y=(1,\dots,1)$. All
# errors were below $10^{-9}$." Name three wrong rules of $y=Wx$ that pass this check, and a point at which none does.

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept** for later chapters: $\bar x=J^\top\bar y$; repeat ↔ sum; $\bar A=\bar YB^\top$; the slopes of log-sum-exp are softmax; a
# rule is checked in random directions, at points without symmetry, relative to what was summed.
#
# **Not shown:** indexing, whose transpose adds into places (`tinygen/ops/index.py`); convolution (chapter 6); that a
# reshape or transpose need not copy; float32, where a check of this kind has only three digits to go by
# (so gradients are checked in float64, and the two precisions are compared with each other).

# %% [markdown] tags=["src"]
# ## Sources
#
# * Eq. (2.1): A. Griewank and A. Walther, *Evaluating Derivatives*, 2nd ed. 2008, section 3.2. They write
#   $\bar x=\bar yF'$ with row vectors; we write columns.
# * Eq. (2.2): M. Giles, *Collected matrix derivative results* (2008), section 2.2.2.
# * Eq. (2.4): the choice of shares is ours; JAX makes the same, PyTorch's `max` over one axis gives all to one index.
# * Eq. (2.5): random directions as in W. Press et al., section 5.7, and in the checker of *autograd*
#   (D. Maclaurin, 2015); the denominator is ours.
# * Eq. (2.6): S. Boyd and L. Vandenberghe, *Convex Optimization* (2004), section 3.1.5.
