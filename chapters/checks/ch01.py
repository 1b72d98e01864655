"""Chapter 1: answers, the mistakes that lead to others, hints."""

import math

from tinygen.course import Exercise

U = 2.0**-53


def forward(f, x, h):
    """The forward difference."""
    return (f(x + h) - f(x)) / h


def dual(left, right):
    """The product of two numbers with slopes."""
    (a, da), (b, db) = left, right
    return a * b, a * db + da * b


POINTS = [(math.sin, 0.7, 0.1), (math.exp, -0.3, 0.01), (math.cos, 2.0, 0.3)]
SIZES = [(2.0, 0.5, U), (0.3, 7.0, U), (1.3, 2.1, 2.0**-24)]
RULE_AT = [(1.7, math.tanh(0.4), 0.4), (-0.6, math.tanh(-1.1), -1.1)]
PAIRS = [((3.0, 0.5), (2.0, -1.5)), ((-1.2, 0.7), (0.4, 2.5))]

EXERCISES = (
    Exercise(
        "1.R1",
        truth=12.0,
        wrong={
            "that is x^3 itself at 2; the slope is 3x^2": 8.0,
            "that is 3x; the power goes down by one, from 3 to 2": 6.0,
        },
        hints=["The power comes down in front, and falls by one: 3x^2."],
    ),
    Exercise(
        "1.R2",
        truth="yes",
        wrong={"float64 has 53 bits, about 16 digits: 1e16 has 17": "no"},
        hints=["How many digits does a float64 keep?  Try it in a cell."],
    ),
    Exercise(
        "1.R3",
        truth=3.0,
        wrong={
            "that is e^0; the inner slope, 3, is missing": 1.0,
            "the slope of e^u is e^u, not u e^(u-1)": 0.0,
        },
        hints=["Outer slope times inner slope."],
    ),
    Exercise(
        "1.E1",
        truth=forward,
        wrong={
            "this is the central difference: the left point is x itself here": (
                lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h)
            ),
            "the two points are h apart, not 2h": (
                lambda f, x, h: (f(x + h) - f(x)) / (2 * h)
            ),
            "the sign is turned around": lambda f, x, h: (f(x) - f(x + h)) / h,
            "this is the backward difference: it looks to the left": (
                lambda f, x, h: (f(x) - f(x - h)) / h
            ),
        },
        hints=["Which two points?", "Their distance is h.", "f(x + h) minus f(x)."],
        at=POINTS,
    ),
    Exercise(
        "1.E2",
        truth=lambda f, f2, u: 2 * math.sqrt(u * abs(f / f2)),
        wrong={
            "this counts the rounding of one value; there are two": (
                lambda f, f2, u: math.sqrt(2 * u * abs(f / f2))
            ),
            "the factor 2 is lost": lambda f, f2, u: math.sqrt(u * abs(f / f2)),
            "upside down: a large f'' asks for a small step": (
                lambda f, f2, u: 2 * math.sqrt(u * abs(f2 / f))
            ),
            "that is the cube root of the central difference; here truncation "
            "grows like h, not h^2": lambda f, f2, u: (4 * u * abs(f / f2)) ** (1 / 3),
        },
        hints=[
            "Write the sum of both errors as a function of h.",
            "Its derivative is |f''|/2 - 2u|f|/h^2.  Where is that zero?",
        ],
        at=SIZES,
        atol=0.0,
    ),
    Exercise(
        "1.E3",
        truth=lambda n: 2**n,
        wrong={
            "those are the edges; a path chooses one of two edges at every round": (
                lambda n: 2 * n
            ),
            "that is one path for each round; each round doubles their number": (
                lambda n: n
            ),
            "one round too many": lambda n: 2 ** (n + 1),
        },
        hints=["Draw n = 2 and count.", "Each round doubles the number."],
        given={"n": 10},
        text="How many paths lead from x to y after {n} rounds of y = y + y, "
        "beginning with y = x?",
        draw=lambda rng: {"n": int(rng.integers(5, 15))},
    ),
    Exercise(
        "1.E4",
        truth=lambda g, y, x: g * (1 - y * y),
        wrong={
            "the incoming gradient g is missing": lambda g, y, x: 1 - y * y,
            "1 - tanh^2 needs the result y, not x": lambda g, y, x: g * (1 - x * x),
            "the square is missing": lambda g, y, x: g * (1 - y),
            "y(1 - y) is the slope of the sigmoid": lambda g, y, x: g * y * (1 - y),
        },
        hints=["What is the slope of tanh x, in terms of tanh x?", "1 - y^2."],
        at=RULE_AT,
    ),
    Exercise(
        "1.E5",
        truth=dual,
        wrong={
            "slopes do not multiply: (ab)' is not a'b'": (
                lambda p, q: (p[0] * q[0], p[1] * q[1])
            ),
            "slopes add for a sum, not for a product": (
                lambda p, q: (p[0] * q[0], p[1] + q[1])
            ),
            "each slope must meet the *other* value": (
                lambda p, q: (p[0] * q[0], p[0] * p[1] + q[0] * q[1])
            ),
        },
        hints=["The product rule.", "(ab)' = a b' + a' b."],
        at=PAIRS,
    ),
    Exercise(
        "1.E6",
        truth=lambda h: h**2 / 6 * math.e + U / h * math.e,
        wrong={
            "that is truncation only; at this step rounding is far larger": (
                lambda h: h**2 / 6 * math.e
            ),
            "rounding is divided by h too: the difference is": lambda h: U * math.e,
            "f is e at x = 1, not 1": lambda h: h**2 / 6 + U / h,
            "u is 2^-53, half of numpy's eps": (
                lambda h: h**2 / 6 * math.e + 2 * U / h * math.e
            ),
        },
        hints=["Two terms.  Which is the larger?", "expected_error(h, e, e)"],
        given={"h": 1e-12},
        rtol=0.02,
        atol=0.0,
        text="The slope of exp at x = 1 is taken by Eq. (1.1) with the step "
        "h = {h:.0e}. How large does Eq. (1.2) say the error may be?",
        draw=lambda rng: {"h": float(10.0 ** -rng.integers(9, 15))},
    ),
)
