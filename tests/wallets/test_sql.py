"""An operator's own PostgreSQL wallet behind its adapter: it keeps what every wallet owes."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from tests.making import cancel_of
from tests.wallets.contract import Casino, WalletContract, decide, outcomes, verdicts_on
from tests.wallets.sql_casino import SqlCasino, run_sql
from unbet import connect_to
from unbet.core.outcomes import Outcome
from unbet.database.engine import UnsafeDatabaseError
from unbet.wallets.port import Decided, Undecided, Wallet, Why
from unbet.wallets.sql.making import require_function
from unbet.wallets.sql.wallet import SqlWallet


class TestSqlWallet(WalletContract):
    @pytest.fixture
    def wallet(self, sql_wallet: SqlWallet, sql_casino: SqlCasino) -> Wallet:
        del sql_casino  # is there first
        return sql_wallet

    @pytest.fixture
    def casino(self, sql_casino: SqlCasino) -> Casino:
        return sql_casino

    @pytest.fixture
    def wallet_that_is_away(self) -> Iterator[Wallet]:
        nowhere = connect_to("postgresql://unbet@127.0.0.1:1/unbet", name="test")
        yield SqlWallet(nowhere)
        nowhere.dispose()


def test_the_journal_is_written_in_the_transaction_that_decides(
    sql_wallet: SqlWallet, sql_casino: SqlCasino
) -> None:
    sql_casino.deposit("10.00")
    sql_casino.bet("r1", "4.00")
    cancel = cancel_of("r1")
    assert sql_wallet.abilities.keeps_journal
    assert outcomes(sql_wallet, cancel) == [Outcome.REVERSED]
    with sql_casino.engine.connect() as connection:
        recorded = text("SELECT outcome, xmin::text FROM unbet.requests WHERE request_id = :id")
        record = connection.execute(recorded, {"id": cancel.request_id}).one()
        told = text("SELECT cancel_outcome, xmin::text FROM transactions WHERE reference = 'r1'")
        assert record == connection.execute(told).one()


def test_the_wallet_says_whether_it_was_decided_before(
    sql_wallet: SqlWallet, sql_casino: SqlCasino
) -> None:
    del sql_casino
    told = verdicts_on(sql_wallet, cancel_of("r1"), cancel_of("r1"))
    assert [one.replayed for one in told if isinstance(one, Decided)] == [False, True]


def test_the_wallets_reference_takes_the_place_of_a_transfers_number(
    sql_wallet: SqlWallet, sql_casino: SqlCasino
) -> None:
    sql_casino.deposit("10.00")
    sql_casino.bet("r1", "4.00")
    (first,) = decide(sql_wallet, cancel_of("r1"))
    (again,) = decide(sql_wallet, cancel_of("r1"))
    (other,) = decide(sql_wallet, cancel_of("r1", user_id="mallory"))
    with sql_casino.engine.connect() as connection:
        number = connection.execute(text("SELECT id FROM transactions")).scalar()
    assert first.transfer_id == again.transfer_id == number
    assert (other.transfer_id, other.cash) == (None, None)


def test_what_another_transaction_holds_is_busy_and_the_others_are_decided(
    worker_engine: Engine, sql_casino: SqlCasino
) -> None:
    sql_casino.deposit("10.00")
    for reference in ("held", "free"):
        sql_casino.bet(reference, "1.00")
    wallet = SqlWallet(worker_engine, lock_wait_s=0.0)
    with sql_casino.engine.connect() as holder:
        holder.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        holder.execute(text("SELECT FROM transactions WHERE reference = 'held' FOR UPDATE"))
        told = verdicts_on(wallet, cancel_of("held"), cancel_of("free"))
    busy = [one for one in told if isinstance(one, Undecided)]
    assert [(one.cancel.reference, one.why) for one in busy] == [("held", Why.BUSY)]


def test_groups_of_the_same_bets_in_any_order_wait_for_each_other_and_end(
    sql_wallet: SqlWallet, sql_casino: SqlCasino
) -> None:
    references = [f"r{number}" for number in range(40)]
    sql_casino.deposit("20.00")
    for reference in references[::2]:
        sql_casino.bet(reference, "1.00")
    together = [list(map(cancel_of, some)) for some in (references, references[::-1])] * 2
    began = time.monotonic()
    with ThreadPoolExecutor(len(together)) as pool:
        told = list(pool.map(lambda group: outcomes(sql_wallet, *group), together))
    assert time.monotonic() - began < 5
    assert told[0] == told[1][::-1] == [Outcome.REVERSED, Outcome.NO_BET] * 20
    assert sql_casino.money()[0] == 20


def test_a_group_that_is_larger_than_a_call_may_be_takes_several(
    sql_wallet: SqlWallet, sql_casino: SqlCasino
) -> None:
    count = sql_wallet.abilities.max_together + 1
    cancels = [cancel_of(f"r{number}") for number in range(count)]
    assert outcomes(sql_wallet, *cancels) == [Outcome.NO_BET] * count
    with sql_casino.engine.connect() as connection:
        transactions = text("SELECT count(DISTINCT xmin::text) FROM unbet.requests")
        assert connection.execute(transactions).scalar() == 2


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("DROP FUNCTION unbet_cancel(jsonb)", "no function unbet_cancel"),
        ("ALTER FUNCTION unbet_cancel(jsonb) STABLE", "not VOLATILE"),
        ("REVOKE ALL ON FUNCTION unbet_cancel(jsonb) FROM unbet_worker", "may not call"),
        (
            "DROP FUNCTION unbet_cancel(jsonb); CREATE FUNCTION public.unbet_cancel(cancels jsonb) "
            "RETURNS TABLE (request_id uuid, outcome text) LANGUAGE sql "
            "AS $$ SELECT NULL::uuid, '' $$",
            "returns TABLE",
        ),
    ],
)
def test_a_database_without_a_good_function_is_refused_at_the_start(
    database_url: str,
    worker_engine: Engine,
    sql_casino: SqlCasino,
    change: str,
    problem: str,
) -> None:
    del sql_casino
    with worker_engine.connect() as connection:
        require_function(connection)
    run_sql(database_url, change)
    with worker_engine.connect() as connection, pytest.raises(UnsafeDatabaseError, match=problem):
        require_function(connection)
