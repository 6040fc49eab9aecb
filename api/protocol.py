"""HTTP connections within bounds, which uvicorn's own protocol leaves open."""

import asyncio
from collections import deque
from typing import Any, Final

from api.connection import Connection
from api.parser import KeepHttp1Parser
from unbet.dialects.body import LONGEST_BODY
from unbet.runtime import metrics
from unbet.runtime.sockets import allow_files

LONGEST_HEAD: Final = 16 * 1024
"""Bytes of a request before its body."""

LONGEST_WRAPPING: Final = 2 * LONGEST_HEAD
"""Bytes of a request beside its body, which come with the head, between chunks and after them. A
Cancel's body needs 2 KiB of them where each byte is a chunk."""

HEAD_LIMIT_S: Final = 10.0
"""From a connection's beginning, or a request's first byte, to the end of the request's head."""

MOST_CONNECTIONS: Final = 10_000
"""More than a provider has; what comes beyond is closed at once."""

MOST_PIPELINED: Final = 16
"""Requests of one connection that wait for the one before: a read may bring thousands."""

OTHER_FILES: Final = 200
"""Descriptors for the rest: PostgreSQL, Redis, spool, logs."""

_NO_HEADERS: Final = deque[tuple[bytes, bytes]](maxlen=0)


class TooFewFilesError(Exception):
    """The system allows this process no connection beside the files it needs itself."""


def make_room() -> int:
    """Have the system allow `MOST_CONNECTIONS` files; how many connections fit. Raises
    `TooFewFilesError`."""
    files = allow_files(MOST_CONNECTIONS + OTHER_FILES)
    if files <= OTHER_FILES:
        raise TooFewFilesError(
            f"the system allows it {files} open files (ulimit -n); it needs {OTHER_FILES} itself "
            "and one for each connection."
        )
    return files - OTHER_FILES


class Bounded(Connection):
    """One connection. Who exceeds a bound gets HTTP 400 or nothing, and loses the connection."""

    most_connections = MOST_CONNECTIONS

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.parser = KeepHttp1Parser(self, self.parser)  # type: ignore[assignment]
        self._head_timer: asyncio.TimerHandle | None = None
        self._in_head = self._in_body = False
        self._wrapping_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            self._cut("connections")
        else:
            self._begin_to_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_to_wait()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        self._end_to_wait()  # what ends within its head is not waited for
        return super().eof_received()

    def data_received(self, data: bytes) -> None:
        # What comes between requests (empty lines, the rest of a body that was refused) does not
        # keep a connection.
        if not self._in_head and (self.cycle is None or self.cycle.response_complete):
            self._begin_to_wait()
        super().data_received(data)
        if self._in_head or self._in_body:
            self._wrapping_bytes += len(data)
            self._bound_wrapping()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._wrapping_bytes = True, 0
        self._begin_to_wait()

    def on_headers_complete(self) -> None:
        if self._leaves_http():
            return  # `KeepHttp1Parser` has it read once more
        self._in_head = False
        self._end_to_wait()
        if len(self.url) + sum(len(n) + len(v) for n, v in self.headers) > LONGEST_HEAD:
            metrics.CUT.labels(reason="head").inc()
            raise ValueError("the head is too long")  # uvicorn answers 400 and closes
        if len(self.pipeline) >= MOST_PIPELINED:
            self._cut("pipeline")
            raise ValueError("too many requests at once")  # ends the reading of the rest
        super().on_headers_complete()
        self._in_body = True
        # Trailers are no headers: whoever vouches for the head has not looked at them.
        self.headers = _NO_HEADERS  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        self._wrapping_bytes -= len(body)
        # What is longer is refused: no more of it is kept than shows that.
        if len(self.cycle.body) <= LONGEST_BODY:
            super().on_body(body[: LONGEST_BODY + 1])

    def on_message_complete(self) -> None:
        if not self._leaves_http():
            self._in_body = False
            super().on_message_complete()

    def _leaves_http(self) -> bool:
        return bool(self.parser.should_upgrade()) and self.parser.get_method() != b"CONNECT"

    def _bound_wrapping(self) -> None:
        if self.transport.is_closing():
            return  # a 400 is on its way
        if self._in_head and self._wrapping_bytes > LONGEST_HEAD:
            self._cut("head")
        elif self._wrapping_bytes > LONGEST_WRAPPING:
            self._cut("wrapping")

    def _begin_to_wait(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_LIMIT_S, self._cut, "slow")

    def _end_to_wait(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
