"""The sweep finishes what is parked by an operator's own wallet, where it is decided."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from tests.making import cancel_of
from tests.wallets.contract import outcomes
from tests.wallets.sql_casino import SqlCasino, run_sql
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.journal.parking import count_parked, park
from unbet.journal.sweeping import MAX_TRIES
from unbet.runtime.settings import SettingsError
from unbet.wallets.chosen import required_of, wallet_for
from unbet.wallets.ledger.interventions import close_parked, reopen_parked
from unbet.wallets.sql.making import require_function
from unbet.wallets.sql.wallet import SqlWallet
from worker.sweep import Sweep

PERSON = {"made_by": "anna", "reason": "paid by hand"}
REFUSES_BAD = """
    ALTER FUNCTION unbet_cancel(jsonb) RENAME TO right_cancel;
    CREATE FUNCTION public.unbet_cancel(cancels jsonb)
    RETURNS TABLE (request_id uuid, outcome text, wallet_ref text, cash numeric, replayed boolean)
    LANGUAGE plpgsql AS $$
    BEGIN
        IF cancels @> '[{"reference": "bad"}]' THEN
            RAISE EXCEPTION 'no such game';
        END IF;
        RETURN QUERY SELECT * FROM right_cancel(cancels);
    END $$;
"""


@pytest.fixture
def sweep(worker_engine: Engine) -> Sweep:
    wallet = wallet_for("sql", worker_engine, hold_unknown=False, parked=True)
    return Sweep(worker_engine, wallet)


def put_into_parking(casino: SqlCasino, cancels: Sequence[Cancel]) -> None:
    with casino.engine.begin() as connection:
        park(connection, cancels, reason="test")


def parked(casino: SqlCasino) -> tuple[int, ...]:
    """How many are parked, dead and closed."""
    with casino.engine.connect() as connection:
        return tuple(count_parked(connection))


def test_what_is_parked_is_decided_and_gone_in_one_transaction(
    sql_casino: SqlCasino, sweep: Sweep
) -> None:
    sql_casino.deposit("10.00")
    sql_casino.bet("r1", "4.00")
    put_into_parking(sql_casino, [cancel_of("r1"), cancel_of("r2")])
    assert sweep.round()
    assert parked(sql_casino) == (0, 0, 0)
    assert sql_casino.money()[0] == Decimal(10)
    assert sql_casino.place("r2", "1.00") == "cancelled"
    with sql_casino.engine.connect() as connection:
        # The record of the parking, the journal and the wallet: by the same transaction.
        written = text("""
            SELECT count(DISTINCT transaction) FROM (
                SELECT xmin::text AS transaction FROM unbet.parkings
                UNION ALL SELECT xmin::text FROM unbet.requests
                UNION ALL SELECT xmin::text FROM transactions
            ) AS written
        """)
        assert connection.execute(written).scalar() == 1


def test_what_was_decided_meanwhile_moves_nothing(
    sql_casino: SqlCasino, sql_wallet: SqlWallet, sweep: Sweep
) -> None:
    sql_casino.deposit("10.00")
    sql_casino.bet("r1", "4.00")
    cancel = cancel_of("r1")
    put_into_parking(sql_casino, [cancel])
    assert outcomes(sql_wallet, cancel) == [Outcome.REVERSED]
    sweep.round()
    assert parked(sql_casino) == (0, 0, 0)
    assert sql_casino.money()[0] == Decimal(10)


def test_a_cancel_that_the_function_fails_on_holds_nobody_up_and_is_dead_in_the_end(
    database_url: str, sql_casino: SqlCasino, sweep: Sweep
) -> None:
    sql_casino.deposit("10.00")
    for reference in ("bad", "good"):
        sql_casino.bet(reference, "1.00")
    run_sql(database_url, REFUSES_BAD)
    put_into_parking(sql_casino, [cancel_of("good"), cancel_of("bad")])
    sweep.round()
    assert parked(sql_casino) == (1, 0, 0)
    assert sql_casino.money()[0] == Decimal(9)
    for _ in range(MAX_TRIES):
        run_sql(database_url, "UPDATE unbet.parked SET next_try_at = now()")
        sweep.round()
    assert parked(sql_casino) == (0, 1, 0)
    assert sql_casino.money()[0] == Decimal(9)


def test_of_a_closed_reference_the_function_is_not_asked_until_it_is_reopened(
    sql_casino: SqlCasino, sql_wallet: SqlWallet, sweep: Sweep
) -> None:
    sql_casino.deposit("10.00")
    sql_casino.bet("r1", "4.00")
    cancel, again = cancel_of("r1"), cancel_of("r1", uuid="another")
    put_into_parking(sql_casino, [cancel, again])
    with sql_casino.engine.begin() as connection:
        assert close_parked(connection, cancel.request_id, **PERSON).outcome is Outcome.CLOSED
    sweep.round()
    assert parked(sql_casino) == (0, 0, 1)
    told = outcomes(sql_wallet, cancel_of("r1", uuid="third"), cancel_of("r2"))
    assert told == [Outcome.CLOSED, Outcome.NO_BET]
    assert sql_casino.money()[0] == Decimal(6)
    with sql_casino.engine.begin() as connection:
        assert reopen_parked(connection, cancel.request_id, **PERSON)
    sweep.round()
    assert parked(sql_casino) == (0, 0, 0)
    assert sql_casino.money()[0] == Decimal(10)


def test_what_the_function_has_decided_is_not_closed(
    sql_casino: SqlCasino, sql_wallet: SqlWallet
) -> None:
    sql_casino.deposit("10.00")
    sql_casino.bet("r1", "4.00")
    assert outcomes(sql_wallet, cancel_of("r1")) == [Outcome.REVERSED]
    cancel, other = cancel_of("r1"), cancel_of("r1", user_id="mallory")
    put_into_parking(sql_casino, [cancel, other])
    with sql_casino.engine.begin() as connection:
        assert close_parked(connection, cancel.request_id, **PERSON).outcome is Outcome.REVERSED
        assert close_parked(connection, other.request_id, **PERSON).outcome is Outcome.MISMATCH
    assert outcomes(sql_wallet, cancel_of("r1")) == [Outcome.REVERSED]


def test_holding_an_unknown_bets_cancel_is_refused_where_the_function_decides(
    worker_engine: Engine,
) -> None:
    with pytest.raises(SettingsError, match="only the built-in ledger"):
        wallet_for("sql", worker_engine, hold_unknown=True)


def test_the_function_is_required_where_it_decides() -> None:
    assert required_of("sql") == (require_function,)
    assert required_of("ledger") == ()
