"""Looking into a recorded graph."""

from collections.abc import Iterator

from tinygen.engine import Node, Tensor


def nodes_of(tensor: Tensor) -> list[Node]:
    """Every node that a tensor depends on, its own included."""
    stack = [] if tensor.node is None else [tensor.node]
    seen = set(stack)
    while stack:
        for parent in stack.pop().parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return list(seen)


def ops_in(tensor: Tensor) -> set[str]:
    """The names of the ops that made a tensor."""
    return {node.op.name for node in nodes_of(tensor) if node.op is not None}


def floats_in_graph(tensor: Tensor) -> Iterator:
    """Every floating-point array that a tensor's graph holds."""
    for node in nodes_of(tensor):
        outs = node.out if isinstance(node.out, tuple) else (node.out,)
        for x in (*(node.saved or ()), *outs):
            if getattr(getattr(x, "dtype", None), "kind", "") == "f":
                yield x
