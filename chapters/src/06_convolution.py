# %% [markdown] tags=["head"]
# # 6. What is a convolution, and what is its transpose?
#
# **Minutes:** under 1, quick run under 1. **Data:** photographs (coins, a brick wall, a cat, coffee).
# **Uses:** chapters 1 to 4. **Adds to tinygen:** convolution, its transpose and resampling
# (`tinygen/functional/conv.py`, `tinygen/functional/resample.py`, `tinygen/kernels`).
#
# A dense layer on an image of a million pixels has a million million weights. A convolution has nine.
# It is a matrix all the same, and its transpose makes images larger: half of every generator. That
# half has a fault of its own, the checkerboard, which we predict to the digit and then try to cure.
#
# 本章概要：卷积是一种稀疏的矩阵乘法，转置卷积就是乘以它的转置，用来放大图像。推导尺寸公式与权重梯度，
# 精确预测棋盘伪影的强度，并比较两种消除办法及其局限。

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np

import tinygen as tg
from tinygen import data, optim
from tinygen import functional as F
from tinygen.course import animate, chapter, check, drawn, predict
from tinygen.course import same, score, show, steps
from tinygen.ops import conv

rng = chapter(6)
photos = data.load("photos")
grey = lambda name: data.to_float(photos[name]).mean(0).astype(float)

# %% [markdown] tags=["click"]
# ## The picture
#
# Three weights slide along a row of nine numbers, two at a time. Each place where they stop is a row of a
# matrix $C$. Its transpose, on the right, has the same weights in columns: it takes four numbers and makes nine.

# %% tags=["click"]
taps = np.array([1.0, 2.0, -1.0])
ROWS = np.zeros((4, 9))
for stop in range(4):
    ROWS[stop, 2 * stop : 2 * stop + 3] = taps


def slide(figure, i):
    C = np.where(np.arange(4)[:, None] <= i, ROWS, 0)
    left, right = figure.subplots(1, 2, width_ratios=[9, 4])
    for ax, matrix, title in ((left, C, "C: 9 → 4"), (right, C.T, "Cᵀ: 4 → 9")):
        ax.imshow(matrix, cmap="RdBu_r", vmin=-2, vmax=2)
        ax.set(title=title, xlabel="input", ylabel="output")
        ax.set(xticks=range(matrix.shape[1]), yticks=range(matrix.shape[0]))
        ax.grid(False)


animate(drawn(slide, 4, size=(5.6, 2.7)), milliseconds=700)

# %% [markdown]
# *What to see:* left, each output looks at three inputs. Right, each *input* is spread over three outputs, and
# outputs 2, 4 and 6 get something from two inputs while their neighbours get it from one. Remember that.

# %% [markdown] tags=["recall"]
# ## Recall
#
# * **R1** $y=Cx$. What is handed back to $x$: $C\bar y$ or $C^\top\bar y$? (`"C"` or `"C.T"`)
# * **R2** A layer sums 3 channels of 3×3 pixels, then ReLU. He's variance? (a number)
# * **R3** One number is copied to four places. The gradients there are 1, 2, 3, 4. What arrives? (a number)

# %% tags=["recall"]
check("6.R1", None)
check("6.R2", None)
check("6.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# $x=(1,2,3,4)$ and $w=(1,-1)$. The sums $x_i-x_{i+1}$ are $-1,-1,-1$: an edge detector that finds no edge.
# Now backwards: $y=(5,0,7)$ is spread, 5 times $(1,-1)$ at place 0, 7 times at place 2: $(5,-5,7,-7)$.

# %% tags=["byhand"]
x, w = tg.tensor([[[1.0, 2.0, 3.0, 4.0]]]), tg.tensor([[[1.0, -1.0]]])
print(F.conv1d(x, w).numpy().ravel())
y = tg.tensor([[[[5.0, 0.0, 7.0]]]])
print(F.conv_transpose2d(y, w.reshape(1, 1, 1, 2)).numpy().ravel())

# %% [markdown] tags=["eq-6-1"]
# ## The sum
#
# A filter $w$ of $k\times k$ **weights** is laid on the image, every $s$ pixels (the **stride**, 步幅), on a
# border of $p$ zeros (the **padding**, 填充). What lies under it is multiplied and summed:
#
# $$
# y_{ij}=\sum_{u=0}^{k-1}\sum_{v=0}^{k-1}w_{uv}\;x_{\,is+u-p,\;js+v-p}\qquad\text{(6.1)}
# $$
#
# This is a **convolution** (卷积) to everyone who trains networks; elsewhere it is called a correlation, and a
# convolution has its filter turned by 180°. With several channels there is a filter for each and their sums are added.


# %% tags=["code-6-1"]
def convolved(x, w, stride=1, padding=0):
    """(H, W) image and (k, k) filter -> (I, J), one output after another.  Eq. (6.1)."""
    x, k = np.pad(x, padding), len(w)
    places = [range(0, n - k + 1, stride) for n in x.shape]
    return np.array(
        [[(w * x[i : i + k, j : j + k]).sum() for j in places[1]] for i in places[0]]
    )


# %% tags=["same-6-1"]
image, filt = rng.normal(size=(11, 8)), rng.normal(size=(3, 3))
library = F.conv2d(
    tg.tensor(image[None, None]), tg.tensor(filt[None, None]), None, 2, 1
)
same("6.1", by_loops=convolved(image, filt, 2, 1), by_library=library.numpy()[0, 0])

# %% [markdown] tags=["eq-6-2"]
# ## Sizes
#
# The filter's first row may stop at $0,s,2s,\dots$ up to $H+2p-k$. Read the other way round, $I$ outputs came
# from an image at least this large:
#
# $$
# I=\Big\lfloor\frac{H+2p-k}{s}\Big\rfloor+1,\qquad H_{\min}=(I-1)\,s+k-2p\qquad\text{(6.2)}
# $$


# %% tags=["code-6-2"]
def size_after(H, k, s, p):
    """Outputs of a convolution.  Eq. (6.2), left."""
    return (H + 2 * p - k) // s + 1


def size_before(I, k, s, p):
    """Outputs of a transposed convolution: the smallest image that gives I.  Eq. (6.2)."""
    return (I - 1) * s + k - 2 * p


# %% tags=["same-6-2"]
same(
    "6.2",
    by_formula=[size_after(28, 4, 2, 1), size_before(14, 4, 2, 1)],
    by_library=[
        F.conv2d(tg.zeros((1, 1, 28, 28)), tg.zeros((1, 1, 4, 4)), None, 2, 1).shape[2],
        F.conv_transpose2d(
            tg.zeros((1, 1, 14, 14)), tg.zeros((1, 1, 4, 4)), None, 2, 1
        ).shape[2],
    ],
)

# %% [markdown] tags=["eq-6-3"]
# ## A matrix
#
# Written in a row of numbers, Eq. (6.1) is $y=Cx$ with a matrix that is nearly empty and repeats itself:
#
# $$
# C_{ij}=w_{\,j-is+p}\quad\text{where}\quad0\le j-is+p<k,\qquad\text{and 0 elsewhere}\qquad\text{(6.3)}
# $$


# %% tags=["code-6-3"]
def matrix_of(w, H, s=1, p=0):
    """The (I, H) matrix of a convolution of a row of H numbers.  Eq. (6.3)."""
    k, I = len(w), size_after(H, len(w), s, p)
    tap = np.arange(H)[None] - s * np.arange(I)[:, None] + p
    inside = (tap >= 0) & (tap < k)
    return np.where(inside, w[np.clip(tap, 0, k - 1)], 0.0)


# %% tags=["same-6-3"]
w, x = rng.normal(size=5), rng.normal(size=13)
by_library = F.conv1d(tg.tensor(x[None, None]), tg.tensor(w[None, None]), None, 2, 2)
same("6.3", by_matrix=matrix_of(w, 13, 2, 2) @ x, by_library=by_library.numpy()[0, 0])

# %% [markdown] tags=["eq-6-4"]
# ## The transpose
#
# Backward is a transpose (chapter 2). $C^\top$ takes each number of $y$ and *adds* its filter, multiplied by it,
# at the place it came from: a **transposed convolution** (转置卷积). For all $x$ and $y$
#
# $$
# \langle Cx,\,y\rangle=\langle x,\,C^\top y\rangle\qquad\text{(6.4)}
# $$
#
# It undoes nothing: $C^\top Cx\neq x$. "Deconvolution" is a wrong name.


# %% tags=["code-6-4"]
def spread(y, w, s=1, p=0):
    """(I,) numbers, each with its filter (k,) added at its place -> (H,).  Eq. (6.4)."""
    out = np.zeros(size_before(len(y), len(w), s, 0))
    for i, number in enumerate(y):
        out[i * s : i * s + len(w)] += number * w
    return out[p : len(out) - p]


# %% tags=["same-6-4"]
x, y, w = rng.normal(size=13), rng.normal(size=7), rng.normal(size=5)
same("6.4", by_C=(matrix_of(w, 13, 2, 2) @ x) @ y, by_transpose=x @ spread(y, w, 2, 2))

# %% [markdown] tags=["eq-6-5"]
# ## Overlap
#
# How many inputs reach one output of $C^\top$? As many as there are taps $u$ with $u\equiv r$ modulo $s$, where $r$ is the
# output's place modulo $s$: $\lceil(k-r)/s\rceil$. Some outputs get $\lceil k/s\rceil$ and others $\lfloor k/s\rfloor$. In two dimensions
# both axes multiply, and for a filter of ones
#
# $$
# \frac{\text{brightest}}{\text{darkest}}=\Big(\frac{\lceil k/s\rceil}{\lfloor k/s\rfloor}\Big)^2\qquad\text{(6.5)}
# $$


# %% tags=["code-6-5"]
def contrast(k, s):
    """Brightest over darkest pixel of a transposed convolution of ones, k >= s.  Eq. (6.5)."""
    return (math.ceil(k / s) / (k // s)) ** 2


# %% tags=["same-6-5"]
ones = np.ones(9)
inner = np.outer(spread(ones, np.ones(7), 3), spread(ones, np.ones(7), 3))[7:-7, 7:-7]
same("6.5", by_formula=contrast(7, 3), by_drawing=inner.max() / inner.min())

# %% [markdown] tags=["eq-6-6"]
# ## The weights learn
#
# Every place of the image used the same weight, so its gradient is a sum over places (R3). It is a convolution
# again, of the input with the gradient, and so are all derivatives of it: three operations, closed among themselves.
#
# $$
# \bar w_u=\sum_i\bar y_i\;x_{\,is+u-p}\qquad\text{(6.6)}
# $$


# %% tags=["code-6-6"]
def slope_of_weights(x, g, k, s=1, p=0):
    """(H,) inputs and (I,) gradients of outputs -> (k,).  Eq. (6.6)."""
    x = np.pad(x, p)
    return np.array([g @ x[u : u + s * len(g) : s][: len(g)] for u in range(k)])


# %% tags=["same-6-6"]
x, w, g = rng.normal(size=13), rng.normal(size=5), rng.normal(size=7)
leaf = tg.tensor(w[None, None], requires_grad=True)
out = F.conv1d(tg.tensor(x[None, None]), leaf, None, 2, 2)
(by_autograd,) = tg.grad(out, [leaf], tg.tensor(g[None, None]))
same(
    "6.6",
    by_formula=slope_of_weights(x, g, 5, 2, 2),
    by_autograd=by_autograd.numpy()[0, 0],
)

# %% [markdown] tags=["predict"]
# ## Predictions
#
# P1 to P3 are Eq. (6.5) for $(k,s)=(3,2)$, $(5,2)$ and $(4,2)$. P4: enlarging a photograph twofold with one learned
# transposed convolution, by how much is its squared error below that of repeating pixels? P5 is what many guides
# say: $k=3$ with stride 2 leaves a checkerboard, trained or not. We measure the pattern as the power at the
# highest frequency against that of the true photograph, and subtract 1.5: half as much again would be seen.

# %% tags=["predict"]
three = predict("6.P1", "contrast, k = 3, s = 2", 4)
five = predict("6.P2", "contrast, k = 5, s = 2", 2.25)
four = predict("6.P3", "contrast, k = 4, s = 2", 1)
better = predict(
    "6.P4", "error of learned k = 4 over repeated pixels", between=(0.3, 0.9)
)
pattern = predict("6.P5", "checkerboard of learned k = 3 over truth, minus 1.5", sign=1)

# %% [markdown] tags=["build"]
# ## The same in tinygen
#
# The library never loops over pixels; `tinygen/kernels` has several fast ways, each tested against a plain one.
# The rules of the derivative say what the section above says: three operations that need only each other.

# %% tags=["build"]
show(conv.conv2d)
show(conv.conv2d_input_grad)
show(conv.conv2d_weight_grad)

# %% [markdown] tags=["run"]
# ## Run: edges
#
# Nine weights, the **Sobel** filter, are a slope across three pixels.

# %% tags=["run"]
sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
figure, axes = plt.subplots(2, 3, figsize=(6.4, 4))
for row, name in zip(axes, ("coins", "brick"), strict=True):
    picture = grey(name)[:180, :200]
    across, down = convolved(picture, sobel), convolved(picture, sobel.T)
    for ax, shown, title in zip(
        row, (picture, across, down), (name, "→", "↓"), strict=True
    ):
        ax.imshow(shown, cmap="gray" if title == name else "RdBu_r")
        ax.set(xticks=[], yticks=[], title=title)
        ax.grid(False)

# %% [markdown]
# *What to see:* left edges of coins red, right ones blue, and nothing where grey is even.
# In the wall the joints that lie and those that stand part company.

# %% [markdown] tags=["run"]
# ## Run: twice as large
#
# A cat is shrunk to half, and three layers learn to bring it back: transposed convolutions of $k=3$ and
# $k=4$, and repeated pixels followed by a 3×3 convolution. One channel, one layer, no activation. Judged on coffee.


# %% tags=["def"]
def enlarge(kind, x, w):
    """(1, 1, H, W) -> (1, 1, 2H, 2W) by one linear layer."""
    if kind == "resize":
        return F.conv2d(F.interpolate(x, scale_factor=2), w, None, 1, 1)
    k = w.shape[-1]
    return F.conv_transpose2d(x, w, None, 2, 1, 1 if k == 3 else 0)


def learned(kind, small, large, count, seed=0, lr=0.03):
    """The filter that brings `small` nearest to `large`, and one error for each step."""
    k = {"k3": 3, "k4": 4, "resize": 3}[kind]
    draw = np.random.default_rng(seed)
    w = tg.tensor(draw.normal(0, 0.3, (1, 1, k, k)), requires_grad=True)
    adam, errors = optim.Adam([w], lr=lr), []
    for _ in range(count):
        adam.zero_grad()
        loss = F.mse_loss(enlarge(kind, small, w), large)
        loss.backward()
        adam.step()
        errors.append(loss.item())
    return w.detach(), errors


# %% tags=["def"]
def pair(name):
    """A photograph and its half: each small pixel is the mean of four."""
    large = grey(name)[:160, :240]
    small = large.reshape(80, 2, 120, 2).mean((1, 3))
    return tg.tensor(small[None, None]), tg.tensor(large[None, None])


def at_highest(images):
    """Mean power at the highest frequency of both axes."""
    rows = [np.abs(np.fft.rfft(images, axis=axis)) ** 2 for axis in (-2, -1)]
    return rows[0][..., -1, :].mean() + rows[1][..., -1].mean()


# %% tags=["run"]
small, large = pair("chelsea")
test_small, test_large = pair("coffee")
count, filters, made = steps(250, 5), {}, {}
for kind in ("k3", "k4", "resize"):
    filters[kind], errors = learned(kind, small, large, count)
    made[kind] = enlarge(kind, test_small, filters[kind]).numpy()[0, 0]
truth = test_large.numpy()[0, 0]
made["repeated"] = F.interpolate(test_small, scale_factor=2).numpy()[0, 0]

inside = (slice(4, -4), slice(4, -4))
error = {kind: np.mean((made[kind] - truth)[inside] ** 2) for kind in made}
power = {
    kind: at_highest(made[kind][inside]) / at_highest(truth[inside]) for kind in made
}
for kind in made:
    print(
        f"{kind:9} error {error[kind]:.5f}  power at the highest frequency {power[kind]:.2f}"
    )

# %% tags=["run"]
for prediction, k in ((three, 3), (five, 5), (four, 4)):
    line = spread(np.ones(12), np.ones(k), 2)
    board = np.outer(line, line)[k:-k, k:-k]
    prediction.measure(board.max() / board.min())
better.measure(error["k4"] / error["repeated"])
pattern.measure(
    power["k3"] - 1.5,
    missed="the overlap is uneven, but weights need not be equal: training makes the taps that "
    "meet in one output sum to about 1, whether they are one, two or four.",
)
taught = filters["k3"].numpy()[0, 0]
print("k = 3, sums of the taps that meet:", end=" ")
print(*(f"{taught[i::2, j::2].sum():.2f}" for i in (0, 1) for j in (0, 1)))

# %% tags=["run"]
figure, axes = plt.subplots(1, 5, figsize=(7.4, 1.9))
crop = (slice(40, 100), slice(90, 150))
shown = {"truth": truth, **made}
for ax, (name, picture) in zip(axes, shown.items(), strict=True):
    ax.imshow(picture[crop], cmap="gray", vmin=-1, vmax=1)
    ax.set(xticks=[], yticks=[], title=name)
    ax.grid(False)

# %% [markdown]
# *What to see:* steps in "repeated"; the three learned ones are hard to tell apart, and none shows a grid
# (though $k=3$ has five times the power of $k=4$ at the highest frequency: a trace). The truth is sharper than all of them: a squared error cannot do better.

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: a grid over everything
#
# **Symptom.** Pictures of an untrained or half-trained generator show a fine grid, even where the image should be
# flat. Suspects: (a) noise in the input; (b) tanh at its ends; (c) the layers that enlarge. Vote first.
#
# **One number.** Give the layer a flat input, without noise and without tanh, and divide the brightest
# pixel by the darkest. If it is not 1, it is (c). Filters of ones first, then random ones:


# %% tags=["def"]
def unevenness(kind, weights):
    """Standard deviation over mean square root of an enlarged flat image, borders cut."""
    flat = tg.ones((1, 1, 10, 10), dtype="float64")
    out = enlarge(kind, flat, tg.tensor(weights[None, None])).numpy()[0, 0, 4:-4, 4:-4]
    return out.std() / np.sqrt((out**2).mean())


SIDES = {"k3": 3, "k4": 4, "resize": 3}


# %% tags=["lab"]
print(
    "ones  ",
    {kind: f"{unevenness(kind, np.ones((k, k))):.2f}" for kind, k in SIDES.items()},
)
for seed in range(3):
    draw = np.random.default_rng(seed)
    print(
        "random",
        {
            kind: f"{unevenness(kind, draw.normal(size=(k, k))):.2f}"
            for kind, k in SIDES.items()
        },
    )

figure, axes = plt.subplots(1, 3, figsize=(6, 2.1))
for ax, (kind, k) in zip(axes, SIDES.items(), strict=True):
    draw = np.random.default_rng(0)
    flat = tg.ones((1, 1, 10, 10), dtype="float64")
    board = enlarge(kind, flat, tg.tensor(draw.normal(size=(1, 1, k, k)))).numpy()[0, 0]
    ax.imshow(board[3:-3, 3:-3], cmap="gray", vmin=-3, vmax=3)
    ax.set(xticks=[], yticks=[], title=kind)
    ax.grid(False)

# %% [markdown] tags=["lab"]
# *What to see:* two grids and one even grey. It is (c), Eq. (6.5): $k=3$, $s=2$. The usual cure is a stride that divides
# the kernel:
#
# ```diff
# - nn.ConvTranspose2d(channels, filters, 3, stride=2, padding=1, output_padding=1)
# + nn.ConvTranspose2d(channels, filters, 4, stride=2, padding=1)
# ```
#
# **Where the cure fails.** With ones it works: 0. With *random* weights $k=4$ is no better than $k=3$, because even and odd
# outputs still use different taps of the filter. Equal overlap is not equal weight. Only resizing first treats
# every output alike, at a higher price in arithmetic; and after training, as the run showed, both are even.
# Chapter 13 measures it in a generator.

# %% [markdown] tags=["ex-6-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("6.E1")` helps, `solution("6.E1")` tells.
#
# **Exercise 6.1** ○ An image of side 64 goes through a convolution with k = 5, s = 2, p = 2. Which side comes out?

# %% tags=["try-6-1"]
check("6.E1", None)

# %% [markdown] tags=["ex-6-2"]
# **Exercise 6.2** ● A **dilated** filter has gaps: its taps lie $d$ pixels apart. Write the size of the output.


# %% tags=["try-6-2"]
def dilated_size(H, k, s, p, d):
    return None


check("6.E2", dilated_size)

# %% [markdown] tags=["ex-6-3"]
# **Exercise 6.3** ○ How many weights has a convolution from 64 to 128 channels with 4×4 taps, without biases? And a dense layer
# from 64×14×14 to 128×7×7 numbers is how many times larger? (Give the ratio.)

# %% tags=["try-6-3"]
check("6.E3", None)

# %% [markdown] tags=["ex-6-4"]
# **Exercise 6.4** ● Write the rule for $\bar x$ of Eq. (6.1) in one dimension, by loops: from $g$ of shape (I,), the filter, $s$, $p$
# and $H$.


# %% tags=["try-6-4"]
def slope_of_input(g, w, s, p, H):
    return None


check("6.E4", slope_of_input)

# %% [markdown] tags=["ex-6-5"]
# **Exercise 6.5** ● A network of $n$ convolutions with $3\times3$ taps and stride 1: how many pixels wide is the region of the image that
# one output can see, its **receptive field** (感受野)?


# %% tags=["try-6-5"]
def field(n):
    return None


check("6.E5", field)

# %% [markdown] tags=["ex-6-6"]
# **Exercise 6.6** ○ Contrast of ones for k = 6, s = 4?

# %% tags=["try-6-6"]
check("6.E6", None)

# %% [markdown] tags=["ex-6-7"]
# **Exercise 6.7** ◆ Which sizes does a stride of 2 confuse? For k = 4, s = 2, p = 1 name two values of $H$ that give the same $I$, and
# say what `output_padding` is for. Why does the third source document's network need 128·3·3 and not 128·4·4 numbers
# for an image of side 28?

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept** for later chapters: sizes; convolution and transposed convolution are transposes of one another; overlap; the
# power at the highest frequency as a measure of the checkerboard.
#
# **Not shown:** how the sum is computed fast (as one matrix product, or with fewer multiplications by Winograd's
# identity: docs/kernels.md); groups; bilinear filters as a start; that translation of the input translates the output
# only up to the stride.

# %% [markdown] tags=["src"]
# ## Sources
#
# * Eq. (6.1) to (6.4): V. Dumoulin and F. Visin, arXiv 1603.07285, relations 6 and 14; our $I$ is their $o$.
# * Eq. (6.5): A. Odena, V. Dumoulin and C. Olah, *Deconvolution and checkerboard artifacts*, Distill 2016 (the formula is ours).
# * Eq. (6.6): Y. LeCun et al., *Neural Computation* 1 (1989) 541–551, shared weights.
# * Exercise 6.7: [errata](../docs/errata.md), E7.
