"""Parked cancels: kept, leased, finished once, given up after a number of tries.

(Over 250 lines: all that may happen to one row.)
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import Connection, Engine, text

from tests.making import Operator, bet_of, cancel_of
from unbet import place_all
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.core.providers import ALL, Providers
from unbet.journal.parking import count_parked, park, set_aside
from unbet.journal.sweeping import MAX_TRIES, give_up, lease
from unbet.wallets.ledger.audit import audit
from unbet.wallets.ledger.sweeping import reverse_parked


def parked(engine: Engine) -> list[dict[str, object]]:
    with engine.connect() as connection:
        query = text("SELECT * FROM unbet.parked ORDER BY request_id")
        return [dict(row) for row in connection.execute(query).mappings()]


def make_due(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE unbet.parked SET next_try_at = now()"))


def keep(engine: Engine, *cancels: Cancel) -> None:
    with engine.begin() as connection:
        park(connection, cancels, reason="test")


def leased(engine: Engine, *, fresh: bool = True, most: int = 100) -> list[str]:
    with engine.begin() as connection:
        found = lease(connection, fresh=fresh, most=most).cancels
        return [cancel.reference for cancel in found]


@pytest.mark.parametrize(
    ("providers", "found"),
    [
        (Providers(("A",), all_but=False), ["of A"]),
        (Providers(("A", "a"), all_but=True), ["of B"]),
        (Providers((), all_but=False), []),
        (ALL, ["of A", "of B", "of a"]),
    ],
)
def test_a_sweep_takes_those_of_its_providers_only(
    engine: Engine, providers: Providers, found: list[str]
) -> None:
    keep(engine, *(cancel_of(f"of {name}", provider=name) for name in ("A", "B", "a")))
    with engine.begin() as connection:
        due = lease(connection, fresh=True, most=10, providers=providers)
        assert sorted(cancel.reference for cancel in due.cancels) == found


def test_thousands_are_parked_by_one_statement(engine: Engine) -> None:
    cancels = [cancel_of(f"r{number}") for number in range(5000)]
    with engine.begin() as connection:
        park(connection, cancels, reason="overload")
        seen = text("SELECT count(*), count(DISTINCT (cmin::text, xmin::text)) FROM unbet.parked")
        assert tuple(connection.execute(seen).one()) == (5000, 1)


def test_what_is_parked_or_dead_already_stays_as_it_is(engine: Engine) -> None:
    first, second = cancel_of("r1"), cancel_of("r2")
    keep(engine, first)
    with engine.begin() as connection:
        set_aside(connection, [second], reason="content", error="too much", dead=True)
    before = parked(engine)
    keep(engine, first, second)
    assert parked(engine) == before
    with engine.connect() as connection:
        assert count_parked(connection) == (1, 1, 0)


def test_a_parked_cancel_is_the_one_that_was_received(engine: Engine) -> None:
    cancel = cancel_of("r1")
    keep(engine, cancel)
    with engine.begin() as connection:
        assert lease(connection, fresh=True, most=1).cancels == [cancel]


def test_a_lease_counts_the_try_and_nobody_else_gets_it_meanwhile(engine: Engine) -> None:
    keep(engine, cancel_of("r1"))
    assert leased(engine) == ["r1"]
    assert leased(engine) == leased(engine, fresh=False) == []
    assert parked(engine)[0]["tries"] == 1


def test_what_has_failed_once_is_no_longer_leased_with_the_fresh_ones(engine: Engine) -> None:
    keep(engine, cancel_of("r1"), cancel_of("r2"))
    assert leased(engine, most=1) == ["r1"]
    make_due(engine)
    assert leased(engine) == ["r2"]
    assert leased(engine, fresh=False) == ["r1"]


def test_what_has_failed_once_can_be_leased_without_what_has_failed_more_often(
    engine: Engine,
) -> None:
    keep(engine, cancel_of("r1"))
    for fresh in (True, False):
        assert leased(engine, fresh=fresh) == ["r1"]
        make_due(engine)
    keep(engine, cancel_of("r2"))
    assert leased(engine) == ["r2"]
    make_due(engine)
    with engine.begin() as connection:
        due = lease(connection, fresh=False, once=True, most=10)
    assert [cancel.reference for cancel in due.cancels] == ["r2"]


def pause(connection: Connection) -> float:
    """Seconds from this transaction's beginning to the next try of the only one that is parked."""
    query = text("SELECT extract(epoch FROM next_try_at - now()) FROM unbet.parked")
    return float(connection.execute(query).scalar_one())


def test_pauses_grow_with_each_try_up_to_about_a_minute(engine: Engine) -> None:
    keep(engine, cancel_of("r1"))
    pauses = []
    for number in range(MAX_TRIES):
        make_due(engine)
        with engine.begin() as connection:
            assert len(lease(connection, fresh=number == 0, most=1).cancels) == 1
            pauses.append(pause(connection))
    assert pauses == pytest.approx([4, 8, 16, 32, 60], rel=0.26)


def test_after_its_tries_a_cancel_is_dead_and_not_leased_any_more(engine: Engine) -> None:
    keep(engine, cancel_of("r1"))
    for number in range(MAX_TRIES):
        with engine.begin() as connection:
            assert give_up(connection) == []
        assert leased(engine, fresh=number == 0) == ["r1"]
        make_due(engine)
    assert leased(engine, fresh=False) == []
    with engine.begin() as connection:
        assert [lost.reference for lost in give_up(connection)] == ["r1"]
    (row,) = parked(engine)
    assert (row["state"], row["last_error"]) == ("dead", "what applied it ended each time")


def test_a_row_that_cannot_be_read_is_dead_and_does_not_stop_the_others(engine: Engine) -> None:
    keep(engine, cancel_of("r1"), cancel_of("r2"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE unbet.parked SET cancel = '{}' WHERE reference = 'r1'"))
    assert leased(engine) == ["r2"]
    assert [row["state"] for row in parked(engine)] == ["dead", "parked"]


def test_a_decided_cancel_leaves_parking_in_the_transaction_that_decides_it(
    operator: Operator,
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    cancel = cancel_of("r1")
    keep(operator.engine, cancel)
    with operator.engine.connect() as connection:
        assert reverse_parked(connection, [cancel])[0].outcome is Outcome.REVERSED
        connection.rollback()
    assert operator.balance().cash == Decimal(6)
    assert len(parked(operator.engine)) == 1
    with operator.engine.begin() as connection:
        reverse_parked(connection, [cancel])
    assert operator.balance().cash == Decimal(10)
    assert parked(operator.engine) == []


def test_what_the_queue_decided_meanwhile_is_told_the_same_and_goes(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    cancel = cancel_of("r1")
    keep(operator.engine, cancel)
    (first,) = operator.cancel(cancel)
    with operator.engine.begin() as connection:
        assert reverse_parked(connection, [cancel]) == [first]
    assert parked(operator.engine) == []
    assert operator.balance().cash == Decimal(10)


def test_what_another_sweep_is_at_is_left_to_it(operator: Operator) -> None:
    cancel = cancel_of("r1")
    keep(operator.engine, cancel)
    with operator.engine.begin() as first, operator.engine.begin() as second:
        assert len(reverse_parked(first, [cancel])) == 1
        assert reverse_parked(second, [cancel]) == []


def test_a_held_cancel_of_an_unknown_bet_stays_and_its_tries_do_not_count(
    operator: Operator,
) -> None:
    cancel = cancel_of("r1")
    keep(operator.engine, cancel)
    for _ in range(MAX_TRIES + 1):
        make_due(operator.engine)
        assert leased(operator.engine) == ["r1"]
        with operator.engine.begin() as connection:
            (decision,) = reverse_parked(connection, [cancel], hold_unknown=True)
        assert decision.outcome is Outcome.PARKED
    (row,) = parked(operator.engine)
    assert (row["state"], row["tries"], row["reason"]) == ("parked", 0, "unknown reference")


def test_pauses_of_a_held_cancel_grow_with_its_age_up_to_about_a_minute(
    operator: Operator,
) -> None:
    pauses = []
    cancel = cancel_of("r1")
    keep(operator.engine, cancel)
    for age_s in (0, 40, 4000):
        with operator.engine.begin() as connection:
            aged = text("UPDATE unbet.parked SET parked_at = now() - make_interval(secs => :age)")
            connection.execute(aged, {"age": age_s})
            reverse_parked(connection, [cancel], hold_unknown=True)
            pauses.append(pause(connection))
    assert pauses == pytest.approx([1, 10, 60], rel=0.26)


def test_five_hundred_parked_cancels_are_shared_by_sweeps_and_done_once_each(
    operator: Operator,
) -> None:
    operator.deposit("500.00")
    references = [f"r{number}" for number in range(500)]
    with operator.engine.begin() as connection:
        place_all(connection, [bet_of(reference, "1.00") for reference in references])
    keep(operator.engine, *map(cancel_of, references))

    all_are_ready = threading.Barrier(4)

    def sweep() -> list[str]:
        done: list[str] = []
        with operator.engine.connect():
            all_are_ready.wait(timeout=30)
        while True:
            with operator.engine.begin() as connection:
                batch = lease(connection, fresh=True, most=20).cancels
            if not batch:
                return done
            with operator.engine.begin() as connection:
                connection.execute(text("SET LOCAL lock_timeout = '10s'"))
                reverse_parked(connection, batch)
            done += [cancel.reference for cancel in batch]

    with ThreadPoolExecutor(4) as pool:
        shares = [future.result(timeout=60) for future in [pool.submit(sweep) for _ in range(4)]]
    assert all(shares)
    assert sorted(reference for share in shares for reference in share) == sorted(references)
    # A row that another sweep's lease looked at in that instant is left for its next try.
    with operator.engine.begin() as connection:
        connection.execute(text("UPDATE unbet.parked SET next_try_at = now()"))
    while True:
        with operator.engine.begin() as connection:
            if not (left := lease(connection, fresh=False, most=1).cancels):
                break
            reverse_parked(connection, left)
    assert parked(operator.engine) == []
    assert operator.balance().cash == Decimal(500)
    with operator.engine.connect() as connection:
        assert audit(connection).violations == ()


def test_what_was_parked_in_the_time_to_come_is_dated_now_by_its_lease(engine: Engine) -> None:
    """By a clock that was an hour ahead, and has come back."""
    keep(engine, cancel_of("r1"))
    ahead = text("""
        UPDATE unbet.parked
           SET parked_at = now() + interval '1 h', next_try_at = now() + interval '1 h'
    """)
    with engine.begin() as connection:
        connection.execute(ahead)
    assert leased(engine) == ["r1"]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT parked_at <= now() FROM unbet.parked")).scalar()
