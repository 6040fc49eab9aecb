"""Database calls end in time, also when the server is stopped and keeps its connections open."""

import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from ledger import connect_to
from ledger.bounded import run_within
from ops import services
from tests.freezing import frozen


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
