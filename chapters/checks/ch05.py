"""Chapter 5: answers, the mistakes that lead to others, hints."""

import math

from tinygen.course import Exercise

EXERCISES = (
    Exercise(
        "5.R1",
        truth=math.log(10),
        wrong={"targets do not matter here: each class costs log 10": 0.0},
        hints=["Each class has probability 0.1, each costs log 10."],
    ),
    Exercise(
        "5.R2",
        truth=0.0,
        wrong={
            "p - y, and both are 0.1": 0.1,
            "p - y; no class is the right one": -0.9,
        },
        hints=["Eq. (3.3)."],
    ),
    Exercise(
        "5.R3",
        truth=0.9,
        wrong={
            "a length has no sign": -0.9,
            "that is the other direction": 0.5,
        },
        hints=["It is multiplied by -0.9; how long is it then?"],
    ),
    Exercise(
        "5.E1",
        truth=lambda c: 2 / c,
        wrong={
            "that step is the best in this direction, not the limit": lambda c: 1 / c,
            "upside down": lambda c: c / 2,
        },
        hints=["|1 - eta lambda| < 1"],
        given={"c": 40},
        text="The steepest curvature of a loss is {c}. Which step size is the limit?",
        draw=lambda rng: {"c": int(rng.choice([5, 8, 25, 50, 80]))},
    ),
    Exercise(
        "5.E2",
        truth=lambda k: math.log(1e3) / math.log((k + 1) / (k - 1)),
        wrong={
            "that is for the step 1/lambda: factor 1 - 1/kappa": (
                lambda k: math.log(1e3) / -math.log(1 - 1 / k)
            ),
            "the logarithm of 1000 is missing": (
                lambda k: 1 / math.log((k + 1) / (k - 1))
            ),
            "with momentum it would be so": (
                lambda k: (
                    math.log(1e3) / math.log((math.sqrt(k) + 1) / (math.sqrt(k) - 1))
                )
            ),
        },
        hints=["rho^n = 1/1000", "n = log 1000 / -log rho"],
        at=[(10.0,), (100.0,)],
    ),
    Exercise(
        "5.E3",
        truth=lambda eta, c, d: abs(1 - eta * (c + d)),
        wrong={
            "the step multiplies the decay too": lambda eta, c, d: abs(1 - eta * c - d),
            "it adds to the curvature, it does not multiply": (
                lambda eta, c, d: abs((1 - eta * c) * (1 - eta * d))
            ),
            "decay makes the step stronger, not weaker": (
                lambda eta, c, d: abs(1 - eta * (c - d))
            ),
        },
        hints=["The gradient is (lambda + d) w."],
        at=[(0.1, 3.0, 0.5), (0.4, 6.0, 0.2)],
    ),
    Exercise(
        "5.E4",
        truth=1.0,
        wrong={
            "that is plain descent": 100.0,
            "numerator and denominator both grow, by the same factor": 10.0,
            "v is a square, but its root is taken": 0.01,
        },
        hints=["m grows by 100.  And the root of v?"],
    ),
    Exercise(
        "5.E5",
        truth=lambda b: 1 / (1 - b),
        wrong={
            "that is the second step; it goes on": lambda b: 1 + b,
            "the velocity grows, it does not shrink": lambda b: 1 - b,
            "that is one geometric term too few": lambda b: b / (1 - b),
        },
        hints=["v = beta v + g at rest.", "1 + beta + beta^2 + ..."],
        at=[(0.5,), (0.9,)],
    ),
    Exercise(
        "5.E6",
        truth=lambda c, b: 2 * (1 + b) / c,
        wrong={
            "that is without momentum": lambda c, b: 2 / c,
            "a longer step is allowed with momentum, not a shorter one": (
                lambda c, b: 2 * (1 - b) / c
            ),
            "z = 1 is never reached; z = -1 is": lambda c, b: 0.0 * c,
        },
        hints=["Put z = -1 into Eq. (5.3).", "1 + (1 + beta - eta lambda) + beta = 0"],
        at=[(3.0, 0.5), (10.0, 0.9)],
    ),
)
