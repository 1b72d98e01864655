"""Chapter 1: each equation by a second route that shares no code with the first."""

import math

import pytest

from chapters.tools.book import definitions


@pytest.fixture
def code():
    return definitions(1)


def test_1_1(code):
    """sin(x + h) - sin(x - h) = 2 cos x sin h, at every step."""
    for x, h in [(0.7, 0.9), (-1.3, 0.2), (2.1, 0.03)]:
        exact = math.cos(x) * math.sin(h) / h
        assert code["central"](math.sin, x, h) == pytest.approx(exact, rel=1e-12)


def test_1_2(code):
    """Measured errors stay below the bound, and come near it on both sides."""
    cases = [
        (math.exp, math.exp, math.exp, 1.0),
        (math.sin, math.cos, lambda x: -math.cos(x), 0.7),
        (math.log, lambda x: 1 / x, lambda x: 2 / x**3, 3.3),
    ]
    for f, slope, third, x in cases:
        nearest = {"truncation": 0.0, "rounding": 0.0}
        for k in range(90):
            h = 10.0 ** (-2 - k / 9)
            bound = code["expected_error"](h, f(x), third(x))
            share = abs(code["central"](f, x, h) - slope(x)) / bound
            assert share < 1.15  # functions are rounded a little worse than to half
            side = "truncation" if h > 1e-4 else "rounding"
            nearest[side] = max(nearest[side], share)
        assert nearest["truncation"] > 0.9 and nearest["rounding"] > 0.5


def test_1_3(code):
    """The minimum of the error, written out here, by golden-section search."""
    for f, f3 in [(2.0, 0.3), (0.7, 11.0), (-3.1, 1.9)]:
        error = lambda t, f=f, f3=f3: (
            math.exp(2 * t) / 6 * abs(f3) + 2.0**-53 * math.exp(-t) * abs(f)
        )
        low, high = math.log(1e-9), math.log(1e-2)
        golden = (math.sqrt(5) - 1) / 2
        for _ in range(80):
            a, b = high - golden * (high - low), low + golden * (high - low)
            low, high = (low, b) if error(a) < error(b) else (a, high)
        assert code["best_step"](f, f3) == pytest.approx(math.exp(low), rel=1e-6)


def test_1_4(code):
    """exp(exp(x) * z), against differences of the same thing in floats."""
    value, exp = code["Value"], code["exp"]
    for x, z in [(0.7, 0.3), (-0.4, 1.7)]:
        a, b = value(x), value(z)
        first = exp(a)
        second = first * b
        third = exp(second)
        third.grad = value(1.0)
        for y in (third, second, first):
            y.back()
        slope = lambda f, at: (f(at + 1e-5) - f(at - 1e-5)) / 2e-5
        by_x = slope(lambda t, z=z: math.exp(math.exp(t) * z), x)
        by_z = slope(lambda t, x=x: math.exp(math.exp(x) * t), z)
        assert a.grad.number == pytest.approx(by_x, rel=1e-8)
        assert b.grad.number == pytest.approx(by_z, rel=1e-8)


def paths(y, x):
    """The product of slopes along each path from y down to x, one by one."""
    if y is x:
        yield 1.0
    for slope, parent in getattr(y, "edges", ()):
        for rest in paths(parent, x):
            yield slope * rest


def test_1_5(code):
    """A graph with 2 to 29 paths to each value: the sum of all of them."""
    value, exp, backward = code["Value"], code["exp"], code["backward"]
    x = value(0.31)

    def mul(a, b):
        y = a * b
        y.edges = [(b.number, a), (a.number, b)]
        return y

    def add(a, b):
        y = a + b
        y.edges = [(1.0, a), (1.0, b)]
        return y

    squared = mul(x, x)
    grown = exp(squared)
    grown.edges = [(math.exp(squared.number), squared)]
    diamond = add(mul(grown, x), squared)
    y = add(mul(diamond, diamond), mul(diamond, x))
    backward(y)
    for inner in (diamond, grown, squared, x):
        listed = list(paths(y, inner))
        assert len(listed) > 2
        assert inner.grad.number == pytest.approx(sum(listed), rel=1e-12)


def test_1_6(code):
    """Four derivatives of x exp(x), of log x and of 1/x, in closed form."""
    node, apply, gradient = code["Node"], code["apply"], code["gradient"]

    def derivatives(f, x):
        x = node(x)
        y = f(x)
        for _ in range(4):
            (y,) = gradient(y, x)
            yield y.number

    t = 0.7
    grown = [(n + t) * math.exp(t) for n in (1, 2, 3, 4)]
    inverse = [-1 / t**2, 2 / t**3, -6 / t**4, 24 / t**5]
    logarithm = [1 / t, *inverse[:3]]
    found = lambda f: list(derivatives(f, t))
    assert found(lambda x: x * apply("exp", x)) == pytest.approx(grown, rel=1e-12)
    assert found(lambda x: apply("inverse", x)) == pytest.approx(inverse, rel=1e-12)
    assert found(lambda x: apply("log", x)) == pytest.approx(logarithm, rel=1e-12)
