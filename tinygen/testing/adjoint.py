"""The exact test of linear maps: <g, A x> = <A^T g, x>.

Backward of a linear map A is multiplication by its transpose, and an inner product
tells a transpose from anything else.  No differences, so no step and no truncation.
"""

import numpy as np

from tinygen.backend import to_host, xp_of
from tinygen.testing.probe import Probe, random, signed
from tinygen.testing.report import GradcheckReport, Subject


def adjoint_check(
    f, inputs, *, wrt=None, seed=0, rtol=1e-12, raise_on_fail=True, subject=None
) -> GradcheckReport:
    """Check that backward of f, linear in all wanted inputs at once, is its adjoint.

    An affine f, A x + b, is checked by its linear part, f(x) - f(0).
    Raises GradcheckError unless <g, A x> and <A^T g, x> agree to rounding.
    """
    probe, generator = Probe(f, inputs, wrt), random(seed)
    report = GradcheckReport(subject or Subject.of(f))
    cotangents = probe.cotangents(generator)
    grads = probe.gradient_arrays(cotangents)
    arrays = [to_host(x) for x in probe.arrays]
    right = sum(float((g * x).sum()) for g, x in zip(grads, arrays, strict=True))
    left, size = _linear_part(probe, cotangents)
    size += sum(float(abs(g * x).sum()) for g, x in zip(grads, arrays, strict=True))
    if not abs(left - right) <= rtol * size:
        report.violations.append(
            f"not the adjoint: <g, A x> = {left:.15g}, <A^T g, x> = {right:.15g}"
        )
    report.violations += _not_linear(probe, generator, rtol)
    report.evaluations = probe.evaluations
    return report.raise_if_failed() if raise_on_fail else report


def _linear_part(probe, cotangents) -> tuple[float, float]:
    """<g, f(x) - f(0)> and the size of what is summed."""
    at_x = _outputs_at(probe, list(probe.arrays))
    at_0 = _outputs_at(probe, [0.0 * x for x in probe.arrays])
    pairs = zip(cotangents, at_x, at_0, strict=True)
    products = [to_host(v) * (y - zero) for v, y, zero in pairs]
    return sum(float(p.sum()) for p in products), sum(abs(p).sum() for p in products)


def _not_linear(probe, generator, rtol) -> list[str]:
    """f(x + u) - f(u) = f(x) - f(0), or a sentence."""
    arrays = list(probe.arrays)
    u = [xp_of(x).asarray(signed(generator, x.shape)) for x in arrays]
    points = (
        [x + d for x, d in zip(arrays, u, strict=True)],
        u,
        arrays,
        [0.0 * x for x in arrays],
    )
    each = [_outputs_at(probe, point) for point in points]
    for both, of_u, of_x, zero in zip(*each, strict=True):
        error = abs(both - of_u - of_x + zero).max(initial=0.0)
        size = max(abs(y).max(initial=0.0) for y in (both, of_u, of_x, zero))
        if not error <= rtol * size:
            return [
                f"f is not linear: f(x+u) - f(u) - f(x) + f(0) is up to {error:.1e}"
            ]
    return []


def _outputs_at(probe, arrays) -> list[np.ndarray]:
    """The outputs of f with other values in the wanted inputs."""
    origin = list(probe.arrays)
    leaves = [probe.inputs[i] for i in probe.wrt]
    try:
        for leaf, x in zip(leaves, arrays, strict=True):
            leaf.assign(xp_of(leaf.data).asarray(x))
        return [to_host(y.data) for y in probe.outputs()]
    finally:
        for leaf, x in zip(leaves, origin, strict=True):
            leaf.assign(x)
