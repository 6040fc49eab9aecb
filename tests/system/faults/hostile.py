"""Senders that mean no good: odd bodies, sent in odd ways, at a given rate."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Final

from tests.fuzz.bodies import MAX_BODY_LENGTH, Bodies
from tests.fuzz.rules import may_be_a_cancel

CONNECTIONS: Final = 64
PER_SECOND: Final = 1000
ANSWER_LIMIT_S: Final = 12.0
"""More than the receiver's 5 s for a body, and its 10 s for a head."""

CUT: Final = "cut off"
"""In place of a status: the receiver has closed the connection."""

_LENGTH: Final = re.compile(rb"(?i)content-length: (\d+)")
_TYPES: Final = ["application/json", "text/plain; charset=utf-16", "image/png", "", "a" * 99]


def hostile(count: int, random: Random) -> list[bytes]:
    """Bodies that are no Cancels, of every kind; one in fifty is longer than allowed."""
    bodies, made = Bodies(random.randrange(2**32)), list[bytes]()
    while len(made) < count:
        body = bodies.next().content
        if random.random() < 0.02:
            body = body.ljust(MAX_BODY_LENGTH + random.choice([1, 1000, 60_000]), b" ")
        if len(body) > MAX_BODY_LENGTH or not may_be_a_cancel(body):
            made.append(body)
    return made


class Senders:
    """Send to one path of a receiver, and count what comes back."""

    def __init__(self, port: int, path: str, random: Random) -> None:
        self._port = port
        self._head = f"POST {path} HTTP/1.1\r\nHost: x\r\n".encode()
        self._random = random
        self.statuses: Counter[str] = Counter()
        """What was answered: HTTP status and code, or `CUT`."""

    async def send(self, bodies: Sequence[bytes], written: Callable[[bytes], bytes]) -> None:
        """Send all `bodies` over many connections, each as `written` says."""
        waiting, started = iter(enumerate(bodies)), time.monotonic()

        async def one_after_another() -> None:
            connection = None
            for number, body in waiting:
                ahead_s = started + number / PER_SECOND - time.monotonic()
                await asyncio.sleep(max(ahead_s, 0))
                connection = connection or await self._connect()
                status = await self._exchange(connection, written(body))
                if status == CUT or number % 4 == 0:
                    connection[1].close()
                    connection = None
            if connection:
                connection[1].close()

        await asyncio.gather(*(one_after_another() for _ in range(CONNECTIONS)))

    async def send_slowly(self, body: bytes, pause_s: float) -> None:
        """A byte at a time, of a body that is never whole."""
        reader, writer = await self._connect()
        writer.write(self._head + b"Content-Length: 9999\r\n\r\n")

        async def drip() -> None:
            for byte in body:
                writer.write(bytes([byte]))
                await asyncio.sleep(pause_s)

        dripping = asyncio.create_task(drip())
        await self._exchange((reader, writer), b"")
        dripping.cancel()
        writer.close()

    def plain(self, body: bytes) -> bytes:
        return self._head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)

    def odd(self, body: bytes) -> bytes:
        """In one of many ways, some of which are no HTTP."""
        kind = self._random.choice(_TYPES).encode()
        head = self._head + b"Content-Type: " + kind + b"\r\n"
        match self._random.randrange(20):
            case 0:  # of more than its first byte another request is made
                return head + b"Content-Length: 1\r\n\r\n{" + body
            case 1:
                return head + b"Content-Length: -1\r\n\r\n" + body
            case 2:
                both = b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                return head + both + self._chunked(body)
            case 3:
                return head + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n" + body
            case 4:
                return head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body
            case 5 | 6 | 7 | 8 | 9:
                return head + b"Transfer-Encoding: chunked\r\n\r\n" + self._chunked(body)
            case 10:
                return head + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n{} "
            case 11:
                return head + b"X: \x0b\r\n" + self._rest(body)
            case 12:
                return head + b"Upgrade: websocket\r\nConnection: upgrade\r\n" + self._rest(body)
            case _:
                return head + self._rest(body)

    def _rest(self, body: bytes) -> bytes:
        return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)

    def _chunked(self, body: bytes) -> bytes:
        size = self._random.choice([1, 7, 500, 20_000])
        size = max(size, len(body) // 200 + 1)
        parts = [body[start : start + size] for start in range(0, len(body), size)]
        return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in [*parts, b""])

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port)

    async def _exchange(
        self, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes
    ) -> str:
        """What was answered. Raises `TimeoutError` if the connection is stuck."""
        reader, writer = connection
        writer.write(request)
        status = CUT
        async with asyncio.timeout(ANSWER_LIMIT_S):
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                while head.startswith(b"HTTP/1.1 100"):
                    head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                code = f" {json.loads(body)['error']}" if body.startswith(b"{") else ""
                status = head[9:12].decode() + code
        self.statuses[status] += 1
        return status if status.startswith("200") else CUT
