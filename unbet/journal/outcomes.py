"""Reads final outcomes for cancels that got no reply."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from unbet.core.message import Cancel, Decision
from unbet.core.wallet_refs import number_of
from unbet.database.rows import as_json

_FIND: Final = text("""
    SELECT requested.request_id, found.outcome, request.wallet_ref,
           CASE WHEN found.is_the_askers THEN bet.reversal_id END AS transfer_id,
           CASE WHEN found.is_the_askers THEN bet.currency ELSE requested.currency END AS currency,
           CASE WHEN found.is_elsewhere OR requested.of_round THEN request.cash
                WHEN found.is_the_askers THEN bet.cash_after END AS cash
      FROM json_to_recordset(CAST(:cancels AS json))
               AS requested (request_id uuid, provider text, reference text, player text,
                             currency text, of_round boolean)
      LEFT JOIN unbet.requests AS request ON request.request_id = requested.request_id
      LEFT JOIN LATERAL (
               -- No more than this may a receiver read (`roles.sql`).
               SELECT state, user_id, currency, outcome, reversal_id, cash_after
                 FROM unbet_ledger.bets
                WHERE reference = requested.reference AND provider = requested.provider
                  -- A round is not the bet that has its name.
                  AND NOT requested.of_round
                  -- One from a time before the provider had another wallet says nothing.
                  AND 'ledger' = coalesce(
                          (SELECT wallet FROM unbet.routes
                            WHERE provider = requested.provider),
                          (SELECT wallet FROM unbet.routes WHERE provider = ''),
                          'ledger'
                      )
                LIMIT 1
           ) AS bet ON true
     CROSS JOIN LATERAL (
               -- Its own record, else what another request for the same bet has settled. A closing
               -- leaves a tombstone also where the bet is in another wallet, which may be deciding
               -- it just now: that decision stands.
               SELECT coalesce(
                          request.outcome,
                          CASE WHEN bet.state = 'tombstone' THEN nullif(bet.outcome, 'closed')
                               WHEN bet.user_id = requested.player
                                AND bet.currency = requested.currency
                                   THEN bet.outcome
                          END
                      ) AS outcome,
                      request.wallet IS NOT NULL AS is_elsewhere,
                      request.wallet IS NULL AND bet.user_id = requested.player
                          AND bet.currency = requested.currency AS is_the_askers
           ) AS found
     WHERE found.outcome IS NOT NULL
""")


def find_outcomes(connection: Connection, cancels: Sequence[Cancel]) -> list[Decision]:
    """The decisions of those of `cancels` that have one; one query, no locks."""
    requested = as_json(
        cancel.model_dump(
            include={"request_id", "provider", "reference", "player", "currency", "of_round"}
        )
        for cancel in cancels
    )
    rows = connection.execute(_FIND, {"cancels": requested})
    return [
        Decision(
            request_id=row.request_id,
            outcome=row.outcome,
            transfer_id=row.transfer_id or number_of(row.wallet_ref),
            currency=row.currency,
            cash=row.cash,
        )
        for row in rows
    ]
