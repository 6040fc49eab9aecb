"""Service addresses in front of PostgreSQL and Redis, or the load balancer's in front of the
receivers, in a process of their own so that the provider's load and theirs do not wait for each
other: `python -m testbed.chaos.relay`.

It takes commands as lines of JSON, `[address, method, arguments]`, and answers each with one; it
ends with its standard input.
"""

import asyncio
import json
import os
import socket
import sys
from collections import defaultdict
from contextlib import suppress
from inspect import isawaitable
from itertools import count
from typing import Final

import uvloop

from testbed.chaos.relay_link import FILES, LinkEnd
from unbet.runtime.sockets import allow_files, handles_on

HOST: Final = "127.0.0.1"

BACKLOG: Final = 4096

PRECEDENCE: Final = -10
"""What is between the parts must not be what is measured; only root may."""


class Address:
    """One address. Each new connection goes to the next target that accepts it."""

    def __init__(self) -> None:
        self._port = 0
        self._targets: tuple[int, ...] = ()
        self._turn = count()
        self._mode = "open"
        self._servers: list[asyncio.Server] = []
        self._joined: dict[LinkEnd, LinkEnd] = {}
        self._alone: set[LinkEnd] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def lead_to(self, *targets: int) -> None:
        """New connections; those that there are stay where they are."""
        self._targets = targets

    async def listen(self) -> int:
        """Begin, or begin again where it was; the port to connect to."""
        if not self._servers:
            loop = asyncio.get_running_loop()
            listening = socket.create_server((HOST, self._port), backlog=BACKLOG)
            for sock in handles_on(listening):
                server = await loop.create_server(
                    lambda: LinkEnd(self._accept, self._forget), sock=sock, backlog=BACKLOG
                )
                self._servers.append(server)
            self._port = int(listening.getsockname()[1])
        return self._port

    def stop_listening(self) -> None:
        """Nobody is there for new connections; those that there are stay."""
        while self._servers:
            self._servers.pop().close()

    def set_mode(self, mode: str) -> None:
        """`refuse` resets every connection, `silent` forwards nothing on any; `open` is what new
        ones find again."""
        self._mode = mode
        if mode == "refuse":
            self.reset()
        elif mode == "silent":
            self.mute()
        else:
            for side in list(self._alone):  # they got nowhere
                side.reset()

    def mute(self) -> int:
        """Forward nothing on the connections that there are; how many these are."""
        for side in self._joined:
            side.mute()
        return len(self._joined) // 2

    def resume(self) -> None:
        """Forward again on those that had been silent, what was held back first."""
        for side in self._joined:
            side.resume()

    def reset(self) -> int:
        """Reset every connection; how many there were."""
        connections = len(self._joined) // 2
        for side in [*self._joined, *self._alone]:
            side.reset()
        return connections

    def _accept(self, client: LinkEnd) -> None:
        self._alone.add(client)
        if self._mode == "refuse":
            client.reset()
        elif self._mode == "open":
            task = asyncio.create_task(self._connect(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self, client: LinkEnd) -> None:
        server = await self._reach()
        if server is None:
            client.reset()  # as near to "refused" as somebody can be who has accepted
        elif client not in self._alone:
            server.reset()
        else:
            self._alone.discard(client)
            self._joined |= {client: server, server: client}
            client.join(server)

    async def _reach(self) -> LinkEnd | None:
        loop = asyncio.get_running_loop()
        first, targets = next(self._turn), self._targets
        for number in range(len(targets)):
            port = targets[(first + number) % len(targets)]
            with suppress(OSError):
                _, server = await loop.create_connection(
                    lambda: LinkEnd(None, self._forget), HOST, port
                )
                return server
        return None

    def _forget(self, side: LinkEnd) -> None:
        self._alone.discard(side)
        if other := self._joined.pop(side, None):
            self._joined.pop(other, None)


async def _main() -> None:
    allow_files(FILES)
    with suppress(PermissionError):
        os.nice(PRECEDENCE)
    addresses: dict[str, Address] = defaultdict(Address)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        name, method, arguments = json.loads(line)
        answer = getattr(addresses[name], method)(*arguments)
        print(json.dumps(await answer if isawaitable(answer) else answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    uvloop.run(_main())
