"""The service addresses in front of PostgreSQL and Redis, a process of its own so that the
provider's load and theirs do not wait for each other: `python -m ops.chaos.relay`.

It takes commands as lines of JSON and answers each with one; it ends with its standard input.
"""

import asyncio
import json
import sys
from typing import Any, Final

import uvloop

from ops.chaos.joined import Side

HOST: Final = "127.0.0.1"


class Address:
    """One address, whose connections go to one port at a time."""

    def __init__(self) -> None:
        self.port = 0
        self.target = 0
        self._mode = "open"
        self._joined: set[tuple[Side, Side]] = set()
        self._alone: set[Side] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, target: int) -> int:
        """Begin; the port to connect to."""
        self.target = target
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Side(self._accept, self._forget), HOST, 0, backlog=1024
        )
        self._server = server  # kept: a server that is collected stops listening
        self.port = int(server.sockets[0].getsockname()[1])
        return self.port

    def set_mode(self, mode: str) -> None:
        """`refuse` resets every connection, `silent` forwards nothing on any."""
        self._mode = mode
        if mode == "refuse":
            self.reset()
        elif mode == "silent":
            self.silence()

    def silence(self) -> int:
        """Forward nothing on the connections that there are; how many these are."""
        for side in self._sides():
            side.silence()
        return len(self._joined)

    def resume(self) -> None:
        """Forward again on those that had been silent. Those that got nowhere are reset."""
        self._mode = "open"
        for side in list(self._alone):
            side.reset()
        for side in self._sides():
            side.resume()

    def reset(self) -> int:
        """Reset every connection; how many there were."""
        count = len(self._joined)
        for side in [*self._sides(), *self._alone]:
            side.reset()
        return count

    def _sides(self) -> list[Side]:
        return [side for pair in self._joined for side in pair]

    def _accept(self, client: Side) -> None:
        self._alone.add(client)
        if self._mode == "refuse":
            client.reset()
        elif self._mode == "open":
            task = asyncio.create_task(self._connect(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self, client: Side) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, server = await loop.create_connection(
                lambda: Side(None, self._forget), HOST, self.target
            )
        except OSError:
            client.reset()  # as near to "refused" as somebody can be who has accepted
            return
        if client not in self._alone:
            server.reset()
            return
        self._alone.discard(client)
        self._joined.add((client, server))
        client.join(server)

    def _forget(self, side: Side) -> None:
        self._alone.discard(side)
        self._joined = {pair for pair in self._joined if side not in pair}


async def _main() -> None:
    addresses: dict[str, Address] = {}
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        answer = await _obey(addresses, **json.loads(line))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


async def _obey(addresses: dict[str, Address], do: str, name: str, value: Any = None) -> Any:
    if do == "listen":
        addresses[name] = Address()
        return await addresses[name].listen(value)
    address = addresses[name]
    match do:
        case "target":
            address.target = value
        case "mode":
            address.set_mode(value)
        case "silence":
            return address.silence()
        case "resume":
            address.resume()
        case "reset":
            return address.reset()
    return None


if __name__ == "__main__":
    uvloop.run(_main())
