"""Declaring ops: a forward on arrays, and a rule for each argument.

    @op(keep="y")
    def exp(x, /):
        return xp_of(x).exp(x)

    exp.vjp(x=lambda g, y, x: g * y)

The parameters before the slash are the arrays (or `*xs` for any number of them), those
after it the settings.  `keep` names what the rules need the values of: argument names,
and "y" for the result.  A rule gets only the shape and ndim of the rest, so the graph
does not hold memory that nobody will read.
"""

import inspect
from collections.abc import Callable
from functools import partial, update_wrapper

import numpy as np

from tinygen import explain, recording
from tinygen.engine import OPS, Node, Tensor

_float64 = np.dtype("float64")


class Op:
    """One entry of the registry: how an op is computed and differentiated."""

    def __init__(self, forward: Callable, keep: str | None, **facts):
        parameters = list(inspect.signature(forward).parameters.values())
        kinds = inspect.Parameter
        self.name = forward.__name__.strip("_")
        self.forward = forward
        self.arrays = [p.name for p in parameters if p.kind is kinds.POSITIONAL_ONLY]
        self.variadic = any(p.kind is kinds.VAR_POSITIONAL for p in parameters)
        after = parameters[1 if self.variadic else len(self.arrays) :]
        self.settings = [p.name for p in after]
        self.defaults = {p.name: p.default for p in after if p.default is not p.empty}
        self.optional = sum(p.default is None for p in parameters[: len(self.arrays)])
        self.twin: Callable | None = facts.pop("twin", None)
        kept = [*self.arrays, "y", "xs"] if keep is None else keep.split()
        if self.twin is not None:  # which is evaluated anew, from all arguments
            kept += self.arrays
        self.keeps = tuple(name in kept for name in self.arrays)
        self.keeps_xs, self.keeps_y = "xs" in kept, "y" in kept
        self.rules: tuple = ()  # one for each argument; empty if variadic
        self.each: Callable | None = None  # the one rule of a variadic op
        self.joint: Callable | None = None
        self.linear: bool = facts.pop("linear", False)
        self.views: bool = facts.pop("views", False)
        self.casts: bool = facts.pop("casts", False)
        self.saves: bool = facts.pop("saves", False)
        if facts:
            raise TypeError(f"op {self.name}: unknown facts {sorted(facts)}")

    def vjp(self, *rule, **rules: Callable) -> None:
        """State the rules: by argument name, or one for all of a variadic op.

        rule(g, y, *arrays, **settings) -> dL/dargument; of a variadic op it also gets
        `position`, the index of the argument.
        """
        unknown = set(rules) - set(self.arrays)
        if unknown or (rule and not self.variadic):
            raise TypeError(f"op {self.name}: no such arguments: {sorted(unknown)}")
        missing = partial(explain.no_derivative, self.name)
        self.each = rule[0] if rule else None
        self.rules = tuple(rules.get(name, missing) for name in self.arrays)

    def vjp_joint(self, rule: Callable) -> None:
        """State one rule for all arguments of a fused op (first order only).

        rule(g, y, *arrays, needs, **settings) -> a gradient, or None, per argument;
        higher orders differentiate the op's twin.
        """
        if self.twin is None:
            raise TypeError(f"op {self.name}: a joint rule needs a twin")
        self.joint = rule

    def rules_for(self, xs):
        """The rule of each argument; None if one rule gives all gradients."""
        if self.joint is not None:
            return None
        if self.variadic:
            return [partial(self.each, position=i) for i in range(len(xs))]
        return self.rules

    def bind(self, args, settings):
        """Positional settings moved to their names, defaults filled in."""
        arity = len(args) if self.variadic else len(self.arrays)
        if arity - self.optional <= len(args) < arity:
            args = (*args, *[None] * (arity - len(args)))
        if not arity <= len(args) <= arity + len(self.settings):
            takes = ", ".join(self.arrays + self.settings)
            raise TypeError(
                f"{self.name}({takes}) got {len(args)} positional arguments"
            )
        given = dict(zip(self.settings, args[arity:], strict=False))
        return args[:arity], {**self.defaults, **given, **settings}

    def saved(self, values, parents):
        """What the graph holds of each argument: its array, or a node for its shape."""
        keeps = self.keeps if self.keeps else [self.keeps_xs] * len(values)
        rows = zip(keeps, values, parents, strict=True)
        return [v if keep else p or _shape_of(v) for keep, v, p in rows]


def op(forward: Callable | None = None, *, keep: str | None = None, **facts):
    """Declare `forward` an op and register it under its name.

    keep : names of the values that the rules need ("x", "y", "xs"); all by default
    linear : linear in every array argument; views : y may share memory with x
    casts : the op changes dtype by design
    twin : a composite equal of this fused op, differentiated at higher orders
    saves : forward returns (y, what the rules get in the place of y)
    """
    if forward is None:
        return partial(op, keep=keep, **facts)
    record = Op(forward, keep, **facts)
    plain = not (record.settings or record.variadic or record.saves or record.optional)
    record.binary = plain and len(record.arrays) == 2
    caller = _binary_caller if record.binary else _caller
    record.call = update_wrapper(caller(record), forward)
    record.call.op, record.call.vjp = record, record.vjp
    record.call.vjp_joint = record.vjp_joint
    OPS[record.name] = record
    return record.call


def _caller(record: Op) -> Callable:
    """The function that users call: on arrays it just computes, on Tensors it records.

    This is the hot path of the library: what it costs, every op costs.
    """
    forward, saves, casts = record.forward, record.saves, record.casts
    keeps_all, keeps_none = all(record.keeps), not any(record.keeps)
    if record.variadic:
        keeps_all, keeps_none = record.keeps_xs, not record.keeps_xs
    keeps_y = record.keeps_y
    arity = -1 if record.settings or record.variadic else len(record.arrays)
    ndarray, float64 = np.ndarray, _float64

    def call(*args, **settings):
        if len(args) != arity:
            args, settings = record.bind(args, settings)
        values, parents, wrapped, tracked = [], [], False, False
        for x in args:
            if type(x) is Tensor:
                wrapped = True
                values.append(x.data)
                node = x.node
                parents.append(node)
                if node is not None:
                    tracked = True
            else:
                values.append(x)
                parents.append(None)
        try:
            y = forward(*values, **settings) if settings else forward(*values)
        except (ValueError, TypeError, IndexError, MemoryError) as error:
            raise explain.failure(record, values, settings, error) from error
        if not wrapped:
            return y[0] if saves else y
        out = y if keeps_y else None
        if saves:
            y, out = y
        if type(y) is not ndarray:
            y = _as_array(y)
        if y.dtype is float64 and not casts and _promoted(record, values, settings, y):
            return call(
                *map(_plain, args), **{k: _plain(v) for k, v in settings.items()}
            )
        if not (tracked and recording.on):
            return Tensor(y)
        if keeps_none and None not in parents:
            saved = parents
        elif keeps_all:
            saved = values
        else:
            saved = record.saved(values, parents)
        return Tensor(y, Node(record, parents, saved, settings or None, out, y.shape))

    return call


def _binary_caller(record: Op) -> Callable:
    """`_caller` written out for two arrays and no settings, the commonest case.

    Without the lists and loops a small op costs a third less.
    """
    forward, casts, keeps_y = record.forward, record.casts, record.keeps_y
    keeps_a, keeps_b = record.keeps
    keeps = keeps_a or keeps_b
    ndarray, float64 = np.ndarray, _float64

    def call(a, b, /):
        x, p = (a.data, a.node) if type(a) is Tensor else (a, None)
        z, q = (b.data, b.node) if type(b) is Tensor else (b, None)
        try:
            y = forward(x, z)
        except (ValueError, TypeError, IndexError, MemoryError) as error:
            raise explain.failure(record, [x, z], {}, error) from error
        if x is a and z is b:
            return y
        if type(y) is not ndarray:
            y = _as_array(y)
        if y.dtype is float64 and not casts and _promoted(record, [x, z], {}, y):
            return call(_plain(a), _plain(b))
        if (p is None and q is None) or not recording.on:
            return Tensor(y)
        parents = (p, q)
        saved = (x if keeps_a else p, z if keeps_b else q) if keeps else parents
        out = y if keeps_y else None
        return Tensor(y, Node(record, parents, saved, None, out, y.shape))

    return call


def _as_array(y):
    """A 0-d array for a NumPy scalar; what CuPy returns stays as it is."""
    return np.asarray(y) if isinstance(y, (np.generic, float, int)) else y


def _shape_of(value):
    """A stand-in for an array without a node, of which a rule needs the shape."""
    shape = getattr(value, "shape", None)
    return value if shape is None else Node(None, (), (), None, None, shape)


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value


def _promoted(record: Op, values, settings, y) -> bool:
    """Whether y is float64 only because of NumPy's scalars among the arguments.

    These count as plain numbers, so the op is then to be called with such; in the
    graph they would make float64 of a gradient.  Arrays that do not mix are refused.
    """
    floats = {v.dtype for v in values if hasattr(v, "dtype") and v.dtype.kind == "f"}
    if len(floats) < 2 and (not floats or y.dtype in floats):
        return False
    if not any(isinstance(v, np.generic) for v in (*values, *settings.values())):
        raise explain.mixed_types(record, values)
    return True
