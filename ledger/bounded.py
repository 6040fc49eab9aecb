"""Database calls that end: past its time a call's socket is closed under it.

A server that is stopped keeps its connections open and answers nothing; its own timeouts do not
run, and the driver's cancellation would wait for it as well.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

import psycopg
from sqlalchemy import Connection, Engine

Result = TypeVar("Result")

_LOOK_EVERY_S: Final = 0.05


def run_within(engine: Engine, limit_s: float, work: Callable[[Connection], Result]) -> Result:
    """Run `work` in a transaction and commit it, in about `limit_s` seconds once connected.

    Past that the call fails with the driver's error for a lost connection, and whether a commit
    that was under way took place is unknown. Connecting has a limit of its own (`engine.py`).
    """
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)  # noqa: S101 - `engine.py` makes no other
        with cut_after(limit_s, driver):
            result = work(connection)
            connection.commit()
            return result


@contextmanager
def cut_after(limit_s: float, driver: "psycopg.Connection[Any]") -> Iterator[None]:
    """Within, what is asked of `driver` ends after `limit_s` seconds, as in `run_within`."""
    call = _Call(driver.fileno(), time.monotonic() + limit_s)
    _watch.add(call)
    try:
        yield
    finally:
        _watch.remove(call)


class _Call:
    """A call under way on a socket."""

    def __init__(self, descriptor: int, deadline: float) -> None:
        self._descriptor = descriptor
        self.deadline = deadline

    def cut(self) -> None:
        with suppress(OSError), socket.socket(fileno=os.dup(self._descriptor)) as end:
            # Not closed: the driver owns it, and finds out at its next read, which is now.
            end.shutdown(socket.SHUT_RDWR)


class _Watch:
    """One thread that cuts every call past its time; a timer a call would be a thread a call."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """In a forked process there are neither calls nor threads."""
        self._calls: set[_Call] = set()
        # Held while cutting: a call that ends then must not give its number to another file.
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
            time.sleep(_LOOK_EVERY_S)
            now = time.monotonic()
            with self._lock:
                for call in [call for call in self._calls if call.deadline <= now]:
                    self._calls.remove(call)
                    call.cut()


_watch = _Watch()
os.register_at_fork(after_in_child=_watch.begin_anew)
