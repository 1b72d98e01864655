"""Where files from outside are kept: downloads, and folders of images once read."""

import os
import sys
from pathlib import Path

from tinygen.errors import ConfigError

VARIABLE = "TINYGEN_DATA"


def home() -> Path:
    """The folder for data from outside; it need not exist yet.

    $TINYGEN_DATA if that is set, else the place that the system has for such files:
    $XDG_CACHE_HOME/tinygen or ~/.cache/tinygen, on Windows %LOCALAPPDATA%/tinygen
    """
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen).expanduser()
    windows = sys.platform == "win32"
    variable = "LOCALAPPDATA" if windows else "XDG_CACHE_HOME"
    usual = Path.home() / ("AppData/Local" if windows else ".cache")
    return Path(os.environ.get(variable) or usual) / "tinygen"


def made(folder: Path) -> Path:
    """The folder, created if need be; ConfigError if that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"cannot make {folder} ({error.strerror}). "
            f"Fix: export {VARIABLE}=some/folder/of/yours"
        ) from error
    return folder
