"""Parked cancels: kept in the ledger because they have no final outcome yet."""

from collections.abc import Sequence

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from contract.message import Cancel
from ledger.schema import parked


def park(connection: Connection, cancels: Sequence[Cancel], *, reason: str) -> None:
    """Keep `cancels` to be finished later; one that is parked already stays as it is."""
    if not cancels:
        return
    rows = [
        {
            "request_id": cancel.request_id,
            "provider": cancel.provider,
            "reference": cancel.request.reference,
            "cancel": cancel.model_dump_json(),
            "reason": reason,
        }
        for cancel in cancels
    ]
    connection.execute(insert(parked).on_conflict_do_nothing(), rows)
