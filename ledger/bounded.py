"""Database calls that end: past its time a call's socket is closed under it.

A server that is stopped keeps its connections open and answers nothing; its own timeouts do not
run, and the driver's cancellation would wait for it as well.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import psycopg
from sqlalchemy import Connection, Engine

Result = TypeVar("Result")


def run_within(engine: Engine, limit_s: float, work: Callable[[Connection], Result]) -> Result:
    """Run `work` in a transaction and commit it, in about `limit_s` seconds once connected.

    Past that the call fails with the driver's error for a lost connection, and whether a commit
    that was under way took place is unknown. Connecting has a limit of its own (`engine.py`).
    """
    with engine.connect() as connection, _cut_after(limit_s, connection):
        result = work(connection)
        connection.commit()
        return result


@contextmanager
def _cut_after(limit_s: float, connection: Connection) -> Iterator[None]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - `engine.py` makes no other
    descriptor = driver.fileno()
    # Held while cutting: a call that ends at that moment must not give its number to another file.
    at_work = threading.Lock()
    timer = threading.Timer(limit_s, _cut, [descriptor, at_work])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        at_work.acquire()


def _cut(descriptor: int, at_work: threading.Lock) -> None:
    if not at_work.acquire(blocking=False):
        return  # it has just ended
    try:
        with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as end:
            # Not closed: the driver owns it, and finds out at its next read, which is now.
            end.shutdown(socket.SHUT_RDWR)
    finally:
        at_work.release()
