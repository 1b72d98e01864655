"""Chapter 14: answers, the mistakes that lead to others, hints."""

import math
from itertools import pairwise

from tinygen.course import Exercise


def way(a, b):
    """The integral of |F_a - F_b|."""
    points = sorted([*a, *b])
    total = 0.0
    for left, right in pairwise(points):
        gap = sum(x <= left for x in a) / len(a) - sum(x <= left for x in b) / len(b)
        total += abs(gap) * (right - left)
    return total


def counts(a, b):
    """The same with numbers of grains, not shares."""
    points = sorted([*a, *b])
    total = 0.0
    for left, right in pairwise(points):
        gap = sum(x <= left for x in a) - sum(x <= left for x in b)
        total += abs(gap) * (right - left)
    return total


def mean_gap(a, b):
    """|mean - mean|."""
    return abs(sum(a) / len(a) - sum(b) / len(b))


def cut(a, b):
    """Sorted pairs, the longer list cut."""
    pairs = list(zip(sorted(a), sorted(b), strict=False))
    return sum(abs(x - y) for x, y in pairs) / len(pairs)


def sigmoid(t):
    """1 / (1 + exp(-t))."""
    return 1 / (1 + math.exp(-t))


EXERCISES = (
    Exercise(
        "14.R1",
        truth=math.log(2),
        wrong={
            "that is 2 JSD - log 4, the value of the game": 0.0,
            "that is 2 JSD": 2 * math.log(2),
            "KL would be; JSD compares with the mixture, and is bounded": math.inf,
            "that is in bits": 1.0,
        },
        hints=["The largest it can be, Eq. (11.5)."],
    ),
    Exercise(
        "14.R2",
        truth=-sigmoid(-6),
        wrong={
            "that is the slope of -log D": -sigmoid(6),
            "the sign: the loss falls as the logit rises": sigmoid(-6),
            "that is the loss, not its slope": math.log(1 - sigmoid(-6)),
        },
        hints=["Eq. (12.1): -D."],
        rtol=1e-5,
    ),
    Exercise(
        "14.R3",
        truth=(0.6, 0.8),
        wrong={
            "that is the gradient of |w|^2/2; divide by the length": (3.0, 4.0),
            "that is the gradient of |w|^2": (6.0, 8.0),
            "the gradient of the sum of |w_i|": (1.0, 1.0),
        },
        hints=["w / |w|: always of length 1."],
    ),
    Exercise(
        "14.E1",
        truth=way,
        wrong={
            "the difference of the means is a lower bound: sand may go both ways": (
                mean_gap
            ),
            "shares, not numbers of grains: each list weighs 1": counts,
            "the longer list is cut; what it has left weighs something too": cut,
        },
        hints=[
            "Between two neighbouring points: which share of a is at the left, which "
            "of b?  The difference must pass.",
            "Sum |F_a - F_b| times the width, over all gaps of the sorted union.",
        ],
        at=[
            ([0.0, 1.0, 5.0], [1.0, 2.0]),
            ([3.0, -1.0], [0.5, 4.0, 0.2, 2.0]),
        ],
    ),
    Exercise(
        "14.E2",
        truth=lambda theta, weight: 1 + theta / (2 * weight),
        wrong={
            "the penalty is a fine, not a wall": lambda theta, weight: 1.0,
            "the 2 of the square is lost": lambda theta, weight: 1 + theta / weight,
            "that is its gain, slope times distance": (
                lambda theta, weight: theta * (1 + theta / (2 * weight))
            ),
            "steeper than 1, not flatter: the gain pays for it": (
                lambda theta, weight: 1 - theta / (2 * weight)
            ),
        },
        hints=["Gain s theta, fine weight (s - 1)^2.", "Eq. (14.4)."],
        given={"theta": 3.0, "weight": 5.0},
        text="Data on one line, samples on a parallel one at the distance {theta}; the "
        "gradient penalty has the weight {weight}. How steep is the best critic "
        "between them?",
        draw=lambda rng: {
            "theta": float(rng.choice([0.5, 1.5, 2.5, 4.0])),
            "weight": float(rng.choice([0.5, 1.0, 4.0, 8.0])),
        },
    ),
    Exercise(
        "14.E3",
        truth=lambda theta: math.tanh(abs(theta) / 4),
        wrong={
            "f alone would gain that": lambda theta: abs(theta),
            "f may be moved: best is plus and minus theta/2": (
                lambda theta: sigmoid(abs(theta)) - 0.5
            ),
            "the largest slope of a sigmoid is 1/4, but not everywhere": (
                lambda theta: abs(theta) / 4
            ),
            "sigma(theta/2) - sigma(-theta/2) = tanh(theta/4)": (
                lambda theta: math.tanh(abs(theta) / 2)
            ),
        },
        hints=[
            "f takes values u at the data and u - theta at the samples. Which u?",
            "sigma(theta/2) - sigma(-theta/2).",
        ],
        at=[(0.3,), (2.0,), (-5.0,)],
    ),
    Exercise(
        "14.E4",
        truth=(12.0, 1.0),
        wrong={
            "the largest of each layer, not all of them": (36.0, 1.0),
            "layers multiply": (7.0, 1.0),
            "each layer has 1 afterwards, and 1 times 1 is 1": (12.0, 2.0),
            "the smallest ones bound nothing": (3.0, 1.0),
        },
        hints=["Largest times largest."],
    ),
    Exercise(
        "14.E5",
        truth=lambda n, c: c * math.sqrt(n),
        wrong={
            "that is the gain for delta = 1; the true distance is delta sqrt n": (
                lambda n, c: c * n
            ),
            "that is the bound of one weight": lambda n, c: c,
            "upside down": lambda n, c: 1 / (c * math.sqrt(n)),
        },
        hints=[
            "Gain: c times the sum of n differences.",
            "W_1 is the length of the difference, delta sqrt n.",
        ],
        at=[(64, 0.01), (784, 0.03)],
    ),
    Exercise(
        "14.E6",
        truth=(1.0, 0.0),
        wrong={
            "the two-sided one wants the slope 1, not 0": (0.0, 1.0),
            "a flat critic has |g| = 0, and (0 - 1)^2 is not 0": (0.0, 0.0),
            "max(0, 0 - 1) is 0": (1.0, 1.0),
        },
        hints=["g = 0."],
    ),
    Exercise(
        "14.E7",
        truth=lambda s: 2 * s / math.sqrt(math.pi),
        wrong={
            "0 is the distance of the distributions, not of two batches": (
                lambda s: 0.0 * s
            ),
            "that is E|X|; the difference has twice the variance": (
                lambda s: s * math.sqrt(2 / math.pi)
            ),
            "that is the standard deviation of the difference, not the mean of its "
            "size": lambda s: s * math.sqrt(2),
        },
        hints=[
            "Of one number each, W_1 is |x - y|.",
            "x - y is N(0, 2 s^2); E|N(0, t^2)| = t sqrt(2/pi).",
        ],
        at=[(1.0,), (0.3,)],
        rtol=1e-3,
    ),
)
