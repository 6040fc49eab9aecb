"""Reads final outcomes for cancels that got no reply."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from unbet.core.message import Cancel, Decision
from unbet.database.rows import as_json

_FIND: Final = text("""
    SELECT requested.request_id, found.outcome,
           CASE WHEN found.is_the_askers THEN bet.reversal_id END AS transfer_id,
           CASE WHEN found.is_the_askers THEN bet.currency ELSE requested.currency END AS currency,
           CASE WHEN found.is_the_askers THEN bet.cash_after END AS cash
      FROM json_to_recordset(CAST(:cancels AS json))
               AS requested (request_id uuid, provider text, reference text, player text,
                             currency text)
      LEFT JOIN unbet.requests AS request ON request.request_id = requested.request_id
      LEFT JOIN LATERAL (
               -- No more than this may a receiver read (`roles.sql`).
               SELECT state, user_id, currency, outcome, reversal_id, cash_after
                 FROM unbet_ledger.bets
                WHERE reference = requested.reference AND provider = requested.provider
                LIMIT 1
           ) AS bet ON true
     CROSS JOIN LATERAL (
               -- Its own record, else what another request for the same bet has settled.
               SELECT coalesce(
                          request.outcome,
                          CASE WHEN bet.state = 'tombstone' THEN bet.outcome
                               WHEN bet.user_id = requested.player
                                AND bet.currency = requested.currency
                                   THEN bet.outcome
                          END
                      ) AS outcome,
                      bet.user_id = requested.player AND bet.currency = requested.currency
                          AS is_the_askers
           ) AS found
     WHERE found.outcome IS NOT NULL
""")


def find_outcomes(connection: Connection, cancels: Sequence[Cancel]) -> list[Decision]:
    """The decisions of those of `cancels` that have one; one query, no locks."""
    requested = as_json(
        cancel.model_dump(include={"request_id", "provider", "reference", "player", "currency"})
        for cancel in cancels
    )
    rows = connection.execute(_FIND, {"cancels": requested})
    return [Decision(**row) for row in rows.mappings()]
