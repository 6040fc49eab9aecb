"""Which references a person has closed, for wallets other than the built-in ledger: the closing is
in the ledger's table of bets, and an operator's wallet does not know of it."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, text

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import BINDS_NOTHING, Outcome, sql_list
from unbet.database.rows import as_json

# What the wallet has decided before a person closed it stays as it was told.
_FIND: Final = text(f"""
    SELECT requested.request_id
      FROM json_to_recordset(CAST(:cancels AS json))
               AS requested (request_id uuid, provider text, reference text)
     CROSS JOIN LATERAL (
               SELECT outcome
                 FROM unbet_ledger.bets
                WHERE reference = requested.reference AND provider = requested.provider
                LIMIT 1
           ) AS bet
     WHERE bet.outcome = 'closed'
       AND NOT EXISTS (SELECT
                         FROM unbet.requests
                        WHERE requests.reference = requested.reference
                          AND requests.provider = requested.provider
                          AND NOT of_round
                          AND outcome NOT IN {sql_list(BINDS_NOTHING)})
""")  # noqa: S608 - no value is formatted in


def find_closed(connection: Connection, cancels: Sequence[Cancel]) -> set[UUID]:
    """The requests among `cancels` whose reference is closed. Of rounds none is: closing one binds
    nobody here."""
    of_bets = [cancel for cancel in cancels if not cancel.of_round]
    if not of_bets:
        return set()
    requested = as_json(
        {
            "request_id": cancel.request_id,
            "provider": cancel.provider,
            "reference": cancel.reference,
        }
        for cancel in of_bets
    )
    return set(connection.execute(_FIND, {"cancels": requested}).scalars())


def closed_decision(cancel: Cancel) -> Decision:
    """What a cancel of a closed reference is answered."""
    return Decision(request_id=cancel.request_id, outcome=Outcome.CLOSED, currency=cancel.currency)
