"""tinygen data list | download NAME: what can be trained on."""

from tinygen.cli.command import command
from tinygen.errors import ConfigError


def add(commands) -> None:
    """tinygen data list | download NAME"""
    one = command(commands, "data", data, "what can be trained on, and getting more")
    one.add_argument("action", choices=["list", "download"])
    one.add_argument("name", nargs="?", metavar="NAME", help="what to download")


def data(args) -> int:
    """Do what is asked."""
    if args.action == "list":
        if args.name is not None:
            raise ConfigError(f"data list {args.name}. Fix: tinygen data list")
        return list_data()
    if args.name is None:
        raise ConfigError("data download: of what? Fix: a name from tinygen data list")
    return download(args.name)


def list_data() -> int:
    """Print a line for each data set, and where downloads are."""
    from tinygen import data
    from tinygen.data.home import home

    for row in data.describe():
        count = "endless" if row.count is None else f"{row.count:,}"
        there = "" if row.here else f"; to be downloaded, {row.size / 1e6:.0f} MB"
        print(f"{row.name:17} {row.kind:7} {count:>8}  {row.description}{there}")
    print(f"FOLDER            images            any folder of image files, {LIKE}")
    print(f"downloads and copies of folders are kept in {home()}")
    return 0


LIKE = "as in --data ./photographs"


def download(name: str) -> int:
    """Get a data set, and say where it is."""
    from tinygen import data

    folder = data.download(name)
    loaded = data.load(name)
    print(f"{loaded}, in {folder}")
    return 0
