"""The command line: `tinygen list | train | sample | data | gradcheck`.

Every command is a function from the parsed arguments to an exit code:
0 done, 1 a check failed, 2 usage or option, 3 a loss that is not finite, 4 data,
checkpoint or file, 5 device or memory, 130 Ctrl-C, 143 SIGTERM.
"""

import argparse
import io
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tinygen import __version__
from tinygen.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    DeviceError,
    NonFiniteError,
    TinygenError,
)

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
COMMON = ("data", "steps", "batch_size", "seed", "device")  # options with a flag


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
    if isinstance(error, MemoryError):
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
    add_list(commands)
    add_train(commands)
    add_sample(commands)
    add_data(commands)
    add_gradcheck(commands)
    return top


def add_list(commands) -> None:
    """tinygen list [RECIPE]"""
    one = command(commands, "list", list_recipes, "recipes, or the options of one")
    one.add_argument("recipe", nargs="?", metavar="RECIPE")


def add_train(commands) -> None:
    """tinygen train RECIPE ..."""
    one = command(commands, "train", train, "train a model and keep the run")
    one.add_argument("recipe", metavar="RECIPE", help="see `tinygen list`")
    one.add_argument("--out", metavar="RUN", help="folder; default runs/RECIPE")
    for name in COMMON:
        one.add_argument(f"--{name.replace('_', '-')}", metavar="VALUE")
    one.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any option, see `tinygen list RECIPE`",
    )
    one.add_argument("--resume", action="store_true", help="go on with the run")
    one.add_argument("--overwrite", action="store_true", help="lose the run there")
    one.add_argument(
        "--allow-changed",
        action="append",
        default=[],
        metavar="KEY",
        help="resume although this option differs",
    )


def add_sample(commands) -> None:
    """tinygen sample RUN ..."""
    one = command(commands, "sample", sample, "draw samples from a trained model")
    one.add_argument("run_folder", metavar="RUN", help="folder, or one checkpoint")
    one.add_argument("-n", type=int, default=64, help="how many; default 64")
    one.add_argument("--out", metavar="FILE", help="a .png picture or .npz array")
    one.add_argument("--class", dest="label", type=int, help="of a conditional model")
    one.add_argument("--seed", type=int, help="of the noise; default the run's")
    one.add_argument("--device", help="default the run's")


def add_data(commands) -> None:
    """tinygen data list"""
    one = command(commands, "data", list_data, "what can be trained on")
    one.add_argument("action", choices=["list"])


def add_gradcheck(commands) -> None:
    """tinygen gradcheck [OP]"""
    one = command(commands, "gradcheck", gradcheck, "check gradients and show how")
    one.add_argument("op", nargs="?", metavar="OP", help="one op only")


def command(commands, name: str, run: Callable, help: str):
    """The parser of one command."""
    one = commands.add_parser(name, help=help, description=help)
    one.set_defaults(run=run)
    return one


def list_recipes(args) -> int:
    """Print the recipes, or the options of one."""
    from tinygen.recipes import RECIPES
    from tinygen.recipes.trained import find
    from tinygen.train.config import shown

    if args.recipe is None:
        for name, recipe in RECIPES.items():
            print(f"{name:12} {recipe.summary}")
        return 0
    for one in find(args.recipe).Config.options():
        print(f"{one.name:14} {shown(one.default):>14}  {one.help} ({one.possible})")
    return 0


def settings_of(args) -> dict[str, str]:
    """Option -> text, from flags and from --set; ConfigError for one given twice."""
    flags = {name: getattr(args, name) for name in COMMON}
    pairs = [(name, text) for name, text in flags.items() if text is not None]
    for pair in args.set:
        key, equals, text = pair.partition("=")
        if not equals:
            raise ConfigError(f"--set {pair!r} has no '='. Fix: --set {key}=VALUE")
        pairs.append((key.strip().replace("-", "_"), text.strip()))
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"option {twice[0]} is given twice. Fix: give it once")
    return dict(pairs)


def train(args) -> int:
    """Train a recipe; on a signal, print the command that resumes."""
    from tinygen.recipes import trained
    from tinygen.train import loop, run

    kind, settings = trained.find(args.recipe), settings_of(args)
    folder = run.Run(args.out or Path("runs") / args.recipe)
    config = folder.config_of(kind) if args.resume else kind.Config()
    recipe = kind(config.parsed(settings))
    result = loop.train(
        recipe,
        folder.folder,
        resume=args.resume,
        overwrite=args.overwrite,
        allow_changed=tuple(args.allow_changed),
    )
    if result.signal is not None:
        print(f"saved at step {result.step} of {recipe.config.steps}; to go on:")
        print(run.command(recipe, result.folder, resume=True))
        return 128 + result.signal
    print(f"{result.step} steps done, samples in {result.samples}; for more of them:")
    print(shlex.join(["tinygen", "sample", str(result.folder), "-n", "64"]))
    return 0


def sample(args) -> int:
    """Draw samples and write them as a picture or an array."""
    import numpy as np

    from tinygen import files, plot
    from tinygen.recipes.trained import trained

    if args.n < 1:
        raise ConfigError(f"-n {args.n}: nothing to draw. Fix: -n 64")
    place = Path(args.run_folder)
    default = (place if place.is_dir() else place.parent) / "grid.png"
    out = Path(args.out or default)
    if out.suffix not in (".png", ".npz"):
        raise ConfigError(f"--out {out}: unknown ending. Fix: .png or .npz")
    recipe = trained(place, device=args.device)
    samples = recipe.draw(args.n, seed=args.seed, label=args.label)
    if out.suffix == ".png":
        plot.save_samples(out, samples)
    else:
        content = io.BytesIO()
        np.savez_compressed(content, **{recipe.data.contents: samples})
        files.write(out, content.getvalue())
    print(f"{args.n} samples in {out}")
    return 0


def list_data(args) -> int:
    """Print a line for each data set."""
    from tinygen import data

    for row in data.describe():
        count = "endless" if row.count is None else f"{row.count:,}"
        print(f"{row.name:17} {row.kind:7} {count:>8}  {row.description}")
    return 0


def gradcheck(args) -> int:
    """Print how the gradient of every op compares with differences, as it is found."""
    from tinygen.testing.table import HEADINGS, line, rows

    print(line(HEADINGS), flush=True)
    checks, failed = 0, []
    for row in rows(args.op):
        print(line(row), flush=True)
        checks += row.checks
        if row.verdict != "PASS":
            failed.append(row.name.strip())
    print(
        f"{checks:,} checks, "
        + (f"FAILED: {', '.join(failed)}" if failed else "passed")
    )
    return 1 if failed else 0
