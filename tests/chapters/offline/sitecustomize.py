"""Chapters are read without a network: connect to this machine only, or not at all."""

import socket

_connect = socket.socket.connect
HERE = ("127.0.0.1", "::1", "localhost")


def connect(self, address):
    """`socket.connect`, refused for other machines."""
    if isinstance(address, tuple) and address[0] not in HERE:
        raise OSError(f"chapters are offline: {address}")
    return _connect(self, address)


socket.socket.connect = connect
socket.socket.connect_ex = lambda self, address: connect(self, address) or 0
