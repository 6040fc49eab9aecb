"""One cancel must not hold the others of its group up, and what passes is waited for."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Connection, Engine, text

from contract.message import Cancel, Decision
from contract.outcomes import Outcome
from ledger import connect_to, place_all
from ledger.applying import apply
from ledger.audit import audit
from ledger.faults import LedgerAwayError
from ledger.parking import park
from ledger.reversal import reverse
from ledger.sweeping import reverse_parked
from ops import services
from tests.counting import counted
from tests.databases import migrated
from tests.making import Operator, bet_of, cancel_of

ALMOST_FULL = "99999999999999999990"
GENEROUS_S = 3.0
"""Far above what it takes, far below what the provider waits."""


def outcomes(parts: list[list[Decision]], cancels: list[Cancel]) -> dict[str, Outcome]:
    """The outcome of each reference, each decided once."""
    decided = {d.request_id: d.outcome for part in parts for d in part}
    assert sum(map(len, parts)) == len(decided) == len(cancels)
    return {c.request.reference: decided[c.request_id] for c in cancels}


def parked(engine: Engine) -> dict[str, tuple[str, str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM parked"))
        return {row.reference: (row.state, row.reason, row.last_error) for row in rows}


@contextmanager
def locked(engine: Engine, query: str, **values: object) -> Iterator[Connection]:
    """Somebody's transaction that holds the rows of `query` and stays open."""
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        assert connection.execute(text(f"{query} FOR UPDATE"), values).all()
        yield connection
        connection.rollback()


@pytest.fixture
def group(operator: Operator) -> list[Cancel]:
    """Cancels of 256 bets of two players: bob's is the last one."""
    operator.deposit("255.00")
    operator.deposit("1.00", user_id="bob")
    bets = [bet_of(f"r{number}", "1.00") for number in range(255)]
    with operator.engine.begin() as connection:
        place_all(connection, [*bets, bet_of("bobs", "1.00", user_id="bob")])
    return [*(cancel_of(bet.reference) for bet in bets), cancel_of("bobs", user_id="bob")]


@pytest.fixture
def overflowing(operator: Operator) -> Cancel:
    """A cancel whose reversal no balance could hold: the stake's place has been taken."""
    operator.deposit("20", user_id="rich")
    operator.bet("overflow", "20", user_id="rich")
    operator.deposit(ALMOST_FULL, user_id="rich")
    return cancel_of("overflow", user_id="rich")


def test_a_group_that_nothing_hinders_is_decided_in_one_part(
    operator: Operator, group: list[Cancel]
) -> None:
    (part,) = apply(operator.engine, group)
    assert [d.request_id for d in part] == [c.request_id for c in group]
    assert operator.balance().cash == Decimal(255)


def test_an_empty_group_has_no_parts(engine: Engine) -> None:
    assert list(apply(engine, [])) == []


@pytest.mark.parametrize(
    ("query", "culprits"),
    [
        ("SELECT FROM bets WHERE reference IN ('r7', 'r200')", {"r7", "r200"}),
        ("SELECT FROM accounts WHERE owner = 'bob' AND kind = 'cash'", {"bobs"}),
    ],
    ids=["bets", "account"],
)
def test_the_others_are_decided_while_somebody_holds_a_row(
    operator: Operator, group: list[Cancel], query: str, culprits: set[str]
) -> None:
    started = time.monotonic()
    with locked(operator.engine, query):
        parts = list(apply(operator.engine, group))
    assert time.monotonic() - started < GENEROUS_S
    told = outcomes(parts, group)
    assert {r for r, outcome in told.items() if outcome is Outcome.PARKED} == culprits
    assert set(told.values()) == {Outcome.REVERSED, Outcome.PARKED}
    # Those that are free do not wait for the culprits' turn.
    assert len(parts) == 2
    assert {d.outcome for d in parts[0]} == {Outcome.REVERSED}
    assert {r: row[:2] for r, row in parked(operator.engine).items()} == dict.fromkeys(
        culprits, ("parked", "locked")
    )


def test_the_others_are_decided_while_somebody_is_placing_one_of_the_bets(
    operator: Operator, group: list[Cancel]
) -> None:
    operator.deposit("5.00", user_id="carol")
    cancels = [*group, cancel_of("new", user_id="carol")]
    started = time.monotonic()
    with operator.engine.connect() as connection:
        place_all(connection, [bet_of("new", "5.00", user_id="carol")])
        told = outcomes(list(apply(operator.engine, cancels)), cancels)
        connection.commit()
    assert time.monotonic() - started < GENEROUS_S
    assert told.pop("new") is Outcome.PARKED
    assert set(told.values()) == {Outcome.REVERSED}


def test_a_row_that_is_held_for_a_moment_only_delays_nobody_into_parking(
    operator: Operator, group: list[Cancel]
) -> None:
    with locked(operator.engine, "SELECT FROM bets WHERE reference = 'r7'"):
        parts = apply(operator.engine, group)
        first = next(parts)
    assert outcomes([first, *parts], group)["r7"] is Outcome.REVERSED
    assert parked(operator.engine) == {}


@pytest.mark.parametrize("size", [1, 256], ids=["alone", "in a group"])
def test_one_whose_locks_come_and_go_is_looked_at_again(
    operator: Operator, group: list[Cancel], size: int
) -> None:
    with locked(operator.engine, "SELECT FROM bets WHERE reference = 'bobs'") as holder:
        release = threading.Timer(0.6, holder.rollback)  # later than lock timeout and one more look
        release.start()
        # Patient enough for a machine that is slower than the lock.
        parts = list(apply(operator.engine, group[-size:], patience_s=10))
        told = outcomes(parts, group[-size:])
        release.join()
    assert set(told.values()) == {Outcome.REVERSED}
    assert parked(operator.engine) == {}


def test_one_that_meets_a_lock_after_all_is_looked_at_again(operator: Operator) -> None:
    # A bet in mid-commit is not seen by those who look, only met by those who try.
    operator.deposit("5.00", user_id="carol")
    with operator.engine.connect() as connection:
        place_all(connection, [bet_of("new", "5.00", user_id="carol")])
        release = threading.Timer(0.6, connection.commit)
        release.start()
        cancels = [cancel_of("new", user_id="carol")]
        told = outcomes(list(apply(operator.engine, cancels, patience_s=10)), cancels)
        release.join()
    assert told == {"new": Outcome.REVERSED}


def test_a_cancel_with_impossible_content_is_dead_and_the_others_go_through(
    operator: Operator, group: list[Cancel], overflowing: Cancel
) -> None:
    cancels = [*group[:100], overflowing, *group[100:]]
    before = counted("unbet_dead_total")
    told = outcomes(list(apply(operator.engine, cancels)), cancels)
    assert told.pop("overflow") is Outcome.PARKED
    assert set(told.values()) == {Outcome.REVERSED}
    assert parked(operator.engine) == {
        "overflow": ("dead", "content", "numeric field overflow"),
    }
    assert counted("unbet_dead_total") == before + 1
    assert operator.balance().cash == Decimal(255)
    with operator.engine.connect() as connection:
        assert audit(connection).violations == ()


def test_a_dead_and_a_locked_one_in_one_group_are_told_apart(
    operator: Operator, group: list[Cancel], overflowing: Cancel
) -> None:
    cancels = [*group, overflowing]
    with locked(operator.engine, "SELECT FROM bets WHERE reference = 'r7'"):
        told = outcomes(list(apply(operator.engine, cancels)), cancels)
    assert [r for r, outcome in told.items() if outcome is Outcome.PARKED] == ["r7", "overflow"]
    assert {r: row[0] for r, row in parked(operator.engine).items()} == {
        "r7": "parked",
        "overflow": "dead",
    }


def test_one_that_is_too_slow_is_parked_alone(operator: Operator, group: list[Cancel]) -> None:
    with operator.engine.begin() as connection:
        connection.execute(
            text("""
                CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
                CREATE TRIGGER dawdle BEFORE INSERT ON requests FOR EACH ROW
                WHEN (NEW.reference = 'r1') EXECUTE FUNCTION dawdle();
            """)
        )
    cancels = group[:4]
    hasty = connect_to(
        operator.engine.url.render_as_string(hide_password=False),
        name="test",
        limits={"statement_timeout": "200ms"},
    )
    told = outcomes(list(apply(hasty, cancels)), cancels)
    hasty.dispose()
    assert [r for r, outcome in told.items() if outcome is Outcome.PARKED] == ["r1"]
    assert parked(operator.engine)["r1"][:2] == ("parked", "timed out")


def test_a_locked_cancel_that_is_parked_keeps_its_tries(
    operator: Operator, group: list[Cancel]
) -> None:
    with operator.engine.begin() as connection:
        park(connection, group[:2], reason="test")
        connection.execute(text("UPDATE parked SET tries = 3"))
    with locked(operator.engine, "SELECT FROM bets WHERE reference = 'r0'"):
        list(apply(operator.engine, group[:2], decide=reverse_parked))
    with operator.engine.connect() as connection:
        (row,) = connection.execute(text("SELECT reference, tries FROM parked")).all()
    assert tuple(row) == ("r0", 2)


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
        operator.bet(cancel.request.reference, "1.00")
    crash, restarted = crashing(own_directory)

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


def crashing(directory: Path) -> tuple[Callable[[], None], threading.Thread]:
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
