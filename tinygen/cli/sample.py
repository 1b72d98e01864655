"""tinygen sample RUN: draw samples from a trained model."""

import io
from pathlib import Path

from tinygen.cli import sampling
from tinygen.cli.command import command
from tinygen.errors import ConfigError


def add(commands) -> None:
    """tinygen sample RUN ..."""
    one = command(commands, "sample", sample, "draw samples from a trained model")
    one.add_argument("run_folder", metavar="RUN", help="folder, or one checkpoint")
    one.add_argument("-n", type=int, default=64, help="how many; default 64")
    one.add_argument("--out", metavar="FILE", help="a .png picture or .npz array")
    one.add_argument("--film", metavar="FILE", help="a .png that moves, of diffusion")
    sampling.add_options(one)
    one.add_argument("--device", help="default the run's")


def sample(args) -> int:
    """Draw samples and write them as a picture or an array."""
    import numpy as np

    from tinygen import files, plot
    from tinygen.cli import film
    from tinygen.recipes.trained import trained

    if args.n < 1:
        raise ConfigError(f"-n {args.n}: nothing to draw. Fix: -n 64")
    place = Path(args.run_folder)
    default = (place if place.is_dir() else place.parent) / "grid.png"
    out = Path(args.out or default)
    if out.suffix not in (".png", ".npz"):
        raise ConfigError(f"--out {out}: unknown ending. Fix: .png or .npz")
    if args.film and Path(args.film).suffix != ".png":
        raise ConfigError(f"--film {args.film}: unknown ending. Fix: .png")
    recipe = trained(place, device=args.device)
    asked = {"seed": args.seed, **sampling.asked(args)}
    if args.film:
        samples = film.filmed(recipe, args.n, args.film, **asked)
    else:
        samples = recipe.draw(args.n, **asked)
    if out.suffix == ".png":
        plot.save_samples(out, samples)
    else:
        content = io.BytesIO()
        np.savez_compressed(content, **{recipe.data.contents: samples})
        files.write(out, content.getvalue())
    print(f"{args.n} samples in {out}")
    return 0
