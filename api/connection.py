"""HTTP connections whose clients leave, half-close or do not read. Each answer is delivered or
counted as undelivered."""

import asyncio
from typing import Any, Final

import structlog
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from unbet.runtime import metrics

WRITE_LIMIT_S: Final = 5.0
"""How long a client may leave an answer unread that no longer fits the system's buffers."""

log = structlog.get_logger("receiver")


class Connection(HttpToolsProtocol):
    """One connection.

    It relies on these private parts of uvicorn 0.54: `cycle` is the newest request, `pipeline`
    holds those that wait for the one before, `on_response_complete` starts the next of these, and
    `_start_asgi_task` each.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._running: RequestResponseCycle | None = None
        """The one that is being answered."""
        self._to_start: dict[RequestResponseCycle, Any] = {}
        self._start_asgi_task = self._to_start.__setitem__  # type: ignore[method-assign, assignment]
        self._take_timer: asyncio.TimerHandle | None = None
        self._cut_reason: str | None = None
        self._client_ended = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Without a buffer of its own the server is told at once that an answer is not taken, and
        # keeps no second one for that client.
        transport.set_write_buffer_limits(high=0)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_take_timer()
        # uvicorn leaves this timer after an error, and with it the connection, for 75 s.
        self._unset_keepalive_if_required()
        self._report_undelivered()
        super().connection_lost(exc)
        if self._running is not None:
            _disconnect(self._running)
        while self.pipeline:
            cycle, app = self.pipeline.pop()
            if not cycle.more_body:
                # It has come whole: a cancel is decided though nobody waits for its answer.
                _detach(cycle)
                super()._start_asgi_task(cycle, app)
        # A request and its connection refer to each other.
        self.cycle = self._running = None  # type: ignore[assignment]

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends no more. Whether the connection stays: it may still read answers."""
        self._client_ended = True
        if self.cycle is None or self.cycle.response_complete:
            return False
        self.cycle.keep_alive = False  # with the answer to the newest request the connection ends
        if self.cycle.more_body and self.cycle is self._running:
            self._refuse_cut_off(self.cycle)
        return True

    def shutdown(self) -> None:
        if self.flow.write_paused:
            self._cut("unread")  # what it asks for must be decided before the stop is over
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._take_timer = self.loop.call_later(WRITE_LIMIT_S, self._cut, "unread")

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_take_timer()

    def send_400_response(self, msg: str) -> None:
        self._start()  # what has come before it
        self._cut_reason = self._cut_reason or "malformed"
        super().send_400_response(msg)

    def on_response_complete(self) -> None:
        following = self.pipeline[-1][0] if self.pipeline else None
        super().on_response_complete()
        if following is not None and not self._is_queued(following):
            self._running = following
            self._start()
            if self._client_ended and following.more_body:
                self._refuse_cut_off(following)

    def _start(self) -> None:
        """Have what uvicorn would have started be answered. The subclass does it: here it would be
        one more file on every Cancel's way (`tests/system/test_way.py`)."""
        raise NotImplementedError

    def _is_queued(self, cycle: RequestResponseCycle) -> bool:
        return bool(self.pipeline) and self.pipeline[-1][0] is cycle

    def _refuse_cut_off(self, cycle: RequestResponseCycle) -> None:
        """Answer 400 to a request whose body will never be whole."""
        # Scheduled, not done at once: the application first reads, and logs, the body so far.
        self.loop.call_soon(_disconnect, cycle)
        if cycle.response_started:
            self.transport.close()
        else:
            self.send_400_response("The body is cut off.")

    def _report_undelivered(self) -> None:
        begun = [cycle for cycle, _ in self.pipeline]
        running = self._running
        if running is not None and not running.response_complete:
            begun.append(running)
        count = sum(not cycle.more_body for cycle in begun)
        if self.flow.write_paused and not (running in begun and running.response_started):
            count += 1  # bytes of the answer before are still in our buffer
        if count:
            metrics.UNDELIVERED.labels(reason="cut" if self._cut_reason else "gone").inc(count)
            log.warning(
                "answers not delivered",
                reason=self._cut_reason or "gone",
                answers=count,
                received_from=self.client[0] if self.client else None,
            )

    def _stop_take_timer(self) -> None:
        if self._take_timer is not None:
            self._take_timer.cancel()
            self._take_timer = None

    def _cut(self, reason: str) -> None:
        self._start()
        metrics.CUT.labels(reason=reason).inc()
        self._cut_reason = reason
        self.transport.abort()


class _NullTransport:
    """Takes the answers to requests whose client has left."""

    def write(self, data: bytes) -> None:
        """Nothing is sent."""

    def close(self) -> None:
        """Nothing is open."""

    def is_closing(self) -> bool:
        return True


_NULL_TRANSPORT: Final[Any] = _NullTransport()


def _detach(cycle: RequestResponseCycle) -> None:
    cycle.transport, cycle.flow = _NULL_TRANSPORT, FlowControl(_NULL_TRANSPORT)
    cycle.on_response, cycle.disconnected = _ignore, False


def _disconnect(cycle: RequestResponseCycle) -> None:
    cycle.disconnected = True
    cycle.message_event.set()


def _ignore() -> None:
    """What a request without a connection calls once it is answered."""
