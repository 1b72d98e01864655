"""Every check on every sample of every op and public function."""

import importlib
import pkgutil

import pytest

import tinygen
import tinygen.functional
import tinygen.ops
from tinygen.engine import OPS
from tinygen.testing.cases import cases
from tinygen.testing.graphs import ops_in
from tinygen.testing.registry import Kink, uncovered_functions, uncovered_ops
from tinygen.testing.suite import SPECS, run

CASES = [case for spec in SPECS.values() for case in cases(spec)]


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.spec.name}-{c.number}")
def test_sample(case, record_property):
    report = run(case)
    record_property("checks", report.checks)
    assert not report.problems, str(report)


def test_every_op_and_function_has_samples():
    """The registry is the parameter list: nothing is left out, nothing is skipped."""
    for package in (tinygen.ops, tinygen.functional):  # all that declare ops
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)
    missing = uncovered_ops()
    missing += uncovered_functions(tinygen.ops)
    missing += uncovered_functions(tinygen.functional)
    assert not missing, f"declare samples in tinygen/testing/samples for {missing}"


@pytest.mark.parametrize("name", sorted(OPS))
def test_samples_of_an_op_record_it(name):
    """Samples declared for an op do use it, with a gradient for some argument."""
    specs = [s for s in SPECS.values() if s.name == name or name in s.covers]
    for spec in specs:
        for case in cases(spec):
            if any(name in ops_in(y) for y in case.outputs(*case.tensors())):
                return
    pytest.fail(f"no sample of {[s.name for s in specs]} records op {name!r}")


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda s: s.name)
def test_samples_are_telling(spec):
    """Sizes that differ, size 0, and no tolerance without its reason."""
    shapes = [tuple(a.shape) for s in spec.samples for a in s.draws()]
    wide = [{n for n in shape if n > 1} for shape in shapes if len(shape) > 1]
    assert not wide or any(len(sizes) > 1 for sizes in wide), "all sizes are equal"
    assert spec.exempt or any(0 in shape for shape in shapes), "no sample of size 0"
    assert spec.rtol == 1e-13 or spec.rtol_reason, "a tolerance without a reason"


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda s: s.name)
def test_every_op_is_checked_to_second_order(spec):
    smooth = [s for s in spec.samples if not (s.extreme or isinstance(s, Kink))]
    assert smooth or spec.name == "time_embedding"


KINKED = "abs clip elu l1_loss leaky_relu max max_pool2d maximum min minimum power relu"
KINKED += " global_max_pool2d"


@pytest.mark.parametrize("name", KINKED.split())
def test_kinks_are_sampled(name):
    assert any(isinstance(sample, Kink) for sample in SPECS[name].samples)
