"""Requests that ask for several bets: all of one are decided in one transaction, or none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Final

import pytest
from sqlalchemy import Connection, Engine, text

from tests.ledger.deciding import apply, outcomes, sweep_of
from tests.making import Operator, batch_of, cancel_of
from tests.operating import bet_of
from unbet import place_all
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.journal.parking import park
from unbet.journal.sweeping import MAX_TRIES, lease, lock_parked
from unbet.wallets.ledger.interventions import retry_parked

REFERENCES: Final = tuple(f"r{number}" for number in range(5))
REFUSES_BAD: Final = """
    CREATE FUNCTION refuse_bad() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no good' USING ERRCODE = 'check_violation'; END $$;
    CREATE TRIGGER refuse_bad BEFORE INSERT ON unbet.requests FOR EACH ROW
    WHEN (NEW.reference = 'r3') EXECUTE FUNCTION refuse_bad();
"""


@pytest.fixture
def batch(operator: Operator) -> list[Cancel]:
    operator.deposit("10.00")
    with operator.engine.begin() as connection:
        place_all(connection, [bet_of(reference, "1.00") for reference in (*REFERENCES, "lone")])
    return batch_of(*REFERENCES)


@contextmanager
def locked(engine: Engine, reference: str) -> Iterator[Connection]:
    with engine.connect() as connection:
        lock = text("SELECT FROM unbet_ledger.bets WHERE reference = :reference FOR UPDATE")
        connection.execute(lock, {"reference": reference})
        yield connection


def decided(engine: Engine) -> dict[str, str]:
    """The transaction that recorded each."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT reference, xmin::text AS by FROM unbet.requests"))
        return {row.reference: row.by for row in rows}


def states(engine: Engine) -> dict[str, tuple[str, int]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT reference, state, tries FROM unbet.parked"))
        return {row.reference: (row.state, row.tries) for row in rows}


def park_all(engine: Engine, cancels: Sequence[Cancel]) -> None:
    with engine.begin() as connection:
        park(connection, cancels, reason="test")


def make_due(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE unbet.parked SET next_try_at = now()"))


def test_a_batch_with_one_locked_bet_waits_and_is_then_decided_in_one_transaction(
    engine: Engine, batch: list[Cancel]
) -> None:
    lone = cancel_of("lone")
    # Some before and some after it, as cancels of several requests arrive.
    group = [*batch[:2], lone, *batch[2:]]
    with locked(engine, "r2") as other:
        parts = apply(engine, group, lock_wait_s=3.0)
        first = next(parts)
        assert [one.request_id for one in first] == [lone.request_id]
        assert decided(engine).keys() == {"lone"}
        other.rollback()
        left = list(parts)
    assert outcomes([first, *left], group) == dict.fromkeys([*REFERENCES, "lone"], Outcome.REVERSED)
    by = decided(engine)
    assert len({by[reference] for reference in REFERENCES}) == 1


def test_a_batch_that_stays_blocked_is_parked_whole_and_the_sweep_decides_it_whole(
    engine: Engine, batch: list[Cancel]
) -> None:
    with locked(engine, "r2"):
        parts = list(apply(engine, batch, lock_wait_s=0.2))
        assert set(outcomes(parts, batch).values()) == {Outcome.PARKED}
        assert decided(engine) == {}
        assert states(engine) == dict.fromkeys(REFERENCES, ("parked", 0))
        make_due(engine)
        sweep_of(engine).round()
        assert decided(engine) == {}
        assert states(engine) == dict.fromkeys(REFERENCES, ("parked", 0))
    make_due(engine)
    sweep_of(engine).round()
    assert states(engine) == {}
    by = decided(engine)
    assert by.keys() == set(REFERENCES)
    assert len(set(by.values())) == 1


def test_of_a_batch_with_a_cancel_that_cannot_be_applied_none_is(
    engine: Engine, operator: Operator, batch: list[Cancel]
) -> None:
    with engine.begin() as connection:
        connection.execute(text(REFUSES_BAD))
    group = [*batch, cancel_of("lone")]
    found = outcomes(list(apply(engine, group)), group)
    assert found == {**dict.fromkeys(REFERENCES, Outcome.PARKED), "lone": Outcome.REVERSED}
    assert states(engine) == dict.fromkeys(REFERENCES, ("dead", 0))
    assert operator.balance().cash == Decimal(5)
    # A person mends it, and has one of them tried again: it is not decided without the others.
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER refuse_bad ON unbet.requests"))
        assert retry_parked(connection, made_by="anna", reference="r0") == len(REFERENCES)
    sweep_of(engine).round()
    by = decided(engine)
    assert len({by[reference] for reference in REFERENCES}) == 1
    assert operator.balance().cash == Decimal(10)


def test_the_sweep_leases_a_batch_whole_and_counts_its_tries_together(
    engine: Engine, batch: list[Cancel]
) -> None:
    park_all(engine, [cancel_of("lone")])
    park_all(engine, batch)
    with engine.begin() as connection:
        # One of them is not due yet, and one has been tried more often.
        connection.execute(
            text("""
                UPDATE unbet.parked
                   SET next_try_at = now() + interval '30 s' WHERE reference = 'r1';
                UPDATE unbet.parked SET tries = 2 WHERE reference = 'r4'
            """)
        )
    with engine.begin() as connection:
        (alone,) = lease(connection, fresh=True, most=3).cancels
        assert alone.reference == "lone"
    with engine.begin() as connection:
        # More than asked for, since it is one.
        due = lease(connection, fresh=True, most=3).cancels
        assert {one.reference for one in due} == set(REFERENCES)
        assert lease(connection, fresh=True, most=3).cancels == []
    assert states(engine) == {"lone": ("parked", 1), **dict.fromkeys(REFERENCES, ("parked", 1))}


def test_of_several_batches_no_more_are_leased_than_fit(
    engine: Engine, batch: list[Cancel]
) -> None:
    second = batch_of("a", "b", "c")
    park_all(engine, batch)
    park_all(engine, second)
    sizes = []
    for _ in range(3):
        with engine.begin() as connection:
            sizes.append(len(lease(connection, fresh=True, most=7).cancels))
    assert sizes == [5, 3, 0]
    make_due(engine)
    with engine.begin() as connection:
        assert len(lease(connection, fresh=False, most=8).cancels) == 8


def test_a_batch_of_which_somebody_holds_one_is_left_whole(
    engine: Engine, batch: list[Cancel]
) -> None:
    park_all(engine, batch)
    hold = text("SELECT FROM unbet.parked WHERE reference = 'r3' FOR UPDATE")
    with engine.connect() as holding:
        holding.execute(hold)
        with engine.begin() as connection:
            assert lease(connection, fresh=True, most=9).cancels == []
            # One that was leased before.
            lone = cancel_of("lone")
            park(connection, [lone], reason="test")
            assert lock_parked(connection, [*batch, lone]) == [lone]
        holding.rollback()
    # One that is not parked any more holds up none.
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM unbet.parked WHERE reference = 'r0'"))
        assert lock_parked(connection, batch) == batch[1:]
        due = lease(connection, fresh=True, most=9).cancels
        assert {one.reference for one in due} == {"lone", *REFERENCES} - {"r0"}


def test_for_a_wallet_without_a_transaction_each_of_a_batch_is_leased_by_itself(
    engine: Engine, batch: list[Cancel]
) -> None:
    park_all(engine, batch)
    # Alone: a wallet that answers nobody uses up no try of a cancel that it is asked about alone.
    for _ in batch:
        with engine.begin() as connection:
            assert len(lease(connection, fresh=True, most=1, whole=False).cancels) == 1
    assert states(engine) == dict.fromkeys(REFERENCES, ("parked", 1))


def test_a_batch_that_fails_each_time_dies_together(engine: Engine, batch: list[Cancel]) -> None:
    park_all(engine, batch)
    for _ in range(MAX_TRIES):
        make_due(engine)
        with engine.begin() as connection:
            # What applies it ends.
            fresh = lease(connection, fresh=True, most=1).cancels
            assert fresh or lease(connection, fresh=False, most=1).cancels
    make_due(engine)
    sweep_of(engine).round()
    assert states(engine) == dict.fromkeys(REFERENCES, ("dead", MAX_TRIES))


def test_the_same_bet_twice_in_a_batch_is_reversed_once(engine: Engine, operator: Operator) -> None:
    operator.deposit("5.00")
    operator.bet("r0", "1.00")
    (decisions,) = apply(engine, batch_of("r0", "r0"))
    assert [one.outcome for one in decisions] == [Outcome.REVERSED] * 2
    assert [one.replayed for one in decisions] == [False, True]
    assert operator.balance().cash == Decimal(5)
