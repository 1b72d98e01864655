"""Chapter 15: answers, the mistakes that lead to others, hints."""

import math

from tinygen.course import Exercise


def nobody_right(K):
    """The chance that a random renaming of K labels leaves none in its place."""
    return sum((-1) ** k / math.factorial(k) for k in range(K + 1))


EXERCISES = (
    Exercise(
        "15.R1",
        truth=0.75,
        wrong={
            "upside down: q/(p + q)": 0.25,
            "those are the odds; D is p/(p + q)": 3.0,
            "that is p itself": 0.3,
        },
        hints=["p / (p + q)."],
    ),
    Exercise(
        "15.R2",
        truth=0.009,
        wrong={
            "K - 1, not K: the shares sum to 1": 0.01,
            "(K - 1)/N: the half is missing": 0.018,
            "0 is reached by infinitely many samples only": 0.0,
        },
        hints=["Eq. (13.4).", "9/1000."],
    ),
    Exercise(
        "15.R3",
        truth=-1.0,
        wrong={
            "before scale and shift it is 0; then comes the shift": 0.0,
            "that is the standard deviation": 2.0,
            "the scale multiplies 0": 1.0,
        },
        hints=["Normalised, the mean is 0.", "2 * 0 - 1."],
    ),
    Exercise(
        "15.E1",
        truth=lambda data, asked: data / (data + asked),
        wrong={
            "D sees pairs: how often the class is asked for counts": (
                lambda data, asked: 0.5
            ),
            "upside down: that is the chance that it is a sample": (
                lambda data, asked: asked / (data + asked)
            ),
            "those are the odds": lambda data, asked: data / asked,
        },
        hints=["p(x, y) = p(y) p(x|y).", "p(x|y) cancels."],
        given={"data": 0.05, "asked": 0.2},
        rtol=1e-3,
        text="in the data a class has the share {data}, and samples are asked for with "
        "the share {asked}. What is the best D on images of this class?",
        draw=lambda rng: {
            "data": float(rng.choice([0.02, 0.04, 0.15, 0.3])),
            "asked": float(rng.choice([0.12, 0.2, 0.25])),
        },
    ),
    Exercise(
        "15.E2",
        truth=lambda px, py, qx, qyx: math.log(px * py / (qx * qyx)),
        wrong={
            "only the first part: D still sees the labels of the samples": (
                lambda px, py, qx, qyx: math.log(px / qx)
            ),
            "only the second part; the image must be like data too": (
                lambda px, py, qx, qyx: math.log(py / qyx)
            ),
            "the odds, not their logarithm": (
                lambda px, py, qx, qyx: px * py / (qx * qyx)
            ),
            "samples over data: the other sign": (
                lambda px, py, qx, qyx: -math.log(px * py / (qx * qyx))
            ),
        },
        hints=[
            "Shuffled labels are independent of the image: p(x, y) = p(x) p(y).",
            "log p(x)/q(x) + log p(y)/q(y|x).",
        ],
        at=[(0.3, 0.1, 0.2, 0.6), (0.05, 0.25, 0.4, 0.125)],
    ),
    Exercise(
        "15.E3",
        truth=lambda right, seen: (seen - (1 - right) / 9) / (right - (1 - right) / 9),
        wrong={
            "Eq. (15.6) forwards: that is what it would make of 0.9": (
                lambda right, seen: seen * right + (1 - seen) * (1 - right) / 9
            ),
            "a wrong digit may be seen as the right one, by mistake": (
                lambda right, seen: seen / right
            ),
            "errors are not simply added": lambda right, seen: seen + 1 - right,
        },
        hints=["Solve Eq. (15.6) for a.", "(a' - (1-t)/9) / (t - (1-t)/9)."],
        given={"right": 0.986, "seen": 0.9},
        rtol=1e-5,
        text="A classifier is right on {right} of real digits, its mistakes fall "
        "evenly on the other 9 classes. It finds {seen} of the samples to be as asked "
        "for. What is the true accuracy?",
        draw=lambda rng: {
            "right": float(rng.choice([0.9, 0.95, 0.97])),
            "seen": float(rng.choice([0.4, 0.6, 0.8])),
        },
    ),
    Exercise(
        "15.E4",
        truth=10 * 100 + 100 * 6272,
        wrong={
            "the layer grows too: it has 100 inputs more": 1000.0,
            "the embedding itself has numbers too": 627200.0,
            "a table of biases would do with so many; this is not how it is built": (
                62720.0
            ),
            "that is the whole layer, biases and all": 200 * 6272 + 6272 + 1000,
        },
        hints=["Two things grow.", "10 x 100, and 100 more columns of the layer."],
    ),
    Exercise(
        "15.E5",
        truth=lambda W, e: [
            sum(row[len(row) // 2 + k] * e[k] for k in range(len(e))) for row in W
        ],
        wrong={
            "those are the columns of z; the embedding is behind it": (
                lambda W, e: [sum(row[k] * e[k] for k in range(len(e))) for row in W]
            ),
            "each output adds over the columns": (
                lambda W, e: [row[len(row) // 2] * e[0] for row in W]
            ),
        },
        hints=[
            "W [z; e] = W_1 z + W_2 e.",
            "The last columns of W, applied to the embedding.",
        ],
        at=[
            ([[1.0, 2.0, 3.0, 5.0], [0.5, -1.0, 4.0, 7.0]], [2.0, -3.0]),
            ([[0.3, 1.1]], [1.7]),
        ],
    ),
    Exercise(
        "15.E6",
        truth=lambda count: (
            0.1 - 2 * math.sqrt(0.09 / count),
            0.1 + 2 * math.sqrt(0.09 / count),
        ),
        wrong={
            "two standard errors, not one": lambda count: (
                0.1 - math.sqrt(0.09 / count),
                0.1 + math.sqrt(0.09 / count),
            ),
            "the variance is a(1 - a)/N; take its root": lambda count: (
                0.1 - 2 * 0.09 / count,
                0.1 + 2 * 0.09 / count,
            ),
            "that is the spread of one sample": lambda count: (
                0.1 - 2 * 0.3,
                0.1 + 2 * 0.3,
            ),
        },
        hints=["sqrt(a (1 - a) / N).", "0.3 / sqrt(N), twice."],
        given={"count": 500},
        rtol=5e-3,
        text="You judge {count} samples.",
        draw=lambda rng: {"count": int(rng.choice([200, 400, 900, 2500]))},
    ),
    Exercise(
        "15.E7",
        truth=nobody_right(10),
        wrong={
            "that is for labels chosen independently; here all are different": 0.9**10,
            "one label of ten is right on average, but not always one": 0.0,
            "that is the chance that all are right": 1 / math.factorial(10),
            "the chance that at least one is right": 1 - nobody_right(10),
        },
        hints=[
            "Renamings without a fixed point: derangements.",
            "1 - 1 + 1/2 - 1/6 + ... up to 10: nearly 1/e.",
        ],
        rtol=1e-4,
    ),
)
