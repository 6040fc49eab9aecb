"""Faults that operators' wallets were seen to have, built into the example: the contract is red."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pytest

from tests.wallets.contract import WalletContract as Contract
from tests.wallets.sql_casino import FUNCTION, SqlCasino, install, run_sql
from unbet.core.outcomes import Outcome
from unbet.wallets.sql.wallet import SqlWallet

_PAYS_ONCE: Final = "IF NOT replayed AND told NOT IN"
_IS_KNOWN: Final = "WHEN bet.cancel_outcome IS NOT NULL THEN bet.cancel_outcome"
_GIVES_BACK: Final = "SET cash = u.cash + bet.cash, bonus = u.bonus + bet.bonus"


class Fault(NamedTuple):
    """What of the function is replaced, by what, and which test of the contract finds it."""

    right: str
    wrong: str
    found_by: Callable[..., None]
    more: tuple[Any, ...] = ()


FAULTS: Final = {
    "the key is spent before the bet is looked up, and the repeat is told another thing": Fault(
        _IS_KNOWN,
        "WHEN bet.cancel_outcome IS NOT NULL THEN 'settled'",
        Contract.test_a_repeated_cancel_is_told_the_same_and_moves_nothing,
    ),
    "every retry pays": Fault(
        _PAYS_ONCE,
        "IF told NOT IN",
        Contract.test_a_repeated_cancel_is_told_the_same_and_moves_nothing,
    ),
    "marked, and never credited": Fault(
        _GIVES_BACK,
        "SET cash = u.cash",
        Contract.test_a_bet_that_stands_is_given_back,
    ),
    "an unknown bet leaves no trace": Fault(
        "    END LOOP;",
        "    END LOOP;\n    DELETE FROM public.transactions WHERE cancel_outcome = 'no_bet';",
        Contract.test_an_unknown_bet_is_no_bet_and_is_refused_when_it_comes,
    ),
    "a blocked player's cancel is refused": Fault(
        "WHERE u.id = bet.user_id;\n                IF NOT FOUND",
        "WHERE u.id = bet.user_id AND NOT u.frozen;\n                IF NOT FOUND",
        Contract.test_a_frozen_players_bet_is_given_back,
    ),
    "a mixed stake returns all to one balance": Fault(
        _GIVES_BACK,
        "SET cash = u.cash + bet.cash + bet.bonus",
        Contract.test_a_split_stake_returns_to_where_it_came_from,
    ),
    "the repeat is an error although the first was a success": Fault(
        "replayed := bet.cancel_outcome IS NOT NULL;",
        "replayed := bet.cancel_outcome IS NOT NULL;\n"
        "        IF replayed THEN RAISE EXCEPTION 'duplicate'; END IF;",
        Contract.test_a_repeated_cancel_is_told_the_same_and_moves_nothing,
    ),
    "references are compared without regard to case": Fault(
        "AND t.reference = asked.reference;",
        "AND lower(t.reference) = lower(asked.reference) ORDER BY t.id LIMIT 1;",
        Contract.test_references_are_the_same_byte_by_byte_or_not_at_all,
    ),
    "amounts are floats": Fault(
        _GIVES_BACK,
        "SET cash = CAST(u.cash AS double precision) + CAST(bet.cash AS double precision)",
        Contract.test_the_last_of_eighteen_decimals_comes_back,
    ),
    "nobody asks whose bet it is": Fault(
        "WHEN bet.user_id <> asked.player THEN 'mismatch'",
        "WHEN false THEN 'mismatch'",
        Contract.test_a_wrong_cancel_binds_nobody,
        ({"user_id": "mallory"}, Outcome.MISMATCH),
    ),
    "another player's cancel spends the key": Fault(
        _PAYS_ONCE + " ('mismatch', 'currency_mismatch') THEN",
        "IF NOT replayed THEN",
        Contract.test_a_wrong_cancel_binds_nobody,
        ({"user_id": "mallory"}, Outcome.MISMATCH),
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
def test_the_contract_is_red_on_a_wallet_with_this_fault(
    sql_wallet: SqlWallet, sql_casino: SqlCasino, database_url: str, name: str
) -> None:
    fault = FAULTS[name]
    assert FUNCTION.count(fault.right) == 1, "the example has changed: is the fault still built?"
    # Green first, so that it is the fault which turns it red.
    fault.found_by(Contract(), sql_wallet, sql_casino, *fault.more)
    run_sql(database_url, "DROP TABLE users, transactions; DROP FUNCTION place_bet, settle_bet")
    install(database_url, function=FUNCTION.replace(fault.right, fault.wrong))
    with pytest.raises((AssertionError, KeyError)):
        fault.found_by(Contract(), sql_wallet, sql_casino, *fault.more)


def test_the_contract_is_red_on_a_function_that_does_nothing_and_reports_success(
    sql_wallet: SqlWallet, sql_casino: SqlCasino, database_url: str
) -> None:
    run_sql(database_url, EMPTY)
    with pytest.raises(AssertionError):
        Contract().test_a_bet_that_stands_is_given_back(sql_wallet, sql_casino)
    with pytest.raises(AssertionError):
        Contract().test_an_unknown_bet_is_no_bet_and_is_refused_when_it_comes(
            sql_wallet, sql_casino
        )
