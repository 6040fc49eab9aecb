"""A proxy in front of a wallet service that spoils chosen calls; in a thread of its own."""

import asyncio
import socket
import ssl
import struct
import threading
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Final, NamedTuple

import httpx

from testbed.wallet.faults import CHANGED, REPLACED, TURNED_AWAY, Fault

HOST: Final = "127.0.0.1"
LIMIT_S: Final = 60.0
"""For the wallet to answer the proxy."""
_SLOWLY_S: Final = 0.05
_OF_A_CONNECTION: Final = frozenset({"host", "connection", "content-length"})


class Call(NamedTuple):
    """What Unbet has sent."""

    headers: dict[str, str]
    body: bytes


class Proxy:
    """`with Proxy(target) as proxy`: calls to `proxy.url` reach the wallet at `target`, each spoilt
    as the next one of `faults` says; without one left a call passes as it is."""

    def __init__(self, target: int | str) -> None:
        """A port of this machine, or a URL that the calls' path is appended to."""
        self.faults: deque[Fault] = deque()
        self.calls: list[Call] = []
        """In the order in which they came."""
        self._target = f"http://{HOST}:{target}" if isinstance(target, int) else target.rstrip("/")
        self._first: tuple[str, bytes] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._talks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server
        self._client: httpx.AsyncClient

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    def __enter__(self) -> "Proxy":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def next_fault(self) -> Fault:
        """How the call that has just come is spoilt."""
        return self.faults.popleft() if self.faults else Fault.NONE

    async def _start(self) -> None:
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(), trust_env=False, timeout=LIMIT_S
        )
        self._server = await asyncio.start_server(self._accept, HOST, 0)

    async def _end(self) -> None:
        self._server.close()
        talks = list(self._talks)
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await self._client.aclose()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._talks.add(task)
            task.add_done_callback(self._talks.discard)
        with suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, httpx.HTTPError
        ):
            while await self._talk(reader, writer):
                await writer.drain()
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One call; whether the connection goes on."""
        first, headers, body = await _read(reader)
        self.calls.append(Call(headers, body))
        fault = self.next_fault()
        if fault is Fault.RESET_BEFORE:
            return _reset(writer)
        if fault is Fault.LOST:
            return await _hang(reader)
        if fault in TURNED_AWAY:
            writer.write(_response(TURNED_AWAY[fault], b"{}"))
            return True
        times = 2 if fault is Fault.DOUBLED else 1
        calls = (self._ask(first, headers, body) for _ in range(times))
        *_, (status, answer) = await asyncio.gather(*calls)
        self._first = self._first or (status, answer)
        if fault is Fault.OTHER:
            status, answer = self._first
        return await _answer(fault, status, answer, reader, writer)

    async def _ask(self, first: str, headers: dict[str, str], body: bytes) -> tuple[str, bytes]:
        """The status, with when to come again, and the body."""
        _, path, _ = first.split(" ")
        sent = {name: value for name, value in headers.items() if name not in _OF_A_CONNECTION}
        response = await self._client.post(self._target + path, content=body, headers=sent)
        status = f"{response.status_code} {response.reason_phrase}"
        if retry_after := response.headers.get("retry-after"):
            status += f"\r\nRetry-After: {retry_after}"
        return status, response.content


async def _answer(
    fault: Fault,
    status: str,
    body: bytes,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> bool:
    """What the wallet has answered, or what becomes of it; whether the connection goes on."""
    if fault in REPLACED:
        status, body = REPLACED[fault]
    elif fault in CHANGED and status.startswith("200 "):
        body = CHANGED[fault](body)
    response = _response(status, body)
    match fault:
        case Fault.DROPPED:
            return False
        case Fault.RESET:
            return _reset(writer)
        case Fault.HUNG:
            return await _hang(reader)
        case Fault.HALF:
            writer.write(response[: -len(body) // 2])
            return False
        case Fault.FLOOD:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
            while True:
                writer.write(b" " * 65536)
                await writer.drain()
        case Fault.SLOW:
            for byte in response:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(_SLOWLY_S)
        case _:
            writer.write(response)
    return True


async def _read(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return first, headers, await reader.readexactly(int(headers["content-length"]))


def _response(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _reset(writer: asyncio.StreamWriter) -> bool:
    """Close it so that the other side meets a reset, not an end."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False


async def _hang(reader: asyncio.StreamReader) -> bool:
    """Until the other side gives up."""
    await reader.read(1)
    return False
