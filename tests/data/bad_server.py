"""A server on this computer that truncates, stalls, corrupts, redirects and lies."""

import gzip
import os
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

CONTENT = os.urandom(150_000)
BOMB = gzip.compress(bytes(2**26)).ljust(len(CONTENT))  # 64 MB if it were unpacked
FOREVER = 20  # seconds, longer than any test waits


class Answers(BaseHTTPRequestHandler):
    """What the server does is the first part of the path: /truncates/numbers.bin."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        """Say nothing."""

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        how = self.path.split("/")[1] if self.path.startswith("/") else "proxied"
        with suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, how)()
        self.close_connection = True

    def send(self, body, code=200, length=None, **headers):
        self.send_response(code)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def good(self):
        self.send(CONTENT)

    proxied = good

    def truncates(self):
        self.send(CONTENT[:-1000], length=len(CONTENT))

    def short(self):
        self.send(CONTENT[:-1])

    def long(self):
        self.send(CONTENT + b"!")

    def corrupts(self):
        self.send(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))

    def html(self):
        page = b"<html>Please log in to the hotel's network</html>"
        self.send(page.ljust(len(CONTENT)), Content_Type="text/html; charset=utf-8")

    def gone(self):
        self.send(b"no such file", code=404)

    def broken(self):
        self.send(b"", code=503)

    def stalls(self):
        self.send(CONTENT[:1000], length=len(CONTENT))
        self.wfile.flush()
        self.server.over.wait(FOREVER)

    def silent(self):
        self.server.over.wait(FOREVER)

    def drips(self):
        self.send(b"", length=len(CONTENT))
        for i in range(80):  # 4 seconds, then it breaks off
            self.wfile.write(CONTENT[i : i + 1])
            self.wfile.flush()
            if self.server.over.wait(0.05):
                return

    def endless(self):
        self.send_response(200)
        self.end_headers()
        while not self.server.over.is_set():
            self.wfile.write(bytes(2**16))

    def bomb(self):
        self.send(BOMB, Content_Encoding="gzip")

    def encoded(self):  # as some servers do with every .gz file
        self.send(CONTENT, Content_Encoding="gzip")

    def redirects(self):
        self.send(b"", code=302, Location="/good/numbers.bin")

    def astray(self):
        other = self.server.url.replace("127.0.0.1", "localhost")
        self.send(b"", code=301, Location=f"{other}/good/numbers.bin")

    def circles(self):
        self.send(b"", code=302, Location=self.path)

    def nowhere(self):
        self.send(b"", code=302, Location="file:///etc/passwd")

    def slowly(self):
        time.sleep(0.3)
        self.send(CONTENT)
