"""The record of what the provider was told; it binds nobody and is written after the fact."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from contract.outcomes import Outcome
from ledger.schema import answers


class AnswerNote(NamedTuple):
    """One answer that was given."""

    request_id: UUID
    shared_request_id: UUID | None
    """The equal request whose wait this one shared: the ledger has recorded only that one."""
    uuid: str
    received_at: datetime
    received_from: str
    outcome: Outcome
    """`parked` if there was none in time."""
    code: int
    seconds: Decimal
    """From the body's last byte to the answer."""


def note_answers(connection: Connection, notes: Sequence[AnswerNote]) -> None:
    """Write `notes`; one that is there already stays as it is. Does not commit."""
    rows = [note._asdict() for note in notes]
    connection.execute(insert(answers).on_conflict_do_nothing(), rows)
