"""The checks of derivatives that every sample goes through, after those of `checks`."""

import numpy as np

from tinygen.testing import contract
from tinygen.testing.adjoint import adjoint_check
from tinygen.testing.cases import Case
from tinygen.testing.checks import NOT_APPLICABLE, apart, pull, told, weights
from tinygen.testing.gradcheck import gradcheck, gradgradcheck
from tinygen.testing.probe import Probe, random, signed
from tinygen.testing.registry import Kink

SMALL_STEP = 1e-20  # of the complex step: no difference is taken, nothing cancels


def gradient(case: Case):
    """T4: backward against differences."""
    if case.sample.extreme or not case.places:
        return NOT_APPLICABLE
    kinks = "onesided" if isinstance(case.sample, Kink) else "error"
    return gradcheck(
        case.call,
        case.tensors(),
        contract=False,
        kinks=kinks,
        seed=case.seed,
        raise_on_fail=False,
        subject=case.subject,
    )


def second_order(case: Case):
    """T5: the derivatives of the gradient, by the inputs and by the cotangent.

    With it: a symmetric Hessian, and the same first gradient when it is recorded.
    """
    if case.sample.extreme or not case.places or isinstance(case.sample, Kink):
        return NOT_APPLICABLE
    return gradgradcheck(
        case.call,
        case.tensors(),
        seed=case.seed,
        raise_on_fail=False,
        subject=case.subject,
    )


def contract_rule(rule):
    """A rule of the backward contract as a check of a case."""

    def check(case: Case):
        if not case.places:
            return NOT_APPLICABLE
        return rule(Probe(case.call, case.tensors()), random(case.seed))

    check.__doc__ = rule.__doc__
    return check


def adjoint(case: Case):
    """Of a linear op: <g, A x> = <A^T g, x>, exactly."""
    if not case.spec.linear or not case.places:
        return NOT_APPLICABLE
    return adjoint_check(
        case.call,
        case.tensors(),
        seed=case.seed,
        raise_on_fail=False,
        subject=case.subject,
    )


def complex_step(case: Case):
    """Backward against Im ref(x + i h u) / h, exact to rounding: a second oracle.

    It differentiates the reference, so it also catches a forward and a backward pass
    that are wrong in the same way.
    """
    if not case.spec.analytic or case.sample.extreme or not case.places:
        return NOT_APPLICABLE
    leaves = case.tensors()
    ys = case.outputs(*leaves)
    vs = weights(case, ys)
    grads = [
        np.zeros(x.shape) if g is None else g.data
        for x, g in zip(leaves, pull(case, leaves, ys, vs), strict=True)
    ]
    generator = random(case.seed)
    us = [signed(generator, x.shape) for x in leaves]
    pairs = zip(case.arrays, us, strict=True)
    moved = case.reference(*(x + 1j * SMALL_STEP * u for x, u in pairs))
    exact = sum((v * y.imag).sum() for v, y in zip(vs, moved, strict=True)) / SMALL_STEP
    products = [g * u for g, u in zip(grads, us, strict=True)]
    size = sum(abs(p).sum() for p in products)
    error = abs(sum(p.sum() for p in products) - exact)
    return [f"off by {error:.1e} on {size:.1e}"] * (not error <= 1e-12 * size)


def gradient_float32(case: Case):
    """T11: the float32 gradient is the float64 one, to its precision."""
    if case.sample.extreme or not case.places or isinstance(case.sample, Kink):
        return NOT_APPLICABLE
    grads = []
    for typed in (case.as_type("float32"), case):
        leaves = typed.tensors()
        grads.append(pull(typed, leaves, typed.outputs(*leaves)))
    return told("gradient, float32", apart(*grads, 1e-4))


def twin(case: Case):
    """A fused op equals the composite that defines it, in value and gradient."""
    op = case.spec.op
    if op is None or op.twin is None:
        return NOT_APPLICABLE
    how = [case.spec.fn, lambda *args, **kw: _by_twin(op, args, kw)]
    found = []
    for fn in how:
        leaves = case.tensors()
        ys = case.outputs(*leaves, fn=fn)
        found.append([*ys, *pull(case, leaves, ys)])
    return told("fused against composite", apart(*found, 1e-11))


def _by_twin(op, args, settings):
    arrays, settings = op.bind(args, settings)
    return op.twin(*arrays, **settings)


DERIVATIVES = {
    "gradient": gradient,
    **{name: contract_rule(rule) for name, rule in contract.CONTRACT.items()},
    "adjoint": adjoint,
    "complex step": complex_step,
    "gradient float32": gradient_float32,
    "twin": twin,
    "second order": second_order,
}
