"""A connection that is lost during the commit leaves in doubt what was done: asked again, the
ledger says that it was."""

import os
import socket
from collections.abc import Callable
from typing import TypeVar

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text

from tests.ledger.closing import keep, require_order, sweep
from tests.making import Operator, cancel_of
from unbet import transact
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.wallets.ledger.interventions import close_parked, reopen_parked

Done = TypeVar("Done")


@pytest.fixture
def parked(engine: Engine, operator: Operator) -> Cancel:
    """A cancel of a bet of 4.00 that stands."""
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    cancel = cancel_of("r1")
    keep(engine, cancel)
    return cancel


def losing_the_first_answer(
    work: Callable[[Connection], Done],
) -> Callable[[Connection], Done]:
    """`work`, whose first commit is done, and its answer lost with the connection."""
    tries: list[int] = []

    def once(connection: Connection) -> Done:
        done = work(connection)
        tries.append(1)
        if len(tries) == 1:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            connection.commit()
            with socket.socket(fileno=os.dup(driver.fileno())) as ours:
                ours.shutdown(socket.SHUT_RDWR)
            connection.execute(text("SELECT 1"))
        return done

    return once


def record(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        query = text("SELECT action, made_by FROM unbet.interventions ORDER BY id")
        return [tuple(row) for row in connection.execute(query)]


def test_a_closing_in_doubt_is_done_once_and_said_with_who_did_it(
    engine: Engine, parked: Cancel
) -> None:
    done = transact(
        engine,
        losing_the_first_answer(
            lambda c: close_parked(c, parked.request_id, made_by="ann", reason="ticket 7")
        ),
        within_s=20,
    )
    assert (done.closed, done.outcome) == (True, Outcome.CLOSED)
    assert done.before
    assert (done.before.made_by, done.before.reason) == ("ann", "ticket 7")
    assert record(engine) == [("close", "ann")]
    require_order(engine)


def test_a_reopening_in_doubt_is_done_once_though_a_sweep_has_decided_it_since(
    engine: Engine, operator: Operator, parked: Cancel
) -> None:
    with engine.begin() as connection:
        close_parked(connection, parked.request_id, made_by="ann", reason="ticket 7")
    for swept in (False, True):
        if swept:
            assert sweep(engine) == [Outcome.REVERSED]
        done = transact(
            engine,
            losing_the_first_answer(
                lambda c: reopen_parked(c, parked.request_id, made_by="bob", reason="after all")
            ),
            within_s=20,
        )
        assert done
        assert done.before
        assert done.before.made_by == "bob"
    assert record(engine) == [("close", "ann"), ("reopen", "bob")]
    assert operator.balance().cash == 10
    require_order(engine)
