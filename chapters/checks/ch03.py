"""Chapter 3: answers, the mistakes that lead to others, hints."""

import math

import numpy as np

from tinygen.course import Exercise


def softmax(logits):
    """Probabilities from logits (K,)."""
    grown = np.exp(np.asarray(logits) - np.max(logits))
    return grown / grown.sum()


def one_hot(label, n):
    """A row with a 1."""
    return np.eye(n)[label]


def target(label, n, a):
    """The smoothed target."""
    return (1 - a) * one_hot(label, n) + a / n


sigmoid = lambda l: 1 / (1 + math.exp(-l))

LOGITS = np.array([0.3, -1.2, 2.1, 0.7])
OTHER = np.array([-0.4, 1.9, 0.2])
COUNTS = np.array([3.0, 12.0, 5.0])
P, Q = np.array([0.9, 0.1]), np.array([0.5, 0.5])
kl = lambda p, q: float((p * np.log(p / q)).sum())

EXERCISES = (
    Exercise(
        "3.R1",
        truth=1 / 3,
        wrong={
            "the slopes are probabilities: three equal ones sum to 1": 1.0,
            "that is log-sum-exp itself": math.log(3),
        },
        hints=["The slopes of log-sum-exp are softmax, chapter 2."],
    ),
    Exercise(
        "3.R2",
        truth=-4.0,
        wrong={
            "the sign: -log falls as x grows": 4.0,
            "that is the value, not the slope": -math.log(0.25),
            "1/x at 0.25 is 4": -0.25,
        },
        hints=["The slope of log x is 1/x."],
    ),
    Exercise(
        "3.R3",
        truth=0.0,
        wrong={"axis 1 is over classes, which were not repeated; the batch was": 1.0},
        hints=["Which axis was repeated?"],
    ),
    Exercise(
        "3.E1",
        truth=lambda n, p: n * math.log2(1 / p),
        wrong={
            "that is in nats; divide by log 2": lambda n, p: n * math.log(1 / p),
            "that is the mean, for one answer": lambda n, p: math.log2(1 / p),
            "the sign: a probability below 1 costs a positive number of bits": (
                lambda n, p: n * math.log2(p)
            ),
        },
        hints=["log2 of 1/p for each.", "They add up."],
        given={"n": 20, "p": 0.25},
        text="A model gives each of {n} right answers the probability {p}. What is the "
        "negative logarithm of its likelihood, the sum and not the mean, in bits?",
        draw=lambda rng: {
            "n": int(rng.integers(5, 40)),
            "p": float(rng.choice([0.5, 0.125, 0.0625, 0.2])),
        },
    ),
    Exercise(
        "3.E2",
        truth=lambda logits, T: softmax(np.asarray(logits) / T),
        wrong={
            "that multiplies: it makes a high temperature sharp": (
                lambda logits, T: softmax(np.asarray(logits) * T)
            ),
            "that divides the probabilities; they no longer sum to 1": (
                lambda logits, T: softmax(logits) / T
            ),
            "the temperature is not used": lambda logits, T: softmax(logits),
        },
        hints=["Divide first, then take softmax."],
        at=[(LOGITS, 0.5), (OTHER, 3.0)],
    ),
    Exercise(
        "3.E3",
        truth=lambda l, k, a: softmax(l) - target(k, len(l), a),
        wrong={
            "the target is not smoothed": lambda l, k, a: (
                softmax(l) - one_hot(k, len(l))
            ),
            "the sign is turned around": lambda l, k, a: (
                target(k, len(l), a) - softmax(l)
            ),
            "the share goes to all K classes, the label's own among them": (
                lambda l, k, a: (
                    softmax(l)
                    - (1 - a) * one_hot(k, len(l))
                    - a / (len(l) - 1) * (1 - one_hot(k, len(l)))
                )
            ),
            "the label keeps 1 - a, and the others must share a: the sum is not 1": (
                lambda l, k, a: softmax(l) - (1 - a) * one_hot(k, len(l))
            ),
        },
        hints=["Eq. (3.3) holds for any target that sums to 1.", "(1 - a) y + a/K"],
        at=[(LOGITS, 2, 0.1), (OTHER, 0, 0.3)],
    ),
    Exercise(
        "3.E4",
        truth=lambda l: sigmoid(l) - 1,
        wrong={
            "that is the slope when the answer is the other class": sigmoid,
            "the sign: a larger logit of the right class lowers the loss": (
                lambda l: 1 - sigmoid(l)
            ),
            "that is the slope of the sigmoid, not of its negative logarithm": (
                lambda l: sigmoid(l) * (1 - sigmoid(l))
            ),
        },
        hints=["e^l / (e^l + e^0) is the sigmoid.", "p - y with y = 1."],
        at=[(0.7,), (-2.3,)],
    ),
    Exercise(
        "3.E5",
        truth=kl(Q, P),
        wrong={
            "that is KL(p || q): average over the first one": kl(P, Q),
            "that is in bits": kl(Q, P) / math.log(2),
            "that is the cross-entropy H(q, p); take the entropy of q away": (
                kl(Q, P) + math.log(2)
            ),
        },
        hints=["Sum q log(q/p).", "0.5 log(0.5/0.9) + 0.5 log(0.5/0.1)"],
    ),
    Exercise(
        "3.E6",
        truth=lambda counts: np.asarray(counts) / np.sum(counts),
        wrong={
            "that bets all on one class: the first other one costs infinity": (
                lambda counts: one_hot(int(np.argmax(counts)), len(counts))
            ),
            "it saw the counts; even shares are the best only if they are even": (
                lambda counts: np.full(len(counts), 1 / len(counts))
            ),
            "softmax of counts: counts are no logits, their logarithms are": softmax,
        },
        hints=["In Eq. (3.4) only KL depends on q.", "KL is 0 for q = p."],
        at=[(COUNTS,), (np.array([1.0, 2.0, 4.0, 1.0]),)],
    ),
    Exercise(
        "3.E7",
        truth=200.0,
        wrong={
            "that is its slope, not the loss": 1.0,
            "in bits it would be that; we asked for nats": 200 / math.log(2),
            "the loss does not end at what float32 can hold": 103.0,
        },
        hints=["log(e^0 + e^200) - 0", "Take 200 out: Eq. (3.5)."],
    ),
)
