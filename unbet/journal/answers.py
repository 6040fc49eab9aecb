"""The record of the provider's answers. It decides nothing and is written afterwards."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from unbet.core.outcomes import Outcome
from unbet.database.rows import as_json

_NOTE: Final = text("""
    INSERT INTO unbet.answers (request_id, shared_request_id, uuid, received_at, received_from,
                               outcome, code, seconds)
    SELECT *
      FROM json_to_recordset(CAST(:notes AS json))
               AS (request_id uuid, shared_request_id uuid, uuid text, received_at timestamptz,
                   received_from text, outcome text, code text, seconds numeric)
        ON CONFLICT (request_id) DO NOTHING
""")


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
    code: int | str
    """As the dialect writes it."""
    seconds: Decimal
    """From the body's last byte to the answer."""


def note_answers(connection: Connection, notes: Sequence[AnswerNote]) -> None:
    """Write `notes`, any number, in one statement; one that is there already stays as it is. Does
    not commit."""
    connection.execute(_NOTE, {"notes": as_json(note._asdict() for note in notes)})
