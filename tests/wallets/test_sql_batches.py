"""Requests that ask for several bets, with a function that decides them: one transaction each."""

from decimal import Decimal

from sqlalchemy import Engine, text

from tests.ledger.closing import closed
from tests.making import batch_of, cancel_of
from tests.wallets.contract import outcomes, verdicts_on
from tests.wallets.sql_casino import SqlCasino, run_sql
from tests.wallets.test_sql_sweep import REFUSES_BAD
from unbet.core.outcomes import Outcome
from unbet.journal.parking import park
from unbet.wallets.chosen import wallet_for
from unbet.wallets.port import Decided, Undecided, Why
from unbet.wallets.sql.wallet import MAX_TOGETHER, SqlWallet, call_function
from worker.sweep import Sweep

REFERENCES = tuple(f"r{number}" for number in range(5))
_BY = text("SELECT reference, xmin::text AS by FROM unbet.requests")


def decided(casino: SqlCasino) -> dict[str, str]:
    """The transaction that recorded each."""
    with casino.engine.connect() as connection:
        return {row.reference: row.by for row in connection.execute(_BY)}


def place(casino: SqlCasino) -> None:
    casino.deposit("10.00")
    for reference in (*REFERENCES, "free"):
        casino.bet(reference, "1.00")


def test_a_batch_larger_than_a_call_may_be_is_one_call(
    sql_wallet: SqlWallet, sql_casino: SqlCasino
) -> None:
    batch = batch_of(*(f"r{number}" for number in range(100)))
    group = [cancel_of("before"), *batch, cancel_of("after")]
    assert len(batch) > MAX_TOGETHER
    assert outcomes(sql_wallet, *group) == [Outcome.NO_BET] * len(group)
    by = decided(sql_casino)
    assert len({by[cancel.reference] for cancel in batch}) == 1


def test_a_batch_with_one_locked_bet_waits_whole_and_is_swept_in_one_transaction(
    worker_engine: Engine, sql_casino: SqlCasino
) -> None:
    place(sql_casino)
    batch = batch_of(*REFERENCES)
    group = [*batch[:2], cancel_of("free"), *batch[2:]]
    wallet = SqlWallet(worker_engine, lock_wait_s=0.0)
    with sql_casino.engine.connect() as holder:
        holder.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        holder.execute(text("SELECT FROM transactions WHERE reference = 'r3' FOR UPDATE"))
        told = verdicts_on(wallet, *group)
        busy = [one for one in told if isinstance(one, Undecided)]
        assert [one.cancel.reference for one in busy] == [*REFERENCES]
        assert {one.why for one in busy} == {Why.BUSY}
        assert decided(sql_casino).keys() == {"free"}
    with sql_casino.engine.begin() as connection:
        park(connection, batch, reason="locked")
    swept = wallet_for("sql", worker_engine, hold_unknown=False, parked=True)
    Sweep(worker_engine, swept).round()
    by = decided(sql_casino)
    assert len({by[reference] for reference in REFERENCES}) == 1
    assert sql_casino.money()[0] == Decimal(10)


def test_of_a_batch_with_a_cancel_that_cannot_be_applied_none_is(
    database_url: str, sql_wallet: SqlWallet, sql_casino: SqlCasino
) -> None:
    place(sql_casino)
    run_sql(database_url, REFUSES_BAD)
    told = verdicts_on(sql_wallet, *batch_of(*REFERENCES, "bad"), cancel_of("free"))
    failed = [one for one in told if isinstance(one, Undecided)]
    assert [one.cancel.reference for one in failed] == [*REFERENCES, "bad"]
    assert {(one.why, one.detail) for one in failed} == {(Why.AMBIGUOUS, "no such game")}
    assert decided(sql_casino).keys() == {"free"}
    assert sql_casino.money()[0] == Decimal(5)


def test_of_a_request_with_a_bet_that_does_not_fit_nothing_is_done(
    sql_wallet: SqlWallet, sql_casino: SqlCasino
) -> None:
    place(sql_casino)
    before, _ = sql_casino.money()
    wrong = batch_of("r0", "r1")
    wrong.insert(1, cancel_of("r2", user_id="bob", batch=wrong[0].batch))
    assert outcomes(sql_wallet, *wrong, cancel_of("free")) == [
        Outcome.BATCH_REFUSED,
        Outcome.MISMATCH,
        Outcome.BATCH_REFUSED,
        Outcome.REVERSED,
    ]
    assert sql_casino.money()[0] == before + 1
    assert outcomes(sql_wallet, *batch_of("r0", "r1")) == [Outcome.REVERSED] * 2
    assert sql_casino.money()[0] == before + 3


def test_a_closed_bet_keeps_the_others_of_its_request_as_they_are(
    sql_wallet: SqlWallet, sql_casino: SqlCasino
) -> None:
    place(sql_casino)
    before, _ = sql_casino.money()
    closed(sql_casino.engine, cancel_of("r1"))
    assert outcomes(sql_wallet, *batch_of("r0", "r1")) == [Outcome.BATCH_REFUSED, Outcome.CLOSED]
    assert sql_casino.money()[0] == before
    assert outcomes(sql_wallet, cancel_of("r0")) == [Outcome.REVERSED]


def test_a_settled_bet_is_decided_though_its_request_is_refused(
    sql_wallet: SqlWallet, sql_casino: SqlCasino, worker_engine: Engine
) -> None:
    place(sql_casino)
    sql_casino.settle("r1", "0.50")
    before, _ = sql_casino.money()
    request = batch_of("r0", "r1")
    for _ in range(2):  # a message may come twice
        verdicts = verdicts_on(sql_wallet, *request)
        told = [one.decision for one in verdicts if isinstance(one, Decided)]
        assert [one.outcome for one in told] == [Outcome.BATCH_REFUSED, Outcome.SETTLED]
        assert told[1].cash == before, "not with the stake that was on its way back"
    assert sql_casino.money()[0] == before
    with worker_engine.connect() as connection:
        (again,) = call_function(connection, [request[1]])
    assert again.replayed, "the function knows it, as `unbet audit` wants"


def test_what_a_function_does_not_say_to_be_a_repeat_the_journal_knows(
    database_url: str, sql_wallet: SqlWallet, sql_casino: SqlCasino
) -> None:
    run_sql(
        database_url,
        """
        ALTER FUNCTION public.unbet_cancel(jsonb) RENAME TO decide;
        CREATE FUNCTION public.unbet_cancel(cancels jsonb)
        RETURNS TABLE (request_id uuid, outcome text, wallet_ref text, cash numeric,
                       replayed boolean)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
            SELECT request_id, outcome, wallet_ref, cash, NULL::boolean FROM decide(cancels)
        $$;
        GRANT EXECUTE ON FUNCTION public.unbet_cancel(jsonb) TO unbet_worker;
        """,
    )
    place(sql_casino)
    sql_casino.settle("r1", "0.50")
    assert outcomes(sql_wallet, cancel_of("r0")) == [Outcome.REVERSED]
    found = outcomes(sql_wallet, *batch_of("r0", "r1"))
    assert found == [Outcome.REVERSED, Outcome.SETTLED]
