"""The checker checked: mistakes are found and named, what is right passes."""

import re

import numpy as np
import pytest

import tinygen as tg
from tinygen import functional as F
from tinygen.errors import ConfigError, DataError, DTypeError, GraphError
from tinygen.op import op
from tinygen.testing import (
    GradcheckError,
    adjoint_check,
    check_op,
    gradcheck,
    gradgradcheck,
    replay,
)
from tinygen.testing.report import FAIL, NONDIFFERENTIABLE, PASS


@pytest.fixture
def declare(monkeypatch):
    """A declared op that is forgotten after the test."""
    from tinygen import engine

    monkeypatch.setattr("tinygen.op.OPS", dict(engine.OPS))

    def make(forward, keep=None, **rules):
        call = op(forward, keep=keep)
        call.vjp(**rules)
        return call

    return make


def x_of(*shape, seed=0, low=-2.0, high=2.0):
    data = np.random.default_rng(seed).uniform(low, high, shape)
    return tg.tensor(data, requires_grad=True)


# -- what is right passes ----------------------------------------------------------


def test_a_right_gradient_passes_with_much_room():
    report = gradcheck(lambda x: tg.tanh(x) * x, [x_of(3, 5)])
    assert report.passed and report.verdict == PASS
    assert report.worst < 1e-9 and report.evaluations > 100
    assert "PASS" in str(report)


def test_both_orders_of_several_inputs():
    f = lambda a, b: tg.exp(a) @ b
    gradcheck(f, [x_of(3, 5), x_of(5, 2, seed=1)])
    gradgradcheck(f, [x_of(3, 5), x_of(5, 2, seed=1)])


def test_several_outputs():
    gradcheck(lambda x: tg.split(x * x, 3), [x_of(3, 5)])
    gradgradcheck(lambda x: (x.sum(), tg.sin(x)), [x_of(3, 5)])


def test_parameters_that_f_reaches_by_another_way():
    weight = x_of(5, 2)
    model = lambda x: tg.tanh(x @ weight)
    gradcheck(lambda x, w: model(x), [x_of(3, 5, seed=1), weight])
    gradgradcheck(lambda x, w: model(x), [x_of(3, 5, seed=1), weight])


def test_inputs_and_their_gradients_are_as_before():
    x = x_of(3)
    x.grad = tg.ones(3, dtype="float64")
    before, data = x.data, x.data.copy()
    gradcheck(tg.tanh, [x])
    assert x.data is before and np.array_equal(x.data, data)
    assert np.array_equal(x.grad.data, np.ones(3))


def test_integers_pass_through():
    labels = tg.tensor(np.array([2, 0, 1]))
    gradcheck(lambda x, i: x[i], [x_of(3, 5), labels])


@pytest.mark.parametrize("mode", ["auto", "full", "projection"])
@pytest.mark.parametrize("method", ["five-point", "ridders"])
def test_modes_and_methods(mode, method):
    assert gradcheck(tg.exp, [x_of(3, 5)], mode=mode, method=method).passed


def test_a_large_input_is_checked_along_directions_only():
    report = gradcheck(tg.sin, [x_of(10_000)])
    assert report.comparisons == 3 and report.evaluations < 60


# -- what is wrong fails, and is located -------------------------------------------


def test_the_message(declare):
    """As in the design: which input, which elements, a pattern, how to repeat it."""
    twice = declare(lambda x, /: np.tanh(x), x=lambda g, y, x: 2.0 * g * (1 - y * y))
    with pytest.raises(GradcheckError) as caught:
        gradcheck(twice, [x_of(2, 5)])
    text = str(caught.value)
    assert re.search(
        r"wrong gradient for input 0 'x' \(2, 5\): 10 of 10 elements", text
    )
    assert text.count("\n    (") == 5, "the table has the five worst elements"
    assert "index" in text and "backward" in text and "numeric" in text
    assert "backward / numeric = 2 for every element" in text
    assert "trustworthy" in text
    assert caught.value.report.verdict == FAIL


def test_one_wrong_element_of_two_hundred(declare):
    """A relative error of 1e-4 in a single element is seen."""

    def rule(g, y, x):
        factor = np.ones(x.shape)
        factor[3, 7] = 1.0001
        return g * factor

    f = declare(lambda x, /: x + 0.0, x=rule)
    with pytest.raises(GradcheckError, match=r"(?s)1 of 200 elements.*\(3, 7\)"):
        gradcheck(f, [x_of(20, 10)])


def test_wrong_elements_of_a_large_input_are_found_by_halving(declare):
    def rule(g, y, x):
        gx = g * 1.0
        gx[4321] *= 1.5
        gx[77] = 0.0
        return gx

    f = declare(lambda x, /: x * 1.0, x=rule)
    with pytest.raises(GradcheckError) as caught:
        gradcheck(f, [x_of(5000)])
    found = [c.index for c in caught.value.report.inputs[0].elements]
    assert found == [(77,), (4321,)]


def test_a_gradient_that_vanishes_under_ones(declare):
    """Softmax with no gradient at all passes with an all-ones cotangent, not here."""
    f = declare(
        lambda x, /: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
        x=lambda g, y, x: g * 0.0,
    )
    with pytest.raises(GradcheckError, match="no gradient flows"):
        gradcheck(f, [x_of(2, 5)])


def test_second_order_alone_can_be_wrong(declare):
    """The rule is right on arrays, but takes a value out of the graph."""
    f = declare(lambda x, /: x**3, x=lambda g, y, x: g * 3.0 * np.square(_plain(x)))
    gradcheck(f, [x_of(3)])
    with pytest.raises(GradcheckError, match="order 2"):
        gradgradcheck(f, [x_of(3)])


def _plain(x):
    return x.data if isinstance(x, tg.Tensor) else x


def test_nonfinite_gradients_fail():
    x = tg.tensor(np.array([0.0, 1.0]), requires_grad=True)
    with (
        np.errstate(all="ignore"),
        pytest.raises(GradcheckError, match="not finite"),
    ):
        gradcheck(tg.log, [x], contract=False)


def test_f_must_repeat():
    rng = np.random.default_rng(0)
    with pytest.raises(
        GradcheckError, match=r"not deterministic.*Fix: pass a fixed rng"
    ):
        gradcheck(lambda x: x * rng.random(), [x_of(3)])


# -- kinks -------------------------------------------------------------------------


def at(*values):
    return tg.tensor(np.array(values), requires_grad=True)


@pytest.mark.parametrize("value", [0.0, 1e-4, -3.9e-4])
def test_a_kink_is_neither_right_nor_wrong(value):
    """On the kink or within a step of it; abs has slope 0 there, as the mean of +-1."""
    for f in (tg.abs, F.relu):
        report = gradcheck(f, [at(value, 1.0)], raise_on_fail=False)
        assert report.verdict == NONDIFFERENTIABLE
        assert "(0,)" in str(report) and "kinks='onesided'" in str(report)


def test_onesided_accepts_what_lies_between(declare):
    gradcheck(tg.abs, [at(0.0, 1.0)], kinks="onesided")
    wrong = declare(lambda x, /: np.abs(x), x=lambda g, y, x: g * (1.5 - 3 * (x < 0)))
    with pytest.raises(GradcheckError):
        gradcheck(wrong, [at(0.0)], kinks="onesided")


def test_skip_skips_only_kinks(declare):
    gradcheck(tg.abs, [at(0.0, 1.0)], kinks="skip")
    wrong = declare(lambda x, /: np.abs(x), x=lambda g, y, x: g * 2.0)
    with pytest.raises(GradcheckError, match="1 of 2 elements"):
        gradcheck(wrong, [at(0.0, 1.0)], kinks="skip")


def test_a_sharp_but_smooth_function_is_no_kink():
    gradcheck(lambda x: 1000.0 * tg.tanh(x), [x_of(5)])
    gradcheck(lambda x: tg.sin(20.0 * x), [x_of(5)])
    gradcheck(lambda x: 1.0 / (x * x + 0.01), [at(0.0, 0.05, 0.7)])


# -- the contract ------------------------------------------------------------------


def mutating(g, y, x):
    g *= 2.0
    return g


CONTRACT_BREAKERS = {
    "backward changed cotangent 0": (lambda x, /: x * 2.0, mutating),
    "backward changed input 0": (
        lambda x, /: x * 2.0,
        lambda g, y, x: np.add(x, 1e-9, out=x) * 0.0 + 2.0 * g,
    ),
    "is not linear in the cotangent": (lambda x, /: x * 2.0, lambda g, y, x: g * g + g),
    "a zero cotangent gives": (lambda x, /: x * 2.0, lambda g, y, x: 2 * g + 1e-12),
    "gradient of input 0 is .*float32": (
        lambda x, /: x * 2.0,
        lambda g, y, x: (2.0 * g).astype("float32"),
    ),
}


@pytest.mark.parametrize("told", CONTRACT_BREAKERS)
def test_broken_contracts(declare, told):
    forward, rule = CONTRACT_BREAKERS[told]
    with pytest.raises(GradcheckError, match=told):
        gradcheck(declare(forward, x=rule), [x_of(3)])


def test_a_gradient_that_differs_the_second_time(declare):
    state = iter(np.linspace(1.0, 1.1, 100_000))
    f = declare(lambda x, /: x * 1.0, x=lambda g, y, x: g * next(state))
    with pytest.raises(GradcheckError, match="differs between two backward passes"):
        gradcheck(f, [x_of(3)])


def test_an_asymmetric_hessian(declare):
    """Recorded, the first gradient is off by a rotation."""
    f = declare(
        lambda x, /: 0.5 * (x * x),
        x=lambda g, y, x: g * tg.roll(x, 1) if isinstance(x, tg.Tensor) else g * x,
    )
    report = gradgradcheck(f, [x_of(3)], raise_on_fail=False)
    assert any("not symmetric" in v for v in report.violations)
    assert any("create_graph" in v for v in report.violations)


# -- adjoints ----------------------------------------------------------------------


def test_adjoint(declare):
    adjoint_check(lambda x: x.T.reshape(5, 3)[1:], [x_of(3, 5)])
    adjoint_check(lambda x: tg.pad(x, 2, value=1.5), [x_of(3, 5)])  # affine
    wrong = declare(lambda x, /: np.roll(x, 1), x=lambda g, y, x: np.roll(g, 1))
    with pytest.raises(GradcheckError, match="not the adjoint"):
        adjoint_check(wrong, [x_of(5)])
    with pytest.raises(GradcheckError, match="not linear"):
        adjoint_check(tg.sin, [x_of(5)])


# -- refusals ----------------------------------------------------------------------


def test_float32_is_refused_with_the_remedy():
    x = x_of(3).astype("float32").detach()
    x.requires_grad = True
    with pytest.raises(DTypeError, match=r"input 1 is float32.*x\.astype\('float64'\)"):
        gradcheck(tg.multiply, [x_of(3), x])


def test_other_refusals():
    x = x_of(3)
    with pytest.raises(ConfigError, match="no input requires grad"):
        gradcheck(tg.exp, [tg.tensor(np.ones(3))])
    with pytest.raises(ConfigError, match="input 1, which does not require grad"):
        gradcheck(tg.multiply, [x, tg.ones(3)], wrt=[1])
    with pytest.raises(DataError, match="non-finite"):
        gradcheck(tg.exp, [at(1.0, np.nan)])
    with pytest.raises(DataError, match="share memory"):
        gradcheck(tg.multiply, [x, tg.Tensor(x.data, x.node)])
    with pytest.raises(GraphError, match="ndarray, outside the graph"):
        gradcheck(lambda x: x.data * 2, [x])
    with pytest.raises(ConfigError, match=r"kinks='maybe'.*onesided"):
        gradcheck(tg.exp, [x], kinks="maybe")


# -- the suite ---------------------------------------------------------------------


def test_check_op_and_replay():
    reports = check_op("tanh")
    assert sum(r.checks for r in reports) > 100
    assert replay("tanh", sample=3, seed=5).checks > 20
    with pytest.raises(ConfigError, match="tanh"):
        check_op("tan")
    with pytest.raises(ConfigError, match="samples 1 to 7, got 8"):
        replay("tanh", sample=8)


def test_a_failure_names_op_sample_and_how_to_repeat_it(monkeypatch):
    rules = (lambda g, y, x: 2.0 * g * (1.0 - y * y),)
    monkeypatch.setattr(tg.tanh.op, "rules", rules)
    with pytest.raises(AssertionError) as caught:
        check_op("tanh")
    text = str(caught.value)
    assert "op 'tanh', sample 3/7 'shape (3, 5)', numpy float64" in text
    assert "input 0 'x'" in text
    assert "tinygen.testing.replay('tanh', sample=3, seed=0)" in text
