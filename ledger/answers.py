"""The record of what the provider was told; it binds nobody and is written after the fact."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from contract.outcomes import Outcome

_NOTE: Final = text("""
    INSERT INTO answers (request_id, shared_request_id, uuid, received_at, received_from, outcome,
                         code, seconds)
    SELECT *
      FROM unnest(CAST(:request_ids AS uuid[]), CAST(:shared_request_ids AS uuid[]),
                  CAST(:uuids AS text[]), CAST(:received_at AS timestamptz[]),
                  CAST(:received_from AS text[]), CAST(:outcomes AS text[]),
                  CAST(:codes AS integer[]), CAST(:seconds AS numeric[]))
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
    code: int
    seconds: Decimal
    """From the body's last byte to the answer."""


def note_answers(connection: Connection, notes: Sequence[AnswerNote]) -> None:
    """Write `notes`, any number, in one statement; one that is there already stays as it is. Does
    not commit."""
    connection.execute(
        _NOTE,
        {
            "request_ids": [note.request_id for note in notes],
            "shared_request_ids": [note.shared_request_id for note in notes],
            "uuids": [note.uuid for note in notes],
            "received_at": [note.received_at for note in notes],
            "received_from": [note.received_from for note in notes],
            "outcomes": [note.outcome.value for note in notes],
            "codes": [note.code for note in notes],
            "seconds": [note.seconds for note in notes],
        },
    )
