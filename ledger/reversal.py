"""Reverse a group of cancels: one statement, run again for those that met a bet in mid-commit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from contract.message import Cancel, Decision
from contract.outcomes import Outcome
from ledger.parking import park

_REVERSE: Final = text(Path(__file__).with_name("reverse.sql").read_text("utf-8"))

MOST_ROUNDS: Final = 10
"""A cancel goes round again only when a bet was committed during its statement, once per bet."""


class UndecidedError(Exception):
    """A cancel had no outcome after `MOST_ROUNDS` statements; nothing may be committed."""

    def __init__(self, references: Sequence[str]) -> None:
        super().__init__(f"no outcome for {', '.join(references)} after {MOST_ROUNDS} rounds")
        self.references = tuple(references)


def reverse(
    connection: Connection, cancels: Sequence[Cancel], *, hold_unknown: bool = False
) -> list[Decision]:
    """Decide each cancel, give stakes back, and record the requests. Does not commit.

    The decisions come in the order of `cancels`. Which outcome applies when: DESIGN, "Outcomes and
    answers". With `hold_unknown` a cancel of a bet that is not there is parked instead of leaving a
    tombstone. Raises `UndecidedError`, and whatever the driver raises: both mean that nothing may
    be committed.
    """
    decisions: dict[object, Decision] = {}
    open_cancels = list(cancels)
    for _ in range(MOST_ROUNDS):
        if not open_cancels:
            break
        rows = connection.execute(_REVERSE, _arrays(open_cancels, not hold_unknown)).mappings()
        for row in rows:
            if row["outcome"] is not None:
                decisions[row["request_id"]] = Decision.model_construct(
                    request_id=row["request_id"],
                    outcome=Outcome(row["outcome"]),
                    transfer_id=row["transfer_id"],
                    currency=row["currency"],
                    cash=row["cash"],
                )
        open_cancels = [c for c in open_cancels if c.request_id not in decisions]
        if hold_unknown:
            park(connection, open_cancels, reason="unknown reference")
            decisions |= {c.request_id: _held(c) for c in open_cancels}
            open_cancels = []
    if open_cancels:
        raise UndecidedError([c.request.reference for c in open_cancels])
    return [decisions[cancel.request_id] for cancel in cancels]


def _held(cancel: Cancel) -> Decision:
    return Decision(request_id=cancel.request_id, outcome=Outcome.PARKED)


def _arrays(cancels: Sequence[Cancel], leave_tombstones: bool) -> dict[str, object]:
    return {
        "request_ids": [c.request_id for c in cancels],
        "providers": [c.provider for c in cancels],
        "references": [c.request.reference for c in cancels],
        "user_ids": [c.request.user_id for c in cancels],
        "currencies": [c.request.currency for c in cancels],
        "uuids": [c.request.uuid for c in cancels],
        "dialects": [c.dialect for c in cancels],
        "received_at": [c.received_at for c in cancels],
        "received_from": [c.received_from for c in cancels],
        "bodies": [c.body for c in cancels],
        "count": len(cancels),
        "leave_tombstones": leave_tombstones,
    }
