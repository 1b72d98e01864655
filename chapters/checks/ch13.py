"""Chapter 13: answers, the mistakes that lead to others, hints."""

import math

from tinygen.course import Exercise


def area(side, halve=lambda n: n // 2):
    """The pixels that are left of an image after three convolutions."""
    for _ in range(3):
        side = halve(side)
    return side**2


def rounded_up(side):
    """Half a side, if the last row counted."""
    return (side + 1) // 2


def radius(decay, period):
    """What averaging leaves of a circle that takes so many steps."""
    turn = 2 * math.pi / period
    return (1 - decay) / math.sqrt(1 - 2 * decay * math.cos(turn) + decay**2)


EXERCISES = (
    Exercise(
        "13.R1",
        truth=1.0,
        wrong={
            "that is a filter of side 3; 4 is a multiple of the stride": 4.0,
            "that is a filter of side 5": 2.25,
        },
        hints=[
            "How many filters meet in each pixel, along a side?",
            "Two, everywhere.",
        ],
    ),
    Exercise(
        "13.R2",
        truth=2 * math.log(2),
        wrong={
            "0 is the loss of a perfect discriminator": 0.0,
            "two terms, for data and for samples": math.log(2),
            "that is V; the loss is minus it": -2 * math.log(2),
        },
        hints=["D = 1/2 everywhere.", "-log(1/2) - log(1/2)."],
    ),
    Exercise(
        "13.R3",
        truth=-0.8,
        wrong={
            "that is the slope of the minimax loss, -D": -0.2,
            "the sign: the loss falls as the logit rises": 0.8,
            "that is the slope by D, not by the logit": -5.0,
        },
        hints=["Eq. (12.2).", "-(1 - D)."],
    ),
    Exercise(
        "13.E1",
        truth=lambda side: 128 * area(side),
        wrong={
            "the sides are rounded down, not up: the last row is left out": (
                lambda side: 128 * area(side, rounded_up)
            ),
            "pixels only; there are 128 channels of them": area,
            "pixels of a square: the side is squared": (
                lambda side: 128 * math.isqrt(area(side))
            ),
            "three convolutions, not two": lambda side: 128 * (side // 4) ** 2,
        },
        hints=["Eq. (13.1): half, rounded down.", "28, 14, 7, 3."],
        given={"side": 28},
        text="Its images have the side {side}. How many inputs must the head have?",
        draw=lambda rng: {"side": int(rng.choice([30, 36, 44, 46, 52, 60]))},
    ),
    Exercise(
        "13.E2",
        truth=lambda byte: byte / 127.5 - 1,
        wrong={
            "this is ToTensor as printed: never negative": lambda byte: byte / 255,
            "[-1/2, 1/2]: half of tanh's range": lambda byte: byte / 255 - 0.5,
            "[-1, 0]: shifted, but not stretched": lambda byte: byte / 255 - 1,
            "128 is not half of 255: white is not quite 1": lambda byte: byte / 128 - 1,
        },
        hints=["0 becomes -1, 255 becomes 1, a straight line between."],
        at=[(0,), (255,), (100,)],
    ),
    Exercise(
        "13.E3",
        truth=lambda g, d: (0, 2 * g / (3 * g + 6 * d)),
        wrong={
            "G's forward pass is needed: only its backward pass is wasted": (
                lambda g, d: (0, 3 * g / (3 * g + 6 * d))
            ),
            "D sees two batches, data and samples": (
                lambda g, d: (0, 2 * g / (3 * g + 3 * d))
            ),
            "relative to the whole step as printed, not to what is left": (
                lambda g, d: (0, 2 * g / (g + 6 * d))
            ),
            "D's gradients do not depend on how far back the graph goes": (
                lambda g, d: (2 * g / (3 * g + 6 * d), 2 * g / (3 * g + 6 * d))
            ),
            "a backward pass costs twice a forward pass": (
                lambda g, d: (0, g / (2 * g + 4 * d))
            ),
        },
        hints=[
            "dL_D/dw of D needs D's activations and the images, not their origin.",
            "As printed: G forward g, D forward 2d, D backward 4d, G backward 2g.",
        ],
        at=[(7.25, 2.88), (1.0, 3.0)],
    ),
    Exercise(
        "13.E4",
        truth=lambda taken, modes: math.log(modes / taken),
        wrong={
            "the sign: a KL is never negative": (
                lambda taken, modes: math.log(taken / modes)
            ),
            "that is the entropy; the KL is what is missing": (
                lambda taken, modes: math.log(taken)
            ),
            "that is the share of the modes": lambda taken, modes: taken / modes,
            "bits; nats are asked": lambda taken, modes: math.log2(modes / taken),
        },
        hints=["Eq. (13.3).", "H(q) is the logarithm of the modes taken."],
        given={"taken": 6, "modes": 24},
        rtol=1e-3,
        text="A generator makes {taken} of {modes} modes, equally often, and nothing "
        "else. What is its KL from uniform, in nats?",
        draw=lambda rng: {
            "taken": int(rng.integers(2, 8)),
            "modes": int(rng.choice([10, 15, 20, 30])),
        },
    ),
    Exercise(
        "13.E5",
        truth=lambda m: m**2 / (2 * math.log(2)),
        wrong={
            "that many would be needed if all pairs were sure": lambda m: m**2,
            "pairs are m(m-1)/2; and half a chance is log 2": lambda m: m**2 / 2,
            "it grows with the square of the batch": lambda m: 2 * m,
            "upside down": lambda m: math.sqrt(2 * m * math.log(2)),
        },
        hints=["exp(-m^2 / 2S) = 1/2.", "S = m^2 / (2 log 2)."],
        given={"m": 400},
        rtol=5e-3,
        text="You look at batches of {m} samples; half of them have a pair. About how "
        "many images can the generator make?",
        draw=lambda rng: {"m": int(rng.choice([100, 250, 300, 600, 800]))},
    ),
    Exercise(
        "13.E6",
        truth=(math.sqrt(0.5), 0.5, math.sqrt(0.5)),
        wrong={
            "the mean of the roots, not the root of the mean": (
                math.sqrt(0.5),
                math.sqrt(0.5),
                math.sqrt(0.5),
            ),
            "those are variances": (0.5, 0.5, 0.5),
            "sum over the coordinates, for mean": (math.sqrt(2), 1.0, math.sqrt(2)),
            "the second has all its spread in one coordinate: (1 + 0)/2": (
                math.sqrt(0.5),
                1.0,
                math.sqrt(0.5),
            ),
        },
        hints=[
            "A root for each coordinate, then the mean of the two.",
            "At 45 degrees the coordinates are plus and minus 0.707, both.",
        ],
        rtol=2e-3,
    ),
    Exercise(
        "13.E7",
        truth=radius,
        wrong={
            "an angle in turns, not in radians": (
                lambda decay, period: radius(decay, 2 * math.pi * period)
            ),
            "the average is of about 1/(1-d) steps, but not with equal weights": (
                lambda decay, period: (1 - decay) * period / (2 * math.pi)
            ),
            "squared": lambda decay, period: radius(decay, period) ** 2,
        },
        hints=["Eq. (13.7); which angle does the clump turn by in a step?"],
        at=[(0.999, 160), (0.9, 20)],
    ),
)
