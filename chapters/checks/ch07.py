"""Chapter 7: answers, the mistakes that lead to others, hints."""

import numpy as np

from tinygen.course import Exercise


def channel(a, b, c, d, gamma, beta, ddof=0, variance=False):
    """The last of four numbers after batch norm."""
    x = np.array([a, b, c, d], float)
    size = x.var(ddof=ddof) if variance else x.std(ddof=ddof)
    return gamma * (x[-1] - x.mean()) / size + beta


def merged(W, b, gamma, beta, m, r, eps):
    """The layer with its batch norm inside."""
    scale = gamma / np.sqrt(r + eps)
    return [W * scale, (b - m) * scale + beta]


DRAW = np.random.default_rng(70)
LAYER = (
    DRAW.normal(size=(3, 2)),
    *DRAW.normal(size=(3, 2)),
    np.array([0.4, -0.9]),
    np.array([2.3, 0.6]),
    0.1,
)

EXERCISES = (
    Exercise(
        "7.R1",
        truth=2,
        wrong={
            "ReLU takes half of the mean square": 1,
            "he doubles what ReLU halves, no more": 4,
        },
        hints=["Eq. (4.2)."],
    ),
    Exercise(
        "7.R2",
        truth=144,
        wrong={
            "16 filters, each with 9 taps": 9,
            "no biases": 160,
            "a filter has 3 x 3 taps": 48,
        },
        hints=["Channels in, channels out, taps."],
    ),
    Exercise(
        "7.R3",
        truth="N",
        wrong={"each channel has a bias of its own: it was copied over N": "C"},
        hints=["What was copied is summed."],
    ),
    Exercise(
        "7.E1",
        truth=channel,
        wrong={
            "over n, not n - 1": lambda **given: channel(**given, ddof=1),
            "by the standard deviation, not the variance": (
                lambda **given: channel(**given, variance=True)
            ),
            "then the scale and the shift": (
                lambda **given: channel(**{**given, "gamma": 1, "beta": 0})
            ),
            "first the scale, then the shift": (
                lambda **given: (
                    given["gamma"]
                    * (channel(**{**given, "gamma": 1, "beta": 0}) + given["beta"])
                )
            ),
        },
        hints=["Mean 6, variance (9 + 1 + 1 + 9) / 4."],
        given={"a": 3, "b": 5, "c": 7, "d": 9, "gamma": 2, "beta": -1},
        text="A channel of a batch is {a}, {b}, {c}, {d}. Batch norm in train mode, "
        "γ = {gamma}, β = {beta}, without ε. What becomes of the {d}?",
        draw=lambda rng: {
            "a": int(rng.integers(0, 4)),
            "b": int(rng.integers(4, 8)),
            "c": int(rng.integers(8, 12)),
            "d": int(rng.integers(13, 20)),
            "gamma": int(rng.integers(2, 5)),
            "beta": int(rng.integers(-5, -1)),
        },
    ),
    Exercise(
        "7.E2",
        truth=lambda alpha, t: (1 - alpha) ** t,
        wrong={
            "alpha is the share of the *new* batch": lambda alpha, t: alpha**t,
            "a share of what is left goes, not of what there was": (
                lambda alpha, t: 1 - alpha * t
            ),
            "that is what is *not* left": lambda alpha, t: 1 - (1 - alpha) ** t,
        },
        hints=["After one batch: 1 - alpha."],
        at=[(0.1, 7), (0.03, 4)],
    ),
    Exercise(
        "7.E3",
        truth=merged,
        wrong={
            "the old bias is scaled too": lambda W, b, gamma, beta, m, r, eps: [
                W * gamma / np.sqrt(r + eps),
                b + beta - m * gamma / np.sqrt(r + eps),
            ],
            "the mean is taken away before the scale": (
                lambda W, b, gamma, beta, m, r, eps: [
                    W * gamma / np.sqrt(r + eps),
                    b * gamma / np.sqrt(r + eps) + beta - m,
                ]
            ),
            "r is a variance: its root divides": lambda W, b, gamma, beta, m, r, eps: [
                W * gamma / (r + eps),
                (b - m) * gamma / (r + eps) + beta,
            ],
            "eps belongs under the root": lambda W, b, gamma, beta, m, r, eps: [
                W * gamma / (np.sqrt(r) + eps),
                (b - m) * gamma / (np.sqrt(r) + eps) + beta,
            ],
        },
        hints=["Write (xW + b - m) * scale + beta and sort by x."],
        at=[LAYER],
    ),
    Exercise(
        "7.E4",
        truth=32 * 8,
        wrong={
            "that is batch norm: one for each channel": 64,
            "that is instance norm: a group has 8 channels": 32 * 64,
            "that is layer norm: each image has 8 groups": 32,
            "each image has its own": 8,
        },
        hints=["One for each image and each group."],
    ),
    Exercise(
        "7.E5",
        truth=2 * (16 + 32 + 64 + 64),
        wrong={
            "a scale *and* a shift": 16 + 32 + 64 + 64,
            "running statistics are not learned by gradients": (
                4 * (16 + 32 + 64 + 64)
            ),
            "two for each channel, not for each layer": 8,
        },
        hints=["gamma and beta, one of each for a channel."],
    ),
    Exercise(
        "7.E6",
        truth=0.0,
        wrong={
            "each batch loses its *own* mean": 1.0,
            "that is before the layer": 0.5,
            "that is if both come in one batch": 0.5 / np.sqrt(0.25 + 0.0625),
        },
        hints=["What is the mean of a batch after batch norm?"],
    ),
    Exercise(
        "7.E7",
        truth=lambda lr, decay, c: (lr * c**2 / (2 * decay)) ** 0.25,
        wrong={
            "that is |W| squared; or c/|W| was taken for c": lambda lr, decay, c: (
                np.sqrt(lr * c**2 / (2 * decay))
            ),
            "decay takes off twice: |W| is squared": (
                lambda lr, decay, c: (lr * c**2 / decay) ** 0.25
            ),
            "decay makes it shorter, steps make it longer": (
                lambda lr, decay, c: (2 * decay / (lr * c**2)) ** 0.25
            ),
        },
        hints=[
            "2 lr decay |W|^2 = lr^2 c^2 / |W|^2.",
            "Solve for the fourth power of |W|.",
        ],
        at=[(0.3, 5e-4, 0.8), (0.05, 1e-2, 2.1)],
    ),
)
