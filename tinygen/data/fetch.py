"""Files from the network: over https, of the right size and sha256, or not at all.

The only place in the library that opens a connection, and only when `download` is
called.  pooch (`pip install 'tinygen[download]'`) keeps the temporary file, compares
the sha256 and moves the file into place; proxies are taken from the environment
(HTTPS_PROXY, NO_PROXY), as requests does it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from logging import WARNING
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from tinygen.data import full
from tinygen.data.home import VARIABLE, made
from tinygen.data.published import PUBLISHED, Published, Remote
from tinygen.errors import ConfigError, DataError, DownloadError

FIX_INSTALL = "Fix: pip install 'tinygen[download]'"
REDIRECTS = 5
BLOCK = 2**16  # bytes taken at a time
HEADERS = {"Accept-Encoding": "identity", "User-Agent": "tinygen"}


def is_https(url: str) -> bool:
    """Whether an address is one that this library goes to."""
    return urlsplit(url).scheme == "https"


@dataclass(frozen=True)
class Patience:
    """Seconds: to connect, for a first or next byte; bytes a second in the long run."""

    connect: float = 10.0
    read: float = 30.0
    rate: float = 10_000.0

    def limit(self, size: int) -> float:
        """Seconds that a file of a size may take."""
        return self.connect + self.read + size / self.rate


@dataclass(frozen=True)
class Rules:
    """How `download` behaves.  allowed : which addresses may be visited."""

    allowed: Callable[[str], bool] = is_https
    patience: Patience = Patience()
    progress: bool = True


def download(name: str, *, folder: Path | str | None = None) -> Path:
    """Get the files of a full data set that are not there yet.

    name : one of those that `tinygen data list` marks      folder : another place
    -> the folder with the files
    Raises DataError for an unknown name; DownloadError, with what happened at each
    address and how to do it by hand, if a file cannot be had; ConfigError if pooch is
    not installed.
    """
    if name not in PUBLISHED:
        known = ", ".join(PUBLISHED)
        bundled = name in full.bundled.names()
        raise DataError(
            f"{name} is part of tinygen and needs no download. Fix: --data {name}"
            if bundled
            else f"{full.refusal(name)}; downloadable are {known}"
        )
    one = PUBLISHED[name]
    return get(one, full.place_of(one) if folder is None else Path(folder))


def get(one: Published, folder: Path, rules: Rules = Rules()) -> Path:
    """`download` of any published data set into any folder."""
    made(folder)
    for file in one.files:
        if not there(folder / file.name, file):
            get_file(one, file, folder, rules)
    return folder


def there(path: Path, file: Remote) -> bool:
    """Whether the right file is in its place already."""
    if full.size_of(path) != file.size:
        return False
    try:
        full.check(path, file)
    except DataError:
        return False
    return True


def get_file(one: Published, file: Remote, folder: Path, rules: Rules) -> None:
    """Get one file from the first address that has it.  Raises DownloadError."""
    pooch = imported()
    problems = []
    for mirror in one.mirrors:
        url = mirror + file.name
        try:
            retrieve(pooch, url, file, folder, rules)
            return
        except Failed as error:
            problems.append(f"{urlsplit(url).hostname} {error}")
    raise DownloadError(
        f"{one.name}: {file.name} could not be downloaded: {'; '.join(problems)}. Fix: "
        "look at the network and at HTTPS_PROXY, or try later; or "
        f"{full.by_hand(one, folder, full.missing(one, folder) or [file])}"
    )


class Failed(Exception):
    """Why one address did not give a file; never leaves this module."""


def imported():
    """pooch; ConfigError if it is not installed."""
    try:
        import pooch
    except ImportError as error:
        raise ConfigError(f"downloads need pooch. {FIX_INSTALL}") from error
    return pooch


def retrieve(pooch, url: str, file: Remote, folder: Path, rules: Rules) -> None:
    """Let pooch put the file into the folder, if its sha256 is right; else Failed."""
    import requests
    import urllib3

    log = pooch.get_logger()
    level = log.level
    log.setLevel(WARNING)  # one bar tells enough
    try:
        pooch.retrieve(
            url,
            f"sha256:{file.sha256}",
            fname=file.name,
            path=folder,
            downloader=lambda url, place, _: receive(url, place, file, rules),
        )
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise Failed(in_short(error)) from error
    except ValueError as error:  # so pooch says that the sha256 differs
        raise Failed("gave another file: its sha256 differs") from error
    except OSError as error:  # of the disk: what the network raises is caught above
        raise DownloadError(
            f"cannot write {file.name} ({file.size:,} bytes) to {folder}: "
            f"{error.strerror}. Fix: make room, or export {VARIABLE}=another/folder"
        ) from error
    finally:
        log.setLevel(level)


def in_short(error: Exception) -> str:
    """What went wrong on the way, without the addresses of objects."""
    kinds = {"ProxyError": "was not reached: the proxy did not do it"}
    kinds |= dict.fromkeys(
        ("ConnectTimeout", "ConnectTimeoutError"), "did not answer in time"
    )
    kinds |= dict.fromkeys(("ReadTimeout", "ReadTimeoutError"), "stopped sending")
    kinds |= {"SSLError": "has a certificate that is not trusted"}
    kinds |= {"ConnectionError": "was not reached"}
    kinds |= {"ProtocolError": "broke off", "IncompleteRead": "broke off"}
    return kinds.get(type(error).__name__, f"failed ({type(error).__name__})")


def receive(url: str, place: str, file: Remote, rules: Rules) -> None:
    """Write what an address sends to a file: exactly as many bytes as it should be."""
    import requests
    from tqdm import tqdm

    shown = {"total": file.size, "unit": "B", "unit_scale": True, "desc": file.name}
    shown |= {"disable": None if rules.progress else True, "leave": False}
    with (
        requests.Session() as session,
        opened(session, url, rules) as answer,
        open(place, "wb") as target,
        tqdm(**shown) as bar,
    ):
        for part in parts(answer, file, rules):
            target.write(part)
            bar.update(len(part))


def parts(answer, file: Remote, rules: Rules):
    """The bytes that are sent, as they come; Failed if too many, few or slow."""
    check_answer(answer, file)
    end, left = time.monotonic() + rules.patience.limit(file.size), file.size
    while part := answer.raw.read1(min(BLOCK, left + 1), decode_content=False):
        left -= len(part)
        if left < 0:
            raise Failed(f"sent more than {file.size:,} bytes")
        if time.monotonic() > end:
            raise Failed(f"was too slow: {file.size - left:,} bytes in the time")
        yield part
    if left:
        raise Failed(f"stopped after {file.size - left:,} of {file.size:,} bytes")


def check_answer(answer, file: Remote) -> None:
    """Raise Failed for an answer that cannot be the file, before it is taken in."""
    if answer.status_code != 200:
        raise Failed(f"answered {answer.status_code} {answer.reason}")
    if "html" in answer.headers.get("Content-Type", ""):
        raise Failed("sent a web page: a login page of your network, or it has moved")
    length = answer.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) != file.size:
        raise Failed(f"has {int(length):,} bytes there, expected are {file.size:,}")


def opened(session, url: str, rules: Rules):
    """The answer of an address, after at most five redirections, each looked at."""
    for _ in range(REDIRECTS + 1):
        if not rules.allowed(url):
            raise Failed(f"leads to {url:.200}, which is not https")
        times = (rules.patience.connect, rules.patience.read)
        answer = session.get(
            url, stream=True, timeout=times, allow_redirects=False, headers=HEADERS
        )
        if not answer.is_redirect:
            return answer
        answer.close()
        url = urljoin(url, answer.headers["Location"])
    raise Failed(f"redirects more than {REDIRECTS} times")
