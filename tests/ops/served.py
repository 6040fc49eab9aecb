"""A small HTTP server on which a test says what is answered to a Cancel."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

SECRET = "a-secret-for-tests-only"  # noqa: S105

Handler = Callable[[dict[str, Any]], bytes | None]
"""What is said to a cancel: whole HTTP; b"" hangs up, None says nothing for ever."""


class Served:
    """A server on which a handler answers, and what it has got."""

    def __init__(self, handler: Handler) -> None:
        self.cancels: list[dict[str, Any]] = []
        self.paths: set[str] = set()
        self.connections = 0
        self.url = ""
        self._handler = handler
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._answer(reader, writer):
                await writer.drain()
        writer.close()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        [length] = [line for line in head.split("\r\n") if line.startswith("Content-Length:")]
        cancel = json.loads(await reader.readexactly(int(length.split(":")[1])))
        self.paths.add(head.split(" ")[1])
        self.cancels.append(cancel)
        said = self._handler(cancel)
        if said is None:
            await reader.read()
            return False
        writer.write(said)
        return b"Connection: close" not in said and said != b""


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Served]:
    served = Served(handler)
    async with await asyncio.start_server(served.accept, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        served.url = f"http://127.0.0.1:{port}/{SECRET}"
        try:
            yield served
        finally:
            await served.end()


def http(body: str, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def told(cancel: dict[str, Any], code: object = 0, **changed: object) -> str:
    body = {"error": code, "description": "told", "reference": cancel["reference"], **changed}
    return json.dumps(body)
