# %% [markdown] tags=["head"]
# # 1. What is a derivative, to a machine?
#
# **Minutes:** under 1, quick run under 1. **Data:** digits (8×8), the zeros and ones.
# **Uses:** school calculus. **Adds to tinygen:** the engine and its table of rules
# (`tinygen/engine.py`, `tinygen/ops/elementwise.py`), the gradient checker.
#
# A computer holds a finite number of numbers and knows no limits. We find a derivative in
# two ways, by differences and by rules, measure how good each can be, write an engine
# (automatic differentiation 自动微分) in fifty lines, break it, and learn from the break why
# tinygen is a table of rules.
#
# 本章概要：计算机没有极限运算。先用差分近似导数，并精确预测最佳步长；再用闭包写一个自动微分引擎，
# 看它在二阶导数上悄悄出错，由此理解为什么 tinygen 是一张求导规则表。

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import numpy as np

from tinygen import data, ops
from tinygen.course import animate, chapter, check, drawn, predict
from tinygen.course import same, score, show, steps

rng = chapter(1)

# %% [markdown] tags=["click"]
# ## The picture
#
# To measure the slope of $e^x$ at $x=1$, draw a line through two points of the curve and
# let them approach. Watch the right-hand side: the error falls, turns, and rises again.

# %% tags=["click"]
powers = np.linspace(0, 15.5, 32)


def secant(figure, i):
    left, right = figure.subplots(1, 2)
    h = 10.0 ** -powers[: i + 1]
    a, b = 1 + h, 1 - h
    slopes = (np.exp(a) - np.exp(b)) / (a - b)
    x = np.linspace(-0.4, 2.4, 50)
    left.plot(x, np.exp(x), color="0.6")
    left.plot(x, math.exp(b[-1]) + slopes[-1] * (x - b[-1]), color="tab:blue")
    left.plot([b[-1], a[-1]], np.exp([b[-1], a[-1]]), "o", color="tab:red", ms=3)
    left.set(ylim=(-1, 10), xlabel="x", title=f"h = {h[-1]:.0e}")
    right.loglog(h, abs(slopes - math.e) + 1e-16, "o", color="tab:blue", ms=3)
    right.set(
        xlim=(10, 1e-16), ylim=(1e-14, 3), xlabel="step h", title="error of the slope"
    )


animate(drawn(secant, len(powers), size=(5.6, 2.5)), milliseconds=180)

# %% [markdown]
# *What to see:* a straight fall, then a ragged rise. The two sides have different causes, and
# this chapter computes where they meet before looking.

# %% [markdown] tags=["recall"]
# ## Recall
#
# Three questions from school. Put your answers in place of `None`.
#
# * **R1** The slope of $x^3$ at $x=2$ (a number).
# * **R2** In float64, is `1e16 + 1` equal to `1e16`? (`"yes"` or `"no"`)
# * **R3** The slope of $e^{3x}$ at $x=0$ (a number).

# %% tags=["recall"]
check("1.R1", None)
check("1.R2", None)
check("1.R3", None)

# %% [markdown] tags=["byhand"]
# ## By hand
#
# $f(x)=x^3$ at $x=2$ with $h=0.1$: $2.1^3=9.261$ and $1.9^3=6.859$. Their difference is $2.402$;
# divided by the distance $0.2$ it is $12.01$. The slope is $3x^2=12$. The error, $0.01$, is exactly
# $h^2$, because $(x+h)^3-(x-h)^3=6x^2h+2h^3$.

# %% tags=["byhand"]
print((2.1**3 - 1.9**3) / 0.2)

# %% [markdown] tags=["eq-1-1"]
# ## The difference
#
# The two points lie at equal distances to the left and right, so that the error's first term
# cancels. This is the **central difference** (中心差分):
#
# $$
# D_h f(x)=\frac{f(x+h)-f(x-h)}{2h}\qquad\text{(1.1)}
# $$


# %% tags=["code-1-1"]
def central(f, x, h):
    """The slope of f at x by a central difference.  Eq. (1.1).

    The distance is taken between the points as they are stored: x + h is rounded too.
    """
    a, b = x + h, x - h
    return (f(a) - f(b)) / (a - b)


# %% [markdown]
# A sine is its own test: $\sin(x+h)-\sin(x-h)=2\cos x\,\sin h$, so its central difference must be
# $\cos x\cdot\sin(h)/h$ for *every* step, large ones too.

# %% tags=["same-1-1"]
same(
    "1.1",
    by_difference=[central(math.sin, 0.7, h) for h in (0.9, 0.3, 0.05)],
    by_trigonometry=[math.cos(0.7) * math.sin(h) / h for h in (0.9, 0.3, 0.05)],
)

# %% [markdown] tags=["eq-1-2"]
# ## Two errors
#
# Taylor's series says that the difference is too large by $h^2f'''/6$: the **truncation error**
# (截断误差). And each value of $f$ is off by up to $u|f|$, where $u=2^{-53}$ is half the distance from
# 1 to the next number in float64: the **rounding error** (舍入误差). Two values, divided by $2h$:
#
# $$
# |D_hf-f'|\;\lesssim\;\frac{h^2}{6}\,|f'''|+\frac{u}{h}\,|f|\qquad\text{(1.2)}
# $$

# %% tags=["code-1-2"]
U = 2.0**-53  # half the distance from 1 to the next float64


def expected_error(h, f, f3, u=U):
    """How wrong a central difference may be, given f and f''' at x.  Eq. (1.2)."""
    return h**2 / 6 * abs(f3) + u / h * abs(f)


# %% [markdown]
# At large steps only the first term counts. There the error of $\sin$ is known exactly,
# $\cos x\,(1-\sin(h)/h)$, so the two must agree up to the next term, $h^2/20$ of it.

# %% tags=["same-1-2"]
h, x = 0.01, 0.7
same(
    "1.2",
    rtol=1e-5,
    by_model=expected_error(h, math.sin(x), -math.cos(x)),
    by_trigonometry=math.cos(x) * (1 - math.sin(h) / h),
)

# %% [markdown] tags=["eq-1-3"]
# ## The best step
#
# The first term falls with $h$, the second rises. Where the derivative of their sum is zero,
# $h|f'''|/3=u|f|/h^2$, and so
#
# $$
# h^*=\left(3u\left|\frac{f}{f'''}\right|\right)^{1/3}\qquad\text{(1.3)}
# $$


# %% tags=["code-1-3"]
def best_step(f, f3, u=U):
    """The step at which the expected error is smallest.  Eq. (1.3)."""
    return (3 * u * abs(f / f3)) ** (1 / 3)


# %% tags=["same-1-3"]
grid = np.exp(np.linspace(math.log(1e-8), math.log(1e-3), 200_001))
lowest = grid[expected_error(grid, f=2.0, f3=0.3).argmin()]
same("1.3", rtol=1e-4, by_formula=best_step(2.0, 0.3), by_search=lowest)

# %% [markdown] tags=["eq-1-4"]
# ## A rule instead of a limit
#
# No step is good enough to train a network of a million weights, and each weight would cost
# two more evaluations. But a program is a chain of small operations whose slopes are known. If
# $L$ depends on $y$ and $y$ on $x$, then by the **chain rule** (链式法则)
#
# $$
# \frac{\partial L}{\partial x}=\frac{\partial L}{\partial y}\,\frac{\partial y}{\partial x}\qquad\text{(1.4)}
# $$
#
# Read it backwards: who knows $g=\partial L/\partial y$ can hand $g\cdot\partial y/\partial x$ to $x$. So
# let every result remember *how to hand back*, in a function made on the spot, a **closure** (闭包).


# %% tags=["code-1-4"]
class Value:
    """A number that can hand gradients back to what it was made of.  Eq. (1.4)."""

    def __init__(self, number, parents=()):
        self.number, self.parents = float(number), parents
        self.grad, self.back = None, lambda: None

    def receive(self, g):
        self.grad = g if self.grad is None else self.grad + g

    def __add__(self, other):
        y = Value(self.number + other.number, (self, other))
        y.back = lambda: (self.receive(y.grad), other.receive(y.grad))
        return y

    def __mul__(self, other):
        y = Value(self.number * other.number, (self, other))
        y.back = lambda: (self.receive(y.grad * other), other.receive(y.grad * self))
        return y


def exp(x):
    number = math.exp(x.number)
    y = Value(number, (x,))
    y.back = lambda: x.receive(y.grad * Value(number))
    return y


# %% tags=["same-1-4"]
x = Value(0.7)
y = exp(exp(x))
y.grad = Value(1.0)
y.back()
y.parents[0].back()
same(
    "1.4",
    by_closures=x.grad.number,
    by_hand=math.exp(math.exp(0.7)) * math.exp(0.7),
)

# %% [markdown] tags=["eq-1-5"]
# ## All paths
#
# A value may be used twice. Then $x$ reaches $L$ on several paths through the graph, and its
# gradient is the sum over **all** of them, each the product of the slopes $s_e$ along its edges:
#
# $$
# \frac{\partial L}{\partial x}=\sum_{\text{paths }x\to L}\;\prod_{e\,\in\,\text{path}}s_e\qquad\text{(1.5)}
# $$
#
# There may be exponentially many. The backward pass (反向传播) needs no list of them: it visits each
# value once, after all that use it, when what it received is complete.


# %% tags=["code-1-5"]
def ordered(y):
    """All that y is made of, each after its own parents, y last."""
    order, seen = [], set()

    def visit(v):
        if id(v) not in seen:
            seen.add(id(v))
            for parent in v.parents:
                visit(parent)
            order.append(v)

    visit(y)
    return order


def backward(y):
    """Fill in `grad` of all that y is made of, in one sweep.  Eq. (1.5)."""
    order = ordered(y)
    for v in order:
        v.grad = None
    y.grad = Value(1.0)
    for v in reversed(order):
        v.back()


# %% [markdown]
# Forty doublings, $y\leftarrow y+y$, make $2^{40}$ paths, each with slope 1. Listing them at a
# million a second would take twelve days; the sweep takes forty visits.

# %% tags=["same-1-5"]
x = y = Value(0.7)
for _ in range(40):
    y = y + y
backward(y)
same("1.5", by_backward=x.grad.number, by_counting_paths=2.0**40)

# %% [markdown] tags=["break"]
# ## Break it
#
# The gradients are `Value`s themselves: `y.grad * other` was recorded. So we can differentiate a
# gradient (the penalties of chapter 14 need that). Try $x^3$, whose second derivative is $6x$, and
# $x\,e^x$, whose second derivative is $(2+x)e^x$.


# %% tags=["break"]
def second(f, number):
    x = Value(number)
    backward(f(x))
    backward(x.grad)
    return x.grad.number


print("x^3    closures", second(lambda x: x * x * x, 0.7), " true", 6 * 0.7)
print(
    "x e^x  closures", second(lambda x: x * exp(x), 0.7), " true", 2.7 * math.exp(0.7)
)

# %% [markdown]
# The first is right, the second is wrong, **and nothing complained**. Of $(2+x)e^x$ only $2e^x$ is left.
# The culprit is one word in `exp`: its closure captured `number`, a plain float. For first
# derivatives that is the same as $y$. But a float has no history, so the gradient
# $g\cdot e^x$ looked as if it did not depend on $x$. Whatever a closure captures is out of sight,
# and nobody can check from outside that it captured the right thing.

# %% [markdown] tags=["eq-1-6"]
# ## The table of rules
#
# So let nothing be captured. Every operation gets one line in a table, a rule $r$ that **sees only**
# the incoming gradient $g$, the result $y$ and the arguments:
#
# $$
# \bar a_i=r_i(g,\,y,\,a_1,\dots,a_n),\qquad r^{\times}=(g\,a_2,\;g\,a_1),\qquad r^{\exp}=g\,y\qquad\text{(1.6)}
# $$
#
# On numbers the rules compute; on `Node`s *the same lines* record what they compute. If the first
# derivative is right, then so are all the others.

# %% tags=["code-1-6"]
RULES = {
    "add": (lambda a, b: a + b, lambda g, y, a, b: (g, g)),
    "multiply": (lambda a, b: a * b, lambda g, y, a, b: (g * b, g * a)),
    "exp": (math.exp, lambda g, y, x: (g * y,)),
    "inverse": (lambda x: 1 / x, lambda g, y, x: (g * y * y * Node(-1.0),)),
    "log": (math.log, lambda g, y, x: (g * apply("inverse", x),)),
}


class Node:
    """A number, the name of the operation that made it, and its arguments."""

    def __init__(self, number, op=None, parents=()):
        self.number, self.op, self.parents = number, op, parents

    __add__ = lambda self, other: apply("add", self, other)
    __mul__ = lambda self, other: apply("multiply", self, other)


def apply(op, *args):
    """Do an operation and record its name and arguments, nothing else.  Eq. (1.6)."""
    forward, _ = RULES[op]
    return Node(forward(*(a.number for a in args)), op, args)


# %% tags=["def"]
def gradient(y, *wanted):
    """dy/dx of each wanted x: Nodes, which can be differentiated in turn.  Eq. (1.6)."""
    grads = {id(y): Node(1.0)}
    order = ordered(y)
    for v in reversed(order):
        if v.op is not None:
            _, rule = RULES[v.op]
            parts = rule(grads[id(v)], v, *v.parents)
            for parent, part in zip(v.parents, parts, strict=True):
                before = grads.get(id(parent))
                grads[id(parent)] = part if before is None else before + part
    return [grads.get(id(x), Node(0.0)) for x in wanted]


# %% tags=["same-1-6"]
x = Node(0.7)
y = x * apply("exp", x)
derivatives = []
for _ in range(4):
    (y,) = gradient(y, x)
    derivatives.append(y.number)
same(
    "1.6",
    by_rules=derivatives,
    by_hand=[(n + 0.7) * math.exp(0.7) for n in (1, 2, 3, 4)],
)

# %% [markdown] tags=["predict"]
# ## Predictions
#
# Written down before the runs. P1 and P2 come from Eq. (1.2) and (1.3) for $e^x$ near $x=1$, where
# $f=f'''$; errors are means over 101 points, since rounding at a single point can be lucky. P3 is what most people say: a smaller step is a better step. P4: a model that has
# learned nothing gives each class probability ½. P5: with one well-chosen pixel, how many
# held-out digits will be told apart?
#
# Before you go on, put your own numbers beside ours: `guess("1.P5", 0.8)`.

# %% tags=["predict"]
h_star = best_step(math.e, math.e)
print(
    f"h* = {h_star:.2e}, expected error there {expected_error(h_star, math.e, math.e):.1e}"
)

best = predict("1.P1", "best step among 1, 0.1, 0.01, ...", 1e-5)
slope = predict("1.P2", "slope of log error, steps 0.1 to 0.001", 2.0, rtol=2e-3)
smaller = predict("1.P3", "error at 1e-12 minus error at 1e-3", sign=-1)
start = predict("1.P4", "loss of the untrained model, in nats", math.log(2))
held_out = predict("1.P5", "accuracy on held-out digits", between=(0.95, 1.0))

# %% [markdown] tags=["build"]
# ## The same in tinygen
#
# `tinygen/ops` is that table, on arrays. An operation is a function on arrays and one rule for
# each argument; the rule sees `g`, `y` and the arguments. This is the library's own source:

# %% tags=["build"]
show(ops.exp)
show(ops.multiply)

# %% [markdown] tags=["run"]
# ## Run: the V
#
# All decades from 1 to $10^{-15}$, and in between.

# %% tags=["run"]
h = 10.0 ** np.linspace(0, -15.5, 400)
error = np.abs([central(math.exp, 1.0, float(step)) - math.e for step in h])
model = expected_error(h, math.e, math.e)

figure, axes = plt.subplots()
axes.loglog(h, error + 1e-17, ".", ms=3, label="measured")
axes.loglog(h, model, label="Eq. (1.2)")
axes.axvline(h_star, color="0.5", ls=":", label="h*, Eq. (1.3)")
axes.set(xlabel="step h", ylabel="error of the slope", xlim=(1, 1e-16), ylim=(1e-13, 1))
axes.legend()

# %% [markdown]
# *What to see:* nearly all dots lie on or below the orange line. It is a bound: on the left side
# (large steps) it is met, on the right side rounding is sometimes lucky.

# %% tags=["run"]
near = np.linspace(0.9, 1.1, 101).tolist()
at = lambda step: np.mean([abs(central(math.exp, x, step) - math.exp(x)) for x in near])
decades = [10.0**-k for k in range(16)]
best.measure(min(decades, key=at))

coarse = np.array([0.1, 0.03, 0.01, 0.003, 0.001])
slope.measure(np.polyfit(np.log(coarse), np.log([at(s) for s in coarse]), 1)[0])

smaller.measure(
    at(1e-12) - at(1e-3),
    missed="rounding, u|f|/h, is 3e-4 at h = 1e-12 and has long taken over from "
    "truncation, which is 5e-7 at h = 1e-3.",
)

# %% [markdown] tags=["run"]
# ## Run: one pixel, one weight, one bias
#
# A zero has a hole, a one has ink there. The model says that a digit is a one with probability
# $\sigma(\ell)=1/(1+e^{-\ell})$, $\ell=wx+b$, with $x$ the pixel in row 4, column 4 (counted from 0). The loss is
# the mean of $\log(1+e^{-t\ell})$ with $t=1$ for a one and $-1$ for a zero. Every step makes a graph of
# some 600 Nodes, and the engine is our own.

# %% tags=["run"]
digits = data.load("digits")


def pixel(split):
    kept = np.isin(split.labels, (0, 1))
    x = split.images[kept, 0, 4, 4] / 127.5 - 1.0
    return x.tolist(), np.where(split.labels[kept] == 1, 1.0, -1.0).tolist()


def loss_of(w, b, xs, ts):
    total = Node(0.0)
    for x, t in zip(xs, ts, strict=True):
        logit = w * Node(x) + b
        total = total + apply("log", Node(1.0) + apply("exp", Node(-t) * logit))
    return total * Node(1 / len(xs))


xs, ts = pixel(digits.train)
batches = [rng.choice(len(xs), 100, replace=False) for _ in range(steps(120, 5))]
first = loss_of(Node(0.0), Node(0.0), xs, ts)
start.measure(first.number)

# %% tags=["run"]
w, b, losses = 0.0, 0.0, []
for batch in batches:
    nodes = Node(w), Node(b)
    loss = loss_of(*nodes, [xs[i] for i in batch], [ts[i] for i in batch])
    gw, gb = gradient(loss, *nodes)
    w, b = w - 1.0 * gw.number, b - 1.0 * gb.number
    losses.append(loss.number)

test_x, test_t = map(np.array, pixel(digits.test))
held_out.measure(np.mean((w * test_x + b > 0) == (test_t > 0)))

# %% tags=["run"]
figure, (left, right) = plt.subplots(1, 2)
left.plot(losses)
left.set(xlabel="step", ylabel="loss (nats)", ylim=(0, 0.75))
grey = np.linspace(-1.1, 1.1, 100)
right.plot(grey, 1 / (1 + np.exp(-(w * grey + b))))
jitter = rng.uniform(-0.03, 0.03, len(test_t))
right.plot(test_x, (test_t + 1) / 2 + jitter, ".", ms=4, alpha=0.5)
right.set(xlabel="ink in the middle", ylabel="probability of a one")

# %% [markdown]
# *What to see:* left, the loss falls from $\log 2$. Right, each held-out digit is a dot, ones above,
# zeros below; the model has found the ink at which to change its mind.

# %% tags=["score"]
score()

# %% [markdown] tags=["lab"]
# ## Failure lab: the gradient that is half too small
#
# **Symptom.** A friend's engine passes every test on chains like $e^{e^x}$. On $x\cdot x$ it gives $x$
# instead of $2x$. Suspects: (a) the rule for multiply is wrong; (b) the order of the visits is wrong;
# (c) gradients that meet are not added. Vote first.
#
# **One number.** If (a), $x\cdot z$ with *different* arguments fails too. If (b), $x\cdot x$ has only one
# operation and nothing to order. Here is the friend's engine, with one line that differs from ours:


# %% tags=["lab"]
class Friend(Value):
    def receive(self, g):
        self.grad = g  # the last one wins


def ratio(kind, number, other):
    """Gradient by backward over gradient by differences: of x z, then of x x."""
    x, z = kind(number), kind(other)
    x_times_z, x_times_x = x * z, x * x
    found = []
    for y, f in ((x_times_z, lambda a: a * other), (x_times_x, lambda a: a * a)):
        backward(y)
        found.append(x.grad.number / central(f, number, 1e-5))
    return found


for seed in range(3):
    number, other = np.random.default_rng(seed).uniform(0.5, 2, 2)
    print("friend", ratio(Friend, number, other), " ours", ratio(Value, number, other))

# %% [markdown] tags=["lab"]
# $x\cdot z$ is right, $x\cdot x$ is half: it is (c). By Eq. (1.5) there are **two paths** from $x$ to
# $x\cdot x$, and only the last was kept. This very slip was in the first version of micrograd, the best
# known teaching engine (its issue 2). The cure is one line:
#
# ```diff
# -        self.grad = g
# +        self.grad = g if self.grad is None else self.grad + g
# ```
#
# **Where the cure fails.** With arrays the tempting `self.grad += g` writes *into* an array that
# another value may hold as its own gradient: chapter 2.

# %% [markdown] tags=["ex-1-1"]
# ## Exercises
#
# ○ check ● derive ◆ open. `hint("1.E1")` helps, `solution("1.E1")` tells.
#
# **Exercise 1.1** ○ Write the *forward* difference $(f(x+h)-f(x))/h$.


# %% tags=["try-1-1"]
def forward(f, x, h):
    return None


check("1.E1", forward)

# %% [markdown] tags=["ex-1-2"]
# **Exercise 1.2** ● The forward difference is off by $h|f''|/2$ through truncation and by $2u|f|/h$
# through rounding. Derive its best step, and write it as a function of $f$, $f''$ and $u$.


# %% tags=["try-1-2"]
def best_forward_step(f, f2, u):
    return None


check("1.E2", best_forward_step)

# %% [markdown] tags=["ex-1-3"]
# **Exercise 1.3** ○ How many paths lead from x to y after 10 rounds of y = y + y, beginning with y = x?
# And the sum over all paths of Eq. (1.5)? (They are equal; why?)

# %% tags=["try-1-3"]
check("1.E3", None)

# %% [markdown] tags=["ex-1-4"]
# **Exercise 1.4** ● Give the rule of $y=\tanh x$ as a line of the table: a function of $g$, $y$ and $x$ that
# needs no second call of tanh.


# %% tags=["try-1-4"]
def tanh_rule(g, y, x):
    return None


check("1.E4", tanh_rule)

# %% [markdown] tags=["ex-1-5"]
# **Exercise 1.5** ● *Forward mode* carries a pair $(a,\dot a)$, a value and its slope, from left to right.
# Write the product of two pairs. How many sweeps does forward mode need for $n$ inputs and one
# output, and how many does backward need?


# %% tags=["try-1-5"]
def dual_multiply(left, right):
    return None


check("1.E5", dual_multiply)

# %% [markdown] tags=["ex-1-6"]
# **Exercise 1.6** ○ The slope of exp at x = 1 is taken by Eq. (1.1) with the step h = 1e-12.
# How large does Eq. (1.2) say the error may be?

# %% tags=["try-1-6"]
check("1.E6", None)

# %% [markdown] tags=["ex-1-7"]
# **Exercise 1.7** ◆ What does Eq. (1.1) give for $|x|$ at $x=0$, for every $h$? What do the rules of
# tinygen give (`show(ops.abs)`)? What would you *want*, and why can no test by differences decide it?

# %% [markdown] tags=["kept"]
# ## Kept, and not shown
#
# **Kept** for later chapters: a rule sees `g`, `y` and the arguments; gradients that meet are added; a
# gradient is checked against central differences near $h^*$, and by a second route.
#
# **Not shown:** arrays (chapter 2); that `ordered` recurses, so a chain of a thousand operations
# overflows Python's stack (tinygen numbers Nodes as they are made and sorts by that); that each
# closure above holds its own result, a cycle that only the garbage collector frees (the table has none).
# The checker in `tinygen.testing` uses five points instead of two and an error of order $h^4$.

# %% [markdown] tags=["src"]
# ## Sources
#
# * Eq. (1.1) to (1.3): W. Press et al., *Numerical Recipes*, 3rd ed. 2007, section 5.7 (their Eq. 5.7.7 and
#   5.7.8; we bound rounding by $u|f|/h$ with $u=2^{-53}$, they estimate it by $\epsilon_f|f/h|$).
# * Eq. (1.4), (1.5): S. Linnainmaa, *BIT* 16 (1976) 146–160; A. Griewank and A. Walther, *Evaluating
#   Derivatives*, 2nd ed. 2008, chapter 3.
# * Eq. (1.6), rules as a table of functions on g, y and the arguments: D. Maclaurin, *autograd* (2015).
# * The lab: github.com/karpathy/micrograd, issue 2.
