"""tinygen gradcheck [OP]: check gradients and show how."""

from tinygen.cli.command import command


def add(commands) -> None:
    """tinygen gradcheck [OP]"""
    one = command(commands, "gradcheck", gradcheck, "check gradients and show how")
    one.add_argument("op", nargs="?", metavar="OP", help="one op only")


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
