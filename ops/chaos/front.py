"""The load balancer in front of the receivers, since the provider knows one URL: it hands each new
connection to the next receiver that accepts it, and repeats no request by itself."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Final

HOST: Final = "127.0.0.1"


class Front:
    """Listens on a free port of the loopback interface."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._turn = count()
        self._server: asyncio.Server | None = None
        self._connecting: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """Begin to listen; the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Side(self._welcome), HOST, 0, backlog=1024)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening; connections end with their clients."""
        if self._server:
            self._server.close()

    def _welcome(self, client: "_Side") -> None:
        task = asyncio.create_task(self._connect(client))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, client: "_Side") -> None:
        loop = asyncio.get_running_loop()
        first = next(self._turn)
        for n in range(len(self._ports)):
            port = self._ports[(first + n) % len(self._ports)]
            with suppress(OSError):
                _, receiver = await loop.create_connection(_Side, HOST, port)
                client.join(receiver)
                return
        client.hang_up()


class _Side(asyncio.Protocol):
    """One of the two connections that are joined: what comes in here goes out there."""

    def __init__(self, welcome: "Callable[[_Side], None] | None" = None) -> None:
        self._welcome = welcome
        self._transport: asyncio.Transport | None = None
        self._other: _Side | None = None
        self._early = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - it is, for TCP
        self._transport = transport
        if self._welcome:
            self._welcome(self)

    def join(self, other: "_Side") -> None:
        """From now on they are one connection."""
        self._other, other._other = other, self
        if self._early:
            other.write(bytes(self._early))
        if self._transport is None or self._transport.is_closing():
            other.hang_up()

    def write(self, data: bytes) -> None:
        if self._transport:
            self._transport.write(data)

    def hang_up(self) -> None:
        if self._transport:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._other:
            self._other.write(data)
        else:
            self._early += data

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        if self._other:
            self._other.hang_up()
