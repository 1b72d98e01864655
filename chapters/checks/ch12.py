"""Chapter 12: answers, the mistakes that lead to others, hints."""

import math

from tinygen.course import Exercise


def sigmoid(logit):
    """1 / (1 + exp(-logit))."""
    return 1 / (1 + math.exp(-logit))


def clamped(logit):
    """The slope of log(1 - D) with D kept within [1e-5, 1 - 1e-5]."""
    D = sigmoid(logit)
    return -D if 1e-5 < D < 1 - 1e-5 else 0.0


def mean_log(D, sign, of):
    """sign * mean log of(D)."""
    return sign * sum(math.log(of(d)) for d in D) / len(D)


DROPPED = 2 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5))
DROPPED_JSD = -0.5 * math.log(1.5) - 0.5 * math.log(0.5) + math.log(2 / 1.5)

EXERCISES = (
    Exercise(
        "12.R1",
        truth=math.log(0.25),
        wrong={
            "those are the odds; the logit is their logarithm": 0.25,
            "that is log D; the logit is log D/(1 - D)": math.log(0.2),
            "upside down: D below one half has a negative logit": math.log(4),
        },
        hints=["log of D / (1 - D).", "Odds 1 : 4."],
    ),
    Exercise(
        "12.R2",
        truth=2 * math.log(2),
        wrong={
            "a perfect generator leaves D without evidence, not without loss": 0.0,
            "two terms, for data and for samples": math.log(2),
            "that is V; the loss is minus it": -2 * math.log(2),
        },
        hints=["D = 1/2 everywhere.", "-log(1/2) - log(1/2)."],
    ),
    Exercise(
        "12.R3",
        truth=-0.7,
        wrong={
            "the other sign: probability minus label": 0.7,
            "that is the slope for the label 0": 0.3,
            "that is the slope by the probability, not by the logit": -1 / 0.3,
        },
        hints=["Probability minus label."],
    ),
    Exercise(
        "12.E1",
        truth=lambda D: mean_log(D, 1, lambda d: 1 - d),
        wrong={
            "that is the printed one, the non-saturating loss; V has log(1 - D)": (
                lambda D: mean_log(D, -1, lambda d: d)
            ),
            "the sign: G minimises V as it is": (
                lambda D: mean_log(D, -1, lambda d: 1 - d)
            ),
            "a mean over the minibatch, not a sum": (
                lambda D: mean_log(D, 1, lambda d: 1 - d) * len(D)
            ),
            "V has log(1 - D) for samples; log D is for data": (
                lambda D: mean_log(D, 1, lambda d: d)
            ),
        },
        hints=["Which term of Eq. (11.1) has G in it?", "The mean of log(1 - D)."],
        at=[([0.1, 0.6, 0.25],), ([0.03, 0.4],)],
    ),
    Exercise(
        "12.E2",
        truth=lambda logit: math.exp(-logit),
        wrong={
            "upside down: that is minimax over non-saturating": (
                lambda logit: math.exp(logit)
            ),
            "that is 1/D; the other slope is 1 - D, not 1": (
                lambda logit: 1 / sigmoid(logit)
            ),
            "that is the ratio of the losses, not of their slopes": (
                lambda logit: math.log1p(math.exp(-logit)) / math.log1p(math.exp(logit))
            ),
            "that is the logit itself": lambda logit: abs(logit),
        },
        hints=["Eq. (12.3) is the ratio the other way round."],
        given={"logit": -3.0},
        rtol=1e-3,
        text="A sample has the logit {logit}. How many times larger is the gradient "
        "that the non-saturating loss sends to G than that of the minimax loss?",
        draw=lambda rng: {"logit": float(rng.choice([-5.0, -4.0, -2.0, 1.5]))},
    ),
    Exercise(
        "12.E3",
        truth=(-math.log(0.01), 0.99),
        wrong={
            "that is what the text says; but -log(1 - 0.99) is large, and its slope "
            "by the logit is D": (-math.log(0.99), 0.01),
            "the loss is right; d/dl of -log(1 - sigma) is sigma": (
                -math.log(0.01),
                0.01,
            ),
            "the slope by the logit has no 1/(1 - D) left": (-math.log(0.01), 100.0),
            "the sign: D lowers this loss by lowering the logit": (
                -math.log(0.01),
                -0.99,
            ),
        },
        hints=["-log(0.01) is 4.6.", "Eq. (12.1), with the other sign."],
        rtol=1e-3,
    ),
    Exercise(
        "12.E4",
        truth=clamped,
        wrong={
            "this is Eq. (12.1), without the clamp": lambda logit: -sigmoid(logit),
            "a constant has the slope 0, not its own value": (
                lambda logit: -min(max(sigmoid(logit), 1e-5), 1 - 1e-5)
            ),
            "this is the non-saturating slope": lambda logit: sigmoid(logit) - 1,
        },
        hints=[
            "Within the bounds nothing changes.  What is the slope of a constant?",
            "At the logit -12, D = 6e-6 < c.",
        ],
        at=[(-13.0,), (-9.0,), (0.7,), (12.5,)],
    ),
    Exercise(
        "12.E5",
        truth=lambda h: math.sqrt(1 + h**2),
        wrong={
            "that is with the sigmoid, whose slope at 0 is 1/2; here it is 1": (
                lambda h: math.sqrt(1 + h**2 / 4)
            ),
            "the eigenvalues are 1 + ih and 1 - ih: take the modulus": lambda h: 1 + h,
            "that is the squared modulus": lambda h: 1 + h**2,
            "in turns it keeps its distance; at the same time it does not": (
                lambda h: 1.0
            ),
        },
        hints=[
            "With l = psi x: V = -psi theta.  Who moves how?",
            "J = (0 1; -1 0), eigenvalues of I + hJ: 1 + ih, 1 - ih.",
        ],
        at=[(0.1,), (0.7,)],
    ),
    Exercise(
        "12.E6",
        truth=(DROPPED, DROPPED_JSD),
        wrong={
            "the factor 2 is missing": (DROPPED / 2, DROPPED_JSD / 2),
            "the pair in the other order": (DROPPED_JSD, DROPPED),
            "that is KL(q||p) = log 2; m is half data": (math.log(2), DROPPED_JSD),
        },
        hints=[
            "q = 2p on one half, 0 on the other.  What is m, in terms of p?",
            "m = 1.5 p on one half and 0.5 p on the other, each with p-mass 1/2.",
        ],
        rtol=2e-3,
    ),
    Exercise(
        "12.E7",
        truth=lambda gamma: 4 * gamma,
        wrong={
            "half of it: the moduli are 1 - h gamma + h^2/4, squared": (
                lambda gamma: 2 * gamma
            ),
            "that is the weight itself": lambda gamma: gamma,
            "a larger weight allows larger steps, not smaller": lambda gamma: 4 / gamma,
            "that is the limit of taking turns, without a penalty": lambda gamma: 4.0,
        },
        hints=[
            "The modulus squared, for gamma < 1, is real part squared plus imaginary.",
            "|lambda|^2 = 1 - h gamma + h^2/4.  When is it below 1?",
        ],
        given={"gamma": 0.3},
        rtol=1e-3,
        text="The R1 penalty has the weight {gamma}, both players move at the same "
        "time. Up to which step size h does the smallest GAN come home?",
        draw=lambda rng: {"gamma": float(rng.choice([0.1, 0.2, 0.4, 0.45, 0.6, 0.7]))},
    ),
    Exercise(
        "12.E8",
        truth=lambda h: math.sqrt(2 * h),
        wrong={
            "that is the square of the radius": lambda h: 2 * h,
            "the mean of sin^2 cos^2 is 1/8, not 1/4": lambda h: math.sqrt(h),
            "the mean of sin^2 cos^2 is 1/8, not 1/2": lambda h: math.sqrt(h / 2),
            "the gain per step is h^2/4 of r^2, the friction h r^4/8: one h is left": (
                lambda h: math.sqrt(2) * h
            ),
        },
        hints=[
            "sin cos = sin(2 phi)/2, so sin^2 cos^2 has the mean 1/8.",
            "h^2/4 r^2 = h r^4/8.",
        ],
        at=[(0.1,), (0.3,)],
    ),
)
