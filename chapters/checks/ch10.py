"""Chapter 10: answers, the mistakes that lead to others, hints."""

import math
from statistics import mean, pstdev, stdev

from tinygen.course import Exercise


def of_numbers(a, b, spread=stdev):
    """The Fréchet distance of two lists."""
    return (mean(a) - mean(b)) ** 2 + (spread(a) - spread(b)) ** 2


EXERCISES = (
    Exercise(
        "10.R1",
        truth=math.log(10),
        wrong={
            "that is in bits": math.log2(10),
            "that is the number of classes in effect, exp of the entropy": 10.0,
            "that is the probability of one": 0.1,
        },
        hints=["Minus the sum of 0.1 log 0.1."],
        rtol=1e-3,
    ),
    Exercise(
        "10.R2",
        truth=3.0,
        wrong={
            "that is what is kept": 4.0,
            "squares of eigenvalues: they are variances already": 5.0,
            "that is the largest only of what is lost": 2.0,
        },
        hints=["The sum of the eigenvalues that are left out."],
    ),
    Exercise(
        "10.R3",
        truth=0.5,
        wrong={
            "half the squared mean": 1.0,
            "the variances agree, the means do not": 0.0,
        },
        hints=["[VAE-3] with mean 1 and variance 1."],
    ),
    Exercise(
        "10.E1",
        truth=of_numbers,
        wrong={
            "variances over N - 1, not over N": lambda a, b: of_numbers(a, b, pstdev),
            "standard deviations are subtracted, not variances": lambda a, b: (
                (mean(a) - mean(b)) ** 2 + (stdev(a) ** 2 - stdev(b) ** 2) ** 2
            ),
            "the means' part only: spread counts too": lambda a, b: (
                (mean(a) - mean(b)) ** 2
            ),
            "the root of it; the library gives the square": lambda a, b: math.sqrt(
                of_numbers(a, b)
            ),
        },
        hints=["tr(A + B - 2 sqrt(AB)) of numbers is (sqrt A - sqrt B)^2."],
        at=[([1.0, 3.0, 4.0], [2.0, 6.0]), ([0.0, 0.5, -1.0], [3.0, 3.5, 1.0, 9.0])],
    ),
    Exercise(
        "10.E2",
        truth=lambda whole, half: 2 * whole - half,
        wrong={
            "upside down: the bias is larger with fewer samples": (
                lambda whole, half: 2 * half - whole
            ),
            "that is their difference, B/N of both sets": (
                lambda whole, half: half - whole
            ),
            "the bias halves from half to whole, and is not yet gone": (
                lambda whole, half: whole
            ),
        },
        hints=["From half to whole the bias halves: it was twice the difference."],
        given={"whole": 3.2, "half": 3.9},
        text="From all samples the Fréchet distance is {whole}, from half of them it "
        "is {half}. What would it be from infinitely many?",
        draw=lambda rng: {
            "whole": float(rng.choice([3.6, 4.0, 4.1])),
            "half": float(rng.choice([4.7, 5.2, 5.8])),
        },
    ),
    Exercise(
        "10.E3",
        truth=lambda d: 2 * d + (d * d + d) / 2,
        wrong={
            "the means only": lambda d: 2 * d,
            "that is B; there are two sets": lambda d: d + (d * d + d) / 4,
            "the diagonal counts twice: 1 + delta": lambda d: 2 * d + d * d / 2,
            "the half of the second order": lambda d: 2 * d + d * d + d,
        },
        hints=[
            "Every eigenvalue is 1: each of the d^2 terms is (1 + delta)/2.",
            "B = d + (d^2 + d)/4, and two sets.",
        ],
        at=[(1,), (3,), (64,)],
    ),
    Exercise(
        "10.E4",
        truth=(3.1 - 0.1 - 0.02, 3.4 - 0.5 - 0.02),
        wrong={
            "the real images are a sample too: 1/M": (3.0, 2.9),
            "a bias is taken off, not added": (3.22, 3.92),
            "those are the printed ones": (3.1, 3.4),
        },
        hints=["B/N + B/M: 1000/10000 + 1000/50000.", "Theirs: 0.5 + 0.02."],
        rtol=1e-4,
    ),
    Exercise(
        "10.E5",
        truth=lambda s, N: 2 * s**2 / N,
        wrong={
            "that is the unbiased one": lambda s, N: 0.0 * s,
            "there are two sets": lambda s, N: s**2 / N,
            "each set has N pairs with itself among N^2": lambda s, N: 2 * s**2,
        },
        hints=[
            "With this kernel the estimate is (mean x - mean y)^2.",
            "The variance of the difference of two means.",
        ],
        at=[(1.0, 10), (0.7, 25)],
    ),
    Exercise(
        "10.E6",
        truth=(1.0, 0.001),
        wrong={
            "a ball of radius 0 holds its own centre": (1.0, 0.0),
            "the samples' balls have the radius 0: they reach nothing else": (1.0, 1.0),
            "that is recall, then precision": (0.001, 1.0),
        },
        hints=["Is the sample in the region of the data?  What is r_3 of the samples?"],
    ),
    Exercise(
        "10.E7",
        truth=(10.0, 1.0),
        wrong={
            "exp of the entropy: log 10 is the entropy": (math.log(10), 0.0),
            "it does not see that they are always the same ten": (1.0, 1.0),
            "one sure class: exp(0 - 0)": (10.0, 0.0),
        },
        hints=["Mean prediction: uniform; each: sure.", "exp(log 10 - 0), exp(0 - 0)."],
    ),
)
