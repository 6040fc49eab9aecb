"""Database calls with a deadline: at its deadline a call's socket is shut down.

A stopped server keeps its connections open, answers nothing and runs none of its own timeouts; the
driver's cancellation would wait for it as well. A server whose clock was set back does not run its
timeouts either: a session that waits for a lock goes on waiting and keeps its own locks, though
nobody needs its answer. So the server is asked to cancel the call, and nobody waits for that.
"""

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TypeVar

import psycopg
from psycopg.pq import PollingStatus
from psycopg.pq.abc import PGcancelConn
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

Result = TypeVar("Result")

CALL_LIMIT_S: Final = 5.0
"""For one transaction that nobody waits for by the second: longer than the server's own limits,
which say more, and only needed where the server itself has stopped."""

_LOOK_INTERVAL_S: Final = 0.05
_CANCEL_LIMIT_S: Final = 1.0
"""So a thread that calls leaves no more than a few requests under way, a descriptor each."""

_AWAITED: Final[dict[int, int]] = {
    PollingStatus.READING: select.POLLIN,
    PollingStatus.WRITING: select.POLLOUT,
}


def run_within(engine: Engine, limit_s: float, work: Callable[[Connection], Result]) -> Result:
    """Run `work` in a transaction and commit it, in about `limit_s` seconds once connected.

    Past that the call fails with the driver's error for a lost connection, and whether a commit
    that was under way took place is unknown. Connecting has a limit of its own (`engine.py`).
    """
    # As `connect_within`, without a context manager: every group passes here.
    call = _Call(limit_s)
    outer, _thread.call = _thread.call, call
    try:
        with engine.connect() as connection:
            call.begin_on(connection)
            result = work(connection)
            call.commits = True
            connection.commit()
            return result
    finally:
        _thread.call = outer
        call.end()


@contextmanager
def connect_within(engine: Engine, limit_s: float) -> Iterator[Connection]:
    """A connection for `limit_s` seconds, to read; what it asks of a new session before the first
    use, and the rollback at its end, are within them."""
    call = _Call(limit_s)
    outer, _thread.call = _thread.call, call
    try:
        with engine.connect() as connection:
            call.begin_on(connection)
            yield connection
    finally:
        _thread.call = outer
        call.end()


@contextmanager
def cut_after(limit_s: float, driver: psycopg.Connection) -> Iterator[None]:
    """What is asked of `driver` meanwhile ends in `limit_s` seconds. Raises the driver's error, as
    for a server that is away, where no descriptor is left to see to that."""
    call = _Call(limit_s)
    call.begin(driver)
    try:
        yield
    finally:
        call.end()


def has_connected(driver: psycopg.Connection) -> None:
    """Told of each session that is made: what this thread has still to ask of it is within the
    limit of the call that it is made for. Raises as `cut_after`."""
    if _thread.call is not None:
        _thread.call.begin(driver)


@contextmanager
def no_bare_os_error() -> Iterator[None]:
    """A process that has no descriptor left cannot reach the ledger, for a moment as a rule: that
    is raised as the driver's error for a server that is away, which whoever asks again knows."""
    try:
        yield
    except OSError as error:
        raise _cannot_connect(error) from error


def _cannot_connect(error: OSError) -> psycopg.OperationalError:
    return psycopg.OperationalError(f"this process cannot connect: {error}")


class _Call:
    """A call under way, and a hold of its own on the socket: the driver may close its number at any
    time, and then the number is another file's."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._held: socket.socket | None = None
        self._driver: psycopg.Connection | None = None
        self.deadline = float("inf")
        self.commits = False

    def begin(self, driver: psycopg.Connection) -> None:
        """Its time runs from now, on the socket of `driver`. Raises as `cut_after`."""
        self.end()
        try:
            self._held = socket.socket(fileno=os.dup(driver.fileno()))
        except OSError as error:
            raise _cannot_connect(error) from error
        self._driver = driver
        self.deadline = time.monotonic() + self._limit_s
        _watch.add(self)

    def begin_on(self, connection: Connection) -> None:
        """As `begin`, but raises SQLAlchemy's `DBAPIError`."""
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)  # noqa: S101 - `engine.py` makes no other
        try:
            self.begin(driver)
        except psycopg.Error as error:
            raise DBAPIError.instance(None, None, error, psycopg.Error) from error

    def end(self) -> None:
        """It is over."""
        _watch.remove(self)
        self._driver = None
        if self._held is not None:
            self._held.close()
            self._held = None

    def cut(self) -> "list[_Cancellation]":
        """Not closed: the driver owns it, and finds out at its next read, which is now. What is
        left to do is to have the server give up.

        A commit is not cancelled: it may wait for a standby, and cancelled it would be done on this
        server alone. That is looked at last, as nothing can be sent after the shutdown.
        """
        cancellations = []
        with suppress(psycopg.Error):
            if self._driver is not None:
                cancellations.append(_Cancellation(self._driver.pgconn.cancel_conn()))
        with suppress(OSError):
            if self._held is not None:
                self._held.shutdown(socket.SHUT_RDWR)
        return [] if self.commits else cancellations


class _Cancellation:
    """A server is asked to give up what a session of ours still waits for there."""

    def __init__(self, request: PGcancelConn) -> None:
        self._request = request
        self._awaited = 0  # begins at the first step
        self._until = time.monotonic() + _CANCEL_LIMIT_S

    def is_over(self) -> bool:
        """Go on as far as is possible at once; whether it is done, has failed or takes too long."""
        try:
            if not self._awaited:
                self._request.start()
                self._awaited = select.POLLOUT
            while self._can_go_on():
                status = self._request.poll()
                if status not in _AWAITED:
                    return True
                self._awaited = _AWAITED[status]
        except (psycopg.Error, OSError):
            return True
        return time.monotonic() >= self._until

    def _can_go_on(self) -> bool:
        polled = select.poll()
        polled.register(self._request.socket, self._awaited)
        return bool(polled.poll(0))


class _Thread(threading.local):
    call: _Call | None = None


class _Watch:
    """One thread that cuts every call past its time; a timer a call would be a thread a call."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """In a forked process there are neither calls nor threads."""
        self._calls: set[_Call] = set()
        self._cancellations: list[_Cancellation] = []
        # Held while cutting: a call that ends closes its hold only afterwards.
        self._lock = threading.Lock()
        self._runs = False

    def add(self, call: _Call) -> None:
        with self._lock:
            self._calls.add(call)
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._keep_looking, name="bounded", daemon=True).start()

    def remove(self, call: _Call) -> None:
        with self._lock:
            self._calls.discard(call)

    def _keep_looking(self) -> None:
        while True:
            time.sleep(_LOOK_INTERVAL_S)
            now = time.monotonic()
            with self._lock:
                for call in [call for call in self._calls if call.deadline <= now]:
                    self._calls.remove(call)
                    self._cancellations += call.cut()
            self._cancellations = [one for one in self._cancellations if not one.is_over()]


_thread = _Thread()
_watch = _Watch()
os.register_at_fork(after_in_child=_watch.begin_anew)
