"""What is checked of every sample: each check is one function of a `Case`.

A check returns the sentences that say what is wrong, none if all is well, or
NOT_APPLICABLE.  Here are those of values; `graph_checks` and `derivatives` have more.
"""

from itertools import product

import numpy as np

from tinygen.backend import rng
from tinygen.engine import Tensor, grad
from tinygen.recording import no_grad
from tinygen.testing.cases import Case
from tinygen.testing.contract import same_bits
from tinygen.testing.graphs import floats_in_graph
from tinygen.testing.probe import signed

NOT_APPLICABLE = None
ROUNDING = 1e-13  # the same sum in another order
TWICE = 1e-11  # the same by another formula, as a fused op and its composite
SINGLE = 2e-6  # and in float32


def weights(case: Case, ys) -> list[np.ndarray]:
    """A random cotangent for each output, of its dtype."""
    generator = rng(case.seed, "cotangents")
    return [signed(generator, y.shape).astype(y.dtype) for y in ys]


def pull(case: Case, leaves, ys, vs=None, **how) -> list:
    """The gradients of sum(ys * vs) by the leaves that require grad."""
    vs = weights(case, ys) if vs is None else vs
    pairs = [(y, v) for y, v in zip(ys, vs, strict=True) if y.requires_grad]
    wanted = [x for x in leaves if x.requires_grad]
    if not pairs:
        return [None for _ in wanted]
    ys, vs = zip(*pairs, strict=True)
    return grad(ys, wanted, vs, allow_unused=True, **how)


def apart(a, b, rtol: float, sizes=None) -> str:
    """How two lists of arrays differ, relative to the largest element; "" if not.

    sizes : arrays whose largest elements stand for the terms of a sum that cancels
    """
    for i, (x, z, size) in enumerate(zip(a, b, sizes or b, strict=True)):
        if x is None or z is None:
            if x is not z:
                return f"number {i} is {x} against {z}"
            continue
        x, z = (np.asarray(getattr(t, "data", t)) for t in (x, z))
        if x.shape != z.shape:
            return f"number {i} has shape {x.shape} against {z.shape}"
        size = np.abs(np.asarray(getattr(size, "data", size))).max(initial=0.0)
        size = max(np.abs(z).max(initial=0.0), size)
        with np.errstate(invalid="ignore"):  # inf - inf: equal infinities are equal
            error = np.where(x == z, 0.0, np.abs(x - z)).max(initial=0.0)
        if not error <= rtol * size:
            return f"number {i} is off by {error:.1e} on {size:.1e}"
    return ""


def terms(case: Case, expected) -> list[np.ndarray]:
    """What the rounding errors of a result are relative to: of sums, sums of sizes."""
    if not case.spec.linear:
        return expected
    return case.reference(*(abs(x) for x in case.arrays))


def told(where: str, difference: str) -> list[str]:
    """The complaints of a check: one, or none where there is no difference."""
    return [f"{where}: {difference}"] if difference else []


def forward(case: Case):
    """T1: the values are those of the plain NumPy reference."""
    ys, expected = case.outputs(*case.tensors()), case.reference(*case.arrays)
    return told("forward", apart(ys, expected, case.spec.rtol, terms(case, expected)))


def forward_float32(case: Case):
    """T1: and in float32, to its precision."""
    case = case.as_type("float32")
    wide = case.reference(*(x.astype(np.float64) for x in case.arrays))
    ys = case.outputs(*case.tensors())
    rtol = SINGLE * case.spec.rtol / ROUNDING
    return told("forward, float32", apart(ys, wide, rtol, terms(case, wide)))


def one_dtype(case: Case):
    """T2: float32 stays float32 in results, graph and gradients; so does float64."""
    if not case.places or case.spec.casts:
        return NOT_APPLICABLE
    problems = []
    for dtype in ("float32", "float64"):
        leaves = case.as_type(dtype).tensors()
        ys = case.as_type(dtype).outputs(*leaves)
        plain = pull(case, leaves, ys, retain_graph=True)
        grads = pull(case, leaves, ys, create_graph=True)
        for g in [t for t in (*ys, *plain, *grads) if t is not None]:
            found = {str(a.dtype) for a in floats_in_graph(g)} | {str(g.dtype)}
            if g.dtype.kind == "f" and found != {dtype}:
                problems.append(
                    f"{dtype} in, {sorted(found)} in the result or its graph"
                )
    return problems


def shapes(case: Case):
    """T3: the reference's shapes; and plain arrays give the same bits as tensors."""
    ys, expected = case.outputs(*case.tensors()), case.reference(*case.arrays)
    problems = [
        f"shape {y.shape}, expected {e.shape}"
        for y, e in zip(ys, expected, strict=True)
        if y.shape != e.shape
    ]
    plain = case.outputs(*case.arrays)
    for y, array in zip(ys, plain, strict=True):
        if isinstance(array, Tensor) and case.places:
            problems.append("plain arrays give a tensor")
        elif not same_bits(y.data, np.asarray(getattr(array, "data", array))):
            problems.append("plain arrays do not give the values that tensors give")
    return problems


def no_alias(case: Case):
    """T9: the result shares no memory with an argument, unless the op may give a view.

    An op that may must still not change its argument: see `nothing changed`.
    """
    if case.spec.views:
        return NOT_APPLICABLE
    leaves = case.tensors()
    pairs = product(case.outputs(*leaves), leaves)
    return ["the result shares memory with an argument"] * any(
        y is not x and np.may_share_memory(y.data, x.data) for y, x in pairs
    )


def repeatable(case: Case):
    """T10: the same arguments give the same bits."""
    pairs = zip(
        case.outputs(*case.tensors()), case.outputs(*case.tensors()), strict=True
    )
    return ["two calls differ"] * (not all(same_bits(a.data, b.data) for a, b in pairs))


def records_nothing(case: Case):
    """T13: under no_grad nothing is recorded, and the values are the same."""
    with no_grad():
        ys = case.outputs(*case.tensors())
    problems = ["recorded under no_grad"] * any(
        y.node is not None and not y.is_leaf for y in ys
    )
    pairs = zip(ys, case.outputs(*case.tensors()), strict=True)
    same = all(same_bits(a.data, b.data) for a, b in pairs)
    return problems + ["no_grad changes the values"] * (not same)


def quiet(case: Case):
    """T17: no warning, and nothing that is not finite, in either direction."""
    problems = []
    for dtype in ("float64", "float32"):
        with np.errstate(all="raise", under="ignore"):
            try:
                typed = case.as_type(dtype)
                leaves = typed.tensors()
                ys = typed.outputs(*leaves)
                grads = pull(typed, leaves, ys)
            except FloatingPointError as error:
                problems.append(f"{dtype}: {error}")
                continue
        found = [y.data for y in ys] + [g.data for g in grads if g is not None]
        if not all(np.isfinite(a).all() for a in found):
            problems.append(f"{dtype}: a result or gradient is not finite")
    return problems


def other_names(case: Case):
    """T19: method, operator and function are the same."""
    if not case.spec.also:
        return NOT_APPLICABLE
    ys = case.outputs(*case.tensors())
    problems = []
    for fn in case.spec.also:
        zs = case.outputs(*case.tensors(), fn=fn)
        if not all(same_bits(y.data, z.data) for y, z in zip(ys, zs, strict=True)):
            problems.append(f"{fn} gives other values")
    return problems


VALUES = {
    "forward": forward,
    "forward float32": forward_float32,
    "one dtype": one_dtype,
    "shapes": shapes,
    "no alias": no_alias,
    "repeatable": repeatable,
    "records nothing": records_nothing,
    "quiet": quiet,
    "other names": other_names,
}
