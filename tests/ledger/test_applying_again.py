"""What passes by, a deadlock, a lost session, a crash, is waited for, and not for ever."""

import signal
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from tests.counting import counted
from tests.databases import migrated
from tests.ledger.deciding import GENEROUS_S, apply, outcomes
from tests.making import Operator, cancel_of
from unbet import connect_to
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.database.faults import LedgerAwayError
from unbet.local import services
from unbet.wallets.ledger.audit import audit
from unbet.wallets.ledger.reversal import reverse


def test_a_deadlock_is_tried_again(operator: Operator, group: list[Cancel]) -> None:
    failures = iter([True, False])

    def deadlocked_once(connection, cancels, *, hold_unknown):  # type: ignore[no-untyped-def]
        if next(failures):
            connection.execute(
                text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'deadlock_detected'; END $$")
            )
        return reverse(connection, cancels, hold_unknown=hold_unknown)

    before = counted("unbet_retries_total", reason="transient")
    (part,) = apply(operator.engine, group[:1], decide=deadlocked_once)
    assert [d.outcome for d in part] == [Outcome.REVERSED]
    assert counted("unbet_retries_total", reason="transient") == before + 1


def test_a_session_that_was_ended_is_replaced(operator: Operator, group: list[Cancel]) -> None:
    list(apply(operator.engine, group[:1]))
    other = connect_to(operator.engine.url.render_as_string(hide_password=False), name="other")
    with other.connect() as connection:
        connection.execute(
            text("""
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()
            """)
        )
    other.dispose()
    assert set(outcomes(list(apply(operator.engine, group)), group).values()) == {Outcome.REVERSED}


def test_a_ledger_that_stays_away_is_told_within_the_time_given() -> None:
    nowhere = connect_to("postgresql://unbet@127.0.0.1:1/unbet", name="test")
    started = time.monotonic()
    with pytest.raises(LedgerAwayError, match="refused"):
        list(apply(nowhere, [cancel_of("r1")], within_s=1.0))
    assert 0.4 < time.monotonic() - started < GENEROUS_S


def test_a_crash_of_the_server_in_the_middle_is_outlasted(own_directory: Path) -> None:
    url = services.start(own_directory, redis=False).database_url
    assert url
    engine = migrated(url)
    operator = Operator(engine)
    operator.deposit("100.00")
    cancels = [cancel_of(f"r{number}") for number in range(100)]
    for cancel in cancels:
        operator.bet(cancel.reference, "1.00")
    crash, restarted = crash_once(own_directory)

    def crash_before_commit(connection, group, *, hold_unknown):  # type: ignore[no-untyped-def]
        decisions = reverse(connection, group, hold_unknown=hold_unknown)
        crash()
        return decisions

    parts = list(apply(engine, cancels, decide=crash_before_commit, within_s=30.0))
    restarted.join(timeout=30)
    engine.dispose()
    assert set(outcomes(parts, cancels).values()) == {Outcome.REVERSED}
    assert operator.balance().cash == Decimal(100)
    with engine.connect() as connection:
        assert audit(connection).violations == ()
    engine.dispose()


def crash_once(directory: Path) -> tuple[Callable[[], None], threading.Thread]:
    """What crashes the server once, and the thread that then starts it again."""
    start = threading.Thread(target=lambda: services.start(directory, redis=False))

    def crash() -> None:
        pid = services.status(directory).postgres_pid
        if pid and not start.ident:
            server = psutil.Process(pid)
            server.send_signal(signal.SIGQUIT)
            # Only then is it certain that the commit comes too late.
            psutil.wait_procs([server], timeout=10)
            start.start()

    return crash, start
