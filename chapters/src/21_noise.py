# %% [markdown] tags=["head"]
# # 21. How does noise become a digit?
#
# **Minutes:** 2, quick run under 1. **Data:** digits (8×8).
# **Uses:** chapters 2, 3, 5, 9, 10, 11, 15. **Adds to tinygen:** the package `tinygen/models/diffusion`, the U-Net of
# `tinygen/models/unet.py`, the recipes `ddpm`, `ddpm-class`, `ddpm-8x8` and `ddpm-plane`.
#
# Into noise is easy: add a little, a thousand times, until nothing is left of the digit. A diffusion model
# (扩散模型) learns the way back, and all it must know is what noise is in an image. No adversary, no game: a
# regression, with a best answer that we can write down. We do, let it draw, and find that the best answer
# is not what we want. Second half: the same model, *asked* for a class, and what "more of it" does.
#
# 本章概要：加噪容易，去噪要学。扩散模型只做一件事：猜噪声，是回归，没有对手。最优答案有闭式，却只会背训练图；
# 网络的误差才是创造。后半：无分类器引导，放大类别，代价是多样性。

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np

from tinygen import data, grad, metrics, ops, optim, tensor
from tinygen.course import animate, chapter, check, predict
from tinygen.course import same, score, show, steps
from tinygen.models.diffusion.bound import prior_term, term
from tinygen.models.diffusion.denoiser import Denoiser, denoising_loss
from tinygen.models.diffusion.denoiser import even_times, with_dropout
from tinygen.models.diffusion.film import Film, bounded
from tinygen.models.diffusion.guidance import Guided
from tinygen.models.diffusion.ideal import IdealDenoiser
from tinygen.models.diffusion.parametrise import Guess, guess
from tinygen.models.diffusion.process import diffuse, posterior
from tinygen.models.diffusion.samplers import Sampler, ancestral_step, ddim_step
from tinygen.models.diffusion.samplers import sample, walk
from tinygen.models.diffusion.schedule import Schedule
from tinygen.models.diffusion.schedule import cosine_schedule, linear_schedule
from tinygen.models.unet import UNet
from tinygen.schedule import cosine, warmup

rng = chapter(21)

# %% [markdown] tags=["click"]
# ## The picture
#
# Twelve images of pure noise, and a machine that is asked forty times: what do you think is behind this? Each time the
# image moves a little towards the guess.

# %% tags=["def"]
S = cosine_schedule()  # T = 1000 steps


def sheet(x, columns=12):
    """Images (N, 1, 8, 8) as one, so many in a row, each pixel 5 wide."""
    x = data.to_uint8(np.asarray(x)).reshape(-1, columns, 8, 8)
    x = np.pad(x, ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=96)
    x = x.transpose(0, 2, 1, 3).reshape(9 * len(x), 9 * columns)
    return np.kron(x, np.ones((5, 5), np.uint8))


def pairs_of(film, count=30):
    """Frames of a film: x_t above, the guess of x_0 below."""
    places = film.chosen(count)
    both = lambda i: np.concatenate([bounded(film.noisy[i]), film.guessed[i]])
    return [sheet(both(i)) for i in places]


def nearest(x, images):
    """Distance to the nearest of the images, and which it is."""
    a, b = (np.float64(s).reshape(len(s), -1) for s in (x, images))
    squares = (a * a).sum(1)[:, None] - 2 * a @ b.T + (b * b).sum(1)
    return np.sqrt(np.maximum(squares.min(1), 0)), squares.argmin(1)


# %% tags=["click"]
digits = data.load("digits")
x_train, x_test = (data.to_float(part.images) for part in (digits.train, digits.test))
y_train, y_test = digits.train.labels, digits.test.labels
machine = IdealDenoiser(S, x_train, labels=y_train)
film = Film()
sample(machine, (12, 1, 8, 8), Sampler(steps=40), rng=rng, watch=film)
animate(pairs_of(film), milliseconds=160)

# %% [markdown]
# *What to see:* above, noise becomes digits. Below, the guess begins as the mean of all digits, becomes a blend
# of a few, then one. The machine is no network and was never trained; Eq. (21.6) is all of it. Where the digits
# come from we shall ask in the first run. Guess now.

# %% [markdown] tags=["recall"]
# ## Recall
#
# * **R1** (chapter 3) Logits $(0,\log3)$. The second's softmax?
# * **R2** (chapter 10) A generator returns its training images, each once. Its Fréchet distance to the training set?
# * **R3** (chapter 2) The derivative of $-\frac{(x-y)^2}{2\cdot0.25}$ by $x$, at $x=1$, $y=0$?

# %% tags=["recall"]
check("21.R1", None)
check("21.R2", None)
check("21.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# Data are two numbers, $-1$ and $1$, equally frequent. One of them was shrunk by $\sqrt{0.5}$, noise of variance 0.5 came on
# top, and we see $x=0.3$. Which was it? Bayes: odds $e^{2\cdot0.3\sqrt{0.5}/0.5}=2.34$ for $1$, probability 0.70. The mean of the answer is
# $0.7\cdot1+0.3\cdot(-1)=0.40$, and of the noise $(0.3-0.40\sqrt{0.5})/\sqrt{0.5}=0.024$. Neither was *ever* the truth, which is a noise of $-0.58$ or of
# $1.42$; but no other number has a smaller mean square error. Remember this grey answer: it is what a network learns.

# %% tags=["byhand"]
odds = math.exp(2 * 0.3 * math.sqrt(0.5) / 0.5)
mean = (odds - 1) / (odds + 1)
noises = [(0.3 - y * math.sqrt(0.5)) / math.sqrt(0.5) for y in (1, mean, -1)]
print(f"odds {odds:.2f}, mean {mean:.3f}, noise of 1, mean, -1: {np.round(noises, 3)}")

# %% [markdown] tags=["eq-21-1"]
# ## Into noise
#
# Forward process (前向过程): $x_t=\sqrt{1-\beta_t}\,x_{t-1}+\sqrt{\beta_t}\,\varepsilon_t$. The shrinking keeps the variance at 1. A thousand steps are one:
#
# $$
# x_t=\sqrt{\bar\alpha_t}\,x_0+\sqrt{1-\bar\alpha_t}\,\varepsilon,\qquad\bar\alpha_t=\prod_{i=1}^t(1-\beta_i)\qquad\text{(21.1)}
# $$
#
# So for training no walk is needed: draw any $t$, jump there. $\bar\alpha$ is the noise schedule (噪声调度); $\bar\alpha/(1-\bar\alpha)$ is
# the signal-to-noise ratio (信噪比), SNR.


# %% tags=["code-21-1"]
def added_up(schedule, t):
    """Factor of x_0 and variance of the noise, step by step.  Eq. (21.1)."""
    factor, variance = 1.0, 0.0
    for beta in schedule.betas[1 : t + 1]:
        factor *= math.sqrt(1 - beta)
        variance = (1 - beta) * variance + beta
    return factor, variance


def at_once(schedule, t):
    """The same, as the library's diffuse has them.  Eq. (21.1)."""
    one, none = np.ones((1, 1)), np.zeros((1, 1))
    factor = diffuse(schedule, one, t, none).item()
    return factor, diffuse(schedule, none, t, one).item() ** 2


# %% tags=["same-21-1"]
same("21.1", by_steps=added_up(S, 700), at_once=at_once(S, 700))

# %% [markdown] tags=["eq-21-2"]
# ## One step back, if the end were known
#
# Where was $x_{t-1}$, seen from $x_t$ *and* $x_0$? Prior and likelihood are Gaussians, so the posterior (后验) is one:
#
# $$
# \begin{aligned}
# q(x_{t-1}|x_t,x_0)&=N\Big(\frac{\sqrt{\bar\alpha_{t-1}}\,\beta_t}{1-\bar\alpha_t}x_0+\frac{\sqrt{1-\beta_t}\,(1-\bar\alpha_{t-1})}{1-\bar\alpha_t}x_t,\ \tilde\beta_t\Big)\\
# \tilde\beta_t&=\frac{1-\bar\alpha_{t-1}}{1-\bar\alpha_t}\beta_t
# \end{aligned}\qquad\text{(21.2)}
# $$
#
# The reverse process (逆向过程) of the model is this, with a *guess* $\hat x_0$ in the place of $x_0$. Drawing so, step by step, is
# ancestral sampling (祖先采样).


# %% tags=["code-21-2"]
def looking_back(schedule, t, x, x0):
    """Mean and variance of x_(t-1), by the library's posterior.  Eq. (21.2)."""
    of_x0, of_xt, variance = posterior(schedule, t - 1, t)
    return of_x0 * x0 + of_xt * x, variance


def by_bayes(schedule, t, x, x0):
    """The same: prior times likelihood on a grid of x_(t-1).  Eq. (21.2)."""
    beta, before = schedule.betas[t], schedule.alpha_bars[t - 1]
    grid = np.linspace(-8, 8, 400_001)
    prior = -((grid - math.sqrt(before) * x0) ** 2) / (2 * (1 - before))
    likelihood = -((x - math.sqrt(1 - beta) * grid) ** 2) / (2 * beta)
    p = np.exp(prior + likelihood - (prior + likelihood).max())
    mean = (p * grid).sum() / p.sum()
    return mean, (p * (grid - mean) ** 2).sum() / p.sum()


# %% tags=["same-21-2"]
point = (S, 300, 0.7, -1.2)
same("21.2", by_library=looking_back(*point), by_bayes=by_bayes(*point))

# %% [markdown] tags=["eq-21-3"]
# ## What is a wrong guess worth?
#
# Chapter 9's bound once more, with a thousand codes $x_1,\dots,x_T$ and nothing to learn in the encoder: on average $-\log p(x_0)\le L_T+L_{T-1}+\dots+L_0$, to be *lowered*. $L_0$ is
# $-\log p(x_0|x_1)$ of the last step, $L_T$ what $x_T$ still knows of the image (the lab), and each other is one KL divergence, between the true step back and the
# model's. Both are Gaussians of the same width; only the means differ:
#
# $$
# L_{t-1}=\tfrac12(\mathrm{SNR}_{t-1}-\mathrm{SNR}_t)\,|x_0-\hat x_0|^2=\tfrac12\Big(\frac{\mathrm{SNR}_{t-1}}{\mathrm{SNR}_t}-1\Big)|\varepsilon-\hat\varepsilon|^2\qquad\text{(21.3)}
# $$
#
# Ho et al. leave the factor out, $L=\mathbb E|\varepsilon-\hat\varepsilon|^2$, and so does everyone since. That is no longer the likelihood:
# it forgives errors at the clean end, where the factor is large, and cares for the middle, where shapes are decided.


# %% tags=["code-21-3"]
def bound_weight(schedule, t):
    """The factor of the error of the noise in L_(t-1).  Eq. (21.3)."""
    return 0.5 * (schedule.snr(t - 1) / schedule.snr(t) - 1)


class OffBy:
    """A denoiser that knows x_0 and says another, so much away."""

    def __init__(self, schedule, x0, off):
        self.schedule, self.x0, self.off = schedule, x0, off

    def guess(self, x, t, labels=None):
        """Guess as of any denoiser."""
        return guess("x0", self.schedule, self.x0 + self.off, x, int(t[0]))


def divergence(schedule, t, off):
    """L_(t-1) of a guess of x_0 that is wrong by `off`, by the library.  Eq. (21.3)."""
    x0 = tensor(np.zeros((1, len(off))))
    wrong = OffBy(schedule, x0, tensor(off[None]))
    options = {"sampler": Sampler("ancestral", clip=False), "rng": rng}
    return term(wrong, x0, np.array([t]), **options).item()


# %% tags=["same-21-3"]
off = np.array([0.3, -0.5, 0.1])
of_noise = S.snr(400) * (off**2).sum()  # a wrong x_0, seen as a wrong noise
same(
    "21.3", by_weight=bound_weight(S, 400) * of_noise, by_bound=divergence(S, 400, off)
)
figure, (left, right) = plt.subplots(1, 2)
t = np.arange(2, 1001)
for schedule in (S, linear_schedule()):
    left.plot(t, schedule.alpha_bars[t], label=schedule.name)
    right.semilogy(t[:-1], bound_weight(schedule, t[:-1]), label=schedule.name)
left.set(xlabel="t", ylabel=r"$\bar\alpha_t$: share of the image's variance")
right.set(
    xlabel="t", ylabel=r"weight of $|\varepsilon-\hat\varepsilon|^2$ in the bound"
)
left.legend()

# %% [markdown]
# *What to see:* left, the linear schedule of the first paper destroys small images early and spends its last third on pure noise; the
# cosine goes evenly. Right, at $t=2$, where the curves begin, the weight is a hundred times that of the middle and more (that of the cosine rises at the other
# end, too, where it takes large steps). In $L$ all weigh the same, as if the curves were flat.

# %% [markdown] tags=["eq-21-4"]
# ## The best answer
#
# Noise is guessed by its mean, like in the example by hand. And that mean is a slope: with $p_t$ the density of noisy images,
#
# $$
# \begin{aligned}
# \varepsilon^*(x,t)&=\mathbb E[\varepsilon|x_t=x]=-\sqrt{1-\bar\alpha_t}\,\nabla_x\log p_t(x)\\
# \mathbb E|\varepsilon-\hat\varepsilon|^2&=\mathbb E|\varepsilon-\varepsilon^*|^2+\mathbb E|\varepsilon^*-\hat\varepsilon|^2
# \end{aligned}\qquad\text{(21.4)}
# $$
#
# $\nabla\log p$ is the score function (得分函数): the way to where images are. The loss has two parts: what nobody can know, and what
# this network does not know. So the loss does not go to 0, and *every* step that lowers it comes closer to $\varepsilon^*$. One document
# lists diffusion among "new GAN models" (its error E14): but nobody here wants the loss to rise.


# %% tags=["code-21-4"]
def noise_by_score(points, x, t):
    """-b grad log p_t(x), the gradient by the engine; data are points.  Eq. (21.4)."""
    a, b = S.signal(t), S.noise(t)
    x = tensor(x, requires_grad=True)
    far = ops.stack([ops.sum((x - a * y) ** 2, 1) for y in points])
    log_p = ops.logsumexp(far * (-0.5 / b**2), 0)  # but for a constant
    (score,) = grad(ops.sum(log_p), [x])
    return -b * score.data


def expected_loss(answer, t, points=(-1.0, 1.0)):
    """E of the library's [DDPM-1] over data and noise, by quadrature.  Eq. (21.4)."""
    nodes, shares = np.polynomial.hermite_e.hermegauss(60)
    denoiser = Denoiser(lambda x, t: tensor(answer(x.data)), S)
    total = 0.0
    for y in points:
        for node, share in zip(nodes, shares / shares.sum(), strict=True):
            x0, noise = tensor(np.array([[y]])), tensor(np.array([[node]]))
            one = denoising_loss(denoiser, x0, np.array([t]), noise)
            total += share * one.item() / len(points)
    return total


# %% tags=["same-21-4"]
t, pair = 500, np.array([[-1.0], [1.0]])
a, b = S.signal(t), S.noise(t)
x = np.array([[0.3], [-1.1], [2.0]])
by_tanh = (x - a * np.tanh(a * x / b**2)) / b
same("21.4", by_score=noise_by_score(pair, x, t), by_hand=by_tanh)
best = lambda x: noise_by_score(pair, x, t)
same(
    "21.4",
    with_0_2_added=expected_loss(lambda x: best(x) + 0.2, t),
    best_plus_0_04=expected_loss(best, t) + 0.04,
)

# %% [markdown] tags=["eq-21-5"]
# ## Many steps at once
#
# A guess of the noise is a guess of the image: $\hat x_0=(x_t-\sqrt{1-\bar\alpha_t}\,\hat\varepsilon)/\sqrt{\bar\alpha_t}$. **DDIM** (denoising diffusion implicit models) puts both together again at
# any earlier time $s$, not only $t-1$:
#
# $$
# x_s=\sqrt{\bar\alpha_s}\,\hat x_0+\sqrt{1-\bar\alpha_s-\sigma^2}\;\hat\varepsilon+\sigma z,\qquad\sigma=\eta\,\sqrt{\tilde\beta}\qquad\text{(21.5)}
# $$
#
# ($\sigma$ is here a standard deviation, as in the paper; $\tilde\beta$ of Eq. (21.2), from $t$ to $s$.) $\eta=1$ *is* the ancestral step. $\eta=0$ draws nothing: from the first noise on, the way is
# fixed.


# %% tags=["code-21-5"]
def ddim(s, t, x, x0, eta, z):
    """x_s from a guess of x_0, by the library's ddim_step.  Eq. (21.5)."""
    return ddim_step(S, guess("x0", S, x0, x, t), s, t, eta, z)


def ancestral(s, t, x, x0, z):
    """The same for eta = 1, by its ancestral_step.  Eq. (21.5)."""
    return ancestral_step(S, x, Guess(x0, None), s, t, "small", z)


# %% tags=["same-21-5"]
x, x0, z = rng.standard_normal((3, 4, 2))
same(
    "21.5",
    ddim_with_eta_1=ddim(450, 700, x, x0, 1.0, z),
    ancestral=ancestral(450, 700, x, x0, z),
)

# %% [markdown] tags=["eq-21-6"]
# ## The best answer for a set of images
#
# Data are $K$ images $y_k$, and nothing else. Bayes, as by hand, with $K$ in place of two:
#
# $$
# \hat x_0(x,t)=\sum_kr_k\,y_k,\qquad r=\mathrm{softmax}_k\Big(-\frac{|x-\sqrt{\bar\alpha_t}\,y_k|^2}{2(1-\bar\alpha_t)}\Big)\qquad\text{(21.6)}
# $$
#
# The **ideal denoiser**: no weights, no training, the least loss there is on these images. It was the machine of the first picture.


# %% tags=["code-21-6"]
def ideal(images, x, t):
    """The best guess of x_0, by the library.  Eq. (21.6)."""
    return IdealDenoiser(S, images).guess(tensor(x), t).x0.data


def ideal_by_loops(images, x, t):
    """The same for one x, written out.  Eq. (21.6)."""
    a, b = S.signal(t), S.noise(t)
    logits = [-((x - a * y) ** 2).sum() / (2 * b**2) for y in images]
    r = np.exp(np.array(logits) - max(logits))
    return sum(share * y for share, y in zip(r / r.sum(), images, strict=True))


# %% tags=["same-21-6"]
few = x_train[:20].astype(float)
x = 0.4 * few[3:4] + 0.9 * rng.standard_normal((1, 1, 8, 8))
same("21.6", by_library=ideal(few, x, 600)[0], by_loops=ideal_by_loops(few, x[0], 600))

# %% [markdown] tags=["eq-21-7"]
# ## More of a class
#
# One network learns $\hat\varepsilon(x|c)$ and, told "no class" in a share of its steps, $\hat\varepsilon(x)$. Classifier-free guidance (无分类器引导) walks past the
# first, away from the second:
#
# $$
# \begin{aligned}
# \hat\varepsilon_w&=\hat\varepsilon(x|c)+w\,\big(\hat\varepsilon(x|c)-\hat\varepsilon(x)\big)\\
# &=-\sqrt{1-\bar\alpha_t}\,\nabla_x\log\Big[p_t(x|c)\,\Big(\frac{p_t(x|c)}{p_t(x)}\Big)^{w}\Big]
# \end{aligned}\qquad\text{(21.7)}
# $$
#
# Chapter 15's second part again: $\log p(x|c)/p(x)$, how well the image fits the label, now weighed $w$ times over. $w=0$ is the
# conditional model, $w=-1$ the plain one. (Many tools count $1+w$.)


# %% tags=["code-21-7"]
def guided(points, classes, x, t, c, w):
    """The guided noise, by the library's Guided.  Eq. (21.7)."""
    denoiser = IdealDenoiser(S, points, labels=classes)
    labels = np.full(len(x), c)
    return Guided(denoiser, w).guess(tensor(x), t, labels).noise.data


def tilted(points, classes, x, t, c, w):
    """The same, from the gradients of the two log densities.  Eq. (21.7)."""
    of_class = noise_by_score(points[classes == c], x, t)
    return (1 + w) * of_class - w * noise_by_score(points, x, t)


# %% tags=["same-21-7"]
points, classes = rng.standard_normal((6, 3)), np.array([0, 1, 1, 0, 2, 1])
here = (points, classes, rng.standard_normal((4, 3)), 500, 1, 2.5)
same("21.7", by_library=guided(*here), by_gradients=tilted(*here))

# %% [markdown] tags=["predict"]
# ## Predictions
#
# P1: as $t\to0$ the softmax of Eq. (21.6) becomes one 1 and many 0. So the machine's samples *are* training images: the largest of 64 distances
# to the nearest is 0. P2: Eq. (21.4): on training images no network has a smaller loss than the ideal denoiser. P3, what one then
# expects: so it is on held-out digits, too; network less ideal is positive. P4: from $w=0$ to $w=2$ more samples are of the class that was asked for.
# P5: Eq. (21.7) with two Gaussians, $p(x|c)=N(1,0.5^2)$, $p(x)=N(0,1)$, $w=2$: $p(x|c)^3/p(x)^2$ is a Gaussian of precision
# $3\cdot4-2\cdot1=10$, so guided samples have the standard deviation $1/\sqrt{10}=0.316$.

# %% tags=["predict"]
copies = predict("21.P1", "largest distance to a training image", 0.0, atol=1e-3)
seen = predict("21.P2", "loss on training images, net less ideal", sign=1)
unseen = predict("21.P3", "loss on held-out images, net less ideal", sign=1)
asked = predict("21.P4", "share as asked for, w = 2 less w = 0", sign=1)
lands = predict("21.P5", "width of guided samples", 1 / math.sqrt(10), rtol=0.02)

# %% [markdown] tags=["build"]
# ## The same in tinygen

# %% tags=["build"]
show(denoising_loss)
show(walk)
show(Guided.guess)

# %% [markdown] tags=["run"]
# ## Run: the perfect one and the learned one
#
# A small U-Net. Large ones go down to coarse images and up again; ours has one level: each 2×2 pixels become one of 4×4 places, which convolutions mix with
# their neighbours and attention (注意力) with all others. It is told time and class (a share of 0.15 of the classes withheld). It says $v$, a mixture of noise and image from
# which both are had without dividing by a small number (exercise 21.5).


# %% tags=["def"]
def learn(schedule, count, own, batch=64, classes=0):
    """A denoiser of the training digits after `count` steps of [DDPM-1]."""
    net = UNet((1, 8, 8), (48,), 2, classes, rng=own)
    denoiser = Denoiser(net, schedule, "v", classes)
    adam, told = optim.Adam(net.parameters()), None
    for step in range(count):
        some = own.integers(len(x_train), size=batch)
        if classes:
            told = with_dropout(tensor(y_train[some]), classes, 0.15, rng=own)
        noise = tensor(np.float32(own.standard_normal((batch, 1, 8, 8))))
        t = even_times(schedule.T, batch, rng=own)
        adam.lr = 4e-3 * warmup(step, 50) * cosine(step, count)
        adam.zero_grad()
        denoising_loss(denoiser, tensor(x_train[some]), t, noise, told).backward()
        adam.step()
    return denoiser


def noise_error(denoiser, images, own):
    """Mean square error of the guessed noise, at times from 1 to T."""
    t = even_times(S.T, len(images), rng=own)
    noise = np.float32(own.standard_normal(images.shape))
    x = diffuse(S, tensor(images), t, tensor(noise))
    return np.mean((denoiser.guess(x, t).noise.data - noise) ** 2)


# %% tags=["run"]
net = learn(S, steps(2000, 4), np.random.default_rng(0), classes=10)
gaps = {}
for told, images in (("training", x_train), ("held-out", x_test)):
    rows = [
        [noise_error(d, images, np.random.default_rng(k)) for d in (net, machine)]
        for k in range(3)
    ]
    gaps[told] = [a - b for a, b in rows]
    print(f"{told:9} net {np.mean(rows, 0)[0]:.3f}  ideal {np.mean(rows, 0)[1]:.3f}")
seen.measure(gaps["training"])
reason = (
    "it is ideal for the training images and nothing else: of a held-out digit it is "
)
reason += "sure, to the last pixel, that it is some training digit."
unseen.measure(gaps["held-out"], missed=reason)

# %% tags=["run"]
drawn_by, films = {}, {}
for told, denoiser in (("net", net), ("ideal", machine)):
    films[told], own = Film(12), np.random.default_rng(4)
    how = {"rng": own, "watch": films[told], "labels": np.arange(64) % 10}
    drawn_by[told] = sample(denoiser, (64, 1, 8, 8), Sampler(steps=50), **how).data
far = {told: nearest(x, x_train) for told, x in drawn_by.items()}
copies.measure(far["ideal"][0].max())
far["held-out"] = nearest(x_test, x_train)
for told, (distance, _) in far.items():
    print(f"{told:9} median distance to a training image {np.median(distance):.2f}")
twins = x_train[far["net"][1][:12]]
frames = []
for i in films["net"].chosen(30):
    parts = [bounded(films["net"].noisy[i])]
    parts += [films[told].guessed[i] for told in ("net", "ideal")]
    frames.append(sheet(np.concatenate(parts)))
last = [drawn_by["net"][:12], twins, drawn_by["ideal"][:12]]
animate([*frames, sheet(np.concatenate(last))], milliseconds=160, hold=4000)

# %% [markdown]
# *What to see:* while it moves: the net's $x_t$, the net's guess, the ideal denoiser's guess, from the same noise, asked for the same classes. They begin alike
# and part late. The last picture: the net's samples; under each its *nearest training digit*, which is like it, but another; and the ideal
# denoiser's.
#
# The ideal denoiser has a sixth of the loss, and draws copies: memorisation (记忆), all 64, to seven digits. On images it has not seen
# its loss is thirty times that of the net. What the net adds to perfection is *error*, and this error is all its imagination: it is too smooth a
# function to be sure of single images, so it is sure of strokes. Its samples lie about as far from the training set as new digits do. A network large enough, trained long enough on few images, comes closer to $\varepsilon^*$, and begins to copy.

# %% tags=["run"]
counts = (1, 2, 5, 10, 50, 200)
rows = []
for count in counts:
    own = np.random.default_rng(8)
    rows.append(sample(net, (12, 1, 8, 8), Sampler(steps=count), rng=own).data)
figure, axes = plt.subplots(figsize=(5.4, 2.9))
axes.imshow(sheet(np.concatenate(rows))), axes.grid(False)
axes.set(yticks=45 * np.arange(6) + 22, yticklabels=counts, xticks=[])
axes.set(ylabel="DDIM steps", xlabel="a column each: the same first noise")
other = lambda x: np.sqrt(((x - np.roll(x, 1, 0)) ** 2).sum((1, 2, 3)).mean())
for k, count in enumerate(counts[:-1]):
    way = np.sqrt(((rows[k] - rows[-1]) ** 2).sum((1, 2, 3)).mean())
    print(f"{count:3} steps: {way / other(rows[-1]):.2f} of the way to another sample")

# %% [markdown]
# *What to see:* one step gives the mean of all digits: the grey answer. From about ten on hardly anything changes. Eq. (21.5) with $\eta=0$ follows one
# curve, and more steps only follow it better. (Not asked for a class, this small net draws some that are no digits.)
#
# ## Run: asked, and asked louder
#
# Now with a class, and with $w$ from $-1$ to 8. (Samplers hold each guess of $x_0$ within $[-1,1]$, as pixels are; for the Gaussians of P5 `clip=False` lets go.)

# %% tags=["def"]
LOUD = (-1, 0, 1, 2, 8)


class TwoGaussians:
    """N(1, 0.5^2) for the one class there is, N(0, 1) without."""

    schedule, classes = S, 1

    def guess(self, x, t, labels=None):
        """Guess as of any denoiser."""
        where, width = ([[0.0]], 1.0) if labels is None else ([[1.0]], 0.5)
        return IdealDenoiser(S, where, width).guess(x, t)


def in_turn(w, own):
    """Samples asked for as 0, 1, ... 9, 0, ... and these classes."""
    labels, how = np.arange(steps(200, 70)) % 10, Sampler(steps=steps(25, 2))
    shape = (len(labels), 1, 8, 8)
    x = sample(Guided(net, w), shape, how, rng=own, labels=labels)
    return x.data, labels


# %% tags=["run"]
print("judge: the nearest training digit; right on", end=" ")
print(
    f"{np.mean(y_train[nearest(x_test, x_train)[1]] == y_test):.3f} of held-out digits"
)
right, rows, flat = {w: [] for w in LOUD}, [], lambda x: x.reshape(len(x), -1)
for w in LOUD:
    spread = []
    for seed in range(3):
        x, labels = in_turn(w, np.random.default_rng(seed))
        right[w].append(np.mean(y_train[nearest(x, x_train)[1]] == labels))
        found = metrics.precision_recall(flat(x_test), flat(x))
        distance = metrics.frechet_distance(flat(x), flat(x_test))
        spread.append((found.precision, found.recall, distance))
    told = "right {:.2f}  precision {:.2f}  recall {:.2f}  Fréchet {:.2f}"
    print(f"w {w:2}  " + told.format(np.mean(right[w]), *np.mean(spread, 0)))
    rows.append(x[:20])
asked.measure(np.subtract(right[2], right[0]))
figure, axes = plt.subplots(figsize=(6.8, 2.2))
axes.imshow(sheet(np.concatenate(rows), 20)), axes.grid(False)
axes.set(yticks=45 * np.arange(5) + 22, yticklabels=LOUD, ylabel="w")
axes.set(xticks=45 * np.arange(20) + 22, xticklabels=list(range(10)) * 2)

# %% [markdown]
# *What to see:* at $w=-1$ the class is not heard, each column is any digit. At 0 nearly all are right, at 1 and 2 all, with more contrast, and the
# two of a class grow alike: recall falls from 0.76 to 0.40, while precision has nothing to win. At 8 pixels are black or white, and even precision is
# lost. The best Fréchet distance is at $w=0$: louder is *clearer*, not closer to the data.

# %% tags=["run"]
pairs = list(Sampler(steps=500).pairs(S))
noise = tensor(np.linspace(-2, 2, 9)[:, None])
free, labels = Sampler(steps=500, clip=False), np.zeros(9, int)
ends = walk(Guided(TwoGaussians(), 2.0), noise, pairs, free, rng=rng, labels=labels)
width, place = np.polyfit(noise.data[:, 0], ends.data[:, 0], 1)
reason = (
    "Eq. (21.7) tilts each p_t, but the tilted p_t are not what noise makes of one "
)
reason += "tilted p_0: the walk lands elsewhere, at 0.5^3 (exercise 21.7)."
lands.measure(width, missed=reason)
print(f"mean {place:.3f}, by the tilted density 1.2")

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: digits in fog
#
# **Symptom.** The loss falls as it should, but samples are too bright and washed out, hardly digits. Suspects: (a) too little training;
# (b) too few steps of the sampler; (c) the walk begins where no training image ever was.
#
# Somebody wants to be quick and takes $T=50$ steps with the paper's $\beta$, 0.0001 to 0.02. **One number** asks the schedule alone, no network: the first
# term of the bound, $L_T=\mathrm{KL}(q(x_T|x_0)\,\|\,N(0,I))$, what the last $x_T$ still knows of the image.


# %% tags=["lab"]
betas = np.linspace(1e-4, 0.02, 50)
kept = Schedule("beta as for 1000", np.append(1.0, np.cumprod(1 - betas)))
cured = linear_schedule(50)
for schedule in (kept, cured):
    nats = prior_term(schedule, tensor(x_test)).mean()
    told = f"alpha_bar_T {schedule.alpha_bars[-1]:.2g}, L_T {nats:.2g} nats a digit"
    print(f"{schedule.name:17} {told}")

# %% [markdown] tags=["lab"]
# Of the image 60 % of the variance are left: the net has learned to *trust* what it sees at $t=T$. We hand it $N(0,I)$, whose mean is mid-grey, where digits
# are dark; it takes the grey for part of the digit. How much, a Gaussian tells: for data $N(m,s^2)$, DDIM with the best denoiser takes $x_T$ to
# $m+s\,(x_T-\sqrt{\bar\alpha_T}\,m)/\sqrt{\bar\alpha_Ts^2+1-\bar\alpha_T}$. Its mean is $m$ only if $\bar\alpha_T=0$. So (c). The cure: fewer steps must be larger.
#
# ```diff
# - betas = np.linspace(1e-4, 0.02, T)
# + betas = np.linspace(1e-4, 0.02, T) * (1000 / T)
# ```

# %% tags=["lab"]
pictures = []
for schedule in (kept, cured):
    told = {"ddim": [], "ancestral": []}
    for seed in range(3):
        denoiser = learn(schedule, steps(700, 2), np.random.default_rng(seed), 32)
        for kind, rows in told.items():
            how, own = Sampler(kind, steps(50, 3)), np.random.default_rng(seed)
            x = sample(denoiser, (steps(200, 65), 1, 8, 8), how, rng=own).data
            rows.append((x.mean(), metrics.frechet_distance(flat(x), flat(x_test))))
            if not seed:
                pictures.append(x[:12])
    for kind, rows in told.items():
        bright, distance = np.transpose(rows).round(2)
        print(f"{schedule.name:17} {kind:9} mean {bright} Fréchet distance {distance}")
print(f"held-out digits: mean {x_test.mean():.2f}")
figure, axes = plt.subplots(figsize=(5.8, 2.0))
axes.imshow(sheet(np.concatenate(pictures))), axes.grid(False)
names = ["before, DDIM", "before, ancestral", "after, DDIM", "after, ancestral"]
axes.set(yticks=45 * np.arange(4) + 22, yticklabels=names, xticks=[])
axes.set_xlabel("a column each: the same first noise")

# %% [markdown] tags=["lab"]
# *What to see:* the first row is fog with strokes in it, mean brightness $-0.28$ for $-0.39$; the third and fourth are digits, as good as 700 steps make them.
#
# **Where the cure fails.** The second row: *without* the cure ancestral sampling is nearly as good, as fresh noise washes the wrong grey out. So a wrong schedule can hide.
# $\bar\alpha_T$ is never 0, in the paper's schedule $4\cdot10^{-5}$: invisible here, but blamed for large images that are always of medium brightness. And the ideal denoiser hardly
# suffers: no training image is grey, so it jumps to one all the same. Test schedules by $L_T$, not by samples.

# %% [markdown] tags=["ex-21-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("21.E1")` helps, `solution("21.E1")` tells.
#
# **Exercise 21.1** ○ A pixel of the image is 1, alpha_bar_t is 0.36. What is the probability that the noisy pixel is
# negative?

# %% tags=["try-21-1"]
check("21.E1", None)

# %% [markdown] tags=["ex-21-2"]
# **Exercise 21.2** ● *Referee.* A report says: "diffusion, a new GAN, converged when its loss was stable at 0.42, so $D$ and $G$ are balanced." Data are
# $N(0,1)$. Write the least loss $\mathbb E(\varepsilon-\hat\varepsilon)^2$ that *any* network has at $\bar\alpha$.


# %% tags=["try-21-2"]
def least_loss(alpha_bar):
    return None


check("21.E2", least_loss)

# %% [markdown] tags=["ex-21-3"]
# **Exercise 21.3** ● Data are $-1$ and $1$, equally frequent. Write $\hat x_0(x)$ of the ideal denoiser at $\bar\alpha$.


# %% tags=["try-21-3"]
def two_points(x, alpha_bar):
    return None


check("21.E3", two_points)

# %% [markdown] tags=["ex-21-4"]
# **Exercise 21.4** ○ Someone trains on $L=\mathbb E|\varepsilon-\hat\varepsilon|^2$ and reports it as "the ELBO". $\beta_t=0.02$, $\bar\alpha_{t-1}=0.5$. By which factor must the error at this $t$
# be multiplied to be the term of the bound?

# %% tags=["try-21-4"]
check("21.E4", None)

# %% [markdown] tags=["ex-21-5"]
# **Exercise 21.5** ● *v.* The network says $v=\sqrt{\bar\alpha}\,\varepsilon-\sqrt{1-\bar\alpha}\,x_0$. Write $\hat x_0$ from $x_t$ and $v$; no division.


# %% tags=["try-21-5"]
def image_of(x, v, alpha_bar):
    return None


check("21.E5", image_of)

# %% [markdown] tags=["ex-21-6"]
# **Exercise 21.6** ● *One step.* Which image does DDIM give from $T=1000$ with a single step and the ideal denoiser, nearly, whatever the noise? Give
# the mean brightness of its pixels for three training images, of the brightnesses $-0.2$, $-0.5$ and $-0.5$.

# %% tags=["try-21-6"]
check("21.E6", None)

# %% [markdown] tags=["ex-21-7"]
# **Exercise 21.7** ● *Where guidance lands.* With many steps DDIM carries $N(0,1)$ to $N(m,s^2)$, stretching by $s$; the logarithm of the stretch is a sum over the
# steps of terms in $\hat\varepsilon$, so it mixes as $\hat\varepsilon$ does. Write the width for $p(x|c)$ of width $s$ and $p(x)$ of width $r$.


# %% tags=["try-21-7"]
def guided_width(s, r, w):
    return None


check("21.E7", guided_width)

# %% [markdown] tags=["ex-21-8"]
# **Exercise 21.8** ◆ *Fill in.* Hide the right half of held-out digits and let `inpaint` of `tinygen.models.diffusion.editing` draw it, with the net and with the ideal
# denoiser, 1 and 10 repeats. Which of the two respects what is left? What does each do with half a digit nobody wrote?

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept**: $x_t$ in one jump; the step back is a Gaussian around a guess; the loss has a floor; the best noise is a score; the ideal denoiser copies; DDIM is a
# curve; guidance buys clarity with variety, and lands where no formula of densities says.
#
# **Not shown:** the likelihood in bits (`bound.py` has it); 28×28 images (`tinygen train ddpm`, docs/diffusion.md); guidance by a classifier's gradient; text; why the
# error of networks is such a good one. The judge here is a nearest neighbour of 8×8 pixels, kind to clear digits.

# %% [markdown] tags=["src"]
# ## Sources
#
# * Eq. (21.1), (21.2): J. Ho, A. Jain, P. Abbeel, arXiv 2006.11239, Eq. 4, 6, 7; the loss is their Eq. 14, the bound Eq. 5. Eq. (21.3) as SNR: D. Kingma et al., arXiv
#   2107.00630, Eq. 13 to 15.
# * Eq. (21.4): P. Vincent, Neural Computation 23 (2011); the mean is Tweedie's formula. Eq. (21.6): T. Karras et al., arXiv 2206.00364, appendix B.3.
# * Eq. (21.5): J. Song, C. Meng, S. Ermon, arXiv 2010.02502, Eq. 12 and 16. $v$: T. Salimans, J. Ho, arXiv 2202.00512. The cosine schedule: A. Nichol,
#   P. Dhariwal, arXiv 2102.09672, Eq. 17.
# * Eq. (21.7): J. Ho, T. Salimans, arXiv 2207.12598, Eq. 6. That it does not sample the tilted density: A. Bradley, P. Nakkiran, arXiv 2408.09000.
# * The lab: S. Lin et al., arXiv 2305.08891; they cure it by $\bar\alpha_T=0$, we by larger steps. Inpainting: A. Lugmayr et al., arXiv 2201.09865.
