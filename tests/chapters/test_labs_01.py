"""Chapter 1: the failure lab still fails without its cure, and is cured by it."""

import numpy as np
import pytest

from chapters.tools.book import definitions


def test_last_gradient_wins():
    """x * z is right in both engines; x * x is half without the sum over paths."""
    code = definitions(1)
    value, backward = code["Value"], code["backward"]

    class Friend(value):
        def receive(self, g):
            self.grad = g

    for seed in range(3):
        number, other = np.random.default_rng(seed).uniform(0.5, 2, 2)
        for kind, share in ((Friend, 0.5), (value, 1.0)):
            x, z = kind(number), kind(other)
            backward(x * z)
            assert x.grad.number == pytest.approx(other, rel=1e-12)
            backward(x * x)
            assert x.grad.number == pytest.approx(share * 2 * number, rel=1e-12)


def test_closures_lose_what_they_captured():
    """The second derivative of x e^x is 2 e^x by closures, and (2 + x) e^x in truth."""
    code = definitions(1)
    value, node, backward = code["Value"], code["Node"], code["backward"]
    x = value(0.7)
    backward(x * code["exp"](x))
    backward(x.grad)
    assert x.grad.number == pytest.approx(2 * np.exp(0.7), rel=1e-12)
    x = node(0.7)
    (first,) = code["gradient"](x * code["apply"]("exp", x), x)
    (second,) = code["gradient"](first, x)
    assert second.number == pytest.approx(2.7 * np.exp(0.7), rel=1e-12)
