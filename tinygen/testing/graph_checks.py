"""The checks of how gradients are put together: sharing, subsets, memory, freeing."""

import gc
from itertools import combinations

import numpy as np

from tinygen.testing.cases import Case
from tinygen.testing.checks import (
    NOT_APPLICABLE,
    ROUNDING,
    TWICE,
    apart,
    pull,
    terms,
    told,
    weights,
)
from tinygen.testing.registry import Kink


def subsets(case: Case):
    """T6: any subset of the inputs requiring grad gets the gradients of the whole."""
    count = len(case.places)
    if count < 2:
        return NOT_APPLICABLE
    leaves = case.tensors()
    full = pull(case, leaves, case.outputs(*leaves))
    problems = []
    for size in range(count):
        for wanted in combinations(range(count), size):
            leaves = case.tensors(wanted)
            found = pull(case, leaves, case.outputs(*leaves))
            difference = apart(found, [full[i] for i in wanted], ROUNDING)
            problems += told(f"only {wanted} require grad", difference)
    return problems


def same_twice(case: Case):
    """T12: f(x, x) has the sum of both gradients, also when these are recorded."""
    arrays = case.arrays
    pairs = [
        (i, j)
        for i, j in combinations(range(len(arrays)), 2)
        if arrays[i].shape == arrays[j].shape
    ]
    if not pairs or case.sample.extreme:
        return NOT_APPLICABLE
    i, j = pairs[0]
    arrays[j] = arrays[i].copy()
    leaves = case.tensors(arrays=arrays)
    each = pull(case, leaves, case.outputs(*leaves))
    parts = [each[k].data for k in (i, j) if each[k] is not None]
    expected = sum(parts) if parts else None
    problems = []
    for create_graph in (False, True):
        both = case.tensors(arrays=arrays)
        both[j] = both[i]
        ys = case.outputs(*both)
        found = pull(case, [both[i]], ys, create_graph=create_graph)
        problems += told("f(x, x)", apart(found, [expected], TWICE))
    return problems


def shared(case: Case):
    """T12: two branches and the tensor itself meet: the gradients add up."""
    if not case.places:
        return NOT_APPLICABLE
    leaves = case.tensors()
    once = pull(case, leaves, case.outputs(*leaves))
    again = case.tensors()
    ys = [*case.outputs(*again), *case.outputs(*again), *(x * 1.5 for x in again)]
    vs = weights(case, case.outputs(*case.tensors()))
    vs = [*vs, *vs, *(np.ones(x.shape) for x in again)]
    found = pull(case, again, ys, vs)
    expected = [
        np.full(x.shape, 1.5) if g is None else 2 * g.data + 1.5
        for g, x in zip(once, leaves, strict=True)
    ]
    return told("f(x) + f(x) + 1.5 x", apart(found, expected, ROUNDING))


LAYOUTS = {
    "reversed": lambda x: np.flip(np.flip(x).copy()),
    "transposed": lambda x: x.T.copy().T,
    "every other": lambda x: np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x,
    "read-only": lambda x: _read_only(x.copy()),
}


def _read_only(x):
    x.flags.writeable = False
    return x


def layouts(case: Case):
    """T7: strides of memory do not matter, nor whether it can be written."""
    if not case.places:
        return NOT_APPLICABLE
    leaves = case.tensors()
    ys = case.outputs(*leaves)
    grads = pull(case, leaves, ys)
    problems = []
    for name, layout in LAYOUTS.items():
        others = case.tensors(arrays=[layout(x) for x in case.arrays])
        zs, sizes = case.outputs(*others), terms(case, ys)
        problems += told(f"{name}, forward", apart(zs, ys, ROUNDING, sizes))
        problems += told(
            f"{name}, gradient", apart(pull(case, others, zs), grads, ROUNDING)
        )
    return problems


def freed(case: Case):
    """T18: the graph has no cycles: it is gone without the garbage collector."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        gc.collect(0)
        leaves = case.tensors()
        ys = case.outputs(*leaves)
        grads = pull(case, leaves, ys, create_graph=True)
        del leaves, ys, grads
        cycles = gc.collect(0)
    finally:
        if was_on:
            gc.enable()
    return [f"{cycles} objects were left in cycles"] * (cycles > 0)


def empty(case: Case):
    """T20: arrays without elements go forward and back."""
    if not any(x.size == 0 for x in case.arrays):
        return NOT_APPLICABLE
    leaves = case.tensors()
    grads = pull(case, leaves, case.outputs(*leaves))
    pairs = zip(grads, leaves, strict=True)
    return ["the gradient of an empty array has another shape"] * any(
        g is not None and g.shape != x.shape for g, x in pairs
    )


def kink(case: Case):
    """T16: at a kink the gradient is exactly the one that is documented."""
    if not isinstance(case.sample, Kink):
        return NOT_APPLICABLE
    leaves = case.tensors()
    ys = case.outputs(*leaves)
    found = pull(case, leaves, ys)
    expected = case.sample.gradient(*weights(case, ys))
    return told("convention at the kink", apart(found, expected, 1e-15))


GRAPH = {
    "subsets": subsets,
    "same twice": same_twice,
    "shared": shared,
    "layouts": layouts,
    "freed": freed,
    "empty": empty,
    "kink": kink,
}
