"""Optimiser updates on flat buffers, and the norm of a gradient in many arrays.

An optimiser keeps the parameters of a model in one flat buffer p, their gradients in
another, g, and its own state (m, v, ...) in buffers like them.  A step then is a
handful of calls whatever the number of layers.

p, g, m, v, ... : one length, one dtype.  The step *writes* into p and the state, which
the optimiser owns; g is only read.  `step` counts from 1.  Options and state are
PyTorch's, so a state saved by one library goes on in the other.
"""

import math

import numpy as np

from tinygen.backend import xp_of
from tinygen.kernels.blocks import BLOCK, sum_over_blocks
from tinygen.kernels.fused import fused
from tinygen.kernels.select import faster_than


def adam_step_plain(
    p, g, m, v, *, step, lr, beta1, beta2, eps, weight_decay, decoupled, numbers=None
):
    """The algorithm as its paper states it."""
    if decoupled:
        p -= lr * weight_decay * p
    else:
        g = g + weight_decay * p
    m[...] = beta1 * m + (1 - beta1) * g
    v[...] = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**step)
    v_hat = v / (1 - beta2**step)
    p -= lr * m_hat / (xp_of(p).sqrt(v_hat) + eps)


def adam_numbers(step, *, lr, beta1, beta2, eps, weight_decay, decoupled):
    """What of the update depends on the step: its rate, its floor, what p shrinks by.

    rate = lr correction / (1 - beta1^step),  floor = eps correction,
    where sqrt(v_hat) = sqrt(v) / correction
    """
    correction = math.sqrt(1 - beta2**step)
    rate = float(lr) * correction / (1 - beta1**step)
    return rate, eps * correction, 1 - float(lr) * weight_decay if decoupled else 1.0


@faster_than(adam_step_plain)
def adam_step(
    p, g, m, v, *, step, lr, beta1, beta2, eps, weight_decay, decoupled, numbers=None
):
    """One step of Adam, or of AdamW with `decoupled`; writes into p, m and v.

    m = beta1 m + (1 - beta1) g,      v = beta2 v + (1 - beta2) g^2
    p = p - lr m_hat / (sqrt(v_hat) + eps),    x_hat = x / (1 - beta^step)

    numbers : those of `adam_numbers`, made here if left out; on a GPU they may be
        arrays of no axes, which a replayed graph reads anew
    weight_decay w: g + w p takes the place of g, or, decoupled, p shrinks by 1 - lr w.
    Source: Kingma & Ba, arXiv 1412.6980, algorithm 1; Loshchilov & Hutter, 1711.05101.
    """
    if numbers is None:
        options = {"eps": eps, "weight_decay": weight_decay, "decoupled": decoupled}
        numbers = adam_numbers(step, lr=lr, beta1=beta1, beta2=beta2, **options)
    rate, floor, shrink = numbers
    settings = {
        "beta1": float(beta1),
        "beta2": float(beta2),
        "rate": rate,
        "floor": floor,
        "shrink": shrink,
        "pull": 0.0 if decoupled else weight_decay,
    }
    if xp_of(p) is not np:
        shares = {"share1": 1 - beta1, "share2": 1 - beta2}
        adam_fused(p, g, m, v, *(settings | shares).values(), out=(p, m, v))
        return
    for start in range(0, p.size, BLOCK):
        cut = slice(start, start + BLOCK)
        adam_block(p[cut], g[cut], m[cut], v[cut], **settings)


@fused
def adam_fused(xp, p, g, m, v, beta1, beta2, rate, floor, shrink, pull, share1, share2):
    """The same for every element, in one kernel: -> p, m, v."""
    g = g + pull * p
    m = beta1 * m + share1 * g
    v = beta2 * v + share2 * (g * g)
    return shrink * p - rate * m / (xp.sqrt(v) + floor), m, v


def adam_block(p, g, m, v, *, beta1, beta2, rate, floor, shrink, pull):
    """p = shrink p - rate m / (sqrt(v) + floor), after m and v took in g + pull p."""
    if pull:
        g = g + pull * p
    if shrink != 1:
        p *= shrink
    scratch = g * (1 - beta1)
    m *= beta1
    m += scratch
    xp = xp_of(p)
    xp.multiply(g, g, out=scratch)
    scratch *= 1 - beta2
    v *= beta2
    v += scratch
    xp.sqrt(v, out=scratch)
    scratch += floor
    xp.divide(m, scratch, out=scratch)
    scratch *= rate
    p -= scratch


def sgd_step(p, g, buf, *, step, lr, momentum, dampening, nesterov, weight_decay):
    """One step of stochastic gradient descent; writes into p and buf.

    buf = momentum buf + (1 - dampening) g,  but buf = g at step 1
    p = p - lr buf;   with nesterov   p = p - lr (g + momentum buf)

    buf : the running sum of gradients; None where momentum is 0.
    Source: Sutskever et al., ICML 2013, in PyTorch's form, where lr multiplies buf.
    """
    if weight_decay:
        g = g + weight_decay * p
    if momentum:
        if step == 1:
            buf[...] = g
        else:
            buf *= momentum
            buf += (1 - dampening) * g
        g = g + momentum * buf if nesterov else buf
    p -= float(lr) * g


def rmsprop_step(p, g, v, m, buf, *, lr, alpha, eps, momentum, centered, weight_decay):
    """One step of RMSprop; writes into p, v, m and buf.

    v = alpha v + (1 - alpha) g^2,      m = alpha m + (1 - alpha) g
    d = g / (sqrt(v) + eps),   centered d = g / (sqrt(v - m^2) + eps)
    p = p - lr d,   with momentum  buf = momentum buf + d,  p = p - lr buf

    m is None unless centered, buf is None where momentum is 0.
    Source: Hinton, Coursera lecture 6e, 2012; centered: Graves, arXiv 1308.0850.
    """
    xp = xp_of(p)
    if weight_decay:
        g = g + weight_decay * p
    v *= alpha
    v += (1 - alpha) * g * g
    variance = v
    if centered:
        m *= alpha
        m += (1 - alpha) * g
        variance = xp.maximum(v - m * m, 0.0)  # rounding may take it below
    direction = g / (xp.sqrt(variance) + eps)
    if momentum:
        buf *= momentum
        buf += direction
        direction = buf
    p -= float(lr) * direction


def global_norm(arrays):
    """The Euclidean norm sqrt(sum of x^2) over all elements of all arrays, a float."""
    return math.sqrt(float(sum(sum_of_squares(x) for x in arrays)))


def sum_of_squares(x):
    """The sum of x^2, summed in float64; overflow of float32 does not spoil it."""
    if xp_of(x) is not np:
        return xp_of(x).square(x.astype("float64")).sum()
    total = sum_over_blocks(lambda block: np.vdot(block, block), x)
    if math.isfinite(total):
        return total
    return float(np.square(x, dtype=np.float64).sum())
