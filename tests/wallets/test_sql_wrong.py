"""What an operator's function returns wrongly is told by request, and never taken for success."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import pytest
from sqlalchemy import text

from tests.making import cancel_of
from tests.wallets.contract import outcomes, verdicts_on
from tests.wallets.sql_casino import SqlCasino, run_sql
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.wallets.port import Decided, Undecided, Why
from unbet.wallets.sql.wallet import SqlWallet

RETURNS: Final = """
    RETURNS TABLE (request_id uuid, outcome text, wallet_ref text, cash numeric, replayed boolean)
"""
BROKEN: Final = f"""
    ALTER FUNCTION unbet_cancel(jsonb) RENAME TO right_cancel;
    CREATE FUNCTION public.unbet_cancel(cancels jsonb) {RETURNS} LANGUAGE plpgsql AS $broken$
    #variable_conflict use_column
    BEGIN
        CREATE TEMP TABLE told ON COMMIT DROP AS
        SELECT *, request_id IN (
                   SELECT CAST(cancel ->> 'request_id' AS uuid)
                     FROM jsonb_array_elements(cancels) AS cancel
                    WHERE cancel ->> 'reference' = 'bad'
               ) AS bad
          FROM right_cancel(cancels);
        %s
    END $broken$;
    GRANT TEMPORARY ON DATABASE %s TO unbet_worker;
"""
"""A function that does the right thing, and then says something else of the reference `bad`."""

GROUP: Final = ("good 1", "good 2", "bad", "good 3", "good 4")

Break = Callable[[str], None]


@pytest.fixture
def break_function(database_url: str, sql_casino: SqlCasino) -> Break:
    """Has the function end otherwise. Bets of the group are there."""
    sql_casino.deposit("10.00")
    for reference in GROUP:
        assert sql_casino.bet(reference, "1.00")
    database = sql_casino.engine.url.database
    return lambda ending: run_sql(database_url, BROKEN % (ending, database))


def telling(**columns: str) -> str:
    """Returns these for `bad`, and the truth of the others."""
    right = ("request_id", "outcome", "wallet_ref", "cash", "replayed")
    told = (f"CASE WHEN bad THEN {columns.get(one, one)} ELSE {one} END" for one in right)
    return f"RETURN QUERY SELECT {', '.join(told)} FROM told;"


WRONG: Final = {
    "an unknown outcome": (telling(outcome="'success'"), "has the outcome 'success'"),
    "an outcome that is none yet": (telling(outcome="'parked'"), "has the outcome 'parked'"),
    "an outcome in capitals": (telling(outcome="'REVERSED'"), "has the outcome 'REVERSED'"),
    "no outcome": (telling(outcome="NULL"), "has the outcome None"),
    "no request": (telling(request_id="NULL"), "request None was not asked about"),
    "a foreign request": (telling(request_id="gen_random_uuid()"), "was not asked about"),
    "nothing to show for it": (telling(wallet_ref="NULL"), "has no wallet_ref"),
    "cash that is no number": (telling(cash="'NaN'"), "for cash"),
    "cash without end": (telling(cash="'Infinity'"), "for cash"),
    "a missing request": (
        "RETURN QUERY SELECT request_id, outcome, wallet_ref, cash, replayed FROM told "
        "WHERE NOT bad;",
        "is not returned",
    ),
    "two rows": (
        "RETURN QUERY SELECT request_id, outcome, wallet_ref, cash, replayed FROM told, "
        "generate_series(1, CASE WHEN bad THEN 2 ELSE 1 END);",
        "is returned twice",
    ),
    "an exception": (
        "IF (SELECT bool_or(bad) FROM told) THEN RAISE EXCEPTION 'no such game'; END IF; "
        + telling(),
        "no such game",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_of_a_group_only_the_cancel_that_goes_wrong_is_left_and_nothing_is_done_for_it(
    sql_wallet: SqlWallet, sql_casino: SqlCasino, break_function: Break, name: str
) -> None:
    ending, problem = WRONG[name]
    break_function(ending)
    cancels = [cancel_of(reference) for reference in GROUP]
    told = verdicts_on(sql_wallet, *cancels)
    (left,) = (one for one in told if isinstance(one, Undecided))
    assert (left.cancel.reference, left.why) == ("bad", Why.AMBIGUOUS)
    assert problem in left.detail
    decided = [one.decision.outcome for one in told if isinstance(one, Decided)]
    assert decided == [Outcome.REVERSED] * 4
    assert sql_casino.money()[0] == Decimal(9)
    assert recorded(sql_casino) == {"good 1", "good 2", "good 3", "good 4"}


def test_a_value_that_postgresql_refuses_is_rejected_at_once(
    sql_wallet: SqlWallet, break_function: Break
) -> None:
    ill = "IF (SELECT bool_or(bad) FROM told) THEN PERFORM CAST('ten' AS numeric); END IF; "
    break_function(ill + telling())
    told = verdicts_on(sql_wallet, *map(cancel_of, GROUP))
    (left,) = (one for one in told if isinstance(one, Undecided))
    assert (left.cancel.reference, left.why) == ("bad", Why.REJECTED)


def test_a_function_that_does_not_work_for_anybody_is_away_and_no_cancel_is_to_blame(
    sql_wallet: SqlWallet, sql_casino: SqlCasino, break_function: Break
) -> None:
    break_function("PERFORM FROM a_table_that_is_not_there; " + telling())
    told = verdicts_on(sql_wallet, *map(cancel_of, GROUP))
    assert [one.why for one in told if isinstance(one, Undecided)] == [Why.AWAY] * len(GROUP)
    assert recorded(sql_casino) == set()


def test_what_is_told_otherwise_than_before_is_not_believed(
    sql_wallet: SqlWallet, break_function: Break
) -> None:
    cancel: Cancel = cancel_of("bad")
    assert outcomes(sql_wallet, cancel) == [Outcome.REVERSED]
    break_function(telling(outcome="'no_bet'"))
    (told,) = verdicts_on(sql_wallet, cancel)
    assert isinstance(told, Undecided)
    assert "is no_bet now, and was reversed before" in told.detail


@pytest.mark.parametrize(
    ("wallet_ref", "number"),
    [
        ("'12'", 12),
        ("'0012'", None),
        ("'tx-12'", None),
        ("'9223372036854775807'", 2**63 - 1),
        ("'9223372036854775808'", None),
        ("'0'", None),
        ("repeat('9', 200)", None),
        ("U&'\\0661\\0662'", None),  # digits, Arabic ones
    ],
)
def test_a_reference_that_is_no_number_of_ours_is_left_out_of_the_answer(
    sql_wallet: SqlWallet, break_function: Break, wallet_ref: str, number: int | None
) -> None:
    break_function(telling(wallet_ref=wallet_ref))
    (told,) = verdicts_on(sql_wallet, cancel_of("bad"))
    assert isinstance(told, Decided)
    assert told.decision.transfer_id == number


def recorded(casino: SqlCasino) -> set[str]:
    """The references of the requests that the journal says are decided."""
    with casino.engine.connect() as connection:
        return set(connection.execute(text("SELECT reference FROM unbet.requests")).scalars())
