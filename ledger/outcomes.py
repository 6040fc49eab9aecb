"""Outcomes that are final already, read for those who got no reply."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from contract.message import Cancel, Decision
from contract.outcomes import Outcome

_FIND: Final = text("""
    SELECT asked.request_id, found.outcome,
           CASE WHEN found.outcome NOT LIKE '%mismatch' THEN bet.reversal_id END AS transfer_id,
           CASE WHEN found.outcome NOT LIKE '%mismatch' THEN bet.currency ELSE asked.currency END
               AS currency,
           CASE WHEN found.outcome NOT LIKE '%mismatch' THEN bet.cash_after END AS cash
      FROM ROWS FROM (
               unnest(CAST(:request_ids AS uuid[])), unnest(CAST(:providers AS text[])),
               unnest(CAST(:references AS text[])), unnest(CAST(:user_ids AS text[])),
               unnest(CAST(:currencies AS text[]))
           ) AS asked (request_id, provider, reference, user_id, currency)
      LEFT JOIN requests AS request ON request.request_id = asked.request_id
      LEFT JOIN LATERAL (
               SELECT *
                 FROM bets
                WHERE reference = asked.reference AND provider = asked.provider
                LIMIT 1
           ) AS bet ON true
     CROSS JOIN LATERAL (
               -- Its own record, else what another request for the same bet has settled.
               SELECT coalesce(
                          request.outcome,
                          CASE WHEN bet.state = 'tombstone' THEN 'no_bet'
                               WHEN bet.user_id = asked.user_id AND bet.currency = asked.currency
                                   THEN bet.outcome
                          END
                      ) AS outcome
           ) AS found
     WHERE found.outcome IS NOT NULL
""")


def find_outcomes(connection: Connection, cancels: Sequence[Cancel]) -> list[Decision]:
    """The decisions of those of `cancels` that have one; one query, no locks."""
    rows = connection.execute(
        _FIND,
        {
            "request_ids": [c.request_id for c in cancels],
            "providers": [c.provider for c in cancels],
            "references": [c.request.reference for c in cancels],
            "user_ids": [c.request.user_id for c in cancels],
            "currencies": [c.request.currency for c in cancels],
        },
    )
    return [
        Decision(
            request_id=row.request_id,
            outcome=Outcome(row.outcome),
            transfer_id=row.transfer_id,
            currency=row.currency,
            cash=row.cash,
        )
        for row in rows
    ]
