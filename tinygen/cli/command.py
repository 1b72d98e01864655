"""What the commands share: a grammar whose errors are one line, with nearest names."""

import argparse
from collections.abc import Callable

from tinygen.errors import ConfigError, choices


class Parser(argparse.ArgumentParser):
    """Raises ConfigError where argparse would print its usage and leave.

    Options must be written out: `--over` could mean another one in the next release.
    """

    def __init__(self, *given, **how):
        self.flags: list[str] = []
        super().__init__(*given, allow_abbrev=False, **how)

    def add_argument(self, *names, **how):
        """As argparse has it; the flags are kept, to suggest the nearest."""
        self.flags += [name for name in names if name.startswith("--")]
        return super().add_argument(*names, **how)

    def error(self, message: str):
        """Say what is wrong, without the usage."""
        raise ConfigError(f"{message}. Fix: see `{self.prog} --help`")

    def _check_value(self, action, value):
        known = action.choices
        if known is not None and value not in known:
            what = (action.metavar or action.dest).lower()
            raise ConfigError(f"unknown {what} {value!r}. {choices(value, known)}")

    def refuse(self, rest: list[str]) -> None:
        """Raise ConfigError for the first word that nothing in the grammar takes."""
        word = rest[0]
        if not word.startswith("-"):
            raise ConfigError(
                f"{word!r} is one word too many. Fix: leave it out; `{self.prog} "
                "--help` tells what there may be"
            )
        name = word.partition("=")[0]
        raise ConfigError(f"unknown option {name!r}. {choices(name, self.flags)}")


def command(commands, name: str, run: Callable, help: str):
    """The parser of one command."""
    one = commands.add_parser(name, help=help, description=help)
    one.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,  # which leaves one given before the command
        help="show where an error arose",
    )
    one.set_defaults(run=run, parser=one)
    return one
