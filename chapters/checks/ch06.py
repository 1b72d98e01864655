"""Chapter 6: answers, the mistakes that lead to others, hints."""

import numpy as np

from tinygen.course import Exercise


def slope_of_input(g, w, s, p, H):
    """Each gradient spread by its filter."""
    out = np.zeros(H + 2 * p + s)
    for i, number in enumerate(g):
        out[i * s : i * s + len(w)] += number * np.asarray(w)
    return out[p : p + H]


def turned(g, w, s, p, H):
    """The same with the filter turned around."""
    return slope_of_input(g, np.asarray(w)[::-1], s, p, H)


def last_wins(g, w, s, p, H):
    """Overlaps are overwritten."""
    out = np.zeros(H + 2 * p + s)
    for i, number in enumerate(g):
        out[i * s : i * s + len(w)] = number * np.asarray(w)
    return out[p : p + H]


G = np.array([0.7, -1.3, 2.1, 0.4])
TAPS = np.array([0.5, -1.0, 2.0])

EXERCISES = (
    Exercise(
        "6.R1",
        truth="C.T",
        wrong={"the shapes do not even fit: backward is a transpose": "C"},
        hints=["Chapter 2, Eq. (2.1)."],
    ),
    Exercise(
        "6.R2",
        truth=2 / 27,
        wrong={
            "the three channels are summed too": 2 / 9,
            "the taps are summed too": 2 / 3,
            "ReLU takes half: 2/n, not 1/n": 1 / 27,
        },
        hints=["How many products does one output add?"],
    ),
    Exercise(
        "6.R3",
        truth=10.0,
        wrong={
            "a sum, not a mean: every copy counts": 2.5,
            "the last does not win: all paths are added": 4.0,
        },
        hints=["A copy hands back a sum."],
    ),
    Exercise(
        "6.E1",
        truth=lambda H, k, s, p: (H + 2 * p - k) // s + 1,
        wrong={
            "the first place counts too": lambda H, k, s, p: (H + 2 * p - k) // s,
            "the padding counts, on both sides": lambda H, k, s, p: (H - k) // s + 1,
            "the stride divides": lambda H, k, s, p: H + 2 * p - k + 1,
        },
        hints=["Eq. (6.2)."],
        given={"H": 64, "k": 5, "s": 2, "p": 2},
        text="An image of side {H} goes through a convolution with k = {k}, s = {s}, "
        "p = {p}. Which side comes out?",
        draw=lambda rng: {
            "H": int(rng.integers(20, 99)),
            "k": int(rng.choice([4, 5, 6])),
            "s": 2,
            "p": int(rng.choice([2, 3])),
        },
    ),
    Exercise(
        "6.E2",
        truth=lambda H, k, s, p, d: (H + 2 * p - d * (k - 1) - 1) // s + 1,
        wrong={
            "k taps have k - 1 gaps": lambda H, k, s, p, d: (
                (H + 2 * p - d * k) // s + 1
            ),
            "the filter covers more than k pixels now": (
                lambda H, k, s, p, d: (H + 2 * p - k) // s + 1
            ),
            "one pixel is counted twice": (
                lambda H, k, s, p, d: (H + 2 * p - d * (k - 1)) // s + 1
            ),
        },
        hints=["From the first tap to the last are d (k - 1) pixels.", "Plus one."],
        at=[(31, 3, 1, 0, 2), (40, 5, 2, 1, 3), (29, 3, 3, 2, 4)],
    ),
    Exercise(
        "6.E3",
        truth=64 * 14 * 14 * 128 * 7 * 7 / (64 * 128 * 16),
        wrong={
            "that is the number of the convolution's weights": 64.0 * 128 * 16,
            "a filter has 16 taps": 14 * 14 * 7 * 7.0,
            "the taps are no side of length 4 here but 4 x 4": 14 * 14 * 7 * 7 / 4,
        },
        hints=["Dense: inputs times outputs.", "Convolution: 64 * 128 * 16."],
    ),
    Exercise(
        "6.E4",
        truth=slope_of_input,
        wrong={
            "the filter is not turned: it is spread as it lies": turned,
            "where filters overlap both are added": last_wins,
            "the padding has to be cut off at the front": (
                lambda g, w, s, p, H: slope_of_input(g, w, s, 0, H)
            ),
            "the stride sets the filters apart": (
                lambda g, w, s, p, H: slope_of_input(g, w, 1, p, H)
            ),
        },
        hints=["It is Eq. (6.4).", "Zeros of length H + 2p; add; cut p on both sides."],
        at=[(G, TAPS, 2, 1, 7), (G, TAPS, 2, 1, 8)],
    ),
    Exercise(
        "6.E5",
        truth=lambda n: 2 * n + 1,
        wrong={
            "each layer adds one pixel on *each* side": lambda n: n + 2,
            "fields add, they do not multiply": lambda n: 3**n,
            "the pixel itself counts once, not in every layer": lambda n: 3 * n,
        },
        hints=["One layer: 3.  Two: 5."],
        at=[(1,), (4,), (10,)],
    ),
    Exercise(
        "6.E6",
        truth=4.0,
        wrong={
            "both axes: the square": 2.0,
            "k/s is 1.5: its ceiling is 2 and its floor 1": 2.25,
            "4 does not divide 6": 1.0,
        },
        hints=["Eq. (6.5).", "Ceiling 2, floor 1."],
    ),
)
