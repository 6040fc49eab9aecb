"""Reverse a group of cancels: one statement, run again when it met a bet in mid-commit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Row, text

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.faults import UndecidedError
from unbet.database.rows import as_json
from unbet.journal.parking import park

REVERSE: Final = text(Path(__file__).with_name("reverse.sql").read_text("utf-8"))

MOST_ROUNDS: Final = 10
"""A group goes round again only when a bet of it was committed during the statement."""


def reverse(
    connection: Connection, cancels: Sequence[Cancel], *, hold_unknown: bool = False
) -> list[Decision]:
    """Decide each cancel, give stakes back, and record the requests. Does not commit.

    The decisions come in the order of `cancels`. Which outcome applies when: DESIGN, "Outcomes and
    answers". With `hold_unknown` a cancel of a bet that is not there is parked instead of leaving a
    tombstone. Raises `UndecidedError`, and whatever the driver raises: both mean that nothing may
    be committed.
    """
    if not cancels:
        return []
    parameters = parameters_of(cancels, leave_tombstones=not hold_unknown)
    for _ in range(MOST_ROUNDS):
        rows = {row.request_id: row for row in connection.execute(REVERSE, parameters)}
        open_cancels = [c for c in cancels if rows[c.request_id].outcome is None]
        if hold_unknown:
            park(connection, open_cancels, reason="unknown reference")
        elif open_cancels:
            continue
        return [_decision(rows[cancel.request_id]) for cancel in cancels]
    raise UndecidedError([cancel.request.reference for cancel in cancels])


def _decision(row: Row[tuple[object, ...]]) -> Decision:
    return Decision(
        request_id=row.request_id,
        outcome=Outcome(row.outcome or Outcome.PARKED),
        transfer_id=row.transfer_id,
        currency=row.currency,
        cash=row.cash,
    )


def parameters_of(cancels: Sequence[Cancel], *, leave_tombstones: bool) -> dict[str, object]:
    """The statement's parameters."""
    rows = (
        {
            "request_id": cancel.request_id,
            "provider": cancel.provider,
            "reference": cancel.request.reference,
            "user_id": cancel.request.user_id,
            "currency": cancel.request.currency,
            "uuid": cancel.request.uuid,
            "dialect": cancel.dialect,
            "received_at": cancel.received_at,
            "received_from": cancel.received_from,
            "body": cancel.body,
        }
        for cancel in cancels
    )
    return {
        "cancels": as_json(rows),
        "count": len(cancels),
        "leave_tombstones": leave_tombstones,
    }
