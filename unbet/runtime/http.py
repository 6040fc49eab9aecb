"""The HTTP that a Cancel needs, directly on ASGI: a body read within bounds, a response sent.

A framework's routing, requests and responses would cost a receiver a fifth of its throughput
(`docs/performance.md`).
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.types import Message, Receive, Send

BODY_LIMIT_S: Final = 5.0
"""How long a sender may take for its body."""


class UnreadableError(Exception):
    """The body cannot be had; `status` is the HTTP status that says why, `read` what there was."""

    def __init__(self, status: int, read: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.read = read


async def read_body(receive: Receive, longest: int) -> bytes:
    """The request's body. Raises `UnreadableError`: 413 as soon as it is longer than `longest`
    bytes, 408 if it takes longer than `BODY_LIMIT_S`, 400 if the sender has gone."""
    return await read_rest(receive, longest, asyncio.get_running_loop().time() + BODY_LIMIT_S)


async def read_rest(
    receive: Receive, longest: int, deadline: float, first: Message | None = None
) -> bytes:
    """As `read_body`, until `deadline` of the loop's clock; `first` is what was received before."""
    body: bytes = b""
    try:
        async with asyncio.timeout_at(deadline):
            while True:
                message = first or await receive()
                first = None
                if message["type"] == "http.disconnect":
                    raise UnreadableError(400, body)
                body += message.get("body", b"")
                if len(body) > longest:
                    raise UnreadableError(413, body)
                if not message.get("more_body"):
                    return body
    except TimeoutError:
        raise UnreadableError(408, body) from None


async def respond(
    send: Send,
    status: int,
    body: bytes = b"",
    more: Mapping[bytes, bytes] | None = None,
    *,
    content_type: bytes = b"application/json",
) -> None:
    """Send a response; without a body only its head. `more` are further headers."""
    headers = [(b"content-length", b"%d" % len(body)), *(more or {}).items()]
    if body:
        headers.append((b"content-type", content_type))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
