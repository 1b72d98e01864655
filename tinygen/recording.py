"""Whether ops on tensors are recorded for differentiation."""

from contextlib import ContextDecorator

on = True


class record(ContextDecorator):
    """Record ops, or not, within a `with` block or a decorated function."""

    def __init__(self, wanted: bool):
        self.wanted, self.before = wanted, []

    def __enter__(self):
        global on
        self.before.append(on)
        on = self.wanted

    def __exit__(self, *exception):
        global on
        on = self.before.pop()


class no_grad(record):
    """Record nothing: `with no_grad():` around code, or `@no_grad()` on a function."""

    def __init__(self):
        super().__init__(False)
