"""The real receiver, or for other dialects the casino's own, on a small HTTP server before an
operator in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

from api.receive import Receiver
from tests.ops.conformance.casino import Casino
from tests.ops.conformance.reference_receivers import REFERENCE_RECEIVERS, ReferenceReceiver
from tests.ops.conformance.wire import ALLOWED, SECRET, Request, Response
from unbet.dialects import DialectName
from unbet.runtime.settings import Settings

Right = Callable[[Request], Awaitable[Response]]
"""What the receiver answers that is right."""

Handler = Callable[[Request, Right, Casino], Awaitable[Response]]
"""What is answered in front of it."""


async def honest(request: Request, right: Right, _casino: Casino) -> Response:
    return await right(request)


@asynccontextmanager
async def serving(
    casino: Casino,
    dialect: DialectName = "lucky-monaco-v4",
    handler: Handler = honest,
    receiver: type[ReferenceReceiver] | None = None,
) -> AsyncIterator[str]:
    """The URL that the operator told the provider; `receiver` instead of the dialect's own one."""
    make = receiver or REFERENCE_RECEIVERS.get(dialect)
    right = _of_reference(casino, make()) if make else _of_unbet(casino, dialect)
    talks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            talks.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                sender, _ = writer.get_extra_info("peername")
                response = await handler(await _read(reader, sender), right, casino)
                head = (
                    f"HTTP/1.1 {response.status} .\r\nContent-Length: {len(response.body)}\r\n\r\n"
                )
                writer.write(head.encode() + response.body)
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/{SECRET}"
        finally:
            for talk in talks:
                talk.cancel()
            await asyncio.gather(*talks)


def _of_reference(casino: Casino, receiver: ReferenceReceiver) -> Right:
    casino.late_code = receiver.late_code

    async def right(request: Request) -> Response:
        return receiver.answer(request, casino)

    return right


def _of_unbet(casino: Casino, dialect: DialectName) -> Right:
    settings = Settings(
        database_url="postgresql://localhost/unbet",
        broker_url="redis://localhost",
        url_secret=SECRET,
        dialect=dialect,
        allowed_ips=[f"{ALLOWED}/32"],
    )
    receiver = Receiver(settings, casino, cast(Any, None), cast(Any, _NoNotes()))

    async def right(request: Request) -> Response:
        sent: list[Any] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": request.body}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": request.method,
            "path": request.path,
            "raw_path": request.path.encode(),
            "headers": [(b"content-type", request.content_type.encode())],
            "client": (request.sender, 1),
        }
        await receiver(scope, receive, send)
        return Response(sent[0]["status"], sent[1]["body"])

    return right


async def _read(reader: asyncio.StreamReader, sender: str) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.casefold(): value for name, value in (line.split(": ", 1) for line in lines)}
    method, path, _ = first.split(" ")
    body = await reader.readexactly(int(headers["content-length"]))
    return Request(method, path, headers.get("content-type", ""), body, sender, headers)


class _NoNotes:
    def add(self, _note: object) -> None:
        pass
