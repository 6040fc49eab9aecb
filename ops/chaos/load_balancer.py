"""The load balancer in front of the receivers, since the provider knows one URL: it hands each new
connection to the next receiver that accepts it, and repeats no request by itself."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Final

from ops.chaos.joined import Side

HOST: Final = "127.0.0.1"


class LoadBalancer:
    """Listens on a free port of the loopback interface."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._turn = count()
        self._server: asyncio.Server | None = None
        self._connecting: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """Begin to listen; the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Side(self._accept), HOST, 0, backlog=1024)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening; connections end with their clients."""
        if self._server:
            self._server.close()

    def _accept(self, client: Side) -> None:
        task = asyncio.create_task(self._connect(client))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, client: Side) -> None:
        loop = asyncio.get_running_loop()
        first = next(self._turn)
        for n in range(len(self._ports)):
            port = self._ports[(first + n) % len(self._ports)]
            with suppress(OSError):
                _, receiver = await loop.create_connection(Side, HOST, port)
                client.join(receiver)
                return
        client.hang_up()
