"""What tests wait for: each wait has a limit."""

import time
from collections.abc import Callable

from sqlalchemy import Engine, text


def until(true: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Ask again and again; `what` is the matter if it does not come true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def waiting_for_locks(engine: Engine) -> int:
    """How many sessions of the database are. Within one transaction PostgreSQL would always tell
    what it told first."""
    query = text("""
        SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'
    """)
    with engine.connect() as connection:
        return int(connection.execute(query).scalar_one())
