"""Chapter 8: answers, the mistakes that lead to others, hints."""

import numpy as np

from tinygen.course import Exercise

SPECTRUM = [5.0, 2.5, 1.5, 0.7, 0.3]


def enough(values, share):
    """The smallest m whose axes keep that share."""
    kept = np.cumsum(values) / np.sum(values)
    return int(np.argmax(kept >= share - 1e-12)) + 1


def narrow(values, m, s):
    """Signal that m axes cannot give back."""
    values = np.asarray(values)
    return values.sum() - (values[:m] ** 2 / (values[:m] + s**2)).sum()


EXERCISES = (
    Exercise(
        "8.R1",
        truth=7,
        wrong={
            "that is after one convolution": 14,
            "(28 + 2 - 4) / 2 + 1 = 14: the first place counts too": 6,
        },
        hints=["Eq. (6.2), twice."],
    ),
    Exercise(
        "8.R2",
        truth=3,
        wrong={
            "everything goes through 3 numbers": 64,
            "ranks do not multiply": 9,
        },
        hints=["Jx = A(Bx), and Bx has 3 numbers."],
    ),
    Exercise(
        "8.R3",
        truth=12,
        wrong={
            "a variance is a square: the factor is squared too": 6,
            "the factor counts": 3,
        },
        hints=["The mean of (2x)^2."],
    ),
    Exercise(
        "8.E1",
        truth=lambda a, b, c, d: c + d,
        wrong={
            "those are what is *kept*": lambda a, b, c, d: a + b,
            "summed over pixels, not a mean": lambda a, b, c, d: (c + d) / 4,
            "that keeps one number only": lambda a, b, c, d: b + c + d,
            "that is a share of the variance": (
                lambda a, b, c, d: (c + d) / (a + b + c + d)
            ),
        },
        hints=["Eq. (8.3).", "The third and the fourth."],
        given={"a": 9, "b": 4, "c": 2, "d": 1},
        text="The eigenvalues of a covariance are {a}, {b}, {c}, {d}. PCA keeps 2 "
        "numbers. The mean squared error, summed over pixels?",
        draw=lambda rng: {
            "a": int(rng.integers(20, 30)),
            "b": int(rng.integers(10, 19)),
            "c": int(rng.integers(6, 9)),
            "d": int(rng.integers(2, 5)),
        },
    ),
    Exercise(
        "8.E2",
        truth=enough,
        wrong={
            "one short: an index counts from 0": lambda v, s: enough(v, s) - 1,
            "one too many: exactly that share is enough": (
                lambda v, s: int(np.sum(np.cumsum(v) / np.sum(v) <= s + 1e-12)) + 1
            ),
            "of the sum of all, not of the largest": (
                lambda v, s: int(np.sum(np.asarray(v) >= (1 - s) * v[0]))
            ),
        },
        hints=[
            "np.cumsum(values) / np.sum(values).",
            "The first place that reaches it.",
        ],
        at=[(SPECTRUM, 0.75), (SPECTRUM, 0.95), (SPECTRUM, 0.5)],
    ),
    Exercise(
        "8.E3",
        truth=lambda lam, a: lam * (1 - a**2) ** 2,
        wrong={
            "v stands there twice: a squared": lambda lam, a: lam * (1 - a) ** 2,
            "an error is squared": lambda lam, a: lam * (1 - a**2),
            "lambda is a variance already": lambda lam, a: lam**2 * (1 - a**2) ** 2,
        },
        hints=["Along u_1 the output is a^2 times the input.", "E(t - a^2 t)^2."],
        at=[(2.3, 0.7), (0.9, 1.4)],
    ),
    Exercise(
        "8.E4",
        truth=narrow,
        wrong={
            "PCA's plane without the filter: it keeps the noise in it": (
                lambda v, m, s: np.sum(v[m:]) + m * s**2
            ),
            "that is without noise, Eq. (8.3)": lambda v, m, s: np.sum(v[m:]),
            "that is without a bottleneck, Eq. (8.6)": (
                lambda v, m, s: narrow(v, len(v), s)
            ),
            "a variance of the noise is s squared": (
                lambda v, m, s: narrow(v, m, np.sqrt(s))
            ),
        },
        hints=[
            "An axis that is kept has the error of Eq. (8.6).",
            "One that is not has its variance.",
        ],
        at=[(np.array(SPECTRUM), 2, 0.8), (np.array(SPECTRUM), 3, 1.7)],
    ),
    Exercise(
        "8.E5",
        truth=784 * 128 + 128 + 128 * 16 + 16 + 16 * 128 + 128 + 128 * 784 + 784,
        wrong={
            "the biases are missing": 2 * (784 * 128 + 128 * 16),
            "the decoder counts too": 784 * 128 + 128 + 128 * 16 + 16,
            "a decoder with tied weights? These are not": (
                784 * 128 + 128 + 128 * 16 + 16 + 128 + 784
            ),
        },
        hints=["Four layers; each in times out, plus out."],
    ),
    Exercise(
        "8.E6",
        truth=0.0,
        wrong={
            "that is what was *meant*: this decoder sees x": 6.0,
            "the decoder can do better than the mean": 10.0,
            "it need not keep the code's axis only": 4.0,
        },
        hints=["What is Decoder's first argument?", "Let it return that."],
    ),
    Exercise(
        "8.E7",
        truth=lambda m: m / 2,
        wrong={
            "independent codes do not add up to their length": lambda m: m,
            "variances add: two of them, a quarter each": lambda m: m / 4,
            "that is the distance, not its square": lambda m: np.sqrt(m / 2),
        },
        hints=["Each number is (a + b) / 2.", "Its variance: (1 + 1) / 4."],
        at=[(16,), (3,)],
    ),
)
