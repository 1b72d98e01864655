"""Chapter 9: answers, the mistakes that lead to others, hints."""

import math

from tinygen.course import Exercise


def kl(mean, log_variance):
    """KL(N(mean, exp(log_variance)) || N(0, 1)), nats."""
    return (mean**2 + math.exp(log_variance) - 1 - log_variance) / 2


EIGENVALUES = (2.0, 0.9, 0.35, 0.2, 0.06)


def above(threshold):
    """How many eigenvalues of exercise 9.6 are above it."""
    return float(sum(value > threshold for value in EIGENVALUES))


EXERCISES = (
    Exercise(
        "9.R1",
        truth=0.4,
        wrong={
            "cross-entropy is entropy *plus* KL": 4.6,
            "KL is a difference here, not a ratio": 2.5 / 2.1,
            "the other way round it would be negative, and KL never is": -0.4,
        },
        hints=["Cross-entropy = entropy + KL."],
    ),
    Exercise(
        "9.R2",
        truth=-math.log(0.2),
        wrong={
            "that is the cost of a white pixel": -math.log(0.8),
            "minus the logarithm: costs are above 0": math.log(0.2),
            "in nats, not in bits": -math.log2(0.2),
        },
        hints=["Black has the probability 0.2.", "-log 0.2."],
        rtol=2e-3,
    ),
    Exercise(
        "9.R3",
        truth=2.0,
        wrong={
            "those are kept; the others are lost": 8.0,
            "summed over pixels, not averaged over four": 0.5,
            "a sum over all that is lost: there are two": 1.0,
            "that is with a code of no numbers: two of the four are kept": 10.0,
            "the two smallest: 1 and 1": 4.0,
        },
        hints=["The two largest are kept.", "The sum of the others."],
    ),
    Exercise(
        "9.E1",
        truth=kl,
        wrong={
            "the half is missing": lambda mean, log_variance: (
                2 * kl(mean, log_variance)
            ),
            "e to the log-variance is the variance, not the standard deviation": (
                lambda mean, log_variance: kl(mean, 2 * log_variance)
            ),
            "the variance is exp(-2), do not put -2 itself there": (
                lambda mean, log_variance: (
                    (mean**2 + log_variance - 1 - math.log(-log_variance)) / 2
                )
            ),
            "the mean is squared": lambda mean, log_variance: (
                kl(mean, log_variance) + (mean - mean**2) / 2
            ),
            "the sign: Eq. (9.3) has a minus in front, and a cost is above 0": (
                lambda mean, log_variance: -kl(mean, log_variance)
            ),
            "that is without the cost of the mean": lambda mean, log_variance: kl(
                0, log_variance
            ),
        },
        hints=["Eq. (9.3), with exp(-2) = 0.135.", "(0.25 + 0.135 - 1 + 2) / 2."],
        given={"mean": 0.5, "log_variance": -2.0},
        rtol=2e-3,
        text="An encoder answers: mean {mean}, log-variance {log_variance}, one "
        "number. What does this cloud cost, in nats?",
        draw=lambda rng: {
            "mean": float(rng.choice([-1.5, 0.3, 1.2, 2.0])),
            "log_variance": float(rng.choice([-3.0, -1.0, -1.6])),
        },
    ),
    Exercise(
        "9.E2",
        truth=(-110.0, 110.0),
        wrong={
            "KL is subtracted in the ELBO: it is a cost": (-70.0, 70.0),
            "the ELBO is to be *maximised*; minimise minus it": (-110.0, -110.0),
            "in this order: the ELBO, then the loss": (110.0, -110.0),
            "KL belongs to the bound, too: -90 is only its first part": (-90.0, 90.0),
            "the loss is minus the ELBO, and the ELBO is not -90": (-90.0, 110.0),
            "log p is -90, so minus it is 90; KL is added to that": (-110.0, -70.0),
        },
        hints=["ELBO = E log p - KL.", "A loss is its negative."],
    ),
    Exercise(
        "9.E3",
        truth=lambda pixels, latent: pixels / latent,
        wrong={
            "upside down: the KL is divided by the smaller number": (
                lambda pixels, latent: latent / pixels
            ),
            "the cross-entropy is averaged too": lambda pixels, latent: 1 / latent,
            "not 1: the two means have different lengths": lambda pixels, latent: 1.0,
            "the KL is averaged too": lambda pixels, latent: float(pixels),
        },
        hints=["Multiply the loss by the number of pixels.", "784/200."],
        given={"pixels": 784, "latent": 200},
        rtol=1e-3,
        text="A published notebook adds the mean of the KL over batch and {latent} "
        "numbers to the mean of the cross-entropy over batch and {pixels} pixels. "
        "Which beta does it train with?",
        draw=lambda rng: {
            "pixels": int(rng.choice([64, 1024, 4096])),
            "latent": int(rng.choice([10, 20, 50])),
        },
    ),
    Exercise(
        "9.E4",
        truth=lambda r: (-0.5 + math.sqrt(0.25 + 4 * r * 0.5)) / (2 * r),
        wrong={
            "that is the right one, of the right code": lambda r: 1 / math.sqrt(1 + r),
            "that is the right variance": lambda r: 1 / (1 + r),
            "z has the standard deviation e^l; do not take the root": lambda r: (
                math.sqrt((-0.5 + math.sqrt(0.25 + 4 * r * 0.5)) / (2 * r))
            ),
            "that is the variance of z, and the question is its root": lambda r: (
                ((-0.5 + math.sqrt(0.25 + 4 * r * 0.5)) / (2 * r)) ** 2
            ),
            "that is l; z has the standard deviation e^l": lambda r: math.log(
                (-0.5 + math.sqrt(0.25 + 4 * r * 0.5)) / (2 * r)
            ),
            "the derivative of e^(2l) is 2 e^(2l)": lambda r: (
                (-0.5 + math.sqrt(0.25 + 2 * r * 0.5)) / r
            ),
        },
        hints=[
            "With u = e^l, the slope by l is r u^2 + u/2 - 1/2.",
            "The positive root of a square equation.",
        ],
        at=[(1.0,), (3.7,), (0.2,)],
    ),
    Exercise(
        "9.E5",
        truth=lambda c: c**2 / 2,
        wrong={
            "c is the scale of the means; s is free, and goes to 1": lambda c: (
                (c**2 - 1 - math.log(c**2)) / 2
            ),
            "the half is missing": lambda c: c**2,
            "with s at its best, 1 + log s^2 - s^2 is 0": lambda c: (c**2 - 1) / 2,
            "E mu^2 is the variance, c^2": lambda c: c / 2,
            "mu^2 stands with a minus in the bracket, and a minus is before it": (
                lambda c: -(c**2) / 2
            ),
            "nothing draws from the cloud, so s need not follow c: its best is 1": (
                lambda c: c**2 - 0.5 - math.log(c)
            ),
        },
        hints=["Only the term itself speaks of s.", "s = 1; what is left is mu^2/2."],
        at=[(0.7,), (2.3,)],
    ),
    Exercise(
        "9.E6",
        truth=lambda noise, beta: above(beta * noise),
        wrong={
            "the KL is weighed: the threshold is beta s^2": lambda noise, beta: above(
                noise
            ),
            "those are the ones that die": lambda noise, beta: 5 - above(beta * noise),
            "the threshold is beta times the variance, not its root": (
                lambda noise, beta: above(beta * math.sqrt(noise))
            ),
        },
        hints=["Eq. (9.6).", "Which eigenvalues are above 0.4?"],
        given={"noise": 0.1, "beta": 4},
        text="The covariance has the eigenvalues 2.0, 0.9, 0.35, 0.2, 0.06. The "
        "decoder is linear, its noise has the variance {noise}, and the KL is weighed "
        "with {beta}. How many numbers survive?",
        draw=lambda rng: {
            "noise": float(rng.choice([0.05, 0.1])),
            "beta": int(rng.choice([3, 5, 6])),
        },
    ),
    Exercise(
        "9.E7",
        truth=lambda eigenvalue, s2: (1 - s2 / eigenvalue, s2 / eigenvalue),
        wrong={
            "in this order: the means, then v": lambda eigenvalue, s2: (
                s2 / eigenvalue,
                1 - s2 / eigenvalue,
            ),
            "w^2 is lambda - s^2, so w^2 + s^2 is lambda": lambda eigenvalue, s2: (
                eigenvalue / (eigenvalue + s2),
                s2 / (eigenvalue + s2),
            ),
            "the pair is asked for; the sum is the last question": (
                lambda eigenvalue, s2: 1.0
            ),
            "that is w^2; a = w/(w^2 + s^2)": lambda eigenvalue, s2: (
                eigenvalue - s2,
                s2 / eigenvalue,
            ),
        },
        hints=["w^2 = lambda - s^2.", "a = w/lambda, v = s^2/lambda."],
        at=[(2.0, 0.5), (0.9, 0.2)],
    ),
)
