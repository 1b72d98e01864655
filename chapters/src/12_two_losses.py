# %% [markdown] tags=["head"]
# # 12. Two losses, one fixed point: which road?
#
# **Minutes:** 1, quick run under 1. **Data:** digits (8×8).
# **Uses:** chapters 1, 3, 5, 10, 11. **Adds to tinygen:** `generator_loss`, `generator_loss_minimax` and
# `r1_penalty` of `tinygen/models/objectives.py`, the generator of `tinygen/models/gan.py`.
#
# Now the generator moves. Two losses are in use for it; books say that the second is "the same, only with
# stronger gradients". At the goal they agree. Everywhere else they differ by a factor that we
# compute, they descend two divergences, and if the goal cannot be reached they end in two places. Then we see
# why neither arrives by itself, and what a small penalty changes.
#
# 本章概要：生成器有两种损失：极小极大与非饱和。梯度之比恰为 e^ℓ，一条路走 JS 散度，另一条走另一个散度；
# 不动点相同，道路不同。再用 Dirac-GAN 看为何转圈，以及 R1 惩罚如何让它停下。

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np

from tinygen import data, grad, metrics, nn, ops, optim, tensor
from tinygen.course import animate, chapter, check, drawn, predict
from tinygen.course import same, score, show, steps
from tinygen.models.gan import Discriminator, Generator
from tinygen.models.objectives import discriminator_loss, generator_loss
from tinygen.models.objectives import generator_loss_minimax, r1_penalty

rng = chapter(12)

# %% [markdown] tags=["click"]
# ## The picture
#
# The smallest GAN there is. All data are the number 0; the generator makes the number $\theta$; the
# discriminator has the logit $\ell(x)=\psi x$. The goal is $\theta=\psi=0$. Both follow their own gradients, in
# steps of 0.3: at the same time (simultaneous 同时更新), in turns (alternating 交替更新), or at the same time with a
# penalty on $D$'s slope. The two losses of the title are $\log(1-D)$ and $-\log D$.


# %% tags=["def"]
def sigmoid(logit):
    """1 / (1 + exp(-logit))."""
    return 1 / (1 + np.exp(-logit))


def walk(h, count, *, turns=False, gamma=0.0, other=False, start=(1.0, 0.0)):
    """theta and psi of the smallest GAN, count + 1 of each; in plain numbers.

    turns : G sees the psi that D has just taken      gamma : weight of the penalty
    other : G follows -log D instead of log(1 - D)
    """
    (theta, psi), path = start, [start]
    for _ in range(count):
        new = psi - h * (sigmoid(psi * theta) * theta + gamma * psi)
        seen = new if turns else psi
        D = sigmoid(seen * theta)
        theta, psi = theta + h * (1 - D if other else D) * seen, new
        path.append((theta, psi))
    return np.transpose(path)


# %% tags=["click"]
walks = {
    "log(1 - D), same time": walk(0.3, 120),
    "log(1 - D), in turns": walk(0.3, 120, turns=True),
    "-log D, same time": walk(0.3, 120, other=True),
    "with a penalty": walk(0.3, 120, gamma=0.3),
}


def spirals(figure, i):
    axes = figure.subplots()
    last = 5 * i
    for color, (told, (theta, psi)) in enumerate(walks.items()):
        look = {"color": f"C{(1, 0, 3, 2)[color]}"}
        axes.plot(theta[: last + 1], psi[: last + 1], lw=1, label=told, **look)
        axes.plot(theta[last], psi[last], "o", ms=5, **look)
    axes.plot(0, 0, "k+", ms=10)
    axes.set(xlim=(-2.9, 2.9), ylim=(-2.5, 3.3), aspect="equal")
    axes.set(xlabel=r"$\theta$: where G is", ylabel=r"$\psi$: what D says")
    axes.legend(loc="upper right", fontsize=7, ncols=2)


animate(drawn(spirals, 25, size=(4.4, 4.4)), milliseconds=140)

# %% [markdown]
# *What to see:* orange spirals *away* from the goal, though every single step goes downhill for its player.
# Blue goes round for ever. Purple settles on a ring. Only green arrives. Equations (12.5) to (12.7) and exercise
# 12.8 predict all four.

# %% [markdown] tags=["recall"]
# ## Recall
#
# * **R1** (chapter 11) $D^*(x)=0.2$. What is the logit?
# * **R2** (chapter 11) $L_D$ of the best discriminator, when the generator is perfect?
# * **R3** (chapter 3) A logit gives the probability 0.3, the label is 1. The slope of the cross-entropy by the logit?

# %% tags=["recall"]
check("12.R1", None)
check("12.R2", None)
check("12.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# Early in training $D$ sees through a sample: $\ell=-4$, $D=\sigma(-4)=0.018$. The minimax loss there is
# $\log(1-0.018)=-0.018$, the other $-\log0.018=4.018$. Raise the logit a little, by 0.1: the first falls by 0.0019, the
# second by 0.0982. The same improvement, 52 times the reward; $e^4=54.6$ in the limit.

# %% tags=["byhand"]
for name, loss in (
    ("log(1 - D)", lambda l: math.log(1 - sigmoid(l))),
    ("-log D", lambda l: -math.log(sigmoid(l))),
):
    print(f"{name:11} {loss(-4):8.4f} {loss(-3.9):8.4f} {loss(-3.9) - loss(-4):8.4f}")

# %% [markdown] tags=["eq-12-1"]
# ## Road one
#
# The generator wants the value of Eq. (11.1) small. Its part of it is the **minimax loss**
# $\mathbb E_z\log(1-D(G(z)))$ (极小极大损失). What the generator hears of one sample is the slope by the logit:
#
# $$
# \frac{d}{d\ell}\log(1-\sigma(\ell))=-\sigma(\ell)\qquad\text{(12.1)}
# $$
#
# It is $-D$. A sample that $D$ sees through, $D\to0$, hears nothing: the loss **saturates** (饱和), just where there
# is most to learn.


# %% tags=["def"]
def by_rules(loss, logit):
    """dL_G/dlogit at one logit, by the engine."""
    ell = tensor(np.float64([[logit]]), requires_grad=True)
    (slope,) = grad(loss(ell), [ell])
    return slope.item()


# %% tags=["code-12-1"]
def minimax_slope(logit):
    """What E log(1 - D) tells G, by formula and by the engine.  Eq. (12.1)."""
    return -sigmoid(logit), by_rules(generator_loss_minimax, logit)


# %% tags=["same-12-1"]
by_formula, by_engine = np.transpose([minimax_slope(l) for l in (-6.0, -0.7, 2.3)])
same("12.1", by_formula=by_formula, by_engine=by_engine)

# %% [markdown] tags=["eq-12-2"]
# ## Road two
#
# Goodfellow proposed at once to use another: $-\mathbb E_z\log D(G(z))$, the **non-saturating loss** (非饱和损失).
#
# $$
# \frac{d}{d\ell}\big[-\log\sigma(\ell)\big]=-(1-\sigma(\ell))\qquad\text{(12.2)}
# $$
#
# It is $-(1-D)$: nearly $-1$ where $D$ sees through the sample, and 0 where $D$ is fooled. Both slopes are
# negative everywhere: both want the logit higher. So they have one fixed point, $D=\frac12$ with $p=q$.


# %% tags=["code-12-2"]
def other_slope(logit):
    """What -E log D tells G, by formula and by the engine.  Eq. (12.2)."""
    return sigmoid(logit) - 1, by_rules(generator_loss, logit)


# %% tags=["same-12-2"]
by_formula, by_engine = np.transpose([other_slope(l) for l in (-6.0, -0.7, 2.3)])
same("12.2", by_formula=by_formula, by_engine=by_engine)

# %% [markdown] tags=["eq-12-3"]
# ## Their ratio
#
# $$
# \frac{d\,\log(1-\sigma(\ell))}{d\,[-\log\sigma(\ell)]}=\frac{\sigma(\ell)}{1-\sigma(\ell)}=e^{\ell}\qquad\text{(12.3)}
# $$
#
# All else in the chain from logit to weights is shared, so for one sample the whole gradients of $G$ are
# parallel, in the ratio $e^\ell$. For a *batch* they are not: the losses weigh the samples differently. Minimax listens
# to the samples that look best, the other to those that look worst.


# %% tags=["code-12-3"]
def grad_ratio(logit):
    """The minimax gradient over the non-saturating one.  Eq. (12.3)."""
    return by_rules(generator_loss_minimax, logit) / by_rules(generator_loss, logit)


# %% tags=["same-12-3"]
at = (-30.0, -6.0, 0.5, 3.0)
same(
    "12.3",
    by_two_gradients=[math.log(grad_ratio(l)) for l in at],
    by_the_logit=at,
)
ell = np.linspace(-6, 6, 121)
figure, (left, right) = plt.subplots(1, 2)
left.plot(ell, -np.logaddexp(0, ell), label="log(1 - D)")
left.plot(ell, np.logaddexp(0, -ell), label="-log D")
left.set(xlabel="logit of a sample", ylabel="loss of G (nats)")
left.legend()
right.plot(ell, -sigmoid(ell), label="-D")
right.plot(ell, sigmoid(ell) - 1, label="-(1 - D)")
right.set(xlabel="logit of a sample", ylabel="slope of the loss")
right.legend(loc="center right")

# %% [markdown]
# *What to see:* each curve is the other turned by 180°. At the left, where training begins, blue is flat and
# orange is steep; at the right it is the other way round.

# %% [markdown] tags=["eq-12-4"]
# ## Two divergences
#
# Let $D$ be the best, $\ell^*=\log p/q$, and hold it still while $G$ takes a step. From
# $-\log D=-\ell-\log(1-D)$ the losses differ by $-\mathbb E_q\,\ell^*$, whose gradient is that of $\mathrm{KL}(q\|p)$. With
# Eq. (11.3), and $m=\frac12(p+q)$,
#
# $$
# \begin{aligned}
# \nabla_\theta\,\mathbb E_q[\log(1-D^*)]&=\nabla_\theta\,2\,\mathrm{JSD}(p\|q)\\
# \nabla_\theta\,\mathbb E_q[-\log D^*]&=\nabla_\theta\big[\mathrm{KL}(q\|p)-2\,\mathrm{JSD}(p\|q)\big]=\nabla_\theta\,2\,\mathrm{KL}(m\|p)
# \end{aligned}\qquad\text{(12.4)}
# $$
#
# The minus sign has been called a force that drives $p$ and $q$ apart. The last form shows that it does not:
# $2\,\mathrm{KL}(m\|p)$ is never negative, and 0 only at $q=p$ (exercise 12.6).


# %% tags=["code-12-4"]
def push(loss, log_p, mean, std):
    """dL_G/dmean and dL_G/dstd of q = N(mean, std^2), the best D held.  Eq. (12.4)."""
    z, width = np.linspace(-9, 9, 1501, retstep=True)
    theta = tensor(np.float64([mean, std]), requires_grad=True)
    x = theta[0] + theta[1] * z
    logits = log_p(x) - log_normal(x, mean, std)  # q in plain numbers: D stands still
    told = tensor(logits.data, requires_grad=True)
    (slopes,) = grad(loss(told), [told])  # of a mean over the points
    weights = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * width
    (g,) = grad(ops.sum(logits * (slopes.data * len(z) * weights)), [theta])
    return g.data


def divergences(log_p, mean, std):
    """2 JSD, KL(q || p) and 2 KL(m || p) of q = N(mean, std^2).  Eq. (12.4)."""
    x, width = np.linspace(-25, 25, 5001, retstep=True)
    lp, lq = log_p(tensor(x)).data, log_normal(x, mean, std)
    lm = np.logaddexp(lp, lq) - math.log(2)
    kl = lambda a, b: np.sum(np.exp(a) * (a - b)) * width
    return np.array([kl(lp, lm) + kl(lq, lm), kl(lq, lp), 2 * kl(lm, lp)])


# %% tags=["def"]
def log_normal(x, mean, std):
    """log N(x; mean, std^2), of an array or a tensor."""
    return -0.5 * ((x - mean) / std) ** 2 - math.log(std * math.sqrt(2 * math.pi))


def log_peaks(x):
    """log p of two peaks at -2 and 2, each of std 0.5; x a tensor."""
    peaks = [log_normal(x, c, 0.5) for c in (-2.0, 2.0)]
    return ops.logsumexp(ops.stack(peaks), 0) - math.log(2)


# %% tags=["same-12-4"]
mean, std, h = 1.3, 0.9, 1e-4
by_mean, by_std = (
    (divergences(log_peaks, mean + a, std + b) - divergences(log_peaks, mean - a, std - b))
    / (2 * h)
    for a, b in ((h, 0), (0, h))
)  # fmt: skip
slopes = np.stack([by_mean, by_std])
same(
    "12.4",
    rtol=1e-6,
    by_the_losses=[
        push(generator_loss_minimax, log_peaks, mean, std),
        push(generator_loss, log_peaks, mean, std),
    ],
    by_JSD_and_KL=[slopes[:, 0], slopes[:, 1] - slopes[:, 0]],
    by_JSD_and_mixture=[slopes[:, 0], slopes[:, 2]],
)

# %% [markdown] tags=["eq-12-5"]
# ## Around the goal
#
# Back to the first picture. With $\ell=\psi x$, $G$ moves by $-\partial L_G/\partial\theta=(1-D)\,\psi$ (road two) or $D\,\psi$ (road one), and
# $D$ by $-\partial L_D/\partial\psi=-D\,\theta$. At the goal $D=\frac12$: *both roads are one*. How the velocity changes around
# it is the Jacobian (雅可比矩阵), with a penalty of weight $\gamma$ to come:
#
# $$
# \frac{\partial(\dot\theta,\dot\psi)}{\partial(\theta,\psi)}=J=\begin{pmatrix}0&\tfrac12\\-\tfrac12&-\gamma\end{pmatrix}\qquad\text{(12.5)}
# $$
#
# Without $\gamma$ it is a quarter turn: who is at the right place is pushed sideways, for ever.


# %% tags=["code-12-5"]
def velocity(theta, psi, loss=generator_loss, gamma=0.0):
    """Where G and D go: minus the gradients of their losses.  Eq. (12.5)."""
    one = lambda t: tensor(np.float64([[t]]), requires_grad=True)
    theta, psi, real = one(theta), one(psi), one(0.0)
    on_real, on_fake = psi * real, psi * theta
    loss_D = discriminator_loss(on_real, on_fake)
    if gamma:
        loss_D = loss_D + gamma * r1_penalty(on_real, real)
    (of_G,) = grad(loss(on_fake), [theta], retain_graph=True)
    (of_D,) = grad(loss_D, [psi])
    return np.array([-of_G.item(), -of_D.item()])


def jacobian(gamma=0.0):
    """How the velocity changes around the goal.  Eq. (12.5)."""
    return np.array([[0.0, 0.5], [-0.5, -gamma]])


# %% tags=["same-12-5"]
h = 1e-4
columns = lambda *settings: [
    (velocity(*d, *settings) - velocity(-d[0], -d[1], *settings)) / (2 * h)
    for d in ((h, 0.0), (0.0, h))
]
same(
    "12.5",
    rtol=1e-7,
    by_road_two=np.transpose(columns(generator_loss, 0.3)),
    by_road_one=np.transpose(columns(generator_loss_minimax, 0.3)),
    by_formula=jacobian(0.3),
)

# %% [markdown] tags=["eq-12-6"]
# ## How fast it leaves
#
# A step of size $h$ multiplies the small vector $(\theta,\psi)$ by a matrix. The largest modulus of its eigenvalues
# (特征值) is the growth per step. At the same time, it is $I+hJ$; in turns, $D$'s row first, then $G$'s with the new $\psi$:
#
# $$
# |\lambda|_{\text{same time}}=\sqrt{1+\tfrac{h^2}{4}}>1,\qquad|\lambda|_{\text{in turns}}=1\quad(h\le4)\qquad\text{(12.6)}
# $$
#
# The first is away from the goal for *every* step size; a smaller $h$ only takes longer. The second keeps
# its distance. This is close to the goal; farther off the roads part. Times in proportion,
# $\frac d{dt}\frac12(\theta^2+\psi^2)$ is $D\psi\theta-D\psi\theta=0$ on road one, $(1-2D)\,\ell<0$ on road two, with $\ell=\psi\theta$: a friction that
# grows with the distance. It makes the purple ring.


# %% tags=["code-12-6"]
def one_step(h, turns, gamma=0.0):
    """The matrix of one step around the goal.  Eq. (12.6)."""
    J = jacobian(gamma)
    D_moves, G_moves = np.eye(2), np.eye(2)
    D_moves[1] += h * J[1]
    G_moves[0] += h * J[0]
    return G_moves @ D_moves if turns else np.eye(2) + h * J


def growth(h, turns):
    """The largest modulus of the eigenvalues, without a penalty.  Eq. (12.6)."""
    return 1.0 if turns else math.sqrt(1 + h**2 / 4)


# %% tags=["same-12-6"]
settings = [(0.1, False), (0.5, False), (0.1, True), (0.5, True)]
same(
    "12.6",
    by_formula=[growth(*s) for s in settings],
    by_eigenvalues=[abs(np.linalg.eigvals(one_step(*s))).max() for s in settings],
)

# %% [markdown] tags=["eq-12-7"]
# ## What stops it
#
# $D$ keeps shouting although at the goal there is nothing to say. The **R1 penalty**, a gradient penalty (梯度惩罚), charges it for a slope
# at the data, $\frac\gamma2\,\mathbb E_p|\nabla_x\ell|^2=\frac\gamma2\psi^2$: friction on $\psi$. The eigenvalues become
#
# $$
# \lambda_\pm=1-\frac h2\Big(\gamma\mp\sqrt{\gamma^2-1}\Big)\qquad\text{(12.7)}
# $$
#
# Below $\gamma=1$ they are complex, a spiral inwards; above, it creeps without turning; at $\gamma=1$ both are $1-h/2$.


# %% tags=["code-12-7"]
def penalty(psi):
    """The penalty of a discriminator psi x at data, by the library.  Eq. (12.7)."""
    real = tensor(np.float64([[0.4], [-1.1], [0.3]]), requires_grad=True)
    return r1_penalty(psi * real, real).item()


def r1_eigenvalues(h, gamma):
    """Those of one step at the same time, with the R1 penalty.  Eq. (12.7)."""
    root = np.emath.sqrt(gamma**2 - 1)  # imaginary below 1
    return 1 - h / 2 * (gamma - np.array([root, -root]))


# %% tags=["same-12-7"]
weights = (0.3, 0.8, 1.7)
in_order = lambda pair: sorted(pair, key=lambda t: (t.real, t.imag))
found = [in_order(np.linalg.eigvals(one_step(0.2, False, g))) for g in weights]
promised = [in_order(r1_eigenvalues(0.2, g)) for g in weights]
same("12.7", by_formula=np.real(promised), by_matrix=np.real(found))
same("12.7", by_formula=np.imag(promised), by_matrix=np.imag(found))
print("penalty of psi = 1.7:", penalty(1.7), "=", 1.7**2 / 2)

# %% [markdown] tags=["predict"]
# ## Predictions
#
# P1: for *one* sample, all of $G$'s thousands of weights get the two gradients in the ratio $e^\ell$: the logarithm of
# the ratio of their norms, less the logit, is 0. P2, P3: growth per step of the smallest GAN at $h=0.1$, by Eq. (12.6)
# and (12.7). P4: $G$ stands still and $D$ learns. "The better $D$, the smaller the minimax gradient": after 30 steps it will
# be below the one at the start. P5: $q$ is *one* Gaussian, the data have two peaks at $\pm2$ of width 0.5. On road one it
# will cover both, on road two it will take one: widths $\sqrt{2^2+0.5^2}=2.06$ and $0.5$.

# %% tags=["predict"]
parallel = predict("12.P1", "log of the gradient ratio less the logit", 0.0, atol=1e-4)
away = predict("12.P2", "growth per step, same time", math.sqrt(1.0025), rtol=1e-5)
home = predict("12.P3", "growth per step, R1 with weight 1", 0.95, rtol=1e-3)
early = predict("12.P4", "minimax gradient, step 30 less step 0", sign=-1)
widths = predict("12.P5", "width, road one less road two", between=(1.4, 1.7))

# %% [markdown] tags=["build"]
# ## The same in tinygen

# %% tags=["build"]
show(generator_loss)
show(generator_loss_minimax)
show(r1_penalty)

# %% [markdown] tags=["run"]
# ## Run: a generator that stands still, a discriminator that learns
#
# $G$ is untrained, its images are noise; $D$ learns to tell them from digits. From time to time we ask: what *would*
# $G$ hear? By the chain rule, a product: slope of the loss, times $\partial\ell/\partial x$, times the rest.


# %% tags=["def"]
def networks(own):
    """G and D of 8x8 images, and noise for G."""
    G, D = Generator(16, (1, 8, 8), 64, rng=own), Discriminator((1, 8, 8), 64, rng=own)
    return G, D, lambda n: tensor(np.float32(own.standard_normal((n, 16))))


def adam_of(net):
    """The optimiser of all our GANs: Adam with beta1 = 0.5."""
    return optim.Adam(net.parameters(), lr=1e-3, betas=(0.5, 0.999))


def learn(D, adam, real, fake):
    """One step of D."""
    adam.zero_grad()
    discriminator_loss(D(tensor(real)), D(tensor(fake))).backward()
    adam.step()


def heard(loss, G, D, z):
    """The norm of dL_G by all weights of G."""
    parts = grad(loss(D(G(z))), list(G.parameters()))
    return math.sqrt(sum(float((part.data.astype(float) ** 2).sum()) for part in parts))


def slope_of(D, x):
    """Mean logit at x, and mean norm of dlogit/dx."""
    x = tensor(x, requires_grad=True)
    logits = D(x)
    (g,) = grad(ops.sum(logits), [x])
    return logits.data.mean(), np.sqrt((g.data**2).sum(axis=(1, 2, 3))).mean()


# %% tags=["run"]
digits = data.to_float(data.load("digits").train.images)
batch = lambda own: digits[own.integers(len(digits), size=64)]
looks = (0, 5, 10, 15, 20, 30, 40, 50, 70, 100, 150, 200, 300, 450, 700, 1000, 1500)
looks = looks[: steps(len(looks), 6)]
losses = generator_loss_minimax, generator_loss
tables, misfit = [], []
for seed in range(3):
    own = np.random.default_rng(seed)
    G, D, noise = networks(own)
    adam, fixed, rows = adam_of(D), noise(256), []
    for step in range(looks[-1] + 1):
        if step in looks:
            told = [heard(loss, G, D, fixed) for loss in losses]
            rows.append((step, *told, *slope_of(D, G(fixed).data)))
        learn(D, adam, batch(own), G(noise(64)).data)
    tables.append(np.transpose(rows))
    one = noise(1)
    road_one, road_two = (heard(loss, G, D, one) for loss in losses)
    misfit.append(math.log(road_one / road_two) - D(G(one)).item())
parallel.measure(misfit)
reason = (
    "a product. The slope of the loss, D, does fall, but slowly at first; the slope "
    "of the logit, nearly flat in an untrained D, rises sevenfold and more meanwhile."
)
early.measure([t[1][looks.index(30)] - t[1][0] for t in tables], missed=reason)

# %% tags=["run"]
figure, (left, right) = plt.subplots(1, 2)
for k, (step, minimax, other, logit, steep) in enumerate(tables):
    first = lambda told, k=k: told if k == 0 else None
    left.semilogy(step, minimax, color="C0", label=first("log(1 - D)"))
    left.semilogy(step, other, color="C1", label=first("-log D"))
    right.semilogy(step, sigmoid(logit), color="C3", label=first("slope of log(1 - D)"))
    right.semilogy(step, steep, color="C2", label=first("slope of the logit"))
left.set(xscale="symlog", xlabel="steps of D", ylabel="norm of G's gradient")
right.set(xscale="symlog", xlabel="steps of D", ylabel="factor")
left.legend(), right.legend()
print(
    "minimax",
    *(f"{t[1][0]:.2f}, at most {t[1].max():.2f}, {t[1][-1]:.1e};" for t in tables),
)
print("other  ", *(f"{t[2][0]:.2f} to {t[2][-1]:.1f};" for t in tables))

# %% [markdown]
# *What to see:* left, blue rises first and then falls by a factor of a thousand; orange only rises. Right, why: the
# slope of the logit (green) grows and stays, the slope of the loss (purple) dies, Eq. (12.1). The orange
# gradient has no second factor to hold it: it explodes gently where blue vanishes.

# %% [markdown] tags=["run"]
# ## Run: two roads, two ends
#
# $q$ moves along Eq. (12.4), with a perfect discriminator at every step; no sampling, no noise.

# %% tags=["run"]
roads = {}
for told, loss in (("log(1 - D)", generator_loss_minimax), ("-log D", generator_loss)):
    path = [(4.0, 2.0)]
    for _ in range(steps(600, 6)):
        mean, std = path[-1]
        by_mean, by_std = push(loss, log_peaks, mean, std)
        path.append((mean - 0.1 * by_mean, std - 0.1 * by_std))
    roads[told] = path
widths.measure(roads["log(1 - D)"][-1][1] - roads["-log D"][-1][1])
x = np.linspace(-7, 9, 321)
p = np.exp(log_peaks(tensor(x)).data)


def moving(figure, i):
    at = int(600 ** (i / 23)) if i else 0
    both = figure.subplots(1, 2, sharey=True)
    for axes, (told, path) in zip(both, roads.items(), strict=True):
        mean, std = path[min(at, len(path) - 1)]
        axes.fill_between(x, p, alpha=0.3, color="0.5", label="p")
        axes.plot(x, np.exp(log_normal(x, mean, std)), color="C1", label="q")
        axes.set(title=f"{told}, step {at}", ylim=(0, 0.85), xlabel="x")
        axes.legend(loc="upper left", fontsize=8)


animate(drawn(moving, 24, size=(6, 2.6)), milliseconds=160)
print({told: np.round(path[-1], 2).tolist() for told, path in roads.items()})

# %% [markdown]
# *What to see:* right, $q$ is on the nearest peak within a dozen steps and forgets the other. Left, it creeps and covers
# both, and the valley between. If $q$ could be $p$ both would end there. A real generator cannot quite, and
# then the loss decides *what kind of wrong* it will be.

# %% tags=["run"]
start = (1e-3, 0.0)
for row, gamma in ((away, 0.0), (home, 1.0)):
    at = np.array(start)
    for _ in range(200):
        at = at + 0.1 * velocity(*at, gamma=gamma)
    rate = (np.hypot(*at) / start[0]) ** (1 / 200)
    if gamma:
        missed = (
            "at weight 1 both eigenvalues are equal and the matrix has one eigenvector "
        )
        missed += "only: after k steps it is not 0.95^k but about k 0.95^k."
        row.measure(rate, missed=missed)
    else:
        row.measure(rate)

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: the generator that stands still
#
# **Symptom.** The loss of D is 0, the loss of G does not move, and the samples stay the noise they were.
# Suspects: (a) $G$'s step size is too small; (b) $D$ is flat, $\partial\ell/\partial x\approx0$; (c) the slope of $G$'s loss is 0.
#
# $D$ has had a head start of 300 steps; $G$ learns by plain gradient descent. **One number:** each factor of the chain
# rule. The picture of the first run has them: after 300 steps $\partial\ell/\partial x$ is about a hundred times *larger* than at
# the start, so not (b); $\sigma(\ell)$ is below $10^{-3}$. A step a thousand times as long would do against (a), until
# the first sample that is believed, whose slope is 1. It is (c), Eq. (12.1). One word:
#
# ```diff
# -        loss = generator_loss_minimax(D(fake))
# +        loss = generator_loss(D(fake))
# ```
#
# Or another one: leave the loss, and let Adam (chapter 5) divide the gradient by its own size.


# %% tags=["lab"]
test = data.to_float(data.load("digits").test.images).reshape(-1, 64)


def distance(G, noise):
    """Fréchet distance of samples to held-out digits, on pixels."""
    return metrics.frechet_distance(G(noise(355)).data.reshape(-1, 64), test)


def play(loss, optimiser, seed, head=300, count=400):
    """D alone for `head` steps, then both.  -> distances, every 50 steps of G"""
    own = np.random.default_rng(seed)
    G, D, noise = networks(own)
    adam, mover, curve = adam_of(D), optimiser(G), []
    for step in range(steps(head + count + 1, 4)):
        fake = G(noise(64))
        learn(D, adam, batch(own), fake.data)
        if step >= steps(head, 2):
            if (step - head) % 50 == 0:
                curve.append(distance(G, noise))
            mover.zero_grad()
            with nn.frozen(D):
                loss(D(fake)).backward()
            mover.step()
    return curve


# %% tags=["lab"]
plain = lambda G: optim.SGD(G.parameters(), lr=0.03)
figure, axes = plt.subplots(figsize=(5.4, 3))
for told, loss, optimiser, color in (
    ("log(1 - D), descent", generator_loss_minimax, plain, "C0"),
    ("-log D, descent", generator_loss, plain, "C1"),
    ("log(1 - D), Adam", generator_loss_minimax, adam_of, "C2"),
):
    curves = [play(loss, optimiser, seed) for seed in range(3)]
    for k, curve in enumerate(curves):
        line = 50 * np.arange(len(curve)), curve
        axes.plot(*line, color=color, label=None if k else told)
    ends = [f"{c[0]:.1f} to {c[-1]:.1f}" for c in curves if c]
    print(f"{told:20}", "; ".join(ends))
axes.set(xlabel="steps of G", ylabel="Fréchet distance to digits", ylim=(0, None))
axes.legend(fontsize=8)

# %% [markdown] tags=["lab"]
# *What to see:* blue lies at the top and does not move. Orange leaves at once, and then is thrown about.
# Green, with the *saturating* loss, does best of the three.
#
# So the textbook cure works, and a textbook sentence does not: "minimax does not train" is true of plain
# descent. Adam is blind to the size of gradients, and so to saturation, until it is below Adam's $\epsilon$.
#
# **Where the cure fails.** Road two is not calmer near the goal: there both are one, Eq. (12.5), and circle. And far from
# it the gradient grows with $D$'s slope, as the first run showed. What helps there bounds that slope: Eq.
# (12.7) here, chapter 14 in general.

# %% [markdown] tags=["ex-12-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("12.E1")` helps, `solution("12.E1")` tells.
#
# **Exercise 12.1** ○ *Referee.* One of the documents prints step 4 of the training as $\min_GV=-\frac1m\sum\log D(G(z))$. The
# right side is not $V$. Write what of $V$ the generator *can* change, of a list of numbers $D(G(z))$.


# %% tags=["try-12-1"]
def part_of_V(D):
    return None


check("12.E1", part_of_V)

# %% [markdown] tags=["ex-12-2"]
# **Exercise 12.2** ○ A sample has the logit -3.0. How many times larger is the gradient that the
# non-saturating loss sends to G than that of the minimax loss?

# %% tags=["try-12-2"]
check("12.E2", None)

# %% [markdown] tags=["ex-12-3"]
# **Exercise 12.3** ● *Referee.* A textbook says that a perfect generator makes $D\approx1$ on its samples, that then
# $D$'s loss there, $-\log(1-D)$, is near 0, and with it $D$'s gradient. For $D=0.99$ on a sample give the pair: that
# loss, and its slope by the logit.

# %% tags=["try-12-3"]
check("12.E3", None)

# %% [markdown] tags=["ex-12-4"]
# **Exercise 12.4** ● *Referee.* A published notebook keeps $D$ within $[c,1-c]$, $c=10^{-5}$, "for stability", before it takes
# $\log(1-D)$. Write the slope by the logit that $G$ gets.


# %% tags=["try-12-4"]
def clamped_slope(logit):
    return None


check("12.E4", clamped_slope)

# %% [markdown] tags=["ex-12-5"]
# **Exercise 12.5** ● A WGAN (chapter 14) has $V=\mathbb E_p\,\ell-\mathbb E_q\,\ell$, with no sigmoid. Derive the growth per step of the
# smallest GAN, same time, as a function of $h$.


# %% tags=["try-12-5"]
def wasserstein_growth(h):
    return None


check("12.E5", wasserstein_growth)

# %% [markdown] tags=["ex-12-6"]
# **Exercise 12.6** ● Show that $\mathrm{KL}(q\|p)-2\,\mathrm{JSD}=2\,\mathrm{KL}(m\|p)$. Then: every sample is as good as data, but one
# half of the data is never made. What is $2\,\mathrm{KL}(m\|p)$, and what $2\,\mathrm{JSD}$? Give the pair.

# %% tags=["try-12-6"]
check("12.E6", None)

# %% [markdown] tags=["ex-12-7"]
# **Exercise 12.7** ● The R1 penalty has the weight 0.3, both players move at the same time. Up to which step
# size h does the smallest GAN come home?

# %% tags=["try-12-7"]
check("12.E7", None)

# %% [markdown] tags=["ex-12-8"]
# **Exercise 12.8** ● *The ring.* On road two, at the same time, a step multiplies $r^2=\theta^2+\psi^2$ by about $1+h^2/4$, and takes
# off the friction $2h\,(2D-1)\,\ell\approx h\,\ell^2$, with $\ell=\psi\theta=r^2\sin\varphi\cos\varphi$. Average over the angle: at
# which radius do they balance, for small $h$?


# %% tags=["try-12-8"]
def ring(h):
    return None


check("12.E8", ring)

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept** for later chapters: slopes $-D$ and $-(1-D)$, ratio $e^\ell$; road one descends JSD, road two $2\,\mathrm{KL}(m\|p)$, which
# prefers few modes; without friction GANs circle; R1 is friction.
#
# **Not shown:** Eq. (12.4) needs the best $D$ at every step, real ones lag behind; whether real mode collapse
# *is* road two's taste (chapter 13 provokes it); proofs that R1 converges beyond this example.

# %% [markdown] tags=["src"]
# ## Sources
#
# * Eq. (12.1) to (12.3): I. Goodfellow et al., arXiv 1406.2661, section 3; they give no ratio.
# * Eq. (12.4): M. Arjovsky, L. Bottou, arXiv 1701.04862, theorem 2.5 (KL less 2 JSD, and the remark on the sign); the form
#   $2\,\mathrm{KL}(m\|p)$: M. Shannon et al., arXiv 2010.08029, who call twice of it the softened reverse KL.
# * Eq. (12.5) to (12.7): L. Mescheder, A. Geiger, S. Nowozin, arXiv 1801.04406, section 2 and lemma 2.3 (Dirac-GAN).
#   R1 is their Eq. 9.
# * Exercise 12.1 is erratum E15 of the documents. 12.3: d2l-en, pull request 459. 12.4: a notebook of jmtomczak/intro_dgm.
