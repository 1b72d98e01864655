"""Chapter 11: answers, the mistakes that lead to others, hints."""

import math
from statistics import NormalDist

from tinygen.course import Exercise

PHI = NormalDist().cdf
DENSITIES = [(0.7, 0.2), (0.05, 1.3), (2.1, 0.9)]

EXERCISES = (
    Exercise(
        "11.R1",
        truth=math.log(2),
        wrong={
            "that is in bits; a nat is log2(e) bits": 1.0,
            "that is the probability; the loss is minus its logarithm": 0.5,
            "minus the logarithm: a loss of a probability is not negative": -math.log(
                2
            ),
        },
        hints=["-log of the probability that was given to the truth.", "-log(1/2)"],
        rtol=2e-3,
    ),
    Exercise(
        "11.R2",
        truth="entropy",
        wrong={"KL is what training takes away; it depends on the model": "KL"},
        hints=["Which of the two has only the data in it?"],
    ),
    Exercise(
        "11.R3",
        truth=4.0,
        wrong={
            "that is its root: the library gives the squared distance": 2.0,
            "equal widths, but the means differ": 0.0,
        },
        hints=["Squared difference of means, plus what the widths differ."],
        rtol=1e-12,
    ),
    Exercise(
        "11.E1",
        truth=lambda c: -3 * math.log(c) - 2 * math.log(1 - c),
        wrong={
            "that is what the lecture says; but V = -L_D": lambda c: 0.0,
            "the other way round: right side minus left side": (
                lambda c: 3 * math.log(c) + 2 * math.log(1 - c)
            ),
            "that is L_D + L_G, from which V is still to be taken (or the minimax "
            "L_G = E log(1 - D) was; here L_G = -E log D)": (
                lambda c: -2 * math.log(c) - math.log(1 - c)
            ),
            "that is L_D - V; L_G is forgotten": (
                lambda c: -2 * math.log(c) - 2 * math.log(1 - c)
            ),
            "that is L_G alone, as if L_D were V; but V = -L_D": lambda c: -math.log(c),
            "that is L_D alone": lambda c: -math.log(c) - math.log(1 - c),
        },
        hints=[
            "V = log c + log(1 - c).  What is L_D?",
            "L_D = -V, and L_G = -log c, so L_D + L_G - V = -2V - log c.",
        ],
        given={"c": 0.8},
        rtol=2e-3,
        text="A lecture prints V = L_D + L_G, with L_G = -E log D(G(z)). A "
        "discriminator answers D = {c} to everything. How much larger is the right "
        "side than the left, in nats?",
        draw=lambda rng: {"c": float(rng.choice([0.15, 0.3, 0.35, 0.6, 0.7, 0.9]))},
    ),
    Exercise(
        "11.E2",
        truth=lambda p, q, prior: prior * p / (prior * p + (1 - prior) * q),
        wrong={
            "the prior is lost: rare data need stronger evidence": (
                lambda p, q, prior: p / (p + q)
            ),
            "the prior is at the wrong source": (
                lambda p, q, prior: (1 - prior) * p / ((1 - prior) * p + prior * q)
            ),
            "these are the odds; a probability is odds / (1 + odds)": (
                lambda p, q, prior: prior * p / ((1 - prior) * q)
            ),
            "that is how probable it is that x is false": (
                lambda p, q, prior: (1 - prior) * q / (prior * p + (1 - prior) * q)
            ),
            "the prior must weigh the samples too": (
                lambda p, q, prior: prior * p / (p + q)
            ),
        },
        hints=[
            "At one x: prior p log D + (1 - prior) q log(1 - D).",
            "As Eq. (11.2), with prior p for p and (1 - prior) q for q.",
        ],
        at=[
            (p, q, prior)
            for (p, q), prior in zip(DENSITIES, (0.1, 0.7, 0.35), strict=True)
        ],
    ),
    Exercise(
        "11.E3",
        truth=lambda p, q, s: (1 - s) * p / (p + q),
        wrong={
            "this is no smoothing at all": lambda p, q, s: p / (p + q),
            "this is two-sided: here samples are wholly false": (
                lambda p, q, s: ((1 - s) * p + s * q) / (p + q)
            ),
            "the share s of p counts as false: it stays in the denominator": (
                lambda p, q, s: (1 - s) * p / ((1 - s) * p + q)
            ),
        },
        hints=[
            "At one x: (1 - s) p log D + (s p + q) log(1 - D).",
            "a log D + b log(1 - D) is largest at a / (a + b).",
        ],
        at=[(p, q, s) for (p, q), s in zip(DENSITIES, (0.1, 0.3, 0.2), strict=True)],
    ),
    Exercise(
        "11.E4",
        truth=lambda p, q: 1 + math.log(p / q),
        wrong={
            "the exponent is T - 1: the 1 is lost": lambda p, q: math.log(p / q),
            "that is e^(T-1); take the logarithm": lambda p, q: p / q,
            "upside down: T is large where the data are": (
                lambda p, q: 1 + math.log(q / p)
            ),
            "that is the logit of the game of Eq. (11.1), less 1; the sign of the 1": (
                lambda p, q: math.log(p / q) - 1
            ),
        },
        hints=[
            "At one x: p T - q e^(T - 1).  Its slope in T?",
            "p = q e^(T - 1).  Put it back for the divergence.",
        ],
        at=DENSITIES,
    ),
    Exercise(
        "11.E5",
        truth=("lowers", "raises"),
        wrong={
            "that is the sentence's first half turned into both: D is trained to "
            "tell better, so it errs less": ("raises", "raises"),
            "then both would want the same, and there would be no game": (
                "lowers",
                "lowers",
            ),
            "each has the other's aim": ("raises", "lowers"),
        },
        hints=["Who is paid for telling data from samples?", "And who against it?"],
    ),
    Exercise(
        "11.E6",
        truth=lambda d: PHI(-d / 2),
        wrong={
            "the border lies half way: each tail begins at d/2": lambda d: PHI(-d),
            "that is the sum of both tails; each source is half of what it sees": (
                lambda d: 2 * PHI(-d / 2)
            ),
            "that is how often it is right": lambda d: PHI(d / 2),
            "half of half: both sources err this often, so their mean does": (
                lambda d: PHI(-d / 2) / 2
            ),
        },
        hints=[
            "By Eq. (11.4) the best D says real on one side of a border.  Where?",
            "A sample is wrong beyond half the distance: one tail of a Gaussian.",
        ],
        given={"d": 1.5},
        rtol=2e-3,
        text="Two Gaussians of std 1 lie {d} apart, data and samples equally likely. "
        "How often, at least, is any discriminator wrong?",
        draw=lambda rng: {"d": float(rng.choice([0.5, 0.8, 1.2, 1.8, 2.5, 3.0]))},
    ),
    Exercise(
        "11.E7",
        truth=lambda n, d: n * math.exp(-(d**2)),
        wrong={
            "the exponent of one Gaussian; w^2 q has twice the shift": (
                lambda n, d: n * math.exp(-(d**2) / 2)
            ),
            "that is a quarter of the exponent: it is not the overlap of the two": (
                lambda n, d: n * math.exp(-(d**2) / 4)
            ),
            "that is E[w^2]; n is to be divided by it": lambda n, d: math.exp(d**2),
            "as if all weights were 1: that is their mean, E[w^2] is more": (
                lambda n, d: n
            ),
        },
        hints=[
            "With q = N(0, 1) and p = N(d, 1): w = exp(d x - d^2/2).",
            "E exp(t x) = exp(t^2/2) under N(0, 1).  Take t = 2d.",
        ],
        given={"n": 10000, "d": 2},
        rtol=5e-3,
        text="Two Gaussians of std 1 lie {d} apart. Of {n} weighed samples, how many "
        "count?",
        draw=lambda rng: {
            "n": int(rng.choice([2000, 5000, 50000])),
            "d": float(rng.choice([0.5, 1.2, 1.5, 1.8])),
        },
    ),
)
