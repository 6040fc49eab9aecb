"""Bounds on HTTP connections that uvicorn's own protocol does not set."""

import asyncio
from collections import deque
from types import SimpleNamespace
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.connection import Connection
from api.parser import head_without_offer, parser_for
from unbet.dialects.body import MAX_BODY_LENGTH
from unbet.runtime import metrics
from unbet.runtime.sockets import allow_files

MAX_HEAD_LENGTH: Final = 16 * 1024
"""Bytes of a request before its body."""

MAX_WRAPPING_LENGTH: Final = 2 * MAX_HEAD_LENGTH
"""Bytes of a request beside its body, which come with the head, between chunks and after them. A
Cancel's body needs 2 KiB of them where each byte is a chunk."""

HEAD_LIMIT_S: Final = 10.0
"""From a connection's beginning, or a request's first byte, to the end of the request's head."""

MAX_CONNECTIONS: Final = 10_000
"""More than a provider needs; a connection beyond this is closed at once."""

MAX_PIPELINED: Final = 16
"""Requests of one connection that wait for the one before: a read may bring thousands."""

OTHER_FILES: Final = 200
"""Descriptors for the rest: PostgreSQL, Redis, spool, logs."""

BODY_HOLD_S: Final = 0.2
"""How long a request waits for its body before the application gets it. Nearly always the body
comes with the head or right after it, and then the application need not wait."""

_NO_HEADERS: Final = deque[tuple[bytes, bytes]](maxlen=0)


_IGNORED: Final[Any] = SimpleNamespace(response_complete=True)
"""uvicorn regards this as a completed request."""


class TooFewFilesError(Exception):
    """The system allows this process no open files for connections."""


def raise_file_limit() -> int:
    """Raise the limit of open files for `MAX_CONNECTIONS`; return how many connections fit.
    Raises `TooFewFilesError`."""
    files = allow_files(MAX_CONNECTIONS + OTHER_FILES)
    if files <= OTHER_FILES:
        raise TooFewFilesError(
            f"the system allows it {files} open files (ulimit -n); it needs {OTHER_FILES} itself "
            "and one for each connection."
        )
    return files - OTHER_FILES


class Bounded(Connection):
    """One connection. Who exceeds a bound gets HTTP 400 or nothing, and loses the connection.

    Beside those of `Connection` it relies on these private parts of uvicorn 0.54: `scope` is the
    request that is being read, and `cycle` is made of it once its head has been read.
    """

    max_connections = MAX_CONNECTIONS

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._head_timer: asyncio.TimerHandle | None = None
        self._wrapping_bytes = 0
        self._before_offer: Any = None
        self._hold_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self._cut("connections")
        else:
            self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        if self._to_start:
            self._start()
            # The application first reads, and logs, what has come of the body.
            self.loop.call_soon(super().connection_lost, exc)
        else:
            super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        self._stop_head_timer()  # what ends within its head is not waited for
        self._start()
        return super().eof_received()

    def data_received(self, data: bytes) -> None:
        """As uvicorn's, within bounds. It is in one piece: each request comes this way."""
        cycle, scope = self.cycle, self.scope
        body_before = len(cycle.body) if cycle is not None else 0
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            problem = "Invalid HTTP request received."
            self.logger.warning(problem)
            self.send_400_response(problem)
            return
        except httptools.HttpParserUpgrade as offer:
            if self.parser.get_method() == b"CONNECT":
                self._unsupported_upgrade_warning()
                self._start()
            else:
                self._stay_with_http1(data[offer.args[0] :])
            return
        if self.scope is not scope:
            self._wrapping_bytes = 0
        if self.cycle is None:
            self._bound_head(len(data))
            return
        in_head = self.cycle.scope is not self.scope
        if in_head or self.cycle.response_complete:
            # Bytes between requests (empty lines, the rest of a refused body) do not keep a
            # connection open.
            self._start_head_timer()
        else:
            self._stop_head_timer()
        if in_head or (self.cycle.more_body and not self.cycle.response_complete):
            came = len(self.cycle.body) - (body_before if self.cycle is cycle else 0)
            self._wrapping_bytes += len(data) if in_head else len(data) - came
            self._bound_wrapping(in_head)
        if len(self.cycle.body) > MAX_BODY_LENGTH:
            # A longer body is refused: one byte beyond the limit is enough to show it.
            self.cycle.body = self.cycle.body[: MAX_BODY_LENGTH + 1]
        if self._to_start:
            self._start_or_hold()

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._before_offer, self.cycle = self.cycle, _IGNORED
            return  # it is read once more
        if len(self.url) + sum(len(n) + len(v) for n, v in self.headers) > MAX_HEAD_LENGTH:
            metrics.CUT.labels(reason="head").inc()
            raise ValueError("the head is too long")  # uvicorn answers 400 and closes
        if len(self.pipeline) >= MAX_PIPELINED:
            self._cut("pipeline")
            raise ValueError("too many requests at once")  # ends the reading of the rest
        super().on_headers_complete()
        if not self.pipeline:
            self._running = self.cycle
        # Trailers are no headers: a proxy has not checked them.
        self.headers = _NO_HEADERS  # type: ignore[assignment]

    def _start_or_hold(self) -> None:
        cycle = self.cycle
        is_whole = cycle is not self._running or not cycle.more_body
        if is_whole or cycle.waiting_for_100_continue or len(cycle.body) > MAX_BODY_LENGTH:
            self._start()
        elif self._hold_timer is None:
            self._hold_timer = self.loop.call_later(BODY_HOLD_S, self._start)

    def _start(self) -> None:
        if self._hold_timer is not None:
            self._hold_timer.cancel()
            self._hold_timer = None
        while self._to_start:
            cycle, app = self._to_start.popitem()
            HttpToolsProtocol._start_asgi_task(self, cycle, app)

    def _stay_with_http1(self, rest: bytes) -> None:
        """Read the head once more, without the offer to leave HTTP/1.1, and the `rest`."""
        head = head_without_offer(self.parser, self.url, self.headers)
        self.cycle, self._before_offer = self._before_offer, None
        self.parser = parser_for(self)
        self.data_received(head + rest)

    def _bound_head(self, size: int) -> None:
        """The connection's first head is being read."""
        self._start_head_timer()
        self._wrapping_bytes += size
        self._bound_wrapping(in_head=True)

    def _bound_wrapping(self, in_head: bool) -> None:
        if self.transport.is_closing():
            return  # a 400 is on its way
        if in_head and self._wrapping_bytes > MAX_HEAD_LENGTH:
            self._cut("head")
        elif self._wrapping_bytes > MAX_WRAPPING_LENGTH:
            self._cut("wrapping")

    def _start_head_timer(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_LIMIT_S, self._cut, "slow")

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
