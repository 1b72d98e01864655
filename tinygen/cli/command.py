"""What the commands share."""

from collections.abc import Callable


def command(commands, name: str, run: Callable, help: str):
    """The parser of one command."""
    one = commands.add_parser(name, help=help, description=help)
    one.set_defaults(run=run)
    return one
