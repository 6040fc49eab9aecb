"""What people decide about parked cancels here, and the record that is shown to them afterwards."""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from unbet.wallets.ledger.interventions import close_parked, reopen_parked, retry_parked

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


def try_again(connection: Connection, request_id: UUID, *, made_by: str) -> int | None:
    """The record's number; None if no such cancel is parked any more. Does not commit."""
    if not retry_parked(connection, made_by=made_by, request_id=request_id):
        return None
    return _number(connection, request_id)


def close(connection: Connection, request_id: UUID, *, made_by: str, reason: str) -> int | None:
    """The number of the record that says who closed it, perhaps before; None if it was decided or
    is not there. Raises `InterventionError`. Does not commit."""
    done = close_parked(connection, request_id, made_by=made_by, reason=reason)
    if not done.closed:
        return None
    return done.before.id if done.before else _number(connection, request_id)


def reopen(connection: Connection, request_id: UUID, *, made_by: str, reason: str) -> int | None:
    """The number of the record that says who reopened it, perhaps before; None if it was not
    closed. Raises `InterventionError`. Does not commit."""
    done = reopen_parked(connection, request_id, made_by=made_by, reason=reason)
    if done is None:
        return None
    return done.before.id if done.before else _number(connection, request_id)


def decision(connection: Connection, number: int) -> Decision | None:
    """What was recorded under `number`."""
    row = connection.execute(_BY_ID, {"id": number}).one_or_none()
    return None if row is None else Decision(*row)


def newest_decisions(connection: Connection, *, most: int) -> list[Decision]:
    """The last `most`, the newest first."""
    return [Decision(*row) for row in connection.execute(_NEWEST, {"most": most})]


def _number(connection: Connection, request_id: UUID) -> int:
    # Written in this transaction, so found among the last ones of the key.
    return int(connection.execute(_OF_REQUEST, {"request_id": request_id}).scalar_one())
