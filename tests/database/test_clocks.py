"""Nobody waits in the database by its server's clock."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from tests.clocked import clocks as clocks
from tests.clocked import jumped
from tests.clocked import own_services as own_services
from tests.clocks import HOUR_S, Clock
from tests.system.faults.conftest import engine as engine
from tests.system.faults.conftest import service_url as service_url
from tests.waiting import until, waiting_for_locks
from unbet.database.deadlines import run_within

CALL_S = 2.0
"""A call's limit; the server's own are made longer, so that its clock is back by then."""


@pytest.mark.long
def test_nobody_waits_for_a_lock_by_a_clock_that_went_back(
    engine: Engine, clocks: Callable[[str], Clock]
) -> None:
    """The server would see this deadlock, and end every other wait, an hour too late."""
    all_hold_one = threading.Barrier(3)

    def hold_and_want(first: int, second: int) -> bool:
        """Whether it had to give up."""

        def work(connection: Connection) -> None:
            for limit in ("lock_timeout", "deadlock_timeout", "statement_timeout"):
                connection.execute(text(f"SET LOCAL {limit} = '10s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": first})
            all_hold_one.wait()
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": second})

        try:
            run_within(engine, CALL_S, work)
        except DBAPIError:
            return True
        return False

    with engine.connect() as holder:
        holder.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        holder.execute(text("SELECT pg_advisory_xact_lock(4)"))
        jumped(engine, clocks("servers"), HOUR_S)
        with ThreadPoolExecutor(3) as pool:
            waiting = [pool.submit(hold_and_want, *keys) for keys in ((1, 2), (2, 1), (3, 4))]
            until(lambda: waiting_for_locks(engine) == 3, "nobody waits")
            jumped(engine, clocks("servers"), 0)
            one, other, third = [each.result() for each in waiting]
        until(lambda: waiting_for_locks(engine) == 0, "sessions wait on", seconds=5)
    assert one or other, "of two in a deadlock, one goes on once the other has given up"
    assert third, "what it waits for is never let go"
