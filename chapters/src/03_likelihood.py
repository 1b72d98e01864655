# %% [markdown] tags=["head"]
# # 3. What does it mean to learn?
#
# **Minutes:** under 1, quick run under 1. **Data:** digits (8×8).
# **Uses:** chapters 1 and 2. **Adds to tinygen:** softmax, cross-entropy and its relatives
# (`tinygen/functional`), the dense layer (`tinygen/nn`).
#
# A model that is not sure says probabilities. To learn is to make what was seen probable. From
# that one sentence follow the loss, its gradient, its unit, and the way it must be computed. We
# train the smallest classifier there is, and every later chapter minimises one of its relatives.
#
# 本章概要：学习就是让观测到的数据变得更可能。由似然推出交叉熵及其梯度 p − y、以比特为单位的含义、
# log-sum-exp 的平移技巧；在手写数字上训练 softmax 回归，并观察 float32 溢出的故障。

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np

import tinygen as tg
from tinygen import data, nn, optim
from tinygen import functional as F
from tinygen.course import animate, chapter, check, drawn, predict
from tinygen.course import same, score, show, steps

rng = chapter(3)
digits = data.load("digits")
x_train, y_train = (
    data.to_float(digits.train.images).reshape(-1, 64),
    digits.train.labels,
)
x_test, y_test = data.to_float(digits.test.images).reshape(-1, 64), digits.test.labels

# %% [markdown] tags=["click"]
# ## The picture
#
# A classifier of the simplest kind lays a stencil over the image, one for each digit, multiplies,
# adds up, and gives ten numbers. Here the ten stencils learn, from nothing.


# %% tags=["click"]
def stencils(count):
    """The weights of a dense layer, (10, 8, 8), after each of `count` growing stages."""
    net = nn.Linear(64, 10, rng=tg.rng(3, "click"))
    net.weight.assign(np.zeros((10, 64), np.float32))
    downhill = optim.SGD(net.parameters(), lr=0.1)
    x, y = tg.tensor(x_train), tg.tensor(y_train)
    for stage in range(count):
        yield net.weight.detach().numpy().reshape(10, 8, 8).copy()
        for _ in range(1 + stage):
            downhill.zero_grad()
            F.cross_entropy(net(x), y).backward()
            downhill.step()


learned = list(stencils(16))


def stencil_row(figure, i):
    for k, ax in enumerate(figure.subplots(2, 5).flat):
        ax.imshow(learned[i][k], cmap="RdBu_r", vmin=-0.35, vmax=0.35)
        ax.set(xticks=[], yticks=[], title=f"{k}")
        ax.grid(False)


animate(drawn(stencil_row, len(learned), size=(5.6, 2.6)), milliseconds=250)

# %% [markdown]
# *What to see:* red where ink speaks for the digit, blue where it speaks against. The 0 has a blue
# middle: ink in the hole is proof that it is no zero. Nobody told it so.

# %% [markdown] tags=["recall"]
# ## Recall
#
# * **R1** What is the slope of log-sum-exp of $(\ell_1,\ell_2,\ell_3)=(0,0,0)$ towards $\ell_1$? (a number)
# * **R2** The slope of $-\log x$ at $x=0.25$. (a number)
# * **R3** $b$ of shape (1, 10) is added to a batch of shape (64, 10). Over which axis is the incoming
#   gradient summed? (a number)

# %% tags=["recall"]
check("3.R1", None)
check("3.R2", None)
check("3.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# Three images are seen: a cat, a dog, a cat. One model says "cat" with probability ½, ¼ to a dog, and
# knows nothing of images. It gives what was seen the probability $\frac12\cdot\frac14\cdot\frac12=\frac1{16}$. Another
# says ⅔ and ⅓: $\frac23\cdot\frac13\cdot\frac23=\frac4{27}$, which is more. It found the shares of cats and dogs.

# %% tags=["byhand"]
print(1 / 2 * 1 / 4 * 1 / 2, 2 / 3 * 1 / 3 * 2 / 3)

# %% [markdown] tags=["eq-3-1"]
# ## Likelihood
#
# The **likelihood** (似然) is the probability that a model gives to what was seen. A product over
# 1,000 images is too small for any float, so we take its logarithm, turn the sign, and divide by
# the number of images: the **negative log-likelihood** (负对数似然).
#
# $$
# L(\theta)=-\frac1N\sum_{i=1}^N\log p_\theta(y_i\mid x_i)\qquad\text{(3.1)}
# $$


# %% tags=["code-3-1"]
def negative_log_likelihood(p):
    """Mean -log p, of the probabilities (N,) given to what was seen.  Eq. (3.1)."""
    return -np.log(p).mean()


# %% tags=["same-3-1"]
seen = rng.uniform(0.1, 0.9, 7)
same(
    "3.1",
    by_logarithms=math.exp(-7 * negative_log_likelihood(seen)),
    by_multiplying=np.prod(seen),
)

# %% [markdown] tags=["eq-3-2"]
# ## From numbers to probabilities
#
# A layer gives any ten numbers $\ell_k$, **logits** (对数几率). Probabilities are positive and sum to 1.
# If a difference of logits is to be a log-ratio of probabilities, $\log p_j/p_k=\ell_j-\ell_k$, then
# only one formula is left, **softmax**:
#
# $$
# p_k=\frac{e^{\ell_k}}{\sum_j e^{\ell_j}}\qquad\text{(3.2)}
# $$


# %% tags=["code-3-2"]
def softmax(logits):
    """Probabilities from logits (..., K).  Eq. (3.2)."""
    grown = np.exp(logits)
    return grown / grown.sum(-1, keepdims=True)


# %% tags=["same-3-2"]
logits = rng.normal(0, 2, 5)
p = softmax(logits)
same("3.2", by_ratios=np.log(p[1:] / p[:-1]), by_differences=np.diff(logits))
print("sum", p.sum())

# %% [markdown] tags=["eq-3-3"]
# ## The gradient
#
# Put (3.2) into (3.1): the loss of one image is $\log\sum_je^{\ell_j}-\ell_y$, called **cross-entropy**
# (交叉熵). The slopes of log-sum-exp are softmax (chapter 2), so with $y$ as a one-hot (独热) row
#
# $$
# \frac{\partial L}{\partial\ell_k}=p_k-y_k\qquad\text{(3.3)}
# $$
#
# What was said, minus what was so. Nothing else ever enters the network from the loss.


# %% tags=["code-3-3"]
def slope_of_loss(logits, labels):
    """dL/dlogits (N, K) of the mean cross-entropy.  Eq. (3.3)."""
    p = softmax(logits)
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


# %% tags=["same-3-3"]
logits, labels = rng.normal(0, 2, (4, 5)), np.array([3, 0, 3, 1])
leaf = tg.tensor(logits, requires_grad=True)
(slopes,) = tg.grad(F.cross_entropy(leaf, tg.tensor(labels)), [leaf])
same("3.3", by_formula=slope_of_loss(logits, labels), by_autograd=slopes)

# %% [markdown] tags=["eq-3-4"]
# ## What cannot be learned
#
# Let the truth be uncertain too: $p$ are the shares of the labels among images that look alike.
# Then the best loss is not zero. It is the **entropy** (熵) of $p$, and all that a model can lose
# beyond it is the **Kullback–Leibler divergence** (KL 散度) to its own answer $q$:
#
# $$
# \underbrace{-\sum_kp_k\log q_k}_{H(p,q)}=\underbrace{-\sum_kp_k\log p_k}_{H(p)}+\underbrace{\sum_kp_k\log\frac{p_k}{q_k}}_{\mathrm{KL}(p\|q)\,\ge\,0}\qquad\text{(3.4)}
# $$


# %% tags=["code-3-4"]
def entropy(p):
    """H(p) in nats.  Eq. (3.4)."""
    return -(p * np.log(p)).sum(-1)


def kl(p, q):
    """KL(p || q) in nats: at least 0, and 0 only for q = p.  Eq. (3.4)."""
    return (p * np.log(p / q)).sum(-1)


# %% tags=["same-3-4"]
p, q = rng.dirichlet(np.ones(6), 2)
same("3.4", by_cross_entropy=-(p * np.log(q)).sum(), by_two_parts=entropy(p) + kl(p, q))

# %% [markdown]
# Watch it being learned: $p$ is grey, $q=\mathrm{softmax}(\ell)$ starts even and walks down Eq. (3.3).

# %% tags=["chase"]
ells = [np.zeros(6)]
for _ in range(60):
    ells.append(ells[-1] - 0.6 * (softmax(ells[-1]) - p))


def chase(figure, i):
    left, right = figure.subplots(1, 2)
    left.bar(range(6), p, color="0.75", label="p")
    left.plot(range(6), softmax(ells[2 * i]), "o", color="tab:blue", label="q")
    left.set(xlabel="class", ylabel="probability", ylim=(0, p.max() * 1.15))
    left.legend()
    lost = [kl(p, softmax(ell)) for ell in ells[: 2 * i + 1]]
    right.plot(entropy(p) + np.array(lost), color="tab:blue", label="H(p, q)")
    right.axhline(entropy(p), color="0.5", ls=":", label="H(p)")
    right.set(xlabel="step", ylabel="nats", xlim=(0, 60), ylim=(entropy(p) - 0.05, 2))
    right.legend()


# %% tags=["chase"]
animate(drawn(chase, 31, size=(5.8, 2.5)), milliseconds=120)

# %% [markdown]
# *What to see:* the loss falls to the dotted line and no further. The gap is the KL divergence.

# %% [markdown] tags=["eq-3-5"]
# ## The shift
#
# $e^{89}$ is more than float32 can hold. But softmax does not change if all logits are shifted, and so,
# with $m=\max_j\ell_j$, **log-sum-exp** (对数求和指数) never needs the exponential of a positive number:
#
# $$
# \log\sum_je^{\ell_j}=m+\log\sum_je^{\ell_j-m}\qquad\text{(3.5)}
# $$


# %% tags=["code-3-5"]
def log_sum_exp(logits):
    """log sum e^logits (..., K) -> (...), for logits of any size.  Eq. (3.5)."""
    m = logits.max(-1, keepdims=True)
    return m[..., 0] + np.log(np.exp(logits - m).sum(-1))


# %% tags=["same-3-5"]
small, large = rng.normal(0, 3, 8), np.array([1000.0, 1001.0, 999.5])
same(
    "3.5",
    rtol=1e-13,
    by_shift=[log_sum_exp(small), log_sum_exp(large)],
    without=[np.log(np.exp(small).sum()), 1000 + math.log(1 + math.e + math.exp(-0.5))],
)

# %% [markdown] tags=["eq-3-6"]
# ## Bits
#
# What is a loss of 2.3 *nats*? Divide by $\log2$ and it has a meaning in **bits** (比特): the number of
# yes-no questions that must still be answered, on average, by one who asks wisely.
#
# $$
# H_{\text{bits}}=\frac{H_{\text{nats}}}{\log 2}\qquad\text{(3.6)}
# $$


# %% tags=["code-3-6"]
def bits(nats):
    """Information in bits from nats.  Eq. (3.6)."""
    return nats / math.log(2)


# %% [markdown]
# Four answers with shares ½, ¼, ⅛, ⅛. Ask "is it the first?", then "the second?", then "the third?":
# one question is enough half of the time, two a quarter of the time, three otherwise.

# %% tags=["same-3-6"]
shares, questions = np.array([1 / 2, 1 / 4, 1 / 8, 1 / 8]), np.array([1, 2, 3, 3])
same("3.6", by_entropy=bits(entropy(shares)), by_asking=shares @ questions)

# %% [markdown] tags=["predict"]
# ## Predictions
#
# P1: with all weights 0 each class has probability ⅒. P2: float32 ends at $3.4\cdot10^{38}$, whose logarithm is
# 88.7. P3: how many held-out digits will the ten stencils get right? P4: where the gradient of the
# biases is zero, the mean of $p_k-y_k$ is zero, so the model says "3" as often as there are threes, however
# wrong it is on single ones. P5 is a common belief: whoever gives the same answers and is surer of
# them is better. We multiply all logits by 10, which changes no answer.

# %% tags=["predict"]
threes = float((y_train == 3).mean())
untrained = predict(
    "3.P1", "loss of the untrained model, in nats", math.log(10), rtol=1e-6
)
overflow = predict("3.P2", "first whole logit whose exp is inf in float32", 89)
accuracy = predict("3.P3", "accuracy on held-out digits", between=(0.93, 0.98))
said = predict(
    "3.P4", "mean probability of a 3, training", between=(threes - 2e-4, threes + 2e-4)
)
surer = predict("3.P5", "loss with logits x 10, minus loss", sign=-1)

# %% [markdown] tags=["build"]
# ## The same in tinygen
#
# The library's log-softmax is Eq. (3.5) with the other sign, and its cross-entropy picks one entry of it.

# %% tags=["build"]
show(F.log_softmax)
show(F.cross_entropy)

# %% [markdown] tags=["run"]
# ## Run: ten stencils
#
# All training digits at once, 1,500 steps downhill. Chapter 5 asks why the step is what it is.

# %% tags=["run"]
net = nn.Linear(64, 10, rng=tg.rng(3, "run"))
net.weight.assign(np.zeros((10, 64), np.float32))
net.bias.assign(np.zeros(10, np.float32))
downhill = optim.SGD(net.parameters(), lr=0.3, momentum=0.9)
x, y = tg.tensor(x_train), tg.tensor(y_train)

curve = []
for _ in range(steps(1500, 20)):
    downhill.zero_grad()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    downhill.step()
    with tg.no_grad():
        held_out = F.cross_entropy(net(tg.tensor(x_test)), tg.tensor(y_test))
    curve.append((loss.item(), held_out.item()))

# %% tags=["run"]
with tg.no_grad():
    logits, fitted = net(tg.tensor(x_test)).numpy(), net(x).numpy()
untrained.measure(curve[0][0])
with np.errstate(over="ignore"):
    overflow.measure(next(n for n in range(200) if np.isinf(np.exp(np.float32(n)))))
accuracy.measure((logits.argmax(1) == y_test).mean())
said.measure(softmax(fitted.astype(float))[:, 3].mean())
loss_at = lambda scale: float(
    F.cross_entropy(tg.tensor(scale * logits), tg.tensor(y_test)).item()
)
surer.measure(
    loss_at(10.0) - loss_at(1.0),
    missed="an error costs about as many nats as the logit gap is wide, ten times as much "
    "now, and what is gained on right answers is at most what was left, 0.1 nats.",
)

# %% tags=["run"]
figure, (left, right) = plt.subplots(1, 2)
train_curve, test_curve = np.array(curve).T
left.loglog(1 + np.arange(len(curve)), train_curve, label="training")
left.loglog(1 + np.arange(len(curve)), test_curve, label="held out")
left.axhline(math.log(10), color="0.5", ls=":", label="log 10")
left.set(xlabel="step", ylabel="loss (nats)")
left.legend()
scales = 10.0 ** np.linspace(-1.5, 1, 40)
right.semilogx(scales, [loss_at(s) for s in scales])
right.axhline(math.log(10), color="0.5", ls=":")
right.set(xlabel="all logits times", ylabel="held-out loss (nats)")

# %% [markdown]
# *What to see:* left, the held-out loss turns at about step 200 while the training loss goes on falling. Right, the same
# answers given with more or less conviction: there is a best amount of it, here a little
# below 1: after 1,500 steps the model is too sure.

# %% [markdown]
# Which held-out digits are the most improbable under the model, and what did it say instead?

# %% tags=["run"]
p = softmax(logits.astype(float))
given = p[np.arange(len(y_test)), y_test]
worst = np.argsort(given)[:8]
figure, axes = plt.subplots(1, 8, figsize=(7, 1.5))
for ax, i in zip(axes, worst, strict=True):
    ax.imshow(x_test[i].reshape(8, 8), cmap="gray")
    ax.set(xticks=[], yticks=[])
    ax.set_title(
        f"{y_test[i]}, said {p[i].argmax()}\n{bits(-np.log(given[i])):.0f} bits",
        fontsize=8,
    )
    ax.grid(False)

# %% [markdown]
# *What to see:* above each image its label, the answer, and what the right label cost. Some would cost a
# reader a few bits too.

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: nan from the second step
#
# **Symptom.** A classifier on raw grey levels prints a loss of `nan` at its second or third step.
# Suspects: (a) a broken image; (b) the step is too large; (c) the arithmetic of the loss. Vote first.
#
# **One number:** the largest logit just before the nan. If (a), it is nan already. If it is finite, the
# *model* is fine, however bad, and the loss is where the numbers are lost. This friend writes (3.2) as it
# stands, and then takes the logarithm, all in float32:


# %% tags=["def"]
def friend_loss(logits, labels):
    """-log of the probability, computed first."""
    return negative_log_likelihood(softmax(logits)[np.arange(len(labels)), labels])


def cured_loss(logits, labels):
    """Eq. (3.5), minus the logit of the label."""
    return (log_sum_exp(logits) - logits[np.arange(len(labels)), labels]).mean()


def first_steps(seed, loss_of, count=4):
    """Losses and largest logits of a linear model on grey levels 0 to 255."""
    draw = np.random.default_rng(seed)
    x = draw.integers(0, 256, (200, 64)).astype(np.float32)
    labels = draw.integers(0, 10, 200)
    w, found = np.zeros((64, 10), np.float32), []
    for _ in range(count):
        logits = x @ w
        found.append((float(loss_of(logits, labels)), float(np.abs(logits).max())))
        shifted = logits - logits.max(-1, keepdims=True)
        w -= np.float32(0.01) * x.T @ slope_of_loss(shifted, labels)
    return found


# %% tags=["lab"]
with np.errstate(all="ignore"):
    for seed in range(3):
        print(
            "friend",
            [f"{a:.4g} (logit {b:.0f})" for a, b in first_steps(seed, friend_loss)],
        )
for seed in range(3):
    print(
        "cured ", [f"{a:.4g} (logit {b:.0f})" for a, b in first_steps(seed, cured_loss)]
    )

# %% [markdown] tags=["lab"]
# The logits are finite: it is (c). Past 88.7 the exponential overflows and inf/inf is nan; and even where
# the largest logit is shifted away, a probability of $e^{-104}$ is 0 in float32, and its logarithm is −inf.
# The cure, Eq. (3.5), never forms the probability:
#
# ```diff
# -    return -np.log(softmax(logits)[rows, labels]).mean()
# +    return (log_sum_exp(logits) - logits[rows, labels]).mean()
# ```

# %% tags=["lab"]
gap = np.linspace(0, 130, 400, dtype=np.float32)
pairs = np.stack([gap, np.zeros_like(gap)], 1)
with np.errstate(all="ignore"):
    plain = -np.log(softmax(pairs)[:, 1])
    shifted = -np.log(softmax(pairs - pairs.max(1, keepdims=True))[:, 1])
figure, axes = plt.subplots()
axes.plot(gap, log_sum_exp(pairs) - pairs[:, 1], color="0.7", lw=5, label="Eq. (3.5)")
axes.plot(
    gap, shifted, color="tab:orange", label="shifted, then log of the probability"
)
axes.plot(gap, plain, color="tab:red", ls="--", label="as it stands")
axes.set(
    xlabel="logit of the wrong answer minus that of the right one", ylabel="loss (nats)"
)
axes.legend()

# %% [markdown]
# *What to see:* a line of slope 1 that the red curve leaves at 88 and the orange one at 104. Only the
# grey one goes on.
#
# **Where the cure fails.** The losses above are now finite, and thousands of nats large. The step is
# still far too long for grey levels up to 255: suspect (b) was guilty of something else. Chapter 5.

# %% [markdown] tags=["ex-3-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("3.E1")` helps, `solution("3.E1")` tells.
#
# **Exercise 3.1** ○ A model gives each of 20 right answers the probability 0.25. What is the
# negative logarithm of its likelihood, the sum and not the mean, in bits?

# %% tags=["try-3-1"]
check("3.E1", None)

# %% [markdown] tags=["ex-3-2"]
# **Exercise 3.2** ● The *temperature* $T$ divides all logits before softmax. Write the probabilities. What
# becomes of them as $T\to0$, and as $T\to\infty$?


# %% tags=["try-3-2"]
def tempered(logits, T):
    return None


check("3.E2", tempered)

# %% [markdown] tags=["ex-3-3"]
# **Exercise 3.3** ● *Label smoothing* moves a share $a$ of the target's probability to all $K$ classes evenly.
# Write the slope of the loss towards the logits (K,) of one image with label `label`.


# %% tags=["try-3-3"]
def smoothed_slope(logits, label, a):
    return None


check("3.E3", smoothed_slope)

# %% [markdown] tags=["ex-3-4"]
# **Exercise 3.4** ● Two classes with logits $(\ell,0)$. Show that softmax is the sigmoid, and write the slope
# of the loss towards $\ell$ when the answer is class 1 (the one with logit $\ell$).


# %% tags=["try-3-4"]
def slope_of_two(l):
    return None


check("3.E4", slope_of_two)

# %% [markdown] tags=["ex-3-5"]
# **Exercise 3.5** ○ $p=(0.9,0.1)$ and $q=(0.5,0.5)$. What is $\mathrm{KL}(q\|p)$, in nats? (It is not $\mathrm{KL}(p\|q)$.)

# %% tags=["try-3-5"]
check("3.E5", None)

# %% [markdown] tags=["ex-3-6"]
# **Exercise 3.6** ● A model that does not look at the image saw `counts` of each class. Which
# probabilities give the greatest likelihood? Derive it from Eq. (3.4).


# %% tags=["try-3-6"]
def blind(counts):
    return None


check("3.E6", blind)

# %% [markdown] tags=["ex-3-7"]
# **Exercise 3.7** ○ How large is the loss of one image, in nats, if the right answer's logit lies 200
# below the only other one? (float32 knows no probability as small as this one.)

# %% tags=["try-3-7"]
check("3.E7", None)

# %% [markdown] tags=["ex-3-8"]
# **Exercise 3.8** ◆ We want accuracy. Why do we not walk down the slope of accuracy itself? And name a
# case in which the loss rises while accuracy rises too.

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept** for later chapters: a loss is a negative log-likelihood in nats; its slope is $p-y$; what lies above the
# entropy is a KL divergence; probabilities are computed from logits, by Eq. (3.5), and as late as possible.
#
# **Not shown:** regularisation; why plain descent found the minimum (the loss is convex in the weights);
# calibration (校准) beyond one factor on the logits; densities, whose likelihood may exceed 1 (chapter 9).

# %% [markdown] tags=["src"]
# ## Sources
#
# * Eq. (3.1) to (3.3): C. Bishop, *Pattern Recognition and Machine Learning* (2006), section 4.3.4; our mean
#   over images is his sum.
# * Eq. (3.4), (3.6): T. Cover and J. Thomas, *Elements of Information Theory*, 2nd ed. 2006, chapters 2 and 5.
# * Eq. (3.5): P. Blanchard, D. Higham and N. Higham, *IMA J. Numer. Anal.* 41 (2021) 2311–2330.
# * Label smoothing: C. Szegedy et al., arXiv 1512.00567, section 7.
