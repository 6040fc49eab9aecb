"""The decisions of people about parked cancels. Each function returns the number of its record."""

from uuid import UUID

from sqlalchemy import Connection

from unbet.wallets.ledger.intervention_log import last_number
from unbet.wallets.ledger.interventions import close_parked, reopen_parked, retry_parked


def try_again(connection: Connection, request_id: UUID, *, made_by: str) -> int | None:
    """The record's number; None if no such cancel is parked any more. Does not commit."""
    if not retry_parked(connection, made_by=made_by, request_id=request_id):
        return None
    return last_number(connection, request_id)


def close(connection: Connection, request_id: UUID, *, made_by: str, reason: str) -> int | None:
    """The number of the record that says who closed it, perhaps before; None if it was decided or
    is not there. Raises `InterventionError`. Does not commit."""
    done = close_parked(connection, request_id, made_by=made_by, reason=reason)
    if not done.closed:
        return None
    return done.before.id if done.before else last_number(connection, request_id)


def reopen(connection: Connection, request_id: UUID, *, made_by: str, reason: str) -> int | None:
    """The number of the record that says who reopened it, perhaps before; None if it was not
    closed. Raises `InterventionError`. Does not commit."""
    done = reopen_parked(connection, request_id, made_by=made_by, reason=reason)
    if done is None:
        return None
    return done.before.id if done.before else last_number(connection, request_id)
