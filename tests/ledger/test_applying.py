"""One cancel must not hold the others of its group up."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from sqlalchemy import Connection, Engine, text

from tests.counting import counted
from tests.ledger.deciding import GENEROUS_S, apply, outcomes
from tests.making import Operator, bet_of, cancel_of
from unbet import connect_to, place_all
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.journal.parking import park
from unbet.wallets.ledger.audit import audit
from unbet.wallets.ledger.sweeping import reverse_parked

ALMOST_FULL = "99999999999999999990"


def parked(engine: Engine) -> dict[str, tuple[str, str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM unbet.parked"))
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
        ("SELECT FROM unbet_ledger.bets WHERE reference IN ('r7', 'r200')", {"r7", "r200"}),
        ("SELECT FROM unbet_ledger.accounts WHERE owner = 'bob' AND kind = 'cash'", {"bobs"}),
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
    with locked(operator.engine, "SELECT FROM unbet_ledger.bets WHERE reference = 'r7'"):
        parts = apply(operator.engine, group, lock_wait_s=10)
        first = next(parts)
    assert outcomes([first, *parts], group)["r7"] is Outcome.REVERSED
    assert parked(operator.engine) == {}


@pytest.mark.parametrize("size", [1, 256], ids=["alone", "in a group"])
def test_one_whose_locks_come_and_go_is_looked_at_again(
    operator: Operator, group: list[Cancel], size: int
) -> None:
    with locked(
        operator.engine, "SELECT FROM unbet_ledger.bets WHERE reference = 'bobs'"
    ) as holder:
        release = threading.Timer(0.6, holder.rollback)  # later than lock timeout and one more look
        release.start()
        # Patient enough for a machine that is slower than the lock.
        parts = list(apply(operator.engine, group[-size:], lock_wait_s=10))
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
        told = outcomes(list(apply(operator.engine, cancels, lock_wait_s=10)), cancels)
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
    with locked(operator.engine, "SELECT FROM unbet_ledger.bets WHERE reference = 'r7'"):
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
                CREATE TRIGGER dawdle BEFORE INSERT ON unbet.requests FOR EACH ROW
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
        connection.execute(text("UPDATE unbet.parked SET tries = 3"))
    with locked(operator.engine, "SELECT FROM unbet_ledger.bets WHERE reference = 'r0'"):
        list(apply(operator.engine, group[:2], decide=reverse_parked))
    with operator.engine.connect() as connection:
        (row,) = connection.execute(text("SELECT reference, tries FROM unbet.parked")).all()
    assert tuple(row) == ("r0", 2)
