"""Keep gradients from a network for a while."""

from contextlib import contextmanager

from tinygen.nn.module import Module


@contextmanager
def frozen(*modules: Module):
    """Within the block no gradients flow to the modules' parameters.

    They still flow *through* the modules: a generator learns from a discriminator that
    is frozen meanwhile.  Gradients that the parameters had are there again afterwards.
    """
    held = [(p, p.node) for module in modules for p in module.parameters()]
    for parameter, _ in held:
        parameter.node = None
    try:
        yield
    finally:
        for parameter, node in held:
            parameter.node = node
            if node is not None and node.data is not parameter.data:
                parameter.assign(parameter.data)  # changed in the block: tell the node
