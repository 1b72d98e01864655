"""The command line: `tinygen list | train | sample | evaluate | data | ...`.

Every command is a function from the parsed arguments to an exit code:
0 done, 1 a check failed, 2 usage or option, 3 a loss that is not finite, 4 data,
checkpoint or file, 5 device or memory, 130 Ctrl-C, 143 SIGTERM.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from tinygen import __version__
from tinygen.cli import data, edit, evaluate, gradcheck, recipes, sample, train
from tinygen.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    DeviceError,
    NonFiniteError,
    TinygenError,
)

COMMANDS = recipes, train, sample, edit, evaluate, data, gradcheck  # in this order
EXITS: dict[type[BaseException], int] = {  # the first that fits
    ConfigError: 2,
    NonFiniteError: 3,
    DataError: 4,
    CheckpointError: 4,
    DeviceError: 5,
    MemoryError: 5,
    KeyboardInterrupt: 130,
    TinygenError: 1,
    OSError: 4,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; -> the exit code.  Errors are one line on stderr."""
    args = parser().parse_args(arguments)
    try:
        code = args.run(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # `tinygen list | head`: let the last flush go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except tuple(EXITS) as error:
        if args.debug:
            raise
        print(f"tinygen: {in_one_line(error)}", file=sys.stderr)
        return next(code for kind, code in EXITS.items() if isinstance(error, kind))


def in_one_line(error: BaseException) -> str:
    """What happened, and the remedy."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, MemoryError) and not isinstance(error, TinygenError):
        return f"out of memory: {text}. Fix: halve the --batch-size"
    return text


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    top = argparse.ArgumentParser(
        prog="tinygen", description="Generative models from scratch, in NumPy."
    )
    top.add_argument("--version", action="version", version=f"tinygen {__version__}")
    top.add_argument("--debug", action="store_true", help="show where an error arose")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    return top
