"""tinygen train RECIPE: train a model and keep the run."""

import shlex
from pathlib import Path

from tinygen import backend
from tinygen.cli.command import command
from tinygen.errors import ConfigError

COMMON = ("data", "steps", "batch_size", "seed", "device")  # options with a flag


def add(commands) -> None:
    """tinygen train RECIPE ..."""
    one = command(commands, "train", train, "train a model and keep the run")
    one.add_argument("recipe", metavar="RECIPE", help="see `tinygen list`")
    one.add_argument("--out", metavar="RUN", help="folder; default runs/RECIPE")
    for name in COMMON:
        one.add_argument(f"--{name.replace('_', '-')}", metavar="VALUE")
    one.add_argument(
        "--graph", action="store_true", help="on a GPU: whole steps as CUDA graphs"
    )
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


def settings_of(args) -> dict[str, str]:
    """Option -> text, from flags and from --set; ConfigError for one given twice.

    The device "auto" becomes the one that is there.
    """
    flags = {name: getattr(args, name) for name in COMMON}
    pairs = [(name, text) for name, text in flags.items() if text is not None]
    pairs += [("graph", "true")] if args.graph else []
    for pair in args.set:
        key, equals, text = pair.partition("=")
        if not equals:
            raise ConfigError(f"--set {pair!r} has no '='. Fix: --set {key}=VALUE")
        pairs.append((key.strip().replace("-", "_"), text.strip()))
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"option {twice[0]} is given twice. Fix: give it once")
    settings = dict(pairs)
    if "device" in settings:
        settings["device"] = backend.chosen(settings["device"])
    return settings


def train(args) -> int:
    """Train a recipe; on a signal, print the command that resumes."""
    import numpy as np

    from tinygen.recipes import trained
    from tinygen.train import loop, run

    kind, settings = trained.find(args.recipe), settings_of(args)
    folder = run.Run(args.out or Path("runs") / args.recipe)
    config = folder.config_of(kind) if args.resume else kind.Config()
    recipe = kind(config.parsed(settings))
    with np.errstate(all="ignore"):  # the loop tells of what is not finite, and where
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
