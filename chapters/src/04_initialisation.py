# %% [markdown] tags=["head"]
# # 4. Why do deep nets need a careful start?
#
# **Minutes:** under 1, quick run under 1. **Data:** digits (8×8).
# **Uses:** chapters 1 to 3. **Adds to tinygen:** initial weights (`tinygen/init.py`).
#
# Twenty layers multiply twenty factors. If each is a half, a millionth is left of the signal going
# up and of the gradient coming down, and nothing can learn. We compute the factor for ReLU and
# tanh, choose it to be 1, and find out what a start of zeros does.
#
# 本章概要：信号逐层传播时方差按固定因子增减。推导 ReLU 与 tanh 的前向、反向因子，得到 He 与 Glorot 初始化，
# 观察二十层网络在尺度不当或全零初始化时为何学不动。

# %% tags=["setup"]
import itertools
import math

import matplotlib.pyplot as plt
import numpy as np

import tinygen as tg
from tinygen import data, init, nn, optim
from tinygen import functional as F
from tinygen.course import animate, chapter, check, drawn, predict
from tinygen.course import quick, same, score, show, steps

rng = chapter(4)
digits = data.load("digits")
x_train, y_train = (
    data.to_float(digits.train.images).reshape(-1, 64),
    digits.train.labels,
)
x_test, y_test = data.to_float(digits.test.images).reshape(-1, 64), digits.test.labels
relu = lambda z: np.maximum(z, 0.0)

# %% [markdown] tags=["click"]
# ## The picture
#
# A digit climbs through twenty layers of 200 units with random weights. Each frame draws the weights with
# another standard deviation $s$, from half to twice the one called *He*, and shows how large the numbers
# are after each layer (solid) and how large the gradient is on its way down (dashed).


# %% tags=["click"]
def sizes_through(times_he, seed=0, n=200, layers=20):
    """Root mean square of signals and of gradients at each layer of a ReLU network."""
    draw = np.random.default_rng(seed)
    h, shape = x_train[:30].astype(float), (64, n)
    up, kept = [], []
    for _ in range(layers):
        W = draw.normal(0, times_he * math.sqrt(2 / shape[0]), shape)
        z, shape = h @ W, (n, n)
        up.append(np.sqrt((z**2).mean()))
        kept.append((W, z > 0))
        h = relu(z)
    g, down = draw.normal(size=h.shape), []
    for W, alive in reversed(kept):
        g = g * alive
        down.append(np.sqrt((g**2).mean()))
        g = g @ W.T
    return np.array(up), np.array(down[::-1])


# %% tags=["click"]
factors = np.geomspace(0.5, 2, 25)
climbs = [sizes_through(f) for f in factors]


def climb(figure, i):
    axes = figure.subplots()
    up, down = climbs[i]
    axes.semilogy(1 + np.arange(20), up, label="signal, going up")
    axes.semilogy(1 + np.arange(20), down, "--", label="gradient, coming down")
    axes.set(xlabel="layer", ylabel="root mean square", ylim=(1e-7, 1e7), xlim=(0, 21))
    axes.set_title(f"s = {factors[i]:.2f} times He")
    axes.legend(loc="lower right")


animate(drawn(climb, len(factors), size=(5, 2.8)), milliseconds=200)

# %% [markdown]
# *What to see:* two straight lines on a logarithmic scale that tilt together, like a cross: where the signal
# dies going up, the gradient dies coming down. They are level at one scale only.

# %% [markdown] tags=["recall"]
# ## Recall
#
# * **R1** What hands a dense layer $z=hW$ back to $h$, $\bar zW$ or $\bar zW^\top$? (`"W"` or `"W.T"`)
# * **R2** The loss of ten classes, before anything is learned, in nats. (a number)
# * **R3** The variance of the sum of 100 independent numbers of variance 0.5. (a number)

# %% tags=["recall"]
check("4.R1", None)
check("4.R2", None)
check("4.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# One unit, two inputs $h=(3,4)$, weights $+s$ or $-s$ by the toss of a coin. The sum $z$ is $\pm7s$ or $\pm s$, each
# with chance ¼: mean 0, mean square $\frac{49+1}2s^2=25s^2=s^2\,(3^2+4^2)$. ReLU sets half of these to zero, and so
# halves the mean square. With $s^2=\frac12\cdot2=1$ the two inputs' mean square, 12.5, comes out again.

# %% tags=["byhand"]
z = np.array([7.0, 1.0, -1.0, -7.0])
print((z**2).mean(), (relu(z) ** 2).mean(), np.mean([3.0**2, 4.0**2]))

# %% [markdown] tags=["eq-4-1"]
# ## Going up
#
# Let each weight be drawn with mean 0 and variance (方差) $s^2$, independently. A unit that sums $n$
# inputs gets a number whose mean square $q$ is, by the coin argument, $n s^2$ times the mean square of
# its inputs; and these came out of an activation $\varphi$. With $z\sim\mathcal N(0,1)$, which wide layers approach:
#
# $$
# q_{l+1}=n s^2\;\mathbb E\big[\varphi(\sqrt{q_l}\,z)^2\big]\qquad\text{(4.1)}
# $$

# %% tags=["code-4-1"]
CELLS = (np.arange(-10_000, 10_000) + 0.5) * 1e-3
CHANCE = np.exp(-(CELLS**2) / 2) / math.sqrt(2 * math.pi) * 1e-3


def expect(f):
    """E f(z), z ~ N(0, 1): a sum over 20,000 cells."""
    return float(f(CELLS) @ CHANCE)


def next_square(q, ns2, phi):
    """Mean square of the next layer's sums, from that of this layer's.  Eq. (4.1)."""
    return ns2 * expect(lambda z: phi(math.sqrt(q) * z) ** 2)


# %% tags=["same-4-1"]
W = rng.normal(0, math.sqrt(1.7 / 1000), (1000, 4000))
inputs = np.tanh(rng.normal(0, math.sqrt(0.6), 1000))
inputs *= math.sqrt(
    expect(lambda z: np.tanh(math.sqrt(0.6) * z) ** 2) / np.mean(inputs**2)
)
same(
    "4.1",
    rtol=0.1,  # 4,000 units: 2.2 % is one standard error
    by_integral=next_square(0.6, 1.7, np.tanh),
    by_drawing=((inputs @ W) ** 2).mean(),
)

# %% [markdown] tags=["eq-4-2"]
# ## He
#
# ReLU keeps half of the mean square, whatever $q$: $q_{l+1}=\frac{ns^2}2q_l$, and $q$ stays if
#
# $$
# s^2=\frac2n\qquad\text{(4.2)}
# $$


# %% tags=["code-4-2"]
def he_variance(n):
    """Variance of the weights that keeps a signal's size through ReLU.  Eq. (4.2)."""
    return 2 / n


def he_weights(shape, rng):
    """(n, units) weights of that variance, drawn by the library.  Eq. (4.2)."""
    drawn = init.kaiming_normal(
        shape[::-1], nonlinearity="relu", rng=rng, dtype="float64"
    )
    return drawn.T


# %% tags=["same-4-2"]
same(
    "4.2",
    rtol=1e-6,
    by_rule=next_square(3.7, 50 * he_variance(50), relu),
    unchanged=3.7,
)
same(
    "4.2",
    rtol=0.02,  # a million weights: 0.14 % is one standard error
    by_library=he_weights((500, 2000), rng).var(),
    by_formula=he_variance(500),
)

# %% [markdown] tags=["eq-4-3"]
# ## Coming down
#
# Backward (chapter 2) the same weights are summed over a layer's *outputs*, and each activation
# multiplies by its slope. The mean square $b$ of the gradient obeys, with $n'$ units in the layer above,
#
# $$
# b_l=n's^2\;\mathbb E\big[\varphi'(\sqrt{q_l}\,z)^2\big]\;b_{l+1}\qquad\text{(4.3)}
# $$
#
# For ReLU the slope is 0 or 1, half of the time each: again $n's^2/2$. This is why both lines tilt together.


# %% tags=["code-4-3"]
def backward_factor(q, ns2, slope):
    """How much the gradient's mean square grows from a layer to the one below.  Eq. (4.3)."""
    return ns2 * expect(lambda z: slope(math.sqrt(q) * z) ** 2)


# %% tags=["same-4-3"]
up, down = np.mean([np.log(sizes_through(0.8, seed)) for seed in range(12)], axis=0)
step = lambda z: (z > 0).astype(float)
same(
    "4.3",
    rtol=0.1,
    by_drawing=np.exp(2 * (down[0] - down[-1]) / 19),
    by_factor=backward_factor(1.0, 200 * 0.8**2 * he_variance(200), step),
)

# %% [markdown] tags=["eq-4-4"]
# ## tanh finds a level of its own
#
# tanh is the identity near 0 and flat far away: small signals grow if $ns^2>1$, large ones are cut. So the
# mean square runs to a **fixed point** (不动点), whatever it was at first:
#
# $$
# q^*=n s^2\;\mathbb E\big[\tanh^2(\sqrt{q^*}\,z)\big]\qquad\text{(4.4)}
# $$
#
# For $ns^2\le1$ the only solution is 0.


# %% tags=["code-4-4"]
def resting_square(ns2, phi=np.tanh, start=1.0, rounds=300):
    """The mean square that a deep network settles at.  Eq. (4.4)."""
    q = start
    for _ in range(rounds):
        q = next_square(q, ns2, phi)
    return q


# %% tags=["same-4-4"]
from_above, from_below = resting_square(1.5, start=9.0), resting_square(1.5, start=1e-3)
same("4.4", rtol=1e-6, from_above=from_above, from_below=from_below)
print("rests at", from_above, "; with n s^2 = 0.8 at", resting_square(0.8))

# %% [markdown] tags=["eq-4-5"]
# ## Glorot
#
# Forward asks for $s^2=1/n$ (near 0, where tanh is the identity), backward for $s^2=1/n'$. A layer with as many
# outputs as inputs can have both. Otherwise one takes the number between whose two factors average 1:
#
# $$
# s^2=\frac{2}{n+n'}\qquad\Longleftrightarrow\qquad\frac{n s^2+n's^2}{2}=1\qquad\text{(4.5)}
# $$


# %% tags=["code-4-5"]
def glorot_variance(n, n_above):
    """Variance between what forward and backward ask for.  Eq. (4.5)."""
    return 2 / (n + n_above)


def glorot_weights(shape, rng):
    """(n, units) weights of that variance, drawn by the library.  Eq. (4.5)."""
    return init.xavier_normal(shape[::-1], rng=rng, dtype="float64").T


# %% tags=["same-4-5"]
same(
    "4.5",
    rtol=0.02,
    by_library=glorot_weights((300, 1200), rng).var(),
    by_formula=glorot_variance(300, 1200),
)
print("forward factor", 300 * glorot_variance(300, 1200))
print("backward factor", 1200 * glorot_variance(300, 1200))

# %% [markdown] tags=["eq-4-6"]
# ## Or add
#
# A **residual connection** (残差连接) adds a layer's output to its input, $h\leftarrow h+\frac1{\sqrt L}f(h)$. If $f$ keeps the
# mean square, the two are uncorrelated at the start and their mean squares add. After $L$ layers
#
# $$
# \frac{q_L}{q_0}=\Big(1+\frac1L\Big)^L<e\qquad\text{(4.6)}
# $$
#
# however deep the network. Chapter 21's network is built so.


# %% tags=["code-4-6"]
def residual_growth(L):
    """Growth of the mean square through L residual layers at the start.  Eq. (4.6)."""
    return (1 + 1 / L) ** L


# %% tags=["same-4-6"]
grown = 0.0
for _ in range(40):
    h = np.ones(300)
    for _ in range(30):
        h = h + rng.normal(0, math.sqrt(1 / 300), (300, 300)) @ h / math.sqrt(30)
    grown += (h**2).mean() / 40
same("4.6", rtol=0.1, by_drawing=grown, by_formula=residual_growth(30))

# %% [markdown] tags=["predict"]
# ## Predictions
#
# P1: the half of He, $ns^2=1$, loses one factor of two in each of 20 ReLU layers: $\log_2$ of the ratio of mean squares
# is −20; single networks scatter, and the logarithm of a mean lies above the mean of logarithms, so we allow a
# little. P2: how large is the first gradient if all weights are zero? P3: if all units of
# a layer start with the same weights, to and from, how many *different* ones are in the second layer after training? P4: 20 layers, started by He, 300 steps: accuracy on held-out digits. P5 is what is often said:
# tanh with $s^2=1/n$ keeps the signal, since it is the identity near 0: less than a tenth of the mean square is lost.

# %% tags=["predict"]
halved = predict(
    "4.P1", "log2 of mean square, layer 20 over 0, n s^2 = 1", between=(-21, -19)
)
zeros = predict("4.P2", "gradient of the first layer, all weights 0", 0.0)
copies = predict("4.P3", "different units in layer 2, equal at the start", 1)
accuracy = predict("4.P4", "held-out accuracy, 20 layers, He", between=(0.85, 0.98))
kept = predict(
    "4.P5", "tanh, n s^2 = 1: mean square left after 20 layers", between=(0.9, 1.0)
)

# %% [markdown] tags=["build"]
# ## The same in tinygen

# %% tags=["build"]
show(init.kaiming_normal)
show(init.fans)

# %% [markdown] tags=["run"]
# ## Run: signals
#
# Fourteen networks of width 300 for each line; the theory, Eq. (4.1), is drawn on top in grey.


# %% tags=["run"]
def squares(ns2, phi, seed, n=300, layers=20):
    """Mean square of the sums before each activation, and the factor to the next."""
    draw = np.random.default_rng(seed)
    h = draw.normal(size=(20, n))
    found = [(h**2).mean()]
    for _ in range(layers):
        z = phi(h) @ draw.normal(0, math.sqrt(ns2 / n), (n, n))
        found.append((z**2).mean())
        h = z
    return np.array(found)


def expected_squares(ns2, phi, layers=20):
    found = [1.0]
    for _ in range(layers):
        found.append(next_square(found[-1], ns2, phi))
    return np.array(found)


LINES = [(1.0, relu, "ReLU 1"), (2.0, relu, "ReLU 2 (He)"), (4.0, relu, "ReLU 4")]
LINES += [(1.0, np.tanh, "tanh 1"), (2.0, np.tanh, "tanh 2")]
runs = {
    name: np.array([squares(ns2, phi, seed) for seed in range(4 if quick() else 14)])
    for ns2, phi, name in LINES
}

# %% tags=["run"]
figure, axes = plt.subplots()
for ns2, phi, name in LINES:
    axes.semilogy(expected_squares(ns2, phi), color="0.75", lw=4)
    axes.semilogy(runs[name].mean(axis=0), ".-", label=name)
axes.set(xlabel="layer", ylabel="mean square of the sums")
axes.legend(title="activation, n s²")

halved.measure([math.log2(run[-1]) for run in runs["ReLU 1"]])
kept.measure(
    runs["tanh 1"][:, -1],
    missed="near 0 tanh x is x - x^3/3: each layer takes 2q of q, so q falls like 1/(2 l). "
    "It is slower than any power of a factor, but it is not kept.",
)

# %% [markdown]
# *What to see:* ReLU goes by powers and is level only at 2. tanh settles at Eq. (4.4) for 2, and sinks slowly for 1.

# %% [markdown] tags=["run"]
# ## Run: learning
#
# The same digits, the same 20 layers of width 64, the same steps. Only the standard deviation of the first weights
# differs: He, half of He, zeros, or units that cannot be told apart: above the first layer all have the same weights.


# %% tags=["def"]
def deep_net(weights, depth=20, n=64):
    """depth ReLU layers and ten logits; weights(shape) gives each layer's (out, in)."""
    layers = []
    for k in range(depth + 1):
        layer = nn.Linear(
            n if k else 64, 10 if k == depth else n, rng=tg.rng(4, "layer", k)
        )
        layer.weight.assign(np.asarray(weights(layer.weight.shape), np.float32))
        layer.bias.assign(np.zeros(layer.bias.shape, np.float32))
        layers += [layer] if k == depth else [layer, nn.ReLU()]
    return nn.Sequential(*layers)


# %% tags=["def"]
def train(net, count, lr=0.05, seed=0):
    """The loss at each step of plain descent, and the first layer's gradients."""
    downhill, draw = optim.SGD(net.parameters(), lr=lr), np.random.default_rng(seed)
    losses, sizes = [], []
    for _ in range(count):
        some = draw.choice(len(x_train), 128, replace=False)
        downhill.zero_grad()
        loss = F.cross_entropy(net(tg.tensor(x_train[some])), tg.tensor(y_train[some]))
        loss.backward()
        sizes.append(float(np.abs(np.asarray(first_weight(net).grad)).max()))
        downhill.step()
        losses.append(loss.item())
    return losses, sizes


def first_weight(net):
    return next(iter(net.parameters()))


# %% tags=["def"]
def scaled(times_he, seed):
    draw = np.random.default_rng(seed)
    return lambda shape: draw.normal(
        0, times_he * math.sqrt(he_variance(shape[1])), shape
    )


def equal_units(seed):
    """He's weights below; above, all units of a layer have one row, and one column."""
    draw, number = np.random.default_rng(seed), itertools.count()

    def weights(shape):
        if next(number) == 0:
            return draw.normal(0, math.sqrt(he_variance(shape[1])), shape)
        if shape[0] == 10:
            return np.tile(draw.normal(0, 1 / shape[1], (10, 1)), (1, shape[1]))
        return np.full(shape, 1 / shape[1])

    return weights


# %% tags=["run"]
count = steps(300, 4)
starts = {
    "He": scaled(1.0, 0),
    "half of He": scaled(0.5, 0),
    "equal units": equal_units(0),
    "all zero": np.zeros,
}
nets = {name: deep_net(weights) for name, weights in starts.items()}
curves = {name: train(net, count) for name, net in nets.items()}

with tg.no_grad():
    right = nets["He"](tg.tensor(x_test)).numpy().argmax(1) == y_test
accuracy.measure(right.mean())
zeros.measure(max(curves["all zero"][1]))
second = list(nets["equal units"].parameters())[2].detach().numpy()
copies.measure(len(np.unique(second.round(3), axis=0)))

figure, axes = plt.subplots()
for name, (losses, _) in curves.items():
    axes.plot(losses, ls="--" if name == "all zero" else "-", label=name)
axes.set(xlabel="step", ylabel="loss (nats)", ylim=(0, 2.6))
axes.legend()

# %% [markdown]
# *What to see:* He's falls, in jumps, for 20 layers at this step are not smooth. Half of He and zeros stay at
# log 10 = 2.303. Equal units learn a little: as much as one number in each layer can carry.

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: stuck at log 10
#
# **Symptom.** The loss of a deep classifier stays at 2.30 at every learning rate. Suspects: (a) the learning rate
# after all; (b) labels that do not belong to the images; (c) the start. Vote first.
#
# **One number:** the largest gradient in the first layer. With wrong labels (b) it is as large as ever.
# If (a), a thousand times the rate makes up for it. Here it is at the first step, for each start:


# %% tags=["def"]
def first_gradient(weights):
    """Largest entry of the first layer's gradient at the first step."""
    return train(deep_net(weights), 1)[1][0]


def hidden_units(net, layer):
    """How many units of a layer differ in their weights."""
    weight = list(net.parameters())[2 * layer].detach().numpy()
    return len(np.unique(weight.round(3), axis=0))


# %% tags=["lab"]
for seed in range(3):
    found = {f"{t} He": first_gradient(scaled(t, seed)) for t in (0.25, 0.5, 1.0)}
    print({name: f"{value:.1e}" for name, value in found.items()})
print(
    "equal units",
    f"{first_gradient(equal_units(0)):.1e}",
    " zero",
    first_gradient(np.zeros),
)

# %% tags=["lab"]
for name, weights in (("equal units", equal_units(0)), ("He", scaled(1.0, 0))):
    shallow = deep_net(weights, depth=2)
    losses, _ = train(shallow, steps(300, 30), lr=0.1)
    print(
        f"two layers, {name}: loss {losses[-1]:.3f}, different units",
        hidden_units(shallow, 1),
    )

# %% [markdown] tags=["lab"]
# Three diseases with one symptom. *Too small:* by Eq. (4.3) the gradient is $(\frac14)^{20}=10^{-12}$ of what it should be, squared.
# *Zero:* it is exactly 0, since each layer's gradient is multiplied by weights that are 0; only the last bias
# learns. *Equal:* units with equal weights, to and from, get equal gradients and stay equal for ever: 64 do the work of one.
# With two layers it learns a little, as a network of width 1 would. The cure for all three:
#
# ```diff
# -    layer.weight.assign(np.tile(row, (units, 1)))
# +    layer.weight.assign(init.kaiming_normal(shape, nonlinearity="relu", rng=rng))
# ```
#
# **Where the cure fails.** He speaks of the first step only. A step that is too long can push a unit's sums below
# zero for every image; its slope is 0 from then on, a **dead ReLU** (死亡 ReLU), and no start protects from it:

# %% tags=["lab"]
for lr in (0.05, 0.5, 5.0):
    net = deep_net(scaled(1.0, 0), depth=2)
    train(net, 60, lr)
    with tg.no_grad():
        hidden = F.relu(net[0](tg.tensor(x_train))).numpy()
    print(
        f"lr {lr}: {(hidden.max(axis=0) == 0).mean():.0%} of the first layer's units are dead"
    )

# %% [markdown] tags=["ex-4-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("4.E1")` helps, `solution("4.E1")` tells.
#
# **Exercise 4.1** ○ A ReLU layer sums 128 inputs. Which *standard deviation* does He give its weights?

# %% tags=["try-4-1"]
check("4.E1", None)

# %% [markdown] tags=["ex-4-2"]
# **Exercise 4.2** ● Leaky ReLU multiplies negative numbers by $a$ instead of 0. Which variance keeps the signal?


# %% tags=["try-4-2"]
def leaky_variance(n, a):
    return None


check("4.E2", leaky_variance)

# %% [markdown] tags=["ex-4-3"]
# **Exercise 4.3** ○ 30 ReLU layers with $s^2=1/n$. By which factor does the *mean square* change?

# %% tags=["try-4-3"]
check("4.E3", None)

# %% [markdown] tags=["ex-4-4"]
# **Exercise 4.4** ● Weights uniform in $[-a,a]$ instead of normal. Which $a$ is He's for fan-in $n$?


# %% tags=["try-4-4"]
def he_bound(n):
    return None


check("4.E4", he_bound)

# %% [markdown] tags=["ex-4-5"]
# **Exercise 4.5** ● A convolution with $C$ input channels, $K$ filters and $3\times3$ taps, then ReLU. Write He's variance.
# (What does one output sum?)


# %% tags=["try-4-5"]
def conv_variance(C, K):
    return None


check("4.E5", conv_variance)

# %% [markdown] tags=["ex-4-6"]
# **Exercise 4.6** ● Residual layers without the factor $1/\sqrt L$: $h\leftarrow h+f(h)$, with $f$ keeping the mean square. By which
# factor has it grown after $L$ layers?


# %% tags=["try-4-6"]
def plain_residual(L):
    return None


check("4.E6", plain_residual)

# %% [markdown] tags=["ex-4-7"]
# **Exercise 4.7** ◆ DCGAN (chapter 13) draws all weights from $\mathcal N(0,0.02^2)$, whatever the fan-in, and it works. Compute
# $ns^2/2$ for its layer of 128 channels and 4×4 taps. What saves it? (Chapter 7.)

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept** for later chapters: He's and Glorot's variances; the two factors; symmetry must be broken at the start; a
# gradient's size layer by layer as an instrument.
#
# **Not shown:** that $z$ is only nearly normal in narrow layers; correlations between two *different* inputs, which
# drift together even where the mean square is kept (Schoenholz et al.); orthogonal starts (`init.orthogonal`).

# %% [markdown] tags=["src"]
# ## Sources
#
# * Eq. (4.1), (4.4): B. Poole et al., arXiv 1606.05340, their Eq. 3; our $ns^2$ is their $\sigma_w^2$.
# * Eq. (4.2), (4.3): K. He et al., arXiv 1502.01852, their Eq. 10 and 14.
# * Eq. (4.5): X. Glorot and Y. Bengio, AISTATS 2010, their Eq. 12.
# * Eq. (4.6): the growth of sums is folklore; H. Zhang et al., arXiv 1901.09321, section 2, discuss its consequences.
