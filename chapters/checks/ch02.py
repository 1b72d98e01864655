"""Chapter 2: answers, the mistakes that lead to others, hints."""

import numpy as np

from tinygen.course import Exercise

rng = np.random.default_rng(2)
SQUARES = [(rng.normal(size=(3, 3)), rng.normal(size=3)) for _ in range(2)]
MEANS = [(rng.normal(size=5), rng.normal(size=(3, 5)))]
MEANS += [(rng.normal(size=4), rng.normal(size=(4, 4)))]
P = rng.dirichlet([1.0, 2.0, 3.0, 4.0], size=2)
SOFT = [(rng.normal(size=4), P[0]), (rng.normal(size=(2, 4)), P)]
OUTER = [(rng.normal(size=(3, 4)), rng.normal(size=(3, 1)), rng.normal(size=(1, 4)))]
OUTER += [(rng.normal(size=(3, 3)), rng.normal(size=(3, 1)), rng.normal(size=(1, 3)))]


def by_loops(A, g):
    """A^T g."""
    out = np.zeros(A.shape[1])
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            out[j] += A[i, j] * g[i]
    return out


def softmax_vjp(g, p):
    """(diag(p) - p p^T) g, a row at a time."""
    return p * (g - np.sum(g * p, axis=-1, keepdims=True))


EXERCISES = (
    Exercise(
        "2.R1",
        truth=3,
        wrong={
            "x is used twice in x*x, and once more in 3x": 2,
            "a path is followed from x to L; count those of x*x too": 1,
        },
        hints=["Draw every arrow that leaves x."],
    ),
    Exercise(
        "2.R2",
        truth=7.0,
        wrong={
            "that is the value of 2x; the path through 3x is missing": 4.0,
            "only one of the two paths of x*x was counted": 5.0,
            "that is L itself": 10.0,
        },
        hints=["2x + 3."],
    ),
    Exercise(
        "2.R3",
        truth=1e-5,
        wrong={"at 1e-12 rounding, u|f|/h, is all that is left": 1e-12},
        hints=["Eq. (1.3): the cube root of 3u, about."],
        atol=0.0,
    ),
    Exercise(
        "2.E1",
        truth=by_loops,
        wrong={
            "that is A g: element j of x touches column j of A, not row j": (
                lambda A, g: A @ g
            ),
            "that makes a table of products; they must be added up over i": (
                lambda A, g: A * g[:, None]
            ),
            "that adds up A without g": lambda A, g: A.sum(axis=0),
        },
        hints=[
            "x[j] touches every y[i], with slope A[i, j].",
            "out[j] += A[i, j] * g[i]",
        ],
        at=SQUARES,
    ),
    Exercise(
        "2.E2",
        truth=lambda g, x: np.broadcast_to(g / len(x), x.shape),
        wrong={
            "that is the rule of the sum; the mean divides by N": (
                lambda g, x: np.broadcast_to(g, x.shape)
            ),
            "only N numbers go into each mean, not N times D": (
                lambda g, x: np.broadcast_to(g / x.size, x.shape)
            ),
            "that has the shape of m; every row of x gets it": lambda g, x: g / len(x),
        },
        hints=["What is the rule of the sum?", "Each x[n, d] moves m[d] by 1/N."],
        at=MEANS,
    ),
    Exercise(
        "2.E3",
        truth=lambda n, d: n,
        wrong={
            "each entry of the bias was repeated, once for each row": lambda n, d: 1,
            "that is the number of columns; the bias is repeated along the rows": (
                lambda n, d: d
            ),
            "that is the sum over all places; an entry gets those of its column": (
                lambda n, d: n * d
            ),
        },
        hints=["How often is each entry of the bias used?", "Once for every row."],
        given={"n": 64, "d": 10},
        text="A bias of shape (1, {d}) is added to x of shape ({n}, {d}), and L is the "
        "sum of all entries of the result. What number is in each place of the bias's "
        "gradient?",
        draw=lambda rng: {
            "n": int(rng.integers(20, 99)),
            "d": int(rng.integers(3, 19)),
        },
    ),
    Exercise(
        "2.E4",
        truth=0.5,
        wrong={
            "that is what Eq. (2.4) shares out; a difference looks left and right": 1
            / 3,
            "that is the slope to the right; to the left it is 0": 1.0,
            "that is the slope to the left; to the right it is 1": 0.0,
        },
        hints=["By how much does the maximum rise with one of them?  And fall?"],
    ),
    Exercise(
        "2.E5",
        truth=softmax_vjp,
        wrong={
            "that is the diagonal only: raising one x lowers the other p too": (
                lambda g, p: p * (1 - p) * g
            ),
            "that forgets p p^T": lambda g, p: p * g,
            "g must be weighted by p before it is summed": (
                lambda g, p: p * (g - np.sum(g, axis=-1, keepdims=True))
            ),
            "the sum runs over the last axis, not over all rows": (
                lambda g, p: p * (g - np.sum(g * p))
            ),
        },
        hints=[
            "p p^T g is p times a number, the dot product of p and g.",
            "p * (g - s)",
        ],
        at=SOFT,
    ),
    Exercise(
        "2.E6",
        truth=lambda g, a, b: (g * b).sum(axis=1, keepdims=True),
        wrong={
            "that has the shape of y: a was repeated, so its gradient is a sum": (
                lambda g, a, b: g * b
            ),
            "summed over the wrong axis: a was repeated along the columns": (
                lambda g, a, b: (g * b).sum(axis=0, keepdims=True)
            ),
            "the slope of ab with respect to a is b, not a": (
                lambda g, a, b: (g * a).sum(axis=1, keepdims=True)
            ),
            "the mean over the copies; Eq. (2.3) is a sum": (
                lambda g, a, b: (g * b).mean(axis=1, keepdims=True)
            ),
        },
        hints=["First as if there were no repeating.", "Then Eq. (2.3)."],
        at=OUTER,
    ),
)
