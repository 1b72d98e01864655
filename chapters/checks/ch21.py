"""Chapter 21: answers, the mistakes that lead to others, hints."""

import math
from statistics import NormalDist

from tinygen.course import Exercise

PHI = NormalDist().cdf


def two_points(x, alpha_bar):
    """The mean of -1 and 1, given x."""
    return math.tanh(math.sqrt(alpha_bar) * x / (1 - alpha_bar))


def image_of(x, v, alpha_bar):
    """x_0 from x_t and v."""
    return math.sqrt(alpha_bar) * x - math.sqrt(1 - alpha_bar) * v


def tilted_width(s, r, w):
    """The width of N(., s^2)^(1 + w) / N(., r^2)^w."""
    return 1 / math.sqrt((1 + w) / s**2 - w / r**2)


EXERCISES = (
    Exercise(
        "21.R1",
        truth=0.75,
        wrong={
            "that is the first's": 0.25,
            "those are the odds, 3 : 1": 3.0,
            "that is the log-softmax, its logarithm": math.log(0.75),
            "exp first: 1 and 3, then divide by their sum": math.log(3),
        },
        hints=["exp(0) = 1, exp(log 3) = 3."],
        rtol=1e-3,
    ),
    Exercise(
        "21.R2",
        truth=0.0,
        wrong={
            "the same images have the same mean and covariance: the copier wins": 1.0,
            "no distance is below 0": -1.0,
        },
        hints=["Which means and covariances does it compare?"],
        atol=1e-9,
    ),
    Exercise(
        "21.R3",
        truth=-4.0,
        wrong={
            "the sign: it leads back to y": 4.0,
            "the 2 below and the 2 of the square cancel": -2.0,
            "divide by the variance, 0.25": -0.25,
        },
        hints=["-(x - y) over the variance."],
    ),
    Exercise(
        "21.E1",
        truth=lambda x, alpha_bar: PHI(
            -x * math.sqrt(alpha_bar) / math.sqrt(1 - alpha_bar)
        ),
        wrong={
            "the image is shrunk by the root of alpha_bar": (
                lambda x, alpha_bar: PHI(-x * alpha_bar / math.sqrt(1 - alpha_bar))
            ),
            "1 - alpha_bar is the variance, divide by its root": (
                lambda x, alpha_bar: PHI(-x * math.sqrt(alpha_bar) / (1 - alpha_bar))
            ),
            "that is the probability that it is positive": (
                lambda x, alpha_bar: PHI(x * math.sqrt(alpha_bar / (1 - alpha_bar)))
            ),
            "divide by the standard deviation of the noise": (
                lambda x, alpha_bar: PHI(-x * math.sqrt(alpha_bar))
            ),
            "the image is shrunk, too": (
                lambda x, alpha_bar: PHI(-x / math.sqrt(1 - alpha_bar))
            ),
        },
        hints=[
            "Eq. (21.1): mean 0.6, standard deviation 0.8.",
            "Phi(-0.75), the normal distribution function.",
        ],
        given={"x": 1, "alpha_bar": 0.36},
        rtol=5e-3,
        text="A pixel of the image is {x}, alpha_bar_t is {alpha_bar}. What is the "
        "probability that the noisy pixel is negative?",
        draw=lambda rng: {
            "x": 1,
            "alpha_bar": float(rng.choice([0.1, 0.2, 0.3, 0.45, 0.55, 0.64])),
        },
    ),
    Exercise(
        "21.E2",
        truth=lambda alpha_bar: alpha_bar,
        wrong={
            "nobody can see the noise exactly: x_0 is unknown, too": lambda a: 0.0,
            "that is the variance of the noise in x_t; the question is what of the "
            "noise x_t leaves open": lambda a: 1 - a,
            "that is its root, a standard deviation": lambda a: math.sqrt(a),
            "that is who says 0: the variance of the noise itself": lambda a: 1.0,
        },
        hints=[
            "x_t = a x_0 + b noise has variance 1.  Which line guesses the noise best?",
            "E[noise | x] = b x.  What is left: 1 - b^2.",
        ],
        at=[(0.3,), (0.8,)],
    ),
    Exercise(
        "21.E3",
        truth=two_points,
        wrong={
            "the nearer of the two: but it is never sure": (
                lambda x, a: math.copysign(1.0, x)
            ),
            "the points are shrunk, too: they lie at -a and a": (
                lambda x, a: math.tanh(x / (1 - a))
            ),
            "the difference of the squares is 4 a x, over twice the variance": (
                lambda x, a: math.tanh(2 * math.sqrt(a) * x / (1 - a))
            ),
            "below stands the variance of the noise, 1 - alpha_bar, not its root": (
                lambda x, a: math.tanh(math.sqrt(a / (1 - a)) * x)
            ),
            "the points are shrunk by the root of alpha_bar": (
                lambda x, a: math.tanh(a * x / (1 - a))
            ),
            "the sign: a positive x speaks for 1": (lambda x, a: -two_points(x, a)),
            "that takes the shrinking back, as if there were no noise": (
                lambda x, a: x / math.sqrt(a)
            ),
            "that is the probability of 1; the mean is twice it, less 1": (
                lambda x, a: 1 / (1 + math.exp(-2 * math.sqrt(a) * x / (1 - a)))
            ),
        },
        hints=[
            "The logit of 1 is the difference of the two terms in Eq. (21.6).",
            "2 sigmoid(2u) - 1 = tanh(u).",
        ],
        at=[(0.3, 0.5), (-1.2, 0.7)],
    ),
    Exercise(
        "21.E4",
        truth=0.5 * (1 / (0.49 / 0.51) - 1),
        wrong={
            "the half is missing": 1 / (0.49 / 0.51) - 1,
            "that is for the error of x_0; the error of the noise has a ratio": 0.5
            * (1 - 0.49 / 0.51),
            "upside down": 0.5 * (0.49 / 0.51 - 1),
            "that is beta": 0.02,
            "that is L itself, in which all weigh the same": 1.0,
            "alpha_bar is a product: 0.98 * 0.5, not 0.5 - 0.02": 0.5
            * (0.52 / 0.48 - 1),
        },
        hints=["alpha_bar_t = 0.98 * 0.5.", "SNR_(t-1) = 1, SNR_t = 0.49/0.51."],
        rtol=1e-3,
    ),
    Exercise(
        "21.E5",
        truth=image_of,
        wrong={
            "that is the noise": (
                lambda x, v, a: math.sqrt(1 - a) * x + math.sqrt(a) * v
            ),
            "the factors are roots, of alpha_bar and of 1 - alpha_bar": (
                lambda x, v, a: a * x - (1 - a) * v
            ),
            "that takes v for the noise": (
                lambda x, v, a: (x - math.sqrt(1 - a) * v) / math.sqrt(a)
            ),
            "the sign: v has minus x_0 in it": (
                lambda x, v, a: math.sqrt(a) * x + math.sqrt(1 - a) * v
            ),
        },
        hints=[
            "(x, v) is (x_0, noise) turned by an angle.",
            "a x - b v: the noise goes, a^2 + b^2 = 1.",
        ],
        at=[(0.3, -0.8, 0.4), (-1.1, 0.5, 0.9)],
    ),
    Exercise(
        "21.E6",
        truth=-0.4,
        wrong={
            "noise of mean 0 does not mean grey: the guess is of x_0": 0.0,
            "not the most frequent: a mean": -0.5,
            "not the nearest: with so much noise all are equally far": -0.2,
        },
        hints=["Eq. (21.6) with alpha_bar near 0: all r are equal.", "The mean image."],
        rtol=1e-3,
    ),
    Exercise(
        "21.E7",
        truth=lambda s, r, w: s ** (1 + w) / r**w,
        wrong={
            "that is the tilted density, which it does not sample": tilted_width,
            "that is the conditional model, w = 0": lambda s, r, w: s,
            "that is the stretch by w alone: with w = 0 it must be s": (
                lambda s, r, w: (s / r) ** w
            ),
            "that is its logarithm": lambda s, r, w: (
                (1 + w) * math.log(s) - w * math.log(r)
            ),
            "logarithms mix, not widths": lambda s, r, w: s + w * (s - r),
            "that counts w from the plain model": lambda s, r, w: s**w * r ** (1 - w),
        },
        hints=[
            "log width = (1 + w) log s - w log r.",
            "With s = 0.5, r = 1, w = 2: 0.125, as P5 measured.",
        ],
        at=[(0.5, 1.0, 2.0), (0.7, 0.9, 1.5)],
    ),
)
