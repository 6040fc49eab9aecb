"""Reads what people have decided about parked cancels, and what became of the bets."""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

_READ: Final = """
    SELECT interventions.id, request_id, provider, reference, action, made_by, made_at, reason,
           bets.outcome
      FROM unbet.interventions
      LEFT JOIN unbet_ledger.bets USING (provider, reference)
"""
_OF_REQUEST: Final = text("""
    SELECT id FROM unbet.interventions WHERE request_id = :request_id ORDER BY id DESC LIMIT 1
""")
_BY_ID: Final = text(f"{_READ} WHERE interventions.id = :id")
_NEWEST: Final = text(f"{_READ} ORDER BY interventions.id DESC LIMIT :most")


class Decision(NamedTuple):
    """One line of the record."""

    id: int
    request_id: UUID
    provider: str
    reference: str
    action: str
    """`retry`, `close` or `reopen`."""
    made_by: str
    made_at: datetime
    reason: str | None
    outcome: str | None
    """What the bet's cancels are told now."""


def decision(connection: Connection, number: int) -> Decision | None:
    """What was recorded under `number`."""
    row = connection.execute(_BY_ID, {"id": number}).one_or_none()
    return None if row is None else Decision(*row)


def newest_decisions(connection: Connection, *, most: int) -> list[Decision]:
    """The last `most`, the newest first."""
    return [Decision(*row) for row in connection.execute(_NEWEST, {"most": most})]


def last_number(connection: Connection, request_id: UUID) -> int:
    """The number of the last record of the request, made in this transaction."""
    # It is found among the last ones of the key.
    return int(connection.execute(_OF_REQUEST, {"request_id": request_id}).scalar_one())
