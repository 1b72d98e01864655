"""One process per run folder: a lock that the system frees when its holder dies."""

import os
import socket
from pathlib import Path

from tinygen.errors import ConfigError

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

FAR = 2**30  # Windows locks bytes, and this one is never read


def acquire(file) -> None:
    """Lock an open file without waiting; OSError if another process has it."""
    if os.name == "posix":
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        file.seek(FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)


class Lock:
    """A `with` block that no two processes are in for the same file.

    The file stays: it names the process and host while they have the lock, and is
    empty otherwise.
    Raises OSError if the file cannot be opened; ConfigError naming who has the lock.
    """

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self):
        self.file = open(self.path, "a+", encoding="utf-8", errors="replace")
        try:
            acquire(self.file)
        except OSError as error:
            self.file.seek(0)
            owner = self.file.read(200).strip() or "another process"
            self.file.close()
            raise ConfigError(
                f"{self.path.parent} is in use by {owner}. "
                "Fix: wait for it, stop it, or use another folder"
            ) from error
        self.file.truncate(0)
        self.file.write(f"process {os.getpid()} on {socket.gethostname()}")
        self.file.flush()
        return self

    def __exit__(self, *exception):
        self.file.truncate(0)
        self.file.close()
