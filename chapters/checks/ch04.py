"""Chapter 4: answers, the mistakes that lead to others, hints."""

import math

from tinygen.course import Exercise

EXERCISES = (
    Exercise(
        "4.R1",
        truth="W.T",
        wrong={"the shapes would not fit: backward is a transpose, chapter 2": "W"},
        hints=["Look at the shapes: h is (N, D), W is (D, K)."],
    ),
    Exercise(
        "4.R2",
        truth=math.log(10),
        wrong={
            "that is in bits": math.log2(10),
            "that is the probability, not its negative logarithm": 0.1,
        },
        hints=["-log of one tenth."],
    ),
    Exercise(
        "4.R3",
        truth=50.0,
        wrong={
            "standard deviations do not add; variances do": 100 * math.sqrt(0.5),
            "that is the variance of the mean": 0.005,
            "that is the standard deviation": math.sqrt(50),
        },
        hints=["Variances of independent numbers add."],
    ),
    Exercise(
        "4.E1",
        truth=lambda n: math.sqrt(2 / n),
        wrong={
            "that is the variance": lambda n: 2 / n,
            "that keeps a signal without ReLU; ReLU takes half": (
                lambda n: math.sqrt(1 / n)
            ),
            "the variance falls like 1/n": lambda n: math.sqrt(2 * n),
        },
        hints=["Eq. (4.2) is a variance."],
        given={"n": 128},
        text="A ReLU layer sums {n} inputs. Which *standard deviation* does He give "
        "its weights?",
        draw=lambda rng: {"n": int(rng.choice([32, 50, 72, 200, 288, 512]))},
    ),
    Exercise(
        "4.E2",
        truth=lambda n, a: 2 / ((1 + a * a) * n),
        wrong={
            "the slope must be squared: it is a mean square that is halved": (
                lambda n, a: 2 / ((1 + a) * n)
            ),
            "that is ReLU; the negative half is not lost now": lambda n, a: 2 / n,
            "upside down: more is kept, so less is needed": (
                lambda n, a: 2 * (1 + a * a) / n
            ),
        },
        hints=["E f(z)^2 = 1/2 + a^2/2.", "n s^2 (1 + a^2)/2 = 1"],
        at=[(100, 0.2), (64, 0.5)],
    ),
    Exercise(
        "4.E3",
        truth=0.5**30,
        wrong={
            "that is the standard deviation's factor": 0.5**15,
            "without ReLU nothing would change; ReLU halves in each layer": 1.0,
            "factors multiply, they do not add": 0.5 / 30,
        },
        hints=["Which factor has one layer?", "n s^2 / 2, thirty times."],
        atol=0.0,
    ),
    Exercise(
        "4.E4",
        truth=lambda n: math.sqrt(6 / n),
        wrong={
            "that is the standard deviation; a uniform's is a/sqrt 3": (
                lambda n: math.sqrt(2 / n)
            ),
            "the variance of a uniform on [-a, a] is a^2/3, not a^2/12": (
                lambda n: math.sqrt(24 / n)
            ),
            "that is without ReLU": lambda n: math.sqrt(3 / n),
        },
        hints=["Variance of a uniform on [-a, a].", "a^2/3 = 2/n"],
        at=[(100,), (37,)],
    ),
    Exercise(
        "4.E5",
        truth=lambda C, K: 2 / (9 * C),
        wrong={
            "one output sums all input channels and all taps, not the filters": (
                lambda C, K: 2 / (9 * K)
            ),
            "the taps are summed too": lambda C, K: 2 / C,
            "each output belongs to one filter": lambda C, K: 2 / (9 * C * K),
        },
        hints=["How many products are added in one output?", "C times 9."],
        at=[(16, 48), (3, 8)],
    ),
    Exercise(
        "4.E6",
        truth=lambda L: 2.0**L,
        wrong={
            "they do not add up over layers: each doubles what came": lambda L: 1.0 + L,
            "that is with the factor 1/sqrt L": lambda L: (1 + 1 / L) ** L,
            "uncorrelated numbers: mean squares add, the factor is 2 and not 4": (
                lambda L: 4.0**L
            ),
        },
        hints=["q + q."],
        at=[(3,), (10,)],
    ),
)
