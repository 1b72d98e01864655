"""Reverse-mode automatic differentiation, all of it.

A `Tensor` is an array and its place in a graph.  An op is a function on arrays and one
rule per argument; a rule sees g = dL/dy, y, the op's inputs and its settings, and is
written with functions and operators that take arrays and Tensors alike:

    @op(keep="x")
    def log(x, /):
        return xp_of(x).log(x)
    log.vjp(x=lambda g, y, x: g / x)

First-order backward runs the rules on raw arrays.  `create_graph=True` runs the same
lines on Tensors, so the gradient is itself recorded and can be differentiated again:
second and higher orders are right because the first is.

The graph points one way, from results to inputs: it has no cycles and is freed by
reference counting.  Nodes are numbered as they are made, so decreasing number is an
order for the backward pass, and nothing recurses.
"""

from itertools import count
from operator import attrgetter

from tinygen import explain
from tinygen.backend import device_of, one_like, xp_of
from tinygen.recording import record

OPS: dict = {}  # every op, by name: the parameter list of the op tests
_next_order = count().__next__


class Node:
    """A place in the graph: a leaf (op is None), or one recorded call of an op."""

    __slots__ = ("op", "order", "out", "parents", "saved", "settings", "shape")
    # parents: per argument its Node, or None where no gradient is wanted
    # saved:   per argument its array, or its Node where no rule needs the values
    # out:     y, or what a fused op saved, or None

    def __init__(self, op, parents, saved, settings, out, shape):
        self.op, self.parents, self.saved = op, parents, saved
        self.settings, self.out, self.shape = settings, out, shape
        self.order = _next_order()

    ndim = property(lambda self: len(self.shape))


class Leaf(Node):
    """The place of a tensor that no op made: it holds the gradient."""

    __slots__ = ("data", "grad")

    def __init__(self, data):
        super().__init__(None, (), (), None, None, data.shape)
        self.data, self.grad = data, None


class Tensor:
    """An array and its place in the graph.  Make one with `tinygen.tensor`."""

    __slots__ = ("__weakref__", "data", "node")
    __array_ufunc__ = None  # so that NumPy leaves `array + tensor` to Tensor.__radd__

    def __init__(self, data, node: Node | None = None):
        self.data = data
        self.node = node

    shape = property(lambda self: self.data.shape)
    ndim = property(lambda self: self.data.ndim)
    size = property(lambda self: self.data.size)
    dtype = property(lambda self: self.data.dtype)
    device = property(lambda self: device_of(self.data))
    is_leaf = property(lambda self: self.node is None or self.node.op is None)

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this tensor.  Can be set on a leaf."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool):
        explain.check_leaf(self, wanted)
        if wanted != self.requires_grad:
            self.node = Leaf(self.data) if wanted else None

    @property
    def grad(self) -> "Tensor | None":
        """The gradient that `backward` summed here; None except on leaves."""
        return self.node.grad if self.node is not None and self.is_leaf else None

    @grad.setter
    def grad(self, value):
        explain.check_leaf(self)
        if self.node is not None:
            self.node.grad = value

    def assign(self, data) -> None:
        """Replace a leaf's array, as optimisers do; it is moved to the leaf's device.

        A graph that still needs the old values then refuses to run backward.
        """
        self.data = data = explain.check_assign(self, data)
        if self.node is not None:
            self.node.data, self.node.order = data, _next_order()

    def detach(self) -> "Tensor":
        """The same values, outside the graph."""
        return Tensor(self.data)

    def backward(self, gradient=None, create_graph=False, retain_graph=None) -> None:
        """Add dL/dx to `x.grad` for every leaf x that this tensor depends on.

        gradient : dL/dself, of this tensor's shape; may be left out for one element.
        Frees the graph unless `retain_graph` (default: the value of `create_graph`).
        """
        nodes = _ancestors([self])
        leaves = [node for node in nodes if node.op is None]
        grads = _backward([self], [gradient], nodes, leaves, create_graph, retain_graph)
        with record(create_graph):
            for leaf, g in zip(leaves, grads, strict=True):
                leaf.grad = g if leaf.grad is None else leaf.grad + g


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    create_graph=False,
    allow_unused=False,
    retain_graph=None,
) -> list[Tensor | None]:
    """The gradients of sum(outputs * grad_outputs) with respect to `inputs`, a list.

    outputs, inputs : a Tensor, or a sequence of Tensors
    grad_outputs : dL/doutputs, shapes as `outputs`; may be left out for one element
    create_graph : record the gradients too, so that they can be differentiated
    allow_unused : None for an input that the outputs do not depend on, not an error
    Raises GraphError if an input is no Tensor, requires no grad, or is not used.
    """
    outputs = explain.tensors(outputs, "output")
    inputs = explain.tensors(inputs, "input")
    empty = [None] * len(outputs)
    seeds = empty if grad_outputs is None else explain.listed(grad_outputs)
    nodes = _ancestors(outputs)
    explain.check_grad(outputs, inputs, seeds, set(nodes), allow_unused)
    wanted = [x.node for x in inputs]
    return _backward(outputs, seeds, nodes, wanted, create_graph, retain_graph)


def _ancestors(outputs) -> list[Node]:
    """Every node that the outputs depend on, newest first."""
    stack = [t.node for t in outputs if t.node is not None]
    seen = set(stack)
    while stack:
        for parent in stack.pop().parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return sorted(seen, key=attrgetter("order"), reverse=True)


def _backward(outputs, seeds, nodes, wanted, create_graph, retain_graph) -> list:
    """dL/dnode of each wanted node, a Tensor or None, given dL/doutputs."""
    seeds = [_seed(y, g) for y, g in zip(outputs, seeds, strict=True)]
    useful = _leading_to(wanted, nodes)
    steps = [node for node in nodes if node.op is not None and node in useful]
    explain.check_unchanged(nodes, steps)
    free = not (create_graph if retain_graph is None else retain_graph)
    keep, grads = set(wanted), {}
    sweep = _sweep_tensors if create_graph else _sweep_arrays
    with record(create_graph):
        for output, seed in zip(outputs, seeds, strict=True):
            _add(grads, output.node, seed if create_graph else seed.data)
        sweep(steps, useful, keep, grads, free)
    found = [grads.get(node) for node in wanted]
    return found if create_graph else _owned(found, seeds)


def _leading_to(wanted, nodes) -> set[Node]:
    """The nodes that lead to a wanted one: all, if all leaves are wanted."""
    useful = set(wanted)
    if all(node.op is not None or node in useful for node in nodes):
        return set(nodes)
    for node in reversed(nodes):
        if not useful.isdisjoint(node.parents):
            useful.add(node)
    return useful


def _seed(output: Tensor, gradient) -> Tensor:
    """dL/doutput as a Tensor: one where it is left out."""
    if gradient is None:
        explain.check_scalar(output)
        return Tensor(one_like(output.data))
    seed = gradient if isinstance(gradient, Tensor) else Tensor(gradient)
    explain.check_seed(output, seed)
    return seed


def _add(grads: dict, node: Node, g) -> None:
    """Sum gradients that meet at a node; never in place, another may hold the array."""
    if g.shape != node.shape:  # an elementwise op had broadcast this argument
        g = OPS["sum_to"].call(g, shape=node.shape)
    grads[node] = grads[node] + g if node in grads else g


def _sweep_arrays(steps, useful, keep, grads, free) -> None:
    """Send gradients from results to arguments: first order, on raw arrays.

    The hot loop of every backward pass.  For two arguments, the commonest case, `_add`
    is written out in it: a chain of small ops is then a sixth faster.
    """
    sum_to = OPS["sum_to"].call
    for node in steps:
        op, y, xs, settings = node.op, node.out, node.saved, node.settings
        g = grads.get(node) if node in keep else grads.pop(node, None)
        if free:
            node.saved = node.out = None
        if g is None:
            continue
        rules = op.rules or op.rules_for(xs)
        if rules is None:
            _pull_joint(node, g, y, xs, useful, grads)
            continue
        if op.binary:
            (p, q), (a, b), (rule_p, rule_q) = node.parents, xs, rules
            if p in useful:
                gp = rule_p(g, y, a, b)
                gp = gp if gp.shape == p.shape else sum_to(gp, shape=p.shape)
                grads[p] = grads[p] + gp if p in grads else gp
            if q in useful:
                gq = rule_q(g, y, a, b)
                gq = gq if gq.shape == q.shape else sum_to(gq, shape=q.shape)
                grads[q] = grads[q] + gq if q in grads else gq
            continue
        for parent, rule in zip(node.parents, rules):  # noqa: B905
            if parent in useful:
                _add(grads, parent, rule(g, y, *xs, **(settings or {})))


def _pull_joint(node, g, y, xs, useful, grads) -> None:
    """The gradients of a fused op, all from one rule."""
    needs = [parent in useful for parent in node.parents]
    parts = node.op.joint(g, y, *xs, needs=needs, **(node.settings or {}))
    for parent, gx in zip(node.parents, parts, strict=True):
        if parent in useful:
            _add(grads, parent, gx)


def _sweep_tensors(steps, useful, keep, grads, free) -> None:
    """The same rules on Tensors, so that the gradients are recorded in turn."""
    for node in steps:
        op, parents, settings = node.op, node.parents, node.settings or {}
        g = grads.get(node) if node in keep else grads.pop(node, None)
        if g is None:
            continue
        xs = [
            x if parent is None or x is parent else Tensor(x, parent)
            for x, parent in zip(node.saved, parents, strict=True)
        ]
        y = None if node.out is None else Tensor(node.out, node)
        if free:
            node.saved = node.out = None
        if op.twin is not None:
            _pull_twin(node, g, xs, useful, grads)
            continue
        for parent, rule in zip(parents, op.rules_for(xs), strict=True):
            if parent in useful:
                _add(grads, parent, rule(g, y, *xs, **settings))


def _pull_twin(node, g, xs, useful, grads) -> None:
    """Differentiate a fused op's composite twin.

    Each argument gets an alias: a tensor passed twice would otherwise receive the sum
    of both its gradients in each place.
    """
    needed = [i for i, parent in enumerate(node.parents) if parent in useful]
    for i in needed:
        xs[i] = OPS["alias"].call(xs[i])
    y = node.op.twin(*xs, **(node.settings or {}))
    parts = grad(y, [xs[i] for i in needed], g, create_graph=True)
    for i, gx in zip(needed, parts, strict=True):
        _add(grads, node.parents[i], gx)


def _owned(arrays, seeds) -> list:
    """Each gradient as a Tensor with an array of its own, shared with no other."""
    taken, tensors = {id(seed.data) for seed in seeds}, []
    for g in arrays:
        if g is not None:
            view = not hasattr(g, "base") or g.base is not None
            g = g.copy(order="K") if view or id(g) in taken else g
            taken.add(id(g))
            g = Tensor(xp_of(g).asarray(g))
        tensors.append(g)
    return tensors
