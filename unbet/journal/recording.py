"""The record of decisions of a wallet that does not write the journal itself."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.rows import as_json

# Two that record the same cancels at once must not wait for each other crosswise.
_RECORD: Final = text("""
    INSERT INTO unbet.requests (request_id, provider, reference, user_id, currency, uuid, dialect,
                                received_at, received_from, body, outcome)
    SELECT *
      FROM json_to_recordset(CAST(:decided AS json))
               AS (request_id uuid, provider text, reference text, user_id text, currency text,
                   uuid text, dialect text, received_at timestamptz, received_from text, body text,
                   outcome text)
     ORDER BY request_id
        ON CONFLICT (request_id) DO NOTHING
""")


def record(
    connection: Connection, cancels: Sequence[Cancel], decisions: Sequence[Decision]
) -> None:
    """Write what became of each of `cancels` that `decisions` has a final outcome of, in one
    statement; a cancel that is recorded already stays as it is. Does not commit."""
    outcomes = {one.request_id: one.outcome for one in decisions}
    decided = [
        {
            "request_id": cancel.request_id,
            "provider": cancel.provider,
            "reference": cancel.reference,
            "user_id": cancel.player,
            "currency": cancel.currency,
            "uuid": cancel.uuid,
            "dialect": cancel.dialect,
            "received_at": cancel.received_at,
            "received_from": cancel.received_from,
            "body": cancel.body,
            "outcome": outcomes[cancel.request_id],
        }
        for cancel in cancels
        if outcomes.get(cancel.request_id, Outcome.PARKED) is not Outcome.PARKED
    ]
    if decided:
        connection.execute(_RECORD, {"decided": as_json(decided)})
