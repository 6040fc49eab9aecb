"""Finds the cancels of a group whose rows another transaction has locked."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, text

from unbet.core.message import Cancel
from unbet.database.rows import as_json

# Bets before accounts, as everybody locks; with SKIP LOCKED nothing is waited for.
_BLOCKED: Final = text("""
    WITH requested AS MATERIALIZED (
        SELECT request_id, bet.id AS bet_id
          FROM json_to_recordset(CAST(:cancels AS json))
                   AS cancel (request_id uuid, provider text, reference text)
         CROSS JOIN LATERAL (
                   SELECT id FROM unbet_ledger.bets
                    WHERE reference = cancel.reference AND provider = cancel.provider
                    LIMIT 1
               ) AS bet
    ),
    free_bet AS MATERIALIZED (
        SELECT id FROM unbet_ledger.bets
         WHERE id = ANY (ARRAY (SELECT bet_id FROM requested)) FOR NO KEY UPDATE SKIP LOCKED
    ),
    needed AS MATERIALIZED (
        SELECT stake.bet_id, entries.account_id
          FROM unbet_ledger.transfers AS stake
          JOIN unbet_ledger.entries ON entries.transfer_id = stake.id
         WHERE stake.bet_id = ANY (ARRAY (SELECT id FROM free_bet)) AND stake.kind = 'bet'
           AND entries.balance_after IS NOT NULL
    ),
    free_account AS MATERIALIZED (
        SELECT id FROM unbet_ledger.accounts
         WHERE id = ANY (ARRAY (SELECT account_id FROM needed)) FOR NO KEY UPDATE SKIP LOCKED
    )
    SELECT request_id FROM requested
     WHERE bet_id NOT IN (SELECT id FROM free_bet)
        OR bet_id IN (SELECT bet_id FROM needed
                       WHERE account_id NOT IN (SELECT id FROM free_account))
""")


def find_blocked(connection: Connection, cancels: Sequence[Cancel]) -> set[UUID]:
    """The requests of `cancels` whose bet, or an account that its stake came from, is locked by
    another transaction.

    Waits for nothing. What is free is locked in passing: the caller rolls back. A bet that another
    transaction is about to insert is not seen.
    """
    keys = (c.model_dump(include={"request_id", "provider", "reference"}) for c in cancels)
    return set(connection.execute(_BLOCKED, {"cancels": as_json(keys)}).scalars())
