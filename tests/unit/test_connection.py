"""Clients that leave, half-close or do not read, where only a look inside can tell."""

import asyncio
import gc
import socket
import struct
import weakref
from collections.abc import Callable

import pytest
import uvloop
from starlette.types import Receive, Scope, Send

from api import connection as connections
from api.protocol import Bounded
from tests.counting import counted
from tests.unit.test_protocol import FOR_EVER_S, connected
from unbet.dialects.body import MAX_BODY_LENGTH
from unbet.runtime import metrics
from unbet.runtime.http import UnreadableError, read_body, respond

BODY = b'{"reference":"r1"}'
REQUEST = b"POST /%d HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b"
CUT_OFF = b"POST /cut-off HTTP/1.1\r\ncontent-length: 99\r\n\r\n" + BODY
RESET = struct.pack("ii", 1, 0)
"""Of SO_LINGER: what is sent at the end is a reset."""


class Application:
    """Answers each request with its path, once it may; what it has seen."""

    def __init__(self, answer: bytes = b"") -> None:
        self.may_answer = asyncio.Event()
        self.seen: list[tuple[str, bytes]] = []
        self.refused: list[tuple[int, bytes]] = []
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(receive, MAX_BODY_LENGTH)
        except UnreadableError as error:
            self.refused.append((error.status, error.read))
            await respond(send, error.status)
            return
        self.seen.append((scope["path"], body))
        await self.may_answer.wait()
        await respond(send, 200, self._answer or scope["path"].encode())


def requests(count: int) -> bytes:
    return b"".join(REQUEST % (number, len(BODY), BODY) for number in range(count))


async def all_of(theirs: socket.socket) -> bytes:
    """What comes until the connection ends."""
    loop, received = asyncio.get_running_loop(), b""
    async with asyncio.timeout(FOR_EVER_S):
        while piece := await loop.sock_recv(theirs, 65536):
            received += piece
    return received


async def come_true(true: Callable[[], object]) -> None:
    async with asyncio.timeout(FOR_EVER_S):
        while not true():
            await asyncio.sleep(0.01)


def undelivered(reason: str) -> float:
    return counted("unbet_undelivered_total", reason=reason)


@pytest.mark.parametrize("count", [1, 4])
async def test_a_client_that_sends_no_more_gets_its_answers_and_then_the_end(count: int) -> None:
    application = Application()
    async with connected(application) as (connection, theirs):
        theirs.send(requests(count))
        theirs.shutdown(socket.SHUT_WR)
        await come_true(lambda: application.seen)
        application.may_answer.set()
        received = await all_of(theirs)
        assert received.count(b"HTTP/1.1 200") == count
        assert received.count(b"connection: close") == 1
        assert received.endswith(b"/%d" % (count - 1))
        assert connection not in connection.connections


@pytest.mark.parametrize("before", [0, 2])
async def test_a_body_that_the_client_ended_before_its_end_is_refused(before: int) -> None:
    application = Application()
    async with connected(application) as (_, theirs):
        theirs.send(requests(before) + CUT_OFF)
        theirs.shutdown(socket.SHUT_WR)
        if before:
            await come_true(lambda: application.seen)
            application.may_answer.set()
        received = await all_of(theirs)
        assert received.count(b"HTTP/1.1 200") == before
        assert received.count(b"HTTP/1.1 400") == 1
        await come_true(lambda: application.refused)
        assert application.refused == [(400, BODY)]


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nhost:"], ids=["nothing", "half a head"])
async def test_a_client_that_ends_without_a_request_is_let_go(sent: bytes) -> None:
    async with connected(Application()) as (_, theirs):
        theirs.send(sent)
        theirs.shutdown(socket.SHUT_WR)
        assert await all_of(theirs) == b""


async def test_what_came_whole_is_decided_though_its_client_has_left() -> None:
    application = Application()
    before = undelivered("gone")
    async with connected(application) as (connection, theirs):
        theirs.send(requests(4) + CUT_OFF)
        await come_true(lambda: application.seen)
        await come_true(lambda: len(connection.pipeline) == 4)
        theirs.close()
        # Nobody reads from a connection that has so much: an answer will find that it has ended.
        application.may_answer.set()
        await come_true(lambda: len(application.seen) == 4)
        await come_true(lambda: not connection.tasks)
        assert [path for path, _ in application.seen] == ["/0", "/1", "/2", "/3"]
        assert undelivered("gone") > before


async def test_who_takes_no_answer_is_cut_and_its_requests_are_decided(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "WRITE_LIMIT_S", 0.3)
    application = Application(answer=b"x" * 40_000)
    cut, before = metrics.CUT.labels(reason="unread")._value, undelivered("cut")
    cuts = cut.get()
    async with connected(application) as (connection, theirs):
        theirs.send(requests(16))
        application.may_answer.set()
        await come_true(lambda: connection.flow.write_paused)
        # No second answer is kept for it.
        assert connection.transport.get_write_buffer_size() <= 40_000
        await come_true(lambda: connection not in connection.connections)
        await come_true(lambda: not connection.tasks)
    assert [path for path, _ in application.seen] == [f"/{number}" for number in range(16)]
    assert (cut.get(), undelivered("cut") > before) == (cuts + 1, True)
    assert "Exception in ASGI application" not in caplog.text


@pytest.mark.parametrize("waits", [False, True], ids=["answered", "waiting"])
@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize(
    "sent",
    [
        *(b"", b"POST / HTTP/1.1\r\nhost:", CUT_OFF, b"\x16\x03\x01\x02" * 30),
        *(requests(1), requests(3), requests(3) + CUT_OFF, requests(99)),
    ],
    ids=["nothing", "head", "body", "tls", "one", "pipelined", "pipelined body", "flood"],
)
def test_a_connection_that_has_ended_leaves_nothing_for_the_search_for_garbage(
    sent: bytes, is_reset: bool, waits: bool
) -> None:
    async def come_and_go() -> weakref.ref[Bounded]:
        application = Application()
        if not waits:
            application.may_answer.set()
        async with connected(application) as (connection, theirs):
            theirs.send(sent)
            await asyncio.sleep(0.01)  # some of it is read before its sender leaves
            if is_reset:
                theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            theirs.close()
            application.may_answer.set()
            left, state = weakref.ref(connection), connection.server_state
            del connection
            await come_true(lambda: not state.connections and not state.tasks)
        await asyncio.sleep(0)
        return left

    gc.disable()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            left = runner.run(come_and_go())
            assert left() is None
    finally:
        gc.enable()
