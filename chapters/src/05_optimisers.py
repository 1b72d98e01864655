# %% [markdown] tags=["head"]
# # 5. Which way is down, and how far?
#
# **Minutes:** under 1, quick run under 1. **Data:** digits (8×8).
# **Uses:** chapters 1 to 4. **Adds to tinygen:** optimisers (`tinygen/optim`).
#
# The gradient says which way is down at this very point. How far to go, it does not say, and one step too long
# is enough to climb. We find the longest step to four digits *before* trying it, see what momentum buys,
# and take Adam apart.
#
# 本章概要：梯度只说方向，不说步长。由海森矩阵的最大特征值精确预测学习率的上限，推导动量的最佳系数，
# 拆解 Adam 的偏差修正，并观察超过上限一步会怎样。

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np

import tinygen as tg
from tinygen import data, optim
from tinygen import functional as F
from tinygen.course import animate, chapter, check, drawn, predict
from tinygen.course import same, score, show, steps

rng = chapter(5)
digits = data.load("digits")
x = np.pad(
    digits.train.images.reshape(-1, 64) / 255.0, ((0, 0), (0, 1)), constant_values=1
)

# %% [markdown] tags=["click"]
# ## The picture
#
# A valley, ten times as steep across as along: $L(w)=\frac12(10\,w_1^2+w_2^2)$. Four walkers start at the same place.
# One takes small steps, one steps just below the limit of Eq. (5.1), one just above, and one has momentum.

# %% tags=["click"]
STEEP = np.array([10.0, 1.0])
WALKERS = {
    "0.03": (0.03, 0.0),
    "0.19": (0.19, 0.0),
    "0.202": (0.202, 0.0),
    "0.19 + momentum": (0.19, 0.5),
}


def walk(eta, beta, count=36):
    w, v, path = np.array([1.0, 2.0]), np.zeros(2), []
    for _ in range(count):
        path.append(w)
        v = beta * v + STEEP * w
        w = w - eta * v
    return np.array(path)


# %% tags=["click"]
walks = {name: walk(*how) for name, how in WALKERS.items()}


def valley(figure, i):
    axes = figure.subplots(1, 4, sharey=True)
    a, b = np.meshgrid(np.linspace(-2, 2, 60), np.linspace(-2.4, 2.4, 60))
    for ax, (name, path) in zip(axes, walks.items(), strict=True):
        ax.contour(
            a, b, (10 * a**2 + b**2) / 2, levels=10, colors="0.8", linewidths=0.6
        )
        ax.plot(*path[: i + 1].T, ".-", ms=4, lw=0.8)
        ax.set(xlim=(-2, 2), ylim=(-2.4, 2.4), title=f"η = {name}", xlabel="w₁")
        ax.title.set_fontsize(8)
    axes[0].set_ylabel("w₂")


animate(drawn(valley, 36, size=(7.2, 2.3)), milliseconds=130)

# %% [markdown]
# *What to see:* the first is slow along the valley. The second leaps from wall to wall and yet comes down. The third,
# whose step is 6 % longer, leaps a little higher each time. The fourth is nearly there when the others are not.

# %% [markdown] tags=["recall"]
# ## Recall
#
# * **R1** The loss of ten classes whose targets are all 0.1, if all logits are 0, in nats. (a number)
# * **R2** The slope of that loss towards each logit, there. (a number)
# * **R3** A matrix has the eigenvalues 0.5 and −0.9. By which factor does a vector along the second one shrink in length
#   if it is multiplied by the matrix? (a number)

# %% tags=["recall"]
check("5.R1", None)
check("5.R2", None)
check("5.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# $L=\frac12\cdot4\,w^2$, so the slope is $4w$. From $w=1$: a step of $\eta=0.25$ gives $1-0.25\cdot4=0$, the bottom, at once. $\eta=0.4$ gives
# $-0.6$, then $0.36$: it leaps across and comes closer. $\eta=0.5$: $-1$, $1$, $-1$, for ever. $\eta=0.6$: $-1.4$, $1.96$, away.

# %% tags=["byhand"]
print(
    [[round((1 - eta * 4) ** k, 3) for k in range(4)] for eta in (0.25, 0.4, 0.5, 0.6)]
)

# %% [markdown] tags=["eq-5-1"]
# ## The edge
#
# Near a minimum a loss is a parabola in each direction, with **curvature** (曲率) $\lambda$: an eigenvalue of its matrix of second
# derivatives. A step of descent (梯度下降) multiplies the distance in that direction by $1-\eta\lambda$, and so
#
# $$
# \frac{|w_{t+1}|}{|w_t|}=|1-\eta\lambda|<1\quad\Longleftrightarrow\quad\eta<\frac2\lambda\qquad\text{(5.1)}
# $$
#
# The steepest direction sets the limit for all.


# %% tags=["code-5-1"]
def growth(eta, curvature):
    """Factor of the distance from the minimum in one step.  Eq. (5.1)."""
    return abs(1 - eta * curvature)


# %% tags=["same-5-1"]
w = tg.tensor([1.7], requires_grad=True, dtype="float64")
descent = optim.SGD([w], lr=0.31)
(0.5 * 5.3 * w**2).sum().backward()
descent.step()
same("5.1", by_formula=growth(0.31, 5.3), by_library=abs(w.detach().numpy()[0]) / 1.7)

# %% [markdown] tags=["eq-5-2"]
# ## Flat and steep
#
# If curvatures run from $\mu$ to $\lambda$, their ratio $\kappa=\lambda/\mu$, the **condition number** (条件数), decides. The step that
# makes the slower of both ends fastest, and what it then leaves of the distance in each step, are
#
# $$
# \eta=\frac2{\lambda+\mu},\qquad\rho=\frac{\kappa-1}{\kappa+1}\qquad\text{(5.2)}
# $$


# %% tags=["code-5-2"]
def best_plain(mu, lam):
    """Step size, and factor of the distance in a step, of descent.  Eq. (5.2)."""
    return 2 / (lam + mu), (lam / mu - 1) / (lam / mu + 1)


# %% tags=["same-5-2"]
sizes = np.linspace(1e-3, 0.5, 200_001)
slowest = np.maximum(growth(sizes, 0.7), growth(sizes, 6.1))
same(
    "5.2",
    rtol=1e-4,
    by_formula=best_plain(0.7, 6.1),
    by_search=[sizes[slowest.argmin()], slowest.min()],
)

# %% [markdown] tags=["eq-5-3"]
# ## Momentum
#
# **Momentum** (动量) keeps a share $\beta$ of the last movement: $v\leftarrow\beta v+\nabla L$, $w\leftarrow w-\eta v$. In one direction that is
# $w_{t+1}=(1+\beta-\eta\lambda)\,w_t-\beta\,w_{t-1}$, which grows or shrinks like the larger root of
#
# $$
# z^2-(1+\beta-\eta\lambda)\,z+\beta=0\qquad\text{(5.3)}
# $$


# %% tags=["code-5-3"]
def momentum_growth(eta, beta, curvature):
    """Factor of the distance in a step, in the long run.  Eq. (5.3)."""
    return np.abs(np.roots([1, -(1 + beta - eta * curvature), beta])).max()


# %% tags=["same-5-3"]
w = tg.tensor([1.0], requires_grad=True, dtype="float64")
rolling, sizes = optim.SGD([w], lr=0.02, momentum=0.3), []
for _ in range(120):
    rolling.zero_grad()
    (0.5 * 5.3 * w**2).sum().backward()
    rolling.step()
    sizes.append(abs(w.detach().numpy()[0]))
same(
    "5.3",
    rtol=1e-6,
    by_roots=momentum_growth(0.02, 0.3, 5.3),
    by_library=(sizes[119] / sizes[59]) ** (1 / 60),
)

# %% [markdown] tags=["eq-5-4"]
# ## The best momentum
#
# With both roots of Eq. (5.3) complex their size is $\sqrt\beta$, whatever the curvature. The smallest $\beta$ for which this holds from $\mu$ to $\lambda$:
#
# $$
# \sqrt\beta=\frac{\sqrt\kappa-1}{\sqrt\kappa+1},\qquad\eta=\frac4{(\sqrt\lambda+\sqrt\mu)^2}\qquad\text{(5.4)}
# $$
#
# $\kappa$ has become $\sqrt\kappa$: with $\kappa=100$, to gain three digits takes 35 steps instead of 345.


# %% tags=["code-5-4"]
def best_momentum(mu, lam):
    """(eta, beta) of the fastest descent with momentum.  Eq. (5.4)."""
    root = math.sqrt(lam / mu)
    return 4 / (math.sqrt(lam) + math.sqrt(mu)) ** 2, ((root - 1) / (root + 1)) ** 2


# %% tags=["same-5-4"]
eta, beta = best_momentum(0.5, 8.0)
slower = [momentum_growth(eta, beta, c) for c in (0.5, 8.0)]
same("5.4", rtol=1e-6, by_formula=math.sqrt(beta), by_roots_at_both_ends=max(slower))

# %% [markdown] tags=["eq-5-5"]
# ## Adam
#
# **Adam** keeps running means (滑动平均) of the gradient and of its square, and divides one by the root of the other,
# so that every weight moves by about $\eta$ however large its gradients are. Both means start at 0; the
# factors undo that:
#
# $$
# \begin{aligned}m&\leftarrow\beta_1m+(1-\beta_1)\,g\\v&\leftarrow\beta_2v+(1-\beta_2)\,g^2\end{aligned}\qquad w\leftarrow w-\eta\,\frac{m/(1-\beta_1^t)}{\sqrt{v/(1-\beta_2^t)}+\epsilon}\qquad\text{(5.5)}
# $$


# %% tags=["code-5-5"]
def adam_step(m, v, g, t, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8, corrected=True):
    """-> m, v, and what is taken from w in step t = 1, 2, ...  Eq. (5.5)."""
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    m_hat, v_hat = (m / (1 - b1**t), v / (1 - b2**t)) if corrected else (m, v)
    return m, v, lr * m_hat / (np.sqrt(v_hat) + eps)


# %% tags=["same-5-5"]
w = tg.tensor(np.zeros(4), requires_grad=True)
adam, m, v, by_hand = optim.Adam([w], lr=0.1), np.zeros(4), np.zeros(4), np.zeros(4)
for t, g in enumerate(rng.normal(size=(9, 4)), start=1):
    adam.zero_grad()
    (w * tg.tensor(g)).sum().backward()
    adam.step()
    m, v, step = adam_step(m, v, g, t, lr=0.1)
    by_hand = by_hand - step
same("5.5", rtol=1e-7, by_formula=by_hand, by_library=w.detach().numpy())

# %% [markdown] tags=["eq-5-6"]
# ## Its first step
#
# At $t=1$ the corrected means are $g$ and $g^2$: the step is exactly $\eta$ against the sign of $g$. Without the correction it is
#
# $$
# \frac{|\Delta w_1|}{\eta}=\frac{1-\beta_1}{\sqrt{1-\beta_2}}=\frac{0.1}{\sqrt{0.001}}=\sqrt{10}\qquad\text{(5.6)}
# $$
#
# and it gets worse before it gets better.


# %% tags=["code-5-6"]
def uncorrected(t, b1=0.9, b2=0.999):
    """Length of step t in units of eta, for a constant gradient, uncorrected.  Eq. (5.6)."""
    return (1 - b1**t) / np.sqrt(1 - b2**t)


# %% tags=["same-5-6"]
_, _, first = adam_step(0.0, 0.0, -0.37, 1, lr=1.0, corrected=False)
same(
    "5.6",
    rtol=1e-6,
    by_formula=uncorrected(1),
    by_one_step=abs(first),
    root_of_ten=math.sqrt(10),
)

# %% [markdown] tags=["predict"]
# ## Predictions
#
# Softmax regression on digits, but every target is 0.1 for every class: the minimum is known, all weights 0, and so is the
# curvature there. With $\mathbb E\,xx^\top$ the second moments of the 65 inputs (a constant 1 among them), the largest is $\lambda=\lambda_{\max}(\mathbb E\,xx^\top)/10$.
# From a tiny displacement in that direction: P1, P2 growth at 0.9 and 1.1 of the critical step. P3: Adam's first step without
# correction. P4: at which step is an uncorrected Adam longest? P5 is what everybody expects of a step beyond the edge: after
# 300 steps at 1.1 times the limit the loss has exploded, to more than 100 nats.

# %% tags=["predict"]
second_moments = x.T @ x / len(x)
curvature = np.linalg.eigvalsh(second_moments)[-1] / 10
critical = 2 / curvature
print(f"curvature {curvature:.4f}, critical step {critical:.4f}")

below = predict("5.P1", "growth at 0.9 of the critical step", 0.8, rtol=1e-4)
above = predict("5.P2", "growth at 1.1 of the critical step", 1.2, rtol=1e-4)
root_ten = predict(
    "5.P3", "first step of uncorrected Adam, in units of lr", math.sqrt(10), rtol=1e-6
)
longest = predict(
    "5.P4",
    "the step at which it is longest",
    1 + int(np.argmax(uncorrected(np.arange(1, 200)))),
)
exploded = predict("5.P5", "loss beyond the edge, minus 100 nats", sign=1)

# %% [markdown] tags=["build"]
# ## The same in tinygen
#
# All parameters lie in one flat array, so that a step is a few operations and not hundreds.

# %% tags=["build"]
show(optim.SGD)

# %% [markdown] tags=["run"]
# ## Run: to the edge and beyond


# %% tags=["def"]
def even_loss(w):
    """Mean cross-entropy of softmax(x w) with targets 0.1; w a Tensor (65, 10)."""
    logits = tg.tensor(x) @ w
    return -F.log_softmax(logits, 1).mean()


def descend(start, eta, count):
    """Losses, and distances from the minimum, of plain descent."""
    w = tg.tensor(start, requires_grad=True)
    descent, losses, distances = optim.SGD([w], lr=eta), [], []
    for _ in range(count):
        distances.append(np.linalg.norm(w.detach().numpy()))
        descent.zero_grad()
        loss = even_loss(w)
        loss.backward()
        descent.step()
        losses.append(loss.item())
    return np.array(losses), np.array(distances)


# %% tags=["run"]
direction = np.linalg.eigh(second_moments)[1][:, -1:]
classes = np.linspace(-1, 1, 10)[None]
tiny = 1e-6 * direction * classes  # along the steepest direction, of sum 0 over classes
measured = {}
for share in (0.9, 1.0, 1.1):
    _, distances = descend(tiny, share * critical, 12)
    measured[share] = (distances[10] / distances[0]) ** (1 / 10)
print({share: f"{value:.4f}" for share, value in measured.items()})
below.measure(measured[0.9])
above.measure(measured[1.1])

w = tg.tensor(np.zeros(3), requires_grad=True)
(w * tg.tensor(rng.normal(size=3))).sum().backward()
g = np.asarray(w.grad)
_, _, step = adam_step(0.0, 0.0, g, 1, lr=0.01, corrected=False)
root_ten.measure(np.abs(step).mean() / 0.01)
m = v = 0.0
lengths = []
for t in range(1, 200):
    m, v, length = adam_step(m, v, 0.4, t, lr=1.0, corrected=False)
    lengths.append(length)
longest.measure(1 + int(np.argmax(lengths)))

# %% tags=["run"]
count = steps(300, 30)
paths = {
    share: descend(1e4 * tiny, share * critical, count) for share in (0.5, 0.9, 1.1)
}
exploded.measure(
    paths[1.1][0].max() - 100,
    missed="the curvature is that at the minimum. Farther out softmax saturates, the loss is nearly "
    "straight and its slope is bounded, so the walker leaps about in a ring and stays there.",
)
figure, (left, right) = plt.subplots(1, 2)
for share, (losses, distances) in paths.items():
    left.semilogy(losses - math.log(10) + 1e-17, label=f"{share} of the limit")
    right.semilogy(distances)
left.set(xlabel="step", ylabel="loss above log 10 (nats)")
right.set(xlabel="step", ylabel="distance from the minimum")
left.legend(fontsize=8)

# %% [markdown]
# *What to see:* beyond the edge the loss rises and then stays where it is, far from infinity. Below it both lines fall, and
# after a while slowly: the directions that are left are flat, and for them every step below the limit is short.

# %% [markdown] tags=["run"]
# ## Run: the spectrum, and three ways down
#
# Why is it slow? Here are all curvatures that are not zero, and descent, momentum and Adam from the same start. Momentum
# takes a fifth of descent's step: by exercise 5.5 that is still twice its step in the long run.

# %% tags=["run"]
spectrum = np.linalg.eigvalsh(second_moments)[::-1] / 10
spectrum = spectrum[spectrum > 1e-9]
start = rng.normal(0, 0.1, (65, 10))
WAYS = {
    "descent": lambda w: optim.SGD([w], lr=0.9 * critical),
    "momentum 0.9": lambda w: optim.SGD([w], lr=0.2 * critical, momentum=0.9),
    "Adam": lambda w: optim.Adam([w], lr=0.02),
}
figure, (left, right) = plt.subplots(1, 2)
left.semilogy(spectrum, ".")
left.set(xlabel="direction", ylabel="curvature")
for name, make in WAYS.items():
    w, losses = tg.tensor(start, requires_grad=True), []
    optimizer = make(w)
    for _ in range(count):
        optimizer.zero_grad()
        loss = even_loss(w)
        loss.backward()
        optimizer.step()
        losses.append(loss.item() - math.log(10))
    right.loglog(1 + np.arange(count), losses, label=name)
right.set(xlabel="step", ylabel="loss above log 10 (nats)")
right.legend(fontsize=8)
print(f"condition number {spectrum[0] / spectrum[-1]:.0f}")

# %% [markdown]
# *What to see:* curvatures over seven powers of ten, so no single step suits all. Momentum and Adam swing at first, as
# Eq. (5.3) with complex roots does, and then leave descent behind: the flat directions are where they gain.

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: Adam throws the start away
#
# **Symptom.** Training goes on from good weights, with Adam and a small step, and the loss jumps up in the first twenty steps. Suspects: (a) the
# step size is too large after all; (b) the batches differ from those before; (c) Adam's means start at zero. Vote first.
#
# **One number:** the length of the first step in units of the step size. If (a) or (b), it is 1 at each weight. This friend left the
# two factors out, since "they go to 1 anyway":


# %% tags=["def"]
def go_on(seed, corrected, lr=0.02, count=60):
    """Loss above the minimum along Adam from a good start, and the first step's length."""
    draw = np.random.default_rng(seed)
    w = draw.normal(0, 0.03, (65, 10))
    m = v = np.zeros_like(w)
    losses, first = [], None
    for t in range(1, count + 1):
        some = x[draw.choice(len(x), 64, replace=False)]
        p = np.exp(some @ w)
        p /= p.sum(1, keepdims=True)
        logits = x @ w
        losses.append(
            float(
                np.mean(np.log(np.exp(logits).sum(1)) - logits.mean(1)) - math.log(10)
            )
        )
        g = some.T @ (p - 0.1) / len(some)
        m, v, step = adam_step(m, v, g, t, lr, corrected=corrected)
        first = np.median(np.abs(step)) / lr if t == 1 else first
        w = w - step
    return losses, first


# %% tags=["lab"]
figure, axes = plt.subplots()
for seed in range(3):
    for corrected, colour in ((False, "tab:red"), (True, "tab:blue")):
        losses, first = go_on(seed, corrected)
        label = ("corrected" if corrected else "friend") if seed == 0 else None
        axes.semilogy(losses, color=colour, label=label)
        print(
            f"seed {seed} {'corrected' if corrected else 'friend   '} first step {first:.2f} lr, worst loss {max(losses):.3f}"
        )
axes.set(xlabel="step", ylabel="loss above the minimum (nats)")
axes.legend()

# %% [markdown] tags=["lab"]
# *What to see:* red leaps up at once and needs the whole plot to come back. The first step is 3.16 long: it is (c), Eq. (5.6).
#
# ```diff
# - w = w - lr * m / (sqrt(v) + eps)
# + w = w - lr * (m / (1 - b1**t)) / (sqrt(v / (1 - b2**t)) + eps)
# ```
#
# **Where the cure fails.** Blue rises too, a little. The corrected first step is $\eta$ against the sign of *one* batch's gradient, however small and noisy
# that is: near a minimum it is mostly noise. That is why large networks warm up (`tinygen.schedule.warmup`): the first steps are
# made short while the means learn what is usual.

# %% [markdown] tags=["ex-5-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("5.E1")` helps, `solution("5.E1")` tells.
#
# **Exercise 5.1** ○ The steepest curvature of a loss is 40. Which step size is the limit?

# %% tags=["try-5-1"]
check("5.E1", None)

# %% [markdown] tags=["ex-5-2"]
# **Exercise 5.2** ● With the best plain step, how many steps divide the distance by $10^3$? Write it as a function of $\kappa$ (not rounded).


# %% tags=["try-5-2"]
def steps_needed(kappa):
    return None


check("5.E2", steps_needed)

# %% [markdown] tags=["ex-5-3"]
# **Exercise 5.3** ● *Weight decay* adds $d\,w$ to the gradient. Write the growth, Eq. (5.1), with it.


# %% tags=["try-5-3"]
def decayed_growth(eta, curvature, d):
    return None


check("5.E3", decayed_growth)

# %% [markdown] tags=["ex-5-4"]
# **Exercise 5.4** ○ The loss is multiplied by 100. By which factor does Adam's first step change (ε is negligible)?

# %% tags=["try-5-4"]
check("5.E4", None)

# %% [markdown] tags=["ex-5-5"]
# **Exercise 5.5** ● With momentum β a constant gradient $g$ leads to a constant velocity. By which factor is the step longer, in the long run,
# than without momentum?


# %% tags=["try-5-5"]
def long_run(beta):
    return None


check("5.E5", long_run)

# %% [markdown] tags=["ex-5-6"]
# **Exercise 5.6** ● Up to which step size is descent *with momentum* stable in a direction of curvature $\lambda$? (In Eq. (5.3) a root reaches −1.)


# %% tags=["try-5-6"]
def momentum_limit(curvature, beta):
    return None


check("5.E6", momentum_limit)

# %% [markdown] tags=["ex-5-7"]
# **Exercise 5.7** ◆ At half the critical step Eq. (5.1) predicts growth 0 along the steepest direction: the minimum in one step. Measure the
# growth of the *whole* distance over ten steps from `tiny`. It is not 0. Which directions are left, and who put them there?

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept** for later chapters: the limit $2/\lambda$; momentum's roots; Adam and its first step; a game of two players has *complex*
# eigenvalues, and then chapter 12 uses the same arithmetic.
#
# **Not shown:** noise of batches as a reason to lower the step; schedules; that networks in training drift to the edge $2/\lambda$ by themselves
# (Cohen et al., arXiv 2103.00065); decoupled weight decay (AdamW).

# %% [markdown] tags=["src"]
# ## Sources
#
# * Eq. (5.1), (5.2): Y. Nesterov, *Introductory Lectures on Convex Optimization* (2004), section 2.1.5.
# * Eq. (5.3), (5.4): B. Polyak, *USSR Comp. Math. and Math. Phys.* 4 (1964) 1–17; G. Goh, *Why momentum really works*, Distill 2017.
# * Eq. (5.5), (5.6): D. Kingma and J. Ba, arXiv 1412.6980, algorithm 1 and section 3.
