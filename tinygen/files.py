"""Files that are whole or absent: written beside their place, then moved into it."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

TEMPORARY = ".tmp"  # the ending of a file that is being written


def write(path: Path | str, content: bytes) -> None:
    """Put `content` at `path`, so that a reader finds the old file or all of the new.

    temporary file in the same folder -> write -> fsync -> replace -> fsync folder

    Whatever interrupts it, full disk or Ctrl-C, the old file stays and the temporary
    one is removed.  Raises OSError as the system does.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_temporary(folder: Path) -> None:
    """Remove what a process that was killed in the middle of `write` left behind."""
    for path in folder.glob(f".*{TEMPORARY}"):
        path.unlink()
