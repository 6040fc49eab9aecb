"""The plans of an operator's statements. A session makes each once, perhaps on empty tables, and
keeps it while they grow."""

import re

import pytest
from sqlalchemy import Engine, TextClause, text

from unbet.history.explain import _TRANSFERS
from unbet.wallets.ledger import (
    bets,
    player_operations,
    posting,
    settlements,
    withdrawal_ends,
)

STATEMENTS = [
    *(posting._ADD_MISSING, posting._LOCK_PLAYERS, posting._FIND_OPERATORS, posting._SET_BALANCES),
    *(bets._FIND, settlements._LOCK_BETS, settlements._FIND, player_operations._FIND),
    *(withdrawal_ends._WITHDRAWALS, withdrawal_ends._FIND),
]


_NEVER_ANALYZED = text("""
    WITH ours AS (
        UPDATE pg_class SET relpages = 0, reltuples = -1
         WHERE relnamespace = 'unbet_ledger'::regnamespace
        RETURNING oid
    )
    DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM ours)
""")
"""As in a new ledger: an earlier test's tables may have been analyzed in the background."""


def plan_of(engine: Engine, statement: str) -> str:
    """As for parameters that are not known yet."""
    names = dict.fromkeys(re.findall(r"(?<!:):(\w+)", statement))
    for number, name in enumerate(names, 1):
        statement = re.sub(rf"(?<!:):{name}\b", f"${number}", statement)
    with engine.connect() as connection:  # rolled back
        connection.execute(_NEVER_ANALYZED)
        options = {"no_parameters": True}
        rows = connection.exec_driver_sql(
            f"EXPLAIN (GENERIC_PLAN) {statement}", execution_options=options
        )
        return "\n".join(rows.scalars())


@pytest.mark.parametrize("statement", STATEMENTS)
def test_rows_are_looked_up_by_key_though_the_plan_was_made_on_empty_tables(
    engine: Engine, statement: TextClause
) -> None:
    plan = plan_of(engine, statement.text)
    assert "Nested Loop" in plan
    assert "Hash" not in plan
    assert "Seq Scan" not in plan


def test_the_transfers_of_a_bet_are_found_without_reading_all_transfers(engine: Engine) -> None:
    plan = plan_of(engine, _TRANSFERS)
    reads = re.findall(r"(?:Scan using \w+ on|Scan on) transfers.*\n(.*)", plan)
    assert reads
    assert all("Cond" in condition for condition in reads), plan
