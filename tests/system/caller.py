"""Calls one path of a receiver, as many at a time as a test likes."""

import asyncio
import json
import re
from typing import Any, Final, NamedTuple

from tests.system.processes import System

_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: (\d+)\r\n")

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Answer(NamedTuple):
    """An HTTP status and what came with it."""

    status: int
    body: bytes

    @property
    def code(self) -> int:
        """The provider's code; the HTTP status where that is not 200."""
        return int(json.loads(self.body)["error"]) if self.status == 200 else self.status


class Caller:
    """Keeps its connections between calls, as a provider does."""

    def __init__(self, system: System) -> None:
        self._port = int(system.environment["UNBET_PORT"])
        self._head = f"POST {system.path} HTTP/1.1\r\nHost: x\r\nContent-Length: "
        self._idle: list[_Connection] = []

    async def post(self, document: dict[str, Any]) -> Answer:
        """Raises `OSError` or `asyncio.IncompleteReadError` if no answer comes."""
        body = json.dumps(document).encode()
        request = f"{self._head}{len(body)}\r\n\r\n".encode() + body
        while self._idle:
            kept = self._idle.pop()
            try:
                return await self._exchange(kept, request)
            except (ConnectionError, asyncio.IncompleteReadError):
                # The receiver may close what was idle; it decides a cancel once, however often
                # that comes.
                kept[1].close()
        return await self._exchange(await self._open(), request)

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def _open(self) -> _Connection:
        return await asyncio.open_connection("127.0.0.1", self._port)

    async def _exchange(self, connection: _Connection, request: bytes) -> Answer:
        reader, writer = connection
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        self._idle.append(connection)
        return Answer(int(head[9:12]), body)
