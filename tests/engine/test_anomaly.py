"""The first op that made a NaN or an infinity is named, with the line of its call."""

import re
import sys

import numpy as np
import pytest

import tinygen as tg
from tinygen import functional as F
from tinygen.anomaly import FirstBad

NAN, INF = float("nan"), float("inf")


def leaf(*values):
    return tg.tensor(np.array(values, np.float32), requires_grad=True)


def penalty(x):
    """A gradient of a gradient: the second backward divides by zero."""
    (g,) = tg.grad(tg.sqrt(x * x).sum(), [x], create_graph=True)
    return (g * g).sum()


CASES = {
    "exp": (
        lambda x: tg.exp(x).sum(),
        r"^exp\(float32\(3,\)\) at test_anomaly.py:\d+: 1 ",
    ),
    "log": (lambda x: tg.log(x).sum(), r"^log\(.*: 1 of 3 numbers inf or NaN$"),
    "a rule": (
        lambda x: tg.sqrt(x).sum(),
        r"^the gradient of sqrt \(result \(3,\)\): 1 ",
    ),
    "0/0": (
        lambda x: (x / (x - x)).mean(),
        r"^divide\(float32\(3,\), float32\(3,\)\) at ",
    ),
    "a NaN given": (
        lambda x: (x * NAN).sum(),
        r"^multiply\(.*nan\).*, which was given 1 ",
    ),
    "a masked score": (
        lambda x: tg.exp(tg.where(x.data > 0, x, -INF)).sum(),
        r"^exp\(",
    ),
    "all scores masked": (
        lambda x: F.softmax(tg.where(x.data > 999, x, -INF), -1).sum(),
        r"^subtract\(",
    ),
    "second order": (penalty, r"^divide\(.*\) in the gradient of sqrt: 1 of 3"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_first_is_named(name):
    f, pattern = CASES[name]
    with np.errstate(all="ignore"), FirstBad() as found:
        f(leaf(0.0, 2.0, 100.0)).backward()
    assert found.told is not None
    assert re.search(pattern, found.told), found.told


def test_what_is_finite_is_passed_over():
    with FirstBad() as found:
        x = leaf(1.0, 2.0)
        F.softmax(tg.where(x.data > 1, x, -INF), -1)[1].backward()
    assert found.told is None


def test_the_line_of_a_layer_is_that_of_its_caller():
    with np.errstate(all="ignore"), FirstBad() as found:
        F.linear(leaf([1e30, 1e30]), leaf([1e30, 1e30]))
    assert "at test_anomaly.py" in found.told


def test_the_hook_is_taken_away_again():
    before = sys.getprofile()
    with pytest.raises(ZeroDivisionError), FirstBad():
        1 / 0  # noqa: B018
    assert sys.getprofile() is before
