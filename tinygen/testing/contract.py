"""What a backward pass must keep, whatever it computes.

Each rule gets a `Probe` and returns the sentences that say how it was broken.
"""

from itertools import combinations

import numpy as np

from tinygen.backend import device_of, to_host, xp_of
from tinygen.engine import Tensor, grad
from tinygen.testing.probe import Probe, signed

LINEAR = 1e-12
SYMMETRIC = 1e-10


def deterministic(probe: Probe, generator=None) -> list[str]:
    """Two evaluations at one point give the same bits."""
    for first, second in zip(probe.outputs(), probe.outputs(), strict=True):
        if not same_bits(first.data, second.data):
            a, b = to_host(first.data), to_host(second.data)
            text = "f is not deterministic"
            if a.shape == b.shape:
                worst = np.unravel_index(abs(a - b).argmax(), a.shape)
                place = tuple(int(k) for k in worst)
                text += f" (worst element {place}: {a[worst]:.6g}, then {b[worst]:.6g})"
            return [f"{text}. Fix: pass a fixed rng"]
    return []


def like_input(probe: Probe, generator) -> list[str]:
    """A gradient has its input's shape, dtype and device."""
    told = []
    found = probe.gradients(probe.cotangents(generator))
    for i, x, g in zip(probe.wrt, probe.arrays, found, strict=True):
        if g is None:
            continue
        if not isinstance(g, Tensor):
            told.append(f"gradient of input {i} is {type(g).__name__}, not a Tensor")
            continue
        wants = (x.shape, x.dtype, device_of(x))
        has = (g.shape, g.dtype, g.device)
        if has != wants:
            told.append(f"gradient of input {i} is {has}, the input {wants}")
    return told


def nothing_changed(probe: Probe, generator) -> list[str]:
    """Inputs, outputs and cotangents keep their bits; gradients share no memory.

    One pass serves both: the arrays to watch are the same.
    """
    inputs = [x.data for x in probe.inputs if isinstance(x, Tensor)]
    ys, vs = probe.outputs(), probe.cotangents(generator)
    watched = {
        **{f"input {i}": x for i, x in enumerate(inputs)},
        **{f"output {i}": y.data for i, y in enumerate(ys)},
        **{f"cotangent {i}": v for i, v in enumerate(vs)},
    }
    before = {name: array.copy() for name, array in watched.items()}
    found = _pull(probe, ys, vs)
    told = [
        f"backward changed {name} in place"
        for name, array in watched.items()
        if not same_bits(array, before[name])
    ]
    grads = {
        f"gradient of input {i}": g.data
        for i, g in zip(probe.wrt, found, strict=True)
        if g is not None
    }
    pairs = [(a, b) for a in grads for b in watched] + list(combinations(grads, 2))
    arrays = {**watched, **grads}
    return told + [
        f"{a} shares memory with {b}"
        for a, b in pairs
        if np.may_share_memory(to_host(arrays[a]), to_host(arrays[b]))
    ]


def _pull(probe, ys, vs) -> list:
    pairs = [(y, v) for y, v in zip(ys, vs, strict=True) if y.requires_grad]
    inputs = [probe.inputs[i] for i in probe.wrt]
    if not pairs:
        return [None for _ in inputs]
    ys, vs = zip(*pairs, strict=True)
    return grad(ys, inputs, vs, allow_unused=True)


def repeats(probe: Probe, generator) -> list[str]:
    """A second backward pass on a rebuilt graph gives the same bits."""
    cotangents = probe.cotangents(generator)
    pairs = zip(
        probe.gradient_arrays(cotangents),
        probe.gradient_arrays(cotangents),
        strict=True,
    )
    return [
        f"gradient of input {probe.wrt[i]} differs between two backward passes"
        for i, (a, b) in enumerate(pairs)
        if not same_bits(a, b)
    ]


def zero_gives_zero(probe: Probe, generator) -> list[str]:
    """A zero cotangent gives exactly zero."""
    found = probe.gradient_arrays([0.0 * v for v in probe.cotangents(generator)])
    return [
        f"a zero cotangent gives a gradient up to {abs(g).max():.1e} for input {i}"
        for i, g in zip(probe.wrt, found, strict=True)
        if g.any()
    ]


def linear_in_cotangent(probe: Probe, generator) -> list[str]:
    """vjp(a v + b w) = a vjp(v) + b vjp(w), to rounding: no differences needed."""
    (v, w), (a, b) = (probe.cotangents(generator) for _ in "vw"), (1.5, -0.75)
    mixed = [a * p + b * q for p, q in zip(v, w, strict=True)]
    each = [probe.gradient_arrays(c) for c in (v, w, mixed)]
    told = []
    for i, of_v, of_w, found in zip(probe.wrt, *each, strict=True):
        expected = a * of_v + b * of_w
        size = (abs(a * of_v) + abs(b * of_w)).max(initial=0.0)
        error = abs(found - expected).max(initial=0.0)
        if not error <= LINEAR * size:
            told.append(
                f"gradient of input {i} is not linear in the cotangent: error "
                f"{error:.1e} on {size:.1e}"
            )
    return told


def accumulated(probe: Probe, generator) -> list[str]:
    """backward() adds to .grad what grad() returns; integers and constants get None."""
    cotangents = probe.cotangents(generator)
    expected = probe.gradients(cotangents)
    leaves = [x for x in probe.inputs if isinstance(x, Tensor)]
    kept = [x.grad for x in leaves]
    try:
        for x in leaves:
            x.grad = None
        for y, v in zip(probe.outputs(), cotangents, strict=True):
            if y.requires_grad:
                y.backward(v, retain_graph=True)
        wanted = {
            id(probe.inputs[i]): g for i, g in zip(probe.wrt, expected, strict=True)
        }
        return _accumulation_errors(probe, wanted, len(cotangents) == 1)
    finally:
        for x, g in zip(leaves, kept, strict=True):
            x.grad = g


def _accumulation_errors(probe, wanted, exactly) -> list[str]:
    """How .grad of every input differs from what it should hold."""
    told = []
    for i, x in enumerate(probe.inputs):
        if not isinstance(x, Tensor) or (x.requires_grad and id(x) not in wanted):
            continue
        g = wanted.get(id(x))
        if (x.grad is None) != (g is None):
            told.append(f".grad of input {i} is {x.grad}, grad() gives {g}")
        elif g is not None and exactly and not same_bits(x.grad.data, g.data):
            told.append(f"backward() and grad() differ for input {i}")
    return told


CONTRACT = {
    "like input": like_input,
    "nothing changed": nothing_changed,
    "repeats": repeats,
    "zero gives zero": zero_gives_zero,
    "linear in cotangent": linear_in_cotangent,
    "accumulated": accumulated,
}


def violations(probe: Probe, generator) -> list[str]:
    """How the backward pass of a function breaks the contract, if it does."""
    return [text for rule in CONTRACT.values() for text in rule(probe, generator)]


def same_recorded(probe: Probe, generator) -> list[str]:
    """The gradient has the same bits whether or not it is recorded.

    A fused op is differentiated through its composite twin when recorded: there the
    two agree to rounding.
    """
    cotangents = probe.cotangents(generator)
    slack = LINEAR if _has_twin(probe) else 0.0
    told = []
    pairs = zip(
        probe.wrt,
        probe.gradients(cotangents),
        probe.gradients(cotangents, create_graph=True),
        strict=True,
    )
    for i, plain, recorded in pairs:
        if plain is None and recorded is None:
            continue
        a, b = to_host(plain.data), to_host(recorded.data)
        error = abs(a - b).max(initial=0.0)
        if a.shape != b.shape or not error <= slack * abs(a).max(initial=0.0):
            told.append(
                f"create_graph=True changes the gradient of input {i} by {error}"
            )
    return told


def _has_twin(probe: Probe) -> bool:
    """Whether some op that f uses is fused."""
    stack = [y.node for y in probe.outputs()]
    while stack:
        node = stack.pop()
        if node is not None:
            if node.op is not None and node.op.twin is not None:
                return True
            stack += node.parents
    return False


def symmetric(probe: Probe, generator) -> list[str]:
    """u . H w = w . H u for the Hessian H of L = sum(v * f): again no differences."""
    cotangents = probe.cotangents(generator)
    u, w = ([signed(generator, x.shape) for x in probe.arrays] for _ in "uw")
    of_u = hessian_product(probe, cotangents, u)
    of_w = hessian_product(probe, cotangents, w)
    one = [(a * b).sum() for a, b in zip(w, of_u, strict=True)]
    two = [(a * b).sum() for a, b in zip(u, of_w, strict=True)]
    size = sum(abs(a).sum() for a in (*of_u, *of_w))
    error = abs(sum(one) - sum(two))
    if error <= SYMMETRIC * size:
        return []
    return [f"the Hessian is not symmetric: u.Hw - w.Hu = {error:.1e} on {size:.1e}"]


def hessian_product(probe: Probe, cotangents, direction) -> list[np.ndarray]:
    """H times a direction, by differentiating g . direction."""
    zeros = [np.zeros(x.shape) for x in probe.arrays]
    pairs = zip(probe.gradients(cotangents, create_graph=True), direction, strict=True)
    pairs = [
        (g, xp_of(g.data).asarray(d))
        for g, d in pairs
        if g is not None and g.requires_grad
    ]
    if not pairs:
        return zeros
    gs, ds = zip(*pairs, strict=True)
    inputs = [probe.inputs[i] for i in probe.wrt]
    found = grad(gs, inputs, ds, allow_unused=True)
    pairs = zip(found, zeros, strict=True)
    return [zero if g is None else to_host(g.data) for g, zero in pairs]


def same_bits(a, b) -> bool:
    """Whether two arrays are equal bit by bit (a nan equals itself, 0 is not -0)."""
    a, b = to_host(a), to_host(b)
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
