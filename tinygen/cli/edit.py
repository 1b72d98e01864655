"""tinygen edit RUN: fill in a part of a picture, or draw it anew, by diffusion."""

import io
from pathlib import Path

from tinygen.cli import sampling
from tinygen.cli.command import command
from tinygen.errors import ConfigError

WHITE = 127  # a pixel of a mask above this is drawn anew


def add(commands) -> None:
    """tinygen edit RUN ..."""
    help = "fill in a part of a picture, or draw it anew"
    one = command(commands, "edit", edit, help)
    one.add_argument("run_folder", metavar="RUN", help="of a diffusion recipe")
    one.add_argument("--image", metavar="FILE", required=True, help="the picture")
    one.add_argument("--mask", metavar="FILE", help="white where to draw anew")
    one.add_argument("--strength", type=float, help="above 0, up to 1; see the docs")
    one.add_argument(
        "--repeats", type=int, help="of each step, with --mask; default 10"
    )
    one.add_argument("-n", type=int, default=8, help="how many; default 8")
    one.add_argument("-o", "--out", metavar="FILE", help="a .png picture or .npz array")
    sampling.add_options(one)
    one.add_argument("--device", help="default the run's")


def edit(args) -> int:
    """Draw edits; write them as a picture behind what they came from, or an array."""
    import numpy as np

    from tinygen import files, plot
    from tinygen.recipes.trained import trained

    place = Path(args.run_folder)
    default = (place if place.is_dir() else place.parent) / "edit.png"
    out = Path(args.out or default)
    check(args, out)
    recipe = trained(place, device=args.device)
    if not hasattr(recipe, "edit") or recipe.kind != "images":
        raise ConfigError(
            f"recipe {recipe.name} edits no pictures. Fix: a run of ddpm or ddpm-class"
        )
    image, mask = read(args.image, recipe.data.shape), None
    if args.mask is not None:
        mask = read_mask(args.mask, recipe.data.shape)
    how = {"strength": args.strength, "seed": args.seed, **sampling.asked(args)}
    found = recipe.edit(args.n, image, mask, repeats=args.repeats or 10, **how)
    if out.suffix == ".png":
        before = [image] if mask is None else [image, np.where(mask, 0, image)]
        plot.save_samples(out, np.concatenate([before, found]))
    else:
        content = io.BytesIO()
        np.savez_compressed(content, images=found)
        files.write(out, content.getvalue())
    print(f"{args.n} edits in {out}")
    return 0


def check(args, out: Path) -> None:
    """Raise ConfigError for options that cannot be."""
    if args.n < 1:
        raise ConfigError(f"-n {args.n}: nothing to draw. Fix: -n 8")
    if out.suffix not in (".png", ".npz"):
        raise ConfigError(f"--out {out}: unknown ending. Fix: .png or .npz")
    if args.repeats is not None and args.mask is None:
        raise ConfigError(
            "--repeats is of filling in. Fix: --mask FILE, or leave it out"
        )
    if args.repeats is not None and args.repeats < 1:
        raise ConfigError(f"--repeats {args.repeats}. Fix: 1 or more, such as 10")


def read(path: str, shape):
    """A picture as the recipe's images are: (C, H, W) float32 in [-1, 1]."""
    from tinygen.data import to_float
    from tinygen.data.formats import read_image

    return to_float(read_image(path, size=shape[1], grey=shape[0] == 1))


def read_mask(path: str, shape):
    """(H, W) booleans, True where the picture of the mask is white."""
    from tinygen.data.formats import read_image

    mask = read_image(path, size=shape[1], grey=True)[0] > WHITE
    if not mask.any():
        raise ConfigError(
            f"--mask {path}: nothing in it is white. Fix: white where to draw anew"
        )
    return mask
