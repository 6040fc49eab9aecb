"""Reads final outcomes for cancels that got no reply."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from unbet.core.message import Cancel, Decision
from unbet.core.wallet_refs import number_of
from unbet.database.rows import as_json
from unbet.journal.recording import WAS_REPLAYED

# What a cancel does not say is not compared: that comparison is NULL.
_FIND: Final = text(f"""
    SELECT requested.request_id, found.outcome, request.wallet_ref,
           CASE WHEN found.is_the_askers THEN bet.reversal_id END AS transfer_id,
           CASE WHEN found.is_the_askers THEN coalesce(bet.currency, requested.currency)
                ELSE requested.currency END AS currency,
           CASE WHEN found.is_elsewhere OR requested.of_round THEN request.cash
                WHEN found.is_the_askers THEN bet.cash_after END AS cash,
           CASE WHEN found.is_elsewhere OR requested.of_round THEN {WAS_REPLAYED}
                ELSE found.is_the_askers AND bet.cancel_request_id <> requested.request_id
           END AS replayed
      FROM json_to_recordset(CAST(:cancels AS json))
               AS requested (request_id uuid, provider text, reference text, player text,
                             currency text, amount numeric, of_round boolean)
      LEFT JOIN unbet.requests AS request ON request.request_id = requested.request_id
      LEFT JOIN LATERAL (
               -- No more than this may a receiver read (`roles.sql`).
               SELECT state, user_id, currency, outcome, cancel_request_id, reversal_id, cash_after
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
               -- A receiver may not read stakes: one that the cancel says has been compared if the
               -- cancel itself has been decided, and is not otherwise.
               SELECT bet.state IS NOT NULL
                      AND (bet.user_id = requested.player
                           AND bet.currency = requested.currency) IS NOT FALSE
                      AND (requested.amount IS NULL OR bet.state = 'tombstone'
                           OR request.outcome <> 'amount_mismatch') IS TRUE AS is_the_one
           ) AS meant
     CROSS JOIN LATERAL (
               -- Its own record, else what another request for the same bet has settled. A closing
               -- leaves a tombstone also where the bet is in another wallet, which may be deciding
               -- it just now: that decision stands.
               SELECT coalesce(
                          request.outcome,
                          CASE WHEN bet.state = 'tombstone' THEN nullif(bet.outcome, 'closed')
                               WHEN meant.is_the_one        THEN bet.outcome
                          END
                      ) AS outcome,
                      request.wallet IS NOT NULL AS is_elsewhere,
                      request.wallet IS NULL AND meant.is_the_one AS is_the_askers
           ) AS found
     WHERE found.outcome IS NOT NULL
""")  # noqa: S608 - no value is formatted in


def find_outcomes(connection: Connection, cancels: Sequence[Cancel]) -> list[Decision]:
    """The decisions of those of `cancels` that have one; one query, no locks."""
    requested = as_json(cancel.model_dump(include=_ASKED) for cancel in cancels)
    rows = connection.execute(_FIND, {"cancels": requested})
    return [
        Decision(
            request_id=row.request_id,
            outcome=row.outcome,
            transfer_id=row.transfer_id or number_of(row.wallet_ref),
            currency=row.currency,
            cash=row.cash,
            replayed=bool(row.replayed),
        )
        for row in rows
    ]


_ASKED: Final = {
    *("request_id", "provider", "reference", "of_round", "player", "currency", "amount"),
}
