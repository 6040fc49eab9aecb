"""Finds the cancels of a group whose rows another transaction has locked."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, text

from unbet.core.message import Cancel

_BETS: Final = text("""
    SELECT requested.request_id, bet.id AS bet_id
      FROM unnest(CAST(:request_ids AS uuid[]), CAST(:providers AS text[]),
                  CAST(:references AS text[])) AS requested (request_id, provider, reference)
     CROSS JOIN LATERAL (
               SELECT id FROM unbet_ledger.bets
                WHERE reference = requested.reference AND provider = requested.provider
                LIMIT 1
           ) AS bet
""")
_FREE_BETS: Final = text("""
    SELECT id FROM unbet_ledger.bets
     WHERE id = ANY (CAST(:ids AS bigint[])) FOR NO KEY UPDATE SKIP LOCKED
""")
_ACCOUNTS: Final = text("""
    SELECT stake.bet_id, entries.account_id
      FROM unbet_ledger.transfers AS stake
      JOIN unbet_ledger.entries ON entries.transfer_id = stake.id
     WHERE stake.bet_id = ANY (CAST(:ids AS bigint[])) AND stake.kind = 'bet'
       AND entries.balance_after IS NOT NULL
""")
_FREE_ACCOUNTS: Final = text("""
    SELECT id FROM unbet_ledger.accounts
     WHERE id = ANY (CAST(:ids AS bigint[])) FOR NO KEY UPDATE SKIP LOCKED
""")


def find_blocked(connection: Connection, cancels: Sequence[Cancel]) -> set[UUID]:
    """The requests of `cancels` whose bet, or an account that its stake came from, is locked by
    another transaction.

    Waits for nothing. What is free is locked in passing: the caller rolls back. A bet that another
    transaction is about to insert is not seen.
    """
    rows = connection.execute(
        _BETS,
        {
            "request_ids": [cancel.request_id for cancel in cancels],
            "providers": [cancel.provider for cancel in cancels],
            "references": [cancel.reference for cancel in cancels],
        },
    )
    bet_of: dict[UUID, int] = {row.request_id: row.bet_id for row in rows}
    free_bets = set(connection.execute(_FREE_BETS, {"ids": [*bet_of.values()]}).scalars())
    accounts_of: defaultdict[int, set[int]] = defaultdict(set)
    for row in connection.execute(_ACCOUNTS, {"ids": [*free_bets]}):
        accounts_of[row.bet_id].add(row.account_id)
    needed = set().union(*accounts_of.values())
    free_accounts = set(connection.execute(_FREE_ACCOUNTS, {"ids": [*needed]}).scalars())
    return {
        request_id
        for request_id, bet_id in bet_of.items()
        if bet_id not in free_bets or not accounts_of[bet_id] <= free_accounts
    }
