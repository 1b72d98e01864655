"""The command line: `tinygen list | train | sample | evaluate | data | ...`.

Every command is a function from the parsed arguments to an exit code:
0 done, 1 a check failed, 2 usage or option, 3 a loss that is not finite, 4 data,
checkpoint or file, 5 device or memory, 130 Ctrl-C, 143 SIGTERM.
"""

import os
import sys
from collections.abc import Sequence

from tinygen import __version__
from tinygen.cli import data, edit, evaluate, gradcheck, recipes, sample, train
from tinygen.cli.command import Parser
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
    words = list(sys.argv[1:] if arguments is None else arguments)
    if hasattr(sys.stdout, "reconfigure"):  # names of files may be any bytes
        sys.stdout.reconfigure(errors="surrogateescape")
    try:
        code = run(words)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # `tinygen list | head`: let the last flush go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (*EXITS, ValueError, OverflowError) as error:
        code = exit_code(error)
        if code is None or "--debug" in words:
            raise
        print(f"tinygen: {in_one_line(error)}", file=sys.stderr)
        return code


def run(words: list[str]) -> int:
    """Parse the words and run the command that they name."""
    if any("\0" in word for word in words):
        raise ConfigError(f"a NUL byte in {words}. Fix: leave it out")
    args, rest = parser().parse_known_args(words)
    if rest:
        args.parser.refuse(rest)
    return args.run(args)


def exit_code(error: BaseException) -> int | None:
    """The exit code of an error; None for one that should not occur."""
    if too_large(error):
        return EXITS[MemoryError]
    return next((code for kind, code in EXITS.items() if isinstance(error, kind)), None)


def too_large(error: BaseException) -> bool:
    """Whether NumPy refused an array that no memory could hold."""
    signs = "too big", "too large", "Maximum allowed dimension", "negative dimensions"
    kinds = ValueError, OverflowError
    own = isinstance(error, TinygenError)
    return not own and isinstance(error, kinds) and any(s in str(error) for s in signs)


def in_one_line(error: BaseException) -> str:
    """What happened, and the remedy."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    text = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    if isinstance(error, TinygenError):
        return f"{text} [{error.code}]"
    if isinstance(error, OSError):
        return f"{text}. Fix: look at the path, its permissions and the free space"
    return f"out of memory: {text}. Fix: a smaller --batch-size, or a smaller network"


def parser() -> Parser:
    """The grammar of the command line."""
    top = Parser(prog="tinygen", description="Generative models from scratch.")
    top.set_defaults(parser=top)
    top.add_argument("--version", action="version", version=f"tinygen {__version__}")
    top.add_argument("--debug", action="store_true", help="show where an error arose")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    return top
