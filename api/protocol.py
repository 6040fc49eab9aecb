"""HTTP connections within bounds, which uvicorn's own protocol leaves open."""

import asyncio
import resource
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from contract import metrics

LONGEST_HEAD: Final = 16 * 1024
"""Bytes of a request before its body."""

HEAD_LIMIT_S: Final = 10.0
"""From a connection's beginning, or a request's first byte, to the end of the request's head."""

MOST_CONNECTIONS: Final = 10_000
"""More than a provider has; what comes beyond is closed at once."""

OTHER_FILES: Final = 200
"""Descriptors for the rest: PostgreSQL, Redis, spool, logs."""


class TooFewFilesError(Exception):
    """The system allows this process no connection beside the files it needs itself."""


def make_room() -> int:
    """Have the system allow `MOST_CONNECTIONS` files; how many connections fit. Raises
    `TooFewFilesError`."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + OTHER_FILES
    files = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if files <= OTHER_FILES:
        raise TooFewFilesError(
            f"the system allows it {hard} open files (ulimit -n); it needs {OTHER_FILES} itself "
            "and one for each connection."
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return files - OTHER_FILES


class Bounded(HttpToolsProtocol):
    """One connection. Who exceeds a bound gets HTTP 400 or nothing, and loses the connection."""

    most_connections = MOST_CONNECTIONS

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._head_timer: asyncio.TimerHandle | None = None
        self._in_head = False
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            self._cut("connections")
        else:
            self._begin_to_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_to_wait()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # What comes between requests (empty lines, the rest of a body that was refused) does not
        # keep a connection.
        if not self._in_head and (self.cycle is None or self.cycle.response_complete):
            self._begin_to_wait()
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > LONGEST_HEAD:
                self._cut("head")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._begin_to_wait()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._end_to_wait()
        if len(self.url) + sum(len(n) + len(v) for n, v in self.headers) > LONGEST_HEAD:
            metrics.CUT.labels(reason="head").inc()
            raise ValueError("the head is too long")  # uvicorn answers 400 and closes
        super().on_headers_complete()

    def _begin_to_wait(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_LIMIT_S, self._cut, "slow")

    def _end_to_wait(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _cut(self, reason: str) -> None:
        metrics.CUT.labels(reason=reason).inc()
        self.transport.abort()
