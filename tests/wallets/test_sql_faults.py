"""Faults that operators' wallets were seen to have, built into the example: the check is red."""

from typing import Final, NamedTuple

import pytest

from testbed.rules import RuleStatus
from tests.wallets.contract import results_of
from tests.wallets.sql_casino import FUNCTION, SqlCasino, install, run_sql
from unbet.wallets.sql.wallet import SqlWallet

_PAYS_ONCE: Final = "IF NOT replayed AND told NOT IN"
_IS_KNOWN: Final = "WHEN bet.cancel_outcome IS NOT NULL THEN bet.cancel_outcome"
_GIVES_BACK: Final = "SET cash = u.cash + bet.cash, bonus = u.bonus + bet.bonus"


class Fault(NamedTuple):
    """What of the function is replaced, by what, and which rule of the check finds it."""

    right: str
    wrong: str
    found_by: str


FAULTS: Final = {
    "the key is spent before the bet is looked up, and the repeat is told another thing": Fault(
        _IS_KNOWN,
        "WHEN bet.cancel_outcome IS NOT NULL THEN 'settled'",
        "the same cancel again is told the same",
    ),
    "every retry pays": Fault(
        _PAYS_ONCE,
        "IF told NOT IN",
        "the same cancel again is told the same",
    ),
    "marked, and never credited": Fault(
        _GIVES_BACK,
        "SET cash = u.cash",
        "a bet that stands is given back before success is told",
    ),
    "an unknown bet leaves no trace": Fault(
        "    END LOOP;",
        "    END LOOP;\n    DELETE FROM public.transactions WHERE cancel_outcome = 'no_bet';",
        "a late bet is refused",
    ),
    "a blocked player's cancel is refused": Fault(
        "WHERE u.id = bet.user_id;\n                IF NOT FOUND",
        "WHERE u.id = bet.user_id AND NOT u.frozen;\n                IF NOT FOUND",
        "a frozen player's stake is given back",
    ),
    "a mixed stake returns all to one balance": Fault(
        _GIVES_BACK,
        "SET cash = u.cash + bet.cash + bet.bonus",
        "a split stake goes back where it came from",
    ),
    "the repeat is an error although the first was a success": Fault(
        "replayed := bet.cancel_outcome IS NOT NULL;",
        "replayed := bet.cancel_outcome IS NOT NULL;\n"
        "        IF replayed THEN RAISE EXCEPTION 'duplicate'; END IF;",
        "the same cancel again is told the same",
    ),
    "references are compared without regard to case": Fault(
        "AND t.reference = asked.reference;",
        "AND lower(t.reference) = lower(asked.reference) ORDER BY t.id LIMIT 1;",
        "a reference that looks alike is another bet's",
    ),
    "amounts are floats": Fault(
        _GIVES_BACK,
        "SET cash = CAST(u.cash AS double precision) + CAST(bet.cash AS double precision)",
        "the last decimal comes back",
    ),
    "nobody asks whose bet it is": Fault(
        "WHEN bet.user_id <> asked.player THEN 'mismatch'",
        "WHEN false THEN 'mismatch'",
        "another player's cancel binds nobody",
    ),
    "another player's cancel spends the key": Fault(
        _PAYS_ONCE + " ('mismatch', 'currency_mismatch', 'amount_mismatch') THEN",
        "IF NOT replayed THEN",
        "another player's cancel binds nobody",
    ),
}
EMPTY: Final = """
    CREATE OR REPLACE FUNCTION public.unbet_cancel(cancels jsonb)
    RETURNS TABLE (request_id uuid, outcome text, wallet_ref text, cash numeric, replayed boolean)
    LANGUAGE sql AS $$
        SELECT CAST(cancel ->> 'request_id' AS uuid), 'reversed', '1', NULL::numeric, NULL::boolean
          FROM jsonb_array_elements(cancels) AS cancel
    $$
"""


@pytest.mark.parametrize("name", FAULTS)
def test_the_check_is_red_on_a_wallet_with_this_fault(
    sql_wallet: SqlWallet, sql_casino: SqlCasino, database_url: str, name: str
) -> None:
    fault = FAULTS[name]
    assert FUNCTION.count(fault.right) == 1, "the example has changed: is the fault still built?"

    def status() -> RuleStatus:
        engine = sql_casino.engine
        (result,) = results_of(sql_wallet, sql_casino, engine, fault.found_by)
        return result.status

    # Green first, so that it is the fault which turns it red.
    assert status() is RuleStatus.KEPT
    run_sql(database_url, "DROP TABLE users, transactions; DROP FUNCTION place_bet, settle_bet")
    install(database_url, function=FUNCTION.replace(fault.right, fault.wrong))
    assert status() is RuleStatus.BROKEN


def test_the_check_is_red_on_a_function_that_does_nothing_and_reports_success(
    sql_wallet: SqlWallet, sql_casino: SqlCasino, database_url: str
) -> None:
    run_sql(database_url, EMPTY)
    rules = ("a bet that stands is given back before success is told", "a late bet is refused")
    for result in results_of(sql_wallet, sql_casino, sql_casino.engine, *rules):
        assert result.status is RuleStatus.BROKEN
