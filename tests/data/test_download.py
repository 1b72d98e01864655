"""Downloads from a server on this computer that truncates, stalls, corrupts and lies.

The package itself goes to https addresses only; `Rules(allowed=...)` lets these tests
visit one address on the loopback device.
"""

import errno
import hashlib
import os
import threading
import time
from dataclasses import replace
from http.server import ThreadingHTTPServer

import pytest
from bad_server import CONTENT, Answers

pytest.importorskip("pooch")

from tinygen import data
from tinygen.data import fetch
from tinygen.data.fetch import Patience, Rules, get, is_https
from tinygen.data.published import PUBLISHED, Published, Remote
from tinygen.errors import ConfigError, DataError, DownloadError

FILE = Remote("numbers.bin", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
SLOW = "stalls", "silent", "drips"  # these need little patience to be tested


@pytest.fixture
def server(monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        running.daemon_threads = True
        running.url = f"http://127.0.0.1:{running.server_port}"
        running.seen, running.over = [], threading.Event()
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.over.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def rules(server):
    patience = Patience(connect=5, read=10, rate=1e6)
    allowed = lambda url: url.startswith(server.url)
    return Rules(allowed, patience, progress=False)


def published(server, *hows, files=(FILE,)):
    mirrors = tuple(f"{server.url}/{how}/" for how in hows)
    return Published(
        "numbers", files, mirrors, "idx", (1, 1), (1, 1, 1), ("a",), "", ""
    )


def test_a_file_comes_whole_and_is_not_fetched_twice(server, rules, tmp_path):
    folder = get(published(server, "good"), tmp_path / "new" / "folder", rules)
    assert (folder / FILE.name).read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == [FILE.name]
    assert len(server.seen) == 1
    get(published(server, "good"), folder, rules)
    assert len(server.seen) == 1
    (folder / FILE.name).write_bytes(CONTENT[::-1])  # damaged since
    get(published(server, "good"), folder, rules)
    assert (folder / FILE.name).read_bytes() == CONTENT and len(server.seen) == 2


BAD = {
    "truncates": "broke off",
    "short": "has 149,999 bytes there, expected are 150,000",
    "long": "has 150,001 bytes there",
    "corrupts": "gave another file: its sha256 differs",
    "html": "sent a web page",
    "gone": "answered 404 Not Found",
    "broken": "answered 503",
    "stalls": "stopped sending",
    "silent": "stopped sending",
    "drips": "was too slow",
    "endless": "sent more than 150,000 bytes",
    "bomb": "gave another file",
    "astray": r"leads to http://localhost:\d+/good/numbers.bin, which is not https",
    "circles": "redirects more than 5 times",
    "nowhere": "leads to file:///etc/passwd, which is not https",
}


@pytest.mark.parametrize("how", BAD)
def test_what_a_server_can_do_wrong(how, server, rules, tmp_path):
    if how in SLOW:
        rules = replace(rules, patience=Patience(connect=0.5, read=0.5, rate=1e6))
    started = time.monotonic()
    message = rf"^numbers: numbers.bin could not .*127.0.0.1 {BAD[how]}.*Fix: look at"
    with pytest.raises(DownloadError, match=message) as caught:
        get(published(server, how), tmp_path, rules)
    assert str(tmp_path) in str(caught.value) and "--data mnist" in str(caught.value)
    assert isinstance(caught.value, OSError) and isinstance(caught.value, DataError)
    assert list(tmp_path.iterdir()) == []  # nothing half done
    assert time.monotonic() - started < 5
    assert len(server.seen) <= 6


def test_the_next_mirror_is_tried(server, rules, tmp_path):
    get(published(server, "gone", "corrupts", "good"), tmp_path, rules)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT
    assert [path.split("/")[1] for path, _ in server.seen] == [
        "gone",
        "corrupts",
        "good",
    ]
    with pytest.raises(DownloadError, match=r"answered 404.*; 127.0.0.1 gave another"):
        get(published(server, "gone", "corrupts"), tmp_path / "b", rules)


def test_redirections_that_stay_are_followed(server, rules, tmp_path):
    get(published(server, "redirects"), tmp_path, rules)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT


def test_bytes_are_kept_as_they_are_sent(server, rules, tmp_path):
    get(published(server, "encoded"), tmp_path, rules)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT
    ((_, headers),) = server.seen
    assert (
        headers["Accept-Encoding"] == "identity" and headers["User-Agent"] == "tinygen"
    )
    assert not {"Authorization", "Cookie"} & set(headers)


def test_a_damaged_file_stays_if_no_better_one_comes(server, rules, tmp_path):
    (tmp_path / FILE.name).write_bytes(b"mine")
    with pytest.raises(DownloadError):
        get(published(server, "corrupts"), tmp_path, rules)
    assert (tmp_path / FILE.name).read_bytes() == b"mine"


def test_only_the_files_that_are_missing_are_fetched(server, rules, tmp_path):
    more = Remote("more.bin", FILE.size, FILE.sha256)
    (tmp_path / "more.bin").write_bytes(CONTENT)
    get(published(server, "good", files=(more, FILE)), tmp_path, rules)
    assert [path for path, _ in server.seen] == ["/good/numbers.bin"]


def test_nobody_answers(rules, tmp_path, server):
    free = Published(**{**vars(published(server)), "mirrors": ("http://127.0.0.1:9/",)})
    here = Rules(lambda url: True, rules.patience, progress=False)
    with pytest.raises(DownloadError, match=r"127.0.0.1 was not reached.*--data mnist"):
        get(free, tmp_path, here)


def test_the_proxy_of_the_environment_is_used(server, rules, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    there = Published(**{**vars(published(server)), "mirrors": ("http://a.invalid/",)})
    here = Rules(lambda url: True, rules.patience, progress=False)
    get(there, tmp_path, here)
    assert [path for path, _ in server.seen] == ["http://a.invalid/numbers.bin"]
    monkeypatch.setenv("no_proxy", "a.invalid")
    with pytest.raises(DownloadError, match="was not reached"):
        get(there, tmp_path / "b", here)
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match="was not reached: the proxy did not"):
        get(there, tmp_path / "c", here)


def test_an_interrupt_leaves_nothing(server, rules, tmp_path, monkeypatch):
    inner, calls = fetch.parts, []

    def interrupted(*words):
        for part in inner(*words):
            yield part
            calls.append(part)
            raise KeyboardInterrupt

    monkeypatch.setattr(fetch, "parts", interrupted)
    with pytest.raises(KeyboardInterrupt):
        get(published(server, "good"), tmp_path, rules)
    assert calls and list(tmp_path.iterdir()) == []


def test_a_full_disk_is_no_fault_of_the_network(server, rules, tmp_path, monkeypatch):
    def full(*words):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetch, "parts", full)
    message = (
        r"cannot write numbers.bin \(150,000 bytes\) to .*: No space .*TINYGEN_DATA="
    )
    with pytest.raises(DownloadError, match=message):
        get(published(server, "good", "good"), tmp_path, rules)
    assert list(tmp_path.iterdir()) == [] and len(server.seen) == 1


def test_two_at_once_both_succeed(server, rules, tmp_path):
    errors = []

    def one():
        try:
            get(published(server, "slowly"), tmp_path, rules)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and [path.name for path in tmp_path.iterdir()] == [FILE.name]


def test_only_https_is_visited():
    for url in ("http://a.b/c", "ftp://a/b", "file:///etc/passwd", "//a/b", "HTTP://a"):
        assert not is_https(url), url
    assert is_https("https://a.b/c") and Rules().allowed is is_https


def test_http_is_refused_without_a_connection(server, tmp_path):
    with pytest.raises(DownloadError, match="which is not https"):
        get(published(server, "good"), tmp_path)
    assert server.seen == []


def test_every_published_address_and_sum_is_sound():
    for one in PUBLISHED.values():
        assert all(is_https(url) and url.endswith("/") for url in one.mirrors)
        for file in one.files:
            assert len(bytes.fromhex(file.sha256)) == 32 and 1000 < file.size < 2**28
            assert file.name == os.path.basename(file.name)


def test_names_that_cannot_be_downloaded(home):
    with pytest.raises(
        DataError, match=r"mnist is part of tinygen .*Fix: --data mnist"
    ):
        data.download("mnist")
    with pytest.raises(DataError, match=r"'mnist-ful'. Fix: use 'mnist-full'"):
        data.download("mnist-ful")
    for name in ("celeba", "CelebA", "celeb-a"):
        with pytest.raises(DataError, match=r"mmlab.* img_align_celeba.zip .*--data"):
            data.download(name)


def test_without_pooch(monkeypatch, home):
    monkeypatch.setitem(__import__("sys").modules, "pooch", None)
    with pytest.raises(
        ConfigError, match=r"need pooch. Fix: pip install 'tinygen\[dow"
    ):
        data.download("kmnist")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot make .*Fix: export TINYGEN_DATA="):
        data.download("kmnist", folder=tmp_path / "file" / "inside")
