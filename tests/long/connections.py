"""Connections of every kind, many of each: what a client may send and how it may end."""

import re
import socket
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import Final

THREADS: Final = 4
ANSWER_LIMIT_S: Final = 30.0

_NO_PORT_YET: Final = getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24)
_RESET: Final = struct.pack("ii", 1, 0)
"""Of SO_LINGER: what is sent at the end is a reset."""

_WHOLE: Final = re.compile(rb"(?is)HTTP/1\.1 .*?\r\ncontent-length: (\d+).*?\r\n\r\n")
_CHECK: Final = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Padding: " + b"x" * 2000 + b"\r\n\r\n"
_HELLO: Final = bytes.fromhex("16030102000100 01fc0303") + b"h" * 500

Kind = Callable[[socket.socket, str], None]


def health_check(client: socket.socket, _path: str) -> None:
    client.sendall(_CHECK)
    _answer(client)


def health_check_then_reset(client: socket.socket, path: str) -> None:
    health_check(client, path)
    _reset_at_the_end(client)


def left_before_the_answer(client: socket.socket, _path: str) -> None:
    client.sendall(_CHECK)


def half_a_head(client: socket.socket, _path: str) -> None:
    client.sendall(_CHECK[:1000])


def half_a_body(client: socket.socket, path: str) -> None:
    client.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 300\r\n\r\n{{".encode())


def garbage(client: socket.socket, _path: str) -> None:
    client.sendall(b"\x00\xff" * 50 + b"\r\n\r\n")
    _answer(client)


def tls_hello(client: socket.socket, _path: str) -> None:
    client.sendall(_HELLO)
    _answer(client)


def nothing_at_all(_client: socket.socket, _path: str) -> None:
    """Some load balancers look whether somebody listens."""


def kept_and_dropped(client: socket.socket, path: str) -> None:
    for _ in range(3):
        health_check(client, path)
    _reset_at_the_end(client)


def half_closed(client: socket.socket, _path: str) -> None:
    client.sendall(_CHECK)
    client.shutdown(socket.SHUT_WR)
    _answer(client)


def pipelined_and_never_read(client: socket.socket, _path: str) -> None:
    client.sendall(_CHECK * 8)
    _reset_at_the_end(client)


KINDS: Final[tuple[Kind, ...]] = (
    health_check,
    health_check_then_reset,
    left_before_the_answer,
    half_a_head,
    half_a_body,
    garbage,
    tls_hello,
    nothing_at_all,
    kept_and_dropped,
    half_closed,
    pipelined_and_never_read,
)


class Clients:
    """Make connections to one port, from ever other addresses: each has 28,000 ports only, and one
    that has been closed is taken for a minute."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._path = path
        self._made = count()

    def make(self, kind: Kind, connections: int) -> None:
        """That many, one after the other in each of a few threads. Raises what one of them does."""
        with ThreadPoolExecutor(THREADS) as pool:
            each = [connections // THREADS] * THREADS
            each[0] += connections % THREADS
            for done in [pool.submit(self._make, kind, number) for number in each]:
                done.result()

    def _make(self, kind: Kind, connections: int) -> None:
        for _ in range(connections):
            number = next(self._made)
            with socket.socket() as client:
                client.settimeout(ANSWER_LIMIT_S)
                client.setsockopt(socket.IPPROTO_IP, _NO_PORT_YET, 1)
                client.bind((f"127.1.{number // 250 % 250}.{1 + number % 250}", 0))
                client.connect(("127.0.0.1", self._port))
                with suppress(ConnectionError):  # cut, as some of them are
                    kind(client, self._path)


def _answer(client: socket.socket) -> None:
    """Read one whole answer."""
    received = b""
    while not (whole := _WHOLE.match(received)) or len(received) < whole.end() + int(whole[1]):
        piece = client.recv(65536)
        if not piece:
            raise AssertionError(f"no answer, but {received!r}")
        received += piece


def _reset_at_the_end(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
