"""tinygen data list: what can be trained on."""

from tinygen.cli.command import command


def add(commands) -> None:
    """tinygen data list"""
    one = command(commands, "data", list_data, "what can be trained on")
    one.add_argument("action", choices=["list"])


def list_data(args) -> int:
    """Print a line for each data set."""
    from tinygen import data

    for row in data.describe():
        count = "endless" if row.count is None else f"{row.count:,}"
        print(f"{row.name:17} {row.kind:7} {count:>8}  {row.description}")
    return 0
