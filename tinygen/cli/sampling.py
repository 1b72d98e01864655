"""The options that say how samples are drawn; not every recipe takes every one."""

OPTIONS = {  # option of the recipe's `sample` -> flag, type, help
    "label": ("--class", int, "of a conditional model"),
    "sampler": ("--sampler", str, "ddim or ancestral"),
    "steps": ("--steps", int, "of the sampler, at most those of training"),
    "eta": ("--eta", float, "noise in each step of ddim, 0 to 1"),
    "variance": ("--variance", str, "of ancestral: small or large"),
    "guidance": ("--guidance", float, "w: 0 the class alone, above 0 more of it"),
}


def add_options(one, names=tuple(OPTIONS)) -> None:
    """The flags of sampling, and the noise's seed."""
    for name in names:
        flag, kind, help = OPTIONS[name]
        one.add_argument(flag, dest=name, type=kind, help=help)
    one.add_argument("--seed", type=int, help="of the noise; default the run's")


def asked(args, names=tuple(OPTIONS)) -> dict:
    """Option -> what was given, or None."""
    return {name: getattr(args, name) for name in names}
