"""What tests wait for, each with a limit, and what goes on while they do something else."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sqlalchemy import Engine, text


def until(true: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Ask again and again; `what` is the matter if it does not come true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


@contextmanager
def meanwhile(work: Callable[[threading.Event], object]) -> Iterator[None]:
    """`work` goes on in a thread; the event that it is given says when to end."""
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work, over)
        try:
            yield
        finally:
            over.set()
        working.result()


def waiting_for_locks(engine: Engine) -> int:
    """How many sessions of the database are. Within one transaction PostgreSQL would always tell
    what it told first."""
    query = text("""
        SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'
    """)
    with engine.connect() as connection:
        return int(connection.execute(query).scalar_one())
