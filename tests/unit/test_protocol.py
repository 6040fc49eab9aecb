"""What a connection may cost, where only a look inside can tell."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.server import ServerState

from api.protocol import MAX_HEAD_LENGTH, MAX_PIPELINED, MAX_WRAPPING_LENGTH, Bounded
from unbet.dialects.body import MAX_BODY_LENGTH
from unbet.runtime.http import read_body, respond

FOR_EVER_S = 20


@asynccontextmanager
async def connected(application: ASGIApp) -> AsyncIterator[tuple[Bounded, socket.socket]]:
    """A connection to `application`, and the sender's end of it."""
    config = uvicorn.Config(application, http=Bounded)
    config.load()
    connection = Bounded(config=config, server_state=ServerState(), app_state={})
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    # Less than a flood, whatever the system would take without anybody reading it.
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
    await asyncio.get_running_loop().create_connection(lambda: connection, sock=ours)
    with theirs:
        yield connection, theirs


async def test_of_a_body_that_is_too_long_no_more_is_kept_than_shows_it() -> None:
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def application(_scope: Scope, _receive: Receive, _send: Send) -> None:
        arrived.set()
        await answer.wait()  # which keeps what has come meanwhile

    async with connected(application) as (connection, theirs):
        body = b"x" * 10 * MAX_BODY_LENGTH
        head = b"POST /nothing HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % len(body)
        loop = asyncio.get_running_loop()
        sending = asyncio.create_task(loop.sock_sendall(theirs, head + body))
        await asyncio.wait_for(arrived.wait(), FOR_EVER_S)
        await asyncio.wait([sending], timeout=0.5)
        assert MAX_BODY_LENGTH < len(connection.cycle.body) <= 2 * MAX_BODY_LENGTH + 1
        answer.set()
        sending.cancel()


HEAD = b"POST / HTTP/1.1\r\nx-forwarded-for: 203.0.113.9\r\ntransfer-encoding: chunked\r\n\r\n"


async def test_what_comes_after_the_body_is_no_header() -> None:
    seen: list[Any] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive, MAX_BODY_LENGTH)
        seen.append(([value for name, value in scope["headers"] if name[:1] == b"x"], body))
        await respond(send, 200)

    trailers = b"X-Forwarded-For: 192.0.2.7\r\nExpect: 100-continue\r\n\r\n"
    async with connected(application) as (_, theirs):
        loop = asyncio.get_running_loop()
        for _ in range(2):  # the next request has its headers again
            await loop.sock_sendall(theirs, HEAD + b"2\r\n{}\r\n0\r\n" + trailers)
            answer = await asyncio.wait_for(loop.sock_recv(theirs, 65536), FOR_EVER_S)
            assert answer.startswith(b"HTTP/1.1 200")
    assert seen == [([b"203.0.113.9"], b"{}")] * 2


@pytest.mark.parametrize(
    "flood",
    [b"0\r\n" + b"a: b\r\n" * 50_000, b"0\r\na: " + b"b" * 10**6, b"1;" + b"e" * 10**6],
    ids=["trailers", "one trailer", "a chunk's extension"],
)
async def test_what_wraps_a_body_is_bounded(flood: bytes) -> None:
    answer = asyncio.Event()

    async def application(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await answer.wait()

    async with connected(application) as (connection, theirs):
        loop = asyncio.get_running_loop()
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(loop.sock_sendall(theirs, HEAD + flood), FOR_EVER_S)
        assert len(list(connection.scope["headers"])) == 2
        answer.set()


async def test_a_body_in_chunks_of_one_byte_is_read() -> None:
    whole: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def application(_scope: Scope, receive: Receive, send: Send) -> None:
        whole.set_result(await read_body(receive, MAX_BODY_LENGTH))
        await respond(send, 200)

    body = b"x" * (MAX_WRAPPING_LENGTH // 10)
    async with connected(application) as (_, theirs):
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        loop = asyncio.get_running_loop()
        for start in range(0, len(HEAD + chunks), 1000):
            await loop.sock_sendall(theirs, (HEAD + chunks)[start : start + 1000])
        assert await asyncio.wait_for(whole, FOR_EVER_S) == body


_REQUEST = b"POST /whole HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}"
_PART = b"POST /part HTTP/1.1\r\ncontent-length: 9\r\n\r\n{}"


@pytest.mark.parametrize(
    ("sent", "requests"),
    [
        (_REQUEST + b"no request\r\n\r\n", 1),
        (_REQUEST + b"POST / HTTP/1.1\r\nx: " + b"y" * MAX_HEAD_LENGTH + b"\r\n\r\n", 1),
        (_REQUEST * (MAX_PIPELINED + 2), MAX_PIPELINED + 1),
        (_PART, 1),
    ],
    ids=["no request", "a long head", "too many", "a reset"],
)
async def test_what_came_before_a_connection_ended_is_read(sent: bytes, requests: int) -> None:
    """What is whole, with whatever follows it in the same read, and of a body what has come."""
    read: list[Message] = []

    async def application(_scope: Scope, receive: Receive, send: Send) -> None:
        read.append(await receive())
        if not read[-1].get("more_body"):
            await respond(send, 200)

    async with connected(application) as (connection, theirs):
        await asyncio.get_running_loop().sock_sendall(theirs, sent)
        async with asyncio.timeout(FOR_EVER_S):
            while not connection.cycle and not read:
                await asyncio.sleep(0)
            connection.transport.abort()
            while len(read) < requests:
                await asyncio.sleep(0.01)
    assert [message.get("body") for message in read] == [b"{}"] * requests


async def test_a_request_is_handed_on_with_its_body_or_a_moment_later_without() -> None:
    asked: list[str] = []
    read: list[tuple[bytes, bool]] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        message = await receive()
        read.append((message["body"], message["more_body"]))
        await respond(send, 200)

    head = b"POST /%s HTTP/1.1\r\ncontent-length: 2\r\n\r\n"
    async with connected(application) as (connection, theirs):
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(theirs, head % b"whole")
        async with asyncio.timeout(FOR_EVER_S):
            while not connection._to_start:
                await asyncio.sleep(0)
        assert asked == []
        await loop.sock_sendall(theirs, b"{}")
        answer = await asyncio.wait_for(loop.sock_recv(theirs, 65536), FOR_EVER_S)
        assert answer.startswith(b"HTTP/1.1 200")
        await loop.sock_sendall(theirs, head % b"half" + b"{")
        answer = await asyncio.wait_for(loop.sock_recv(theirs, 65536), FOR_EVER_S)
        assert answer.startswith(b"HTTP/1.1 200")
    assert asked == ["/whole", "/half"]
    assert read == [(b"{}", False), (b"{", True)]
