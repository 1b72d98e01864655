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

The graph points one way, from results to inputs, so it has no cycles and is freed by
reference counting.  Nodes are numbered as they are made and are younger than their
inputs: decreasing number is an order for the backward pass, and nothing recurses.
"""

from contextlib import ContextDecorator
from itertools import count
from operator import attrgetter

from tinygen import explain
from tinygen.backend import device_of, xp_of

OPS: dict = {}  # every op, by name: the parameter list of the op tests
_next_order = count().__next__
_recording = True


class record(ContextDecorator):
    """Record ops, or not, within a `with` block or a decorated function."""

    def __init__(self, wanted: bool):
        self.wanted, self.before = wanted, []

    def __enter__(self):
        global _recording
        self.before.append(_recording)
        _recording = self.wanted

    def __exit__(self, *exception):
        global _recording
        _recording = self.before.pop()


class no_grad(record):
    """Record nothing: `with no_grad():` around code, or `@no_grad()` on a function."""

    def __init__(self):
        super().__init__(False)


class Node:
    """A place in the graph: a leaf (op is None), or one recorded call of an op."""

    __slots__ = ("data", "dtype", "grad", "op", "order", "out", "parents", "saved")
    __slots__ += ("settings", "shape")
    # parents: per argument its Node, or None where no gradient is wanted
    # saved:   per argument its array, or its Node where no rule needs the values
    # out:     y, or what a fused op saved; None where no rule needs it
    # data, grad: of a leaf, the array that the tensor holds, and dL/dleaf (a Tensor)

    def __init__(self, op, parents, saved, settings, out, y):
        self.op, self.parents, self.saved = op, parents, saved
        self.settings, self.out = settings, out
        self.shape, self.dtype = y.shape, y.dtype
        self.order = _next_order()

    ndim = property(lambda self: len(self.shape))


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
            self.node = Node(None, (), (), {}, None, self.data) if wanted else None
            if wanted:
                self.node.data, self.node.grad = self.data, None

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
        """Replace a leaf's array, as optimisers do.

        A graph that still needs the old values then refuses to run backward.
        """
        explain.check_assign(self, data)
        self.data = data
        if self.node is not None:
            self.node.data = data

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
    Raises GraphError if an input requires no grad or is not used by the outputs.
    """
    outputs, inputs = _listed(outputs), _listed(inputs)
    seeds = [None] * len(outputs) if grad_outputs is None else _listed(grad_outputs)
    nodes = _ancestors(outputs)
    explain.check_grad(outputs, inputs, seeds, set(nodes), allow_unused)
    wanted = [x.node for x in inputs]
    return _backward(outputs, seeds, nodes, wanted, create_graph, retain_graph)


def _listed(x) -> list:
    return list(x) if isinstance(x, (list, tuple)) else [x]


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
    useful = set(wanted)  # the nodes from which a wanted one can be reached
    for node in reversed(nodes):
        if not useful.isdisjoint(node.parents):
            useful.add(node)
    steps = [node for node in nodes if node in useful and node.op is not None]
    explain.check_fresh(steps)
    grads, keep = {}, set(wanted)
    pull = _pull_tensors if create_graph else _pull_arrays
    with record(create_graph):
        for output, seed in zip(outputs, seeds, strict=True):
            _accumulate(grads, output.node, seed if create_graph else seed.data)
        for node in steps:
            g = grads.get(node) if node in keep else grads.pop(node, None)
            if g is not None:
                needs = [parent in useful for parent in node.parents]
                for parent, gx in pull(node, g, needs):
                    _accumulate(grads, parent, gx)
    if not (create_graph if retain_graph is None else retain_graph):
        for node in steps:
            node.saved = node.out = None
    found = [grads.get(node) for node in wanted]
    return found if create_graph else _owned(found, seeds)


def _seed(output: Tensor, gradient) -> Tensor:
    """dL/doutput as a Tensor: one where it is left out."""
    if gradient is None:
        explain.check_scalar(output)
        return Tensor(xp_of(output.data).ones_like(output.data))
    seed = gradient if isinstance(gradient, Tensor) else Tensor(gradient)
    explain.check_seed(output, seed)
    return seed


def _accumulate(grads: dict, node: Node, g) -> None:
    """Sum gradients that meet at a node.  Never in place: another may hold the array."""
    before = grads.get(node)
    if g.shape != node.shape:  # an elementwise op had broadcast this argument
        g = OPS["sum_to"].call(g, shape=node.shape)
    grads[node] = g if before is None else before + g


def _pull_arrays(node: Node, g, needs) -> list:
    """(parent, dL/dparent) for each needed parent: first order, on raw arrays."""
    op, y, xs, settings = node.op, node.out, node.saved, node.settings
    if op.joint is not None:
        grads = op.joint(g, y, *xs, needs=needs, **settings)
        return [(p, gx) for p, gx, n in zip(node.parents, grads, needs) if n]
    rules = zip(node.parents, op.rules_for(xs), needs)
    return [(p, rule(g, y, *xs, **settings)) for p, rule, n in rules if n]


def _pull_tensors(node: Node, g, needs) -> list:
    """The same rules on Tensors, so that the gradients are recorded in turn."""
    op, parents, settings = node.op, node.parents, node.settings
    xs = [x if p is None or x is p else Tensor(x, p) for x, p in zip(node.saved, parents)]
    if op.twin is None:
        y = None if node.out is None else Tensor(node.out, node)
        rules = zip(parents, op.rules_for(xs), needs)
        return [(p, rule(g, y, *xs, **settings)) for p, rule, n in rules if n]
    # A fused op: differentiate its composite twin.  Each argument is aliased, since a
    # tensor passed twice would get the sum of its gradients in both places.
    xs = [OPS["alias"].call(x) if n else x for x, n in zip(xs, needs)]
    wanted = [x for x, n in zip(xs, needs) if n]
    grads = grad(op.twin(*xs, **settings), wanted, g, create_graph=True)
    return list(zip([p for p, n in zip(parents, needs) if n], grads, strict=True))


def _owned(arrays, seeds) -> list:
    """Each gradient as a Tensor with an array of its own, shared with no other."""
    taken, tensors = {id(seed.data) for seed in seeds}, []
    for g in arrays:
        if g is not None:
            view = not hasattr(g, "base") or g.base is not None
            g = g.copy() if view or id(g) in taken else g
            taken.add(id(g))
            g = Tensor(xp_of(g).asarray(g))
        tensors.append(g)
    return tensors
