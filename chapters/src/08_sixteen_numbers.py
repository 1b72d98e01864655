# %% [markdown] tags=["head"]
# # 8. How much of an image is in 16 numbers?
#
# **Minutes:** 1, quick run under 1. **Data:** MNIST (28×28), digits (8×8).
# **Uses:** chapters 2 to 7. **Adds to tinygen:** `tinygen/models/autoencoder.py`, `tinygen/recipes/autoencoder.py`.
#
# A digit has 784 pixels, and yet you can say what it is in one word. How much is lost if only a few numbers may
# pass from one network to another? For linear networks we know it to the last figure before anything is trained.
# Bent ones lose half of that. Then we draw the numbers ourselves, hoping for new digits, and get junk.
#
# 本章概要：让图像穿过狭窄的编码再还原。线性自编码器等于主成分分析，误差可由特征值精确预测；非线性更好。
# 去噪的最优线性解是维纳滤波。随机抽取编码得不到数字：编码空间有空洞。

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

import tinygen as tg
from tinygen import data, optim, schedule
from tinygen.course import animate, chapter, check, drawn, predict
from tinygen.course import same, score, show, steps
from tinygen.metrics.digit_classifier import classifier
from tinygen.models.autoencoder import Autoencoder, ConvAutoencoder
from tinygen.models.autoencoder import damaged, reconstruction_loss

rng = chapter(8)
small, large = data.load("digits"), data.load("mnist")
x8, held8 = data.to_float(small.train.images), data.to_float(small.test.images)
x28, held28 = data.to_float(large.train.images), data.to_float(large.test.images)
rows = lambda images: images.reshape(len(images), -1).astype(float)

# %% [markdown] tags=["click"]
# ## The picture
#
# Eight digits that nothing was fitted to. Each is described by $m$ numbers, and drawn again from them alone: first by
# none, then by one, and so on to 256. How many do you need to read all of them?


# %% tags=["def"]
def montage(images, columns):
    """(N, H, W) in [-1, 1] -> one uint8 picture with that many columns, lines between."""
    images = np.pad(images, ((0, 0), (0, 1), (0, 1)), constant_values=1)
    n, h, w = images.shape
    grid = images.reshape(n // columns, columns, h, w).swapaxes(1, 2)
    grey = grid.reshape(n // columns * h, columns * w)
    return ((grey.clip(-1, 1) + 1) * 127.5).astype(np.uint8)


def picture_rows(figure, pictures, names):
    """Rows of images, each with its name at the left."""
    for ax, images, name in zip(figure.axes, pictures, names, strict=True):
        ax.imshow(montage(images.reshape(len(images), *images.shape[-2:]), len(images)))
        ax.images[0].set(cmap="gray", clim=(0, 255))
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
        ax.grid(False)


# %% tags=["click"]
middle = rows(x28).mean(0)
axes28 = np.linalg.svd(rows(x28) - middle, full_matrices=False)[2].T
eight = [
    int(np.flatnonzero(large.test.labels == k)[3]) for k in (0, 2, 3, 4, 5, 7, 8, 9)
]
truth = rows(held28[eight])


def growing(figure, i):
    m = ([0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256])[i]
    kept = axes28[:, :m]
    again = (truth - middle) @ kept @ kept.T + middle
    figure.subplots(2, 1)
    shown = [truth.reshape(-1, 28, 28), again.reshape(-1, 28, 28)]
    picture_rows(figure, shown, ["digit", f"m = {m}"])


animate(drawn(growing, 16, size=(6, 1.9)), milliseconds=500)

# %% [markdown]
# *What to see:* with none all are alike, the mean. At 16 you can guess about half, at 64 read all, in a grey fog. The numbers are
# the best that a *linear* description has. This chapter says why, and then does better.

# %% [markdown] tags=["recall"]
# ## Recall
#
# * **R1** (chapter 6) An image of side 28 goes through two convolutions with k = 4, s = 2, p = 1. Which side comes out?
# * **R2** (chapter 2) $J=AB$, with $A$ of shape (64, 3) and $B$ of shape (3, 64). The largest rank $J$ can have?
# * **R3** (chapter 4) $x$ has the variance 3. The variance of $2x$?

# %% tags=["recall"]
check("8.R1", None)
check("8.R2", None)
check("8.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# "Images" of two pixels: $(3,1),(1,3),(-3,-1),(-1,-3)$. Their mean is 0. Keep *one* number of each: how far along $u=(1,1)/\sqrt2$. That of
# $(3,1)$ is $4/\sqrt2$, and drawn again it is $(2,2)$: the squared error is $1+1=2$, for all four. The covariance (协方差)
# has 5 on the diagonal and 3 beside it. Its eigenvalues (特征值) are $5+3=8$ and $5-3=2$. The error is the second one.

# %% tags=["byhand"]
four = np.array([[3.0, 1], [1, 3], [-3, -1], [-1, -3]])
u = np.array([[1.0], [1]]) / np.sqrt(2)
print(((four - four @ u @ u.T) ** 2).sum(1), np.linalg.eigvalsh(four.T @ four / 4))

# %% [markdown] tags=["eq-8-1"]
# ## The objective
#
# An **autoencoder** (自编码器) is an **encoder** (编码器) $E$, from an image of $P$ pixels to a **code** (编码) of $m$ numbers, and a **decoder**
# (解码器) $D$ back. Both are trained together, and the image is its own label:
#
# $$
# \min_{E,D}\;\mathbb E\,\frac1P\big|x-D(E(x))\big|^2\qquad\text{(8.1)}
# $$
#
# $m<P$ is the **bottleneck** (瓶颈). What matters is hidden in the brackets: $D$ is given the code *and nothing else*.


# %% tags=["code-8-1"]
def loss_of(net, images, seen=None):
    """Eq. (8.1) by reconstruction_loss; `seen`, if given, goes in where x would."""
    images = tg.tensor(images, dtype="float32")
    seen = None if seen is None else tg.tensor(seen, dtype="float32")
    return reconstruction_loss(net, images, seen)


# %% tags=["same-8-1"]
net = Autoencoder((1, 8, 8), 3, linear=True, rng=tg.rng(8))
A, a = net.encoder.weight.detach().numpy(), net.encoder.bias.detach().numpy()
B, b = net.decoder.weight.detach().numpy(), net.decoder.bias.detach().numpy()
code = rows(x8[:50]) @ A.T + a
same(
    "8.1",
    rtol=1e-5,  # float32
    by_library=loss_of(net, x8[:50]).item(),
    by_matrices=((code @ B.T + b - rows(x8[:50])) ** 2).mean(),
)

# %% [markdown] tags=["eq-8-2"]
# ## The first axis
#
# One number, and nothing bent: the best one is where $x$ lies along a direction $u$. What is kept is the variance along $u$, so take the
# direction with the most. With the covariance $C=\mathbb E(x-\mu)(x-\mu)^\top$,
#
# $$
# \max_{|u|=1}u^\top Cu=\lambda_1,\qquad Cu_j=\lambda_ju_j,\quad\lambda_1\ge\lambda_2\ge\dots\qquad\text{(8.2)}
# $$
#
# The eigenvectors are the axes of **principal component analysis** (主成分分析), PCA: each has the most variance of all
# directions at right angles to those before it.


# %% tags=["code-8-2"]
def principal(x):
    """Mean (P,), eigenvalues (P,), largest first, and axes (P, P), a column each.  Eq. (8.2)."""
    mean = x.mean(0)
    values, axes = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    return mean, values[::-1], axes[:, ::-1]


# %% tags=["same-8-2"]
mean, values, axes = principal(rows(x8))
same(
    "8.2",
    by_eigenvalue=values[0],
    by_variance=((rows(x8) - mean) @ axes[:, 0]).var(),
    by_singular_value=np.linalg.svd(rows(x8) - mean)[1][0] ** 2 / len(x8),
)

# %% [markdown] tags=["eq-8-3"]
# ## What is lost
#
# Keep $m$ axes. Along the others $x$ is taken for its mean, so their variances are the error, summed over pixels:
#
# $$
# \mathbb E\,|x-\hat x|^2=\sum_{j>m}\lambda_j,\qquad\hat x=\mu+\sum_{j\le m}u_ju_j^\top(x-\mu)\qquad\text{(8.3)}
# $$


# %% tags=["code-8-3"]
def lost(values, m):
    """Mean squared error, summed over pixels, of m numbers.  Eq. (8.3)."""
    return values[m:].sum()


def projected(x, mean, axes, m):
    """Images (N, P) drawn again from m numbers each.  Eq. (8.3)."""
    return mean + (x - mean) @ axes[:, :m] @ axes[:, :m].T


# %% tags=["same-8-3"]
again = projected(rows(x8), mean, axes, 5)
same(
    "8.3",
    by_eigenvalues=lost(values, 5),
    by_drawing_again=((rows(x8) - again) ** 2).sum(1).mean(),
)

# %% [markdown] tags=["eq-8-4"]
# ## A linear autoencoder finds the same plane
#
# Leave out the activations: $\hat x-\mu=VW(x-\mu)$. For a given decoder $V$ the best code is a matter of least squares (最小二乘), and what
# comes out is the projection on the plane of $V$'s columns. So Eq. (8.1) is about planes only, and the best is PCA's:
#
# $$
# V(V^\top V)^{-1}V^\top=\sum_{j\le m}u_ju_j^\top\quad\text{at the minimum}\qquad\text{(8.4)}
# $$
#
# The *columns* are not the axes: $VA$ with $A^{-1}W$ is the same autoencoder for every invertible $A$.


# %% tags=["code-8-4"]
def plane_of(V):
    """Projection (P, P) on the plane of the columns of V (P, m).  Eq. (8.4)."""
    return V @ np.linalg.solve(V.T @ V, V.T)


def taking_turns(x, V, rounds=300):
    """The decoder (P, m) after best codes and best decoder in turns.  Eq. (8.4)."""
    for _ in range(rounds):
        codes = np.linalg.solve(V.T @ V, V.T @ x.T)  # (m, N)
        V = np.linalg.solve(codes @ codes.T, codes @ x).T
    return V


# %% tags=["same-8-4"]
decoder = taking_turns(rows(x8) - mean, rng.normal(size=(64, 4)))
same("8.4", by_turns=plane_of(decoder), by_pca=axes[:, :4] @ axes[:, :4].T)

# %% [markdown] tags=["eq-8-5"]
# ## Bent, and still narrow
#
# With activations no formula gives the minimum. One thing remains: by the chain rule (链式法则) every small change of the
# output went through the code.
#
# $$
# \frac{\partial\hat x}{\partial x}=\frac{\partial D}{\partial z}\,\frac{\partial E}{\partial x},\qquad\mathrm{rank}\;\frac{\partial\hat x}{\partial x}\le m\qquad\text{(8.5)}
# $$
#
# Around each image the outputs lie on a sheet of $m$ dimensions. One of our source documents prints $D(x,E(x))$, a decoder that sees $x$ as well. Its rank can be $P$:
# it copies $x$, with error 0, and the code means nothing.


# %% tags=["code-8-5"]
def jacobian(f, x):
    """df/dx (outputs, inputs) at x (1, ...), an output at a time.  Eq. (8.5)."""
    x = tg.tensor(x, requires_grad=True)
    out = f(x).reshape(-1)
    slopes = [tg.grad(out[i], [x], retain_graph=True)[0] for i in range(out.shape[0])]
    return np.stack([slope.detach().numpy().ravel() for slope in slopes])


# %% tags=["same-8-5"]
net = Autoencoder((1, 8, 8), 5, rng=tg.rng(5))
whole = jacobian(net, x8[:1])
code = net.encode(tg.tensor(x8[:1])).detach().numpy()
same(
    "8.5",
    rtol=1e-5,  # float32
    at_once=whole,
    as_a_product=jacobian(net.decode, code) @ jacobian(net.encode, x8[:1]),
)
peeking = jacobian(lambda x: net(x) + x, x8[:1])
print("rank", *(np.linalg.matrix_rank(j, tol=1e-4) for j in (whole, peeking)))

# %% [markdown] tags=["eq-8-6"]
# ## Out of noise
#
# A **denoising autoencoder** (去噪自编码器) is shown $y=x+s\,\varepsilon$ and has to return $x$. Keep which axes? Along axis $j$ a share of the variance
# $\lambda_j+s^2$ is signal. The best linear answer takes each at its worth, the **Wiener filter** (维纳滤波):
#
# $$
# \hat x=\mu+\sum_j\frac{\lambda_j}{\lambda_j+s^2}\,u_ju_j^\top(y-\mu),\qquad\mathbb E|x-\hat x|^2=\sum_j\frac{\lambda_js^2}{\lambda_j+s^2}\qquad\text{(8.6)}
# $$
#
# No bottleneck is needed: noise forbids copying.


# %% tags=["code-8-6"]
def wiener(y, mean, values, axes, s):
    """Noisy images (N, P) -> the best linear guess of the clean ones.  Eq. (8.6)."""
    return mean + (y - mean) @ axes * (values / (values + s**2)) @ axes.T


def wiener_error(values, s):
    """Its mean squared error, summed over pixels.  Eq. (8.6)."""
    return (values * s**2 / (values + s**2)).sum()


# %% tags=["same-8-6"]
clean = np.repeat(rows(x8), 20, axis=0)
noisy = clean + 0.8 * rng.normal(size=clean.shape)
cleaned = wiener(noisy, mean, values, axes, 0.8)
same(
    "8.6",
    rtol=0.01,  # 29,000 noisy digits: 0.2 % is one standard error
    by_formula=wiener_error(values, 0.8),
    by_noise=((cleaned - clean) ** 2).sum(1).mean(),
)

# %% [markdown] tags=["eq-8-7"]
# ## Draw a code
#
# If the decoder can draw from a code, give it a new one. Nobody has said how codes are distributed; the simplest guess is a Gaussian with their mean
# $\bar z$ and covariance:
#
# $$
# z=\bar z+L\varepsilon,\qquad LL^\top=\mathrm{Cov}(z),\quad\varepsilon\sim\mathcal N(0,I)\qquad\text{(8.7)}
# $$


# %% tags=["code-8-7"]
def like(codes, noise):
    """Noise (n, m) -> codes with the mean and covariance of codes (N, m).  Eq. (8.7)."""
    L = np.linalg.cholesky(np.cov(codes.T, bias=True))
    return codes.mean(0) + noise @ L.T


# %% tags=["same-8-7"]
codes = rng.gamma(2.0, size=(500, 3)) @ rng.normal(size=(3, 3))
drawn_codes = like(codes, rng.normal(size=(400_000, 3)))
same(
    "8.7",
    rtol=0.02,
    of_drawn=np.cov(drawn_codes.T),
    of_given=np.cov(codes.T, bias=True),
)

# %% [markdown] tags=["predict"]
# ## Predictions
#
# P1 is Eq. (8.3) from the eigenvalues alone: the error per pixel of 16 numbers, small digits. P2: a linear autoencoder, trained by gradients, with 8 numbers,
# comes as close to PCA as P2 says. P3: then its plane must be PCA's too: of 8 dimensions they share how many? ($\mathrm{tr}\,$ of the product of both
# projections.) P4: a convolutional autoencoder on MNIST, 16 numbers, held-out digits: its error over PCA's. P5 is what one expects: 32 numbers draw digits
# again better than 2 do. So codes of 32 drawn by Eq. (8.7) give better digits than codes of 2; chapter 7's classifier is surer of them.

# %% tags=["predict"]
exact = predict("8.P1", "error per pixel, PCA, m = 16", lost(values, 16) / 64)
ratio = predict("8.P2", "linear autoencoder over PCA, m = 8", between=(1, 1.03))
shared = predict("8.P3", "dimensions shared with PCA's 8", between=(7.9, 8.0))
better = predict("8.P4", "conv autoencoder over PCA, 16", between=(0.4, 0.65))
surer = predict("8.P5", "confidence, drawn codes: 32 minus 2", sign=1)

# %% [markdown] tags=["build"]
# ## The same in tinygen

# %% tags=["build"]
show(ConvAutoencoder)

# %% [markdown] tags=["run"]
# ## Run: no activation
#
# Three linear autoencoders with 8 numbers on small digits, and one with activations that is shown noise of $s=0.8$.


# %% tags=["def"]
def trained(net, x, count, *, lr=1e-3, batch=64, noise=0.0, seed=0):
    """net after that many steps of Adam on Eq. (8.1); the step size rises, then falls."""
    adam, draw = optim.Adam(net.parameters(), lr=lr), np.random.default_rng(seed)
    for step in range(count):
        clean = x[draw.integers(0, len(x), batch)]
        seen = damaged(clean, noise=noise, rng=draw)
        adam.lr = lr * schedule.warmup(step, 100) * schedule.cosine(step, count)
        adam.zero_grad()
        loss_of(net, clean, seen).backward()
        adam.step()
    return net


def coded(net, x):
    """Codes (N, m) of images."""
    with tg.no_grad():
        return net.encode(tg.tensor(x)).numpy().astype(float)


def decoded(net, z):
    """Images of codes (N, m), in [-1, 1]."""
    with tg.no_grad():
        return net.decode(tg.tensor(z, dtype="float32")).numpy().clip(-1, 1)


# %% tags=["run"]
again = projected(rows(x8), mean, axes, 16)
exact.measure(((rows(x8) - again) ** 2).mean())
options = {"lr": 0.01, "batch": 256}
linear = [
    Autoencoder((1, 8, 8), 8, linear=True, rng=tg.rng(8, "linear", seed))
    for seed in range(3)
]
for seed, net in enumerate(linear):
    trained(net, x8, steps(6000, 20), seed=seed, **options)
ratio.measure([loss_of(net, x8).item() / (lost(values, 8) / 64) for net in linear])
planes = [plane_of(net.decoder.weight.detach().numpy().astype(float)) for net in linear]
common = [np.trace(p @ axes[:, :8] @ axes[:, :8].T) for p in planes]
shared.measure(
    common,
    missed="the eighth and the ninth eigenvalue are 0.69 and 0.63: to take one axis for the other costs "
    "0.9 % of the error, and gradients hardly feel it. A small error is no witness of a plane.",
)
denoiser = Autoencoder((1, 8, 8), 32, rng=tg.rng(8, "denoiser"))
denoiser = trained(denoiser, x8, steps(3000, 20), lr=3e-3, noise=0.8)

# %% tags=["run"]
figure, _ = plt.subplots(2, 1, figsize=(6, 1.9))
learned = linear[0].decoder.weight.detach().numpy().T
scaled = lambda each: 2.5 * each / np.linalg.norm(each, axis=1)[:, None]
shown = [scaled(each).reshape(-1, 8, 8) for each in (axes[:, :8].T, learned)]
picture_rows(figure, shown, ["PCA", "learned"])
print("eigenvalues 7 to 10:", values[6:10].round(3))
print("dimensions shared:", np.round(common, 2))
noisy = damaged(held8, noise=0.8, rng=np.random.default_rng(0))
filtered = wiener(rows(noisy), mean, values, axes, 0.8)
bent = decoded(denoiser, coded(denoiser, noisy))
for name, found in (("noisy", noisy), ("Wiener", filtered), ("network", bent)):
    print(f"{name:8} error per pixel {((rows(found) - rows(held8)) ** 2).mean():.4f}")
figure, _ = plt.subplots(4, 1, figsize=(6, 3))
shown = [part[:10].reshape(-1, 8, 8) for part in (held8, noisy, filtered, bent)]
picture_rows(figure, shown, ["truth", "seen", "Wiener", "network"])

# %% [markdown]
# *What to see:* above, ordered waves, each at right angles to the rest. Below, mixtures in no order: *any* basis of the plane serves Eq. (8.1). Of the
# plane itself a sixth to a third of one direction is not PCA's, though the error is 0.4 % above the least. By the eigenvalues it is the last direction.
#
# Then digits that were held out. The filter leaves a fog of all that might have been there. The network decides, and its error is a quarter
# smaller; the 4 is lost to both.
#
# ## Run: activations, and convolutions
#
# MNIST. Dense autoencoders 784-128-$m$-128-784 with 2, 8 and 32 numbers, and a convolutional one with 16.

# %% tags=["run"]
nets = {}
for m in (2, 8, 32):
    net = Autoencoder((1, 28, 28), m, rng=tg.rng(8, "dense", m))
    nets[m] = trained(net, x28, steps(3000, 20))
conv = ConvAutoencoder((1, 28, 28), 16, 16, rng=tg.rng(8, "conv"))
trained(conv, x28, steps(1500, 5), lr=2e-3)
nets["conv"] = conv
kept = lambda m: projected(rows(held28), middle, axes28, m)
error = {m: ((kept(m) - rows(held28)) ** 2).mean() for m in (2, 8, 16, 32)}
for m, net in nets.items():
    with tg.no_grad():
        found = loss_of(net, held28).item()
    m = 16 if m == "conv" else m
    print(f"{m:2} numbers: PCA {error[m]:.4f}, trained {found:.4f}")
    if m == 16:
        better.measure(found / error[16])
figure, _ = plt.subplots(4, 1, figsize=(6, 3.2))
shown = [truth, kept(16)[eight]]
shown += [decoded(net, coded(net, held28[eight])) for net in (nets["conv"], nets[2])]
names = ["truth", "PCA 16", "conv 16", "dense 2"]
picture_rows(figure, [part.reshape(-1, 28, 28) for part in shown], names)

# %% [markdown]
# *What to see:* with the same 16 numbers PCA's digits stand in fog and the network's are drawn. With 2 numbers it still draws strokes, often
# those of another digit: 2, 3 and 4 came back as something else. Bent sheets lie closer to the data than planes.
#
# Now codes that belong to no image, Eq. (8.7).

# %% tags=["run"]
judge, own = classifier(), np.random.default_rng(87)
sure = {"drawn again": [], "drawn codes": []}
invented = {}
for m in (2, 8, 32):
    z = coded(nets[m], x28)
    made = decoded(nets[m], like(z, own.normal(size=(steps(1000, 50), m))))
    again = decoded(nets[m], coded(nets[m], held28[: steps(1000, 50)]))
    for name, images in zip(sure, (again, made), strict=True):
        sure[name].append(float(judge.probabilities(images).max(1).mean()))
    invented[f"{m} numbers"] = made[:10].reshape(-1, 28, 28)
surer.measure(
    sure["drawn codes"][-1] - sure["drawn codes"][0],
    missed="codes of images fill a plane nearly, but in 32 dimensions they are a thin dust. A "
    "Gaussian around them is nearly all hole, and no hole was ever trained on.",
)
print({name: np.round(found, 3).tolist() for name, found in sure.items()})
figure, _ = plt.subplots(3, 1, figsize=(6, 2))
picture_rows(figure, list(invented.values()), list(invented))

# %% [markdown]
# *What to see:* at 2 numbers soft but whole digits. At 8 some, at 32 hardly one: crossings of strokes that belong to different digits. The
# autoencoder that draws *again* best draws *anew* worst.

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: codes of nothing
#
# **Symptom.** An autoencoder draws held-out images again nearly perfectly, and draws scribbles from random codes.
# Suspects: (a) the decoder is too weak; (b) the Gaussian has a wrong mean or covariance; (c) codes do not fill the Gaussian. Vote first.
#
# (a) is acquitted by the held-out images, (b) by Eq. (8.7). **One number** for (c): how far is a code from the nearest code of a training image, in
# standard deviations? For held-out images, and for drawn codes. Three autoencoders with 16 numbers:


# %% tags=["def"]
def nearest(points, known):
    """Distance of each point (n, d) to the nearest of the known (N, d)."""
    squares = (points**2).sum(1)[:, None] + (known**2).sum(1) - 2 * points @ known.T
    return np.sqrt(np.maximum(squares, 0).min(1))


def apart(points, codes):
    """Distance to the nearest of the codes, after these were given covariance I."""
    L = np.linalg.cholesky(np.cov(codes.T, bias=True))
    straight = lambda z: np.linalg.solve(L, (z - codes.mean(0)).T).T
    return nearest(straight(points), straight(codes))


def near_codes(codes, noise, h, draw):
    """The cure: codes of images, each moved a little, h times Eq. (8.7)."""
    some = codes[draw.integers(0, len(codes), len(noise))]
    return some + h * (like(codes, noise) - codes.mean(0))


# %% tags=["lab"]
held, found = steps(1000, 50), []
trio = [Autoencoder((1, 28, 28), 16, rng=tg.rng(8, "lab", seed)) for seed in range(3)]
for seed, net in enumerate(trio):
    trained(net, x28, steps(1500, 20), seed=seed)
    z, noise = coded(net, x28), own.normal(size=(held, 16))
    found.append((apart(coded(net, held28[:held]), z), apart(like(z, noise), z)))
    print(
        f"seed {seed}: held-out images {found[-1][0].mean():.2f}, drawn codes", end=" "
    )
    print(f"{found[-1][1].mean():.2f}")

figure, ax = plt.subplots(figsize=(5, 2.4))
for values_, name in zip(found[0], ("held-out images", "drawn codes"), strict=True):
    ax.hist(values_, 40, alpha=0.6, label=name)
ax.set(xlabel="standard deviations to the nearest training code", ylabel="codes")
ax.legend()

# %% [markdown] tags=["lab"]
# *What to see:* two heaps with little in common. Same mean, same covariance, and yet drawn codes lie where no image does. It is (c): nothing in Eq. (8.1) asks the codes to be
# Gaussian. The cure that costs nothing is to stay near real codes:
#
# ```diff
# - z = mean + noise @ L.T
# + z = codes[rng.integers(0, len(codes), n)] + h * noise @ L.T
# ```

# %% tags=["lab"]
own_images = nearest(rows(held28[:300]), rows(x28)).mean()
print(f"held-out images: {own_images:.1f} from the nearest training image")
strip = {}
for h in (0.05, 0.2, 0.7, None):
    told = []
    for seed, net in enumerate(trio):
        draw = np.random.default_rng(seed)
        z, noise = coded(net, x28), draw.normal(size=(held, 16))
        new = like(z, noise) if h is None else near_codes(z, noise, h, draw)
        made = decoded(net, new)
        far = nearest(rows(made[:300]), rows(x28)).mean()
        told.append((judge.probabilities(made).max(1).mean(), far))
    sure_, far = np.mean(told, axis=0)
    name = "Gaussian" if h is None else f"h = {h}"
    strip[name] = made[:10].reshape(-1, 28, 28)
    print(f"{name:9} confidence {sure_:.3f}, {far:.1f} from the nearest training image")
figure, _ = plt.subplots(4, 1, figsize=(6, 2.7))
picture_rows(figure, list(strip.values()), list(strip))

# %% [markdown] tags=["lab"]
# **Where the cure fails.** At $h=0.05$ the digits are good, for they are training digits, drawn again: nearer to one than a real new digit ever is. At $h=0.7$ the scribbles are
# back. Between the two there is no $h$ that is new *and* good without asking. Chapter 10 catches the copier; chapter 9 trains the codes to fill a Gaussian from the start.
#
# What does lie between two codes? A walk from one held-out digit to another: left by mixing pixels, right by mixing codes.

# %% tags=["walk"]
ends = held28[[eight[2], eight[6], eight[0], eight[3]]]
codes_of = coded(nets["conv"], ends)
frames = []
for t in np.linspace(0, 1, 17):
    mixed = (1 - t) * ends[:2] + t * ends[2:]
    walked = decoded(nets["conv"], (1 - t) * codes_of[:2] + t * codes_of[2:])
    pair = np.stack([mixed[0], walked[0], mixed[1], walked[1]])[:, 0]
    frames.append(montage(pair, 2))
animate(frames, milliseconds=150, scale=4)

# %% [markdown]
# *What to see:* pixels fade, codes bend: strokes move. In the middle neither is a digit that anyone wrote.

# %% [markdown] tags=["ex-8-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("8.E1")` helps, `solution("8.E1")` tells.
#
# **Exercise 8.1** ○ The eigenvalues of a covariance are 9, 4, 2, 1. PCA keeps 2 numbers. The mean squared error, summed over pixels?

# %% tags=["try-8-1"]
check("8.E1", None)

# %% [markdown] tags=["ex-8-2"]
# **Exercise 8.2** ○ Eigenvalues in a list, largest first. How many axes keep at least a given share of the variance?


# %% tags=["try-8-2"]
def enough(values, share):
    return None


check("8.E2", enough)

# %% [markdown] tags=["ex-8-3"]
# **Exercise 8.3** ● **Tied weights**: the encoder is the decoder's transpose, $\hat x=vv^\top x$, mean 0, one number, and $v=a\,u_1$. The error along $u_1$
# as a function of $\lambda_1$ and $a$?


# %% tags=["try-8-3"]
def tied_error(lam, a):
    return None


check("8.E3", tied_error)

# %% [markdown] tags=["ex-8-4"]
# **Exercise 8.4** ● A linear *denoising* autoencoder with $m$ numbers, noise $s$: its least error, summed over pixels?


# %% tags=["try-8-4"]
def narrow_wiener(values, m, s):
    return None


check("8.E4", narrow_wiener)

# %% [markdown] tags=["ex-8-5"]
# **Exercise 8.5** ○ How many parameters (with biases) has the dense autoencoder 784-128-16-128-784?

# %% tags=["try-8-5"]
check("8.E5", None)

# %% [markdown] tags=["ex-8-6"]
# **Exercise 8.6** ○ *Referee.* A document prints $\min|x-\mathrm{Decoder}(x,\mathrm{Encoder}(x))|^2$. Eigenvalues 4, 3, 2, 1, one number in the code. What is the minimum
# of what is printed?

# %% tags=["try-8-6"]
check("8.E6", None)

# %% [markdown] tags=["ex-8-7"]
# **Exercise 8.7** ● Codes are $m$ independent $\mathcal N(0,1)$ numbers. The mean of $|z|^2$ is $m$. That of the point halfway between two codes?


# %% tags=["try-8-7"]
def halfway(m):
    return None


check("8.E7", halfway)

# %% [markdown] tags=["ex-8-8"]
# **Exercise 8.8** ◆ Draw 1,000 Gaussian codes for *PCA* with 2 numbers: the classifier is 99 % sure of these grey clouds, more than of
# real digits. Look at them. What does its confidence not measure, and what would you measure instead?

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept** for later chapters: encoder, decoder, code; [AE-1]; PCA and its error; rank of the bottleneck; the Wiener filter; codes have holes.
#
# **Not shown:** sparse and contractive autoencoders; that denoising learns the score (chapter 21); masking (`damaged(masked=…)`); a
# network for the density of the codes (`tinygen train vqvae` has one). The figures of the recipes, with their
# commands, are in [autoencoder](../docs/autoencoder.md).

# %% [markdown] tags=["src"]
# ## Sources
#
# * Eq. (8.1): [AE-1], corrected; what is printed is E3 of the [errata](../docs/errata.md).
# * Eq. (8.2), (8.3): K. Pearson, *Philosophical Magazine* 2 (1901); H. Hotelling, *J. Educational Psychology* 24 (1933).
# * Eq. (8.4): P. Baldi and K. Hornik, *Neural Networks* 2 (1989), fact 4. They show besides that there is no other minimum.
# * Eq. (8.5): the chain rule. Eq. (8.6): N. Wiener (1949); P. Vincent et al., ICML 2008, for the denoising autoencoder.
# * Eq. (8.7): the guess is `AutoencoderRecipe.sample`; cf. P. Ghosh et al., arXiv 1903.12436.
