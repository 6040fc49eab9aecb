"""Database calls end in time, also when the server is stopped and keeps its connections open."""

import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from tests.freezing import frozen
from tests.waiting import until
from unbet import connect_to
from unbet.database.deadlines import run_within
from unbet.local import services


@pytest.fixture
def engine(own_directory: Path) -> Iterator[Engine]:
    url = services.start(own_directory, redis=False).database_url
    assert url
    made = connect_to(url, name="test")
    yield made
    made.dispose()


def test_a_call_on_a_hung_server_is_abandoned_and_the_next_one_works(
    engine: Engine, own_directory: Path
) -> None:
    assert run_within(engine, 5.0, lambda c: c.execute(text("SELECT 1")).scalar()) == 1
    with frozen(services.status(own_directory).postgres_pid):
        started = time.monotonic()
        with pytest.raises(OperationalError):
            run_within(engine, 0.5, lambda c: c.execute(text("SELECT 1")))
        # The driver's own cancellation would take ten seconds more.
        assert time.monotonic() - started < 3
    assert run_within(engine, 5.0, lambda c: c.execute(text("SELECT 1")).scalar()) == 1


def test_what_is_done_in_time_is_committed(engine: Engine) -> None:
    run_within(engine, 5.0, lambda c: c.execute(text("CREATE TABLE t AS SELECT 1 AS one")))
    assert run_within(engine, 5.0, lambda c: c.execute(text("SELECT one FROM t")).scalar()) == 1


def waits(engine: Engine) -> list[str]:
    """What the server's sessions wait for in the middle of something."""
    query = text("""
        SELECT wait_event FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type IN ('Lock', 'IPC')
    """)
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())


def let_commits_wait_for(standby: str, engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'"))
        connection.execute(text("SELECT pg_reload_conf()"))
        expected = text("SELECT current_setting('synchronous_standby_names') = :standby")
        until(lambda: connection.execute(expected, {"standby": standby}).scalar(), "not reloaded")


def test_a_server_that_times_nothing_out_is_told_to_give_up_what_was_cut(engine: Engine) -> None:
    """One whose clock was set back waits for a lock as one without a limit does."""

    def wait_for_a_lock(connection: Connection) -> None:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(1)"))

    with engine.connect() as holder:
        holder.execute(text("SELECT pg_advisory_xact_lock(1)"))
        with pytest.raises(OperationalError):
            run_within(engine, 0.5, wait_for_a_lock)
        until(lambda: waits(engine) == [], "the server waits on", seconds=2)


def test_a_commit_that_waits_for_its_standby_is_not_cancelled(engine: Engine) -> None:
    """Cancelled it would be done here alone, and forgotten by the standby that takes over."""
    run_within(engine, 5.0, lambda c: c.execute(text("CREATE TABLE t (one int)")))
    let_commits_wait_for("nobody", engine)
    with pytest.raises(OperationalError):
        run_within(engine, 0.5, lambda c: c.execute(text("INSERT INTO t VALUES (1)")))
    time.sleep(1.5)  # longer than a request to cancel has
    assert waits(engine) == ["SyncRep"]
    let_commits_wait_for("", engine)
    until(lambda: waits(engine) == [], "the commit waits on")
    assert run_within(engine, 5.0, lambda c: c.execute(text("SELECT one FROM t")).scalar()) == 1


def test_calls_of_a_forked_process_end_as_well(engine: Engine) -> None:
    run_within(engine, 5.0, lambda c: c.execute(text("SELECT 1")))

    def call_a_hung_server() -> None:
        engine.dispose(close=False)
        started = time.monotonic()
        with pytest.raises(OperationalError):
            run_within(engine, 0.5, lambda c: c.execute(text("SELECT pg_sleep(60)")))
        # Before the server's own limit of 3 s.
        assert time.monotonic() - started < 2

    child = multiprocessing.get_context("fork").Process(target=call_a_hung_server)
    child.start()
    child.join(timeout=10)
    ended, code = not child.is_alive(), child.exitcode
    child.kill()
    child.join()
    assert (ended, code) == (True, 0)
